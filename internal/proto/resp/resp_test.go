package resp

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/proto/token"
	"weir/internal/stream"
)

func decoder(limit int) func() codectest.Decoder[Value] {
	return func() codectest.Decoder[Value] {
		d := NewDecoder(limit)
		return codectest.Decoder[Value]{Feed: d.Feed, Get: func() Value { return *d.Value() }}
	}
}

// examples are those of the protocol's specification.
var examples = []struct {
	wire  string
	plain any
}{
	{"+OK\r\n", "OK"},
	{"-Error message\r\n", fault("Error message")},
	{"-ERR unknown command 'asdf'\r\n", fault("ERR unknown command 'asdf'")},
	{":0\r\n", 0.0},
	{":1000\r\n", 1000.0},
	{":-45\r\n", -45.0},
	{":+7\r\n", 7.0},
	{"$5\r\nhello\r\n", stream.NewString("hello")},
	{"$0\r\n\r\n", stream.NewString("")},
	{"$2\r\n\r\n\r\n", stream.NewString("\r\n")},
	{"$-1\r\n", nil},
	{"*-1\r\n", nil},
	{"*0\r\n", []any{}},
	{"*2\r\n$5\r\nhello\r\n$5\r\nworld\r\n", []any{stream.NewString("hello"), stream.NewString("world")}},
	{"*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n$5\r\nhello\r\n", []any{1.0, 2.0, 3.0, 4.0, stream.NewString("hello")}},
	{"*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n*2\r\n+Hello\r\n-World\r\n",
		[]any{[]any{1.0, 2.0, 3.0}, []any{"Hello", fault("World")}}},
	{"*3\r\n$5\r\nhello\r\n$-1\r\n$5\r\nworld\r\n", []any{stream.NewString("hello"), nil, stream.NewString("world")}},
	{"_\r\n", nil},
	{"#t\r\n", true},
	{"#f\r\n", false},
	{",1.23\r\n", 1.23},
	{",10\r\n", 10.0},
	{",-2.5e-3\r\n", -0.0025},
	{"(3492890328409238509324850943850943825024385\r\n", bigInt("3492890328409238509324850943850943825024385")},
	{"!21\r\nSYNTAX invalid syntax\r\n", fault("SYNTAX invalid syntax")},
	{"=15\r\ntxt:Some string\r\n", stream.NewString("Some string")},
	{"%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n", plain.Map{{"first", 1.0}, {"second", 2.0}}},
	{"~3\r\n+a\r\n#t\r\n_\r\n", plain.Set{"a", true, nil}},
	{">2\r\n+message\r\n+x\r\n", &plain.List{Type: "push", Elements: []any{"message", "x"}}},
	{"|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n", []any{1.0}},
	{"*2\r\n|1\r\n+ttl\r\n:3600\r\n:1\r\n:2\r\n", []any{1.0, 2.0}},
	{"%0\r\n", plain.Map{}},
	{"$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n", stream.NewString("Hello word")},
	{"$?\r\n;0\r\n", stream.NewString("")},
	{"*?\r\n:1\r\n:2\r\n:3\r\n.\r\n", []any{1.0, 2.0, 3.0}},
	{"*?\r\n.\r\n", []any{}},
	{"%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n", plain.Map{{"a", 1.0}, {"b", 2.0}}},
	{"*2\r\n~?\r\n*?\r\n.\r\n.\r\n_\r\n", []any{plain.Set{[]any{}}, nil}},
	// The answer to HELLO, and a message with attributes, of the specification of version 3.
	{"%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n6.0.0\r\n$5\r\nproto\r\n:3\r\n", plain.Map{{stream.NewString("server"), stream.NewString("redis")},
		{stream.NewString("version"), stream.NewString("6.0.0")}, {stream.NewString("proto"), 3.0}}},
	{"|1\r\n+key-popularity\r\n%2\r\n$1\r\na\r\n,0.1923\r\n$1\r\nb\r\n,0.0012\r\n*2\r\n:2039123\r\n:9543892\r\n", []any{2039123.0, 9543892.0}},
	{",inf\r\n", math.Inf(1)},
	{",-inf\r\n", math.Inf(-1)},
}

