package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "dummy", Sig: "dummy() (L,N)",
		Build: func(*pipeline.Build) (pipeline.Def, error) { return dummyDef{}, nil },
	})
}

type dummyDef struct{}

func (dummyDef) New() pipeline.Filter { return new(dummy) }

// dummy absorbs everything but StreamEnd.
type dummy struct{ pipeline.Base }

func (f *dummy) Process(e stream.Event) {
	if e.Kind() == stream.KindStreamEnd {
		f.Output(e)
	}
}
