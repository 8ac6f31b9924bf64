package http2

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	xhttp2 "golang.org/x/net/http2"

	"weir/internal/proto/http1"
	"weir/internal/stream"
)

func TestBeginnings(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	if got, want := s.sent(), "SETTINGS(1=4096 2=0 4=1048576 5=16384 3=10 6=4000 8=1) 0:WINDOW(983041)"; got != want {
		t.Errorf("server: got %s, want %s", got, want)
	}
	c := newSide(t, func(c *Config) { c.Server = false })
	if !bytes.HasPrefix(c.conn.Small(), []byte(Preface)) {
		t.Error("a client begins without the preface")
	}
	if got, want := c.sent(), "SETTINGS(1=4096 2=0 4=1048576 5=16384) 0:WINDOW(983041)"; got != want {
		t.Errorf("client: got %s, want %s", got, want)
	}
}

// What a server makes of frames: the events, then the output. The input comes whole and in pieces of every size.
func TestServerInput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1500)
	for name, c := range map[string]struct {
		in     func(s *side)
		events string
		out    string
	}{
		"get": {func(s *side) { s.get(1, "x y") }, "1:head(GET / http://a host=a x=y) 1:end()", ""},
		"post": {func(s *side) {
			s.post(1)
			s.framer.WriteData(1, false, []byte("ab"))
			s.framer.WriteData(1, true, []byte("c"))
		}, "1:head(POST / http://a host=a) 1:data(3) 1:end()", ""},
		"padding":    {func(s *side) { s.post(1); s.framer.WriteDataPadded(1, true, []byte("ab"), make([]byte, 30)) }, "1:head(POST / http://a host=a) 1:data(2) 1:end()", ""},
		"all pad":    {func(s *side) { s.post(1); s.framer.WriteDataPadded(1, true, nil, make([]byte, 30)) }, "1:head(POST / http://a host=a) 1:end()", ""},
		"empty end":  {func(s *side) { s.post(1); s.framer.WriteData(1, true, nil) }, "1:head(POST / http://a host=a) 1:end()", ""},
		"trailers":   {func(s *side) { s.post(1); s.framer.WriteData(1, false, []byte("a")); s.headers(1, true, "t v") }, "1:head(POST / http://a host=a) 1:data(1) 1:end(t=v)", ""},
		"length":     {func(s *side) { s.post(1, "content-length 1"); s.framer.WriteData(1, true, []byte("a")) }, "1:head(POST / http://a host=a content-length=1) 1:data(1) 1:end()", ""},
		"too short":  {func(s *side) { s.post(1, "content-length 2"); s.framer.WriteData(1, true, []byte("a")) }, "1:head(POST / http://a host=a content-length=2) 1:data(1) 1:reset(PROTOCOL_ERROR) 1:close", "1:RST(PROTOCOL_ERROR)"},
		"no body":    {func(s *side) { s.get(1, "content-length 2") }, "", "1:RST(PROTOCOL_ERROR)"},
		"cookies":    {func(s *side) { s.get(1, "cookie a", "cookie b") }, "1:head(GET / http://a host=a cookie=a cookie=b) 1:end()", ""},
		"same host":  {func(s *side) { s.get(1, "host a") }, "1:head(GET / http://a host=a) 1:end()", ""},
		"other host": {func(s *side) { s.get(1, "host b") }, "", "1:RST(PROTOCOL_ERROR)"},
		"only host":  {func(s *side) { s.headers(1, true, ":method GET", ":scheme http", ":path /", "host b") }, "1:head(GET / http:// host=b) 1:end()", ""},
		"connect":    {func(s *side) { s.headers(1, false, ":method CONNECT", ":authority a:1") }, "1:head(CONNECT a:1 host=a:1)", ""},
		"connect with path": {func(s *side) { s.headers(1, false, ":method CONNECT", ":scheme http", ":path b:2", ":authority a:1") },
			"1:head(CONNECT b:2 http://a:1 host=a:1)", ""},
		"extended": {func(s *side) {
			s.headers(1, false, ":method CONNECT", ":protocol websocket", ":scheme http", ":path /ws", ":authority a")
		}, "1:head(GET /ws http://a host=a upgrade=websocket)", ""},
		"upper case":      {func(s *side) { s.get(1, "X y") }, "", "1:RST(PROTOCOL_ERROR)"},
		"connection":      {func(s *side) { s.get(1, "connection close") }, "", "1:RST(PROTOCOL_ERROR)"},
		"te":              {func(s *side) { s.get(1, "te trailers") }, "1:head(GET / http://a host=a te=trailers) 1:end()", ""},
		"line feed":       {func(s *side) { s.get(1, "x a\nb") }, "", "1:RST(PROTOCOL_ERROR)"},
		"space in path":   {func(s *side) { s.headers(1, true, ":method GET", ":scheme http", ":path /a b", ":authority a") }, "", "1:RST(PROTOCOL_ERROR)"},
		"late pseudo":     {func(s *side) { s.headers(1, true, ":method GET", ":scheme http", ":authority a", "x y", ":path /") }, "", "1:RST(PROTOCOL_ERROR)"},
		"late after host": {func(s *side) { s.headers(1, true, ":method GET", ":scheme http", "host a", ":path /") }, "", "1:RST(PROTOCOL_ERROR)"},
		"large field":     {func(s *side) { s.get(1, "x "+strings.Repeat("y", 2500)) }, "1:close", "1:HEADERS(:status=431 content-length=0)$"},
		"large head":      {func(s *side) { s.get(1, "a "+long, "b "+long, "c "+long) }, "1:close", "1:HEADERS(:status=431 content-length=0)$"},
		"still in step":   {func(s *side) { s.get(1, "a "+long, "b "+long, "c "+long); s.get(3, "b "+long) }, "1:close 3:head(GET / http://a host=a b=" + long + ") 3:end()", "1:HEADERS(:status=431 content-length=0)$"},
		"reset":           {func(s *side) { s.post(1); s.framer.WriteRSTStream(1, xhttp2.ErrCodeCancel) }, "1:head(POST / http://a host=a) 1:reset(CANCEL) 1:close", ""},
		"continuation": {func(s *side) {
			b := s.block(":method GET", ":scheme http", ":path /", "x y")
			s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: 1, EndStream: true, BlockFragment: b[:2]})
			s.framer.WriteContinuation(1, false, nil)
			s.framer.WriteContinuation(1, true, b[2:])
		}, "1:head(GET / http:// x=y) 1:end()", ""},
		"interrupted": {func(s *side) {
			s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: 1, EndStream: true})
			s.framer.WritePing(false, [8]byte{})
		}, "", "GOAWAY(0 PROTOCOL_ERROR)"},
		"ping":            {func(s *side) { s.framer.WritePing(false, [8]byte([]byte("12345678"))) }, "", "PING(12345678 ack=true)"},
		"pong":            {func(s *side) { s.framer.WritePing(true, [8]byte([]byte("12345678"))) }, "pong(12345678)", ""},
		"goaway":          {func(s *side) { s.framer.WriteGoAway(7, xhttp2.ErrCodeNo, nil) }, "goaway(7 NO_ERROR)", ""},
		"unknown":         {func(s *side) { s.framer.WriteRawFrame(77, 5, 1, []byte("x")); s.get(1) }, "1:head(GET / http://a host=a) 1:end()", ""},
		"even":            {func(s *side) { s.get(2) }, "", "GOAWAY(0 PROTOCOL_ERROR)"},
		"idle":            {func(s *side) { s.framer.WriteData(1, false, []byte("x")) }, "", "GOAWAY(0 PROTOCOL_ERROR)"},
		"out of order":    {func(s *side) { s.get(5); s.get(3) }, "5:head(GET / http://a host=a) 5:end()", "GOAWAY(5 PROTOCOL_ERROR)"},
		"too large":       {func(s *side) { s.framer.WriteRawFrame(frameHeaders, 0, 1, make([]byte, 16385)) }, "", "GOAWAY(0 FRAME_SIZE_ERROR)"},
		"push":            {func(s *side) { s.framer.WriteRawFrame(framePushPromise, 0, 1, make([]byte, 4)) }, "", "GOAWAY(0 PROTOCOL_ERROR)"},
		"zero window":     {func(s *side) { s.framer.WriteWindowUpdate(0, 0) }, "", "GOAWAY(0 PROTOCOL_ERROR)"},
		"zero on stream":  {func(s *side) { s.post(1); s.framer.WriteWindowUpdate(1, 0) }, "1:head(POST / http://a host=a) 1:reset(PROTOCOL_ERROR) 1:close", "1:RST(PROTOCOL_ERROR)"},
		"window overflow": {func(s *side) { s.framer.WriteWindowUpdate(0, maxWindow) }, "", "GOAWAY(0 FLOW_CONTROL_ERROR)"},
		"stream overflow": {func(s *side) { s.post(1); s.framer.WriteWindowUpdate(1, maxWindow) },
			"1:head(POST / http://a host=a) 1:reset(FLOW_CONTROL_ERROR) 1:close", "1:RST(FLOW_CONTROL_ERROR)"},
		"initial window": {func(s *side) { s.framer.WriteSettings(xhttp2.Setting{ID: 4, Val: 1 << 31}) }, "", "GOAWAY(0 FLOW_CONTROL_ERROR)"},
		"bad block":      {func(s *side) { s.framer.WriteRawFrame(frameHeaders, 5, 1, []byte{0x80}) }, "", "GOAWAY(0 COMPRESSION_ERROR)"},
		"too many": {func(s *side) {
			for i := range uint32(11) {
				s.post(2*i + 1)
			}
		}, strings.TrimSpace(strings.Join(each(10, "%d:head(POST / http://a host=a) "), "")), "21:RST(REFUSED_STREAM)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []int{0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 13, 17, 100, 1000} {
				s := newSide(t, nil)
				s.hello()
				c.in(s)
				if got := s.feed(piece); got != c.events {
					t.Fatalf("in pieces of %d: events\n got %s\nwant %s", piece, got, c.events)
				}
				if got := s.sent(); got != c.out {
					t.Fatalf("in pieces of %d: output\n got %s\nwant %s", piece, got, c.out)
				}
			}
		})
	}
}

