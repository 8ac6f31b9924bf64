package ip

import (
	"net/netip"
	"testing"

	"weir/internal/script"
	"weir/internal/script/scripttest"
)

type row struct{ src, want string }

func table(t *testing.T, rows []row) {
	t.Helper()
	t.Parallel()
	for _, c := range rows {
		if got := scripttest.Run(t, []*script.Namespace{Namespace}, c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestIP(t *testing.T) {
	table(t, []row{
		{"var a = new IP('10.0.255.1'); [a, a.version, a.decompose().join('.'), a.toBytes().join('.')].join(' ')", "10.0.255.1 4 10.0.255.1 10.0.255.1"},
		{"var a = new IP('FE80::A:0:0:1%eth0'); [a, a.version, a.decompose(), a.toBytes().length].join(' ')", "fe80::a:0:0:1 6 65152,0,0,0,10,0,0,1 16"},
		{"['::', '::1', '1::', '1:0:0:2:0:0:0:3', '1:0:2:3:4:5:6:7', '1:0:0:2:3:0:0:4', '::ffff:1.2.3.4', 'ABCD:0000::'].map(s => new IP(s)).join(' ')",
			":: ::1 1:: 1:0:0:2::3 1:0:2:3:4:5:6:7 1::2:3:0:0:4 ::ffff:102:304 abcd::"},
		{"['1..2.3', '.0.0.1', '255.255.255.255'].map(s => new IP(s)).join(' ')", "1.0.2.3 0.0.0.1 255.255.255.255"},
		{"[new IP([1, 2]), new IP([1, 2, 3, 260]), new IP([0xfe, 0x80, 0, 0, 5]), new IP([])].join(' ')", "1.2.0.0 1.2.3.4 fe80:0:500:: 0.0.0.0"},
		{"JSON.stringify({ ip: new IP('1.2.3.4') })", `{"ip":"1.2.3.4"}`},
		{"[IP.isV4('1.2.3.4'), IP.isV4('::1'), IP.isV4('1.2.3'), IP.isV6('::1'), IP.isV6('1.2.3.4'), IP.isV6('x:')].join()", "true,false,false,true,false,false"},
		{"new IP('1.2.3')", "error: invalid IP address notation"},
		{"new IP('01.2.3.4')", "error: invalid IP address notation"},
		{"new IP('1.2.3.256')", "error: invalid IP address notation"},
		{"new IP('+1.2.3.4')", "error: invalid IP address notation"},
		{"new IP('')", "error: invalid IP address notation"},
		{"new IP('1::2::3')", "error: invalid IP address notation"},
		{"new IP(1)", "error: argument #1 expects a string or an array"},
		{"new IP", "error: requires 1 or more arguments"},
		{"IP.isV4(1)", "error: argument #1 expects a string"},
	})
}

func TestMask(t *testing.T) {
	show := "(m => [m, m.version, m.ip, m.bitmask, m.base, m.mask, m.hostmask, m.broadcast, m.size, m.first, m.last].join(' '))"
	table(t, []row{
		{show + "(new IPMask('10.0.0.5/24'))", "10.0.0.5/24 4 10.0.0.5 24 10.0.0.0 255.255.255.0 0.0.0.255 10.0.0.255 256 10.0.0.1 10.0.0.254"},
		{show + "(new IPMask('10.0.0.5/31'))", "10.0.0.5/31 4 10.0.0.5 31 10.0.0.4 255.255.255.254 0.0.0.1 10.0.0.5 2 10.0.0.5 10.0.0.4"},
		{show + "(new IPMask('10.0.0.5/32'))", "10.0.0.5/32 4 10.0.0.5 32 10.0.0.5 255.255.255.255 0.0.0.0 10.0.0.5 1 10.0.0.5 10.0.0.5"},
		{show + "(new Netmask('10.0.0.5'))", "10.0.0.5 4 10.0.0.5 0 0.0.0.0 0.0.0.0 255.255.255.255 255.255.255.255 4294967296 0.0.0.1 255.255.255.254"},
		{show + "(new IPMask('fe80::5/120'))", "fe80::5/120 6 fe80::5 120 fe80:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00 ::ff fe80::ff 256 fe80::1 fe80::fe"},
		{show + "(new IPMask('1:2::/13'))", "1:2::/13 6 1:2:: 13 :: fff8:: 7:ffff:ffff:ffff:ffff:ffff:ffff:ffff 7:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4.153837486827862e+34 ::1 7:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
		{show + "(new IPMask(8, [10, 1, 2, 3]))", "10.1.2.3/8 4 10.1.2.3 8 10.0.0.0 255.0.0.0 0.255.255.255 10.255.255.255 16777216 10.0.0.1 10.255.255.254"},
		{"var m = new IPMask('10.0.0.0/24'); [m.decompose(), m.toBytes()].join('|')", "10,0,0,0|10,0,0,0"},
		{"Netmask === IPMask && new Netmask('1.1.1.1/8') instanceof IPMask", "true"},
		{"var m = new IPMask('10.0.0.0/24'); ['10.0.0.9', '10.0.1.9', '::1', 'junk', new IP('10.0.0.1')].map(a => m.contains(a)).join()", "true,false,false,false,true"},
		{"new IPMask('0.0.0.0').contains('8.8.8.8')", "true"},
		{"new IPMask('fe80::/10').contains('fe81::1%eth0')", "true"},
		{"var m = new IPMask('10.0.0.5/29'), s = []; for (var i = 0; i < 8; i++) s.push(m.next()); s.join()", "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,,"},
		{"['10.0.0.5/31', '10.0.0.5/32', '::1/128', '255.255.255.255/32'].map(s => new IPMask(s).next()).join()", ",,,"},
		{"new IPMask('1.2.3/8')", "error: invalid CIDR notation"},
		{"new IPMask('1.2.3.4/')", "error: invalid CIDR notation"},
		{"new IPMask('1.2.3.4/x')", "error: invalid CIDR notation"},
		{"new IPMask('1.2.3.4/33')", "error: IPv4 CIDR mask out of range"},
		{"new IPMask('::/129')", "error: IPv6 CIDR mask out of range"},
		{"new IPMask('::/99999999999')", "error: IPv6 CIDR mask out of range"},
		{"new IPMask(-1, [1])", "error: IPv4 CIDR mask out of range"},
		{"new IPMask('1'.repeat(100))", "error: string too long for CIDR notation"},
		{"new IPMask({})", "error: argument #1 expects a number or a string"},
		{"new IPMask(8, 'x')", "error: argument #2 expects an array"},
		{"new IPMask", "error: requires 1 or more arguments"},
		{"new IPMask('::/1').contains(1)", "error: argument #1 expects a string"},
	})
}

func TestEndpoint(t *testing.T) {
	show := "(e => [e, e.ip, e.port, e.protocol].join(' '))"
	table(t, []row{
		{show + "(new IPEndpoint('1.2.3.4'))", "1.2.3.4 1.2.3.4 0 tcp"},
		{show + "(new IPEndpoint('1.2.3.4:80'))", "1.2.3.4:80 1.2.3.4 80 tcp"},
		{show + "(new IPEndpoint('[::1]:80', null, 'udp'))", "[::1]:80 ::1 80 udp"},
		{show + "(new IPEndpoint('[::1]'))", "::1 ::1 0 tcp"},
		{show + "(new IPEndpoint('::1'))", "::1 ::1 0 tcp"},
		{show + "(new IPEndpoint('::1', 53, 'udp'))", "[::1]:53 ::1 53 udp"},
		{show + "(new IPEndpoint(new IP('1.2.3.4'), 65535))", "1.2.3.4:65535 1.2.3.4 65535 tcp"},
		{"var a = new IP('1.2.3.4'), e = new IPEndpoint(a); e.ip === a", "true"},
		{"var e = new IPEndpoint('1.2.3.4'); e.ip === e.ip", "true"},
		{"Object.keys(new IPEndpoint('1.2.3.4')).join() + JSON.stringify(new IPEndpoint('1.2.3.4:5'))", `ip,port,protocol{"ip":"1.2.3.4","port":5,"protocol":"tcp"}`},
		{"var e = new IPEndpoint('1.2.3.4'); e.ip = '::2'; e.port = 9; e.protocol = 'udp'; e.protocol = 'sctp'; e.tag = 1; delete e.port; " + show + "(e) + e.tag", "[::2]:9 ::2 9 udp1"},
		{"var e = new IPEndpoint('1.2.3.4'); e.port = 70000", "error: port number out of range"},
		{"var e = new IPEndpoint('1.2.3.4'); e.port = 'x'", "error: port expects a number"},
		{"var e = new IPEndpoint('1.2.3.4'); e.ip = 1", "error: ip expects an IP or a string"},
		{"new IPEndpoint('1.2.3.4:65536')", "error: port number out of range"},
		{"new IPEndpoint('1.2.3.4', -1)", "error: port number out of range"},
		{"new IPEndpoint('1.2.3.4:x')", "error: invalid IP address notation"},
		{"new IPEndpoint('[::1')", "error: invalid IP address notation"},
		{"new IPEndpoint('[1.2.3.4]:80')", "error: invalid IP address notation"},
		{"new IPEndpoint('host:80')", "error: invalid IP address notation"},
		{"new IPEndpoint('1.2.3.4:80', 81)", "error: invalid IP address notation"},
		{"new IPEndpoint('1.2.3.4', 'x')", "error: argument #2 expects a number"},
		{"new IPEndpoint('1.2.3.4', 1, 2)", "error: argument #3 expects a string"},
		{"new IPEndpoint('1.2.3.4', 1, 'x')", "error: argument #3 has an invalid enum value"},
		{"new IPEndpoint(1)", "error: argument #1 expects a string or an IP instance"},
		{"new IPEndpoint", "error: requires 1 or more arguments"},
	})
}

func TestFromGo(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, Namespace)
	want := netip.MustParseAddr("fe80::1")
	v := NewEndpoint(r, netip.MustParseAddr("fe80::1%eth0"), 53, "udp")
	if addr, port, protocol, ok := EndpointOf(r, v); !ok || addr != want || port != 53 || protocol != "udp" {
		t.Error(addr, port, protocol, ok)
	}
	if _, _, _, ok := EndpointOf(r, r.NewObject()); ok {
		t.Error("a plain object is an endpoint")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1..2.3")
	f.Add("fe80::1%eth0/64")
	f.Add("[::1]:80")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := ParseAddress(s); err == nil {
			if b, err := ParseAddress(a.String()); err != nil || a != b {
				t.Errorf("%q: %v, then %v %v", s, a, b, err)
			}
		}
		if m, err := ParseMask(s); err == nil && !m.Contains(m.addr.Addr) {
			t.Errorf("%q is not in itself", s)
		}
		splitPort(s)
	})
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"IP", "IPMask", "Netmask", "IPEndpoint"}, Namespace)
}
