package filter

import (
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// httpServer is the server side of an HTTP/1 connection, shared by demuxHTTP and serveHTTP: it decodes requests, has each
// answered, and sends the responses in the order of the requests.
type httpServer struct {
	pipeline.Base
	opts    *httpOptions
	service httpService

	decoder http1.Decoder
	sender  httpSender
	in      stream.Data  // received and not decoded
	out     *stream.Data // encoded and not passed on

	first, last *http1Exchange // requests without a complete response, in order; the first is being answered
	receiving   *http1Exchange // the one whose request is being received
	tunnel      *http1Exchange // the connection belongs to it
	spare       *http1Exchange
	spares      int
	pending     int
	requests    int // received on this connection
	parked      int // bytes of responses that wait for their turn

	brake   reactor.Brake // of the client, while there is enough to do
	waiting reactor.Brake // of those whose responses are parked
	timer   *reactor.Timer
	refused *http1.Error      // the input was malformed: to be answered last
	end     *stream.StreamEnd // of the input, to be passed on after the last response
	late    *stream.StreamEnd // of the input, while requests wait that came before it
	heard   int64             // when the last bytes came, in milliseconds
	stalled *reactor.Timer    // looks for a client that stops in the middle of a body
	source  *reactor.Tap      // of the input

	h2        *http2Server        // what has taken over, if the client speaks HTTP/2
	h3        *http3Server        // what serves in its place, if the connection is one of QUIC
	copier    pipeline.ByteCopier // the output, if it takes copies of small pieces
	buffer    *encodeBuffer
	bytesOnly bool // nobody wants the message events
	decoding  bool
	advancing bool
	flushing  bool // registered for the end of the turn
	resting   bool // no more requests are read in this turn
	deaf      bool // no more requests are read
	changing  bool // the next input is HTTP/2, once everything is answered
	closing   bool // a response announced the end of the connection
	closed    bool
}

const (
	maxPipelined = 16      // requests that may wait for their responses
	maxBurst     = 8       // requests of one connection that are begun in one turn: others want their turn, too
	maxSpare     = 32      // exchanges kept for more requests
	maxParked    = 1 << 20 // bytes of responses that may wait for their turn
)

func (s *httpServer) init(opts *httpOptions, service httpService) {
	s.opts, s.service = opts, service
	opts.decoder(&s.decoder)
	s.decoder.Preface = true
	s.sender.init(true, opts)
}

// look finds out what the output can do.
func (s *httpServer) look() {
	_, s.bytesOnly = s.Out().(pipeline.ByteSink)
	s.copier, _ = s.Out().(pipeline.ByteCopier)
}

// Process implements pipeline.Filter.
func (s *httpServer) Process(e stream.Event) {
	if s.h2 != nil {
		s.h2.process(e)
		return
	}
	if s.h3 != nil {
		s.h3.process(e)
		return
	}
	if s.closed {
		return
	}
	if s.tunnel != nil {
		if k := e.Kind(); k == stream.KindData || k == stream.KindStreamEnd {
			s.tunnel.sub.Process(e)
		}
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		if !s.deaf {
			s.source = s.World().Loop.CurrentTap()
			s.in.Push(e)
			s.decode()
		}
	case *stream.StreamEnd:
		s.inputEnded(e)
	}
}

// decode takes requests off the input as long as there is room for more.
func (s *httpServer) decode() {
	if s.decoding {
		return
	}
	s.decoding = true
	taken := 0
	for !s.closed && !s.deaf && s.tunnel == nil && s.h2 == nil && !s.full() {
		e, err := s.decoder.Next(&s.in)
		if err == http1.ErrPreface {
			s.changing = true
			break
		}
		if err != nil {
			s.refuse(err)
			break
		}
		if e == nil {
			break
		}
		x := s.receiving
		switch e := e.(type) {
		case *stream.MessageStart:
			if taken++; taken == maxBurst && !s.resting {
				s.rest()
			}
			s.requestBegan(e)
		case *stream.Data:
			x.head.Body.Emit(e)
			s.service.body(&x.httpExchange, e)
		case *stream.MessageEnd:
			s.receiving, x.received = nil, true
			if x.final {
				s.deaf = true
			}
			e.Tail = httphead.TailOf(e.Tail)
			s.service.complete(&x.httpExchange, e)
		}
	}
	s.decoding = false
	if s.h2 == nil {
		s.advance()
	}
	if s.h2 != nil {
		return
	}
	switch {
	case s.tunnel != nil:
	case s.closed || s.deaf:
		if s.last == nil || s.last.tunnelKind == http1.NoTunnel {
			s.in.Clear()
		}
		s.brake.Release()
	case !s.in.Empty() && s.full():
		s.in.Own()
		s.brake.Engage(s.World().Loop.CurrentTap())
	case s.brake.Engaged():
		s.brake.Release()
	}
	s.watchHead()
	s.watchBody()
	if e := s.late; e != nil && !s.waits() {
		s.late = nil
		s.inputEnded(e)
	}
}

// full reports whether the next request has to wait.
func (s *httpServer) full() bool {
	if s.receiving != nil {
		return false
	}
	if s.changing {
		return true
	}
	if s.last != nil && s.last.tunnelKind != http1.NoTunnel {
		return true // its response decides what the next bytes are
	}
	return s.resting || s.pending >= maxPipelined || s.parked >= maxParked
}

// waits reports whether requests wait that were received.
func (s *httpServer) waits() bool {
	return !s.in.Empty() && !s.closed && !s.deaf && !s.changing && s.full() && (s.last == nil || s.last.tunnelKind == http1.NoTunnel)
}

// rest lets others have their turn before more requests are read.
func (s *httpServer) rest() {
	s.resting = true
	s.World().Loop.Later(func() {
		s.resting = false
		if s.h2 == nil && !s.closed {
			s.advance()
		}
	})
}

func (s *httpServer) requestBegan(e *stream.MessageStart) {
	h := e.Head.(*http1.Head)
	if s.upgrade(h, e) {
		return
	}
	x := s.newExchange()
	x.head = s.service.head(&x.httpExchange, h)
	x.method, x.oldPeer = h.Method, h.Protocol == "HTTP/1.0"
	x.tunnelKind = h.Tunnel()
	x.final = h.Final()
	s.requests++
	x.number = s.requests
	s.receiving = x
	s.pending++
	if s.last == nil {
		s.first = x
	} else {
		s.last.next = x
	}
	s.last = x
	e.Head = x.head
	s.service.request(&x.httpExchange, e)
}

// advance moves on past exchanges that are done, and closes the connection when there is nothing left to do.
func (s *httpServer) advance() {
	if s.advancing {
		return
	}
	s.advancing = true
	for !s.closed && s.tunnel == nil {
		x := s.first
		if x == nil {
			break
		}
		if !x.received || !x.answered {
			if x.broken && !s.responding(x) {
				// Its request was cut off, and what answers it has nothing to say.
				s.close(s.end)
			}
			break
		}
		s.pending--
		if s.first = x.next; s.first == nil {
			s.last = nil
		}
		if x.tunnelOpen {
			s.tunnel = x
			break
		}
		s.retire(x)
		if n := s.first; n != nil {
			s.parked -= n.parked
			n.parked = 0
			if s.parked < maxParked && s.waiting.Engaged() {
				s.waiting.Release()
			}
			n.drain()
		}
	}
	s.advancing = false
	if s.closed || s.decoding {
		return
	}
	if s.tunnel != nil {
		s.feedTunnel()
		return
	}
	switch {
	case s.changing:
		if s.first == nil {
			s.change()
		}
	case !s.in.Empty() && !s.deaf && !s.full():
		s.decode()
	case s.first == nil:
		s.idle()
	}
}

// responding reports whether some of x's response is there.
func (s *httpServer) responding(x *http1Exchange) bool {
	return x.answering || x.held.Len() > 0
}

// feedTunnel hands over what came in before the tunnel opened.
func (s *httpServer) feedTunnel() {
	x := s.tunnel
	s.decoder.Unread(&s.in)
	s.brake.Release()
	s.stopTimer()
	if !s.in.Empty() {
		d := s.in.Shift(s.in.Size())
		x.sub.Process(d)
	}
	if e := s.end; e != nil && s.tunnel != nil {
		s.end = nil
		x.sub.Process(e)
	}
}
