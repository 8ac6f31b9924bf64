package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "pipeNext", Length: 1, Sig: "pipeNext(args?: any | fn() -> any) (N)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			return &pipeNextDef{b.Param(0), !b.Arg(0).IsUndefined()}, nil
		},
	})
}

type pipeNextDef struct {
	args    pipeline.Param
	hasArgs bool
}

func (d *pipeNextDef) New() pipeline.Filter { return &pipeNext{def: d} }

// pipeNext goes on with the next layout of the chain the pipeline is in. At the end of the chain everything passes.
type pipeNext struct {
	pipeline.Base
	def *pipeNextDef
	sub *pipeline.Pipeline
}

func (f *pipeNext) Process(e stream.Event) {
	if f.sub == nil {
		chain := f.Pipeline().Chain()
		if chain == nil || len(chain.Layouts) == 0 {
			f.Output(e)
			return
		}
		next := &pipeline.Chain{Layouts: chain.Layouts[1:], Args: chain.Args}
		args := values(chain.Args)
		if f.def.hasArgs {
			v, ok := f.def.args.Value(&f.Base)
			if !ok {
				return
			}
			var err error
			if args, err = spread(f.Realm(), v); err != nil {
				f.Fail(err.Error())
				return
			}
			next.Args = hold(f.Realm(), args)
		}
		f.sub = f.Sub(chain.Layouts[0], f.Out())
		f.sub.SetChain(next)
		f.sub.Start(args...)
	}
	f.sub.Process(e)
}

func (f *pipeNext) Reset() { f.sub.Release() }
