package filter

import (
	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "muxHTTP", Length: 2, Joint: true, NameFirst: true,
		Sig: "muxHTTP(selector?: ()=>any, options?: object|(()=>object)).to(...) | muxHTTP(options).to(...)",
		Rows: httpRows("muxHTTP",
			script.Row{Path: "maxIdle", Kind: "option", Signature: "seconds = 60"},
			script.Row{Path: "maxQueue", Kind: "option", Signature: "int = 1"},
			script.Row{Path: "maxMessages", Kind: "option", Signature: "int = 0"},
			script.Row{Path: "bufferSize", Kind: "option", Signature: "size = 16k"},
			script.Row{Path: "maxHeaderSize", Kind: "option", Signature: "size = 16k"},
			script.Row{Path: "version", Kind: "option",
				Signature: `1|2|"http/1"|"http/1.0"|"http/1.1"|"http/2"|"h2" | ()=>that|Promise = 1`},
			script.Row{Path: "connectionWindowSize", Kind: "option", Signature: "size = 1m"},
			script.Row{Path: "streamWindowSize", Kind: "option", Signature: "size = 1m"},
			script.Row{Path: "ping", Kind: "callback", Signature: "(ack: Data|null) => Data|Promise<Data>|null"},
			script.Row{Path: "maxBodySize", Kind: "option", Signature: "size = 64m [beyond]"},
			script.Row{Path: "maxHeadSize", Kind: "option", Signature: "size = 64k [beyond]"},
			script.Row{Path: "stallTimeout", Kind: "option", Signature: "seconds = 60 [beyond]"},
		),
		Build: buildMuxHTTP,
	})
}

// muxHTTPDef declares muxHTTP(selector, options).to(target).
type muxHTTPDef struct {
	selector *script.Ref // nil: one pool per inbound connection
	dynamic  *script.Ref // options from a function, nil if they are fixed
	pool     poolOptions
	config   *muxHTTPConfig
	target   *pipeline.Target
	pools    pools
}

// muxHTTPConfig is what besides the use of sessions the options of a pool say.
type muxHTTPConfig struct {
	httpOptions
	version   int         // 0: from versionOf
	versionOf *script.Ref // a function
	ping      *script.Ref // of HTTP/2
}

func buildMuxHTTP(b *pipeline.Build) (pipeline.Def, error) {
	d := &muxHTTPDef{target: b.Target()}
	opts := b.Arg(1)
	switch v := b.Arg(0); {
	case b.IsFunction(v):
		d.selector = b.Hold(v)
	case v.IsObject():
		opts = v
	case !v.IsNullish():
		return nil, script.ArgError(0, "a function or an object")
	}
	if b.IsFunction(opts) {
		d.dynamic = b.Hold(opts)
		return d, nil
	}
	if !opts.IsNullish() && !opts.IsObject() {
		return nil, script.ArgError(1, "an object or a function")
	}
	var err error
	d.pool, d.config, err = readMuxHTTPOptions(b.Realm, opts)
	return d, err
}

func readMuxHTTPOptions(r *script.Realm, v script.Value) (poolOptions, *muxHTTPConfig, error) {
	o := r.Options(v)
	p := readPoolOptions(o)
	c := &muxHTTPConfig{httpOptions: *readHTTPOptions(o), version: 1}
	c.ping = o.Func("ping")
	if v := o.Value("version"); r.IsFunction(v) {
		c.version, c.versionOf = 0, r.Hold(v)
	} else if !v.IsUndefined() && o.Err() == nil {
		var err error
		if c.version, err = httpVersion(r, v); err != nil {
			return p, c, err
		}
	}
	return p, c, o.Err()
}

// New implements pipeline.Def.
func (d *muxHTTPDef) New() pipeline.Filter { return &muxHTTP{def: d} }

// muxHTTP sends the requests of one pipeline over a session that it shares with others, and outputs the responses.
type muxHTTP struct {
	pipeline.Base
	def     *muxHTTPDef
	pool    *pool
	session *httpSession

	held    pipeline.Queue // input that waits until the session's version of HTTP is known
	brake   reactor.Brake  // of the source of what is held
	request pipeline.Queue // a request that is sent as a whole
	size    int64          // of its body
	calls   int            // requests without a complete response
	call    *http2Call     // the request over HTTP/2
	retries int            // how often it was sent again
	end     *stream.StreamEnd
	inside  bool // in a request
	skipped bool // the rest of the request goes nowhere
	called  bool // a request was sent over HTTP/2: there can be no other
	ended   bool // a StreamEnd was output
}

// Process implements pipeline.Filter.
func (f *muxHTTP) Process(e stream.Event) {
	switch {
	case f.ended:
	case f.held.Len() > 0:
		f.hold(e)
	default:
		f.process(e)
	}
}

