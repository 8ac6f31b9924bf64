package socks

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"weir/internal/stream"
)

// ask runs a client against fixed answers and describes what it sent.
func ask(c *Client, target Address, pieces ...string) string {
	var log strings.Builder
	in, out := new(stream.Data), new(stream.Data)
	say := func() {
		if !out.Empty() {
			fmt.Fprintf(&log, "%x ", out.Bytes())
			out.Clear()
		}
	}
	fail := func(err error) string { return log.String() + "! " + err.Error() }
	if err := c.Start(out); err != nil {
		return fail(err)
	}
	say()
	for _, p := range append([]string{""}, pieces...) {
		b := []byte(p)
		in.Push(stream.NewTransient(b))
		for {
			progress, err := c.Next(in, out)
			say()
			if err != nil {
				return fail(err)
			}
			if progress == Waiting {
				break
			}
			if progress == Connected {
				in.Own()
				break
			}
			if err := c.Request(out, target); err != nil {
				return fail(err)
			}
			say()
		}
		in.Own()
		for i := range b {
			b[i] = 0xDB
		}
	}
	if progress, _ := c.Next(in, out); progress == Connected {
		fmt.Fprintf(&log, "tunnel %q", in.Bytes())
	}
	return log.String()
}

func TestClient(t *testing.T) {
	t.Parallel()
	ip := func(s string) Address { return Address{IP: netip.MustParseAddr(s), Port: 80} }
	host := func(s string) Address { return Address{Domain: s, Port: 443} }
	user := Client{Username: "user", Password: "pass", HasUser: true}
	const sent = "050100 "
	const sentIP = sent + "05010001" + "0a010203" + "0050 "
	for name, c := range map[string]struct {
		client Client
		target Address
		in     string
		want   string
	}{
		"5":                     {target: ip("10.1.2.3"), in: "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00abc", want: sentIP + `tunnel "abc"`},
		"5 domain":              {target: host("example.com"), in: "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", want: sent + "050100030b6578616d706c652e636f6d01bb " + `tunnel ""`},
		"5 IPv6":                {target: ip("2001:db8::1"), in: "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", want: sent + "0501000420010db80000000000000000000000010050 " + `tunnel ""`},
		"5 zone":                {target: ip("fe80::1%eth0"), in: "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", want: sent + "05010004fe8000000000000000000000000000010050 " + `tunnel ""`},
		"5 bound to a domain":   {target: ip("10.1.2.3"), in: "\x05\x00\x05\x00\x00\x03\x02ab\x00\x00abc", want: sentIP + `tunnel "abc"`},
		"5 bound to IPv6":       {target: ip("::ffff:10.1.2.3"), in: "\x05\x00\x05\x00\x00\x04" + long(18) + "abc", want: sentIP + `tunnel "abc"`},
		"5 refused":             {target: ip("10.1.2.3"), in: "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", want: sentIP + `! socks: the server refused, code 5`},
		"5 no method":           {target: ip("10.1.2.3"), in: "\x05\xff", want: sent + `! socks: the server refused, code 255`},
		"5 another method":      {target: ip("10.1.2.3"), in: "\x05\x02", want: sent + `! socks: unexpected reply`},
		"5 wrong version":       {target: ip("10.1.2.3"), in: "\x04", want: sent + `! socks: unexpected reply`},
		"5 wrong version later": {target: ip("10.1.2.3"), in: "\x05\x00\x04", want: sentIP + `! socks: unexpected reply`},
		"5 bad type":            {target: ip("10.1.2.3"), in: "\x05\x00\x05\x00\x00\x07", want: sentIP + `! socks: unexpected reply`},
		"5 longest domain":      {target: host(long(255)), in: "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", want: sent + "05010003ff" + strings.Repeat("78", 255) + "01bb " + `tunnel ""`},
		"5 long domain":         {target: host(long(256)), in: "\x05\x00", want: sent + `! domain name too long: ` + long(256)},
		"5 nowhere":             {in: "\x05\x00", want: sent + `! socks: the domain name is empty`},
		"5 password":            {client: user, target: ip("10.1.2.3"), in: "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", want: "05020002 01047573657204" + "70617373 05010001" + "0a0102030050 " + `tunnel ""`},
		"5 password not asked":  {client: user, target: ip("10.1.2.3"), in: "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", want: "05020002 05010001" + "0a0102030050 " + `tunnel ""`},
		"5 wrong password":      {client: user, target: ip("10.1.2.3"), in: "\x05\x02\x01\x01", want: "05020002 0104757365720470617373 ! socks: the server refused, code 1"},
		"5 password, version":   {client: user, target: ip("10.1.2.3"), in: "\x05\x02\x05", want: "05020002 0104757365720470617373 ! socks: unexpected reply"},
		"5 long password":       {client: Client{HasUser: true, Password: long(256)}, want: `! socks: the user name or the password is longer than 255 bytes`},

		"4":                {client: Client{Version: V4, Username: "fred"}, target: ip("10.1.2.3"), in: "\x00\x5a\x00\x00\x00\x00\x00\x00abc", want: "040100500a0102036672656400 " + `tunnel "abc"`},
		"4 refused":        {client: Client{Version: V4}, target: ip("10.1.2.3"), in: "\x00\x5b\x00\x00\x00\x00\x00\x00", want: "040100500a01020300 ! socks: the server refused, code 91"},
		"4 wrong version":  {client: Client{Version: V4}, target: ip("10.1.2.3"), in: "\x04\x5a", want: "040100500a01020300 ! socks: unexpected reply"},
		"4 domain":         {client: Client{Version: V4}, target: host("a"), want: "! SOCKS 4 has IPv4 addresses only, use version '4a' or 5"},
		"4 IPv6":           {client: Client{Version: V4}, target: ip("::1"), want: "! SOCKS 4 has IPv4 addresses only, use version '4a' or 5"},
		"4 zero in the id": {client: Client{Version: V4, Username: "a\x00b"}, target: ip("10.1.2.3"), want: "! a user id or domain name with a zero byte cannot be sent with SOCKS 4"},
		"4 to 0.0.0.1":     {client: Client{Version: V4}, target: ip("0.0.0.1"), want: "! 0.0.0.1 means a domain name with SOCKS 4, use version 5"},
		"4a":               {client: Client{Version: V4a, Username: "u"}, target: host("a.b"), in: "\x00\x5a\x00\x00\x00\x00\x00\x00", want: "040101bb000000017500612e6200 " + `tunnel ""`},
		"4a IPv4":          {client: Client{Version: V4a}, target: ip("10.1.2.3"), in: "\x00\x5a\x00\x00\x00\x00\x00\x00", want: "040100500a01020300 " + `tunnel ""`},
		"4a IPv6":          {client: Client{Version: V4a}, target: ip("::1"), want: "! SOCKS 4a has no IPv6 addresses, use version 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(how string, pieces ...string) {
				t.Helper()
				client := c.client
				if got := ask(&client, c.target, pieces...); unspaced(got) != unspaced(c.want) {
					t.Errorf("%s: got  %s\nwant %s", how, got, c.want)
				}
			}
			check("whole", c.in)
			check("byte by byte", bytesOf(c.in)...)
			for i := range len(c.in) {
				check(fmt.Sprint("cut at ", i), c.in[:i], c.in[i:])
			}
		})
	}
}
