package proxyproto

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"weir/internal/stream"
)

// decode feeds pieces until there is a header and describes it, the error, and what is left.
func decode(pieces ...string) string {
	in := new(stream.Data)
	for i, p := range pieces {
		b := []byte(p)
		in.Push(stream.NewTransient(b))
		h, err := Decode(in)
		switch {
		case err != nil:
			return "! " + strings.TrimPrefix(err.Error(), "proxyproto: ")
		case h != nil:
			for _, p := range pieces[i+1:] {
				in.Push(stream.NewString(p))
			}
			return describe(h) + fmt.Sprintf("%q", in.Bytes())
		}
		in.Own()
		for i := range b {
			b[i] = 0xDB
		}
	}
	return "incomplete"
}

func describe(h *Header) string {
	var s strings.Builder
	fmt.Fprintf(&s, "v%d %s ", h.Version, h.Protocol)
	if h.Local {
		s.WriteString("local ")
	}
	if h.Source.IsValid() {
		fmt.Fprintf(&s, "%v>%v ", h.Source, h.Target)
	}
	if h.SourcePath+h.TargetPath != "" {
		fmt.Fprintf(&s, "%q>%q ", h.SourcePath, h.TargetPath)
	}
	for _, t := range h.TLVs {
		fmt.Fprintf(&s, "%d=%q ", t.Type, t.Value)
	}
	if h.Checksum {
		s.WriteString("crc ")
	}
	return s.String()
}

func bytesOf(s string) []string {
	var list []string
	for i := range len(s) {
		list = append(list, s[i:i+1])
	}
	return list
}

// v2 builds a header of version 2.
func v2(command, family byte, block string) string {
	return signature + string([]byte{command, family, byte(len(block) >> 8), byte(len(block))}) + block
}

const (
	block4 = "\x0a\x00\x00\x01\x0a\x00\x00\x02\x30\x39\x01\xbb"
	v6a    = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	v6b    = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
)

