package filter

import (
	"weir/internal/pipeline"
	"weir/internal/proto/tlshello"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "handleTLSClientHello", Length: 1,
		Sig: "handleTLSClientHello(handler: (hello: {serverNames?: string[], protocolNames?: string[]})=>any)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			return &handleTLSClientHelloDef{fn}, err
		},
	})
}

type handleTLSClientHelloDef struct{ fn *script.Ref }

func (d *handleTLSClientHelloDef) New() pipeline.Filter {
	return &handleTLSClientHello{def: d, parser: new(tlshello.Parser)}
}

// handleTLSClientHello passes everything, and tells a callback what the ClientHello at the start says.
type handleTLSClientHello struct {
	pipeline.Base
	def    *handleTLSClientHelloDef
	parser *tlshello.Parser // nil once it is known
}

func (f *handleTLSClientHello) Process(e stream.Event) {
	if d, ok := e.(*stream.Data); ok && f.parser != nil && !f.look(d) {
		return
	}
	f.Output(e)
}

// look returns false if the callback threw: the event is dropped then.
func (f *handleTLSClientHello) look(d *stream.Data) bool {
	for _, b := range d.Segments() {
		switch p := f.parser; p.Feed(b) {
		case tlshello.Invalid:
			f.parser = nil
			return true
		case tlshello.Complete:
			f.parser = nil
			_, ok := f.Call(f.def.fn, f.object(p.Hello()))
			return ok
		}
	}
	return true
}

func (f *handleTLSClientHello) object(h tlshello.Hello) script.Value {
	r := f.Realm()
	o := r.NewObject()
	if h.ServerNames != nil {
		r.Set(o, "serverNames", r.FromGo(h.ServerNames))
	}
	if h.ProtocolNames != nil {
		r.Set(o, "protocolNames", r.FromGo(h.ProtocolNames))
	}
	return o
}