func each(n int, format string) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(format, 2*i+1))
	}
	return list
}

func TestInvalidStart(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"preface":  "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
		"settings": Preface + "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678",
		"ack":      Preface + "\x00\x00\x00\x04\x01\x00\x00\x00\x00",
	} {
		s := newSide(t, nil)
		s.sent()
		err := s.conn.Receive(stream.NewString(in), 0)
		if err == nil || s.sent() != "GOAWAY(0 PROTOCOL_ERROR)" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What goes out for a response, on one write of the connection.
func TestServerOutput(t *testing.T) {
	t.Parallel()
	head := func(status int, fields ...http1.Header) *http1.Head {
		return &http1.Head{IsResponse: true, Status: status, Headers: fields}
	}
	text := stream.NewString
	for name, c := range map[string]struct {
		send func(c *Conn, s *Stream)
		want string
	}{
		"empty":      {func(c *Conn, s *Stream) { c.SendHead(s, head(204), -1, true) }, "1:HEADERS(:status=204)$"},
		"merged end": {func(c *Conn, s *Stream) { c.SendHead(s, head(0), -1, false); c.SendEnd(s, nil) }, "1:HEADERS(:status=200)$"},
		"body": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(201), 2, false)
			c.SendData(s, text("ab"))
			c.SendEnd(s, nil)
		}, "1:HEADERS(:status=201 content-length=2) 1:DATA(ab)$"},
		"late end": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200), -1, false)
			c.SendData(s, text("ab"))
			c.Sent()
			c.SendEnd(s, nil)
		}, "1:DATA()$"},
		"trailers": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200), -1, false)
			c.SendEnd(s, http1.Headers{{Name: "Grpc-Status", Value: "0"}})
		}, "1:HEADERS(:status=200) 1:HEADERS(grpc-status=0)$"},
		"interim": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(103, http1.Header{Name: "link", Value: "x"}), -1, false)
			c.SendHead(s, head(200), -1, true)
		}, "1:HEADERS(:status=103 link=x) 1:HEADERS(:status=200)$"},
		"dropped": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200, http1.Header{Name: "Connection", Value: "x"}, http1.Header{Name: "Transfer-Encoding", Value: "chunked"}, http1.Header{Name: "content-length", Value: "9"}, http1.Header{Name: "X-Y", Value: "z"}), -1, true)
		}, "1:HEADERS(:status=200 x-y=z)$"},
		"kept length": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(304, http1.Header{Name: "content-length", Value: "9"}), KeepLength, true)
		}, "1:HEADERS(:status=304 content-length=9)$"},
		"cookies": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200, http1.Header{Name: "set-cookie", Value: "a"}, http1.Header{Name: "ETag", Value: "e"}), -1, true)
		}, "1:HEADERS(:status=200 set-cookie=a etag=e)$"},
		"large": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200), -1, false)
			c.SendData(s, text(strings.Repeat("x", 40000)))
			c.SendEnd(s, nil)
		}, "1:HEADERS(:status=200) 1:DATA(16384) 1:DATA(16384) 1:DATA(7232)$"},
		"large head": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200, http1.Header{Name: "x", Value: strings.Repeat("\x7e", 20000)}), -1, true)
		}, "1:HEADERS…$ 1:CONTINUATION"},
		"bad value": {func(c *Conn, s *Stream) {
			expectError(t, c.SendHead(s, head(200, http1.Header{Name: "x", Value: "a\r\nb"}), -1, true))
		}, ""},
		"bad name": {func(c *Conn, s *Stream) {
			expectError(t, c.SendHead(s, head(200, http1.Header{Name: "x y", Value: "a"}), -1, true))
		}, ""},
		"bad status": {func(c *Conn, s *Stream) { expectError(t, c.SendHead(s, head(20), -1, true)) }, ""},
		"reset":      {func(c *Conn, s *Stream) { c.Reset(s, Cancel); c.SendHead(s, head(200), -1, true) }, "1:RST(CANCEL)"},
		"nothing after": {func(c *Conn, s *Stream) {
			c.SendHead(s, head(200), -1, true)
			c.SendData(s, text("x"))
			c.SendEnd(s, nil)
			c.Reset(s, Cancel)
		}, "1:HEADERS(:status=200)$"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSide(t, nil)
			s.hello()
			s.get(1)
			s.feed(0)
			c.send(&s.conn, s.open[0])
			if got := s.sent(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func expectError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	}
}

