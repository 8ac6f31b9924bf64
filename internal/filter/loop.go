package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "loop", Length: 1, Sig: "loop(builder) (L,N)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			t, ok, err := b.TargetOf(b.Arg(0))
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, script.ArgError(0, "a function")
			}
			b.WaitFor(t)
			return &loopDef{t}, nil
		},
	})
}

type loopDef struct{ target *pipeline.Target }

func (d *loopDef) New() pipeline.Filter { return &loop{def: d} }

// loop outputs what its sub-pipeline outputs, and feeds it back into the sub-pipeline as well.
type loop struct {
	pipeline.Base
	def     *loopDef
	sub     *pipeline.Pipeline
	queue   pipeline.Queue // outputs that came while an event was being fed
	feeding bool
	posted  bool
}

func (f *loop) Process(e stream.Event) {
	if f.sub == nil {
		f.sub = f.Sub(f.def.target.Layout, pipeline.InputFunc(f.back))
		f.feeding = true
		f.sub.Start()
		f.feeding = false
	}
	f.feed(e)
}

func (f *loop) feed(e stream.Event) {
	nested := f.feeding
	f.feeding = true
	f.sub.Process(e)
	f.feeding = nested
}

// back takes the sub-pipeline's output.
func (f *loop) back(e stream.Event) {
	if f.feeding {
		f.queue.Push(e)
		f.post()
		return
	}
	f.turn(e)
}

// turn outputs e and feeds a copy: whoever gets e first may take it apart.
func (f *loop) turn(e stream.Event) {
	again := stream.Clone(e)
	f.Output(e)
	f.feed(again)
}

// post processes what is queued in a turn of its own; what that adds waits for the next one.
func (f *loop) post() {
	if f.posted {
		return
	}
	f.posted = true
	f.World().Loop.Later(func() {
		f.posted = false
		if f.Ended() {
			return
		}
		for n := f.queue.Len(); n > 0; n-- {
			f.turn(f.queue.Pop())
		}
	})
}

func (f *loop) Reset() {
	f.sub.Release()
	f.queue.Clear()
}
