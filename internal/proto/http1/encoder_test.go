package http1

import (
	"errors"
	"strings"
	"testing"

	"weir/internal/stream"
)

// wire shows CRLF as |.
func wire(d *stream.Data) string { return strings.ReplaceAll(string(d.Bytes()), "\r\n", "|") }

func response(status int, headers ...Header) *Head {
	return &Head{IsResponse: true, Status: status, Headers: headers}
}

func TestEncoder(t *testing.T) {
	t.Parallel()
	none := Message{Length: -1}
	whole, four := Encoder{}, Encoder{BufferSize: 4}
	wholeR, fourR := Encoder{Response: true}, Encoder{Response: true, BufferSize: 4}
	length50 := Header{"content-length", "50"}
	for _, c := range []struct {
		name string
		e    Encoder
		h    *Head
		m    Message
		body []string
		want string
	}{
		// spec/03 §16
		{"299", wholeR, response(299, length50), Message{Length: -1, Method: "GET"}, []string{"abc"}, "HTTP/1.1 299 OK|content-length: 3|connection: keep-alive||abc"},
		{"299 to HEAD", wholeR, response(299, length50), Message{Length: -1, Method: "HEAD"}, []string{"abc"}, "HTTP/1.1 299 OK|content-length: 50|connection: keep-alive||"},
		{"204", wholeR, response(204), none, []string{"xx"}, "HTTP/1.1 204 No Content|connection: keep-alive||xx"},
		{"chunked", fourR, response(200), none, []string{"0123456789"}, "HTTP/1.1 200 OK|transfer-encoding: chunked|connection: keep-alive||A|0123456789|0||"},
		{"failure", wholeR, FailureHead(&stream.StreamEnd{Code: stream.ConnectionRefused}), none, nil, "HTTP/1.1 502 Connection Refused|content-length: 0|connection: keep-alive||"},
		{"final", wholeR, nil, Message{Length: -1, Final: true}, nil, "HTTP/1.1 200 OK|content-length: 0|connection: close||"},
		{"tunnel", wholeR, response(200), Message{Length: -1, Method: "CONNECT", Tunnel: true}, nil, "HTTP/1.1 200 OK|connection: keep-alive||"},

		{"nothing", whole, nil, none, nil, "GET / HTTP/1.1|connection: keep-alive||"},
		{"GET with body", whole, nil, none, []string{"ab"}, "GET / HTTP/1.1|content-length: 2|connection: keep-alive||ab"},
		{"POST without", whole, &Head{Method: "POST", Path: "/a?b"}, none, nil, "POST /a?b HTTP/1.1|content-length: 0|connection: keep-alive||"},
		{"PUT without", whole, &Head{Method: "PUT"}, none, nil, "PUT / HTTP/1.1|content-length: 0|connection: keep-alive||"},
		{"PATCH without", whole, &Head{Method: "PATCH"}, none, nil, "PATCH / HTTP/1.1|content-length: 0|connection: keep-alive||"},
		{"DELETE without", whole, &Head{Method: "DELETE"}, none, nil, "DELETE / HTTP/1.1|connection: keep-alive||"},
		{"HEAD", whole, &Head{Method: "HEAD"}, none, []string{"x"}, "HEAD / HTTP/1.1|connection: keep-alive||"},
		{"HTTP/1.0", whole, &Head{Protocol: "HTTP/1.0"}, none, nil, "GET / HTTP/1.0|connection: keep-alive||"},
		{"HTTP/2 head", whole, &Head{Protocol: "HTTP/2"}, none, nil, "GET / HTTP/1.1|connection: keep-alive||"},
		{"chunks need HTTP/1.1", four, &Head{Method: "POST", Protocol: "HTTP/1.0"}, none, []string{"01234"}, "POST / HTTP/1.1|transfer-encoding: chunked|connection: keep-alive||5|01234|0||"},
		{"final is for responses", whole, nil, Message{Length: -1, Final: true}, nil, "GET / HTTP/1.1|connection: keep-alive||"},
		{"upgrade", whole, &Head{Headers: Headers{{"Upgrade", "websocket"}, {"host", "a"}}}, none, nil, "GET / HTTP/1.1|Upgrade: websocket|host: a|connection: upgrade||"},
		{"101", wholeR, response(101, Header{"upgrade", "websocket"}), none, nil, "HTTP/1.1 101 Switching Protocols|upgrade: websocket|connection: upgrade||"},
		{"advertised upgrade", wholeR, response(200, Header{"upgrade", "h2c"}), none, nil, "HTTP/1.1 200 OK|upgrade: h2c|content-length: 0|connection: keep-alive||"},
		{"script's connection", whole, &Head{Headers: Headers{{"connection", "x"}, {"upgrade", "y"}}}, none, nil, "GET / HTTP/1.1|upgrade: y|connection: x||"},
		{"close beats script's connection", wholeR, response(200, Header{"connection", "x"}), Message{Length: -1, Final: true}, nil, "HTTP/1.1 200 OK|content-length: 0|connection: close||"},
		{"dropped", wholeR, response(200, Header{"Transfer-Encoding", "gzip"}, Header{"a", "1"}, Header{"keep-alive", "5"}, Header{"Content-Length", "7"}, Header{"A", "2"}), none, []string{"x"}, "HTTP/1.1 200 OK|a: 1|A: 2|content-length: 1|connection: keep-alive||x"},
		{"set-cookie", wholeR, response(200, Header{"Set-Cookie", "a"}, Header{"Set-Cookie", "b"}), none, nil, "HTTP/1.1 200 OK|Set-Cookie: a|Set-Cookie: b|content-length: 0|connection: keep-alive||"},
		{"status text", wholeR, &Head{Status: 200, StatusText: "Fine"}, none, nil, "HTTP/1.1 200 Fine|content-length: 0|connection: keep-alive||"},
		{"empty status text", wholeR, &Head{Status: 404, HasStatusText: true}, none, nil, "HTTP/1.1 404 |content-length: 0|connection: keep-alive||"},
		{"509", wholeR, response(509), none, nil, "HTTP/1.1 509 Unassigned|content-length: 0|connection: keep-alive||"},
		{"304", wholeR, response(304), none, nil, "HTTP/1.1 304 Not Modified|content-length: 0|connection: keep-alive||"},
		{"304 with length", wholeR, response(304, Header{"Content-Length", "7"}), none, []string{"x"}, "HTTP/1.1 304 Not Modified|Content-Length: 7|connection: keep-alive||"},
		{"100", wholeR, response(100), none, nil, "HTTP/1.1 100 Continue|connection: keep-alive||"},
		{"HEAD without length", wholeR, response(200), Message{Length: -1, Method: "HEAD"}, []string{"abc"}, "HTTP/1.1 200 OK|connection: keep-alive||"},
		{"HEAD with odd length", wholeR, response(200, Header{"content-length", "x"}), Message{Length: -1, Method: "HEAD"}, nil, "HTTP/1.1 200 OK|connection: keep-alive||"},

		{"fits", fourR, nil, none, []string{"01", "23"}, "HTTP/1.1 200 OK|content-length: 4|connection: keep-alive||0123"},
		{"streamed", fourR, nil, none, []string{"0", "1234", "", "5"}, "HTTP/1.1 200 OK|transfer-encoding: chunked|connection: keep-alive||5|01234|1|5|0||"},
		{"promised", fourR, response(200, Header{"Content-Length", "7"}), Message{Length: 7}, []string{"0123", "456"}, "HTTP/1.1 200 OK|content-length: 7|connection: keep-alive||0123456"},
		{"promised none", fourR, nil, Message{}, nil, "HTTP/1.1 200 OK|content-length: 0|connection: keep-alive||"},
		{"old client", fourR, nil, Message{Length: -1, OldPeer: true}, []string{"01234", "56"}, "HTTP/1.1 200 OK|connection: close||0123456"},
		{"old client, short", fourR, nil, Message{Length: -1, OldPeer: true}, []string{"0"}, "HTTP/1.1 200 OK|content-length: 1|connection: keep-alive||0"},
		{"large whole", wholeR, nil, none, []string{strings.Repeat("x", 3000)}, "HTTP/1.1 200 OK|content-length: 3000|connection: keep-alive||" + strings.Repeat("x", 3000)},
		{"large chunk", fourR, nil, none, []string{strings.Repeat("x", 3000)}, "HTTP/1.1 200 OK|transfer-encoding: chunked|connection: keep-alive||BB8|" + strings.Repeat("x", 3000) + "|0||"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := c.e
			// Twice: nothing may be left over from the first message.
			for range 2 {
				out := new(stream.Data)
				if err := e.Start(out, c.h, c.m); err != nil {
					t.Fatal(err)
				}
				if err := e.Start(out, nil, none); err != nil {
					t.Fatal(err) // ignored within a message
				}
				for _, s := range c.body {
					b := []byte(s)
					d := stream.NewTransient(b)
					if err := e.Data(out, d); err != nil {
						t.Fatal(err)
					}
					out.Own()
					clear(b)
				}
				if err := e.End(out, nil); err != nil {
					t.Fatal(err)
				}
				if got := wire(out); got != c.want {
					t.Errorf("\ngot  %s\nwant %s", got, c.want)
				}
				if e.InMessage() {
					t.Error("still in the message")
				}
				if err := e.Data(out, stream.NewString("x")); err != nil || wire(out) != c.want {
					t.Error("data between messages was sent")
				}
			}
		})
	}
}

