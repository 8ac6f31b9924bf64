package script

import lib "modernc.org/libquickjs"

// HeapSize returns the bytes of the realm's heap that are in use, and those that are kept for what comes.
func (r *Realm) HeapSize() (used, spare int) {
	if r.closed {
		return 0, 0
	}
	used = int(at[lib.TJSRuntime](r.rt).Fmalloc_ctx.Fmalloc_state.Fmalloc_size)
	held := len(r.heap.spans) * spanSize
	for p := range r.heap.large {
		held += int(*at[uintptr](p)) + headerSize
	}
	return used, max(held-used, 0)
}

// EachClass calls f with the number of living objects of each class of Go values. Parts of the package's own machinery are
// not counted.
func (r *Realm) EachClass(f func(name string, objects int)) {
	for _, rc := range r.classes {
		if rc != nil && rc.live > 0 && rc.def != closureDef && rc.def != missingClass && rc.def != absentClass {
			f(rc.def.Name, rc.live)
		}
	}
}