// A response that is complete before its request ends the stream, without an error.
func TestEarlyResponse(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello()
	s.post(1)
	s.feed(0)
	s.conn.SendHead(s.open[0], &http1.Head{Status: 413}, 0, true)
	if got := s.sent(); got != "1:HEADERS(:status=413 content-length=0)$ 1:RST(NO_ERROR)" {
		t.Error(got)
	}
	s.framer.WriteData(1, true, []byte("still on its way"))
	if got := s.feed(0) + s.sent(); got != "1:close" {
		t.Errorf("late data: %s", got)
	}
}

// The peer's table of headers may shrink: the next block has to begin by saying so.
func TestTableSize(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello()
	for i, size := range []uint32{4096, 0, 100, 4096} {
		id := uint32(2*i + 1)
		s.framer.WriteSettings(xhttp2.Setting{ID: xhttp2.SettingHeaderTableSize, Val: size})
		s.get(id)
		s.feed(0)
		s.hdec.SetAllowedMaxDynamicTableSize(max(size, 1))
		s.conn.SendHead(s.open[i], &http1.Head{Headers: http1.Headers{{Name: "server", Value: "weir"}, {Name: "x", Value: "y"}}}, -1, true)
		if got, want := s.sent(), fmt.Sprintf("ACK %d:HEADERS(:status=200 server=weir x=y)$", id); got != want {
			t.Errorf("size %d: got %s, want %s", size, got, want)
		}
	}
}

