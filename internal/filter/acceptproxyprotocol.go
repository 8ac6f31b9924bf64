package filter

import (
	"net/netip"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/proto/proxyproto"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "acceptProxyProtocol", Length: 1, Joint: true,
		Sig: "acceptProxyProtocol(handler: (info)=>boolean|Promise<boolean>).to(...)",
		Rows: []script.Row{
			{Path: "proxyProtocol:Info#version", Kind: "property", Signature: "1|2"},
			{Path: "proxyProtocol:Info#command", Kind: "property", Signature: `"PROXY"|"LOCAL"`},
			{Path: "proxyProtocol:Info#protocol", Kind: "property", Signature: `"TCP4"|"TCP6"|"UDP4"|"UDP6"|"UNIX"|"UNIX_DGRAM"|"UNKNOWN"`},
			{Path: "proxyProtocol:Info#sourceAddress", Kind: "property", Signature: "string"},
			{Path: "proxyProtocol:Info#sourcePort", Kind: "property", Signature: "number"},
			{Path: "proxyProtocol:Info#targetAddress", Kind: "property", Signature: "string"},
			{Path: "proxyProtocol:Info#targetPort", Kind: "property", Signature: "number"},
			{Path: "proxyProtocol:Info#tlvs", Kind: "property", Signature: "{type: number, value: Data}[] [beyond]"},
			{Path: "proxyProtocol:Info#checksum", Kind: "property", Signature: "boolean [beyond]"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			return &acceptProxyProtocolDef{handler: fn, target: b.Target()}, err
		},
	})
}

// acceptProxyProtocolDef declares acceptProxyProtocol(handler).to(target).
type acceptProxyProtocolDef struct {
	handler *script.Ref
	target  *pipeline.Target
}

// New implements pipeline.Def.
func (d *acceptProxyProtocolDef) New() pipeline.Filter { return &acceptProxyProtocol{def: d} }

// acceptProxyProtocol takes the header of the PROXY protocol off a stream.
type acceptProxyProtocol struct {
	pipeline.Base
	def    *acceptProxyProtocolDef
	server tunnelServer
}

// Process implements pipeline.Filter.
func (f *acceptProxyProtocol) Process(e stream.Event) {
	if f.server.receive(&f.Base, e) {
		f.decode()
		f.server.in.Own()
	}
}

func (f *acceptProxyProtocol) decode() {
	h, err := proxyproto.Decode(&f.server.in)
	switch {
	case err != nil:
		f.server.finish(&f.Base, protocolError(&f.Base, err))
	case h != nil:
		f.server.ask(&f.Base, f.def.handler, f.answer, f.info(h))
	}
}

func (f *acceptProxyProtocol) answer(yes bool, failure *stream.StreamEnd) {
	switch {
	case failure != nil:
		f.server.finish(&f.Base, failure)
	case !yes:
		f.server.finish(&f.Base, new(stream.StreamEnd))
	default:
		f.server.accept(&f.Base, f.def.target.Layout)
	}
}

// info is the object the handler gets.
func (f *acceptProxyProtocol) info(h *proxyproto.Header) script.Value {
	r := f.Realm()
	o := r.NewObject()
	r.Set(o, "version", script.Int(h.Version))
	if h.Version == 2 {
		command := "PROXY"
		if h.Local {
			command = "LOCAL"
		}
		r.Set(o, "command", r.String(command))
	}
	r.Set(o, "protocol", r.String(h.Protocol.String()))
	end := func(side string, a netip.AddrPort, path string) {
		if a.IsValid() {
			r.Set(o, side+"Address", r.String(a.Addr().String()))
			r.Set(o, side+"Port", script.Int(int(a.Port())))
		} else if path != "" {
			r.Set(o, side+"Address", r.String(path))
		}
	}
	end("source", h.Source, h.SourcePath)
	end("target", h.Target, h.TargetPath)
	if len(h.TLVs) > 0 {
		list := r.NewArray()
		for i, t := range h.TLVs {
			x := r.NewObject()
			r.Set(x, "type", script.Int(int(t.Type)))
			r.Set(x, "value", event.NewData(r, stream.NewData(t.Value)))
			r.SetIndex(list, i, x)
		}
		r.Set(o, "tlvs", list)
	}
	if h.Checksum {
		r.Set(o, "checksum", script.Bool(true))
	}
	return o
}

// Reset implements pipeline.Filter.
func (f *acceptProxyProtocol) Reset() { f.server.reset() }
