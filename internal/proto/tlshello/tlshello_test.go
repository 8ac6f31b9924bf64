package tlshello

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

// rfc8448 is the ClientHello of the simple 1-RTT handshake in RFC 8448 §3, as a record.
var rfc8448 = unhex(`16 03 01 00 c4 01 00 00 c0 03 03 cb 34 ec b1 e7 81 63 ba 1c 38 c6 da cb 19 6a 6d ff a2 1a 8d 99 12 ec 18
a2 ef 62 83 02 4d ec e7 00 00 06 13 01 13 03 13 02 01 00 00 91 00 00 00 0b 00 09 00 00 06 73 65 72 76 65 72 ff 01 00 01 00
00 0a 00 14 00 12 00 1d 00 17 00 18 00 19 01 00 01 01 01 02 01 03 01 04 00 23 00 00 00 33 00 26 00 24 00 1d 00 20 99 38 1d
e5 60 e4 bd 43 d2 3d 8e 43 5a 7d ba fe b3 c0 6e 51 c1 3c ae 4d 54 13 69 1e 52 9a af 2c 00 2b 00 03 02 03 04 00 0d 00 20 00
1e 04 03 05 03 06 03 02 03 08 04 08 05 08 06 04 01 05 01 06 01 02 01 04 02 05 02 06 02 02 02 00 2d 00 02 01 01 00 1c 00 02
40 01`)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// hello makes a ClientHello of extensions: pairs of type and content, in hex.
func hello(exts ...string) []byte {
	var list []byte
	for i := 0; i < len(exts); i += 2 {
		content := unhex(exts[i+1])
		list = append(list, unhex(exts[i])...)
		list = append(list, byte(len(content)>>8), byte(len(content)))
		list = append(list, content...)
	}
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body = append(body, unhex("00 0002 1301 01 00")...)
	if exts != nil {
		body = append(body, byte(len(list)>>8), byte(len(list)))
		body = append(body, list...)
	}
	return append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...)
}

// records cuts a message into records of n bytes.
func records(message []byte, n int) []byte {
	var out []byte
	for len(message) > 0 {
		k := min(n, len(message))
		out = append(out, 22, 3, 1, byte(k>>8), byte(k))
		out = append(out, message[:k]...)
		message = message[k:]
	}
	return out
}

const (
	sniAB  = "000a 00 0001 61 00 0003 622e63"   // a, b.c
	alpnH2 = "000c 02 6832 08 687474702f312e31" // h2, http/1.1
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   []byte
		want Hello
	}{
		{"RFC 8448", rfc8448, Hello{ServerNames: []string{"server"}}},
		{"names and protocols", records(hello("0000", sniAB, "0010", alpnH2), 1000), Hello{[]string{"a", "b.c"}, []string{"h2", "http/1.1"}}},
		{"several records", records(hello("0000", sniAB, "0010", alpnH2), 7), Hello{[]string{"a", "b.c"}, []string{"h2", "http/1.1"}}},
		{"a byte per record", records(hello("0010", alpnH2), 1), Hello{nil, []string{"h2", "http/1.1"}}},
		{"empty lists", records(hello("0000", "0000", "0010", "0000"), 1000), Hello{[]string{}, []string{}}},
		{"other kind of name", records(hello("0000", "0005 07 0002 6162"), 1000), Hello{ServerNames: []string{}}},
		{"no extensions", records(hello(), 1000), Hello{}},
		{"unknown extensions", records(hello("0a0a", "", "ffff", "0102"), 1000), Hello{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(c.in) {
				var p Parser
				if s := p.Feed(c.in[:cut]); s != Incomplete {
					t.Fatalf("after %d of %d bytes: state %d", cut, len(c.in), s)
				}
				if s := p.Feed(append(c.in[cut:len(c.in):len(c.in)], "what follows"...)); s != Complete {
					t.Fatalf("cut at %d: state %d", cut, s)
				}
				if !reflect.DeepEqual(p.Hello(), c.want) {
					t.Fatalf("cut at %d: got %q, want %q", cut, p.Hello(), c.want)
				}
				if s := p.Feed([]byte("more")); s != Complete {
					t.Fatalf("later: state %d", s)
				}
			}
			var p Parser
			for i := range c.in {
				p.Feed(c.in[i : i+1])
			}
			if !reflect.DeepEqual(p.Hello(), c.want) {
				t.Errorf("byte by byte: got %q", p.Hello())
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	patch := func(b []byte, i int, x ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[i:], x)
		return b
	}
	whole := records(hello("0000", sniAB), 1000)
	for name, in := range map[string][]byte{
		"HTTP":                     []byte("GET / HTTP/1.1\r\n"),
		"other record":             {23},
		"SSL 2":                    {0x80, 0x2e, 1, 0, 2},
		"version":                  {22, 2},
		"minor version":            {22, 3, 5},
		"empty record":             {22, 3, 1, 0, 0},
		"record too long":          {22, 3, 1, 0x40, 1},
		"ServerHello":              {22, 3, 1, 0, 1, 2},
		"message too long":         {22, 3, 1, 0, 4, 1, 1, 0, 1},
		"alert between":            append(records(hello()[:10], 1000), 21),
		"session id too long":      patch(whole, 5+4+34, 33),
		"odd cipher suites":        patch(whole, 5+4+35, 0, 3),
		"no cipher suites":         patch(whole, 5+4+35, 0, 0),
		"extensions cut":           patch(whole, 5+4+41, 0xff),
		"name list too long":       records(hello("0000", "00ff 00 0001 61"), 1000),
		"rest behind name list":    records(hello("0000", "0004 00 0001 61 00"), 1000),
		"name cut":                 records(hello("0000", "0004 00 0009 61"), 1000),
		"empty protocol":           records(hello("0010", "0001 00"), 1000),
		"rest behind protocols":    records(hello("0010", "0002 01 61 00"), 1000),
		"protocol cut":             records(hello("0010", "0002 05 61"), 1000),
		"extension of three bytes": records(append(hello()[:3], append([]byte{46}, append(hello()[4:], 0, 3, 0, 0, 0)...)...), 1000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(in) {
				var p Parser
				p.Feed(in[:cut])
				if s := p.Feed(in[cut:]); s != Invalid {
					t.Fatalf("cut at %d: state %d", cut, s)
				}
			}
		})
	}
}

func FuzzParser(f *testing.F) {
	f.Add(rfc8448, 10)
	f.Add(records(hello("0000", sniAB, "0010", alpnH2), 7), 3)
	f.Add([]byte("GET / HTTP/1.1\r\n"), 0)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		cut = min(max(cut, 0), len(in))
		var whole, parts Parser
		whole.Feed(in)
		parts.Feed(in[:cut])
		parts.Feed(in[cut:])
		if whole.state != parts.state || !reflect.DeepEqual(whole.hello, parts.hello) {
			t.Errorf("whole: %d %q, in two parts: %d %q", whole.state, whole.hello, parts.state, parts.hello)
		}
		if n := len(whole.body); n > maxHello+messageHeader+maxRecord {
			t.Errorf("%d bytes kept", n)
		}
	})
}
