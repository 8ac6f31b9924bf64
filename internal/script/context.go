package script

import (
	lib "modernc.org/libquickjs"
)

// Context is the storage of one session's variables: the legacy context variables and the fiber variables ($x) of all
// modules. Pipelines carry contexts; callbacks run in one.
//
// The variables are freed when the last pipeline that retained the context has released it, or with Free.
type Context struct {
	r       *Realm
	id      uint64
	fiber   jsValue // array, a slot per declared fiber variable; undefined as long as there are none
	legacy  jsValue // array, a slot per legacy variable
	refs    int
	freed   bool
	Inbound any // the connection the session began with, or nil
}

// ID returns a number that is unique in the realm and increases.
func (c *Context) ID() uint64 { return c.id }

// Realm returns the realm the context belongs to.
func (c *Context) Realm() *Realm { return c.r }

// NewContext returns a context with initial values: those of the root fiber, and those legacy modules declared. It must
// be retained and released, or freed.
func (r *Realm) NewContext(inbound any) *Context {
	r.contexts++
	c := &Context{r: r, id: r.contexts, Inbound: inbound, fiber: Undefined.v, legacy: Undefined.v}
	if len(r.fiberNames) > 0 {
		c.fiber = r.cloneArray(r.root.fiberArray())
	}
	if n := len(r.legacyInit); n > 0 {
		a := lib.XJS_NewArray(r.tls, r.ctx)
		for i, f := range r.legacyInit {
			v := dup(f.Value().v)
			if i == r.inboundSlot && inbound != nil {
				v = dup(r.host.InboundValue(r, inbound).v)
			}
			lib.XJS_DefinePropertyValueUint32(r.tls, r.ctx, a, uint32(i), v, propAll)
		}
		c.legacy = a
	}
	return c
}

// Clone returns a context with the current values of c, sharing nothing with it. Like a new one, it must be released.
func (c *Context) Clone() *Context {
	r := c.r
	r.contexts++
	n := &Context{r: r, id: r.contexts, Inbound: c.Inbound, fiber: Undefined.v, legacy: Undefined.v}
	if c.fiber.Ftag == tagObject {
		n.fiber = r.cloneArray(c.fiber)
	}
	if c.legacy.Ftag == tagObject {
		n.legacy = r.cloneArray(c.legacy)
	}
	return n
}

// Retain keeps the context for a pipeline.
func (c *Context) Retain() { c.refs++ }

// Release takes one Retain back; the last one frees the variables.
func (c *Context) Release() {
	if c.refs--; c.refs == 0 {
		c.Free()
	}
}

// Free gives the variables back. Callbacks that still run in the context find none.
func (c *Context) Free() {
	if c.freed || c == c.r.root || c.r.closed {
		return
	}
	c.freed = true
	if c.r.cur == c {
		c.r.switchTo(nil)
	}
	c.r.free(c.fiber)
	c.r.free(c.legacy)
	c.fiber, c.legacy = Undefined.v, Undefined.v
}

// fiberArray returns the array of fiber variables, making it if variables were declared after the context was.
func (c *Context) fiberArray() jsValue {
	if c.freed {
		return c.r.noFiber
	}
	if c.fiber.Ftag != tagObject {
		if c == c.r.root {
			c.fiber = lib.XJS_NewArray(c.r.tls, c.r.ctx)
		} else {
			c.fiber = c.r.cloneArray(c.r.root.fiberArray())
		}
	}
	return c.fiber
}

func (r *Realm) holdOwned(v jsValue) *Ref {
	f := r.Hold(Value{v})
	r.free(v)
	return f
}

func (r *Realm) cloneArray(v jsValue) jsValue {
	a := lib.XJS_NewArray(r.tls, r.ctx)
	n := r.Len(Value{v})
	for i := range n {
		lib.XJS_DefinePropertyValueUint32(r.tls, r.ctx, a, uint32(i), lib.XJS_GetPropertyUint32(r.tls, r.ctx, v, uint32(i)), propAll)
	}
	return a
}