func TestEncoderFinal(t *testing.T) {
	t.Parallel()
	e := Encoder{Response: true, BufferSize: 1}
	out := new(stream.Data)
	for _, old := range []bool{false, true} {
		_ = e.Start(out, nil, Message{Length: -1, OldPeer: old})
		_ = e.Data(out, stream.NewString("ab"))
		_ = e.End(out, nil)
		if e.Final() != old {
			t.Errorf("old peer %t: final %t", old, e.Final())
		}
	}
}

func TestEncoderFlush(t *testing.T) {
	t.Parallel()
	e := Encoder{Response: true}
	out := new(stream.Data)
	_ = e.Flush(out)
	_ = e.Start(out, nil, Message{Length: -1})
	_ = e.Data(out, stream.NewString("ab"))
	if e.HeadSent() || !out.Empty() {
		t.Error("sent too early")
	}
	_ = e.Flush(out)
	_ = e.Flush(out)
	if !e.HeadSent() {
		t.Error("head not sent")
	}
	err := e.End(out, Headers{{"Digest", "x"}, {"Content-Length", "5"}})
	const want = "HTTP/1.1 200 OK|transfer-encoding: chunked|connection: keep-alive||2|ab|0|Digest: x||"
	if got := wire(out); got != want || err != nil {
		t.Errorf("%s %v", got, err)
	}
}

