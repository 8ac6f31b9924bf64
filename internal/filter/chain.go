package filter

import (
	"fmt"

	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "chain", Length: 1, Sig: "chain(modules: string[]) | chain() (L)", Build: buildChain,
	})
}

type chainDef struct{ layouts []*pipeline.Layout }

func buildChain(b *pipeline.Build) (pipeline.Def, error) {
	if b.Arg(0).IsNullish() {
		return &pipeNextDef{}, nil
	}
	list, err := b.Array(0)
	if err != nil {
		return nil, err
	}
	d := &chainDef{layouts: make([]*pipeline.Layout, b.Len(list))}
	for i := range d.layouts {
		v, err := b.GetIndex(list, i)
		if err != nil {
			return nil, err
		}
		file, ok := b.AsString(v)
		if !ok {
			return nil, script.ArgError(0, "an array of strings")
		}
		m, err := pipeline.ModuleLoaderOf(b.World()).LoadModule(b.Call, file)
		if err != nil {
			return nil, fmt.Errorf("[chain] Cannot load module: %s: %w", file, err)
		}
		m.OnBound(func() error {
			if d.layouts[i] = m.Entrance(); d.layouts[i] == nil {
				return fmt.Errorf("entrance pipeline not found in module %s", file)
			}
			return nil
		})
	}
	return d, nil
}

func (d *chainDef) New() pipeline.Filter { return &chain{def: d} }

// chain runs the entrance pipelines of modules: the first one here, each further one where the one before says chain().
type chain struct {
	pipeline.Base
	def *chainDef
	sub *pipeline.Pipeline
}

func (f *chain) Process(e stream.Event) {
	if f.sub == nil {
		l := f.def.layouts
		if len(l) == 0 {
			f.Output(e)
			return
		}
		f.sub = f.Sub(l[0], f.Out())
		f.sub.SetChain(&pipeline.Chain{Layouts: l[1:]})
		f.sub.Start()
	}
	f.sub.Process(e)
}

func (f *chain) Reset() { f.sub.Release() }
