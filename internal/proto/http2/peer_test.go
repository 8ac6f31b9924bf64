package http2

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	xhttp2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// side is a Conn under test. Its peer is played with the Framer of golang.org/x/net, which knows nothing of this package.
type side struct {
	t      testing.TB
	conn   Conn
	events []string
	bodies map[uint32]int // bytes of bodies by stream
	open   []*Stream

	auto  bool // consume bodies at once
	reply func(s *Stream)
	now   int64

	in     bytes.Buffer // frames for the Conn
	framer *xhttp2.Framer
	henc   *hpack.Encoder
	hbuf   bytes.Buffer
	hdec   *hpack.Decoder
}

func newSide(t testing.TB, change func(*Config)) *side {
	cfg := Config{Server: true, ConnWindow: 1 << 20, StreamWindow: 1 << 20, MaxStreams: 10, MaxHeadSize: 4000, MaxFieldSize: 2000,
		MaxHeaders: 50, LowWater: 100, ConnectProtocol: true, Buffers: new(Buffers)}
	if change != nil {
		change(&cfg)
	}
	s := &side{t: t, auto: true, bodies: map[uint32]int{}}
	s.framer = xhttp2.NewFramer(&s.in, nil)
	s.framer.AllowIllegalWrites = true
	s.henc = hpack.NewEncoder(&s.hbuf)
	s.hdec = hpack.NewDecoder(4096, nil)
	s.conn.Init(cfg, s, 0)
	return s
}

func (s *side) note(format string, args ...any) {
	s.events = append(s.events, fmt.Sprintf(format, args...))
}

func (s *side) NewStream() *Stream { return new(Stream) }

func (s *side) OnHead(st *Stream, e *stream.MessageStart) {
	h := e.Head.(*http1.Head)
	text := fmt.Sprintf("%s %s", h.Method, h.Path)
	if h.IsResponse {
		text = fmt.Sprint(h.Status)
	}
	if h.Scheme != "" {
		text += " " + h.Scheme + "://" + h.Authority
	}
	for _, f := range h.Headers {
		text += " " + f.Name + "=" + f.Value
	}
	s.note("%d:head(%s)", st.ID(), text)
	s.open = append(s.open, st)
}

func (s *side) OnData(st *Stream, d *stream.Data) {
	s.bodies[st.ID()] += d.Size()
	if n := len(s.events); n > 0 && strings.HasPrefix(s.events[n-1], fmt.Sprintf("%d:data", st.ID())) {
		s.events = s.events[:n-1]
	}
	s.note("%d:data(%d)", st.ID(), s.bodies[st.ID()])
	if s.auto {
		s.conn.Consumed(st)
	}
}

func (s *side) OnEnd(st *Stream, e *stream.MessageEnd) {
	text := ""
	if t, ok := e.Tail.(*http1.Tail); ok {
		for _, f := range t.Headers {
			text += f.Name + "=" + f.Value
		}
	}
	s.note("%d:end(%s)", st.ID(), text)
	if s.reply != nil {
		s.reply(st)
	}
}

func (s *side) OnReset(st *Stream, code ErrCode) { s.note("%d:reset(%v)", st.ID(), code) }
func (s *side) OnDrained(st *Stream)             { s.note("%d:drained", st.ID()) }
func (s *side) OnClose(st *Stream)               { s.note("%d:close", st.ID()) }
func (s *side) OnPing(data [8]byte)              { s.note("pong(%s)", data[:]) }
func (s *side) OnGoAway(last uint32, c ErrCode)  { s.note("goaway(%d %v)", last, c) }
func (s *side) OnSettings()                      {}

// feed gives the Conn what was written to the framer, in pieces of a size, and returns the events.
func (s *side) feed(piece int) string {
	b := s.in.Bytes()
	for len(b) > 0 {
		n := len(b)
		if piece > 0 {
			n = min(n, piece)
		}
		// Borrowed, and spoilt afterwards, as the reactor does.
		buf := bytes.Clone(b[:n])
		_ = s.conn.Receive(stream.NewTransient(buf), s.now)
		for i := range buf {
			buf[i] = 0xDB
		}
		b = b[n:]
	}
	s.in.Reset()
	text := strings.Join(s.events, " ")
	s.events = nil
	return text
}

