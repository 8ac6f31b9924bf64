package filter

import (
	"errors"

	qh3 "github.com/quic-go/quic-go/http3"

	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// How the server side of a connection comes to its end.

// inputEnded handles the end of the connection's input.
func (s *httpServer) inputEnded(e *stream.StreamEnd) {
	if s.deaf && s.end == nil && e.Code == stream.NoError && s.first != nil {
		s.end = e
		return
	}
	if e.Code == stream.NoError && s.waits() {
		s.late = e
		return
	}
	x := s.receiving
	s.receiving, s.deaf, s.end = nil, true, e
	s.stopTimer()
	if x != nil {
		x.broken, x.received = true, true
		s.service.end(&x.httpExchange, e)
	}
	if e.Code != stream.NoError {
		s.close(e) // nobody is there to read responses
		return
	}
	s.advance()
}

// refuse handles malformed input. What was asked before is still answered.
func (s *httpServer) refuse(err error) {
	var malformed *http1.Error
	if !errors.As(err, &malformed) {
		malformed = &http1.Error{Status: 400, Reason: err.Error()}
	}
	s.deaf = true
	x := s.receiving
	if x == nil {
		s.refused = malformed
		return
	}
	s.receiving = nil
	begun := s.first == x && s.sender.begun()
	if !begun {
		if s.first == x && s.sender.inMessage() {
			s.sender.drop()
		}
		x.mute, x.answered = true, true
		x.held.Clear()
		s.refused = malformed
	}
	x.received, x.broken = true, true
	s.service.end(&x.httpExchange, &stream.StreamEnd{Code: stream.ProtocolError})
	if begun && !s.closed {
		s.close(&stream.StreamEnd{Code: stream.ProtocolError})
	}
}

// idle is called when every request has its response.
func (s *httpServer) idle() {
	switch {
	case s.refused != nil:
		s.Output(stream.NewData(http1.AppendErrorResponse(nil, s.refused)))
		s.close(nil)
	case s.end != nil:
		s.close(s.end)
	case s.deaf || s.closing:
		s.close(nil)
	}
}

// close ends the output; e may be nil for an orderly end.
func (s *httpServer) close(e *stream.StreamEnd) {
	if s.closed {
		return
	}
	s.closed = true
	s.dropAll()
	if e == nil {
		e = new(stream.StreamEnd)
	}
	s.Output(e)
}

// dropAll lets everything go.
func (s *httpServer) dropAll() {
	s.stopTimer()
	s.stopBodyTimer()
	s.late, s.source = nil, nil
	for x := s.first; x != nil; {
		next := x.next
		x.mute = true
		s.service.release(&x.httpExchange)
		x = next
	}
	if s.tunnel != nil {
		s.tunnel.mute = true
		s.service.release(&s.tunnel.httpExchange)
	}
	s.first, s.last, s.receiving, s.tunnel = nil, nil, nil, nil
	s.in.Clear()
	s.sender.drop()
	s.brake.Release()
	s.waiting.Release()
}

// Reset implements pipeline.Filter.
func (s *httpServer) Reset() {
	if s.h2 != nil {
		s.h2.reset()
	}
	if s.h3 != nil {
		s.h3.drop(qh3.ErrCodeNoError)
	}
	s.closed = true
	s.dropAll()
}
