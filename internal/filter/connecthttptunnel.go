package filter

import (
	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "connectHTTPTunnel", Length: 2, Joint: true,
		Sig: "connectHTTPTunnel(handshake: Message|(()=>Message), options?: object).to(...)",
		Rows: []script.Row{{Path: "option:connectHTTPTunnel.onState", Kind: "callback",
			Signature: `(state: "connecting"|"connected"|"closed") => any`}},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			d := &connectHTTPTunnelDef{handshake: b.Param(0), onState: o.Func("onState"), target: b.Target()}
			return d, o.Err()
		},
	})
}

// connectHTTPTunnelDef declares connectHTTPTunnel(handshake, options).to(target).
type connectHTTPTunnelDef struct {
	handshake pipeline.Param
	onState   *script.Ref
	target    *pipeline.Target
}

// New implements pipeline.Def.
func (d *connectHTTPTunnelDef) New() pipeline.Filter { return &connectHTTPTunnel{def: d} }

// connectHTTPTunnel asks the server behind its sub-pipeline for a tunnel and lets everything through once that is open.
type connectHTTPTunnel struct {
	pipeline.Base
	def      *connectHTTPTunnelDef
	client   tunnelClient
	kind     http1.Tunnel
	inside   bool // a response is being received
	interim  bool // it is not the response yet
	accepted bool // it opens the tunnel
}

// Process implements pipeline.Filter.
func (f *connectHTTPTunnel) Process(e stream.Event) {
	if f.client.state == tunnelIdle && !f.ask() {
		f.client.state = tunnelEnded
	}
	f.client.send(&f.Base, e)
}

// ask sends the handshake.
func (f *connectHTTPTunnel) ask() bool {
	r := f.Realm()
	v, ok := f.def.handshake.Value(&f.Base)
	if !ok {
		return false
	}
	m, ok := event.MessageOf(r, v)
	if !ok {
		f.Fail("handshake is not or did not return a request Message")
		return false
	}
	var err error
	if f.kind, err = tunnelOf(r, m.Head); err != nil {
		f.Fail(err.Error())
		return false
	}
	f.client.begin(f.SubClone(f.def.target.Layout, pipeline.InputFunc(f.receive)))
	f.report("connecting")
	m.Events(f.client.sub.Process)
	return true
}

func (f *connectHTTPTunnel) report(state string) {
	if fn := f.def.onState; fn != nil {
		f.Call(fn, f.Realm().String(state))
	}
}

// receive takes what comes from the server.
func (f *connectHTTPTunnel) receive(e stream.Event) {
	if f.client.passes(&f.Base, e) {
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		var w httphead.Wire
		h, err := w.Head(f.Realm(), e.Head, true)
		if err != nil {
			f.client.end(&f.Base, f.Failure(err.Error()))
			return
		}
		status := statusOf(h)
		f.inside = true
		f.accepted = f.kind.Accepted(status)
		f.interim = status < 200 && status != 101
	case *stream.MessageEnd:
		switch {
		case !f.inside || f.interim:
		case f.accepted:
			f.report("connected")
			f.client.open()
		default:
			f.report("closed")
			f.client.end(&f.Base, new(stream.StreamEnd))
		}
		f.inside = false
	}
}

// Reset implements pipeline.Filter.
func (f *connectHTTPTunnel) Reset() { f.client.reset() }