func TestEncoderReset(t *testing.T) {
	t.Parallel()
	e := Encoder{Response: true}
	out := new(stream.Data)
	_ = e.Start(out, nil, Message{Length: -1})
	_ = e.Data(out, stream.NewString("ab"))
	e.Reset()
	_ = e.Start(out, response(502), Message{Length: -1})
	_ = e.End(out, nil)
	if got := wire(out); got != "HTTP/1.1 502 Bad Gateway|content-length: 0|connection: keep-alive||" {
		t.Error(got)
	}
}

func TestEncoderBodyErrors(t *testing.T) {
	t.Parallel()
	run := func(e Encoder, m Message, body string) error {
		out := new(stream.Data)
		if err := e.Start(out, nil, m); err != nil {
			return err
		}
		if err := e.Data(out, stream.NewString(body)); err != nil {
			if e.InMessage() {
				t.Error("still in the message")
			}
			return err
		}
		return e.End(out, nil)
	}
	if err := run(Encoder{MaxBodySize: 3}, Message{Length: -1}, "abc"); err != nil {
		t.Error(err)
	}
	if err := run(Encoder{MaxBodySize: 3}, Message{Length: -1}, "abcd"); err != ErrBodyTooLarge {
		t.Error(err)
	}
	if err := run(Encoder{BufferSize: 1, MaxBodySize: 3}, Message{Length: -1}, "abcd"); err != nil {
		t.Error(err)
	}
	if err := run(Encoder{}, Message{Length: 3}, "ab"); err != ErrBodyLength {
		t.Error(err)
	}
	if err := run(Encoder{}, Message{Length: 3}, "abcd"); err != ErrBodyLength {
		t.Error(err)
	}
}