func unix(paths ...string) string {
	s := ""
	for _, p := range paths {
		s += p + strings.Repeat("\x00", pathSize-len(p))
	}
	return s
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		// The examples of the specification (§2.1).
		"TCP4":              {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\nGET", `v1 TCP4 255.255.255.255:65535>255.255.255.255:65535 "GET"`},
		"TCP6":              {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", `v1 TCP6 [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535>[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 ""`},
		"unknown":           {"PROXY UNKNOWN\r\nabc", `v1 UNKNOWN "abc"`},
		"worst case":        {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", `v1 UNKNOWN ""`},
		"request":           {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n", `v1 TCP4 192.168.0.1:56324>192.168.0.11:443 "GET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n"`},
		"port 0":            {"PROXY TCP4 1.2.3.4 5.6.7.8 0 80\r\n", `v1 TCP4 1.2.3.4:0>5.6.7.8:80 ""`},
		"mapped":            {"PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n", `v1 TCP6 [::ffff:1.2.3.4]:1>[::1]:2 ""`},
		"too long":          {"PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", "! a header of version 1 is longer than 107 bytes"},
		"as long as it may": {"PROXY UNKNOWN " + strings.Repeat("x", 91) + "\r\n", `v1 UNKNOWN ""`},
		"endless":           {"PROXY UNKNOWN " + strings.Repeat("x", 500), "! a header of version 1 is longer than 107 bytes"},
		"incomplete":        {"PROXY TCP4 1.2.3.4", "incomplete"},
		"no CR":             {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "! malformed header of version 1"},
		"CR within":         {"PROXY TCP4 1.2.3.4\r5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"UDP4":              {"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"two spaces":        {"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"space at the end":  {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", "! malformed header of version 1"},
		"no port":           {"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "! malformed header of version 1"},
		"large port":        {"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "! malformed header of version 1"},
		"signed port":       {"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n", "! malformed header of version 1"},
		"leading zero":      {"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", "! malformed header of version 1"},
		"leading zero, IP":  {"PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"wrong family":      {"PROXY TCP4 ::1 ::1 1 2\r\n", "! malformed header of version 1"},
		"wrong family, 6":   {"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"zone":              {"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "! malformed header of version 1"},
		"name":              {"PROXY TCP4 a.b 5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"nothing":           {"PROXY \r\n", "! malformed header of version 1"},
		"lower case":        {"PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n", "! malformed header of version 1"},
		"HTTP":              {"GET / HTTP/1.1\r\n\r\n", "! there is no header"},
		"almost":            {"PROXYTCP4 1.2.3.4 5.6.7.8 1 2\r\n", "! there is no header"},
		"almost version 2":  {"\r\n\r\n\x00\r\nQUIT\r", "! there is no header"},
		"empty":             {"", "incomplete"},

		"2 TCP4":             {v2(0x21, 0x11, block4) + "GET", `v2 TCP4 10.0.0.1:12345>10.0.0.2:443 "GET"`},
		"2 UDP4":             {v2(0x21, 0x12, block4), `v2 UDP4 10.0.0.1:12345>10.0.0.2:443 ""`},
		"2 TCP6":             {v2(0x21, 0x21, v6a+v6b+"\x30\x39\x01\xbb"), `v2 TCP6 [2001:db8::1]:12345>[2001:db8::2]:443 ""`},
		"2 UDP6":             {v2(0x21, 0x22, v6a+v6b+"\x30\x39\x01\xbb"), `v2 UDP6 [2001:db8::1]:12345>[2001:db8::2]:443 ""`},
		"2 UNIX":             {v2(0x21, 0x31, unix("/run/a", "/run/b")), `v2 UNIX "/run/a">"/run/b" ""`},
		"2 UNIX datagram":    {v2(0x21, 0x32, unix("\x00abstract", strings.Repeat("x", 108))), `v2 UNIX_DGRAM "\x00abstract">"` + strings.Repeat("x", 108) + `" ""`},
		"2 UNIX unnamed":     {v2(0x21, 0x31, unix("", "")), `v2 UNIX ""`},
		"2 unknown":          {v2(0x21, 0x00, ""), `v2 UNKNOWN ""`},
		"2 unknown, bytes":   {v2(0x21, 0x00, "anything") + "abc", `v2 UNKNOWN "abc"`},
		"2 local":            {v2(0x20, 0x00, "") + "abc", `v2 UNKNOWN local "abc"`},
		"2 local, addresses": {v2(0x20, 0x11, block4), `v2 TCP4 local ""`},
		"2 local, nonsense":  {v2(0x20, 0x77, "xx"), `v2 UNKNOWN local ""`},
		"2 local, short":     {v2(0x20, 0x11, "xx"), `v2 TCP4 local ""`},
		"2 TLVs":             {v2(0x21, 0x11, block4+"\x01\x00\x02h2\x04\x00\x03\x00\x00\x00\x05\x00\x00") + "abc", `v2 TCP4 10.0.0.1:12345>10.0.0.2:443 1="h2" 5="" "abc"`},
		"2 TLV cut off":      {v2(0x21, 0x11, block4+"\x01\x00\x03h2"), "! a field is cut off"},
		"2 TLV head cut":     {v2(0x21, 0x11, block4+"\x01\x00"), "! a field is cut off"},
		"2 CRC32c":           {v2(0x21, 0x11, block4+"\x03\x00\x04\x97\x3c\x1f\x33"), ""},
		"2 wrong CRC32c":     {v2(0x21, 0x11, block4+"\x03\x00\x04\x00\x00\x00\x00"), "! the checksum is wrong"},
		"2 short CRC32c":     {v2(0x21, 0x11, block4+"\x03\x00\x03\x00\x00\x00"), "! the checksum is wrong"},
		"2 short":            {v2(0x21, 0x11, block4[:11]), "! the addresses do not fit into the header"},
		"2 command 2":        {v2(0x22, 0x11, block4), "! unknown version or command"},
		"2 version 1":        {v2(0x11, 0x11, block4), "! unknown version or command"},
		"2 version 3":        {v2(0x31, 0x11, block4), "! unknown version or command"},
		"2 family 4":         {v2(0x21, 0x41, block4), "! unknown address family or transport"},
		"2 transport 0":      {v2(0x21, 0x10, block4), "! unknown address family or transport"},
		"2 largest":          {v2(0x21, 0x11, block4+"\x05\xff\xf0"+strings.Repeat("x", 0xfff0)) + "abc", `v2 TCP4 10.0.0.1:12345>10.0.0.2:443 5="` + strings.Repeat("x", 0xfff0) + `" "abc"`},
		"2 incomplete":       {v2(0x21, 0x11, block4)[:27], "incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "2 CRC32c" {
				c.in, c.want = withChecksum(t), `v2 TCP4 10.0.0.1:12345>10.0.0.2:443 crc ""`
			}
			check := func(how string, pieces ...string) {
				t.Helper()
				if got := decode(pieces...); got != c.want {
					t.Errorf("%s: got  %.300s\nwant %.300s", how, got, c.want)
				}
			}
			check("whole", c.in)
			if len(c.in) < 1000 {
				check("byte by byte", append(bytesOf(c.in), "")...)
			}
			for i := 0; i < len(c.in); i += max(1, len(c.in)/100) {
				check(fmt.Sprint("cut at ", i), c.in[:i], c.in[i:])
			}
		})
	}
}

// withChecksum is a header whose CRC32c was computed bit by bit (polynomial 0x1EDC6F41, reflected).
func withChecksum(t testing.TB) string {
	t.Helper()
	s := v2(0x21, 0x11, block4+"\x03\x00\x04\x00\x00\x00\x00")
	crc := ^uint32(0)
	for i := range len(s) {
		crc ^= uint32(s[i])
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0x82F63B78
			} else {
				crc >>= 1
			}
		}
	}
	crc = ^crc
	return s[:len(s)-4] + string([]byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)})
}

func TestAppend(t *testing.T) {
	t.Parallel()
	ap := netip.MustParseAddrPort
	for name, c := range map[string]struct {
		h    Header
		want string
	}{
		"TCP4":     {Header{Protocol: TCP4, Source: ap("10.0.0.1:12345"), Target: ap("10.0.0.2:443")}, v2(0x21, 0x11, block4)},
		"UDP6":     {Header{Protocol: UDP6, Source: ap("[2001:db8::1]:12345"), Target: ap("[2001:db8::2]:443")}, v2(0x21, 0x22, v6a+v6b+"\x30\x39\x01\xbb")},
		"zero":     {Header{Protocol: TCP4}, v2(0x21, 0x11, strings.Repeat("\x00", 12))},
		"zero, 6":  {Header{Protocol: TCP6}, v2(0x21, 0x21, strings.Repeat("\x00", 36))},
		"4 in 6":   {Header{Protocol: TCP6, Source: ap("10.0.0.1:1")}, v2(0x21, 0x21, strings.Repeat("\x00", 10)+"\xff\xff\x0a\x00\x00\x01"+strings.Repeat("\x00", 17)+"\x01\x00\x00")},
		"6 in 4":   {Header{Protocol: TCP4, Source: ap("[::ffff:10.0.0.1]:1"), Target: ap("[::1]:2")}, v2(0x21, 0x11, "\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x01\x00\x02")},
		"local":    {Header{Local: true}, v2(0x20, 0x00, "")},
		"UNIX":     {Header{Protocol: Unix, SourcePath: "/run/a", TargetPath: "/run/b"}, v2(0x21, 0x31, unix("/run/a", "/run/b"))},
		"TLVs":     {Header{Protocol: Unknown, TLVs: []TLV{{1, []byte("h2")}, {5, nil}}}, v2(0x21, 0x00, "\x01\x00\x02h2\x05\x00\x00")},
		"checksum": {Header{Protocol: TCP4, Source: ap("10.0.0.1:12345"), Target: ap("10.0.0.2:443"), Checksum: true}, withChecksum(t)},
	} {
		got, err := AppendV2([]byte("before"), &c.h)
		if err != nil || string(got) != "before"+c.want {
			t.Errorf("%s: got  %q, %v\nwant %q", name, got, err, c.want)
		}
	}
	for name, h := range map[string]Header{
		"path": {Protocol: Unix, SourcePath: strings.Repeat("x", 109)},
		"TLV":  {TLVs: []TLV{{1, make([]byte, 1<<16)}}},
		"TLVs": {TLVs: []TLV{{1, make([]byte, 40000)}, {1, make([]byte, 40000)}}},
	} {
		if got, err := AppendV2([]byte("before"), &h); err == nil || string(got) != "before" {
			t.Errorf("%s: got %d bytes, %v", name, len(got), err)
		}
	}
	for _, c := range []struct {
		p    Protocol
		args [4]string
		want string
	}{
		{TCP4, [4]string{"1.2.3.4", "5.6.7.8", "1", "2"}, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"},
		{Unknown, [4]string{}, "PROXY UNKNOWN\r\n"},
		{Unknown, [4]string{"a", "b", "1", "2"}, "PROXY UNKNOWN a b 1 2\r\n"},
		{TCP4, [4]string{"1.2.3.4\r\nGET /", "5.6.7.8", "1", "2"}, ""},
		{TCP4, [4]string{"1.2.3.4 1", "5.6.7.8", "1", "2"}, ""},
		{TCP4, [4]string{"", "5.6.7.8", "1", "2"}, ""},
		{TCP4, [4]string{strings.Repeat("1", 100), "5.6.7.8", "1", "2"}, ""},
		{UDP4, [4]string{"1.2.3.4", "5.6.7.8", "1", "2"}, ""},
	} {
		got, err := AppendV1(nil, c.p, c.args[0], c.args[1], c.args[2], c.args[3])
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%v: got %q, %v", c.args, got, err)
		}
	}
}

func TestProtocolNames(t *testing.T) {
	t.Parallel()
	for p := range numProtocols {
		if q, ok := ProtocolByName(p.String()); !ok || p != q {
			t.Errorf("%v is found as %v", p, q)
		}
	}
	if _, ok := ProtocolByName("tcp4"); ok {
		t.Error("tcp4 is a protocol")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\nGET", uint16(20))
	f.Add("PROXY TCP6 ::1 ::2 1 2\r\nGET", uint16(20))
	f.Add(v2(0x21, 0x11, block4+"\x01\x00\x02h2")+"abc", uint16(20))
	f.Add(v2(0x21, 0x31, unix("/a", "/b")), uint16(20))
	f.Add(withChecksum(f), uint16(20))
	f.Fuzz(func(t *testing.T, in string, cut uint16) {
		whole, at := decode(in), min(int(cut), len(in))
		if got := decode(in[:at], in[at:]); got != whole {
			t.Fatalf("cut at %d: %s\nwhole: %s", at, got, whole)
		}
		if got := decode(append(bytesOf(in), "")...); got != whole {
			t.Fatalf("byte by byte: %s\nwhole: %s", got, whole)
		}
		d := stream.NewString(in)
		h, err := Decode(d)
		if err != nil || h == nil {
			return
		}
		var b []byte
		if h.Version == 2 {
			b, err = AppendV2(nil, h)
		} else if h.Protocol == Unknown {
			b, err = AppendV1(nil, Unknown, "", "", "", "")
		} else {
			b, err = AppendV1(nil, h.Protocol, h.Source.Addr().String(), h.Target.Addr().String(), fmt.Sprint(h.Source.Port()), fmt.Sprint(h.Target.Port()))
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(stream.NewData(b))
		if err != nil || again == nil || describe(again) != describe(h) {
			t.Fatalf("%s became %q: %v", describe(h), b, err)
		}
	})
}
