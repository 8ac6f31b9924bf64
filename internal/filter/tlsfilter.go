package filter

import (
	"net"
	"strconv"

	"weir/internal/pipeline"
	"weir/internal/stream"
)

func (d *tlsDef) New() pipeline.Filter { return &tlsFilter{def: d} }

// tlsFilter is acceptTLS or connectTLS. Its session begins with the first input.
type tlsFilter struct {
	pipeline.Base
	def *tlsDef
	s   *tlsSession
}

// Process implements pipeline.Filter.
func (f *tlsFilter) Process(e stream.Event) {
	if f.s == nil {
		if e.Kind() == stream.KindStreamEnd {
			f.Output(e)
			return
		}
		if d, ok := e.(*stream.Data); f.def.server && (!ok || d.Empty()) {
			return
		}
		if !f.open() {
			return
		}
	}
	if f.def.server {
		f.s.receive(e)
	} else {
		f.s.send(e)
	}
}

// open makes the session and its sub-pipeline.
func (f *tlsFilter) open() bool {
	s := &tlsSession{f: f}
	if f.def.server {
		s.sub = f.Sub(f.def.target.Layout, tlsPlain{s})
		s.plain, s.cipher = s.sub, f.Out()
		s.copier, _ = f.Out().(pipeline.ByteCopier)
		f.s = s
		s.begin()
		s.sub.Start()
		return true
	}
	sni, ok := f.def.sni.Value(&f.Base)
	if !ok {
		return false
	}
	if !sni.IsNullish() {
		name, err := f.Realm().ToString(sni)
		if err != nil {
			f.Output(f.World().Failure(err))
			return false
		}
		s.hostname = name
	}
	s.sub = f.Sub(f.def.target.Layout, pipeline.InputFunc(s.receive))
	s.plain, s.cipher = f.Out(), s.sub
	f.s = s
	s.begin()
	s.sub.Start()
	if s.connect() != nil {
		s.sub.Process(new(stream.Data)) // so that the target is known
	}
	s.step()
	return true
}

// Reset implements pipeline.Filter.
func (f *tlsFilter) Reset() {
	if f.s != nil {
		f.s.close()
		f.s.sub.Release()
	}
}

// connect returns the filter that makes a client's connection, if it is the first that sees the ciphertext.
func (s *tlsSession) connect() *connect {
	if fs := s.sub.Filters(); len(fs) > 0 {
		c, _ := fs[0].(*connect)
		return c
	}
	return nil
}

// target returns where a client connects to, as far as that can be known.
func (s *tlsSession) target() (host string, port uint16) {
	if c := s.connect(); c != nil && c.ob != nil {
		t := c.ob.target
		switch {
		case t.host != "":
			host = t.host
		case t.addr.IsValid():
			host = t.addr.String()
		default:
			host = t.path
		}
		return host, t.port
	}
	return "", 0
}

// targetName returns the target as an address; empty if it is not known.
func (s *tlsSession) targetName() string {
	host, port := s.target()
	if host == "" {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// peerName returns the name a server's certificate should have; empty if it is not known.
func (s *tlsSession) peerName() string {
	if s.hostname != "" {
		return s.hostname
	}
	host, _ := s.target()
	return host
}
