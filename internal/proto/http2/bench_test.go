package http2

import (
	"bytes"
	"io"
	"testing"

	xhttp2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// benchPeer answers each request with a small response.
type benchPeer struct {
	side
	spare Stream
}

func (p *benchPeer) NewStream() *Stream                       { return &p.spare }
func (p *benchPeer) OnHead(s *Stream, e *stream.MessageStart) {}
func (p *benchPeer) OnClose(s *Stream)                        {}
func (p *benchPeer) OnEnd(s *Stream, e *stream.MessageEnd) {
	if err := p.conn.SendHead(s, benchHead, 13, false); err != nil {
		p.t.Fatal(err)
	}
	p.conn.SendData(s, benchBody)
	p.conn.SendEnd(s, nil)
}

var (
	benchHead = &http1.Head{Status: 200, Headers: http1.Headers{{Name: "content-type", Value: "text/plain"}}}
	benchBody = stream.NewString("Hello, world!")
)

// request returns the frame of a request whose fields are in the table already.
func request(b *testing.B) (first, later []byte) {
	s := newSide(b, nil)
	s.get(1, "user-agent x", "accept */*")
	first = bytes.Clone(s.in.Bytes())
	s.in.Reset()
	s.get(1, "user-agent x", "accept */*")
	return first, bytes.Clone(s.in.Bytes())
}

func BenchmarkRequest(b *testing.B) {
	p := &benchPeer{}
	p.t = b
	cfg := newSide(b, nil).conn.cfg
	p.conn.Init(cfg, p, 0)
	p.conn.Receive(stream.NewString(Preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), 0)
	p.conn.sendWindow = 1 << 60
	first, later := request(b)
	p.conn.Receive(stream.NewData(first), 0)
	d := stream.NewData(later)
	id := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		if id += 2; id > maxStreamID {
			b.Skip("the numbers are used up")
		}
		append32(later[:5], id)
		if err := p.conn.Receive(d, 0); err != nil {
			b.Fatal(err)
		}
		p.conn.Sent()
	}
}

// What golang.org/x/net's Framer alone takes for the same frame, its header list included.
func BenchmarkFramer(b *testing.B) {
	first, later := request(b)
	r := bytes.NewReader(first)
	f := xhttp2.NewFramer(io.Discard, r)
	f.SetReuseFrames()
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err := f.ReadFrame(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(later)
		if _, err := f.ReadFrame(); err != nil {
			b.Fatal(err)
		}
	}
}
