package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "insert", Length: 1,
		Sig:  "insert(EventsLike | fn() -> EventsLike|Promise) (L,N)",
		Rows: []script.Row{{Path: "callback:insert", Kind: "callback", Signature: "() -> EventsLike | Promise<EventsLike>"}},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			return &insertDef{b.Param(0)}, b.Need(1)
		},
	})
}

type insertDef struct{ what pipeline.Param }

func (d *insertDef) New() pipeline.Filter { return &insert{def: d} }

// insert outputs events before the first one of the stream, or, if a promise gives them, whenever that is fulfilled.
type insert struct {
	pipeline.Base
	def  *insertDef
	done bool
}

func (f *insert) Process(e stream.Event) {
	if f.done {
		f.Output(e)
		return
	}
	f.done = true
	v, ok := f.def.what.Value(&f.Base)
	if !ok {
		return
	}
	r := f.Realm()
	if r.IsPromise(v) {
		f.Then(v, func(ok bool, v script.Value) {
			if !ok {
				f.Output(f.Rejection(v))
			} else if !event.Each(r, v, f.Output) {
				f.Fail(badResult)
			}
		})
	} else if !event.Each(r, v, f.Output) {
		f.Fail("inserting object is not an event or Message or an array of those")
	}
	f.Output(e)
}
