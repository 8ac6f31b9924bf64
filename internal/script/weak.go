package script

import lib "modernc.org/libquickjs"

// Weak refers to an object of a Class without keeping it alive. Two Weaks of the same object are equal, so a Weak can be a
// map key; unlike an Identity it never becomes the key of another object. The zero Weak refers to nothing.
type Weak struct {
	r          *Realm
	obj        uintptr
	handle     uintptr
	generation uint32
}

// Weaken returns a Weak for an object made by NewObjectOf; ok is false for any other value.
func (r *Realm) Weaken(v Value) (w Weak, ok bool) {
	k := r.ClassOf(v)
	if k == nil {
		return Weak{}, false
	}
	h := lib.XJS_GetOpaque(r.tls, v.v, k.id)
	if h == 0 {
		return Weak{}, false
	}
	return Weak{r, payload(v.v), h, r.handles.generation(h)}, true
}

// Get returns the object, borrowed from the current scope, or false if it is gone. It must not be called by a finalizer.
func (w Weak) Get() (Value, bool) {
	if !w.Alive() {
		return Undefined, false
	}
	v := jsValue{Ftag: tagObject}
	v.Fu.Fuint641 = uint64(w.obj)
	return w.r.own(dup(v)), true
}

// Alive reports whether the object is still there.
func (w Weak) Alive() bool {
	return w.r != nil && !w.r.closed && w.r.handles.generation(w.handle) == w.generation
}
