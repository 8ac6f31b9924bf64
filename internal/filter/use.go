package filter

import (
	"fmt"

	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "use", Length: 2,
		Sig:   "use(module, pipeline?) | use(modules[], pipeline, when?) | use(modules[], pipeline, pipelineDown, when?) (L)",
		Rows:  []script.Row{{Path: "callback:use.when", Kind: "callback", Signature: "() -> bool (turn down)"}},
		Build: buildUse,
	})
}

// useDef is a stack of plugins: the input goes up through all stages and comes down again.
type useDef struct {
	stages []useStage
	when   *script.Ref // asks whether to turn down before a stage
}

type useStage struct{ up, down *pipeline.Layout }

func buildUse(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	if file, ok := b.AsString(b.Arg(0)); ok {
		return buildUseOne(b, file)
	}
	list := b.Arg(0)
	if !b.IsArray(list) {
		return nil, script.ArgError(0, "a string or an array")
	}
	if err := b.Need(2); err != nil {
		return nil, err
	}
	up, err := b.Str(1)
	if err != nil {
		return nil, err
	}
	d := &useDef{}
	down, when := "", 2
	if s, ok := b.AsString(b.Arg(2)); ok {
		down, when = s, 3
	}
	if b.Has(when) {
		f := b.Arg(when)
		if !b.IsFunction(f) {
			if when == 2 {
				return nil, script.ArgError(when, "a string or a function")
			}
			return nil, script.ArgError(when, "a function")
		}
		d.when = b.Hold(f)
	}
	all := make([]useStage, b.Len(list))
	for i := range all {
		v, err := b.GetIndex(list, i)
		if err != nil {
			return nil, err
		}
		file, ok := b.AsString(v)
		if !ok {
			return nil, script.ArgError(0, "an array of strings")
		}
		m, err := loadForUse(b, file)
		if err != nil {
			return nil, err
		}
		last := i == len(all)-1
		m.OnBound(func() error {
			all[i].up = m.Named(up)
			if down != "" {
				all[i].down = m.Named(down)
			}
			if last {
				for _, s := range all {
					if s.up != nil || s.down != nil {
						d.stages = append(d.stages, s)
					}
				}
			}
			return nil
		})
	}
	return d, nil
}

func buildUseOne(b *pipeline.Build, file string) (pipeline.Def, error) {
	name := ""
	if b.Has(1) {
		var err error
		if name, err = b.Str(1); err != nil {
			return nil, err
		}
	}
	m, err := loadForUse(b, file)
	if err != nil {
		return nil, err
	}
	d := &useDef{}
	m.OnBound(func() error {
		l := m.Entrance()
		if name != "" {
			l = m.Named(name)
		}
		if l != nil {
			d.stages = []useStage{{up: l}}
			return nil
		}
		if name != "" {
			file += ": " + name
		}
		return fmt.Errorf("pipeline not found in module %s", file)
	})
	return d, nil
}

func loadForUse(b *pipeline.Build, file string) (pipeline.Module, error) {
	m, err := pipeline.ModuleLoaderOf(b.World()).LoadModule(b.Call, file)
	if err != nil {
		return nil, fmt.Errorf("[pjs] Cannot load module: %s: %w", file, err)
	}
	return m, nil
}

func (d *useDef) New() pipeline.Filter {
	return &use{def: d, steps: make([]useStep, 2*len(d.stages))}
}

// use runs pipelines of other modules. Its steps are the stages upwards, then downwards: step i of n stages is the way up
// through stage i if i < n, else the way down through stage 2n-1-i.
type use struct {
	pipeline.Base
	def   *useDef
	steps []useStep
}

type useStep struct {
	sub   *pipeline.Pipeline
	to    int // where input goes if there is no sub-pipeline
	ready bool
}

func (f *use) Process(e stream.Event) { f.step(0, e) }

// step passes e to a step.
func (f *use) step(i int, e stream.Event) {
	if i == len(f.steps) {
		f.Output(e)
		return
	}
	s := &f.steps[i]
	if !s.ready && !f.enter(i) {
		return
	}
	if s.sub != nil {
		s.sub.Process(e)
	} else {
		f.step(s.to, e)
	}
}

// enter decides at a step's first event what the step does; false means that the event is dropped.
func (f *use) enter(i int) bool {
	s, n := &f.steps[i], len(f.def.stages)
	s.to = i + 1
	var l *pipeline.Layout
	if i >= n {
		l = f.def.stages[2*n-1-i].down
	} else {
		if f.def.when != nil {
			v, ok := f.Call(f.def.when)
			if !ok {
				return false
			}
			if f.Realm().Truthy(v) {
				s.to, s.ready = 2*n-i, true // the way down of the stage before
				return true
			}
		}
		l = f.def.stages[i].up
	}
	s.ready = true
	if l != nil {
		s.sub = l.New(f.Context(), pipeline.InputFunc(func(e stream.Event) { f.step(i+1, e) }))
		s.sub.Start()
	}
	return true
}

func (f *use) Reset() {
	for i := range f.steps {
		f.steps[i].sub.Release()
	}
}
