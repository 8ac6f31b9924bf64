package filter

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"

	"weir/internal/coroutine"
	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// tlsSession is one TLS connection, as client or server. The handshake is a coroutine, since crypto/tls can do it only
// blocking; afterwards reads just fail when there is nothing to read, and an idle session has no stack.
//
// What is to be encrypted is gathered until the end of the turn, and goes out as one Data.
type tlsSession struct {
	f      *tlsFilter
	sub    *pipeline.Pipeline
	plain  pipeline.Input      // takes what was decrypted
	cipher pipeline.Input      // takes what was encrypted
	copier pipeline.ByteCopier // cipher, if it takes copies of small pieces

	conn  *coroutine.Conn
	tls   *tls.Conn
	co    *coroutine.Coroutine // the handshake; nil when it is over
	timer *reactor.Timer       // of the handshake
	early *tlsEarly            // what waits for it

	pending [][]byte     // plaintext of this turn
	size    int          // bytes of it
	tap     *reactor.Tap // of the source it comes from
	sealed  []byte       // ciphertext of this turn: what is not part of out
	out     *stream.Data // what comes before it, if it is in several places

	cut         *stream.StreamEnd // the end of the ciphertext, until everything before it is read
	certificate *tls.Certificate  // of a client
	failure     *stream.StreamEnd // what a failing handshake outputs, if a callback is to blame
	object      *script.Ref       // what scripts see

	state    string
	err      string
	hostname string

	connected bool
	asking    bool // a promise is pending
	running   bool // in step
	flushing  bool // Flush is to come
	wroteEnd  bool // no plaintext is taken any more
	readEnd   bool // the plaintext has ended
	over      bool // failed or closed: nothing is decrypted or encrypted any more
}

// tlsEarly is plaintext that waits for the handshake.
type tlsEarly struct {
	queue pipeline.Queue
	size  int
	end   *stream.StreamEnd // that came after it
	brake reactor.Brake     // sources that wait
}

const (
	// maxEarly is how much plaintext or ciphertext may wait for the handshake before its source is paused. More plaintext is
	// what a script has made itself, and is held as it is.
	maxEarly = 64 << 10
	// maxEarlyCipher is for sources of ciphertext that cannot be paused.
	maxEarlyCipher = 1 << 20
	maxRecord      = 16 << 10 // plaintext of a record (RFC 8446 §5.1)
)

var errEarlyOverflow = errors.New("too much data before the end of the handshake")

// begin starts the handshake.
func (s *tlsSession) begin() {
	d := s.f.def
	s.state = "idle"
	s.conn = coroutine.NewConn(s.seal, "peer") // crypto/tls resumes no sessions with what has no name
	s.co = coroutine.New(func(*coroutine.Coroutine) error { return s.handshake() })
	s.conn.Attach(s.co)
	s.early = new(tlsEarly)
	if d.timeout > 0 {
		s.timer = s.f.World().Loop.AfterFunc(d.timeout, func() {
			code := stream.ConnectionTimeout
			if d.server {
				code = stream.ReadTimeout
			}
			s.failure = &stream.StreamEnd{Code: code} // which closes, for peers that go on sending
			s.fail(fmt.Errorf("handshake timed out after %g seconds", d.timeout.Seconds()))
		})
	}
	s.setState("handshake")
}

// handshake is what the coroutine does.
func (s *tlsSession) handshake() error {
	coroutine.Grow()
	d := s.f.def
	if d.server {
		s.tls = tls.Server(s.conn, d.base)
		return s.tls.Handshake()
	}
	s.certificate = d.certificate
	if d.onCertificate != nil {
		var err error
		if s.certificate, err = s.askCertificate(s.hostname); err != nil {
			return err
		}
	}
	s.tls = tls.Client(s.conn, d.clientConfig(s.hostname))
	return s.tls.Handshake()
}

// do runs f on the worker's goroutine, for the coroutine. It fails if the session is over.
func (s *tlsSession) do(f func()) error { return s.co.Do(f) }

// enter tells the callbacks of crypto/tls whom they are called for. It returns whom they were called for before.
func (s *tlsSession) enter() (before *tlsSession) {
	d := s.f.def
	before, d.current = d.current, s
	return before
}

// receive takes ciphertext from the peer.
func (s *tlsSession) receive(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if s.over || s.readEnd {
			return
		}
		for _, b := range e.Segments() {
			s.conn.Feed(b)
		}
		s.step()
		if n := s.conn.Buffered(); n > 0 { // it waits for a promise, or for the step under way
			s.conn.Keep()
			if n >= maxEarlyCipher {
				s.fail(errEarlyOverflow)
			} else if n >= maxEarly && s.early != nil {
				s.early.brake.Engage(s.f.World().Loop.CurrentTap())
			}
		}
	case *stream.StreamEnd:
		s.conn.End()
		s.cut = e
		s.step()
	}
}