// Root returns the context modules are loaded in. Its fiber holds the values new contexts start with.
func (r *Realm) Root() *Context { return r.root }

// Current returns the context of the running callback; nil if there is none.
func (r *Realm) Current() *Context { return r.cur }

// switchTo makes c the current context.
func (r *Realm) switchTo(c *Context) {
	if c == r.cur {
		return
	}
	r.cur = c
	if len(r.fiberNames) > 0 {
		v := r.noFiber
		if c != nil {
			v = c.fiberArray()
		}
		r.setGlobal(r.atomCtx, v)
	}
	if len(r.legacyInit) > 0 {
		v := r.noLegacy
		if c != nil && c.legacy.Ftag == tagObject {
			v = c.legacy
		}
		r.setGlobal(r.atomLeg, v)
	}
}

func (r *Realm) setGlobal(a lib.TJSAtom, v jsValue) {
	lib.XJS_SetPropertyInternal(r.tls, r.ctx, r.global, a, dup(v), r.global, 0)
}

// In runs f with c as the current context.
func (r *Realm) In(c *Context, f func()) {
	prev := r.cur
	r.switchTo(c)
	defer r.switchTo(prev)
	f()
}

// CallIn calls a function in a context.
func (r *Realm) CallIn(c *Context, f Value, args ...Value) (Value, error) {
	prev := r.cur
	r.switchTo(c)
	v, err := r.Call(f, args...)
	if r.depth > 0 { // nobody looks at the current context between turns: leave it for the next callback
		r.switchTo(prev)
	}
	return v, err
}

// token returns an object of the engine that stands for the current context, for promise handlers to hold. The engine
// sees what it refers to, so that a cycle of a promise in its own context is collected.
func (r *Realm) token() jsValue {
	c := r.cur
	if c == nil || len(r.fiberNames) == 0 && len(r.legacyInit) == 0 && c.Inbound == nil {
		return Undefined.v
	}
	a := lib.XJS_NewArray(r.tls, r.ctx)
	put := func(i uint32, v jsValue) { lib.XJS_DefinePropertyValueUint32(r.tls, r.ctx, a, i, v, propAll) }
	put(0, dup(c.fiber))
	put(1, dup(c.legacy))
	put(2, r.newObjectOf(sessionClass, session{c.id, c.Inbound, c == r.root}))
	return a
}

// session is what of a context is not script data.
type session struct {
	id      uint64
	inbound any
	root    bool
}

var sessionClass = &Class{Name: "Context"}

// resume makes the context of a token current.
func (r *Realm) resume(token jsValue) {
	if token.Ftag != tagObject {
		return
	}
	mark := len(r.arena)
	defer r.endScope(mark)
	v, _ := r.GetIndex(Value{token}, 2)
	s, ok := r.Opaque(v).(session)
	if !ok || r.cur != nil && r.cur.id == s.id {
		return
	}
	if s.root {
		r.switchTo(r.root)
		return
	}
	f, _ := r.GetIndex(Value{token}, 0)
	l, _ := r.GetIndex(Value{token}, 1)
	c := &Context{r: r, id: s.id, Inbound: s.inbound, fiber: dup(f.v), legacy: dup(l.v)}
	r.resumed = append(r.resumed, c)
	r.switchTo(c)
}

// endJob frees the contexts that promise handlers ran in.
func (r *Realm) endJob() {
	for i, c := range r.resumed {
		c.Free()
		r.resumed[i] = nil
	}
	r.resumed = r.resumed[:0]
}

// absent is the stand-in for the variables of a context that is not there.
type absent struct{ err error }

func (a absent) GetField(*Realm, string) (Value, bool, error) { return Undefined, false, a.err }
func (a absent) SetField(*Realm, string, Value) error         { return a.err }
func (a absent) DeleteField(*Realm, string)                   {}
func (a absent) Fields() []string                             { return nil }

var absentClass = &Class{Name: "NoContext", Record: true}
