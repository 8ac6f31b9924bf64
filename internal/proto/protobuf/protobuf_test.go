package protobuf

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"weir/internal/proto/codectest"
)

// The examples of https://protobuf.dev/programming-guides/encoding/.
func TestExamples(t *testing.T) {
	t.Parallel()
	m := Parse(codectest.Unhex(t, "089601"))
	if m == nil || m.Number(1, Int32) != 150 || m.WireType(1) != "VARINT" || m.WireType(2) != "" {
		t.Errorf("test 1 is %v", m)
	}
	m = Parse(codectest.Unhex(t, "120774657374696e67"))
	if b, ok := m.Bytes(2); !ok || string(b) != "testing" || m.WireType(2) != "LEN" {
		t.Errorf("test 2 is %q", b)
	}
	m = Parse(codectest.Unhex(t, "1a03089601"))
	if b, _ := m.Bytes(3); Parse(b).Number(1, Int32) != 150 {
		t.Errorf("test 3 is %x", b)
	}
	packed := Parse(codectest.Unhex(t, "3206038e029ea705"))
	if list, ok := packed.Numbers(6, Int32); !ok || !reflect.DeepEqual(list, []uint64{3, 270, 86942}) {
		t.Errorf("test 5 is %v", list)
	}
	unpacked := Parse(codectest.Unhex(t, "3003 308e02 309ea705"))
	if list, ok := unpacked.Numbers(6, Int32); !ok || !reflect.DeepEqual(list, []uint64{3, 270, 86942}) {
		t.Errorf("test 5, not packed, is %v", list)
	}
	m = new(Message)
	m.SetNumbers(6, Int32, []uint64{3, 270, 86942})
	m.SetNumber(1, Int32, 150)
	if got := hex.EncodeToString(m.Append(nil)); got != "089601"+"3206038e029ea705" {
		t.Error(got)
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    Type
		bits uint64
		wire string
		back uint64
	}{
		{Float, uint64(math.Float32bits(1.5)), "0d0000c03f", uint64(math.Float32bits(1.5))},
		{Double, math.Float64bits(-2), "0900000000000000c0", math.Float64bits(-2)},
		{Int32, math.MaxUint64, "08ffffffffffffffffff01", math.MaxUint64},
		{Int32, 1 << 32, "0800", 0},
		{Int64, 1 << 63, "0880808080808080808001", 1 << 63},
		{Uint32, math.MaxUint64, "08ffffffff0f", math.MaxUint32},
		{Uint64, math.MaxUint64, "08ffffffffffffffffff01", math.MaxUint64},
		{Sint32, math.MaxUint64, "0801", math.MaxUint64},
		{Sint32, 0x80000000, "08ffffffff0f", 0xffffffff80000000},
		{Sint64, 1 << 63, "08ffffffffffffffffff01", 1 << 63},
		{Fixed32, math.MaxUint32, "0dffffffff", math.MaxUint32},
		{Fixed64, math.MaxUint64, "09ffffffffffffffff", math.MaxUint64},
		{Sfixed32, math.MaxUint64, "0dffffffff", math.MaxUint64},
		{Sfixed64, 1 << 63, "090000000000000080", 1 << 63},
		{Bool, 1, "0801", 1},
	} {
		m := new(Message)
		m.SetNumber(1, c.t, c.bits)
		b := m.Append(nil)
		if hex.EncodeToString(b) != c.wire || Parse(b).Number(1, c.t) != c.back {
			t.Errorf("%s: %x becomes %x, back %x", c.t, c.bits, b, Parse(b).Number(1, c.t))
		}
		m.SetNumbers(1, c.t, []uint64{c.bits, c.bits})
		if list, ok := Parse(m.Append(nil)).Numbers(1, c.t); !ok || !reflect.DeepEqual(list, []uint64{c.back, c.back}) {
			t.Errorf("%s: %x becomes %x", c.t, c.bits, list)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"08", "0880", "0d000000", "09 00", "0a05 01", "0b 0c", "0c", "0f00", "0001", "0801 0a00",
		"08ffffffffffffffffff02", "ffffffffff", "0affffffffffffffff7f"} {
		if m := Parse(codectest.Unhex(t, s)); m != nil {
			t.Errorf("%s is %v", s, m)
		}
	}
	m := Parse(codectest.Unhex(t, "0a03 010203 1201 80"))
	if _, ok := m.Numbers(1, Fixed32); ok {
		t.Error("half a number is taken")
	}
	if _, ok := m.Numbers(2, Int32); ok {
		t.Error("half a varint is taken")
	}
	if m.Number(1, Int32) != 0 || m.Number(9, Int32) != 0 {
		t.Error("bytes are a number")
	}
	if list, ok := m.Numbers(9, Int32); list != nil || !ok {
		t.Error("a field that is not there has values")
	}
	m.SetBytes(1)
	if m.WireType(1) != "" || len(m.Append(nil)) != 3 {
		t.Error("an empty list of texts is a field")
	}
}

// Records of two bytes take more memory than that: there is a limit.
func TestMemory(t *testing.T) {
	t.Parallel()
	same, other := bytes.Repeat([]byte{0x08, 0x01}, 1000), []byte(nil)
	for i := range 1000 {
		other = protowire.AppendVarint(protowire.AppendTag(other, protowire.Number(i+1), protowire.VarintType), 1)
	}
	for _, in := range [][]byte{same, other} {
		if parse(in, 1000*(recordSize+fieldSize)) == nil {
			t.Errorf("%d bytes are no message", len(in))
		}
		if m := parse(in, 20000); m != nil {
			t.Errorf("%d bytes are a message of %d fields", len(in), len(m.fields))
		}
	}
}

// TestLibrary reads and writes what the library of the format's makers does.
func TestLibrary(t *testing.T) {
	t.Parallel()
	stamp, err := proto.Marshal(&timestamppb.Timestamp{Seconds: -62135596800, Nanos: 999999999})
	if err != nil {
		t.Fatal(err)
	}
	m := Parse(stamp)
	if got := fmt.Sprint(int64(m.Number(1, Int64)), m.Number(2, Int32)); got != "-62135596800 999999999" {
		t.Error(got)
	}
	out := new(Message)
	out.SetNumber(1, Double, math.Float64bits(math.Pi))
	var double wrapperspb.DoubleValue
	if err := proto.Unmarshal(out.Append(nil), &double); err != nil || double.Value != math.Pi {
		t.Errorf("%v, %v", &double, err)
	}
	// Descriptors have nested messages, strings and lists: all of it survives, byte for byte but for the order of fields.
	file := &descriptorpb.FileDescriptorProto{}
	whole, err := proto.Marshal(protodescFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(Parse(whole).Append(nil), file); err != nil || !proto.Equal(file, protodescFile()) {
		t.Errorf("the descriptor is another one: %v", err)
	}
}

func protodescFile() *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("a.proto"), Package: proto.String("p"), PublicDependency: []int32{0, 1, -1}, Dependency: []string{"x", "y"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), ReservedName: []string{"ä", ""}}, {}},
		Options:     &descriptorpb.FileOptions{JavaMultipleFiles: proto.Bool(true)},
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"089601", "120774657374696e67", "1a03089601", "3206038e029ea705", "0d0000c03f0900000000000000c0"} {
		f.Add(codectest.Unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := Parse(b)
		if m == nil {
			return
		}
		again := Parse(m.Append(nil))
		if again == nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%x: %v became %v", b, m, again)
		}
		for field := range m.fields {
			for ty := Float; ty <= Bool; ty++ {
				m.Number(field, ty)
				m.Numbers(field, ty)
			}
		}
	})
}
