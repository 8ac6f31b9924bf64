package script

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Ref owns a script value, so that Go data can keep it. Refs belong to the realm's goroutine; only the giving back after a
// garbage collection happens elsewhere, through a queue.
type Ref struct {
	r       *Realm
	v       jsValue
	cleanup runtime.Cleanup
	slot    *jsValue // in the slab the Ref is part of, nil for one of its own
}

// lostRefs collects what the garbage collector gave back, until the worker frees it.
type lostRefs struct {
	sync.Mutex
	values  []jsValue
	pending atomic.Bool // there are values
	closed  bool
}

func (l *lostRefs) add(v jsValue) {
	l.Lock()
	if !l.closed {
		l.values = append(l.values, v)
		l.pending.Store(true)
	}
	l.Unlock()
}

type lost struct {
	list *lostRefs
	v    jsValue
}

// Hold returns a Ref to v.
func (r *Realm) Hold(v Value) *Ref {
	f := &Ref{r: r, v: dup(v.v)}
	if counted(v.v) {
		r.held++
		f.cleanup = runtime.AddCleanup(f, func(l lost) { l.list.add(l.v) }, lost{r.lost, v.v})
	}
	return f
}

// slabSize is how many Refs share a cleanup.
const slabSize = 32

// slab holds Refs that come and go fast. Registering each with the collector would cost more than most callbacks; so the
// values of a slab are given back together, when none of its Refs is in use any more.
type slab struct {
	refs [slabSize]Ref
	n    int
	side *[slabSize]jsValue // the values not given back; not part of the slab, for the cleanup to refer to
}

type lostSlab struct {
	list *lostRefs
	side *[slabSize]jsValue
}

// HoldBriefly is Hold for values that are not needed for long: what events carry. Until it is garbage, such a Ref keeps up
// to 31 values of its time from being given back, unless they are freed explicitly.
func (r *Realm) HoldBriefly(v Value) *Ref {
	s := r.slab
	if s == nil || s.n == slabSize {
		s = &slab{side: new([slabSize]jsValue)}
		r.slab = s
		runtime.AddCleanup(s, func(l lostSlab) {
			for _, v := range l.side {
				if counted(v) {
					l.list.add(v)
				}
			}
		}, lostSlab{r.lost, s.side})
	}
	f, slot := &s.refs[s.n], &s.side[s.n]
	s.n++
	*slot = dup(v.v)
	f.r, f.v, f.slot = r, v.v, slot
	if counted(v.v) {
		r.held++
	}
	return f
}

// Value returns the value, borrowed from the Ref.
func (f *Ref) Value() Value {
	if f == nil {
		return Undefined
	}
	return Value{f.v}
}

// Realm returns the realm the value belongs to.
func (f *Ref) Realm() *Realm { return f.r }

// Unshared reports whether nothing else refers to the value, an object.
func (f *Ref) Unshared() bool { return f.v.Ftag == tagObject && *at[int32](payload(f.v) - 4) == 1 }

// Free gives the value back at once. It is optional; the Ref holds undefined afterwards.
func (f *Ref) Free() {
	if f == nil || !counted(f.v) {
		return
	}
	v := f.v
	f.v = Undefined.v
	if f.slot != nil {
		*f.slot = jsValue{}
	} else {
		f.cleanup.Stop()
	}
	f.r.held--
	if !f.r.closed {
		f.r.free(v)
	}
}

// freeLost frees what the garbage collector gave back.
func (r *Realm) freeLost() {
	if !r.lost.pending.Load() {
		return
	}
	r.lost.Lock()
	r.lost.pending.Store(false)
	vs := r.lost.values
	r.lost.values = r.lostSpare
	r.lost.Unlock()
	r.held -= len(vs)
	for _, v := range vs {
		r.free(v)
	}
	clear(vs)
	r.lostSpare = vs[:0]
}
