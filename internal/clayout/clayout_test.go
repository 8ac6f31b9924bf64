package clayout

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"weir/internal/plain"
)

// build makes a struct, or a union, of "name type" pairs; a type "{…}" or "<…>" is a nested struct or union.
func build(t testing.TB, union bool, r Rules, fields ...any) *Layout {
	t.Helper()
	l := New(union, r)
	for i := 0; i < len(fields); i += 2 {
		name := fields[i].(string)
		var err error
		if inner, ok := fields[i+1].(*Layout); ok {
			err = l.Nest(name, inner, name[0] >= '0' && name[0] <= '9')
		} else {
			var ty Type
			if ty, err = ParseType(fields[i+1].(string)); err == nil {
				err = l.Add(name, ty)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func describe(l *Layout) string {
	var parts []string
	l.Each(func(f *Field, offset int) { parts = append(parts, fmt.Sprintf("%s@%d", f.Name, offset)) })
	return fmt.Sprintf("%s =%d", strings.Join(parts, " "), l.Size)
}

func TestLayout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rules Rules
		make  func(r Rules) *Layout
		want  string
	}{
		{Compat, func(r Rules) *Layout {
			return build(t, false, r, "a", "int8", "b", "int32", "c", "uint64", "d", "char[5]", "e", "uint16[3]", "f", "float", "g", "double")
		}, "a@0 b@4 c@8 d@16 e@22 f@28 g@32 =40"},
		{Compat, func(r Rules) *Layout {
			return build(t, false, r, "a", "uint32", "b", "uint16", "c", "uint32", "d", "uint16")
		}, "a@0 b@4 c@8 d@12 =14"},
		{C, func(r Rules) *Layout {
			return build(t, false, r, "a", "uint32", "b", "uint16", "c", "uint32", "d", "uint16")
		}, "a@0 b@4 c@8 d@12 =16"},
		{Packed, func(r Rules) *Layout { return build(t, false, r, "a", "int8", "b", "int32", "c", "uint64[2]") }, "a@0 b@1 c@5 =21"},
		{Compat, func(r Rules) *Layout { // a struct of 6 bytes counts as one of 8
			return build(t, false, r, "a", "uint16", "n", build(t, false, r, "x", "uint16[3]"), "z", "int8")
		}, "a@0 n@8 z@16 =17"},
		{C, func(r Rules) *Layout {
			return build(t, false, r, "a", "uint16", "n", build(t, false, r, "x", "uint16[3]"), "z", "int8")
		}, "a@0 n@2 z@8 =10"},
		{Compat, func(r Rules) *Layout { // 3 bytes take 4
			return build(t, false, r, "n", build(t, false, r, "x", "int8[3]"), "z", "int8")
		}, "n@0 z@4 =5"},
		{Compat, func(r Rules) *Layout {
			return build(t, false, r, "a", "int8", "1", build(t, true, r, "x", "int32", "y", "int8[6]"), "z", "int8")
		}, "a@0 x@8 y@8 z@14 =15"},
		{Compat, func(r Rules) *Layout {
			return build(t, true, r, "a", "int64", "n", build(t, false, r, "x", "int8", "y", "int32[3]"))
		}, "a@0 n@0 =16"},
		{C, func(r Rules) *Layout { return build(t, true, r, "a", "int32", "b", "char[5]") }, "a@0 b@0 =8"},
		{Compat, func(r Rules) *Layout { return build(t, false, r, "a", "int32[]", "b", "int8") }, "a@0 b@0 =1"},
		{Compat, func(r Rules) *Layout { return New(false, r) }, " =0"},
	} {
		if got := describe(c.make(c.rules)); got != c.want {
			t.Errorf("rules %d: got %s, want %s", c.rules, got, c.want)
		}
	}
}

func TestPlaceField(t *testing.T) {
	t.Parallel()
	l := New(false, C)
	if err := l.PlaceField(Field{Offset: 4, Name: "a", Type: Type{Kind: Uint16, Array: true, Count: 2}}); err != nil {
		t.Fatal(err)
	}
	if err := l.PlaceField(Field{Offset: 10, Name: "n", Type: Type{Kind: Nested, Count: 1}, Layout: build(t, false, C, "x", "uint16")}); err != nil {
		t.Fatal(err)
	}
	l.Size = 16
	if got := describe(l); got != "a@4 n@10 =16" {
		t.Error(got)
	}
	b := l.Encode(plain.Object{{Name: "n", Value: plain.Object{{Name: "x", Value: 5.0}}}})
	if len(b) != 16 || b[10] != 5 {
		t.Errorf("%x", b)
	}
	if l.PlaceField(Field{Offset: -1}) == nil || l.PlaceField(Field{Offset: MaxSize, Type: Type{Kind: Int8, Count: 1}}) == nil {
		t.Error("an offset that cannot be is taken")
	}
}

func TestParseType(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"int8": "", "double[12]": "", "char[]": "", "uint64[0]": "", "int8[-0]": "",
		"": "unknown type name: ", "int": "unknown type name: int", "int8 [1]": "unknown type name: int8 ", "long[2]": "unknown type name: long",
		"int8[-1]": "negative array length", "int8[3": "closing bracket expected", "int8[x]": "closing bracket expected",
		"int8[": "closing bracket expected", "int8[3]x": "redundant characters after bracket", "int8[3][4]": "redundant characters after bracket",
	} {
		_, err := ParseType(s)
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: got %v, want %q", s, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	l := New(false, Compat)
	for _, s := range []string{"int8[99999999999999999999]", "int64[3000000]"} {
		ty, err := ParseType(s)
		if err != nil || l.Add("a", ty) == nil {
			t.Errorf("%s is taken: %v", s, err)
		}
	}
	empty := New(false, Compat)
	for i := 0; ; i++ { // doubles the number of values each time
		next := New(false, Compat)
		if err := next.Nest("a", empty, false); err != nil {
			t.Fatal(err)
		}
		if err := next.Nest("b", empty, false); err != nil {
			break
		}
		if empty = next; i > 30 {
			t.Fatal("any number of values is taken")
		}
	}
	deep := New(false, Compat)
	for i := 0; ; i++ {
		next := New(false, Compat)
		if err := next.Nest("a", deep, false); err != nil {
			break
		}
		if deep = next; i > 1000 {
			t.Fatal("any depth is taken")
		}
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	l := build(t, false, Compat, "a", "int8", "b", "uint16", "c", "int32", "d", "uint64", "e", "float", "f", "double", "g", "char[4]",
		"h", "uint16[2]", "i", "int64", "j", "uint8[3]", "k", "char", "l", "uint32", "m", "int16")
	for _, c := range []struct {
		in   any
		want string // of every scalar
	}{
		{-1.0, "-1 65535 -1 18446744073709551615 -1 -1  [0 0] -1 [0 0 0]  4.294967295e+09 -1"},
		{"12", "12 12 12 12 12 12 12 [0 0] 12 [0 0 0] 1 12 12"},
		{true, "1 1 1 1 1 1  [0 0] 1 [0 0 0]  1 1"},
		{nil, "0 0 0 0 0 0  [0 0] 0 [0 0 0]  0 0"},
		{plain.Undefined{}, "0 0 0 0 0 0  [0 0] 0 [0 0 0]  0 0"},
		{uint64(math.MaxUint64 - 1), "-2 65534 -2 18446744073709551614 1.8446744073709552e+19 1.8446744073709552e+19  [0 0] -2 [0 0 0]  4.294967294e+09 -2"},
		{[]any{1.0, plain.Undefined{}, 3.0, 4.0}, "0 0 0 0 NaN NaN  [1 0] 0 [1 0 3]  0 0"},
		{bytes.NewBufferString("abcdef"), "0 0 0 0 NaN NaN abcd [0 0] 0 [97 98 99] a 0 0"},
		{"toolong", "0 0 0 0 NaN NaN tool [0 0] 0 [0 0 0] t 0 0"},
	} {
		var o plain.Object
		for _, f := range l.Fields {
			o = append(o, plain.Field{Name: f.Name, Value: c.in})
		}
		b := l.Encode(o)
		var got []string
		for _, f := range l.Decode(b) {
			got = append(got, fmt.Sprint(f.Value))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: got %s, want %s", c.in, strings.Join(got, " "), c.want)
		}
	}
	if o := l.Decode([]byte{7}); o[0].Value != 7.0 || o[3].Value != uint64(0) || o[6].Value != "" {
		t.Errorf("short input is %v", o)
	}
}

func TestUnion(t *testing.T) {
	t.Parallel()
	inner := build(t, false, Compat, "x", "uint8", "y", "uint8[2]")
	u := build(t, true, Compat, "a", "uint16", "n", inner, "b", "uint8[5]")
	num := func(name string, v any) plain.Object { return plain.Object{{Name: name, Value: v}} }
	for _, c := range []struct {
		l    *Layout
		o    plain.Object
		want string
	}{
		{u, num("a", 258.0), "0201000000"},
		{u, append(num("b", []any{9.0}), num("a", 258.0)...), "0201000000"},
		{u, append(num("a", plain.Undefined{}), num("b", []any{9.0})...), "0900000000"},
		{u, nil, "0000000000"},
		{u, num("n", num("y", []any{1.0, 2.0})), "0001020000"},
		{build(t, false, Compat, "1", u, "z", "uint8"), append(num("z", 7.0), num("a", 3.0)...), "030000000007"},
		{build(t, false, Compat, "z", "uint8", "u", u), num("z", 1.0), "01000000000000000000000000"},
		{build(t, false, Compat, "z", "uint8", "n", inner), num("z", 1.0), "01000000000000"},
		{build(t, false, C, "z", "uint16", "n", inner), num("z", 1.0), "010000000000"},
	} {
		if got := fmt.Sprintf("%x", c.l.Encode(c.o)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.o, got, c.want)
		}
	}
	got := u.Decode([]byte{2, 1, 3, 4, 5, 6})
	want := plain.Object{{Name: "a", Value: 258.0}, {Name: "n", Value: plain.Object{{Name: "x", Value: 2.0}, {Name: "y", Value: []any{1.0, 3.0}}}},
		{Name: "b", Value: []any{2.0, 1.0, 3.0, 4.0, 5.0}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// FuzzLayout makes layouts of its input; what they decode they encode again, and nothing goes out of bounds.
func FuzzLayout(f *testing.F) {
	f.Add("int8 int32[2] < char[3] uint64 > { uint16 } double", byte(0), []byte("0123456789abcdefghijklmnop"))
	f.Add("uint8 ( uint16 uint32 ) int64", byte(1), []byte("xyz"))
	f.Fuzz(func(t *testing.T, text string, r byte, data []byte) {
		stack := []*Layout{New(false, Rules(r%3))}
		var closers []string
		for i, word := range strings.Fields(text) {
			top, name := stack[len(stack)-1], fmt.Sprint("f", i)
			switch word {
			case "<", "{", "(":
				stack = append(stack, New(word != "{", Rules(r%3)))
				closers = append(closers, word)
			case ">", "}", ")":
				if n := len(closers); n > 0 {
					stack = stack[:n]
					if stack[n-1].Nest(name, top, closers[n-1] == "(") != nil {
						return
					}
					closers = closers[:n-1]
				}
			default:
				if ty, err := ParseType(word); err == nil && ty.Count <= 1000 && top.Add(name, ty) != nil {
					return
				}
			}
		}
		l := stack[0]
		o := l.Decode(data)
		b := l.Encode(o)
		if again := l.Decode(b); len(b) > l.Size || len(again) != len(o) {
			t.Errorf("%s: %x became %x", text, data, b)
		}
	})
}
