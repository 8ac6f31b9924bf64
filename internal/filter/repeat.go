package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "repeat", Length: 1, Joint: true, Only: pipeline.Modern,
		Sig:  "repeat(cond: fn(streamEnd) -> bool|Promise) .to() (N)",
		Rows: []script.Row{{Path: "callback:repeat", Kind: "callback", Signature: "(streamEnd) -> bool | Promise<bool>"}},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			return &repeatDef{fn, b.Target()}, err
		},
	})
}

type repeatDef struct {
	cond   *script.Ref
	target *pipeline.Target
}

func (d *repeatDef) New() pipeline.Filter { return &repeat{def: d} }

// repeat feeds its input to a sub-pipeline, and to another one when that has ended and a callback wants it.
type repeat struct {
	pipeline.Base
	def     *repeatDef
	run     rerun
	round   int // counts sub-pipelines: what an earlier one outputs is ignored
	done    bool
	started bool
}

func (f *repeat) Process(e stream.Event) {
	if f.done {
		return
	}
	if !f.started {
		f.started = true
		f.begin()
	}
	f.run.add(e)
}

func (f *repeat) begin() {
	f.round++
	round := f.round
	f.run.begin(f.Sub(f.def.target.Layout, pipeline.InputFunc(func(e stream.Event) {
		if round != f.round || f.done {
			return
		}
		if end, ok := e.(*stream.StreamEnd); ok {
			f.ended(end)
		} else {
			f.Output(e)
		}
	})))
}

// ended is called at the sub-pipeline's StreamEnd.
func (f *repeat) ended(e *stream.StreamEnd) {
	f.round++
	f.run.end()
	if f.World().Stopping {
		f.finish(e)
		return
	}
	r := f.Realm()
	v, ok := f.Call(f.def.cond, event.New(r, e))
	switch {
	case !ok:
		f.finish(nil)
	case r.IsPromise(v):
		f.Then(v, func(ok bool, v script.Value) {
			switch {
			case !ok:
				f.finish(f.Rejection(v))
			case r.Truthy(v):
				f.begin()
			default:
				f.finish(e)
			}
		})
	case r.Truthy(v):
		f.World().Loop.Later(func() {
			if !f.Ended() {
				f.begin()
			}
		})
	default:
		f.finish(e)
	}
}

// finish ends the filter's stream with e, if it is not nil.
func (f *repeat) finish(e *stream.StreamEnd) {
	f.done = true
	f.run.reset()
	if e != nil {
		f.Output(e)
	}
}

func (f *repeat) Reset() { f.run.reset() }
