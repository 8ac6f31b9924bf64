package filter

import (
	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "acceptHTTPTunnel", Length: 1, Joint: true, NameFirst: true,
		Sig: "acceptHTTPTunnel(handler: (req: Message)=>Message|null|Promise<Message|null>).to(...)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			return &acceptHTTPTunnelDef{handler: fn, target: b.Target()}, err
		},
	})
}

// acceptHTTPTunnelDef declares acceptHTTPTunnel(handler).to(target).
type acceptHTTPTunnelDef struct {
	handler *script.Ref
	target  *pipeline.Target
}

// New implements pipeline.Def.
func (d *acceptHTTPTunnelDef) New() pipeline.Filter { return &acceptHTTPTunnel{def: d} }

// acceptHTTPTunnel answers requests until an answer opens a tunnel (RFC 9110 §7.8, §9.3.6). From then on everything goes
// through the sub-pipeline.
type acceptHTTPTunnel struct {
	pipeline.Base
	def   *acceptHTTPTunnelDef
	gate  gate
	brake reactor.Brake // of the source of what the gate holds back
	start *stream.MessageStart
	body  collector
	sub   *pipeline.Pipeline // nil until a tunnel is open
}

// Process implements pipeline.Filter.
func (f *acceptHTTPTunnel) Process(e stream.Event) {
	if !f.gate.takes(&f.Base, e) {
		f.see(e)
	} else if f.gate.state == gateWaiting && e.Kind() == stream.KindData {
		f.brake.Engage(f.World().Loop.CurrentTap())
	}
}

func (f *acceptHTTPTunnel) see(e stream.Event) {
	if f.sub != nil {
		f.sub.Process(e)
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		if f.start == nil {
			f.start = e
		}
	case *stream.Data:
		if f.start == nil {
			return
		}
		if f.body.size+int64(e.Size()) > http1.DefaultMaxBodySize {
			f.drop()
			f.OutputMessage(&stream.Message{Head: httphead.New(&http1.Head{IsResponse: true, Status: 413}, false)})
			return
		}
		f.body.add(f.Realm(), e, unlimited)
	case *stream.MessageEnd:
		if f.start != nil {
			f.ask(e)
		}
	case *stream.StreamEnd:
		f.drop()
		f.Output(e)
	}
}

// ask lets the handler answer a request.
func (f *acceptHTTPTunnel) ask(e *stream.MessageEnd) {
	r := f.Realm()
	start := f.start
	f.start = nil
	m := &stream.Message{Head: start.Head, Body: f.body.take(), Tail: e.Tail, Payload: e.Payload}
	tunnel, err := tunnelOf(r, start.Head) // the handler may change the head
	if err != nil {
		f.Fail(err.Error())
		return
	}
	v, ok := f.Call(f.def.handler, event.NewMessage(r, m))
	if !ok {
		return
	}
	if !r.IsPromise(v) {
		f.answer(tunnel, v, "handler did not return a Message")
		return
	}
	f.Then(v, func(bool, script.Value) { f.brake.Release() })
	f.gate.await(&f.Base, v, func(v script.Value) {
		f.answer(tunnel, v, "Promise did not resolve to a Message")
	}, f.see)
}

// answer outputs what the handler gave; nothing stands for an empty response.
func (f *acceptHTTPTunnel) answer(tunnel http1.Tunnel, v script.Value, wrong string) {
	r := f.Realm()
	m := new(stream.Message)
	if !v.IsNullish() {
		var ok bool
		if m, ok = event.MessageOf(r, v); !ok {
			f.Fail(wrong)
			return
		}
	}
	var w httphead.Wire
	h, err := w.Head(r, m.Head, true)
	if err != nil {
		f.Fail(err.Error())
		return
	}
	if !tunnel.Accepted(statusOf(h)) {
		f.OutputMessage(m)
		return
	}
	f.sub = f.SubClone(f.def.target.Layout, f.Out())
	f.OutputMessage(m)
	f.sub.Start()
	f.sub.Process(new(stream.Data)) // what connects in there must not wait for a client that waits for the server
}

// tunnelOf returns what a request asks its connection to become.
func tunnelOf(r *script.Realm, head any) (http1.Tunnel, error) {
	var w httphead.Wire
	h, err := w.Head(r, head, false)
	if err != nil {
		return http1.NoTunnel, err
	}
	return h.Tunnel(), nil
}

// drop forgets a request that is being received.
func (f *acceptHTTPTunnel) drop() {
	f.start = nil
	f.body.reset()
}

// Reset implements pipeline.Filter.
func (f *acceptHTTPTunnel) Reset() {
	f.drop()
	f.gate.clear()
	f.brake.Release()
	f.sub.Release()
}
