package socks

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/stream"
)

// serve feeds a server, says yes to what the answers allow, and describes what it asked and sent.
func serve(s *Server, no Question, pieces ...string) string {
	var log strings.Builder
	in, out := new(stream.Data), new(stream.Data)
	say := func() {
		if !out.Empty() {
			fmt.Fprintf(&log, "%x ", out.Bytes())
			out.Clear()
		}
	}
	done := false
	for _, p := range pieces {
		b := []byte(p)
		in.Push(stream.NewTransient(b))
		for !done {
			q, err := s.Next(in, out)
			say()
			if err != nil {
				fmt.Fprintf(&log, "! %v", err)
				return log.String()
			}
			if q == None {
				break
			}
			if q == AskPassword {
				fmt.Fprintf(&log, "%q:%q? ", s.Username, s.Password)
			} else {
				fmt.Fprintf(&log, "v%d id=%q %v%s %d? ", s.Version, s.ID, s.Target.IP, s.Target.Domain, s.Target.Port)
			}
			s.Answer(out, q, q != no)
			say()
			if q == no {
				return log.String() + "refused"
			}
			done = q == AskRequest
		}
		in.Own()
		for i := range b {
			b[i] = 0xDB
		}
	}
	if done {
		fmt.Fprintf(&log, "tunnel %q", in.Bytes())
	}
	return log.String()
}

func bytesOf(s string) []string {
	var list []string
	for i := range len(s) {
		list = append(list, s[i:i+1])
	}
	return list
}

// unspaced makes texts comparable whether bytes were sent together or apart.
func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }

func long(n int) string { return strings.Repeat("x", n) }

const (
	hello   = "\x05\x01\x00"
	request = "\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50" // 10.1.2.3:80
	ok5     = "05000001000000000000 "
	ok4     = "005a000000000000 "
	no4     = "005b000000000000 "
)

func TestServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in        string
		passwords bool
		no        Question
		want      string
	}{
		"5":                    {in: hello + request, want: `0500 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 and bytes":          {in: hello + request + "abc", want: `0500 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel "abc"`},
		"5 domain":             {in: hello + "\x05\x01\x00\x03\x0bexample.com\x01\xbb", want: `0500 v5 id="" invalid IPexample.com 443? ` + ok5 + `tunnel ""`},
		"5 longest domain":     {in: hello + "\x05\x01\x00\x03\xff" + long(255) + "\x01\xbb", want: `0500 v5 id="" invalid IP` + long(255) + ` 443? ` + ok5 + `tunnel ""`},
		"5 IPv6":               {in: hello + "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50", want: `0500 v5 id="" 2001:db8::1 80? ` + ok5 + `tunnel ""`},
		"5 IPv4 in IPv6":       {in: hello + "\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x0a\x01\x02\x03\x00\x50", want: `0500 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 no":                 {in: hello + request, no: AskRequest, want: `0500 v5 id="" 10.1.2.3 80? 05020001000000000000 refused`},
		"5 BIND":               {in: hello + "\x05\x02\x00\x01\x0a\x01\x02\x03\x00\x50", want: `0500 05070001000000000000 ! socks: command 2 is not supported`},
		"5 UDP ASSOCIATE":      {in: hello + "\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00", want: `0500 05070001000000000000 ! socks: command 3 is not supported`},
		"5 bad type":           {in: hello + "\x05\x01\x00\x02\x0a\x01\x02\x03\x00\x50", want: `0500 05080001000000000000 ! socks: unknown type of address`},
		"5 empty domain":       {in: hello + "\x05\x01\x00\x03\x00\x00\x50", want: `0500 05010001000000000000 ! socks: the domain name is empty`},
		"5 then 4":             {in: hello + "\x04\x01\x00\x01\x0a\x01\x02\x03\x00\x50", want: `0500 05010001000000000000 ! socks: the first byte is neither 4 nor 5`},
		"5 several methods":    {in: "\x05\x03\x01\x02\x00" + request, want: `0500 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 no method":          {in: "\x05\x00", want: `05ff ! socks: the client offers no way to identify itself that is accepted`},
		"5 GSSAPI":             {in: "\x05\x01\x01", want: `05ff ! socks: the client offers no way to identify itself that is accepted`},
		"5 password only":      {in: "\x05\x01\x02\x01\x04user\x04pass" + request, want: `0502 "user":"pass"? 0100 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 password wanted":    {in: "\x05\x02\x00\x02\x01\x04user\x04pass" + request, passwords: true, want: `0502 "user":"pass"? 0100 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 password refused":   {in: "\x05\x02\x00\x02\x01\x04user\x04pass" + request, passwords: true, no: AskPassword, want: `0502 "user":"pass"? 0101 refused`},
		"5 no password":        {in: hello, passwords: true, want: `05ff ! socks: the client offers no way to identify itself that is accepted`},
		"5 longest password":   {in: "\x05\x01\x02\x01\xff" + long(255) + "\xff" + long(255) + request, want: `0502 "` + long(255) + `":"` + long(255) + `"? 0100 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 empty password":     {in: "\x05\x01\x02\x01\x00\x00" + request, want: `0502 "":""? 0100 v5 id="" 10.1.2.3 80? ` + ok5 + `tunnel ""`},
		"5 malformed password": {in: "\x05\x01\x02\x05\x04user\x04pass", want: `0502 ! socks: malformed user name and password`},
		"5 incomplete":         {in: hello + request[:9], want: `0500 `},

		"4":               {in: "\x04\x01\x00\x50\x0a\x01\x02\x03fred\x00abc", want: `v4 id="fred" 10.1.2.3 80? ` + ok4 + `tunnel "abc"`},
		"4 without id":    {in: "\x04\x01\x00\x50\x0a\x01\x02\x03\x00", want: `v4 id="" 10.1.2.3 80? ` + ok4 + `tunnel ""`},
		"4 no":            {in: "\x04\x01\x00\x50\x0a\x01\x02\x03\x00", no: AskRequest, want: `v4 id="" 10.1.2.3 80? ` + no4 + `refused`},
		"4 BIND":          {in: "\x04\x02\x00\x50\x0a\x01\x02\x03\x00", want: no4 + `! socks: command 2 is not supported`},
		"4 longest id":    {in: "\x04\x01\x00\x50\x0a\x01\x02\x03" + long(255) + "\x00", want: `v4 id="` + long(255) + `" 10.1.2.3 80? ` + ok4 + `tunnel ""`},
		"4 long id":       {in: "\x04\x01\x00\x50\x0a\x01\x02\x03" + long(256), want: no4 + `! ` + ErrLong.Error()},
		"4 to 0.0.0.0":    {in: "\x04\x01\x00\x50\x00\x00\x00\x00\x00", want: `v4 id="" 0.0.0.0 80? ` + ok4 + `tunnel ""`},
		"4 incomplete":    {in: "\x04\x01\x00\x50\x0a\x01\x02\x03fred", want: ``},
		"4a":              {in: "\x04\x01\x00\x50\x00\x00\x00\x01fred\x00example.com\x00abc", want: `v4 id="fred" invalid IPexample.com 80? ` + ok4 + `tunnel "abc"`},
		"4a longest":      {in: "\x04\x01\x00\x50\x00\x00\x00\xff" + long(255) + "\x00" + long(255) + "\x00", want: `v4 id="` + long(255) + `" invalid IP` + long(255) + ` 80? ` + ok4 + `tunnel ""`},
		"4a long domain":  {in: "\x04\x01\x00\x50\x00\x00\x00\x01\x00" + long(256), want: no4 + `! ` + ErrLong.Error()},
		"4a empty domain": {in: "\x04\x01\x00\x50\x00\x00\x00\x01\x00\x00", want: no4 + `! socks: the domain name is empty`},
		"4a incomplete":   {in: "\x04\x01\x00\x50\x00\x00\x00\x01\x00example", want: ``},
		"HTTP":            {in: "GET / HTTP/1.1\r\n", want: `! socks: the first byte is neither 4 nor 5`},
		"TLS":             {in: "\x16\x03\x01", want: `! socks: the first byte is neither 4 nor 5`},
		"version 0":       {in: "\x00", want: `! socks: the first byte is neither 4 nor 5`},
		"nothing":         {in: "", want: ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(how string, pieces ...string) {
				t.Helper()
				if got := serve(&Server{Passwords: c.passwords}, c.no, pieces...); unspaced(got) != unspaced(c.want) {
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

func TestServerFail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		hello + request:                        "05010001000000000000",
		"\x04\x01\x00\x50\x0a\x01\x02\x03\x00": "005b000000000000",
		"\x05\x01\x02\x01\x00\x00":             "0101",
	} {
		s, out := new(Server), new(stream.Data)
		q, err := s.Next(stream.NewString(in), out)
		out.Clear()
		if s.Fail(out, q); err != nil || fmt.Sprintf("%x", out.Bytes()) != want {
			t.Errorf("%q: got %x, %v", in, out.Bytes(), err)
		}
	}
}
