package filter

import (
	"time"

	"weir/internal/proto/http1"
)

// Shutdown implements pipeline.Shutdowner: a connection on which nothing happens is closed a little later, so that a
// client that is sending at this very moment still gets a response.
func (s *httpServer) Shutdown() {
	if s.h2 != nil {
		s.h2.shutdown()
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
	s.deaf = true
	s.refused = &http1.Error{Status: 408, Reason: "the head of the request took too long"}
	s.advance()
}
