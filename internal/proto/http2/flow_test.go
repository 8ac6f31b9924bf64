package http2

import (
	"strings"
	"testing"

	xhttp2 "golang.org/x/net/http2"

	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// The window of a stream opens again when its data is consumed, and not before; other streams are not held up.
func TestReceiveWindows(t *testing.T) {
	t.Parallel()
	s := newSide(t, func(c *Config) { c.StreamWindow, c.ConnWindow = 100000, 100000 })
	s.hello()
	s.framer.WriteSettingsAck()
	s.auto = false
	s.post(1)
	s.post(3)
	full := make([]byte, 10000)
	for range 10 {
		s.framer.WriteData(1, false, full)
	}
	s.feed(0)
	if got := s.sent(); strings.Contains(got, "1:WINDOW") || !strings.Contains(got, "0:WINDOW(50000)") {
		t.Errorf("nothing was consumed: %s", got)
	}
	s.framer.WriteData(3, false, full)
	if got := s.feed(0); got != "3:data(10000)" {
		t.Errorf("the other stream: %s", got)
	}
	s.conn.Consumed(s.open[0])
	if got := s.sent(); got != "1:WINDOW(100000)" {
		t.Errorf("consumed: %s", got)
	}
	s.framer.WriteData(1, false, full)
	s.framer.WriteData(3, true, make([]byte, 16000))
	s.feed(0)
	for range 9 {
		s.framer.WriteData(1, false, full)
	}
	s.framer.WriteData(1, false, []byte("x"))
	if got := s.feed(0); !strings.HasSuffix(got, "1:reset(FLOW_CONTROL_ERROR) 1:close") {
		t.Errorf("over the window: %s", got)
	}
}

// A connection does not hold more than some windows of unconsumed data.
func TestUnconsumedIsBounded(t *testing.T) {
	t.Parallel()
	s := newSide(t, func(c *Config) { c.StreamWindow, c.ConnWindow, c.MaxStreams = 65535, 65535, 1000 })
	s.hello()
	s.auto = false
	total := 0
	for id := uint32(1); id < 2000 && s.conn.Err() == nil; id += 2 {
		s.post(id)
		for range 3 {
			s.framer.WriteData(id, false, make([]byte, 16000))
			total += 16000
		}
		s.feed(0)
	}
	if s.conn.Err() == nil || total > 12*65535 {
		t.Errorf("%d bytes were taken: %v", total, s.conn.Err())
	}
	if got := s.sent(); !strings.Contains(got, "FLOW_CONTROL_ERROR") {
		t.Error(got)
	}
}

func TestSmallWindowBeforeAck(t *testing.T) {
	t.Parallel()
	s := newSide(t, func(c *Config) { c.StreamWindow = 100 })
	s.hello()
	s.auto = false
	s.post(1)
	s.framer.WriteData(1, false, make([]byte, 1000)) // the client does not know of our window yet
	if got := s.feed(0); !strings.HasSuffix(got, "1:data(1000)") {
		t.Error(got)
	}
	s.framer.WriteSettingsAck()
	s.post(3)
	s.framer.WriteData(3, false, make([]byte, 101))
	if got := s.feed(0); !strings.HasSuffix(got, "3:reset(FLOW_CONTROL_ERROR) 3:close") {
		t.Error(got)
	}
}

// Sending stops at the windows and goes on when they open, the streams taking turns.
func TestSendWindows(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello(xhttp2.Setting{ID: xhttp2.SettingInitialWindowSize, Val: 10})
	for _, id := range []uint32{1, 3} {
		s.get(id)
	}
	s.feed(0)
	buf := []byte("0123456789abcdefghij")
	for _, st := range s.open {
		s.conn.SendHead(st, &http1.Head{}, -1, false)
		s.conn.SendData(st, stream.NewTransient(buf))
		s.conn.SendEnd(st, http1.Headers{{Name: "t", Value: "v"}})
	}
	if got, want := s.sent(), "1:HEADERS(:status=200) 1:DATA(0123456789) 3:HEADERS(:status=200) 3:DATA(0123456789)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	copy(buf, "####################") // what waits must have been copied
	for _, c := range []struct {
		id, n uint32
		want  string
	}{
		{1, 3, "1:DATA(abc)"},
		{3, 100, "3:DATA(abcdefghij) 3:HEADERS(t=v)$"},
		{1, 100, "1:DATA(defghij) 1:HEADERS(t=v)$"},
	} {
		s.framer.WriteWindowUpdate(c.id, c.n)
		s.feed(0)
		if got := s.sent(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if s.conn.Streams() != 0 || s.conn.Blocked() {
		t.Error("the streams are still open")
	}
}

func TestConnectionWindow(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello(xhttp2.Setting{ID: xhttp2.SettingInitialWindowSize, Val: 1 << 20})
	s.get(1)
	s.get(3)
	s.feed(0)
	for _, st := range s.open {
		s.conn.SendHead(st, &http1.Head{}, -1, false)
		s.conn.SendData(st, stream.NewData(make([]byte, 60000)))
		s.conn.SendEnd(st, nil)
	}
	s.sent()
	if n := s.open[1].Queued(); n != 120000-defaultWindow {
		t.Errorf("%d bytes are queued", n)
	}
	s.conn.Choke(true)
	s.framer.WriteWindowUpdate(0, 1<<20)
	s.feed(0)
	if got := s.sent(); got != "" {
		t.Errorf("choked: %s", got)
	}
	s.conn.Choke(false)
	if got, want := s.sent(), "3:DATA(16384) 3:DATA(16384) 3:DATA(16384) 3:DATA(5313)$"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDrained(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello(xhttp2.Setting{ID: xhttp2.SettingInitialWindowSize, Val: 0})
	s.get(1)
	s.feed(0)
	st := s.open[0]
	s.conn.SendHead(st, &http1.Head{}, -1, false)
	s.conn.SendData(st, stream.NewData(make([]byte, 150)))
	for n, want := range []string{"", "1:drained", ""} {
		s.framer.WriteWindowUpdate(1, 40)
		if got := s.feed(0); got != want {
			t.Errorf("step %d: got %q, want %q", n, got, want)
		}
	}
}

// A window may become negative when the peer makes its initial one smaller (RFC 9113 §6.9.2).
func TestNegativeWindow(t *testing.T) {
	t.Parallel()
	s := newSide(t, nil)
	s.hello()
	s.get(1)
	s.feed(0)
	st := s.open[0]
	s.conn.SendHead(st, &http1.Head{}, -1, false)
	s.conn.SendData(st, stream.NewData(make([]byte, 50)))
	s.framer.WriteSettings(xhttp2.Setting{ID: xhttp2.SettingInitialWindowSize, Val: 10})
	s.feed(0)
	s.sent()
	s.conn.SendData(st, stream.NewString("x"))
	s.framer.WriteWindowUpdate(1, 40)
	s.feed(0)
	if got := s.sent(); got != "" {
		t.Errorf("sent beyond the window: %s", got)
	}
	s.framer.WriteWindowUpdate(1, 1)
	s.feed(0)
	if got := s.sent(); got != "1:DATA(x)" {
		t.Error(got)
	}
}