// fault is an error with a text as servers send it.
func fault(text string) error { return errors.New(text) }

func bigInt(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 10)
	return n
}

func TestExamples(t *testing.T) {
	t.Parallel()
	all := ""
	for _, e := range examples {
		all += e.wire
		list, err := codectest.Cut(t, decoder(10000), []byte(e.wire))
		if err != nil || len(list) != 1 {
			t.Errorf("%q: %d values, %v", e.wire, len(list), err)
			continue
		}
		if got := list[0].Plain(); !equal(got, e.plain) {
			t.Errorf("%q: %#v", e.wire, got)
		}
		if got := string(list[0].Append(nil)); got != e.wire {
			t.Errorf("%q is written as %q", e.wire, got)
		}
		v := From(list[0].Plain(), &list[0], 2)
		if got := string(v.Append(nil)); got != e.wire {
			t.Errorf("%q looked at by a script is written as %q", e.wire, got)
		}
	}
	list, err := codectest.Cut(t, decoder(10000), []byte(all))
	if err != nil || len(list) != len(examples) {
		t.Errorf("in a row: %d values, %v", len(list), err)
	}
}

func equal(a, b any) bool {
	switch x := a.(type) {
	case []byte:
		y, ok := b.(*stream.Data)
		return ok && y.Is(x)
	case plain.Set:
		y, ok := b.(plain.Set)
		return ok && equal([]any(x), []any(y))
	case plain.Map:
		y, ok := b.(plain.Map)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i][0], y[i][0]) || !equal(x[i][1], y[i][1]) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("*1\r\n", token.MaxNesting+2)
	for _, c := range []struct{ in, want string }{
		{"PING\r\n", `no value begins with 'P'`},
		{"$-2\r\n", `"-2" is no size`},
		{"$+1\r\n", `"+1" is no size`},
		{"$x\r\n", `"x" is no size`},
		{"$\r\n", `"" is no size`},
		{"%-1\r\n", `"-1" is no size`},
		{"$3\r\nabcd\r\n", "a string of 3 bytes does not end there"},
		{"+a\n", `the line "+a\n" does not end with CR LF`},
		{"+a\rb\r\n", `the line "+a\rb\r\n" does not end with CR LF`},
		{":1x\r\n", `":1x\r\n" is no value`},
		{"(\r\n", `"(\r\n" is no value`},
		{"#x\r\n", `"#x\r\n" is no value`},
		{"_x\r\n", `"_x\r\n" is no value`},
		{";1\r\na\r\n", `no value begins with ';'`},
		{".\r\n", `no value begins with '.'`},
		{"*1\r\n.\r\n", `no value begins with '.'`},
		{"%?\r\n+a\r\n.\r\n", `no value begins with '.'`},
		{"*?\r\n.x\r\n", `".x\r\n" is no value`},
		{"$?\r\n+a\r\n", `no piece of a string begins with '+'`},
		{"$?\r\n;-1\r\n", `"-1" is no size`},
		{"$?\r\n;2\r\nabc\r\n", "a string of 2 bytes does not end there"},
		{"=?\r\n", `"?" is no size`},
		{">?\r\n", `"?" is no size`},
		{"$?\r\n" + strings.Repeat(";1\r\na\r\n", 200), token.ErrTooLarge.Error()},
		{",x\r\n", `",x\r\n" is no value`},
		{"=3\r\nabc\r\n", `a verbatim string begins with "abc", not with its format`},
		{"*99999999999\r\n", token.ErrTooLarge.Error()},
		{"$99999\r\n", token.ErrTooLarge.Error()},
		{"*1\r\n$9000\r\n" + strings.Repeat("x", 5000), token.ErrTooLarge.Error()},
		{"+" + strings.Repeat("x", 20000), token.ErrTooLarge.Error()},
		{"*9999\r\n" + strings.Repeat("_\r\n", 200), token.ErrTooLarge.Error()},
		{deep, fmt.Sprintf("values are nested more than %d deep", token.MaxNesting)},
	} {
		limit := 9000
		if c.in == deep {
			limit = 1 << 20
		}
		if _, err := codectest.Decode(t, decoder(limit)(), []byte(c.in)); err == nil || err.Error() != c.want {
			t.Errorf("%.40q: %v, want %s", c.in, err, c.want)
		}
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x      any
		v2, v3 string
	}{
		{"OK", "+OK\r\n", "+OK\r\n"},
		{"a\r\nb", "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
		{1.9, ":1\r\n", ",1.9\r\n"},
		{-1.9, ":-1\r\n", ",-1.9\r\n"},
		{1e300, ":-9223372036854775808\r\n", ",1e+300\r\n"},
		{nil, "$-1\r\n", "_\r\n"},
		{plain.Undefined{}, "$-1\r\n", "_\r\n"},
		{true, "+true\r\n", "#t\r\n"},
		{int64(5), "+5\r\n", ":5\r\n"},
		{plain.Int32(-5), "+-5\r\n", ":-5\r\n"},
		{bigInt("7"), "+7\r\n", "(7\r\n"},
		{fault("ERR a\r\nb"), "-ERR a b\r\n", "-ERR a b\r\n"},
		{plain.Object{{Name: "a", Value: 1.0}}, "+[object Object]\r\n", "%1\r\n+a\r\n:1\r\n"},
		{plain.Map{{"a", 1.0}}, "*2\r\n+a\r\n:1\r\n", "%1\r\n+a\r\n:1\r\n"},
		{plain.Set{"a"}, "*1\r\n+a\r\n", "~1\r\n+a\r\n"},
		{&plain.List{Type: "push", Elements: []any{"a"}}, "*1\r\n+a\r\n", ">1\r\n+a\r\n"},
		{[]any{stream.NewString("x"), nil}, "*2\r\n$1\r\nx\r\n$-1\r\n", "*2\r\n$1\r\nx\r\n_\r\n"},
	} {
		v2, v3 := From(c.x, nil, 2), From(c.x, nil, 3)
		if got := string(v2.Append(nil)); got != c.v2 {
			t.Errorf("%v in version 2: %q", c.x, got)
		}
		if got := string(v3.Append(nil)); got != c.v3 {
			t.Errorf("%v in version 3: %q", c.x, got)
		}
	}
}

