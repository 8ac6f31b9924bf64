package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "swap", Length: 1, Sig: "swap(hub: Hub | fn() -> Hub|null) (N)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if _, ok := script.As[*pipeline.Hub](b.Realm, b.Arg(0)); !ok && !b.IsFunction(b.Arg(0)) {
				return nil, script.ArgError(0, "a Hub or a function")
			}
			return &swapDef{b.Param(0)}, nil
		},
	})
}

type swapDef struct{ hub pipeline.Param }

func (d *swapDef) New() pipeline.Filter { return &swap{def: d} }

// swap broadcasts its input to the other filters at a hub, and outputs what they broadcast.
type swap struct {
	pipeline.Base
	def   *swapDef
	hub   *pipeline.Hub
	queue pipeline.Queue
}

func (f *swap) Process(e stream.Event) {
	if f.hub == nil {
		v, ok := f.def.hub.Value(&f.Base)
		if !ok {
			return
		}
		if v.IsNullish() {
			f.queue.Push(e)
			return
		}
		h, ok := script.As[*pipeline.Hub](f.Realm(), v)
		if !ok {
			f.Fail("callback did not return a Hub")
			return
		}
		f.hub = h
		h.Join(f)
		f.queue.Drain(func(e stream.Event) { h.Broadcast(f, e) })
	}
	f.hub.Broadcast(f, e)
}

// Receive implements pipeline.HubMember.
func (f *swap) Receive(e stream.Event) { f.Output(e) }

func (f *swap) Reset() {
	f.queue.Clear()
	if f.hub != nil {
		f.hub.Leave(f)
	}
}
