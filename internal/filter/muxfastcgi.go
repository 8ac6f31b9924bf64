package filter

import (
	"errors"
	"math"

	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/proto/fastcgi"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "muxFastCGI", Length: 2, Joint: true, NameFirst: true,
		Sig: "muxFastCGI(sessionSelector?: () => any, options?: object | () => object).to(pipeline)",
		Rows: []script.Row{
			{Path: "callback:muxFastCGI.sessionSelector", Kind: "callback", Signature: "() => any"},
			{Path: "option:muxFastCGI.maxIdle", Kind: "option", Signature: "number | string (seconds) = 60"},
			{Path: "option:muxFastCGI.maxQueue", Kind: "option", Signature: "number = 1"},
			{Path: "option:muxFastCGI.maxMessages", Kind: "option", Signature: "number = 0"},
		},
		Build: buildMuxFastCGI,
	})
}

// maxFastCGIStderr is how much of what a request writes to stderr is kept for the tail of the response.
const maxFastCGIStderr = 1 << 20

type muxFastCGIDef struct {
	selector *script.Ref
	dynamic  *script.Ref // gives the options of each new pool
	fixed    poolOptions
	target   *pipeline.Target
	pools    pools
}

func buildMuxFastCGI(b *pipeline.Build) (pipeline.Def, error) {
	d := &muxFastCGIDef{target: b.Target()}
	v := b.Arg(1)
	switch first := b.Arg(0); {
	case b.IsFunction(first):
		d.selector = b.Hold(first)
	case first.IsObject():
		v = first
	case !first.IsNullish():
		return nil, script.ArgError(0, "a function or an object")
	}
	if b.IsFunction(v) {
		d.dynamic = b.Hold(v)
		return d, nil
	}
	if !v.IsNullish() && !v.IsObject() {
		return nil, script.ArgError(1, "an object or a function")
	}
	var err error
	d.fixed, err = readFastCGIOptions(b.Options(v))
	return d, err
}

// readFastCGIOptions reads the options of a pool. A session has ids for a limited number of users.
func readFastCGIOptions(o *script.Options) (poolOptions, error) {
	p := readPoolOptions(o)
	if p.maxQueue <= 0 || p.maxQueue > math.MaxUint16 {
		p.maxQueue = math.MaxUint16
	}
	return p, o.Err()
}

func (d *muxFastCGIDef) New() pipeline.Filter { return &muxFastCGI{def: d} }

// muxFastCGI is the client side of FastCGI: it sends one request over a session that it shares with other pipelines, and
// outputs the response.
type muxFastCGI struct {
	pipeline.Base
	def       *muxFastCGIDef
	session   *fastCGISession
	id        uint16 // of the request, 0 before it
	sent      bool   // the request is complete
	inMessage bool   // the response has begun
	done      bool   // the response is complete, or there will be none
	stderr    collector
}

func (f *muxFastCGI) Process(e stream.Event) {
	if f.done {
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		if f.id == 0 {
			f.begin(e)
		}
	case *stream.Data:
		if f.id != 0 && !f.sent {
			fastcgi.PushStream(f.session.output(), fastcgi.Stdin, f.id, e.Clone())
		}
	case *stream.MessageEnd:
		f.finish()
	case *stream.StreamEnd:
		if f.id == 0 {
			f.done = true
			f.Output(e)
			return
		}
		f.finish()
	}
}

// begin sends the head of the request.
func (f *muxFastCGI) begin(e *stream.MessageStart) {
	h, _, err := payload.Struct(f.Realm(), e.Head, fastcgi.NewRequestHead())
	if err != nil {
		f.done = true
		f.Fail(err.Error())
		return
	}
	if !f.attach() {
		return
	}
	s := f.session
	f.id = s.add(f)
	if !h.KeepAlive {
		s.leave() // the server closes the connection after the response
	}
	b := fastcgi.AppendBegin(nil, f.id, h.Role, h.KeepAlive)
	s.output().Append(fastcgi.AppendParams(b, f.id, fastCGIParams(h.Params)))
}

// finish sends the end of the request.
func (f *muxFastCGI) finish() {
	if f.id != 0 && !f.sent {
		f.sent = true
		f.session.output().Append(fastcgi.Append(nil, fastcgi.Stdin, f.id, nil))
	}
}

// attach finds a session; false means that there is none, which was output.
func (f *muxFastCGI) attach() bool {
	p, ok := f.findPool()
	if !ok {
		f.done = true
		return false
	}
	if taken := p.take(); taken != nil {
		f.session = taken.self.(*fastCGISession)
		return true
	}
	s := &fastCGISession{world: f.World(), requests: map[uint16]*muxFastCGI{}}
	s.pipe = f.Sub(f.def.target.Layout, s)
	p.add(&s.pooled, s)
	s.pipe.Start(s.pool.keyValue(f.Realm()))
	if s.end != nil { // ended at once
		f.done = true
		f.Output(stream.Clone(s.end))
		return false
	}
	f.session = s
	return true
}

