package dns

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
)

func object(pairs ...any) (o plain.Object) {
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, plain.Field{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return o
}

// The names of RFC 1035 section 4.1.4, at the offsets they have there, and an escaped one.
func TestNames(t *testing.T) {
	t.Parallel()
	msg := make([]byte, 93)
	copy(msg[20:], "\x01F\x03ISI\x04ARPA\x00")
	copy(msg[40:], "\x03FOO\xc0\x14")
	copy(msg[64:], "\xc0\x1a")
	for at, want := range map[int]string{20: "F.ISI.ARPA", 40: "FOO.F.ISI.ARPA", 64: "ARPA", 92: ""} {
		got, end, err := name(msg, at)
		if err != nil || got != want || end != map[int]int{20: 32, 40: 46, 64: 66, 92: 93}[at] {
			t.Errorf("at %d: got %q, %d, %v", at, got, end, err)
		}
	}
	for wire, want := range map[string]string{
		"\x09My @ (1);\x04_tcp\x00": "My @ (1);._tcp",
		"\x03a.b\x02c\\\x00":        `a\.b.c\\`,
		"\x03ä\x01\x00":             `ä\001`,
		"\x03a\xffb\x00":            `a\255b`,
		"\x03\\05\x00":              `\\05`,
	} {
		got, end, err := name([]byte(wire), 0)
		back, err2 := appendName(nil, got)
		if err != nil || got != want || end != len(wire) || err2 != nil || string(back) != wire {
			t.Errorf("%q: got %q, %v, and back %q, %v", wire, got, err, back, err2)
		}
	}
	for _, wire := range []string{"", "\x01", "\x01a", "\xc0", "\xc0\x00", "\x40a", "\x01a\xc0\x00", strings.Repeat("\x3f"+strings.Repeat("a", 63), 4) + "\x00"} {
		if got, _, err := name([]byte(wire), 0); err == nil {
			t.Errorf("%q is %q", wire, got)
		}
	}
	for _, s := range []string{"a..b", ".a", "a..", strings.Repeat("a", 64), strings.Repeat("a.", 128), `a\`} {
		if b, err := appendName(nil, s); err == nil {
			t.Errorf("%q is written as %x", s, b)
		}
	}
	for s, want := range map[string]string{"": "\x00", ".": "\x00", "a.": "\x01a\x00", "a.b": "\x01a\x01b\x00"} {
		if b, err := appendName(nil, s); err != nil || string(b) != want {
			t.Errorf("%q is written as %q, %v", s, b, err)
		}
	}
}

// records are in the notation of zone files; what scripts see of their rdata.
var records = []struct {
	zone  string
	kind  any
	rdata any
}{
	{"a.test. 300 IN A 192.0.2.1", "A", "192.0.2.1"},
	{"a.test. 300 IN AAAA 2001:0:1::1:2:3", "AAAA", "2001:0:1::1:2:3"},
	{"a.test. 300 IN AAAA 2001:db8:1:2:3:4:5:6", "AAAA", "2001:db8:1:2:3:4:5:6"},
	{"a.test. 300 IN NS ns.a.test.", "NS", "ns.a.test"},
	{"a.test. 300 IN CNAME b.a.test.", "CNAME", "b.a.test"},
	{"1.2.0.192.in-addr.arpa. 300 IN PTR a.test.", "PTR", "a.test"},
	{"a.test. 300 IN MX 10 mail.a.test.", "MX", object("preference", 10.0, "exchange", "mail.a.test")},
	{"_sip._tcp.a.test. 300 IN SRV 1 2 5060 sip.a.test.", "SRV", object("priority", 1.0, "weight", 2.0, "port", 5060.0, "target", "sip.a.test")},
	{"a.test. 4294967295 IN SOA ns.a.test. admin.a.test. 4294967295 2 3 4 5", "SOA", object("mname", "ns.a.test", "rname", "admin.a.test",
		"serial", 4294967295.0, "refresh", 2.0, "retry", 3.0, "expire", 4.0, "minimum", 5.0)},
	{`a.test. 300 IN TXT "v=spf1 -all"`, "TXT", "v=spf1 -all"},
	{`a.test. 300 IN TXT ""`, "TXT", ""},
	{`a.test. 300 IN CAA 0 issue "ca"`, 257.0, "000569737375656361"},
	{"a.test. 0 CH A 192.0.2.1", "A", "192.0.2.1"},
	{". 300 IN NS a.test.", "NS", "a.test"},
}

// sample is a compressed message with all records, in the library's form and as scripts see it.
func sample(t testing.TB) (*dns.Msg, []byte, plain.Object) {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion("a.test.", dns.TypeANY)
	m.Id, m.Response, m.Authoritative, m.AuthenticatedData, m.Rcode, m.Compress = 4660, true, true, true, dns.RcodeNameError, true
	var want []any
	for _, r := range records {
		rr, err := dns.NewRR(r.zone)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
		h := rr.Header()
		o := object("name", strings.TrimSuffix(h.Name, "."), "type", r.kind)
		if h.Class != dns.ClassINET {
			o = append(o, plain.Field{Name: "class", Value: float64(h.Class)})
		}
		want = append(want, append(o, object("ttl", float64(h.Ttl), "rdata", r.rdata)...))
	}
	m.Ns = m.Answer[3:4]
	m.SetEdns0(1232, true)
	m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"})
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return m, b, object("id", 4660.0, "qr", 1.0, "aa", 1.0, "rd", 1.0, "zero", 2.0, "rcode", 3.0,
		"question", []any{object("name", "a.test", "type", 255.0)}, "answer", want, "authority", want[3:4],
		"additional", []any{object("name", "", "type", "OPT", "class", 1232.0, "ttl", 32768.0, "rdata", "000a00080102030405060708")})
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	m, compressed, want := sample(t)
	got, err := Decode(append(compressed, "what follows"...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %v\nwant %v\n%v", got, want, err)
	}
	m.Compress = false
	flat, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Encode(got)
	if err != nil || string(b) != string(flat) {
		t.Errorf("got  %x\nwant %x\n%v", b, flat, err)
	}
	for n := range compressed {
		if o, err := Decode(compressed[:n]); err == nil || !strings.HasPrefix(err.Error(), "dns decode # ") {
			t.Errorf("%d of %d bytes are %v, %v", n, len(compressed), o, err)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 600)
	for _, c := range []struct {
		in   any
		want string
		n    int
	}{{long, long, 603}, {[]any{"a", "b"}, "ab", 4}, {"", "", 1}, {strings.Repeat("x", 255), long[:255], 256}} {
		b, err := appendText(nil, c.in)
		r := reader{msg: b}
		if got := r.text(len(b)); err != nil || got != c.want || len(b) != c.n || r.problem != "" {
			t.Errorf("%v: %x, %v, %v", c.in, b, got, err)
		}
	}
}

const header = "12340000 0001 0000 0000 0000"

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	answer := "12340000 0000 0001 0000 0000"
	record := func(kind int, rdata string) string {
		return fmt.Sprintf("%s 00 %04x 0001 00000000 %04x %s", answer, kind, len(strings.ReplaceAll(rdata, " ", ""))/2, rdata)
	}
	for in, want := range map[string]string{
		"":                     "data error",
		header[:len(header)-2]: "data error",
		header:                 "question count error",
		header + "01":          "question error",
		header + "c00c":        "question error",
		header + "00 0001":     "question error",
		answer:                 "record count error",
		answer + "4161":        "record name error",
		answer + "00 0001":     "record error",
		answer + "00 0001 0001 00000000 0004 010203":      "rdlength error",
		record(1, "010203"):                               "A rdata error",
		record(1, "01020304 05060708 0102 0304 05060708"): "A rdata error",
		record(28, "01020304"):                            "AAAA rdata error",
		record(2, "0161"):                                 "failed to read CNAME",
		record(5, "016100 00"):                            "failed to read CNAME",
		record(12, ""):                                    "failed to read PTR",
		record(15, "01"):                                  "mx error",
		record(15, "0001 01"):                             "srv exchange error",
		record(15, "0001 00 00"):                          "failed to read MX",
		record(33, "0001 0002 00"):                        "srv error",
		record(33, "0001 0002 0003"):                      "srv target error",
		record(33, "0001 0002 0003 00 00"):                "failed to read SRV",
		record(6, "01"):                                   "soa mname error",
		record(6, "00 01"):                                "soa rname error",
		record(6, "00 00 00000001"):                       "soa error",
		record(6, "0000"+strings.Repeat("00", 21)):        "failed to read SOA",
		record(16, "0261"):                                "record error",
	} {
		if o, err := Decode(codectest.Unhex(t, in)); err == nil || err.Error() != "dns decode # "+want {
			t.Errorf("%s: got %v, %v, want %s", in, o, err, want)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	question := func(pairs ...any) plain.Object { return object("id", 1.0, "question", []any{object(pairs...)}) }
	record := func(kind any, rdata any) plain.Object {
		return object("id", 1.0, "answer", []any{object("name", "a", "type", kind, "ttl", 1.0, "rdata", rdata)})
	}
	soa := func(without string) (o plain.Object) {
		for _, n := range append([]string{"mname", "rname"}, soaNumbers...) {
			if n == without {
				continue
			}
			o = append(o, plain.Field{Name: n, Value: any(1.0)})
			if n == "mname" || n == "rname" {
				o[len(o)-1].Value = "a"
			}
		}
		return o
	}
	for _, c := range []struct {
		in   plain.Object
		want string
	}{
		{nil, "# id error"},
		{object("id", -1.0), "# id error"},
		{object("id", "1"), "# id error"},
		{object("id", 65536.0), "# id error"},
		{object("id", 1.0, "question", []any{1.0}), "# question error"},
		{object("id", 1.0, "question", make([]any, 65536)), "# question count error"},
		{object("id", 1.0, "answer", make([]any, 65536)), "# record count error"},
		{question("type", "A"), "# question name error"},
		{question("name", "a..b", "type", "A"), "# question name error"},
		{question("name", "a"), "# question type error"},
		{question("name", "a", "type", "X"), "# question type error"},
		{question("name", "a", "type", 1.0, "class", "IN"), "# question class error"},
		{object("id", 1.0, "authority", []any{nil}), "# record error"},
		{object("id", 1.0, "answer", []any{object("type", "A")}), "# record name error"},
		{object("id", 1.0, "answer", []any{object("name", "a", "type", -1.0)}), "# record type error"},
		{object("id", 1.0, "answer", []any{object("name", "a", "type", "A")}), "# record ttl error"},
		{record("A", nil), "# A rdata error"},
		{record("A", "1.2.3"), "invalid IPv4 notation"},
		{record("A", "::1"), "invalid IPv4 notation"},
		{record("AAAA", 1.0), "# AAAA rdata error"},
		{record("AAAA", "1.2.3.4"), "invalid IPv6 notation"},
		{record("AAAA", "fe80::1%x"), "invalid IPv6 notation"},
		{record("NS", nil), "# failed to write CNAME"},
		{record("CNAME", "a..b"), "# failed to write CNAME"},
		{record("PTR", 1.0), "# failed to write PTR"},
		{record("MX", nil), "# mx preference error"},
		{record("MX", object("preference", 1.0)), "# mx exchange error"},
		{record("MX", object("preference", 1.0, "exchange", "..")), "# failed to write MX"},
		{record("SRV", "x"), "# srv priority error"},
		{record("SRV", object("priority", 1.0)), "# srv weight error"},
		{record("SRV", object("priority", 1.0, "weight", 1.0)), "# srv port error"},
		{record("SRV", object("priority", 1.0, "weight", 1.0, "port", 1.0)), "# srv target error"},
		{record("SRV", object("priority", 1.0, "weight", 1.0, "port", 70000.0)), "# srv port error"},
		{record("SOA", nil), "# soa mname error"},
		{record("SOA", soa("rname")), "# soa rname error"},
		{record("SOA", soa("serial")), "# soa serial error"},
		{record("SOA", soa("refresh")), "# soa refresh error"},
		{record("SOA", soa("retry")), "# soa retry error"},
		{record("SOA", soa("expire")), "# soa expire error"},
		{record("SOA", soa("minimum")), "# soa minimum error"},
		{record("TXT", nil), "# TXT rdata error"},
		{record("TXT", []any{"a", 1.0}), "# TXT rdata error"},
		{record("TXT", strings.Repeat("x", 65536)), "# record error"},
		{record("OPT", nil), "# HEX rdata error"},
		{record(99.0, "abc"), "incomplete hex string"},
		{record(99.0, "zz"), "invalid hex encoding"},
	} {
		want := c.want
		if strings.HasPrefix(want, "#") {
			want = "dns encode " + want
		}
		if b, err := Encode(c.in); err == nil || err.Error() != want {
			t.Errorf("%.200v: got %x, %v, want %s", c.in, b, err, want)
		}
	}
}

// FuzzDecode checks that what is decoded can be encoded, and is then the same.
func FuzzDecode(f *testing.F) {
	_, b, _ := sample(f)
	f.Add(b)
	f.Add(codectest.Unhex(f, header+"03777777 0161 00 0001 0001"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := Decode(b)
		if err != nil {
			return
		}
		out, err := Encode(o)
		if err != nil {
			// Names get longer than a record can be only when many pointers are resolved.
			if err.Error() != "dns encode # record error" {
				t.Fatalf("%v: %v", o, err)
			}
			return
		}
		again, err := Decode(out)
		if err != nil || !reflect.DeepEqual(o, again) {
			t.Errorf("%x: %v became %v, %v", b, o, again, err)
		}
	})
}
