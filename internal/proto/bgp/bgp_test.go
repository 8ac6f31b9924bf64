package bgp

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/stream"
)

func decoder(as4 bool) func() codectest.Decoder[Message] {
	return func() codectest.Decoder[Message] {
		d := NewDecoder()
		d.AS4 = as4
		return codectest.Decoder[Message]{Feed: d.Feed, Get: func() Message { return *d.Message() }}
	}
}

// wire is a message from the hex digits of its type and body.
func wire(t testing.TB, body string) []byte {
	t.Helper()
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	parts := strings.Split(body, "|")
	b := unhex(parts[0])
	if len(parts) == 3 { // the type with withdrawn routes, attributes, destinations
		withdrawn, attributes := b[1:], unhex(parts[1])
		b = append([]byte{b[0], 0, byte(len(withdrawn))}, withdrawn...)
		b = append(append(append(b, 0, byte(len(attributes))), attributes...), unhex(parts[2])...)
	}
	n := len(b) + 18
	return append(append(append([]byte(nil), marker...), byte(n>>8), byte(n)), b...)
}

func show(x any) string {
	switch x := x.(type) {
	case *stream.Data:
		if x == nil {
			return "null"
		}
		return fmt.Sprintf("%x", x.Bytes())
	case *Open:
		s := fmt.Sprintf("v%d AS%d %d %s", x.Version, x.MyAS, x.HoldTime, x.Identifier)
		for _, p := range x.Parameters {
			s += fmt.Sprintf(" %d:%s", p.Code, show(p.Value))
		}
		return s
	case []Capability:
		s := "["
		for _, c := range x {
			s += fmt.Sprintf(" %d=%s", c.Code, show(c.Value))
		}
		return s + " ]"
	case *Update:
		s := fmt.Sprint("-", x.WithdrawnRoutes)
		for _, a := range x.PathAttributes {
			name := fmt.Sprint(a.Code)
			if a.Name != nil {
				name = *a.Name
			}
			flags := ""
			for i, set := range []bool{a.Optional, a.Transitive, a.Partial} {
				if set {
					flags += "OTP"[i : i+1]
				}
			}
			s += fmt.Sprintf(" %s/%s=%s", name, flags, show(a.Value))
		}
		return s + fmt.Sprint(" +", x.Destinations)
	case *Notification:
		return fmt.Sprint(x.ErrorCode, " ", x.ErrorSubcode, " ", show(x.Data))
	case plain.Object:
		return fmt.Sprint(map[string]any{"set": []plain.Field(x)})
	case *plain.List:
		return x.Type + show(x.Elements)
	case []any:
		s := "["
		for _, e := range x {
			s += " " + show(e)
		}
		return s + " ]"
	}
	b, _ := json.Marshal(x)
	return string(b)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		as4        bool
		want       string
	}{
		{"keepalive", "04", false, "4 null"},
		{"open", "01 04 fde9 005a 01020304 00", false, "1 v4 AS65001 90 1.2.3.4"},
		{"open with capabilities", "01 04 5ba0 00b4 0a000001 1e 02 18 01 04 0001 00 01 01 04 0002 00 01 02 00 41 04 00010000 40 02 0078 01 02 0102", false,
			"1 v4 AS23456 180 10.0.0.1 2:[ 1=00010001 1=00020001 2= 65=00010000 64=0078 ] 1:0102"},
		{"update", "02 10 0a01 00|40 01 01 00 40 02 06 02 02 fde9 fdea 40 03 04 c0000201 80 04 04 ffffffff|18 c00002 20 c6336401 00", false,
			"2 -[10.1.0.0/16 0.0.0.0/0] ORIGIN/T=0 AS_PATH/T=[ [ 65001 65002 ] ] NEXT_HOP/T=\"192.0.2.1\" MULTI_EXIT_DISC/O=4294967295 +[192.0.2.0/24 198.51.100.1/32 0.0.0.0/0]"},
		{"4-byte AS", "02 |40 02 10 02 01 000186a0 01 02 fffffffe 00000001 c0 07 08 000186a0 01020304 40 06 00 40 05 04 00000064|00", true,
			`2 -[] AS_PATH/T=[ [ 100000 ] map[set:[{4294967294 4.294967294e+09} {1 1}]] ] AGGREGATOR/OT=[ 100000 "1.2.3.4" ] ATOMIC_AGGREGATE/T=null LOCAL_PREF/T=100 +[0.0.0.0/0]`},
		{"AS4 in a session of 2 bytes", "02 |e0 11 06 02 01 000186a0 c0 12 08 000186a0 01020304 40 02 00|", false,
			`2 -[] AS4_PATH/OTP=[ [ 100000 ] ] AS4_AGGREGATOR/OT=[ 100000 "1.2.3.4" ] AS_PATH/T=null +[]`},
		{"confederation", "02 |40 02 0a 03 01 fde9 04 02 0001 0002|", false, `2 -[] AS_PATH/T=[ confed-sequence[ 65001 ] confed-set[ 1 2 ] ] +[]`},
		{"communities", "02 |c0 08 08 fde90064 ffffff01 c0 20 18 0000fde9 00000001 00000002 ffffffff 00000000 00000003 80 0a 04 01010101 80 09 04 02020202|", false,
			`2 -[] COMMUNITIES/OT=[ "65001:100" "65535:65281" ] LARGE_COMMUNITIES/OT=[ "65001:1:2" "4294967295:0:3" ] CLUSTER_LIST/O=[ "1.1.1.1" ] ORIGINATOR_ID/O="2.2.2.2" +[]`},
		{"IPv6", "02 |80 0e 2d 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00 30 20010db80001 00 80 0f 0e 0002 01 40 20010db800020000 01 80|", false,
			`2 -[] MP_REACH_NLRI/O={"AFI":2,"SAFI":1,"NextHops":["2001:db8::1","fe80::1"],"Destinations":["2001:db8:1::/48","::/0"]} ` +
				`MP_UNREACH_NLRI/O={"AFI":2,"SAFI":1,"WithdrawnRoutes":["2001:db8:2::/64","8000::/1"]} +[]`},
		{"another family, extended length, unknown attribute", "02 |90 0e 000a 0019 46 02 0102 00 0304 05 d0 63 0002 abcd 00 64 00|", false,
			"2 -[] MP_REACH_NLRI/O={\"AFI\":25,\"SAFI\":70,\"NextHops\":[{\"Object\":0}],\"Destinations\":[{\"Object\":0}]} 99/OT=abcd 100/=null +[]"},
		{"notification", "03 06 02", false, "3 6 2 null"},
		{"notification with data", "03 01 02 0013", false, "3 1 2 0013"},
		{"route refresh", "05 0002 00 01", false, `5 {"AFI":2,"SAFI":1}`},
		{"enhanced route refresh", "05 0001 01 01", false, `5 {"AFI":1,"SAFI":1}`},
		{"unknown type", "80 0102", false, "128 0102"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := wire(t, c.body)
			fixLengths(in)
			list, err := codectest.Cut(t, decoder(c.as4), in)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d messages, %v", len(list), err)
			}
			if got := fmt.Sprint(list[0].Type, " ", show(list[0].Body)); got != c.want && c.want != "" {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if out := Append(nil, &list[0], c.as4); string(out) != string(in) {
				t.Errorf("written as\n%x, came as\n%x", out, in)
			}
		})
	}
}

