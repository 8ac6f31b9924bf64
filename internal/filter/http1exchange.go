package filter

import (
	"errors"

	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// http1Exchange is a request on an HTTP/1 connection and its response. Exchanges are used again.
type http1Exchange struct {
	httpExchange
	server *httpServer
	next   *http1Exchange

	method  string
	number  int
	final   bool // the client ends the connection after it
	oldPeer bool // the client speaks HTTP/1.0

	received   bool // the request is complete
	broken     bool // the request will never be complete
	answering  bool // the response has begun
	interim    bool // what is being sent is not the response yet
	unsent     bool // the message being received is not sent
	answered   bool // the response is complete
	tunnelOpen bool

	held   pipeline.Queue // response events that came before its turn
	parked int            // bytes in held
	whole  int64          // length of the response's body if it is worth promising, 0 if unknown
}

var _ httpResponder = (*http1Exchange)(nil)

func (s *httpServer) newExchange() *http1Exchange {
	x := s.spare
	if x == nil || !s.service.reusable(&x.httpExchange) {
		x = new(http1Exchange)
	} else {
		s.spare = x.next
		s.spares--
	}
	*x = http1Exchange{server: s, httpExchange: httpExchange{to: x}}
	return x
}

// retire lets a finished exchange go.
func (s *httpServer) retire(x *http1Exchange) {
	x.mute = true
	s.service.release(&x.httpExchange)
	x.head = nil
	if s.spares < maxSpare {
		x.next = s.spare
		s.spare = x
		s.spares++
	}
}

// Process implements pipeline.Input: an event of the response.
func (x *http1Exchange) Process(e stream.Event) {
	s := x.server
	if x.mute || s.closed {
		return
	}
	if x.tunnelOpen && s.tunnel == x {
		switch e := e.(type) {
		case *stream.Data:
			s.Output(e)
		case *stream.StreamEnd:
			s.close(e)
		}
		return
	}
	if s.first != x || x.held.Len() > 0 {
		x.park(e)
		return
	}
	x.respond(e)
	if x.answered {
		s.advance()
	}
}

// park keeps an event until it is x's turn. Whoever sends much is stopped.
func (x *http1Exchange) park(e stream.Event) {
	s := x.server
	if d, ok := e.(*stream.Data); ok {
		x.parked += d.Size()
		s.parked += d.Size()
		if s.parked >= maxParked {
			s.waiting.Engage(s.World().Loop.CurrentTap())
		}
	}
	x.held.Push(e)
}

// drain sends what was parked, now that it is x's turn.
func (x *http1Exchange) drain() {
	for !x.mute && !x.server.closed {
		e := x.held.Pop()
		if e == nil {
			return
		}
		x.respond(e)
	}
}

// respond handles an event of the response in its turn.
func (x *http1Exchange) respond(e stream.Event) {
	s := x.server
	switch e := e.(type) {
	case *stream.MessageStart:
		if !x.answering && !x.answered {
			x.begin(e.Head, e)
			s.emit()
			s.settleLater()
		}
	case *stream.Data:
		switch {
		case x.answering && !x.unsent:
			x.send(e)
			s.emit()
			s.settleLater()
		case x.answered && x.tunnelOpen: // the request's end is still to come
			s.Output(e)
		}
	case *stream.MessageEnd:
		if x.answering {
			x.finish(e.Tail, e)
		}
	case *stream.StreamEnd:
		x.ended(e)
	}
}

// begin starts a response message. e is the event to pass on, or nil.
func (x *http1Exchange) begin(head any, e *stream.MessageStart) {
	s := x.server
	length := int64(-1)
	if x.whole > 0 {
		length = x.whole
	}
	x.answering = true
	h, err := s.sender.wire.Head(s.Realm(), head, true)
	if err != nil {
		x.fail(err)
		return
	}
	m := http1.Message{Length: length, Method: x.method, OldPeer: x.oldPeer}
	if h.Status >= 100 && h.Status < 200 && h.Status != 101 {
		x.interim = true
		if x.oldPeer { // knows no interim responses
			x.unsent = true
			return
		}
	} else {
		x.tunnelOpen = x.tunnelKind.Accepted(statusOf(h))
		m.Tunnel = x.tunnelOpen
		m.Final = !x.tunnelOpen && x.isFinal()
	}
	if err := s.sender.start(s.output(), head, h, m); err != nil {
		x.fail(err)
		return
	}
	if !s.bytesOnly {
		if e == nil {
			e = &stream.MessageStart{Head: head}
		}
		s.Output(e)
	}
}

// statusOf returns the status a head is sent with as a response.
func statusOf(h *http1.Head) int {
	if h.Status == 0 {
		return 200
	}
	return h.Status
}

// output returns where to put bytes for the client; emit passes them on.
func (s *httpServer) output() *stream.Data {
	if s.out == nil {
		s.out = new(stream.Data)
	}
	return s.out
}

func (s *httpServer) emit() {
	out := s.out
	if out == nil || out.Empty() || s.closed {
		return
	}
	if s.copier != nil {
		for segs := out.Segments(); len(segs) > 0 && s.copier.CopyBytes(segs[0]); segs = out.Segments() {
			out.Skip(len(segs[0]))
		}
		if out.Empty() {
			return
		}
	}
	s.out = nil
	s.Output(out)
}

// encodeBuffer is memory for one response, shared by all connections of a world: a response that is encoded whole and
// copied by the socket leaves it free again at once.
type encodeBuffer [1024]byte

type encodeBufferKey struct{}

// endMessage encodes the end of a message and passes on what there is.
func (s *httpServer) endMessage(tail any) error {
	out := s.output()
	shared := s.copier != nil && out.Empty()
	if shared {
		if s.buffer == nil {
			s.buffer = pipeline.Extra(s.World(), encodeBufferKey{}, func() *encodeBuffer { return new(encodeBuffer) })
		}
		s.sender.Scratch = s.buffer[:0]
	}
	err := s.sender.end(s.Realm(), out, tail)
	s.sender.Scratch = nil
	if err != nil {
		return err
	}
	if segs := out.Segments(); shared && len(segs) > 0 && &segs[0][0] == &s.buffer[0] {
		if s.closed || s.copier.CopyBytes(segs[0]) {
			out.Skip(len(segs[0]))
		} else {
			s.out = stream.NewData(out.AppendTo(nil)) // the buffer is not this connection's to keep
		}
	}
	s.emit()
	return nil
}

// reply answers with a whole message.
func (x *http1Exchange) reply(m *stream.Message) {
	s := x.server
	if m.Body != nil && m.Body.Size() > largeReply {
		x.whole = int64(m.Body.Size())
	}
	if s.first != x || x.held.Len() > 0 {
		m.Kept = true
		m.Events(x.park)
		return
	}
	if x.begin(m.Head, nil); s.closed {
		return
	}
	if m.Body != nil && !m.Body.Empty() && !x.unsent {
		if x.send(m.Body); s.closed {
			return
		}
	}
	if x.finish(m.Tail, nil); x.answered {
		m.Spent = true
		s.advance()
	} else if !s.closed {
		s.close(s.Failure(errInterimReply.Error()))
	}
}

var errInterimReply = errors.New("handler returned an interim response")

// largeReply is the size from which on a body is not copied next to its head.
const largeReply = 1024

// isFinal reports whether the connection ends with x.
func (x *http1Exchange) isFinal() bool {
	s := x.server
	return x.final || x.broken || s.closing ||
		s.opts.maxMessages > 0 && x.number >= s.opts.maxMessages ||
		s.World().Stopping && x.next == nil && s.in.Empty()
}

// send sends some of the body.
func (x *http1Exchange) send(d *stream.Data) {
	s := x.server
	if err := s.sender.data(s.output(), d); err != nil {
		x.fail(err)
	}
}

// finish ends the response message. e is the event to pass on, or nil.
func (x *http1Exchange) finish(tail any, e *stream.MessageEnd) {
	s := x.server
	x.answering = false
	if x.unsent {
		x.unsent, x.interim = false, false
		return
	}
	if _, short := tail.(*httphead.Truncated); short {
		if s.sender.begun() {
			s.close(&stream.StreamEnd{Code: stream.ConnectionReset})
			return
		}
		s.sender.drop()
		if x.begin(httphead.New(http1.FailureHead(stream.ConnectionReset), false), nil); s.closed {
			return
		}
		x.answering = false
	}
	if err := s.endMessage(tail); err != nil {
		x.fail(err)
		return
	}
	if !s.bytesOnly && !s.closed {
		if e == nil {
			e = &stream.MessageEnd{Tail: tail}
		}
		s.Output(e)
	}
	if x.interim {
		x.interim = false
		return
	}
	x.answered = true
	if s.sender.Final() {
		s.closing = true
	}
}

// ended handles a StreamEnd in place of the response or in the middle of it.
func (x *http1Exchange) ended(e *stream.StreamEnd) {
	s := x.server
	switch {
	case x.answered:
		if x.tunnelOpen {
			s.close(e)
		}
	case !x.answering && e.Refusal == 0 && (e.Code == stream.NoError || e.Code == stream.RuntimeError):
		s.close(e) // as scripts expect that end the stream, or throw
	case !x.answering:
		x.failure(e)
	case e.Code != stream.NoError:
		s.close(e) // what was sent must not look whole
	default:
		x.finish(nil, nil)
	}
}

// failure answers in place of one who cannot. The connection ends once the request is there; others behind it are dropped.
func (x *http1Exchange) failure(e *stream.StreamEnd) {
	s := x.server
	x.final = true
	if x.begin(httphead.New(http1.FailureHeadOf(e), false), nil); s.closed {
		return
	}
	if x.finish(nil, nil); x.received {
		s.close(nil)
	}
}

// fail gives up on a response that cannot be sent.
func (x *http1Exchange) fail(err error) {
	s := x.server
	x.answering = false
	if s.closed {
		return
	}
	s.close(s.Failure(err.Error()))
}

// refuse implements httpResponder.
func (x *http1Exchange) refuse(e *http1.Error) { x.server.refuse(e) }

// settleLater has what is held back sent at the end of the turn.
func (s *httpServer) settleLater() {
	if !s.flushing && !s.closed && s.sender.holds() {
		s.flushing = true
		s.World().FlushLater(s)
	}
}

// Flush implements pipeline.Flusher.
func (s *httpServer) Flush() {
	s.flushing = false
	if s.closed || !s.sender.holds() {
		return
	}
	if err := s.sender.settle(s.output()); err != nil {
		s.close(s.Failure(err.Error()))
		return
	}
	s.emit()
}
