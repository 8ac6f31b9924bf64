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
		Name: "replay", Length: 1, Joint: true, Sig: "replay(options?) .to() (L)",
		Rows:  []script.Row{{Path: "option:replay.delay", Kind: "option", Signature: "duration | fn() -> duration = 0"}},
		Build: buildReplay,
	})
}

type replayDef struct {
	delay   time.Duration
	delayFn *script.Ref
	target  *pipeline.Target
}

func buildReplay(b *pipeline.Build) (pipeline.Def, error) {
	o, err := options(b, 0)
	if err != nil {
		return nil, err
	}
	d := &replayDef{target: b.Target()}
	if v := o.Value("delay"); b.IsFunction(v) {
		d.delayFn = b.Hold(v)
	} else {
		d.delay = o.Duration("delay", 0)
	}
	return d, o.Err()
}

func (d *replayDef) New() pipeline.Filter { return &replay{def: d} }

// replay feeds its input to a sub-pipeline, and all of it to another one whenever that ends with the error Replay.
type replay struct {
	pipeline.Base
	def     *replayDef
	run     rerun
	round   int
	started bool
	timer   *reactor.Timer
	tap     *reactor.Tap // of what is replayed
}

func (f *replay) Process(e stream.Event) {
	if !f.started {
		f.started = true
		f.begin()
	}
	f.run.add(e)
}

func (f *replay) begin() {
	f.round++
	round := f.round
	f.run.begin(f.Sub(f.def.target.Layout, pipeline.InputFunc(func(e stream.Event) {
		if round != f.round {
			return
		}
		if end, ok := e.(*stream.StreamEnd); ok && end.Code == stream.Replay {
			f.again()
		} else {
			f.Output(e)
		}
	})))
}

// again starts anew after the delay.
func (f *replay) again() {
	f.round++
	f.run.end()
	if f.World().Stopping {
		return
	}
	delay, ok := f.delay()
	if !ok {
		return
	}
	loop := f.World().Loop
	if f.tap == nil {
		f.tap = reactor.NewTap(func() { loop.Later(f.resume) })
		f.run.hold = f.tap.Paused
	}
	f.timer = loop.AfterFunc(delay, func() {
		if !f.World().Stopping {
			loop.TurnFrom(f.tap, f.begin)
		}
	})
}

// resume goes on with what congestion interrupted.
func (f *replay) resume() {
	if !f.Ended() {
		f.World().Loop.TurnFrom(f.tap, f.run.resume)
	}
}

func (f *replay) delay() (time.Duration, bool) {
	if f.def.delayFn == nil {
		return f.def.delay, true
	}
	v, ok := f.Call(f.def.delayFn)
	if !ok {
		return 0, false
	}
	r := f.Realm()
	if n, ok := r.NumberOf(v); ok {
		return script.ToDuration(n), true
	}
	if s, ok := r.AsString(v); ok {
		if n, ok := script.ParseQuantity(s, script.Seconds); ok {
			return script.ToDuration(n), true
		}
	}
	f.Fail("options.delay expects a number")
	return 0, false
}

func (f *replay) Reset() {
	if f.timer != nil {
		f.timer.Stop()
	}
	f.run.reset()
}
