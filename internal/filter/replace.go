package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	rows := []script.Row{{Path: "callback:replace*", Kind: "callback", Signature: "(subject, index) -> EventsLike | Promise<EventsLike>"}}
	for _, s := range single {
		sig := "replace" + s.suffix + "(replacement?: EventsLike | fn(event, index) -> EventsLike|Promise) (L,N)"
		if s.suffix == "" {
			sig = "replace(replacement?) (N)"
		}
		pipeline.Register(pipeline.Spec{
			Name: "replace" + s.suffix, Length: 1, Sig: sig, Rows: rows,
			Build: func(b *pipeline.Build) (pipeline.Def, error) {
				with, err := newReplacement(b)
				return &replaceDef{with, s.kinds, s.first}, err
			},
		})
		rows = nil
	}
}

// replacement is what a replace filter puts in place of its subject: nothing, fixed events, or what a callback returns.
type replacement struct{ pipeline.Param }

func newReplacement(b *pipeline.Build) (replacement, error) {
	v := b.Arg(0)
	if !v.IsNullish() && !v.IsObject() {
		return replacement{}, script.ArgError(0, "an object")
	}
	return replacement{b.Param(0)}, nil
}

const (
	badResult = "Promise was not fulfilled with an event or Message or an array of those"
	badStatic = "replacement is not an event or Message or an array of those"
)

// emit outputs what a value stands for; if it is no events, that is reported.
func (w replacement) emit(b *pipeline.Base, v script.Value) bool {
	if event.Each(b.Realm(), v, b.Output) {
		return true
	}
	if w.IsFunction() {
		b.Fail(badResult)
	} else {
		b.Fail(badStatic)
	}
	return false
}

type replaceDef struct {
	with  replacement
	kinds kinds
	first bool
}

func (d *replaceDef) New() pipeline.Filter { return &replace{def: d} }

// replace puts other events in place of single ones.
type replace struct {
	pipeline.Base
	def   *replaceDef
	gate  gate
	index int
	done  bool // the first event was replaced
}

func (f *replace) Process(e stream.Event) {
	if !f.gate.takes(&f.Base, e) {
		f.see(e)
	}
}

func (f *replace) see(e stream.Event) {
	if !f.def.kinds.has(e) || f.def.first && f.done {
		f.Output(e)
		return
	}
	with := f.def.with
	if !with.IsFunction() {
		f.emit(with.Static())
		return
	}
	r := f.Realm()
	f.index++
	v, ok := with.Value(&f.Base, event.New(r, e), script.Int(f.index-1))
	if !ok {
		return
	}
	if r.IsPromise(v) {
		f.gate.await(&f.Base, v, f.emit, f.see)
		return
	}
	f.emit(v)
}

func (f *replace) emit(v script.Value) {
	f.done = true // before the events, which may come back here
	f.done = f.def.with.emit(&f.Base, v)
}

func (f *replace) Reset() { f.gate.clear() }
