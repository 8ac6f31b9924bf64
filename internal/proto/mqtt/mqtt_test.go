package mqtt

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/proto/token"
	"weir/internal/stream"
)

// packet is what a decoder returns.
type packet struct {
	Head    *Head
	Body    string
	Payload any
}

func decoder(limit int) func() codectest.Decoder[packet] {
	return func() codectest.Decoder[packet] {
		d := NewDecoder(limit)
		return codectest.Decoder[packet]{Feed: d.Feed, Get: func() packet {
			h, body, payload := d.Packet()
			return packet{h.(*Head), string(body), payload}
		}}
	}
}

// describe shows what differs from the defaults.
func describe(p packet) string {
	h := *p.Head
	topic := ""
	if h.TopicName != nil {
		topic = " topic=" + *h.TopicName
	}
	s := fmt.Sprintf("%s/%d id=%d reason=%d qos=%d", typeNames[h.Type], h.ProtocolLevel, h.PacketIdentifier, h.ReasonCode, h.QoS)
	for i, set := range []bool{h.Dup, h.Retain, h.SessionPresent} {
		if set {
			s += []string{" dup", " retain", " present"}[i]
		}
	}
	if h.KeepAlive > 0 {
		s += fmt.Sprintf(" keep=%d", h.KeepAlive)
	}
	s += topic
	for _, f := range h.Properties {
		s += fmt.Sprintf(" %s=%s", f.Name, show(f.Value))
	}
	if c, ok := p.Payload.(*ConnectPayload); ok {
		s += " client=" + c.ClientID
		if c.Username != nil {
			s += " user=" + *c.Username
		}
		if c.Password != nil {
			s += " password=" + show(c.Password)
		}
		if w := c.Will; w != nil {
			s += fmt.Sprintf(" will=%s:%s:%d:%v:%v", w.Topic, show(w.Payload), w.QoS, w.Retain, w.Properties)
		}
		if c.CleanStart {
			s += " clean"
		}
	} else if p.Payload != nil {
		j, _ := json.Marshal(p.Payload)
		s += " " + string(j)
	}
	return s
}

func show(x any) string {
	if d, ok := x.(*stream.Data); ok {
		return fmt.Sprintf("%q", d.Bytes())
	}
	return fmt.Sprint(x)
}

