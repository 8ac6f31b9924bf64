package pipeline

import (
	"weir/internal/script"
	"weir/internal/stream"
)

// Hub is a meeting point of swap filters: what goes into one comes out of all others.
type Hub struct {
	members []HubMember
	busy    bool
	changes []hubChange // joins and leaves during a broadcast
}

// HubMember is a swap filter in a hub.
type HubMember interface{ Receive(e stream.Event) }

type hubChange struct {
	m     HubMember
	leave bool
}

// HubClass is pipeline.Hub.
var HubClass = &script.Class{Name: "Hub", Path: "pipeline.Hub", Sig: "new pipeline.Hub()",
	New: func(*script.Call) (any, error) { return new(Hub), nil }}

// Join adds a member; during a broadcast, after it.
func (h *Hub) Join(m HubMember) { h.change(hubChange{m, false}) }

// Leave removes a member; during a broadcast, after it.
func (h *Hub) Leave(m HubMember) { h.change(hubChange{m, true}) }

func (h *Hub) change(c hubChange) {
	if h.busy {
		h.changes = append(h.changes, c)
		return
	}
	if !c.leave {
		h.members = append(h.members, c.m)
		return
	}
	for i, m := range h.members {
		if m == c.m {
			h.members = append(h.members[:i], h.members[i+1:]...)
			return
		}
	}
}

// Broadcast hands e to all members but the sender. What is broadcast in the course of it is dropped.
func (h *Hub) Broadcast(from HubMember, e stream.Event) {
	if h.busy {
		return
	}
	h.busy = true
	for _, m := range h.members {
		if m != from {
			m.Receive(e)
		}
	}
	h.busy = false
	for _, c := range h.changes {
		h.change(c)
	}
	h.changes = nil
}
