package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "print", Sig: "print() (L,N)",
		Build: func(*pipeline.Build) (pipeline.Def, error) { return printDef{}, nil },
	})
}

type printDef struct{}

func (printDef) New() pipeline.Filter { return new(printer) }

// printer is the filter print: it writes the bytes that pass to the log.
type printer struct{ pipeline.Base }

func (f *printer) Process(e stream.Event) {
	if d, ok := e.(*stream.Data); ok {
		f.World().Log.Raw(d.Bytes())
	}
	f.Output(e)
}