func TestEncoderRefusesInjection(t *testing.T) {
	t.Parallel()
	type test struct {
		name string
		h    Head
	}
	var cases []test
	for _, bad := range []string{"a\r\nX: y", "a\nb", "a\rb", "a\x00b", "a\x7fb", "\r\n"} {
		cases = append(cases,
			test{"method", Head{Method: bad}},
			test{"path", Head{Path: bad}},
			test{"name", Head{Headers: Headers{{bad, "x"}}}},
			test{"value", Head{Headers: Headers{{"x", bad}}}},
			test{"connection", Head{Headers: Headers{{"connection", bad}}}},
			test{"status text", Head{IsResponse: true, StatusText: bad}},
			test{"response value", Head{IsResponse: true, Headers: Headers{{"x", bad}}}})
	}
	cases = append(cases,
		test{"empty name", Head{Headers: Headers{{"", "x"}}}},
		test{"colon in name", Head{Headers: Headers{{"x:", "x"}}}},
		test{"space in name", Head{Headers: Headers{{"x ", "x"}}}},
		test{"space in path", Head{Path: "/a b"}},
		test{"space in method", Head{Method: "GET /x"}},
		test{"status too low", Head{IsResponse: true, Status: 99}},
		test{"negative status", Head{IsResponse: true, Status: -200}},
		test{"status too high", Head{IsResponse: true, Status: 1000}})
	for _, c := range cases {
		for _, size := range []int{0, 1} {
			e := Encoder{Response: c.h.IsResponse, BufferSize: size}
			out := new(stream.Data)
			err := errors.Join(e.Start(out, &c.h, Message{Length: -1}), e.Data(out, stream.NewString("body")), e.End(out, nil))
			if err == nil || !out.Empty() || e.InMessage() {
				t.Errorf("%s: %v, sent %q", c.name, err, out.Bytes())
			}
		}
		if b, err := AppendHead([]byte("x"), &c.h, Framing{Response: c.h.IsResponse}); string(b) != "x" || err == nil {
			t.Errorf("%s: %q %v", c.name, b, err)
		}
	}
	e := Encoder{Response: true, BufferSize: 1}
	out := new(stream.Data)
	_ = e.Start(out, nil, Message{Length: -1})
	_ = e.Data(out, stream.NewString("ab"))
	if err := e.End(out, Headers{{"x", "y\r\nz: a"}}); err == nil || strings.Contains(string(out.Bytes()), "z: a") {
		t.Error("trailer injected")
	}
}

// Framing bytes shared between messages stay as they are, whatever is done to the output.
func TestEncoderSharedBytes(t *testing.T) {
	t.Parallel()
	for range 2 {
		e := Encoder{BufferSize: 1}
		out := new(stream.Data)
		_ = e.Start(out, nil, Message{Length: -1})
		_ = e.Data(out, stream.NewString(strings.Repeat("x", 2000)))
		_ = e.End(out, nil)
		_, _ = out.Write([]byte("more"))
		if !strings.HasSuffix(string(out.Bytes()), "x\r\n0\r\n\r\nmore") {
			t.Fatalf("%q", out.Bytes()[out.Size()-20:])
		}
	}
}
