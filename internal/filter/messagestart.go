package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// heldStart holds the start of a message back until it is known whether the message has a body: until the next event, or
// the end of the turn, when a body may come yet.
type heldStart struct {
	base *pipeline.Base
	// begin is called with the start of a message that may have a body.
	begin func(e *stream.MessageStart)

	e     *stream.MessageStart
	asked bool // for the end of the turn
}

func (h *heldStart) hold(e *stream.MessageStart) {
	h.e = e
	if !h.asked {
		h.asked = true
		h.base.World().FlushLater(h)
	}
}

// Flush implements pipeline.Flusher.
func (h *heldStart) Flush() {
	h.asked = false
	h.withBody()
}

// withBody is called before what belongs to the body.
func (h *heldStart) withBody() {
	if e := h.e; e != nil {
		h.e = nil
		h.begin(e)
	}
}

// withoutBody is called at the end of the message.
func (h *heldStart) withoutBody() {
	if e := h.e; e != nil {
		h.e = nil
		h.base.Output(e)
	}
}

// drop forgets the message.
func (h *heldStart) drop() { h.e = nil }