// Each line is a stream: packets in a row, as hex digits, and what they are.
func TestPackets(t *testing.T) {
	t.Parallel()
	const connect4 = "10 0c 0004 4d515454 04 02 003c 0000"
	const connect5 = "10 0d 0004 4d515454 05 02 003c 00 0000"
	for _, c := range []struct {
		name, wire string
		want       []string
	}{
		// Figure 3-6 of the standard: user name, password, will with QoS 1, clean start, session expiry interval.
		{"connect as in the standard", "10 LL 0004 4d515454 05 ce 000a 05 11 0000000a 0001 61 05 18 00000005 0001 74 0001 6d 0001 75 0001 70",
			[]string{`CONNECT/5 id=0 reason=0 qos=0 keep=10 sessionExpiryInterval=10 client=a user=u password="p" will=t:"m":1:false:[{willDelayInterval 5}] clean`}},
		{"connect 3.1.1", "10 LL 0004 4d515454 04 e4 0000 0001 61 0001 74 0001 6d 0001 75 0003 1020ff",
			[]string{`CONNECT/4 id=0 reason=0 qos=0 client=a user=u password="\x10 \xff" will=t:"m":0:true:[]`}},
		{"connect with user only", "10 LL 0004 4d515454 04 80 0000 0000 0001 75",
			[]string{`CONNECT/4 id=0 reason=0 qos=0 client= user=u`}},
		{"connect 3.1", "10 0f 0006 4d5149736470 03 02 001e 0001 61", []string{`CONNECT/3 id=0 reason=0 qos=0 keep=30 client=a clean`}},
		{"from a client of 3.1.1", connect4 + "30 05 0001 61 6869 32 05 0001 61 0007 3b 07 0001 61 0008 6869 82 06 0009 0001 61 01 a2 05 000a 0001 61 40 02 0007 62 02 0007 c0 00 e0 00",
			[]string{`CONNECT/4 id=0 reason=0 qos=0 keep=60 client= clean`, `PUBLISH/4 id=0 reason=0 qos=0 topic=a`,
				`PUBLISH/4 id=7 reason=0 qos=1 topic=a`, `PUBLISH/4 id=8 reason=0 qos=1 dup retain topic=a`,
				`SUBSCRIBE/4 id=9 reason=0 qos=1 {"TopicFilters":[{"Filter":"a","QoS":1,"NoLocal":false,"RetainAsPublished":false,"RetainHandling":0}]}`,
				`UNSUBSCRIBE/4 id=10 reason=0 qos=1 ["a"]`, `PUBACK/4 id=7 reason=0 qos=0`, `PUBREL/4 id=7 reason=0 qos=1`,
				`PINGREQ/4 id=0 reason=0 qos=0`, `DISCONNECT/4 id=0 reason=0 qos=0`}},
		{"from a server of 3.1.1", "20 02 01 00 30 05 0001 61 6869 90 03 0009 01 b0 02 000a 50 02 0007 70 02 0007 d0 00",
			[]string{`CONNACK/4 id=0 reason=0 qos=0 present`, `PUBLISH/4 id=0 reason=0 qos=0 topic=a`, `SUBACK/4 id=9 reason=0 qos=0 "AQ=="`,
				`UNSUBACK/4 id=10 reason=0 qos=0 ""`, `PUBREC/4 id=7 reason=0 qos=0`, `PUBCOMP/4 id=7 reason=0 qos=0`, `PINGRESP/4 id=0 reason=0 qos=0`}},
		{"refused by a server of 3.1.1", "20 02 00 05", []string{`CONNACK/4 id=0 reason=5 qos=0`}},
		{"from a client of 5", connect5 + "30 09 0001 61 03 23 0005 6869 32 08 0001 61 0007 00 6869 82 09 0009 02 0b 07 0001 61 2d a2 06 000a 00 0001 61 " +
			"40 02 0007 40 03 0007 10 40 04 0007 00 00 62 04 0007 92 00 e0 00 e0 01 04 e0 02 04 00 f0 00",
			[]string{`CONNECT/5 id=0 reason=0 qos=0 keep=60 client= clean`, `PUBLISH/5 id=0 reason=0 qos=0 topic=a topicAlias=5`,
				`PUBLISH/5 id=7 reason=0 qos=1 topic=a`,
				`SUBSCRIBE/5 id=9 reason=0 qos=1 subscriptionIdentifier=7 {"TopicFilters":[{"Filter":"a","QoS":1,"NoLocal":true,"RetainAsPublished":true,"RetainHandling":2}]}`,
				`UNSUBSCRIBE/5 id=10 reason=0 qos=1 ["a"]`, `PUBACK/5 id=7 reason=0 qos=0`, `PUBACK/5 id=7 reason=16 qos=0`,
				`PUBACK/5 id=7 reason=0 qos=0`, `PUBREL/5 id=7 reason=146 qos=1`, `DISCONNECT/5 id=0 reason=0 qos=0`,
				`DISCONNECT/5 id=0 reason=4 qos=0`, `DISCONNECT/5 id=0 reason=4 qos=0`, `AUTH/5 id=0 reason=0 qos=0`}},
		{"every property", "20 LL 00 00 6d" +
			"01 01 02 ffffffff 03 0001 61 08 0001 62 09 0002 0001 0b 8001 11 00000001 12 0001 63 13 0002 15 0001 64 16 0001 ff 17 01 18 00000003 19 00" +
			"1a 0001 65 1c 0001 66 1f 0001 67 21 0004 22 0005 23 0006 24 01 25 00 26 0001 6b 0001 76 27 00000007 28 01 29 00 2a 01 26 0002 6b32 0000 26 0001 6b 0001 77",
			[]string{`CONNACK/5 id=0 reason=0 qos=0 payloadFormatIndicator=1 messageExpiryInterval=-1 contentType=a responseTopic=b correlationData="\x00\x01" ` +
				`subscriptionIdentifier=128 sessionExpiryInterval=1 assignedClientIdentifier=c serverKeepAlive=2 authenticationMethod=d authenticationData="\xff" ` +
				`requestProblemInfo=1 willDelayInterval=3 requestResponseInfo=0 responseInfo=e serverReference=f reasonString=g receiveMaximum=4 topicAliasMaximum=5 ` +
				`topicAlias=6 maximumQoS=1 retainAvailable=0 k=w maximumPacketSize=7 wildcardSubscriptionAvailable=1 subscriptionIdentifierAvailable=0 ` +
				`sharedSubscriptionAvailable=1 k2=`}},
		{"without a handshake, read as 5", "30 06 0001 61 00 6869", []string{`PUBLISH/5 id=0 reason=0 qos=0 topic=a`}},
		{"without a handshake, not 5", "30 05 0001 61 6869 90 03 0001 00", []string{`PUBLISH/4 id=0 reason=0 qos=0 topic=a`, `SUBACK/5 id=1 reason=0 qos=0 ""`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// LL is the length of the only packet.
			length := fmt.Sprintf("%02x", max(len(codectest.Unhex(t, strings.ReplaceAll(c.wire, "LL", "")))-1, 0))
			wire := strings.Replace(c.wire, "LL", length[:2], 1)
			in := codectest.Unhex(t, wire)
			list, err := codectest.Cut(t, decoder(1000), in)
			if err != nil {
				t.Fatal(err)
			}
			var out []byte
			for i, p := range list {
				if i < len(c.want) && describe(p) != c.want[i] {
					t.Errorf("got  %s\nwant %s", describe(p), c.want[i])
				}
				out = appendPacket(t, out, p)
			}
			if len(list) != len(c.want) {
				t.Errorf("%d packets, want %d", len(list), len(c.want))
			}
			if string(out) != string(in) {
				t.Errorf("written as\n%x\ncame as\n%x", out, in)
			}
		})
	}
}

