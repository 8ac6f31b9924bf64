package socks

import (
	"net/netip"
	"testing"

	"weir/internal/stream"
)

func FuzzServer(f *testing.F) {
	f.Add(hello+request+"abc", uint16(3), false, uint8(0))
	f.Add("\x05\x02\x00\x02\x01\x04user\x04pass"+request, uint16(5), true, uint8(1))
	f.Add("\x04\x01\x00\x50\x00\x00\x00\x01fred\x00example.com\x00abc", uint16(9), false, uint8(2))
	f.Fuzz(func(t *testing.T, in string, cut uint16, passwords bool, no uint8) {
		run := func(pieces ...string) string {
			return unspaced(serve(&Server{Passwords: passwords}, Question(no%3), pieces...))
		}
		whole, at := run(in), min(int(cut), len(in))
		if got := run(in[:at], in[at:]); got != whole {
			t.Fatalf("cut at %d: %s\nwhole: %s", at, got, whole)
		}
		if got := run(bytesOf(in)...); got != whole {
			t.Fatalf("byte by byte: %s\nwhole: %s", got, whole)
		}
	})
}

func FuzzClient(f *testing.F) {
	f.Add("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00abc", uint16(3), uint8(0), true)
	f.Add("\x05\x02\x01\x00\x05\x00\x00\x03\x02ab\x00\x00abc", uint16(3), uint8(0), true)
	f.Add("\x00\x5a\x00\x00\x00\x00\x00\x00abc", uint16(3), uint8(1), false)
	f.Fuzz(func(t *testing.T, in string, cut uint16, version uint8, user bool) {
		run := func(pieces ...string) string {
			c := &Client{Version: Version(version % 3), Username: "u", HasUser: user}
			return unspaced(ask(c, Address{IP: netip.MustParseAddr("10.1.2.3"), Port: 80}, pieces...))
		}
		whole, at := run(in), min(int(cut), len(in))
		if got := run(in[:at], in[at:]); got != whole {
			t.Fatalf("cut at %d: %s\nwhole: %s", at, got, whole)
		}
		if got := run(bytesOf(in)...); got != whole {
			t.Fatalf("byte by byte: %s\nwhole: %s", got, whole)
		}
	})
}

// FuzzBoth lets a client talk to a server.
func FuzzBoth(f *testing.F) {
	f.Add("example.com", uint16(443), uint8(0), "user", "pass", true, true)
	f.Add("10.1.2.3", uint16(80), uint8(1), "fred", "", false, false)
	f.Add("2001:db8::1", uint16(80), uint8(0), "", "", true, false)
	f.Fuzz(func(t *testing.T, host string, port uint16, version uint8, user, password string, hasUser, passwords bool) {
		target := Address{Domain: host, Port: port}
		if ip, err := netip.ParseAddr(host); err == nil {
			target = Address{IP: ip, Port: port}
		}
		c := &Client{Version: Version(version % 3), Username: user, Password: password, HasUser: hasUser}
		s := &Server{Passwords: passwords}
		up, down := new(stream.Data), new(stream.Data)
		if c.Start(up) != nil {
			return
		}
		for range 5 {
			progress, err := c.Next(down, up)
			if err != nil {
				if passwords && !hasUser && c.Version == V5 {
					return
				}
				t.Fatal(err)
			}
			switch progress {
			case AskTarget:
				if c.Request(up, target) != nil {
					return
				}
			case Connected:
				want := Address{IP: target.IP.Unmap().WithZone(""), Domain: target.Domain, Port: port}
				if s.Target != want {
					t.Fatalf("%v became %v", want, s.Target)
				}
				if s.HasUser && (s.Username != user || s.Password != password) || c.Version != V5 && s.ID != user {
					t.Fatalf("%q %q became %q %q %q", user, password, s.Username, s.Password, s.ID)
				}
				return
			}
			q, err := s.Next(up, down)
			if err != nil && !(passwords && !hasUser && c.Version == V5) {
				t.Fatal(err)
			}
			if q != None {
				s.Answer(down, q, true)
			}
		}
		t.Fatal("they do not come to an end")
	})
}