func (f *muxHTTP) process(e stream.Event) {
	if f.session != nil && f.session.gone && f.session.tunnel != f && f.call == nil {
		f.letGo()
		f.skipped = f.inside
	}
	kind := e.Kind()
	switch {
	case kind == stream.KindStreamEnd:
		f.inputEnded(e.(*stream.StreamEnd))
		return
	case kind == stream.KindMessageStart:
		if f.inside {
			return
		}
		f.inside, f.skipped = true, false
		if f.session == nil && !f.attach() {
			f.skipped = true
			return
		}
	case f.session == nil || f.skipped:
		if kind == stream.KindMessageEnd {
			f.inside, f.skipped = false, false
		}
		return
	}
	s := f.session
	if s.client == nil {
		f.inside = f.inside && kind != stream.KindMessageStart // it will start again
		s.waiters = append(s.waiters, f)
		f.hold(e)
		return
	}
	if kind == stream.KindMessageEnd {
		f.inside = false
	}
	s.client.send(f, e)
}

func (f *muxHTTP) hold(e stream.Event) {
	f.held.Push(e)
	if e.Kind() == stream.KindData {
		f.brake.Engage(f.World().Loop.CurrentTap())
	}
}

// resume goes on with what was held.
func (f *muxHTTP) resume() {
	if f.session == nil && !f.ended { // it had to leave the session it waited for
		if !f.attach() {
			f.held.Clear()
		} else if s := f.session; s.client == nil {
			s.waiters = append(s.waiters, f)
			return
		}
	}
	f.brake.Release()
	for !f.ended {
		e := f.held.Pop()
		if e == nil {
			return
		}
		f.process(e)
	}
	f.held.Clear()
}

// attach finds a session: one of the pool, or a new one.
func (f *muxHTTP) attach() bool {
	d := f.def
	if f.pool == nil {
		key := script.Undefined
		if d.selector != nil {
			var ok bool
			if key, ok = f.Call(d.selector); !ok {
				f.ended = true
				return false
			}
		}
		p, ok := d.pools.find(&f.Base, key, f.openPool)
		if !ok {
			f.ended = true
			return false
		}
		f.pool = p
	}
	if p := f.pool.take(); p != nil {
		f.session = p.self.(*httpSession)
		return true
	}
	s := &httpSession{config: f.pool.config.(*muxHTTPConfig), world: f.World()}
	f.session = s
	f.pool.add(&s.pooled, s)
	return s.open(f)
}

// openPool evaluates the options for a new pool.
func (f *muxHTTP) openPool() (poolOptions, any, bool) {
	d := f.def
	if d.dynamic == nil {
		return d.pool, d.config, true
	}
	v, ok := f.Call(d.dynamic)
	if !ok {
		return poolOptions{}, nil, false
	}
	if !v.IsObject() {
		f.Fail("callback did not return an object for options")
		return poolOptions{}, nil, false
	}
	p, c, err := readMuxHTTPOptions(f.Realm(), v)
	if err != nil {
		f.Fail(err.Error())
		return p, nil, false
	}
	return p, c, true
}

// inputEnded handles the end of the input: it is echoed after the last response.
func (f *muxHTTP) inputEnded(e *stream.StreamEnd) {
	s := f.session
	if s != nil && s.client != nil && s.client.ended(f, e) {
		return
	}
	if f.inside && !f.skipped && s != nil {
		f.request.Clear()
		f.detach()
		f.finish(e)
		return
	}
	if f.calls > 0 {
		f.end = e
		return
	}
	f.finish(e)
}

// finish outputs the last event.
func (f *muxHTTP) finish(e *stream.StreamEnd) {
	if !f.ended {
		f.ended = true
		f.Output(e)
	}
}

// responded is called when a response is complete.
func (f *muxHTTP) responded() {
	if f.calls--; f.calls == 0 && f.end != nil {
		f.finish(f.end)
	}
}

// failed outputs a response in place of one that will not come, because the session ended with e.
func (f *muxHTTP) failed(e *stream.StreamEnd) {
	r := f.Realm()
	var body *stream.Data
	if e.Err != nil {
		if v := event.ErrorOf(r, e); r.IsError(v) && f.World().Inspect != nil {
			body = stream.NewString(f.World().Inspect(v))
		}
	}
	f.OutputMessage(&stream.Message{Head: httphead.New(http1.FailureHead(e), false), Body: body})
}

// refused says that the session ended before anything could be sent.
func (f *muxHTTP) refused(e *stream.StreamEnd) {
	if f.brake.Release(); f.held.Len() == 0 {
		return
	}
	f.letGo()
	end := f.heldEnd()
	if f.failed(e); end != nil {
		f.finish(end)
	}
}

// heldEnd drops what is held and returns the StreamEnd in it, if there is one.
func (f *muxHTTP) heldEnd() (end *stream.StreamEnd) {
	f.inside, f.skipped = true, true
	f.held.Drain(func(e stream.Event) {
		switch e := e.(type) {
		case *stream.MessageEnd:
			f.inside, f.skipped = false, false
		case *stream.StreamEnd:
			end = e
		}
	})
	return end
}

// letGo gives the session back.
func (f *muxHTTP) letGo() {
	if s := f.session; s != nil {
		f.session = nil
		s.giveBack()
	}
}

// detach leaves the session, whatever is under way.
func (f *muxHTTP) detach() {
	if s := f.session; s != nil {
		s.leftBy(f)
		f.letGo()
	}
}

// Reset implements pipeline.Filter.
func (f *muxHTTP) Reset() {
	f.ended = true
	f.held.Clear()
	f.request.Clear()
	f.brake.Release()
	f.detach()
}