// The examples that the standards show without being normative, of version 3.1.1 and 5: figures 1-2 and 2-4 (3.1.1) of texts and
// lengths, those of sections 3.3 to 3.11 of packets.
func TestStandard(t *testing.T) {
	t.Parallel()
	const connect4, connect5 = "10 0c 0004 4d515454 04 02 003c 0000 ", "10 0d 0004 4d515454 05 02 003c 00 0000 "
	for _, c := range []struct{ name, wire, want string }{
		{"3.1.1 CONNECT", "10 18 0004 4d515454 04 ce 000a 0000 0001 77 0001 6d 0001 75 0001 70",
			`CONNECT/4 id=0 reason=0 qos=0 keep=10 client= user=u password="p" will=w:"m":1:false:[] clean`},
		{"3.1.1 PUBLISH", connect4 + "30 07 0003 612f62 6869", `PUBLISH/4 id=0 reason=0 qos=0 topic=a/b`},
		{"3.1.1 PUBLISH with a packet identifier", connect4 + "32 07 0003 612f62 000a", `PUBLISH/4 id=10 reason=0 qos=1 topic=a/b`},
		{"3.1.1 SUBSCRIBE", connect4 + "82 0e 000a 0003 612f62 01 0003 632f64 02",
			`SUBSCRIBE/4 id=10 reason=0 qos=1 {"TopicFilters":[{"Filter":"a/b","QoS":1,"NoLocal":false,"RetainAsPublished":false,"RetainHandling":0},{"Filter":"c/d","QoS":2,"NoLocal":false,"RetainAsPublished":false,"RetainHandling":0}]}`},
		{"3.1.1 SUBACK", connect4 + "90 05 000a 00 02 80", `SUBACK/4 id=10 reason=0 qos=0 "AAKA"`},
		{"3.1.1 UNSUBSCRIBE", connect4 + "a2 0c 000a 0003 612f62 0003 632f64", `UNSUBSCRIBE/4 id=10 reason=0 qos=1 ["a/b","c/d"]`},
		{"5 PUBLISH", connect5 + "32 08 0003 612f62 000a 00", `PUBLISH/5 id=10 reason=0 qos=1 topic=a/b`},
		{"5 SUBSCRIBE", connect5 + "82 0f 000a 00 0003 612f62 01 0003 632f64 02",
			`SUBSCRIBE/5 id=10 reason=0 qos=1 {"TopicFilters":[{"Filter":"a/b","QoS":1,"NoLocal":false,"RetainAsPublished":false,"RetainHandling":0},{"Filter":"c/d","QoS":2,"NoLocal":false,"RetainAsPublished":false,"RetainHandling":0}]}`},
		{"5 UNSUBSCRIBE", connect5 + "a2 0d 000a 00 0003 612f62 0003 632f64", `UNSUBSCRIBE/5 id=10 reason=0 qos=1 ["a/b","c/d"]`},
		{"A and U+2A6D4", connect4 + "30 07 0005 41 f0aa9b94", "PUBLISH/4 id=0 reason=0 qos=0 topic=A\U0002A6D4"},
	} {
		in := codectest.Unhex(t, c.wire)
		list, err := codectest.Cut(t, decoder(1000), in)
		if err != nil || len(list) == 0 || describe(list[len(list)-1]) != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", c.name, err, describe(list[len(list)-1]), c.want)
		}
		var out []byte
		for _, p := range list {
			out = appendPacket(t, out, p)
		}
		if string(out) != string(in) {
			t.Errorf("%s is written as\n%x", c.name, out)
		}
	}
	for n, want := range map[int]string{0: "00", 127: "7f", 128: "8001", 16383: "ff7f", 16384: "808001", 2097151: "ffff7f", 2097152: "80808001", 268435455: "ffffff7f", 64: "40", 321: "c102"} {
		b := appendVarint(nil, n)
		p := parser{b: b}
		if got := hex.EncodeToString(b); got != want || p.varint() != n || p.err != nil || len(p.b) > 0 {
			t.Errorf("%d is %s", n, got)
		}
	}
}