// fixLengths puts in the length of the parameters of OPEN.
func fixLengths(b []byte) {
	if b[18] == 1 {
		b[28] = byte(len(b) - 29)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	short := append(append([]byte(nil), marker...), 0, 18, 4)
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{short, "the length of a message is 18"},
		{wire(t, "01 04"), "message type 1 has a wrong length"},
		{wire(t, "01 04 fde9 005a 01020304 01"), "message type 1 has a wrong length"},
		{wire(t, "01 04 fde9 005a 01020304 04 02 02 01 05"), "message type 1 has a wrong length"},
		{wire(t, "02 0000"), "message type 2 has a wrong length"},
		{wire(t, "02 0001 00 0005 00"), "message type 2 has a wrong length"},
		{wire(t, "02 0002 2100 0000"), "message type 2 has a prefix of 33 bits"},
		{wire(t, "02 0001 18 0000"), "message type 2 has a wrong length"},
		{wire(t, "02 0000 0005 40 01 02 0000"), "message type 2 attribute ORIGIN has a wrong length"},
		{wire(t, "02 0000 0007 40 02 04 05 01 0001"), "message type 2 attribute AS_PATH has a segment of type 5"},
		{wire(t, "02 0000 0007 40 02 04 02 02 0001"), "message type 2 attribute AS_PATH has a wrong length"},
		{wire(t, "02 0000 0003 50 02 00"), "message type 2 has a wrong length"},
		{wire(t, "03 01"), "message type 3 has a wrong length"},
		{wire(t, "05 01"), "message type 5 has a wrong length"},
	} {
		if _, err := codectest.Cut(t, decoder(false), c.in); err == nil || err.Error() != c.want {
			t.Errorf("%x: %v, want %s", c.in[16:], err, c.want)
		}
	}
}

