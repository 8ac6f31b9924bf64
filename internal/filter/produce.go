package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "produce", Length: 1, Sig: "produce(producer?: EventsLike | fn() -> EventsLike|Promise) (L)",
		Rows: []script.Row{{Path: "callback:produce", Kind: "callback", Signature: "() -> EventsLike | Promise<EventsLike>"}},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			return &produceDef{b.Param(0)}, nil
		},
	})
}

type produceDef struct{ producer pipeline.Param }

func (d *produceDef) New() pipeline.Filter {
	f := &production{def: d}
	f.pacer.base, f.pacer.work = &f.Base, f.run
	return f
}

// production is the filter produce: it outputs what a callback gives again and again, until it gives a StreamEnd. Its input only tells it when to begin.
type production struct {
	pipeline.Base
	def     *produceDef
	started bool
	ended   bool
	pacer   pacer
}

// maxProductions is how often the producer is called in one turn.
const maxProductions = 1000

func (f *production) Process(stream.Event) {
	if f.started {
		return
	}
	f.started = true
	if f.def.producer.IsFunction() {
		f.run()
	} else {
		f.emit(f.def.producer.Static())
	}
}

func (f *production) run() {
	r := f.Realm()
	for range maxProductions {
		end := r.Scope()
		v, ok := f.def.producer.Value(&f.Base)
		pending := ok && r.IsPromise(v)
		switch {
		case pending:
			f.Then(v, f.settled)
		case ok:
			ok = f.emit(v)
		}
		end()
		if !ok || pending {
			return
		}
		if f.pacer.congested() {
			break
		}
	}
	f.pacer.later()
}

// settled gets what a promise of the producer came to.
func (f *production) settled(ok bool, v script.Value) {
	switch {
	case !ok:
		f.Output(f.Rejection(v))
	case f.emit(v):
		f.pacer.later()
	}
}

// emit outputs a production. It returns false if that was the last.
func (f *production) emit(v script.Value) bool {
	if !event.Each(f.Realm(), v, f.out) {
		f.Fail("production is not an event")
		return false
	}
	return !f.ended
}

func (f *production) out(e stream.Event) {
	if f.ended {
		return
	}
	f.ended = e.Kind() == stream.KindStreamEnd
	f.Output(e)
}