func appendPacket(t testing.TB, b []byte, p packet) []byte {
	t.Helper()
	b, err := Append(b, p.Head, stream.NewString(p.Body), p.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	const connect4 = "10 0c 0004 4d515454 04 02 003c 0000"
	for wire, want := range map[string]string{
		"00 00":                               "there is no packet type 0",
		"30 ff ff ff ff 01":                   errVarint.Error(),
		"30 ff 7f":                            "message is larger than maxMessageSize",
		"36 03 0001 61":                       "PUBLISH: the quality of service is 3",
		"30 01 00":                            "PUBLISH: " + errShort.Error(),
		"30 03 0001 ff":                       "PUBLISH: " + errUTF8.Error(),
		"30 05 0003 610062":                   "PUBLISH: " + errUTF8.Error(),
		"30 05 0003 eda080":                   "PUBLISH: " + errUTF8.Error(),
		"80 06 0009 0001 61 01":               "SUBSCRIBE: the flags are 0 instead of 2",
		"c0 01 00":                            "PINGREQ: 1 bytes follow the last field",
		"10 0c 0004 4d515455 04 02 003c 0000": `CONNECT: protocol "MQTU" of level 4 is not known`,
		"10 0c 0004 4d515454 06 02 003c 0000": `CONNECT: protocol "MQTT" of level 6 is not known`,
		"10 0c 0004 4d515454 04 03 003c 0000": `CONNECT: the connect flags 0x3 have reserved bits set`,
		"10 0c 0004 4d515454 04 22 003c 0000": `CONNECT: the connect flags 0x22 have reserved bits set`,
		"20 03 00 00 01":                      "CONNACK: " + errShort.Error(),
		"20 05 00 00 02 7f 00":                "CONNACK: there is no property 127",
		"20 02 02 00":                         "CONNACK: reserved flags are set",
		connect4 + "40 03 0001 00":            "PUBACK: 1 bytes follow the last field",
		connect4 + "82 06 0009 0001 61 03":    "SUBSCRIBE: 0x3 is no option of a subscription",
		connect4 + "82 06 0009 0001 61 04":    "SUBSCRIBE: 0x4 is no option of a subscription",
		connect4 + "f0 00":                    "AUTH: there is no packet type 15",
	} {
		_, err := codectest.Cut(t, decoder(1000), codectest.Unhex(t, wire))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", wire, err, want)
		}
	}
}

