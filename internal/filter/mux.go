package filter

import (
	"errors"

	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, name := range []string{"mux", "muxQueue"} {
		spec := pipeline.Spec{
			Name: name, Length: 2, Joint: true, NameFirst: true,
			Sig: "mux([selector: fn() -> key,] options?: object | fn() -> object) .to() (L,N)", Build: buildMux,
		}
		if name == "mux" {
			spec.Rows = []script.Row{
				{Path: "callback:mux.selector", Kind: "callback", Signature: "() -> key"},
				{Path: "option:mux.maxIdle", Kind: "option", Signature: "duration = 60"},
				{Path: "option:mux.maxQueue", Kind: "option", Signature: "int = 1"},
				{Path: "option:mux.maxMessages", Kind: "option", Signature: "int = 0"},
				{Path: "option:mux.outputCount", Kind: "option", Signature: "int | fn(messageStart) -> int = 1"},
			}
		} else {
			spec.Sig = "alias of mux (L,N)"
		}
		pipeline.Register(spec)
	}
}

type muxDef struct {
	selector *script.Ref
	dynamic  *script.Ref // gives the options of each new pool
	fixed    poolOptions
	count    outputCount
	target   *pipeline.Target
	pools    pools
}

func buildMux(b *pipeline.Build) (pipeline.Def, error) {
	d := &muxDef{target: b.Target()}
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
	d.fixed, d.count, err = readMuxOptions(b.Realm, v)
	return d, err
}

func readMuxOptions(r *script.Realm, v script.Value) (poolOptions, outputCount, error) {
	o := r.Options(v)
	p, c := readPoolOptions(o), readOutputCount(r, o)
	return p, c, o.Err()
}

func (d *muxDef) New() pipeline.Filter { return &mux{def: d} }

// mux sends messages into a session that it shares with other pipelines, and outputs the answers to its own messages.
type mux struct {
	pipeline.Base
	def     *muxDef
	pool    *pool
	session *queueSession
	start   *stream.MessageStart // of the open message
	body    collector
	waiting int               // answers expected
	end     *stream.StreamEnd // waits for the answers
	broken  bool              // there are no valid options
}

func (f *mux) Process(e stream.Event) {
	if f.broken {
		return
	}
	if end, ok := e.(*stream.StreamEnd); ok {
		f.start = nil
		f.body.reset()
		if f.waiting > 0 {
			f.end = end
		} else {
			f.Output(e)
		}
		return
	}
	if s := f.session; s != nil && s.end != nil {
		s.giveBack()
		f.session = nil
	}
	if f.session == nil && !f.attach() {
		return
	}
	switch x := e.(type) {
	case *stream.MessageStart:
		if f.start == nil {
			f.start = x
		}
	case *stream.Data:
		if f.start != nil {
			f.body.add(f.Realm(), x, unlimited)
		}
	case *stream.MessageEnd:
		if f.start != nil {
			f.send(x)
		}
	}
}

// send writes the collected message into the session.
func (f *mux) send(end *stream.MessageEnd) {
	start, body := f.start, f.body.take()
	f.start = nil
	n := f.def.countOf(f).of(&f.Base, start)
	s := f.session
	if n < 0 || s == nil {
		return
	}
	if n > 0 {
		f.waiting += n
		s.waits = append(s.waits, queueWait{f, n})
	}
	s.pipe.Process(start)
	if !body.Empty() {
		s.pipe.Process(body)
	}
	s.pipe.Process(end)
}

// countOf returns the pool's outputCount.
func (d *muxDef) countOf(f *mux) outputCount {
	if d.dynamic == nil {
		return d.count
	}
	return f.pool.config.(outputCount)
}

// attach finds a session for the filter; false means that the event is dropped.
func (f *mux) attach() bool {
	if f.pool == nil && !f.findPool() {
		return false
	}
	if p := f.pool.take(); p != nil {
		f.session = p.self.(*queueSession)
		return true
	}
	s := &queueSession{}
	f.session = s
	s.pipe = f.Sub(f.def.target.Layout, s)
	f.pool.add(&s.pooled, s)
	s.pipe.Start(s.pool.keyValue(f.Realm()))
	if s.end != nil { // ended at once
		f.session = nil
		f.Output(stream.Clone(s.end))
		return false
	}
	return true
}

func (f *mux) findPool() bool {
	key := script.Undefined
	if f.def.selector != nil {
		v, ok := f.Call(f.def.selector)
		if !ok {
			return false
		}
		key = v
	}
	var ok bool
	f.pool, ok = f.def.pools.find(&f.Base, key, func() (poolOptions, any, bool) {
		if f.def.dynamic == nil {
			return f.def.fixed, nil, true
		}
		v, ok := f.Call(f.def.dynamic)
		if !ok {
			f.broken = true
			return poolOptions{}, nil, false
		}
		err := errors.New("callback did not return an object for options")
		var opts poolOptions
		var count outputCount
		if v.IsObject() {
			opts, count, err = readMuxOptions(f.Realm(), v)
		}
		if err != nil {
			f.broken = true
			f.Fail(err.Error())
		}
		return opts, count, err == nil
	})
	return ok
}

// answered says that one of the awaited answers is complete.
func (f *mux) answered() {
	if f.waiting--; f.waiting == 0 && f.end != nil {
		e := f.end
		f.end = nil
		f.Output(e)
	}
}

func (f *mux) Reset() {
	f.body.reset()
	if s := f.session; s != nil {
		f.session = nil
		for i := range s.waits {
			if s.waits[i].f == f {
				s.waits[i].f = nil
			}
		}
		s.giveBack()
	}
}
