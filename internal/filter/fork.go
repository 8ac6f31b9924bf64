package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, x := range []struct {
		name, sig string
		mode      forkMode
	}{
		{"fork", "fork(init?: any | fn() -> any) .to() (L,N)", forkCopies},
		{"forkJoin", "forkJoin(init?) .to() (N)", forkJoins},
		{"forkRace", "forkRace(init?) .to() (N)", forkRaces},
	} {
		pipeline.Register(pipeline.Spec{
			Name: x.name, Length: 1, Joint: true, NameFirst: x.mode == forkCopies, Sig: x.sig,
			Build: func(b *pipeline.Build) (pipeline.Def, error) { return &forkDef{x.mode, b.Target(), b.Param(0)}, nil },
		})
	}
}

// forkMode tells what becomes of a fork's input and of what its branches output.
type forkMode uint8

const (
	forkCopies forkMode = iota // the input passes
	forkJoins                  // the input passes once all branches have ended
	forkRaces                  // the output is that of the first branch with any
)

type forkDef struct {
	mode   forkMode
	target *pipeline.Target
	init   pipeline.Param
}

func (d *forkDef) New() pipeline.Filter { return &fork{def: d} }

// fork feeds copies of everything to sub-pipelines.
type fork struct {
	pipeline.Base
	def      *forkDef
	branches []*pipeline.Pipeline
	one      [1]*pipeline.Pipeline // room for the usual case
	started  bool
	running  int            // forkJoins: branches that have not ended
	held     pipeline.Queue // forkJoins: input that waits for them
	winner   *forkBranch
}

func (f *fork) Process(e stream.Event) {
	if !f.started && !f.start() {
		return
	}
	for _, b := range f.branches {
		b.Process(stream.Clone(e))
	}
	switch {
	case f.def.mode == forkRaces:
	case f.running > 0:
		f.held.Push(e)
	default:
		f.held.Drain(f.Output)
		f.Output(e)
	}
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
		var sub *pipeline.Pipeline
		if f.def.mode == forkCopies {
			sub = f.Sub(l, pipeline.Discard)
		} else {
			f.running = 1
			sub = f.SubClone(l, &forkBranch{f: f})
		}
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
	if f.def.mode != forkCopies {
		f.running = len(elements)
	}
	for i, x := range elements {
		out := pipeline.Discard
		if f.def.mode != forkCopies {
			out = &forkBranch{f: f}
		}
		sub := f.SubClone(l, out)
		f.branches = append(f.branches, sub)
		sub.Start(x, script.Int(i))
	}
	return true
}

func (f *fork) Reset() {
	for _, b := range f.branches {
		b.Release()
	}
	f.held.Clear()
}

// forkBranch takes the output of a branch, of forkJoin and forkRace.
type forkBranch struct {
	f     *fork
	ended bool
}

func (b *forkBranch) Process(e stream.Event) {
	f := b.f
	if f.def.mode == forkRaces {
		if f.winner == nil {
			f.winner = b
		}
		if f.winner == b {
			f.Output(e)
		}
		return
	}
	if e.Kind() != stream.KindStreamEnd || b.ended {
		return
	}
	b.ended = true
	if f.running--; f.running == 0 {
		f.held.Drain(f.Output)
	}
}
