package filter

import (
	"errors"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, x := range []struct {
		name, cond string
		on         branchOn
	}{
		{"branch", "() -> bool", onEvent},
		{"branchMessageStart", "(messageStart) -> bool", onMessageStart},
		{"branchMessage", "(message) -> bool", onMessage},
	} {
		pipeline.Register(pipeline.Spec{
			Name: x.name, Length: 2,
			Sig:   x.name + "(cond, target, ..., default?) (L)",
			Rows:  []script.Row{{Path: "callback:" + x.name + ".cond", Kind: "callback", Signature: x.cond}},
			Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildBranch(b, x.on) },
		})
	}
}

// branchOn is what the conditions of a branch are asked about.
type branchOn uint8

const (
	onEvent branchOn = iota
	onMessageStart
	onMessage
)

type branchDef struct {
	on      branchOn
	conds   []*script.Ref // nil: always
	targets []*pipeline.Target
}

func buildBranch(b *pipeline.Build, on branchOn) (pipeline.Def, error) {
	n := len(b.Args)
	if n < 2 {
		return nil, errors.New("requires at least 2 arguments")
	}
	if on == onEvent && isStaticBranch(b) {
		return nil, staticBranch(b)
	}
	d := &branchDef{on: on}
	for i := 0; i < n; i += 2 {
		target := i
		if i+1 < n {
			f, err := b.Function(i)
			if err != nil {
				return nil, err
			}
			d.conds = append(d.conds, b.Hold(f))
			target++
		} else {
			d.conds = append(d.conds, nil)
		}
		t, ok, err := b.TargetOf(b.Arg(target))
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, script.ArgError(target, "a string or a function")
		}
		b.WaitFor(t)
		d.targets = append(d.targets, t)
	}
	return d, nil
}

// isStaticBranch reports whether the conditions are values: then the choice is made at once.
func isStaticBranch(b *pipeline.Build) bool {
	for i := 0; i+1 < len(b.Args); i += 2 {
		if b.IsFunction(b.Arg(i)) {
			return false
		}
	}
	return true
}

// staticBranch has the builder of the first condition that holds add its filters to the current pipeline.
func staticBranch(b *pipeline.Build) error {
	for i := 0; i < len(b.Args); i += 2 {
		target := i
		if i+1 < len(b.Args) {
			if !b.Truthy(b.Arg(i)) {
				continue
			}
			target++
		}
		f, err := b.Function(target)
		if err != nil {
			return err
		}
		_, err = b.Call.Call(f, b.This)
		return err
	}
	return nil
}

func (d *branchDef) New() pipeline.Filter { return &branch{def: d} }

// branch chooses one of several sub-pipelines for all input.
type branch struct {
	pipeline.Base
	def   *branchDef
	route route
	open  gathering // branchMessage
}

func (f *branch) Process(e stream.Event) {
	if f.route.sub != nil {
		f.route.sub.Process(e)
		return
	}
	if f.open.refused(e) {
		f.route.queue.Clear()
		f.Output(e)
		return
	}
	l, ok := f.choose(e)
	if !ok {
		return
	}
	if l == nil {
		f.route.queue.Push(e)
		return
	}
	f.open.drop()
	f.route.begin(f.Sub(l, f.Out()), e)
}

// choose returns the layout for the input, nil if that is not decided. ok is false if e is to be dropped.
func (f *branch) choose(e stream.Event) (l *pipeline.Layout, ok bool) {
	r := f.Realm()
	switch f.def.on {
	case onMessageStart:
		if e.Kind() != stream.KindMessageStart {
			return nil, true
		}
		return f.ask(event.New(r, e))
	case onMessage:
		m := f.collect(e)
		if m == nil {
			return nil, true
		}
		return f.ask(event.NewMessage(r, m))
	}
	return f.ask()
}

func (f *branch) ask(args ...script.Value) (l *pipeline.Layout, ok bool) {
	for i, cond := range f.def.conds {
		if cond != nil {
			v, ok := f.Call(cond, args...)
			if !ok {
				return nil, false
			}
			if !f.Realm().Truthy(v) {
				continue
			}
		}
		return f.def.targets[i].Layout, true
	}
	return nil, true
}

// collect returns the message that e ends, or nil.
func (f *branch) collect(e stream.Event) *stream.Message {
	switch x := e.(type) {
	case *stream.MessageStart:
		if f.open.start == nil {
			f.open.start = x
		}
		return nil
	case *stream.Data:
		if f.open.start != nil {
			f.open.body.add(f.Realm(), x, unlimited)
		}
		return nil
	}
	if f.open.start == nil {
		return nil
	}
	return f.open.end(e)
}

func (f *branch) Reset() { f.route.reset() }