func (f *muxFastCGI) findPool() (*pool, bool) {
	key := script.Undefined
	if f.def.selector != nil {
		v, ok := f.Call(f.def.selector)
		if !ok {
			return nil, false
		}
		key = v
	}
	return f.def.pools.find(&f.Base, key, func() (poolOptions, any, bool) {
		if f.def.dynamic == nil {
			return f.def.fixed, nil, true
		}
		v, ok := f.Call(f.def.dynamic)
		if !ok {
			return poolOptions{}, nil, false
		}
		err := errors.New("callback did not return an object for options")
		var opts poolOptions
		if v.IsObject() {
			opts, err = readFastCGIOptions(f.Realm().Options(v))
		}
		if err != nil {
			f.Fail(err.Error())
		}
		return opts, nil, err == nil
	})
}

// take handles a record of the server.
func (f *muxFastCGI) take(rec fastcgi.Record) {
	if !f.inMessage {
		f.inMessage = true
		f.Output(&stream.MessageStart{})
	}
	switch rec.Type {
	case fastcgi.Stdout:
		if len(rec.Content) > 0 {
			f.Output(stream.NewTransient(rec.Content))
		}
	case fastcgi.Stderr:
		if len(rec.Content) > 0 {
			f.stderr.add(f.Realm(), stream.NewTransient(rec.Content), maxFastCGIStderr)
		}
	}
}

// complete outputs the end of the response.
func (f *muxFastCGI) complete(appStatus uint32, protocolStatus byte) {
	f.done = true
	tail := &fastCGITail{int(int32(appStatus)), int(protocolStatus), f.stderr.take().Own()}
	f.Output(&stream.MessageEnd{Tail: payload.Of(tail)})
}

func (f *muxFastCGI) Reset() {
	f.stderr.reset()
	if s := f.session; s != nil {
		f.session = nil
		s.abort(f.id, f)
	}
}

// fastCGISession is a connection to a FastCGI server.
type fastCGISession struct {
	pooled
	world    *pipeline.World
	pipe     *pipeline.Pipeline
	decoder  fastcgi.Decoder
	requests map[uint16]*muxFastCGI // the open ones; nil if nobody wants the response any more
	out      *stream.Data           // to be sent at the end of the turn, nil if there is nothing
	end      *stream.StreamEnd      // what the session ended with
}

// add takes the lowest free id.
func (s *fastCGISession) add(f *muxFastCGI) uint16 {
	for id := uint16(1); ; id++ {
		if _, taken := s.requests[id]; !taken {
			s.requests[id] = f
			return id
		}
	}
}

// abort tells the server that f does not wait for its response any more. The id is in use until the server has ended it.
func (s *fastCGISession) abort(id uint16, f *muxFastCGI) {
	if s.end != nil || s.requests[id] != f {
		return
	}
	s.requests[id] = nil
	s.output().Append(fastcgi.Append(nil, fastcgi.AbortRequest, id, nil))
	s.check()
}

// check closes a connection that is of no use any more: only responses nobody wants are to come, or no more requests.
func (s *fastCGISession) check() {
	for _, f := range s.requests {
		if f != nil {
			return
		}
	}
	if s.gone || len(s.requests) > 0 {
		s.close(&stream.StreamEnd{})
	}
}

func (s *fastCGISession) output() *stream.Data {
	if s.out == nil {
		s.out = new(stream.Data)
		s.world.FlushLater(s)
	}
	return s.out
}

// Flush implements pipeline.Flusher.
func (s *fastCGISession) Flush() {
	out := s.out
	s.out = nil
	if s.end == nil {
		s.pipe.Process(out)
	}
}

// Process takes the output of the sub-pipeline: what comes from the server.
func (s *fastCGISession) Process(e stream.Event) {
	if s.end != nil {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		for _, p := range e.Segments() {
			for len(p) > 0 && s.end == nil {
				n, done := s.decoder.Feed(p)
				p = p[n:]
				if done {
					s.take(s.decoder.Record())
				}
			}
		}
	case *stream.StreamEnd:
		s.close(e)
	}
}

func (s *fastCGISession) take(rec fastcgi.Record) {
	f, open := s.requests[rec.ID]
	if !open {
		return
	}
	switch rec.Type {
	case fastcgi.Stdout, fastcgi.Stderr:
		if f != nil {
			f.take(rec)
		}
	case fastcgi.EndRequest:
		appStatus, protocolStatus, err := fastcgi.ParseEnd(rec.Content)
		if err != nil {
			s.close(&stream.StreamEnd{Code: stream.ProtocolError})
			return
		}
		delete(s.requests, rec.ID)
		if f != nil {
			f.session = nil
			f.take(rec)
		}
		s.giveBack()
		s.check()
		if f != nil {
			f.complete(appStatus, protocolStatus)
		}
	}
}

// close ends the session. Open responses end with what it ended with.
func (s *fastCGISession) close(e *stream.StreamEnd) {
	if s.end != nil {
		return
	}
	s.end = e
	s.leave()
	s.pipe.Release()
	requests := s.requests
	s.requests = nil
	for _, f := range requests {
		if f != nil && !f.done {
			f.session, f.done = nil, true
			f.Output(stream.Clone(e))
		}
	}
}

// closeIdle implements poolSession.
func (s *fastCGISession) closeIdle() { s.close(&stream.StreamEnd{}) }
