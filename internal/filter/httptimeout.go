package filter

import (
	"time"

	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
)

// Shutdown implements pipeline.Shutdowner: a connection on which nothing happens is closed a little later, so that a
// client that is sending at this very moment still gets a response.
func (s *httpServer) Shutdown() {
	if s.h2 != nil {
		s.h2.shutdown()
		return
	}
	if s.h3 != nil {
		s.h3.shutdown()
		return
	}
	if s.closed || s.tunnel != nil || s.first != nil {
		return
	}
	s.startTimer(shutdownGrace)
}

const shutdownGrace = time.Second

// watchHead limits the time a request may take until its head is complete.
func (s *httpServer) watchHead() {
	stuck := !s.closed && !s.deaf && s.tunnel == nil && s.receiving == nil && !s.decoder.Idle()
	if stuck == (s.timer != nil) || s.opts.headTimeout <= 0 {
		return
	}
	if stuck {
		s.startTimer(s.opts.headTimeout)
	} else if !s.World().Stopping || s.closed {
		s.stopTimer()
	}
}

// watchBody limits how long a client may pause in the middle of a body that nobody has answered yet. A client that is not
// read from does not pause.
func (s *httpServer) watchBody() {
	if s.receiving == nil || s.opts.bodyTimeout <= 0 || s.closed || s.deaf {
		return
	}
	s.heard = s.World().Loop.Monotonic()
	if s.stalled == nil {
		s.startBodyTimer(s.opts.bodyTimeout)
	}
}

func (s *httpServer) startBodyTimer(d time.Duration) {
	s.stalled = s.World().Loop.AfterFunc(d, s.bodyStalled)
	s.stalled.Unref()
}

func (s *httpServer) stopBodyTimer() {
	if s.stalled != nil {
		s.stalled.Stop()
		s.stalled = nil
	}
}

func (s *httpServer) bodyStalled() {
	s.stalled = nil
	if s.h2 != nil || s.h3 != nil {
		s.lookAtStreams()
		return
	}
	x := s.receiving
	if x == nil || s.closed || s.deaf {
		return
	}
	limit := s.opts.bodyTimeout
	left := limit - time.Duration(s.World().Loop.Monotonic()-s.heard)*time.Millisecond
	switch {
	case x.answering || x.answered || s.unread():
		s.startBodyTimer(limit)
	case left > 0:
		s.startBodyTimer(left)
	default:
		s.refuse(errSlowBody)
		s.advance()
	}
}

var errSlowBody = &http1.Error{Status: 408, Reason: "the body of the request took too long"}

// watchStreams sees to it that the streams of a connection are looked at, and returns the time, in milliseconds.
func (s *httpServer) watchStreams() int64 {
	if s.stalled == nil && s.opts.bodyTimeout > 0 {
		s.startBodyTimer(s.opts.bodyTimeout)
	}
	return s.World().Loop.Monotonic()
}

// lookAtStreams does for the streams of HTTP/2 and HTTP/3 what bodyStalled does for a connection of HTTP/1. Soon after the
// last body is complete it comes to rest.
func (s *httpServer) lookAtStreams() {
	var next time.Duration
	look := func(x *streamExchange) {
		if x.head == nil || x.mute || x.inputDone || x.tunnelKind != http1.NoTunnel {
			return
		}
		left := s.opts.bodyTimeout
		if since, reading := x.link.reading(); reading && !x.answering && !x.answered {
			left -= time.Duration(s.World().Loop.Monotonic()-max(x.heard, since)) * time.Millisecond
		}
		if left <= 0 {
			x.refuse(errSlowBody)
		} else if next == 0 || left < next {
			next = left
		}
	}
	if s.h2 != nil {
		s.h2.Each(func(st *http2.Stream) { look(&st.Owner.(*http2Exchange).streamExchange) })
	} else {
		for x := range s.h3.live {
			look(&x.streamExchange)
		}
	}
	if next > 0 && s.stalled == nil && !s.closed {
		s.startBodyTimer(next)
	}
}

// unread reports whether nothing is read from the client, so that it cannot be blamed for what is missing.
func (s *httpServer) unread() bool { return s.brake.Engaged() || s.source != nil && s.source.Paused() }

func (s *httpServer) startTimer(d time.Duration) {
	s.stopTimer()
	s.timer = s.World().Loop.AfterFunc(d, s.timedOut)
	s.timer.Unref()
}

func (s *httpServer) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

func (s *httpServer) timedOut() {
	s.timer = nil
	if s.closed || s.tunnel != nil || s.receiving != nil {
		return
	}
	if s.decoder.Idle() {
		if s.first == nil && s.World().Stopping {
			s.close(nil)
		}
		return
	}
	if s.unread() {
		s.startTimer(s.opts.headTimeout)
		return
	}
	s.deaf = true
	s.refused = &http1.Error{Status: 408, Reason: "the head of the request took too long"}
	s.advance()
}
