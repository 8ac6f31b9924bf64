package filter

import (
	"time"

	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "wait", Length: 1, Sig: "wait(cond: fn() -> bool|Promise, options?) (L,N)",
		Rows: []script.Row{
			{Path: "option:wait.timeout", Kind: "option", Signature: "number (s) = 0"},
			{Path: "callback:wait", Kind: "callback", Signature: "() -> bool | Promise"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			if err != nil {
				return nil, err
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			return &waitDef{fn, o.Duration("timeout", 0)}, o.Err()
		},
	})
}

type waitDef struct {
	cond    *script.Ref
	timeout time.Duration // 0: none
}

func (d *waitDef) New() pipeline.Filter { return &wait{def: d} }

// wait holds everything back until a condition is met.
type wait struct {
	pipeline.Base
	def      *waitDef
	queue    pipeline.Queue
	brake    reactor.Brake // of strict sources
	timer    *reactor.Timer
	asking   bool // a promise is pending, or was rejected
	released bool
	open     bool // released, and what was queued is out
}

func (f *wait) Process(e stream.Event) {
	if f.open {
		f.Output(e)
		return
	}
	if f.asking || f.released {
		if f.asking && !f.released {
			engageStrict(&f.Base, &f.brake)
		}
		f.queue.Push(e)
		return
	}
	r := f.Realm()
	v, ok := f.Call(f.def.cond)
	switch {
	case !ok:
		return
	case r.IsPromise(v):
		f.asking = true
		f.Then(v, func(ok bool, v script.Value) {
			if ok {
				f.release()
			} else {
				f.Output(f.Rejection(v))
			}
		})
	case r.Truthy(v):
		f.release()
		f.Output(e)
		return
	}
	if f.queue.Push(e); f.timer == nil && f.def.timeout > 0 {
		f.timer = f.World().Loop.AfterFunc(f.def.timeout, f.release)
	}
}

// release lets everything pass from now on.
func (f *wait) release() {
	if f.released {
		return
	}
	f.released = true
	f.stopTimer()
	f.queue.Drain(f.Output)
	f.open = true
	f.brake.Release()
}

func (f *wait) stopTimer() {
	if f.timer != nil {
		f.timer.Stop()
	}
}

func (f *wait) Reset() {
	f.stopTimer()
	f.queue.Clear()
	f.brake.Release()
}