func TestFromPlain(t *testing.T) {
	t.Parallel()
	object := func(kv ...any) (o plain.Object) {
		for i := 0; i < len(kv); i += 2 {
			o = append(o, plain.Field{Name: kv[i].(string), Value: kv[i+1]})
		}
		return o
	}
	for _, c := range []struct {
		x    any
		want string
	}{
		{object(), "04"},
		{object("type", "NONSENSE"), "ff"},
		{object("type", 77.0, "body", stream.NewString("a")), "4d61"},
		{object("type", "ROUTE_REFRESH", "body", object("afi", 258.0, "safi", 1.0)), "0501020001"},
		{object("type", "OPEN"), "01"},
		{object("type", "OPEN", "body", object("myAS", 65001.0, "holdTime", 90.0, "identifier", "1.2.3.4", "parameters", []any{
			object("name", "Capabilities", "value", []any{object("code", 2.0, "value", new(stream.Data)), object("code", 65.0, "value", stream.NewString("abcd"))})})),
			"0104fde9005a010203040a0208" + "0200" + "410461626364"},
		{object("type", "OPEN", "body", object("myAS", 100000.0, "identifier", "x")), "01045ba000000000000000"},
		{object("type", "UPDATE", "body", object("withdrawnRoutes", []any{"10.1.2.3/15", "nonsense"}, "pathAttributes", []any{
			object("name", "ORIGIN", "value", 2.0, "transitive", true),
			object("name", "AS_PATH", "value", []any{[]any{1.0, 100000.0}, object("7", 7.0)}),
			object("code", 99.0, "value", "text"),
			plain.Undefined{},
			object("name", "MP_REACH_NLRI", "optional", true, "value", object("afi", 2.0, "safi", 1.0, "nextHops", []any{"::1"}, "destinations", []any{"2001:db8::/32"})),
			object("name", "COMMUNITIES", "value", []any{"1:2"}),
		}, "destinations", []any{"1.2.3.4"})),
			"02" + "0004" + "0f0a0000" + "0038" + "400101" + "02" + "00020a" + "0202" + "00015ba0" + "01010007" + "006300" +
				"800e1a" + "00020110" + "00000000000000000000000000000001" + "00" + "2020010db8" + "000804" + "00010002" + "2001020304"},
	} {
		m := FromPlain(c.x)
		got := hex.EncodeToString(Append(nil, m, false)[18:])
		if got != c.want {
			t.Errorf("%v:\ngot  %s\nwant %s", c.x, got, c.want)
		}
	}
	if FromPlain("x") != nil {
		t.Error("a text is a message")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	m := &Message{Type: 9, Body: stream.NewData(make([]byte, 5000))}
	if n := len(Append(nil, m, false)); n != maxMessage {
		t.Errorf("a large message has %d bytes", n)
	}
	in := wire(t, "09"+strings.Repeat("00", 5000))
	list, err := codectest.Decode(t, decoder(false)(), in)
	if err != nil || len(Append(nil, &list[0], false)) != len(in) {
		t.Errorf("an extended message: %v", err)
	}
	var path []any
	for i := range 300 {
		path = append(path, float64(i))
	}
	b := (&codec{}).writePath(nil, []any{path})
	if len(b) != 600+4 || b[1] != 255 || b[512+1] != 45 {
		t.Errorf("a path of 300: %d bytes, %x", len(b), b[:4])
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"04", "01 04 fde9 005a 01020304 00", "02 0000 0007 40 02 04 02 01 0001 18 c00002", "02 0000 000e 80 0e 0b 0001 01 04 01020304 00 08 0a"} {
		f.Add(wire(f, s), true)
		f.Add(wire(f, s), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, as4 bool) {
		list, err := codectest.Decode(t, decoder(as4)(), in)
		again, err2 := codectest.Decode(t, decoder(as4)(), in, len(in)/2)
		if !reflect.DeepEqual(list, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("cut: %v %v, uncut %v %v", again, err2, list, err)
		}
		for i := range list {
			b := Append(nil, &list[i], as4)
			same, err := codectest.Decode(t, decoder(as4)(), b)
			if err != nil || len(same) != 1 || show(same[0].Body) != show(list[i].Body) {
				t.Fatalf("%x is written as %x: %v", in, b, err)
			}
		}
	})
}
