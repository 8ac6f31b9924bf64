package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

// httpSession is a connection to a server that muxHTTP filters use: a sub-pipeline, and the side of the protocol that
// speaks through it, once it is known which version of HTTP that is.
type httpSession struct {
	pooled
	config  *muxHTTPConfig
	world   *pipeline.World
	p       *pipeline.Pipeline
	client  httpClient
	waiters []*muxHTTP     // while client is nil
	early   pipeline.Queue // what the server sent meanwhile
	tunnel  *muxHTTP       // the session is its alone, and bytes pass as they are
}

// httpClient is the client side of a version of HTTP.
type httpClient interface {
	// send takes an event of f's requests.
	send(f *muxHTTP, e stream.Event)
	// ended takes the end of f's input if it has a tunnel, else it returns false.
	ended(f *muxHTTP, e *stream.StreamEnd) bool
	// receive takes an event from the server.
	receive(e stream.Event)
	// leftBy says that f sends nothing more and wants no more responses.
	leftBy(f *muxHTTP)
	// stalled reports whether the server does not take what was sent for some users, and so nothing for any.
	stalled() bool
}

// open connects. f is the first user.
func (s *httpSession) open(f *muxHTTP) bool {
	r := s.world.Realm
	s.p = f.Sub(f.def.target.Layout, s)
	s.p.Start(s.pool.keyValue(r))
	c := s.config
	if c.versionOf == nil {
		return s.speak(f, c.version)
	}
	v, ok := f.Call(c.versionOf)
	if !ok {
		f.ended = true
		s.close()
		return false
	}
	if !r.IsPromise(v) {
		return s.decide(f, v)
	}
	s.limit = assumedStreams // others may wait as well: it may become HTTP/2
	r.Then(v, s.decided)
	s.p.Process(new(stream.Data)) // the version may come from a handshake, which has to begin
	return f.session != nil
}

// decided handles the result of a promise for the version.
func (s *httpSession) decided(ok bool, v script.Value) {
	if s.gone {
		return
	}
	waiters := s.waiters
	s.waiters = nil
	for _, f := range waiters {
		switch {
		case f.session != s:
		case !ok:
			f.refused(f.Rejection(v))
		case s.client != nil || s.decide(f, v):
			if s.limit == 0 && s.pool.maxQueue > 0 && s.users > s.pool.maxQueue {
				f.letGo() // it needs a session of its own
			}
			f.resume()
		}
	}
	if !ok || s.client == nil {
		s.close()
	}
}

// decide takes the version a callback gave.
func (s *httpSession) decide(f *muxHTTP, v script.Value) bool {
	n, err := httpVersion(s.world.Realm, v)
	if err != nil {
		s.close()
		f.finish(f.Failure(err.Error()))
		return false
	}
	return s.speak(f, n)
}

// speak begins to speak a version of HTTP.
func (s *httpSession) speak(f *muxHTTP, version int) bool {
	s.limit = 0
	if version == 2 {
		s.client = newHTTP2Client(s)
	} else {
		s.client = newHTTP1Client(s)
	}
	s.early.Drain(s.client.receive)
	return !s.gone
}

// Process implements pipeline.Input: what comes from the server.
func (s *httpSession) Process(e stream.Event) {
	if s.client != nil {
		s.client.receive(e)
		return
	}
	end, ok := e.(*stream.StreamEnd)
	if !ok {
		s.early.Push(e)
		return
	}
	if s.gone {
		return
	}
	s.close()
	waiters := s.waiters
	s.waiters = nil
	for _, f := range waiters {
		if f.session == s {
			f.refused(end)
		}
	}
}

// leftBy says that f wants nothing more.
func (s *httpSession) leftBy(f *muxHTTP) {
	switch {
	case s.tunnel == f:
		s.tunnel = nil
		s.close()
	case s.client != nil && (!s.gone || f.call != nil):
		s.client.leftBy(f)
	}
}

// close takes the session out of the pool and ends it.
func (s *httpSession) close() {
	s.leave()
	s.p.Release()
}

// closeIdle implements poolSession.
func (s *httpSession) closeIdle() { s.p.Release() }

// stalled implements poolSession.
func (s *httpSession) stalled() bool { return s.client != nil && s.client.stalled() }
