package hessian

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/proto/token"
	"weir/internal/stream"
)

// show writes values briefly; a collection that comes again is its number.
func show(v any) string { return shower{}.show(v) }

type shower map[*Collection]int

func (s shower) show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case plain.Int32:
		return fmt.Sprint("i", int32(v))
	case int64:
		return fmt.Sprint("l", v)
	case float64:
		return fmt.Sprint("d", v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case string:
		return fmt.Sprintf("%.40q", v)
	case *stream.Data:
		return fmt.Sprintf("<%.40x>", v.Bytes())
	case *Collection:
		if n, ok := s[v]; ok {
			return fmt.Sprint("#", n)
		}
		s[v] = len(s)
		out := v.Kind.EnumNames()[v.Kind]
		if v.Type != nil {
			out += " " + *v.Type
		}
		out += "("
		for _, e := range v.Elements {
			out += s.show(e) + " "
		}
		for _, p := range v.Pairs {
			out += s.show(p.Key) + ":" + s.show(p.Value) + " "
		}
		for _, f := range v.Fields {
			out += f.Name + "=" + s.show(f.Value) + " "
		}
		return strings.TrimSuffix(out, " ") + ")"
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, s.show(e))
		}
		return strings.Join(out, " ")
	}
	return fmt.Sprint(v)
}

// The examples of the protocol's specification, and what it says about references. again is how a value is written if not
// as it came.
var examples = []struct{ wire, want, again string }{
	{"20", "<>", ""},
	{"23 010203", "<010203>", ""},
	{"41 0001 aa 41 0001 bb 23 010203", "<aabb010203>", "25 aabb010203"},
	{"54 46 4e", "true false null", ""},
	{"4a 000000d04b92 84b8", "1998-05-08T09:51:31Z", ""},
	{"4b 00e3838f", "1998-05-08T09:51:00Z", "4a 000000d04b920ba0"},
	{"4a ffffffffffffffff", "1969-12-31T23:59:59.999Z", ""},
	{"5b 5c 5d00 5d80 5d7f 5e0080 5e8000 5e7fff 44 4028800000000000", "d0 d1 d0 d-128 d127 d128 d-32768 d32767 d12.25", "5b 5c 5b 5d80 5d7f 5e0080 5e8000 5e7fff 44 4028800000000000"},
	{"5f 00002fda", "d12.25", "44 4028800000000000"},
	{"90 80 bf c800 c730 c0 00 cf ff d40000 d00000 d7ffff 49 00000000 4900040000", "i0 i-16 i47 i0 i-208 i-2048 i2047 i0 i-262144 i262143 i0 i262144",
		"90 80 bf 90 c730 c000 cfff 90 d00000 d7ffff 90 4900040000"},
	{"e0 d8 ef f800 f000 f7 00 ff ff 3c0000 380000 3fffff 4c 0000000100000000", "l0 l-8 l15 l0 l-2048 l-256 l2047 l0 l-262144 l262143 l4294967296",
		"e0 d8 ef e0 f000 f700 ffff e0 380000 3fffff 4c0000000100000000"},
	{"59 00040000", "i262144", "49 00040000"},
	{"00 05 68656c6c6f 01 c383", `"" "hello" "Ã"`, ""},
	{"53 0005 68656c6c6f 52 0007 68656c6c6f2c20 05 776f726c64", `"hello" "hello, world"`, "05 68656c6c6f 0c 68656c6c6f2c20776f726c64"},
	{"01 f09f9880", `"😀"`, ""},
	{"02 eda0bd edb880", `"😀"`, "01 f09f9880"},
	{"56 04 5b696e74 92 90 91", "list [int(i0 i1)", ""},
	{"57 90 91 5a", "list(i0 i1)", "58 92 90 91"},
	{"55 04 5b696e74 90 91 5a 72 90 90 91", "list [int(i0 i1) list [int(i0 i1)", "56 04 5b696e74 92 90 91 56 04 5b696e74 92 90 91"},
	{"58 90 70 01 61", "list() list a()", "58 90 56 01 61 90"},
	{"7a 54 46", "list(true false)", "58 92 54 46"},
	{"4d 13 636f6d2e63617563686f2e746573742e436172 05 636f6c6f72 0a 617175616d6172696e65 5a", `map com.caucho.test.Car("color":"aquamarine")`, ""},
	{"48 91 03 666565 a0 03 666965 5a", `map(i1:"fee" i16:"fie")`, ""},
	{"43 0b 6578616d706c652e436172 92 05 636f6c6f72 05 6d6f64656c 4f 90 03 726564 08 636f727665747465 60 05 677265656e 05 6369766963",
		`object example.Car(color="red" model="corvette") object example.Car(color="green" model="civic")`,
		"43 0b 6578616d706c652e436172 92 05 636f6c6f72 05 6d6f64656c 60 03 726564 08 636f727665747465 60 05 677265656e 05 6369766963"},
	{"43 0a 4c696e6b65644c697374 92 04 68656164 04 7461696c 60 91 51 90", "object LinkedList(head=i1 tail=#0)", ""},
	{"43 01 61 90 60", "object a()", ""},
	{"58 93 58 91 91 51 91 51 90", "list(list(i1) #1 #0)", ""},
}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, c := range examples {
		in := codectest.Unhex(t, c.wire)
		values, err := Decode(in)
		if err != nil || show(values) != c.want {
			t.Errorf("%s: %s, %v\nwant %s", c.wire, show(values), err, c.want)
			continue
		}
		want := c.again
		if want == "" {
			want = c.wire
		}
		var e Encoder
		var b []byte
		for _, v := range values {
			if b, err = e.Append(b, v); err != nil {
				t.Error(err)
			}
		}
		if got := hex.EncodeToString(b); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s is written as\n%s, want\n%s", c.wire, got, strings.ReplaceAll(want, " ", ""))
		}
		// Cut anywhere, it is an error or fewer values, never others.
		for i := range in {
			short, _ := Decode(in[:i])
			if len(short) > len(values) || len(short) == len(values) && i < len(in) && c.again == "" {
				t.Errorf("%s: %d values in %d bytes", c.wire, len(short), i)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]string{
		"45":                             "no value begins with 0x45",
		"51 90":                          "there is no value 0 to refer to",
		"60":                             "there is no class 0",
		"56 90 90":                       "there is no type 0 to refer to",
		"58 8f":                          "the size -1 is negative",
		"58 53":                          "no int begins with 0x53",
		"52 0001 61 45":                  "a piece of text or bytes begins with 0x45",
		"58 92 90":                       errShort.Error(),
		"58 49 7fffffff":                 errShort.Error(),
		"43 01 61 49 7fffffff":           errShort.Error(),
		"02 61":                          errShort.Error(),
		"01 e2 82":                       errShort.Error(),
		strings.Repeat("79", 600) + "90": errDeep.Error(),
	} {
		if values, err := Decode(codectest.Unhex(t, wire)); err == nil || err.Error() != want {
			t.Errorf("%.40s: %s, %v, want %s", wire, show(values), err, want)
		}
	}
	values, err := Decode(codectest.Unhex(t, "90 91 45"))
	if err == nil || show(values) != "i0 i1" {
		t.Errorf("%v, %v", show(values), err)
	}
}