// Topics and properties of a few bytes take more memory than that: there is a limit.
func TestMemory(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ head, one string }{
		"user properties": {"10 LL 0004 4d515454 05 02 003c", "26 0000 0000"},
		"filters":         {"82 LL 0001 00", "0000 00"},
		"topics":          {"a2 LL 0001 00", "0000"},
	} {
		packet := func(n int) []byte {
			head, many := codectest.Unhex(t, strings.Replace(c.head, "LL", "", 1)), bytes.Repeat(codectest.Unhex(t, c.one), n)
			if c.head[0] == '1' {
				many = append(appendVarint(nil, len(many)), many...)
				many = append(many, 0, 0)
			}
			return append(append(appendVarint(head[:1:1], len(head)-1+len(many)), head[1:]...), many...)
		}
		if _, err := codectest.Decode(t, decoder(100000)(), packet(minOverhead/overhead)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := codectest.Decode(t, decoder(100000)(), packet(minOverhead/overhead+1)); !errors.Is(err, token.ErrTooLarge) {
			t.Errorf("many %s: %v", what, err)
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	name := "a"
	big := strings.Repeat("x", 65536)
	for _, c := range []struct {
		head    Head
		payload any
		want    string
	}{
		{NewHead(), nil, "100d00044d5154540500000000" + "0000"},
		{Head{Type: Connect, ProtocolLevel: 4}, &ConnectPayload{ClientID: "c", Will: &Will{Topic: "t", Payload: "m", QoS: 1, Retain: true}},
			"101300044d51545404" + "2c" + "0000" + "000163" + "000174" + "00016d"},
		{Head{Type: PubAck, ProtocolLevel: 5, PacketIdentifier: 258}, nil, "400401020000"},
		{Head{Type: PubRel, ProtocolLevel: 4, PacketIdentifier: 258}, nil, "62020102"},
		{Head{Type: Disconnect, ProtocolLevel: 5}, nil, "e0020000"},
		{Head{Type: Publish, ProtocolLevel: 5, Dup: true, QoS: 2, TopicName: &name, Properties: plain.Object{
			{Name: "contentType", Value: "text"}, {Name: "x", Value: 1.0}, {Name: "topicAlias", Value: plain.Undefined{}},
			{Name: "correlationData", Value: "text"}, {Name: "subscriptionIdentifier", Value: 300.0}}}, nil,
			"3c1a" + "000161" + "0000" + "14" + "03000474657874" + "26000178000131" + "090000" + "0bac02"},
		{Head{Type: Publish, ProtocolLevel: 5, TopicName: &big}, nil, "error: PUBLISH: " + errLong.Error()},
		{Head{Type: Publish, ProtocolLevel: 5, Properties: plain.Object{{Name: "reasonString", Value: big}}}, nil,
			"error: PUBLISH: property reasonString: " + errLong.Error()},
		{Head{Type: Publish, ProtocolLevel: 5, Properties: plain.Object{{Name: "subscriptionIdentifier", Value: 1e9}}}, nil,
			"error: PUBLISH: property subscriptionIdentifier is 1000000000, over 268435455"},
		{NewHead(), &ConnectPayload{Password: stream.NewString(big)}, "error: CONNECT: " + errLong.Error()},
	} {
		b, err := Append(nil, &c.head, new(stream.Data), c.payload)
		got := hex.EncodeToString(b)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %.200s\nwant %s", typeNames[c.head.Type], got, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"100c00044d5154540402003c0000300500016168698206000900016101", "2003000000", "40020007e000",
		"101d00044d51545405c6000a051100000000000161000001740000000175",
		"8206303001010101"} { // an unknown property in a SUBSCRIBE
		f.Add(codectest.Unhex(f, s), uint16(5))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		list, err := codectest.Decode(t, decoder(4000)(), in)
		again, err2 := codectest.Decode(t, decoder(4000)(), in, int(cut)%(len(in)+1))
		if !reflect.DeepEqual(list, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("cut: %v %v, uncut %v %v", again, err2, list, err)
		}
		for _, p := range list {
			b := appendPacket(t, nil, p)
			d := decoder(5000)()
			d.Feed(codectest.Unhex(t, map[int]string{3: "100f00066d", 4: "20020000", 5: "2003000000"}[p.Head.ProtocolLevel]))
			if p.Head.ProtocolLevel == 3 {
				continue
			}
			same, err := codectest.Decode(t, d, b)
			if err != nil || len(same) != 1 || string(appendPacket(t, nil, same[0])) != string(b) {
				t.Fatalf("%x is written as %x: %v", in, b, err)
			}
		}
	})
}
