package http1

import (
	"slices"
	"strings"
	"testing"

	"weir/internal/stream"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	base := Headers{{"Host", "a"}, {"X-Y", "1"}, {"cookie", "b"}, {"x-y", "2"}, {"Cookie", "c"}}
	if v, ok := base.Get("x-y"); v != "2" || !ok {
		t.Error("get: last wins", v, ok)
	}
	if _, ok := base.Get("x"); ok || base.Has("hos") || !base.Has("host") {
		t.Error("has")
	}
	if v := base.Values("cookie"); !slices.Equal(v, []string{"b", "c"}) || base.Values("z") != nil {
		t.Error("values", v)
	}
	for _, c := range []struct {
		name   string
		change func(h *Headers)
		want   string
	}{
		{"set", func(h *Headers) { h.Set("host", "z") }, "Host=z X-Y=1 cookie=b x-y=2 Cookie=c"},
		{"set repeated", func(h *Headers) { h.Set("x-y", "3") }, "Host=a X-Y=3 cookie=b Cookie=c"},
		{"set new", func(h *Headers) { h.Set("new", "3") }, "Host=a X-Y=1 cookie=b x-y=2 Cookie=c new=3"},
		{"add", func(h *Headers) { h.Add("HOST", "3") }, "Host=a X-Y=1 cookie=b x-y=2 Cookie=c HOST=3"},
		{"delete", func(h *Headers) { h.Del("cookie") }, "Host=a X-Y=1 x-y=2"},
		{"delete unknown", func(h *Headers) { h.Del("k") }, "Host=a X-Y=1 cookie=b x-y=2 Cookie=c"},
		{"set values", func(h *Headers) { h.SetValues("cookie", "1", "2", "3") }, "Host=a X-Y=1 cookie=1 cookie=2 cookie=3 x-y=2"},
		{"set no values", func(h *Headers) { h.SetValues("x-y") }, "Host=a cookie=b Cookie=c"},
		{"rename", func(h *Headers) { h.Rename("x-y", "X-y") }, "Host=a X-y=1 cookie=b X-y=2 Cookie=c"},
		{"rename to another", func(h *Headers) { h.Rename("host", "hot") }, "Host=a X-Y=1 cookie=b x-y=2 Cookie=c"},
	} {
		h := base.Clone()
		c.change(&h)
		var got []string
		for _, f := range h {
			got = append(got, f.Name+"="+f.Value)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
	if v, _ := base.Get("host"); v != "a" {
		t.Error("clone shares")
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Host": "host", "x-rAnDom": "x-random", "etag": "etag", "X^": "x^"} {
		if got := (Header{Name: name}).Key(); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if isKey("x^", "x~") || isKey("@", "`") {
		t.Error("only letters fold")
	}
}

func TestHeadClone(t *testing.T) {
	t.Parallel()
	a := &Head{Path: "/", Headers: Headers{{"a", "1"}}}
	b := a.Clone()
	b.Headers.Set("a", "2")
	if v, _ := a.Headers.Get("a"); v != "1" || b.Path != "/" {
		t.Error("clone shares headers")
	}
}

func TestFinal(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]bool{
		"G / HTTP/1.1\r\nHost:\r\n\r\n":                                             true,
		"G / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n":                        false,
		"G / HTTP/1.1\r\nHost:\r\nConnection: Close\r\n\r\n":                        false,
		"G / HTTP/1.1\r\nHost:\r\nConnection: keep-alive, close\r\n\r\n":            false,
		"G / HTTP/1.1\r\nHost:\r\nConnection: closed\r\n\r\n":                       true,
		"G / HTTP/1.1\r\nHost:\r\nConnection: upgrade\r\nConnection: close\r\n\r\n": false,
		"G / HTTP/1.0\r\n\r\n":                                                      false,
		"G / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n":                            true,
		"G / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n":                            true,
		"G / HTTP/1.0\r\nConnection: x\r\n\r\n":                                     false,
	} {
		c := feed(new(Decoder), false, nil, input)
		if len(c.msgs) != 1 || c.msgs[0].head.Final() == want {
			t.Errorf("%q: %s", input, c.text)
		}
	}
}

func TestTunnel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		h      Head
		want   Tunnel
		status int
		ok     bool
	}{
		{Head{Method: "CONNECT"}, ConnectTunnel, 200, true},
		{Head{Method: "CONNECT"}, ConnectTunnel, 299, true},
		{Head{Method: "CONNECT"}, ConnectTunnel, 101, false},
		{Head{Method: "CONNECT"}, ConnectTunnel, 403, false},
		{Head{Method: "GET", Headers: Headers{{"Upgrade", "websocket"}}}, WebSocketTunnel, 101, true},
		{Head{Method: "GET", Headers: Headers{{"upgrade", "WebSocket"}}}, WebSocketTunnel, 200, false},
		{Head{Method: "GET", Headers: Headers{{"upgrade", "h2c"}}}, H2CTunnel, 101, true},
		{Head{Method: "GET", Headers: Headers{{"upgrade", "TLS/1.0"}}}, NoTunnel, 101, false},
		{Head{Method: "GET", Protocol: "HTTP/1.0", Headers: Headers{{"upgrade", "h2c"}}}, NoTunnel, 101, false},
		{Head{Method: "GET"}, NoTunnel, 200, false},
	} {
		if got := c.h.Tunnel(); got != c.want || got.Accepted(c.status) != c.ok {
			t.Errorf("%+v: %d, accepted by %d: %t", c.h, got, c.status, got.Accepted(c.status))
		}
	}
}

func TestFailureStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[stream.ErrorCode]string{
		stream.CannotResolve:     "HTTP/1.1 502 Cannot Resolve",
		stream.ConnectionRefused: "HTTP/1.1 502 Connection Refused",
		stream.Unauthorized:      "HTTP/1.1 401 Unauthorized",
		stream.ReadError:         "HTTP/1.1 502 Read Error",
		stream.WriteError:        "HTTP/1.1 502 Write Error",
		stream.ConnectionTimeout: "HTTP/1.1 504 Gateway Timeout",
		stream.ReadTimeout:       "HTTP/1.1 504 Gateway Timeout",
		stream.WriteTimeout:      "HTTP/1.1 504 Gateway Timeout",
		stream.IdleTimeout:       "HTTP/1.1 504 Gateway Timeout",
		stream.ConnectionReset:   "HTTP/1.1 502 Bad Gateway",
		stream.NoError:           "HTTP/1.1 502 Bad Gateway",
	} {
		b, err := AppendHead(nil, FailureHead(&stream.StreamEnd{Code: code}), Framing{Response: true})
		if !strings.HasPrefix(string(b), want+"\r\n") || err != nil {
			t.Errorf("%v: %s %v", code, b, err)
		}
	}
}

func TestErrorResponse(t *testing.T) {
	t.Parallel()
	got := string(AppendErrorResponse([]byte("x"), &Error{431, "header too large"}))
	want := "xHTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\ncontent-length: 50\r\nconnection: close\r\n\r\n" +
		"Request Header Fields Too Large: header too large\n"
	if got != want {
		t.Errorf("%q", got)
	}
}

// Every byte is in the classes it is meant to be in, also where eight are looked at together.
func TestText(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		want := c >= ' ' && c != 0x7f || c == '\t'
		for at := range 17 {
			b := []byte(strings.Repeat("\tx~\xff z!0", 3))[:17]
			b[at] = byte(c)
			if allText(b) != want {
				t.Fatalf("byte %#x at %d: %t", c, at, !want)
			}
		}
		token := c > ' ' && c < 0x7f && !strings.ContainsRune("\"(),/:;<=>?@[\\]{}", rune(c))
		if isToken[c] != token {
			t.Errorf("token %#x: %t", c, !token)
		}
	}
}