// What a script changed is written anew, the rest as it was.
func TestFromChanged(t *testing.T) {
	t.Parallel()
	in := "%2\r\n+a\r\n*2\r\n:+1\r\n*-1\r\n$1\r\nb\r\n|1\r\n+k\r\n#t\r\n=5\r\ntxt:x\r\n"
	list, err := codectest.Decode(t, decoder(10000)(), []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	x := list[0].Plain().(plain.Map)
	x[1][1] = true
	v := From(x, &list[0], 2)
	want := "%2\r\n+a\r\n*2\r\n:+1\r\n*-1\r\n$1\r\nb\r\n|1\r\n+k\r\n#t\r\n+true\r\n"
	if got := string(v.Append(nil)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range examples {
		f.Add([]byte(e.wire), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		list, err := codectest.Decode(t, decoder(4000)(), in)
		i := int(cut) % (len(in) + 1)
		again, err2 := codectest.Decode(t, decoder(4000)(), in, i)
		if !reflect.DeepEqual(list, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("cut at %d: %v %v, uncut %v %v", i, again, err2, list, err)
		}
		var out []byte
		for i := range list {
			out = list[i].Append(out)
			list[i].Plain()
		}
		if same, err := codectest.Decode(t, decoder(8000)(), out); err != nil || !reflect.DeepEqual(same, list) {
			t.Fatalf("%q is written as %q, which is %v, %v", in, out, same, err)
		}
	})
}
