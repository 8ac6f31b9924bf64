package script

import (
	"runtime"
	"sync"
)

// Ref owns a script value, so that Go data can keep it. Refs belong to the realm's goroutine; only the giving back after a
// garbage collection happens elsewhere, through a queue.
type Ref struct {
	r       *Realm
	v       jsValue
	cleanup runtime.Cleanup
}

// lostRefs collects what the garbage collector gave back, until the worker frees it.
type lostRefs struct {
	sync.Mutex
	values []jsValue
	closed bool
}

func (l *lostRefs) add(v jsValue) {
	l.Lock()
	if !l.closed {
		l.values = append(l.values, v)
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

// Value returns the value, borrowed from the Ref.
func (f *Ref) Value() Value {
	if f == nil {
		return Undefined
	}
	return Value{f.v}
}

// Realm returns the realm the value belongs to.
func (f *Ref) Realm() *Realm { return f.r }

// Free gives the value back at once. It is optional; the Ref holds undefined afterwards.
func (f *Ref) Free() {
	if f == nil || !counted(f.v) {
		return
	}
	v := f.v
	f.v = Undefined.v
	f.cleanup.Stop()
	f.r.held--
	if !f.r.closed {
		f.r.free(v)
	}
}

// freeLost frees what the garbage collector gave back.
func (r *Realm) freeLost() {
	r.lost.Lock()
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