func TestGoAway(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello()
	s.get(1)
	s.conn.GoAway(true)
	s.get(3)
	s.feed(0)
	s.conn.GoAway(false)
	s.get(5)
	s.framer.WriteData(5, true, nil)
	events := s.feed(0)
	for _, st := range s.open {
		s.conn.SendHead(st, &http1.Head{}, -1, true)
	}
	want := "GOAWAY(2147483647 NO_ERROR) GOAWAY(3 NO_ERROR) 1:HEADERS(:status=200)$ 3:HEADERS(:status=200)$"
	if got := s.sent(); got != want || events != "" {
		t.Errorf("got %s and %q, want %s", got, events, want)
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	s := newSide(t, func(c *Config) { c.Server = false })
	var a, b Stream
	s.conn.Open(&a)
	s.conn.Open(&b)
	s.conn.SendHead(&a, &http1.Head{Path: "/x", Headers: http1.Headers{{Name: "Host", Value: "h"}, {Name: "TE", Value: "deflate, trailers;q=0.5"}}}, -1, false)
	s.conn.SendEnd(&a, nil)
	s.conn.SendHead(&b, &http1.Head{Method: "CONNECT", Path: "h:1"}, -1, false)
	want := "1:HEADERS(:method=GET :scheme=http :authority=h :path=/x te=trailers)$ 3:HEADERS(:method=CONNECT :authority=h:1)"
	if got := s.sent(); !strings.HasSuffix(got, " "+want) {
		t.Errorf("got %s, want %s", got, want)
	}
	s.hello(xhttp2.Setting{ID: xhttp2.SettingMaxConcurrentStreams, Val: 2})
	if s.conn.Open(new(Stream)) {
		t.Error("more streams than the server allows")
	}
	s.headers(1, false, ":status 103", "link x")
	s.headers(1, false, ":status 200", "content-length 2")
	s.framer.WriteData(1, true, []byte("ok"))
	if got, want := s.feed(1), "1:head(103 link=x) 1:end() 1:head(200 content-length=2) 1:data(2) 1:end() 1:close"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.framer.WriteRSTStream(3, xhttp2.ErrCodeRefusedStream)
	if got := s.feed(0); got != "3:reset(REFUSED_STREAM) 3:close" {
		t.Error(got)
	}
	for _, bad := range []func(){
		func() { s.headers(9, true, ":status 200") },
		func() {
			s.framer.WritePushPromise(xhttp2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true})
		},
	} {
		s := newSide(t, func(c *Config) { c.Server = false })
		s.hello()
		bad()
		_ = s
	}
}

