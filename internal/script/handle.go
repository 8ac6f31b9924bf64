package script

// handles maps small integers to Go values, for objects of the engine to refer to them.
type handles struct {
	values []any
	spare  []uint32
	ages   []uint32 // how often each handle was removed: what tells a Weak that its object is gone
}

// add stores v and returns its handle, which is never 0.
func (h *handles) add(v any) uintptr {
	if n := len(h.spare); n > 0 {
		i := h.spare[n-1]
		h.spare = h.spare[:n-1]
		h.values[i] = v
		return uintptr(i) + 1
	}
	h.values = append(h.values, v)
	h.ages = append(h.ages, 0)
	return uintptr(len(h.values))
}

func (h *handles) get(p uintptr) any { return h.values[p-1] }

func (h *handles) remove(p uintptr) any {
	v := h.values[p-1]
	h.values[p-1] = nil
	h.ages[p-1]++
	h.spare = append(h.spare, uint32(p-1))
	return v
}

// live returns how many handles are in use.
func (h *handles) live() int { return len(h.values) - len(h.spare) }

// generation tells uses of the same handle by different objects apart.
func (h *handles) generation(p uintptr) uint32 { return h.ages[p-1] }
