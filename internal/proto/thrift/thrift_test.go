package thrift

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/proto/token"
	"weir/internal/stream"
)

func decoder(limit int) func() codectest.Decoder[Message] {
	return func() codectest.Decoder[Message] {
		d := NewDecoder(limit)
		return codectest.Decoder[Message]{Feed: d.Feed, Get: func() Message { return *d.Message() }}
	}
}

// describe writes a value briefly.
func describe(x any) string {
	switch x := x.(type) {
	case []Field:
		var s []string
		for _, f := range x {
			s = append(s, fmt.Sprintf("%d:%s=%s", f.ID, typeNames[f.Type], describe(f.Value)))
		}
		return "{" + strings.Join(s, " ") + "}"
	case *List:
		var s []string
		for _, e := range x.Elements {
			s = append(s, describe(e))
		}
		return typeNames[x.ElementType] + "[" + strings.Join(s, " ") + "]"
	case *Map:
		var s []string
		for _, p := range x.Pairs {
			s = append(s, describe(p.([]any)[0])+":"+describe(p.([]any)[1]))
		}
		return typeNames[x.KeyType] + ":" + typeNames[x.ValueType] + "(" + strings.Join(s, " ") + ")"
	case *stream.Data:
		return fmt.Sprintf("%x", x.Bytes())
	}
	b, _ := json.Marshal(x)
	return string(b)
}

func describeMessage(m Message) string {
	framed := ""
	if m.Framed {
		framed = "framed "
	}
	return fmt.Sprintf("%s%s %s %d %s %s", framed, m.Protocol.EnumNames()[m.Protocol], m.Type.EnumNames()[m.Type], m.SeqID, *m.Name, describe(m.Fields))
}

const all = `{1:BOOL=true 2:BOOL=false 3:I8=-1 4:I16=-300 5:I32=-70000 6:I64=-5000000000 7:DOUBLE=1.5 8:BINARY="hi" 9:BINARY=ff00 ` +
	`10:STRUCT={1:I32=1 -5:I32=2} 11:MAP=BINARY:I32("a":1 "b":2) 12:SET=I32[1 2] 13:LIST=STRUCT[{1:BOOL=true} {}] ` +
	`14:UUID="00112233-4455-6677-8899-aabbccddeeff" 100:LIST=BOOL[true false]}`

var cases = []struct{ name, wire, want string }{
	{"binary", "80010001 00000004 63616c6c 00000007" +
		"02 0001 01 02 0002 00 03 0003 ff 06 0004 fed4 08 0005 fffeee90 0a 0006 fffffffed5fa0e00 04 0007 3ff8000000000000" +
		"0b 0008 00000002 6869 0b 0009 00000002 ff00 0c 000a 08 0001 00000001 08 fffb 00000002 00" +
		"0d 000b 0b 08 00000002 00000001 61 00000001 00000001 62 00000002 0e 000c 08 00000002 00000001 00000002" +
		"0f 000d 0c 00000002 02 0001 01 00 00 10 000e 00112233445566778899aabbccddeeff 0f 0064 02 00000002 01 00 00",
		"binary call 7 call " + all},
	{"compact", "82 41 ac02 04 63616c6c" +
		"11 12 13 ff 14 d704 15 df c508 16 ffc7afa025 17 000000000000f83f 18 02 6869 18 02 ff00 1c 15 02 05 09 04 00 1b 02 85 01 61 02 01 62 04" +
		"1a 25 02 04 19 2c 11 00 00 1d 00112233445566778899aabbccddeeff 09 c801 22 01 02 00",
		"compact reply 300 call " + all},
	{"old", "00000004 63616c6c 03 00000001 00", "old exception 1 call {}"},
	{"old without a name", "00000000 01 00000001 00", "old call 1  {}"},
	{"oneway, negative sequence number", "82 81 ffffffff0f 01 61 00", "compact oneway -1 a {}"},
	{"framed binary", "0000000e 80010002 00000001 61 ffffffff 00 ", "framed binary reply -1 a {}"},
	{"framed compact", "00000006 8221 01 01 61 00", "framed compact call 1 a {}"},
	{"framed old", "0000000b 00000001 61 02 00000001 00", "framed old reply 1 a {}"},
	{"empty containers", "8221 00 00 1b 00 1a 05 19 0c 19 02 00", "compact call 0  {1:MAP=I32:I32() 2:SET=I32[] 3:LIST=STRUCT[] 4:LIST=BOOL[]}"},
	{"empty binary containers", "80010001 00000000 00000000 0d 0001 0000 00000000 0f 0002 00 00000000 00", "binary call 0  {1:MAP=:() 2:LIST=[]}"},
	{"booleans as 1", "8221 00 00 19 21 01 02 1b 01 11 01 02 00", "compact call 0  {1:LIST=BOOL[true false] 2:MAP=BOOL:BOOL(true:false)}"},
	{"long list, ids going down", "8221 00 00 39 f3 10 00010203040506070809ff0b0c0d0e0f 08 02 00 00",
		`compact call 0  {3:LIST=I8[0 1 2 3 4 5 6 7 8 9 -1 11 12 13 14 15] 1:BINARY=""}`},
	{"lists in maps in lists", "8221 00 00 19 1b 01 89 01 6b 19 15 02 00 ", `compact call 0  {1:LIST=MAP[BINARY:LIST("k":LIST[I32[1]])]}`},
}

