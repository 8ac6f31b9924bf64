package script

import (
	lib "modernc.org/libquickjs"
)

// Context is the storage of one session's variables: the legacy context variables and the fiber variables ($x) of all
// modules. Pipelines carry contexts; callbacks run in one.
type Context struct {
	r       *Realm
	id      uint64
	fiber   *Ref // array, a slot per declared fiber variable; nil as long as there are none
	legacy  *Ref // array, a slot per legacy variable
	Inbound any  // the connection the session began with, or nil
}

// ID returns a number that is unique in the realm and increases.
func (c *Context) ID() uint64 { return c.id }

// Realm returns the realm the context belongs to.
func (c *Context) Realm() *Realm { return c.r }

// NewContext returns a context with initial values: those of the root fiber, and those legacy modules declared.
func (r *Realm) NewContext(inbound any) *Context {
	r.contexts++
	c := &Context{r: r, id: r.contexts, Inbound: inbound}
	if len(r.fiberNames) > 0 {
		c.fiber = r.holdOwned(r.cloneArray(r.root.fiberArray()))
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
		c.legacy = r.holdOwned(a)
	}
	return c
}

// Clone returns a context with the current values of c, sharing nothing with it.
func (c *Context) Clone() *Context {
	r := c.r
	r.contexts++
	n := &Context{r: r, id: r.contexts, Inbound: c.Inbound}
	if c.fiber != nil {
		n.fiber = r.holdOwned(r.cloneArray(c.fiber.v))
	}
	if c.legacy != nil {
		n.legacy = r.holdOwned(r.cloneArray(c.legacy.v))
	}
	return n
}

// Free gives the variables back at once. Optional; the context must not be used afterwards.
func (c *Context) Free() {
	if c.r.cur == c {
		c.r.switchTo(nil)
	}
	c.fiber.Free()
	c.legacy.Free()
}

// fiberArray returns the array of fiber variables, making it if variables were declared after the context was.
func (c *Context) fiberArray() jsValue {
	if c.fiber == nil {
		if c == c.r.root {
			c.fiber = c.r.holdOwned(lib.XJS_NewArray(c.r.tls, c.r.ctx))
		} else {
			c.fiber = c.r.holdOwned(c.r.cloneArray(c.r.root.fiberArray()))
		}
	}
	return c.fiber.v
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
		if c != nil && c.legacy != nil {
			v = c.legacy.v
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
	put(0, Undefined.v)
	put(1, Undefined.v)
	if c.fiber != nil {
		put(0, dup(c.fiber.v))
	}
	if c.legacy != nil {
		put(1, dup(c.legacy.v))
	}
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
	c := &Context{r: r, id: s.id, Inbound: s.inbound}
	if f, _ := r.GetIndex(Value{token}, 0); f.IsObject() {
		c.fiber = r.Hold(f)
	}
	if l, _ := r.GetIndex(Value{token}, 1); l.IsObject() {
		c.legacy = r.Hold(l)
	}
	r.switchTo(c)
}

// absent is the stand-in for the variables of a context that is not there.
type absent struct{ err error }

func (a absent) GetField(*Realm, string) (Value, bool, error) { return Undefined, false, a.err }
func (a absent) SetField(*Realm, string, Value) error         { return a.err }
func (a absent) DeleteField(*Realm, string)                   {}
func (a absent) Fields() []string                             { return nil }

var absentClass = &Class{Name: "NoContext", Record: true}
