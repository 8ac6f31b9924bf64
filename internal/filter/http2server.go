package filter

import (
	"weir/internal/pipeline"
	"weir/internal/proto/http2"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// http2Server is the server side of an HTTP/2 connection. It takes over from httpServer, for the same filters.
type http2Server struct {
	http2Conn
	server *httpServer
	spare  *http2Exchange // closed ones
	spares int

	requests int
	late     *stream.StreamEnd // of the input, while there is a backlog
	ending   *stream.StreamEnd // of the input: the output ends with it after the last response
	leaving  bool              // no new streams are served, and the connection ends with the last one
	grace    *reactor.Timer    // until the client has heard of that
}

var _ http2.Handler = (*http2Server)(nil)

// process takes an event of the connection.
func (h *http2Server) process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if h.receive(e); h.Err() != nil {
			h.close(nil)
		}
	case *stream.StreamEnd:
		if h.Backlog() && e.Code == stream.NoError {
			h.late = e
			return
		}
		h.inputEnded(e)
	}
}

// goneOn is called when some of the backlog has been handled.
func (h *http2Server) goneOn() {
	switch {
	case h.Err() != nil:
		h.close(nil)
	case h.late != nil && !h.Backlog():
		h.inputEnded(h.late)
	}
}

// settleDown closes the connection once there is nothing left to do on it.
func (h *http2Server) settleDown() {
	switch {
	case h.finished || h.Streams() > 0:
	case h.ending != nil:
		h.close(h.ending)
	case h.leaving && h.grace == nil:
		h.close(nil)
	}
}

// inputEnded handles the end of the connection's input. Requests that are complete are still answered.
func (h *http2Server) inputEnded(e *stream.StreamEnd) {
	if h.finished {
		return
	}
	if e.Code != stream.NoError {
		h.close(e)
		return
	}
	h.ending = e
	h.Each(func(s *http2.Stream) {
		if !s.Ended() {
			x := s.Owner.(*http2Exchange)
			x.cutOff()
			x.reset(http2.Cancel)
		}
	})
	h.settleDown()
}

// close ends the output, and everything under way; e may be nil for an orderly end.
func (h *http2Server) close(e *stream.StreamEnd) {
	if h.finished {
		return
	}
	if e == nil {
		e = new(stream.StreamEnd)
	}
	h.finish(func() {
		h.server.closed = true
		h.server.Output(e)
	})
	h.letGo()
}

// letGo ends all exchanges.
func (h *http2Server) letGo() {
	h.server.stopBodyTimer()
	if h.grace != nil {
		h.grace.Stop()
		h.grace = nil
	}
	h.Each(func(s *http2.Stream) {
		x := s.Owner.(*http2Exchange)
		x.cutOff()
		x.close()
	})
}

// shutdown lets the streams there are finish. A client that is opening one at this very moment is still served.
func (h *http2Server) shutdown() {
	if h.finished || h.leaving {
		return
	}
	h.leaving = true
	h.flushLater()
	h.GoAway(true)
	h.grace = h.world.Loop.AfterFunc(shutdownGrace, func() {
		h.grace = nil
		h.flushLater()
		h.GoAway(false)
		h.settleDown()
	})
	h.grace.Unref()
}

// reset is called when the filter's pipeline has ended.
func (h *http2Server) reset() {
	if !h.finished || h.out != nil {
		h.drop()
		h.letGo()
	}
}

// NewStream implements http2.Handler.
func (h *http2Server) NewStream() *http2.Stream {
	x := h.spare
	if x == nil || !h.server.service.reusable(&x.httpExchange) {
		x = new(http2Exchange)
	} else {
		h.spare = x.next
		h.spares--
	}
	x.init(h.server, x, &x.httpFlow)
	x.h2, x.next = h, nil
	x.ready(&h.http2Conn, x)
	return &x.Stream
}

// OnHead implements http2.Handler: a request.
func (h *http2Server) OnHead(s *http2.Stream, e *stream.MessageStart) {
	x := s.Owner.(*http2Exchange)
	if h.requests++; h.requests == h.server.opts.maxMessages {
		h.leaving = true
		h.GoAway(false)
	}
	x.requested(e)
}

// OnData implements http2.Handler.
func (h *http2Server) OnData(s *http2.Stream, d *stream.Data) { s.Owner.(*http2Exchange).received(d) }

// OnEnd implements http2.Handler.
func (h *http2Server) OnEnd(s *http2.Stream, e *stream.MessageEnd) {
	s.Owner.(*http2Exchange).inputEnded(e)
}

// OnReset implements http2.Handler: the client wants no response any more.
func (h *http2Server) OnReset(s *http2.Stream, code http2.ErrCode) {
	s.Owner.(*http2Exchange).cutOff()
}

// OnDrained implements http2.Handler.
func (h *http2Server) OnDrained(s *http2.Stream) { s.Owner.(*http2Exchange).brake.Release() }

// OnClose implements http2.Handler.
func (h *http2Server) OnClose(s *http2.Stream) {
	s.Owner.(*http2Exchange).close()
	h.settleDown()
}

// OnPing implements http2.Handler. A server sends no PING.
func (h *http2Server) OnPing([8]byte) {}

// OnGoAway implements http2.Handler: a client that leaves opens no more streams; those there are go on.
func (h *http2Server) OnGoAway(uint32, http2.ErrCode) {}

// OnSettings implements http2.Handler.
func (h *http2Server) OnSettings() {}

var _ pipeline.Flusher = (*http2Server)(nil)