func TestMessages(t *testing.T) {
	t.Parallel()
	var joined []byte
	for _, c := range cases {
		in := codectest.Unhex(t, c.wire)
		joined = append(joined, in...)
		list, err := codectest.Cut(t, decoder(10000), in)
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %d messages, %v", c.name, len(list), err)
			continue
		}
		if got := describeMessage(list[0]); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
		if out, err := Append(nil, &list[0]); err != nil || string(out) != string(in) {
			t.Errorf("%s is written as\n%x, came as\n%x: %v", c.name, out, in, err)
		}
	}
	if list, err := codectest.Cut(t, decoder(10000), joined); err != nil || len(list) != len(cases) {
		t.Errorf("in a row: %d messages, %v", len(list), err)
	}
}

// The numbers that the specification of the compact protocol shows: 50399 as a varint, and the first zigzag integers.
func TestNumbers(t *testing.T) {
	t.Parallel()
	in := codectest.Unhex(t, "8221 df8903 00 19 55 00 01 02 03 04 00")
	list, err := codectest.Cut(t, decoder(10000), in)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if got, want := describeMessage(list[0]), "compact call 50399  {1:LIST=I32[0 -1 1 -2 2]}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if out, err := Append(nil, &list[0]); err != nil || string(out) != string(in) {
		t.Errorf("is written as %x, %v", out, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	deep := "8221 00 00" + strings.Repeat("1c", token.MaxNesting+1)
	for _, c := range []struct{ wire, want string }{
		{"81", "no message begins with 0x81"},
		{"80020001 00000000", "version 2 of the binary protocol is not known"},
		{"80010005 00000000", "there is no message type 5"},
		{"8222", "version 2 of the compact protocol is not known"},
		{"8201", "there is no message type 0"},
		{"80010001 ffffffff", errSize.Error()},
		{"80010001 7fffffff", token.ErrTooLarge.Error()},
		{"80010001 00000000 00000000 05", "there is no type 5"},
		{"80010001 00000000 00000000 0f 0001 08 ffffffff", errSize.Error()},
		{"80010001 00000000 00000000 0f 0001 00 00000001", "there is no type 0"},
		{"80010001 00000000 00000000 0f 0001 03 7fffffff", token.ErrTooLarge.Error()},
		{"8221 00 00 18 ffffffffffffffffffff01", token.ErrVarint.Error()},
		{"8221 00 00 18 ffffffff0f", errSize.Error()},
		{"8221 00 00 1e", "there is no type 14"},
		{"8221 00 00 1b 01 0f", "there is no type 0"},
		{"00000000 05", "there is no message type 5"},
		{"00000007 8221 01 01 61 00", "the frame of 7 bytes has a message of 6"},
		{"00000007 00000007 82", "a frame is within a frame"},
		{deep, fmt.Sprintf("values are nested more than %d deep", token.MaxNesting)},
	} {
		limit := 10000
		if c.wire == deep {
			limit = 1 << 20
		}
		_, err := codectest.Decode(t, decoder(limit)(), codectest.Unhex(t, c.wire+"00000000"))
		if err == nil || err.Error() != c.want {
			t.Errorf("%.60s: %v, want %s", c.wire, err, c.want)
		}
	}
	// Many small values count for more than their bytes.
	if _, err := codectest.Decode(t, decoder(10000)(), codectest.Unhex(t, "80010001 00000000 00000000 0f 0001 03 00002000"+strings.Repeat("00", 8192))); err != token.ErrTooLarge {
		t.Errorf("many values: %v", err)
	}
}

// What scripts give becomes what its type says.
func TestAppendPlain(t *testing.T) {
	t.Parallel()
	object := func(kv ...any) (o plain.Object) {
		for i := 0; i < len(kv); i += 2 {
			o = append(o, plain.Field{Name: kv[i].(string), Value: kv[i+1]})
		}
		return o
	}
	m := NewMessage()
	plain.Assign(&m, object("protocol", "binary", "type", "reply", "seqID", "5", "name", "n", "fields", []any{
		object("id", 1.0, "value", "17"), 5.0,
		object("id", 2.0, "type", "STRUCT", "value", []any{object("id", 1.0, "type", "BOOL", "value", 1.0), nil}),
		object("id", 3.0, "type", "LIST", "value", object("elementType", "I64", "elements", []any{uint64(1 << 63), -1.0, nil})),
		object("id", 4.0, "type", "MAP", "value", object("keyType", "BINARY", "valueType", "DOUBLE", "pairs", []any{[]any{"a", 1.5}, "x"})),
		object("id", 5.0, "type", "UUID", "value", "nonsense"),
		object("id", 6.0, "type", "SET"),
		object("id", 7.0, "type", "NONE", "value", 1.0),
	}))
	got, err := Append(nil, &m)
	want := "80010002 00000001 6e 00000005 08 0001 00000011 0c 0002 02 0001 01 00 0f 0003 0a 00000003 8000000000000000 ffffffffffffffff 0000000000000000" +
		"0d 0004 0b 04 00000002 00000001 61 3ff8000000000000 00000000 0000000000000000 10 0005 00000000000000000000000000000000 0e 0006 08 00000000 08 0007 00000001 00"
	if hex.EncodeToString(got) != strings.ReplaceAll(want, " ", "") || err != nil {
		t.Errorf("got  %x, %v\nwant %s", got, err, strings.ReplaceAll(want, " ", ""))
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		f.Add(codectest.Unhex(f, c.wire), uint16(7))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		list, err := codectest.Decode(t, decoder(8000)(), in)
		again, err2 := codectest.Decode(t, decoder(8000)(), in, int(cut)%(len(in)+1))
		if len(list) != len(again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("cut: %v %v, uncut %v %v", again, err2, list, err)
		}
		for i := range list {
			b, err := Append(nil, &list[i])
			b2, _ := Append(nil, &again[i])
			if err != nil || string(b) != string(b2) {
				t.Fatalf("%x and %x, %v", b, b2, err)
			}
			same, err := codectest.Decode(t, decoder(20000)(), b)
			if err != nil || len(same) != 1 || !reflect.DeepEqual(describeMessage(same[0]), describeMessage(list[i])) {
				t.Fatalf("%x is written as %x: %v", in, b, err)
			}
		}
	})
}