// Lower numbers are closed by higher ones (RFC 9113 §5.1.1): a stream that is opened early and begins late must not have one.
func TestNumbersInOrderOfHeads(t *testing.T) {
	t.Parallel()
	s := newSide(t, func(c *Config) { c.Server = false })
	s.hello(xhttp2.Setting{ID: xhttp2.SettingMaxConcurrentStreams, Val: 3}, xhttp2.Setting{ID: xhttp2.SettingInitialWindowSize, Val: 2})
	var early, never, late Stream
	for _, x := range []*Stream{&early, &never, &late} {
		if !s.conn.Open(x) {
			t.Fatal("cannot open a stream")
		}
	}
	if s.conn.Open(new(Stream)) || s.conn.Streams() != 3 {
		t.Errorf("%d streams, or more than the server allows", s.conn.Streams())
	}
	s.sent()
	s.conn.SendHead(&late, &http1.Head{Path: "/late", Headers: http1.Headers{{Name: "Host", Value: "h"}}}, -1, true)
	s.conn.Reset(&never, Cancel)
	s.conn.SendHead(&early, &http1.Head{Path: "/early", Headers: http1.Headers{{Name: "Host", Value: "h"}}}, -1, false)
	s.conn.SendData(&early, stream.NewData([]byte("abc")))
	want := "1:HEADERS(:method=GET :scheme=http :authority=h :path=/late)$ 3:HEADERS(:method=GET :scheme=http :authority=h :path=/early) 3:DATA(ab)"
	if got := s.sent(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s.conn.Streams() != 2 || early.Queued() != 1 {
		t.Errorf("%d streams, %d bytes wait", s.conn.Streams(), early.Queued())
	}
}

// What a request says of its response outlasts the stream getting its number.
func TestResponseToHEAD(t *testing.T) {
	t.Parallel()
	s := newSide(t, func(c *Config) { c.Server = false })
	s.hello()
	var head, tunnel Stream
	s.conn.Open(&head)
	s.conn.Open(&tunnel)
	s.conn.SendHead(&head, &http1.Head{Method: "HEAD", Path: "/", Headers: http1.Headers{{Name: "Host", Value: "h"}}}, -1, true)
	s.conn.SendHead(&tunnel, &http1.Head{Method: "CONNECT", Path: "h:1"}, -1, false)
	if !tunnel.connect {
		t.Error("the stream of CONNECT is not a tunnel")
	}
	s.headers(1, true, ":status 200", "content-length 5")
	if got, want := s.feed(1), "1:head(200 content-length=5) 1:end() 1:close"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMalformedResponses(t *testing.T) {
	t.Parallel()
	for _, fields := range [][]string{{"x y"}, {":status 20"}, {":status 2x0"}, {":status 101"}, {":status 200", ":path /"}, {":status 200", "connection x"}, {":status 200", "content-length x"}} {
		s := newSide(t, func(c *Config) { c.Server = false })
		s.hello()
		var st Stream
		s.conn.Open(&st)
		s.conn.SendHead(&st, &http1.Head{}, -1, true)
		s.sent()
		s.headers(1, true, fields...)
		if got := s.feed(0) + " " + s.sent(); got != "1:reset(PROTOCOL_ERROR) 1:close 1:RST(PROTOCOL_ERROR)" {
			t.Errorf("%v: %s", fields, got)
		}
	}
}
