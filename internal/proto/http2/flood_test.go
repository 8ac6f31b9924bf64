package http2

import (
	"fmt"
	"strings"
	"testing"

	xhttp2 "golang.org/x/net/http2"

	"weir/internal/proto/http1"
)

// Each attack has to be ended by GOAWAY(ENHANCE_YOUR_CALM) after a bounded number of frames, whatever the pieces.
func TestFloods(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most int // rounds
		do   func(s *side, i uint32)
	}{
		"rapid reset": {1000, func(s *side, i uint32) { s.get(2*i + 1); s.framer.WriteRSTStream(2*i+1, xhttp2.ErrCodeCancel) }},
		"reset when served": {1000, func(s *side, i uint32) {
			s.reply = func(st *Stream) { s.conn.SendHead(st, &http1.Head{}, 0, true) }
			s.get(2*i + 1)
			s.framer.WriteRSTStream(2*i+1, xhttp2.ErrCodeCancel)
		}},
		"reset while served": {1000, func(s *side, i uint32) {
			s.reply = func(st *Stream) { s.conn.SendHead(st, &http1.Head{}, -1, false) }
			s.get(2*i + 1)
			s.framer.WriteRSTStream(2*i+1, xhttp2.ErrCodeCancel)
		}},
		"large heads":   {1000, func(s *side, i uint32) { s.get(2*i+1, "x "+strings.Repeat("y", 5000)) }},
		"made to reset": {1000, func(s *side, i uint32) { s.post(2*i + 1); s.framer.WriteWindowUpdate(2*i+1, 0) }},
		"refused":       {1000, func(s *side, i uint32) { s.post(2*i + 1) }},
		"malformed":     {1000, func(s *side, i uint32) { s.get(2*i+1, "connection x") }},
		"pings":         {3000, func(s *side, i uint32) { s.framer.WritePing(false, [8]byte{}) }},
		"settings":      {3000, func(s *side, i uint32) { s.framer.WriteSettings() }},
		"acks":          {3000, func(s *side, i uint32) { s.framer.WriteSettingsAck() }},
		"priorities":    {3000, func(s *side, i uint32) { s.framer.WritePriority(2*i+1, xhttp2.PriorityParam{}) }},
		"unknown":       {3000, func(s *side, i uint32) { s.framer.WriteRawFrame(99, 0, 0, nil) }},
		"empty data": {3000, func(s *side, i uint32) {
			if i == 0 {
				s.post(1)
			}
			s.framer.WriteData(1, false, nil)
		}},
		"resets of nothing": {3000, func(s *side, i uint32) {
			if i == 0 {
				s.post(1)
			}
			s.framer.WriteRSTStream(1, xhttp2.ErrCodeCancel)
		}},
		"continuations": {200, func(s *side, i uint32) {
			if i == 0 {
				s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: 1})
			}
			s.framer.WriteContinuation(1, false, nil)
		}},
		"large continuations": {5, func(s *side, i uint32) {
			if i == 0 {
				s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: 1})
			}
			s.framer.WriteContinuation(1, false, make([]byte, 3000))
		}},
		"large block": {1, func(s *side, i uint32) {
			s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: make([]byte, 10000)})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSide(t, nil)
			s.hello()
			for i := range uint32(c.most) {
				c.do(s, i)
				s.feed(0)
				if s.conn.Err() != nil {
					break
				}
			}
			if err, ok := s.conn.Err().(*Error); !ok || err.Code != EnhanceYourCalm {
				t.Fatalf("after %d rounds: %v", c.most, s.conn.Err())
			}
			if got := s.sent(); !strings.Contains(got, "ENHANCE_YOUR_CALM") {
				t.Errorf("the peer is not told")
			}
		})
	}
}

// What a peer sends after its share of requests waits, in order, whatever the pieces and wherever the share ends.
func TestBurst(t *testing.T) {
	t.Parallel()
	for _, piece := range []int{0, 1, 10, 50, 1000} {
		s := newSide(t, func(c *Config) { c.Burst = 3 })
		s.hello()
		s.reply = func(st *Stream) { s.conn.SendHead(st, &http1.Head{}, 0, true) }
		want := ""
		for i := range uint32(10) {
			id := 2*i + 1
			s.post(id)
			s.framer.WriteData(id, true, []byte("body"))
			want += fmt.Sprintf("%[1]d:head(POST / http://a host=a) %[1]d:data(4) %[1]d:end() %[1]d:close ", id)
		}
		got := s.feed(piece)
		if n := strings.Count(got, "head"); piece == 0 && n != 3 {
			t.Errorf("%d requests at a time", n)
		}
		for rounds := 0; s.conn.Backlog(); rounds++ {
			if rounds > 4 {
				t.Fatal("it does not come to its end")
			}
			s.conn.Resume(s.now)
			got += " " + s.feed(0)
		}
		if got, want := strings.Join(strings.Fields(got), " "), strings.TrimSpace(want); got != want {
			t.Errorf("in pieces of %d:\n%s\nwant\n%s", piece, got, want)
		}
		s.get(99)
		s.feed(3)
		s.conn.Close()
		if s.conn.Backlog() {
			t.Error("a closed connection has a backlog")
		}
	}
}

// A block may refer to one large field again and again: what it stands for is counted, not what it takes.
func TestHeaderBomb(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello()
	s.get(1, "x "+strings.Repeat("y", 1000))
	s.feed(0)
	s.sent()
	block := s.block(":method GET", ":scheme http", ":path /", ":authority a")
	one := s.block("x " + strings.Repeat("y", 1000))
	if len(one) != 1 {
		t.Fatal("the field is not in the table")
	}
	for range 5000 {
		block = append(block, one...)
	}
	s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: 3, EndStream: true, EndHeaders: true, BlockFragment: block})
	if got := s.feed(0); got != "3:close" {
		t.Errorf("events %.100s", got)
	}
	if got := s.sent(); got != "3:HEADERS(:status=431 content-length=0)$" {
		t.Error(got)
	}
	s.get(5)
	if got := s.feed(0); got != "5:head(GET / http://a host=a) 5:end()" {
		t.Errorf("the connection does not go on: %s", got)
	}
}

// Ordinary use must not run out of patience: many requests, some cancelled, pings in between.
func TestBusyPeerIsNotDisconnected(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello()
	s.reply = func(st *Stream) { s.conn.SendHead(st, &http1.Head{}, 0, true) }
	for i := range uint32(20000) {
		id := 2*i + 1
		s.now += 1
		if i%20 == 0 {
			s.post(id)
			s.framer.WriteRSTStream(id, xhttp2.ErrCodeCancel)
		} else {
			s.get(id)
		}
		s.framer.WritePriority(id, xhttp2.PriorityParam{})
		s.framer.WritePing(false, [8]byte{})
		s.feed(0)
		if err := s.conn.Err(); err != nil {
			t.Fatalf("after %d requests: %v", i, err)
		}
		s.sent()
	}
}