// step goes on with what there is to read.
func (s *tlsSession) step() {
	if s.running {
		return
	}
	s.running = true
	if s.co != nil && !s.asking {
		s.shake()
	}
	if s.connected {
		s.read()
	}
	s.running = false
	if e := s.cut; e != nil && !s.asking {
		s.cut = nil
		if !s.over && !s.readEnd && e.Code == stream.NoError { // without close_notify
			s.err = reasonEOF
			s.setState("closed")
		}
		s.endPlain(e)
	}
}

// endPlain ends the stream of plaintext, once.
func (s *tlsSession) endPlain(e *stream.StreamEnd) {
	if !s.readEnd {
		s.readEnd = true
		s.plain.Process(e)
	}
}

// shake goes on with the handshake.
func (s *tlsSession) shake() {
	before := s.enter()
	done := s.co.Resume()
	s.f.def.current = before
	switch {
	case s.over || !done:
	case s.co.Err() != nil:
		s.fail(s.co.Err())
	default:
		s.co = nil
		s.conn.Attach(nil)
		s.stopTimer()
		s.opened()
	}
}

// protocolAware is a filter that wants to know what protocol was agreed upon, "" if none. The filter after acceptTLS is told
// before it gets input.
type protocolAware interface{ agreed(protocol string) }

// opened is called when the handshake has succeeded.
func (s *tlsSession) opened() {
	f := s.f
	if fn := f.def.onHandshake; fn != nil {
		r := f.Realm()
		f.Call(fn, r.FromGo(script.Object{{Name: "alpn", Value: s.tls.ConnectionState().NegotiatedProtocol}}))
	}
	s.connected = true
	s.setState("connected")
	early := s.early
	s.early = nil
	early.queue.Drain(s.send)
	if early.end != nil {
		s.send(early.end)
	}
	if list := s.sub.Filters(); f.def.server && len(list) > 0 {
		if a, ok := list[0].(protocolAware); ok {
			a.agreed(s.tls.ConnectionState().NegotiatedProtocol)
		}
	}
	s.plain.Process(new(stream.Data)) // tells that the session is open
	early.brake.Release()
}

// read decrypts what has come.
func (s *tlsSession) read() {
	w := s.f.World()
	for !s.over && !s.readEnd {
		b := w.Lend(maxRecord)
		before := s.enter()
		n, err := s.tls.Read(b)
		s.f.def.current = before
		b = w.LendLess(b, n)
		if n > 0 {
			s.plain.Process(stream.NewTransient(b))
		}
		switch {
		case err == nil || s.over:
		case errors.Is(err, coroutine.ErrWouldBlock), err == io.EOF && s.conn.Ended():
			return
		case err == io.EOF: // close_notify
			s.setState("closed")
			s.endPlain(new(stream.StreamEnd))
		default:
			s.fail(err)
		}
	}
}

// send takes plaintext for the peer.
func (s *tlsSession) send(e stream.Event) {
	if s.wroteEnd || s.over {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		switch {
		case e.Empty():
		case s.early != nil:
			s.hold(e)
		default:
			s.pending = append(s.pending, e.Segments()...)
			s.size += e.Size()
			s.flushLater()
		}
	case *stream.StreamEnd:
		if s.early != nil {
			if s.early.end == nil {
				s.early.end = e
			}
			return
		}
		s.wroteEnd = true
		s.encrypt()
		if e.Code == stream.NoError { // else the peer shall notice that something is missing
			s.tls.CloseWrite()
		}
		s.emit()
		s.cipher.Process(e)
	}
}

// hold keeps plaintext until the handshake is over.
func (s *tlsSession) hold(d *stream.Data) {
	early := s.early
	if early.end != nil {
		return
	}
	early.queue.Push(d.Clone())
	if early.size += d.Size(); early.size >= maxEarly {
		early.brake.Engage(s.f.World().Loop.CurrentTap())
	}
}

// flushLater has what was gathered sent at the end of the turn.
func (s *tlsSession) flushLater() {
	w := s.f.World()
	if t := w.Loop.CurrentTap(); t != nil {
		s.tap = t
	}
	if !s.flushing {
		s.flushing = true
		w.FlushLater(s)
	}
}

// Flush implements pipeline.Flusher.
func (s *tlsSession) Flush() {
	tap := s.tap
	s.tap = nil
	if s.over {
		return
	}
	s.f.World().Loop.TurnFrom(tap, func() {
		s.encrypt()
		s.flushing = false
		s.emit()
	})
}