// Values of a byte each take more memory than that: there is a limit.
func TestMemory(t *testing.T) {
	t.Parallel()
	for what, one := range map[string]string{"null": "N", "empty lists": "\x78", "objects": "\x60", "maps": "HZ"} {
		in := []byte("C\x01a\x90" + strings.Repeat(one, 1000))
		all, err := decode(in, 1000*(valueSize+collectionSize)+collectionSize)
		if err != nil || len(all) != 1000 {
			t.Errorf("%s: %d values, %v", what, len(all), err)
		}
		if some, err := decode(in, 20000); err != token.ErrDecoded || len(some) == 0 || len(some) > 625 {
			t.Errorf("%s: %d values, %v", what, len(some), err)
		}
	}
	if _, err := decode([]byte("C\x01aI\x00\x00\x03\xe8"+strings.Repeat("\x00", 1000)), 20000); err != token.ErrDecoded {
		t.Errorf("a class of many fields: %v", err)
	}
}

func TestLong(t *testing.T) {
	t.Parallel()
	for _, n := range []int{31, 32, 1023, 1024, 65535, 65536, 200000} {
		for _, v := range []any{strings.Repeat("ä", n), stream.NewData([]byte(strings.Repeat("x", n)))} {
			b, err := new(Encoder).Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			values, err := Decode(b)
			if err != nil || len(values) != 1 || show(values[0]) != show(v) {
				t.Errorf("%d of %T: %v", n, v, err)
			}
			if s, ok := v.(string); ok && values[0] != s {
				t.Errorf("%d characters come back as others", n)
			}
		}
	}
}

// Objects of a class that was defined are written in its order.
func TestClassOrder(t *testing.T) {
	t.Parallel()
	name := "a"
	var e Encoder
	b, _ := e.Append(nil, &Collection{Kind: Object, Type: &name, Fields: []Field{{"x", true}, {"y", false}}})
	b, _ = e.Append(b, &Collection{Kind: Object, Type: &name, Fields: []Field{{"y", false}}})
	if got := hex.EncodeToString(b); got != "43016192017801796054466"+"04e46" {
		t.Error(got)
	}
	if _, err := e.Append(nil, &Collection{Kind: Object}); err != errType {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range examples {
		f.Add(codectest.Unhex(f, c.wire))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		values, _ := Decode(in)
		var e Encoder
		var b []byte
		for _, v := range values {
			var err error
			if b, err = e.Append(b, v); err != nil {
				t.Fatal(err)
			}
		}
		if len(in) > 2000 {
			return
		}
		var e2 Encoder
		again, err := Decode(b)
		if err != nil || len(again) != len(values) {
			t.Fatalf("%x is written as %x: %v", in, b, err)
		}
		var b2 []byte
		for _, v := range again {
			b2, _ = e2.Append(b2, v)
		}
		third, err := Decode(b2)
		if err != nil || len(third) != len(again) {
			t.Fatalf("%x is written as %x: %v", b, b2, err)
		}
	})
}
