package filter

import (
	"weir/internal/logs"
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

// printer is the filter print: it logs the bytes that pass.
type printer struct{ pipeline.Base }

func (f *printer) Process(e stream.Event) {
	if d, ok := e.(*stream.Data); ok {
		f.World().Log.Print(logs.Info, string(d.Bytes()))
	}
	f.Output(e)
}
