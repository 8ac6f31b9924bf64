package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "link", Length: 1, Sig: "link(name | fn() -> string|Swap|null) (L)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildLink(b) },
	})
}

type linkDef struct {
	target *pipeline.Target // nil if a callback gives it
	fn     *script.Ref
	names  *pipeline.Names
}

func buildLink(b *pipeline.Build) (*linkDef, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	d := &linkDef{names: b.Builder.Names()}
	if v := b.Arg(0); b.IsFunction(v) {
		d.fn = b.Hold(v)
		return d, nil
	}
	t, ok, err := b.TargetOf(b.Arg(0))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, script.ArgError(0, "a string or a function")
	}
	b.WaitFor(t)
	d.target = t
	return d, nil
}

func (d *linkDef) New() pipeline.Filter { return &link{def: d} }

// link passes everything to another pipeline of the module, or crosses over with another link at a Swap.
type link struct {
	pipeline.Base
	def     *linkDef
	sub     *pipeline.Pipeline
	swap    *Swap
	queue   pipeline.Queue // what came in while feeding
	feeding bool
	posted  bool
	// elsewhere is asked for pipelines the module has not. Set for linkAsync, which knows no Swap.
	elsewhere func(name string) pipeline.Input
	remote    pipeline.Input
}

func (f *link) Process(e stream.Event) {
	if f.feeding {
		f.queue.Push(e)
		f.post()
		return
	}
	if f.sub == nil && f.swap == nil && f.remote == nil && !f.choose() {
		return
	}
	f.feed(e)
}

func (f *link) feed(e stream.Event) {
	f.feeding = true
	switch {
	case f.swap != nil:
		f.swap.cross(f, e)
	case f.remote != nil:
		f.remote.Process(e)
	default:
		f.sub.Process(e)
	}
	f.feeding = false
}

// post has the queue processed in a turn of its own.
func (f *link) post() {
	if f.posted {
		return
	}
	f.posted = true
	f.World().Loop.Later(func() {
		f.posted = false
		if !f.Ended() {
			f.queue.Drain(f.feed)
		}
	})
}

// choose finds out where to link to; false means that the event is dropped.
func (f *link) choose() bool {
	d := f.def
	if d.target != nil {
		f.start(d.target.Layout)
		return true
	}
	r := f.Realm()
	v, ok := f.Call(d.fn)
	if !ok || v.IsNullish() {
		return false
	}
	if s, ok := script.As[*Swap](r, v); ok && f.elsewhere == nil {
		if !s.join(f) {
			f.Fail("cannot link to a fully occupied Swap")
			return false
		}
		f.swap = s
		return true
	}
	if l, ok := script.As[*pipeline.Layout](r, v); ok {
		f.start(l)
		return true
	}
	name, ok := r.AsString(v)
	if !ok {
		f.Fail("callback did not return a string")
		return false
	}
	var l *pipeline.Layout
	if d.names != nil {
		l = d.names.Layouts[name]
	}
	if l == nil && f.elsewhere != nil {
		if f.remote = f.elsewhere(name); f.remote != nil {
			return true
		}
	}
	if l == nil {
		f.Fail("unknown pipeline layout name: " + name)
		return false
	}
	f.start(l)
	return true
}

func (f *link) start(l *pipeline.Layout) {
	f.sub = f.Sub(l, f.Out())
	f.sub.Start()
}

func (f *link) Reset() {
	f.sub.Release()
	f.queue.Clear()
	if f.swap != nil {
		f.swap.leave(f)
	}
}

// Swap is where two link filters meet: what goes into one comes out of the other.
type Swap struct {
	parties [2]*link
	joined  int
}

// Namespace declares the classes that scripts use with filters.
var Namespace = &script.Namespace{
	Classes: []*script.Class{{Name: "Swap", Sig: "new Swap() (legacy, for link)",
		New: func(*script.Call) (any, error) { return new(Swap), nil }}},
	Extra: []script.Row{{Path: "Swap", Kind: "global", Signature: "Swap"}},
}

func (s *Swap) join(f *link) bool {
	if s.joined == len(s.parties) {
		return false
	}
	s.parties[s.joined] = f
	s.joined++
	return true
}

func (s *Swap) leave(f *link) {
	for i, p := range s.parties {
		if p == f {
			s.parties[i] = nil
		}
	}
}

// cross outputs e at the other party; it is lost if there is none.
func (s *Swap) cross(f *link, e stream.Event) {
	other := s.parties[0]
	if other == f {
		other = s.parties[1]
	}
	if other != nil {
		other.Output(e)
	}
}
