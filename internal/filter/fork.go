package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "fork", Length: 1, Joint: true, NameFirst: true, Sig: "fork(init?: any | fn() -> any) .to() (L,N)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return &forkDef{b.Target(), b.Param(0)}, nil },
	})
}

type forkDef struct {
	target *pipeline.Target
	init   pipeline.Param
}

func (d *forkDef) New() pipeline.Filter { return &fork{def: d} }

// fork passes everything on and feeds copies to sub-pipelines whose output nobody sees.
type fork struct {
	pipeline.Base
	def      *forkDef
	branches []*pipeline.Pipeline
	one      [1]*pipeline.Pipeline // room for the usual case
	started  bool
}

func (f *fork) Process(e stream.Event) {
	if !f.started && !f.start() {
		return
	}
	for _, b := range f.branches {
		b.Process(stream.Clone(e))
	}
	f.Output(e)
}

func (f *fork) start() bool {
	v, ok := f.def.init.Value(&f.Base)
	if !ok {
		return false
	}
	r, l := f.Realm(), f.def.target.Layout
	f.branches = f.one[:0]
	if !r.IsArray(v) {
		f.started = true
		sub := f.Sub(l, pipeline.Discard)
		f.branches = append(f.branches, sub)
		sub.Start(v)
		return true
	}
	elements, err := r.Elements(v)
	if err != nil {
		f.Output(f.World().Failure(err))
		return false
	}
	f.started = true
	for i, x := range elements {
		sub := f.SubClone(l, pipeline.Discard)
		f.branches = append(f.branches, sub)
		sub.Start(x, script.Int(i))
	}
	return true
}

func (f *fork) Reset() {
	for _, b := range f.branches {
		b.Release()
	}
}
