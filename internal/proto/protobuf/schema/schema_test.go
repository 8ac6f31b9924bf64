package schema

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/proto/token"
)

const source = `
syntax = "proto3";
package t;
import "other.proto";
import "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto";
enum Color { NONE = 0; RED = 1; }
message All {
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6; fixed32 f32 = 7; fixed64 f64 = 8;
  sfixed32 sf32 = 9; sfixed64 sf64 = 10; float f = 11; double d = 12; bool b = 13; string s = 14; bytes raw = 15;
  Color color = 16; repeated int32 list = 17; map<string, Other> by_name = 18; map<int64, string> by_number = 19;
  oneof choice { string left = 20; int32 right = 21; }
  google.protobuf.Any any = 22; google.protobuf.Timestamp time = 23; All self = 24; repeated Other others = 25; optional int32 maybe = 26;
}
`

func compile(t testing.TB) *Schema {
	t.Helper()
	s, err := Compile(map[string]string{"a.proto": source, "other.proto": `syntax = "proto3"; package t; message Other { string name = 1; }`})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// buffer is how scripts give bytes.
type buffer []byte

func (b buffer) Bytes() []byte { return b }

func object(pairs ...any) plain.Object {
	o := plain.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, plain.Field{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return o
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := compile(t)
	for _, c := range []struct{ in, out plain.Object }{
		{object(), object()},
		{object("i32", -1.0, "i64", int64(math.MinInt64), "u32", 4294967295.0, "u64", uint64(math.MaxUint64), "s32", -2.0, "s64", int64(-3), "f32", 1.0,
			"f64", uint64(1<<63), "sf32", -4.0, "sf64", int64(-5), "f", 0.5, "d", math.Pi, "b", true, "s", "ä"), nil},
		{object("i32", plain.Int32(5), "i64", 7.0, "u64", 8.0), object("i32", 5.0, "i64", int64(7), "u64", uint64(8))},
		{object("raw", buffer("\x00\xff")), object("raw", []byte("\x00\xff"))},
		{object("color", "RED"), nil},
		{object("color", 7.0), nil},
		{object("list", []any{1.0, 2.0}, "others", []any{object("name", "x"), object()}), nil},
		{object("by_name", object("a", object("name", "1"), "b", object())), nil},
		{object("by_number", object("-1", "x", "9007199254740993", "y")), nil},
		{object("byName", object("a", object())), object("by_name", object("a", object()))},
		{object("left", "", "s", nil, "d", plain.Undefined{}), object("left", "")},
		{object("left", "l", "right", 1.0), object("right", 1.0)},
		{object("maybe", 0.0, "i32", 0.0), object("maybe", 0.0)},
		{object("time", object("seconds", int64(-1), "nanos", 5.0)), nil},
		{object("self", object("self", object("i32", 1.0))), nil},
		{object("any", object("@type", "type.googleapis.com/t.Other", "name", "in")), nil},
		{object("any", object("type_url", "type.googleapis.com/t.Unknown", "value", buffer("x"))), object("any", object("type_url", "type.googleapis.com/t.Unknown", "value", []byte("x")))},
	} {
		want := c.out
		if want == nil {
			want = c.in
		}
		b, err := s.Encode("t.All", c.in)
		if err != nil {
			t.Errorf("%v: %v", c.in, err)
			continue
		}
		if got, err := s.Decode("t.All", b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%x: got %v, %v\nwant %v", b, got, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s := compile(t)
	for _, c := range []struct {
		in   plain.Object
		want string
	}{
		{object("nope", 1.0), "t.All has no field nope"},
		{object("i32", "x"), "t.All.i32 expects a number"},
		{object("i32", 0.5), "t.All.i32 expects an integer"},
		{object("i32", 2147483648.0), "t.All.i32 expects an integer of 32 bits"},
		{object("u32", -1.0), "t.All.u32 expects an integer of 32 bits"},
		{object("i32", math.NaN()), "t.All.i32 expects an integer"},
		{object("b", 1.0), "t.All.b expects a boolean"},
		{object("s", 1.0), "t.All.s expects a string"},
		{object("raw", "x"), "t.All.raw expects a Data"},
		{object("color", "BLUE"), "t.All.color expects a name of t.Color"},
		{object("list", 1.0), "t.All.list expects an array"},
		{object("others", []any{1.0}), "t.All.others expects an object"},
		{object("by_name", 1.0), "t.All.by_name expects an object"},
		{object("by_number", object("x", "y")), "t.All.ByNumberEntry.key expects a number"},
		{object("self", 1.0), "t.All.self expects an object"},
		{object("any", object("@type", "x/y.Z")), "unknown message type: x/y.Z"},
	} {
		if b, err := s.Encode("t.All", c.in); err == nil || err.Error() != c.want {
			t.Errorf("%v: got %x, %v, want %s", c.in, b, err, c.want)
		}
	}
	if _, err := s.Decode("t.None", nil); err == nil || err.Error() != "unknown message type: t.None" {
		t.Error(err)
	}
	if _, err := s.Decode("t.All", []byte{0x08}); err == nil || !strings.HasPrefix(err.Error(), "malformed t.All: ") {
		t.Error(err)
	}
	deep := []byte{}
	for range 1000 {
		b := append([]byte{0xc2, 0x01}, protoLen(len(deep))...)
		deep = append(b, deep...)
	}
	if _, err := s.Decode("t.All", deep); err == nil {
		t.Error("any depth is taken")
	}
	for _, text := range []string{`message`, `syntax = "proto3"; import "none.proto";`, `syntax = "proto3"; message M { X x = 1; }`, `syntax = "proto3"; import "/etc/hostname";`} {
		if _, err := Compile(map[string]string{"a.proto": text}); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if _, err := Load([]byte("xx")); err == nil {
		t.Error("any bytes are a descriptor set")
	}
}

func protoLen(n int) (b []byte) {
	for ; n >= 128; n >>= 7 {
		b = append(b, byte(n)|128)
	}
	return append(b, byte(n))
}

// TestLibrary reads and writes messages of the library of the format's makers, by their own descriptors.
func TestLibrary(t *testing.T) {
	t.Parallel()
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(timestamppb.File_google_protobuf_timestamp_proto), protodesc.ToFileDescriptorProto(structpb.File_google_protobuf_struct_proto)}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(set)
	if err != nil {
		t.Fatal(err)
	}
	in, err := structpb.NewStruct(map[string]any{"a": 1.5, "b": []any{true, nil, "x"}, "c": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Decode("google.protobuf.Struct", b)
	if err != nil {
		t.Fatal(err)
	}
	back, err := s.Encode("google.protobuf.Struct", o)
	if err != nil {
		t.Fatal(err)
	}
	out := new(structpb.Struct)
	if err := proto.Unmarshal(back, out); err != nil || !proto.Equal(in, out) {
		t.Errorf("%v became %v, %v", in, out, err)
	}
}

// What has fields of every kind comes back byte for byte: in the order of generated code, with what the type does not know.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	set := &descriptorpb.FileDescriptorSet{}
	for _, f := range []protoreflect.FileDescriptor{descriptorpb.File_google_protobuf_descriptor_proto, structpb.File_google_protobuf_struct_proto, timestamppb.File_google_protobuf_timestamp_proto} {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	wire := func(m proto.Message) []byte {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	library, err := Load(wire(set))
	if err != nil {
		t.Fatal(err)
	}
	values, err := structpb.NewStruct(map[string]any{"a": 1.5, "b": []any{true, nil, "x", 0.25}, "c": map[string]any{"ä": ""}})
	if err != nil {
		t.Fatal(err)
	}
	custom, err := Compile(map[string]string{"a.proto": `syntax = "proto2"; package t;
		message M { required int32 a = 1; oneof o { string b = 2; M c = 9; } repeated sint64 d = 3; repeated fixed32 e = 4 [packed = true];
			optional group G = 5 { optional bool x = 1; } map<int32, M> f = 6; extensions 100 to 200; optional double z = 7; }
		extend M { optional string note = 100; repeated M more = 102; }`})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		s    *Schema
		name string
		wire []byte
	}{
		{library, "google.protobuf.FileDescriptorSet", wire(set)},
		{library, "google.protobuf.Struct", wire(values)},
		{library, "google.protobuf.Timestamp", wire(&timestamppb.Timestamp{Seconds: -62135596800, Nanos: 999999999})},
		{library, "google.protobuf.Timestamp", codectest.Unhex(t, "0801 1002 1a03616263 2500000001")}, // from a later version
		{custom, "t.M", codectest.Unhex(t, "0801 120162 1805 1807 2208 00000001 00000002 2b 0801 2c 3206 0805 1202 0802 39 000000000000f03f a20602 6869 b20602 0803 d00f07")},
		{custom, "t.M", codectest.Unhex(t, "0801 1805 4a02 0802")},
	} {
		o, err := c.s.Decode(c.name, c.wire)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if b, err := c.s.Encode(c.name, asGiven(o).(plain.Object)); err != nil || string(b) != string(c.wire) {
			t.Errorf("%s: %v\n%v\ncame as\n%.500x, is written as\n%.500x", c.name, err, o, c.wire, b)
		}
	}
	o, _ := custom.Decode("t.M", codectest.Unhex(t, "0801 a20602 6869 d00f07"))
	if want := object("a", 1.0, "[t.note]", "hi", "@unknown", []byte("\xd0\x0f\x07")); !reflect.DeepEqual(o, want) {
		t.Errorf("got %v, want %v", o, want)
	}
	for _, c := range []struct {
		in   plain.Object
		want string
	}{
		{object(), "required field t.M.a not set"},
		{object("a", 1.0, "[t.none]", 1.0), "t.M has no field [t.none]"},
		{object("a", 1.0, "@unknown", 1.0), "t.M.@unknown expects a Data"},
		{object("a", 1.0, "@unknown", buffer("\x08")), "t.M.@unknown: unexpected EOF"},
	} {
		if b, err := custom.Encode("t.M", c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %x, %v, want %s", c.in, b, err, c.want)
		}
	}
}

// asGiven makes decoded data what scripts give: bytes are Data to them.
func asGiven(x any) any {
	switch x := x.(type) {
	case plain.Object:
		for i := range x {
			x[i].Value = asGiven(x[i].Value)
		}
	case []any:
		for i := range x {
			x[i] = asGiven(x[i])
		}
	case []byte:
		return buffer(x)
	}
	return x
}

// Messages of two bytes take more memory than that: there is a limit.
func TestMemory(t *testing.T) {
	t.Parallel()
	s := compile(t)
	for what, one := range map[string]string{"messages": "\xca\x01\x00", "numbers": "\x8a\x01\x08abcdefgh"} {
		b := []byte(strings.Repeat(one, harmless/len(one)+1))
		r := reader{s, 1 << 20, true}
		m, err := s.message("t.All")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.unmarshal(b, m); err != token.ErrDecoded {
			t.Errorf("many %s: %v", what, err)
		}
	}
	if _, err := s.Decode("t.All", []byte(strings.Repeat("\xca\x01\x00", 1000))); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	s := compile(f)
	b, err := s.Encode("t.All", object("i32", 1.0, "by_name", object("a", object()), "any", object("@type", "x/t.Other", "name", "n"), "list", []any{1.0}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := s.Decode("t.All", b)
		if err != nil {
			return
		}
		out, err := s.Encode("t.All", asGiven(o).(plain.Object))
		if err != nil {
			t.Fatalf("%x: %v cannot be written: %v", b, o, err)
		}
		again, err := s.Decode("t.All", out)
		if err != nil {
			t.Fatalf("%x is written as %x: %v", b, out, err)
		}
		if back, err := s.Encode("t.All", asGiven(again).(plain.Object)); err != nil || string(back) != string(out) {
			t.Fatalf("%x is written as %x, then as %x: %v", b, out, back, err)
		}
	})
}