// encrypt makes records of what was gathered. Small pieces share one.
func (s *tlsSession) encrypt() {
	if s.size == 0 {
		return
	}
	var record []byte
	for i, b := range s.pending {
		for len(b) > 0 {
			if len(record) == 0 && (len(b) >= maxRecord || i == len(s.pending)-1) {
				s.tls.Write(b)
				break
			}
			if record == nil {
				record = s.f.World().Lend(min(s.size, maxRecord))[:0]
			}
			n := min(len(b), cap(record)-len(record))
			record = append(record, b[:n]...)
			b = b[n:]
			if len(record) == cap(record) {
				s.tls.Write(record)
				record = record[:0]
			}
		}
	}
	if len(record) > 0 {
		s.tls.Write(record)
	}
	s.dropPending()
}

func (s *tlsSession) dropPending() {
	clear(s.pending)
	if s.pending = s.pending[:0]; cap(s.pending) > 16 {
		s.pending = nil
	}
	s.size = 0
}

// seal takes what crypto/tls writes.
func (s *tlsSession) seal(b []byte) {
	w := s.f.World()
	if more, ok := w.LendMore(s.sealed, len(b)); ok {
		copy(more[len(s.sealed):], b)
		s.sealed = more
		return
	}
	s.join()
	s.sealed = w.Lend(len(b))
	copy(s.sealed, b)
	s.flushLater()
}

// join moves what is sealed to out.
func (s *tlsSession) join() {
	if len(s.sealed) == 0 {
		return
	}
	if s.out == nil {
		s.out = stream.NewTransient(s.sealed)
	} else {
		s.out.Append(s.sealed)
	}
	s.sealed = nil
}

// emit sends the ciphertext.
func (s *tlsSession) emit() {
	if s.out == nil && s.copier != nil && len(s.sealed) > 0 && s.copier.CopyBytes(s.sealed) {
		s.sealed = nil
		return
	}
	s.join()
	if d := s.out; d != nil {
		s.out = nil
		s.cipher.Process(d)
	}
}

// fail ends the session because of an error. An alert that crypto/tls has written is sent.
func (s *tlsSession) fail(err error) {
	if s.over {
		return
	}
	server, was := s.f.def.server, s.connected
	s.err = tlsReason(err)
	s.emit()
	s.close()
	s.log(was)
	s.setState("closed")
	end := s.failure
	if end == nil {
		end = new(stream.StreamEnd)
	}
	if server {
		s.cipher.Process(end)
		if was {
			s.endPlain(&stream.StreamEnd{Code: stream.ReadError})
		}
		return
	}
	if was {
		end = &stream.StreamEnd{Code: stream.ReadError}
	}
	s.endPlain(end)
	s.cipher.Process(&stream.StreamEnd{Code: end.Code})
}

// log reports a failure. Clients that go away are nothing special.
func (s *tlsSession) log(connected bool) {
	log, where := s.f.World().Log, s.f.Where()
	switch {
	case connected:
		log.Limitedf(logs.Warn, where, "[tls] session failed (error = %s) in %s", s.err, where)
	case s.f.def.server && s.err == reasonEOF:
		log.Debugf(logs.Inbound, "[tls] handshake failed (error = %s) in %s", s.err, where)
	default:
		log.Limitedf(logs.Warn, where, "[tls] handshake failed (error = %s) in %s", s.err, where)
	}
}

// close lets go of everything. Nothing is decrypted or encrypted afterwards.
func (s *tlsSession) close() {
	if s.over {
		return
	}
	s.over = true
	s.conn.Close()
	s.stopTimer()
	if s.co != nil {
		s.co.Stop()
		s.co = nil
	}
	if s.early != nil {
		s.early.queue.Clear()
		s.early.brake.Release()
	}
	s.dropPending()
	s.sealed, s.out = nil, nil
}

func (s *tlsSession) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// tlsPlain is where the sub-pipeline of acceptTLS puts its output.
type tlsPlain struct{ s *tlsSession }

var _ pipeline.ByteCopier = tlsPlain{}

// Process implements pipeline.Input.
func (p tlsPlain) Process(e stream.Event) { p.s.send(e) }

// TakesBytesOnly implements pipeline.ByteSink.
func (p tlsPlain) TakesBytesOnly() {}

// maxCopied is the largest piece that is copied rather than referred to.
const maxCopied = 4 << 10

// CopyBytes implements pipeline.ByteCopier.
func (p tlsPlain) CopyBytes(b []byte) bool {
	s := p.s
	switch {
	case s.over || s.wroteEnd || len(b) == 0:
		return true
	case s.early != nil || len(b) > maxCopied:
		return false
	}
	w := s.f.World()
	n := len(s.pending)
	if n > 0 {
		last := s.pending[n-1]
		if more, ok := w.LendMore(last, len(b)); ok {
			copy(more[len(last):], b)
			s.pending[n-1] = more
			s.size += len(b)
			return true
		}
	}
	c := w.Lend(len(b))
	copy(c, b)
	s.pending = append(s.pending, c)
	s.size += len(b)
	s.flushLater()
	return true
}