// hello plays the beginning of a connection and forgets what it led to.
func (s *side) hello(settings ...xhttp2.Setting) {
	if s.conn.cfg.Server {
		s.in.WriteString(Preface)
	}
	s.framer.WriteSettings(settings...)
	s.feed(0)
	s.sent()
}

// block encodes header fields given as "name value".
func (s *side) block(fields ...string) []byte {
	s.hbuf.Reset()
	for _, f := range fields {
		name, value, _ := strings.Cut(f, " ")
		s.henc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return bytes.Clone(s.hbuf.Bytes())
}

func (s *side) headers(id uint32, end bool, fields ...string) {
	s.framer.WriteHeaders(xhttp2.HeadersFrameParam{StreamID: id, EndStream: end, EndHeaders: true, BlockFragment: s.block(fields...)})
}

func (s *side) get(id uint32, more ...string) {
	s.headers(id, true, append([]string{":method GET", ":scheme http", ":path /", ":authority a"}, more...)...)
}

func (s *side) post(id uint32, more ...string) {
	s.headers(id, false, append([]string{":method POST", ":scheme http", ":path /", ":authority a"}, more...)...)
}

// sent takes the output and returns its frames as text.
func (s *side) sent() string {
	d := s.conn.Take()
	b := d.AppendTo(nil)
	if !s.conn.cfg.Server {
		b = bytes.TrimPrefix(b, []byte(Preface))
	}
	f := xhttp2.NewFramer(io.Discard, bytes.NewReader(b))
	f.SetMaxReadFrameSize(1 << 24)
	var list []string
	for {
		fr, err := f.ReadFrame()
		if err == io.EOF {
			return strings.Join(list, " ")
		}
		if err != nil {
			s.t.Fatalf("the output is not valid: %v", err)
		}
		list = append(list, s.text(fr))
	}
}

func (s *side) text(fr xhttp2.Frame) string {
	h := fr.Header()
	end := ""
	if (h.Type == xhttp2.FrameData || h.Type == xhttp2.FrameHeaders) && h.Flags&flagEndStream != 0 {
		end = "$"
	}
	switch fr := fr.(type) {
	case *xhttp2.DataFrame:
		if n := len(fr.Data()); n > 20 {
			return fmt.Sprintf("%d:DATA(%d)%s", h.StreamID, n, end)
		}
		return fmt.Sprintf("%d:DATA(%s)%s", h.StreamID, fr.Data(), end)
	case *xhttp2.HeadersFrame:
		if !fr.HeadersEnded() {
			return fmt.Sprintf("%d:HEADERS…%s", h.StreamID, end)
		}
		fields, err := s.hdec.DecodeFull(fr.HeaderBlockFragment())
		if err != nil {
			s.t.Fatalf("the header block is not valid: %v", err)
		}
		text := ""
		for _, f := range fields {
			text += " " + f.Name + "=" + f.Value
		}
		return fmt.Sprintf("%d:HEADERS(%s)%s", h.StreamID, strings.TrimPrefix(text, " "), end)
	case *xhttp2.RSTStreamFrame:
		return fmt.Sprintf("%d:RST(%v)", h.StreamID, ErrCode(fr.ErrCode))
	case *xhttp2.WindowUpdateFrame:
		return fmt.Sprintf("%d:WINDOW(%d)", h.StreamID, fr.Increment)
	case *xhttp2.GoAwayFrame:
		return fmt.Sprintf("GOAWAY(%d %v)", fr.LastStreamID, ErrCode(fr.ErrCode))
	case *xhttp2.PingFrame:
		return fmt.Sprintf("PING(%s ack=%v)", fr.Data[:], fr.IsAck())
	case *xhttp2.SettingsFrame:
		if fr.IsAck() {
			return "ACK"
		}
		text := ""
		fr.ForeachSetting(func(x xhttp2.Setting) error { text += fmt.Sprintf(" %d=%d", x.ID, x.Val); return nil })
		return "SETTINGS(" + strings.TrimPrefix(text, " ") + ")"
	}
	return fmt.Sprintf("%d:%v", h.StreamID, h.Type)
}
