package script

import (
	"fmt"
	"sync"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Class describes objects that stand for a Go value. Declare classes as package variables; a realm sets one up when it is
// first used or installed.
type Class struct {
	Name string
	// Path is where scripts find the constructor, such as "algo.Cache"; empty if there is none to be found.
	Path string
	// Sig is the constructor's signature for the list of the scripting surface.
	Sig string
	// New makes the Go value for a call with new. Without it scripts cannot construct the class.
	New func(c *Call) (any, error)
	// Make, instead of New, makes the object itself (with NewObjectOf).
	Make Func
	// Length is the constructor's number of parameters.
	Length int
	// Call, if set, is what calling the constructor without new does; otherwise that returns undefined.
	Call    Func
	Methods []Method
	Props   []Prop
	Statics []Method
	// Parent lends its methods and properties; instances are instanceof it.
	Parent *Class
	// Bound makes methods keep their object when they are read: var log = logger.log; log('x'). Each method read costs
	// an object that only the engine's cycle collector frees: for long-lived objects.
	Bound bool
	// Record, for classes whose Go value is a Record: its fields are the object's own properties.
	Record bool
	// Missing, if set, gives the error for reading a property that objects of the class do not have.
	Missing func(name string) error
	// Finalize is called when the object is gone. It must not touch scripts.
	Finalize func(v any)

	once   sync.Once
	id     lib.TJSClassID
	exotic uintptr
}

// Method is a function of a class or a namespace.
type Method struct {
	Name   string
	Sig    string // for the list of the scripting surface, such as "get(key: any): any"
	Length int
	Fn     Func
}

// Prop is an accessor of a class. Without Set, assignments are ignored.
type Prop struct {
	Name string
	Sig  string // its type, such as "string (read-only)"
	Get  Func
	Set  func(c *Call, v Value) error
}

// classID takes the class's number, once per process: numbers are never reused.
func (k *Class) classID() lib.TJSClassID {
	k.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		p := libc.Xcalloc(tls, 1, 8)
		k.id = lib.XJS_NewClassID(tls, p)
		libc.Xfree(tls, p)
		if k.Record {
			k.exotic = newRecordMethods(tls)
		}
	})
	return k.id
}

type realmClass struct {
	def   *Class
	proto jsValue
	ctor  jsValue
	live  int // objects
}

// Class sets the class up in the realm and returns its constructor (undefined if it has none).
func (r *Realm) Class(k *Class) Value { return Value{r.class(k).ctor} }

func (r *Realm) class(k *Class) *realmClass {
	id := k.classID()
	if int(id) < len(r.classes) && r.classes[id] != nil {
		return r.classes[id]
	}
	realmLock.Lock()
	name := cstring(r.tls, k.Name)
	def := libc.Xcalloc(r.tls, 1, 64)
	*at[lib.TJSClassDef](def) = lib.TJSClassDef{Fclass_name: name, Ffinalizer: fp(finalize), Fexotic: k.exotic}
	lib.XJS_NewClass(r.tls, r.rt, id, def)
	realmLock.Unlock()
	libc.Xfree(r.tls, def)
	libc.Xfree(r.tls, name)
	for int(id) >= len(r.classes) {
		r.classes = append(r.classes, nil)
	}
	rc := &realmClass{def: k, ctor: Undefined.v}
	r.classes[id] = rc
	if k.Missing != nil {
		base := r.newObjectOf(missingClass, missing{k.Missing})
		rc.proto = lib.XJS_NewObjectProto(r.tls, r.ctx, base)
		r.free(base)
	} else if k.Parent != nil {
		rc.proto = lib.XJS_NewObjectProto(r.tls, r.ctx, r.class(k.Parent).proto)
	} else {
		rc.proto = lib.XJS_NewObject(r.tls, r.ctx)
	}
	for _, m := range k.Methods {
		if k.Bound {
			r.defineBound(rc.proto, m)
		} else {
			r.define(rc.proto, m.Name, r.staticFunction(m.Name, m.Length, m.Fn), propHidden)
		}
	}
	for _, p := range k.Props {
		r.defineAccessor(rc.proto, p)
	}
	lib.XJS_SetClassProto(r.tls, r.ctx, id, dup(rc.proto))
	if k.New != nil || k.Make != nil || k.Call != nil || len(k.Statics) > 0 || k.Path != "" {
		rc.ctor = r.newConstructor(k)
		lib.XJS_SetConstructor(r.tls, r.ctx, rc.ctor, rc.proto)
		for _, m := range k.Statics {
			r.define(rc.ctor, m.Name, r.staticFunction(m.Name, m.Length, m.Fn), propHidden)
		}
	}
	return rc
}

func (r *Realm) newConstructor(k *Class) jsValue {
	c := constructor{call: k.Call, make: k.Make}
	switch {
	case c.make != nil:
	case k.New != nil:
		c.make = func(c *Call) (Value, error) {
			v, err := k.New(c)
			if err != nil {
				return Undefined, err
			}
			return c.NewObjectOf(k, v), nil
		}
	default:
		c.make = func(c *Call) (Value, error) {
			return Undefined, fmt.Errorf("%s cannot be constructed", k.Name)
		}
	}
	if c.call == nil {
		c.call = func(*Call) (Value, error) { return Undefined, nil }
	}
	r.ctors = append(r.ctors, c)
	p := cstring(r.tls, k.Name)
	defer libc.Xfree(r.tls, p)
	return lib.XJS_NewCFunction2(r.tls, r.ctx, fp(construct), p, int32(k.Length), lib.EJS_CFUNC_constructor_or_func_magic,
		int32(len(r.ctors)-1))
}

// constructor is what a class's constructor does with and without new.
type constructor struct{ make, call Func }

func construct(tls *libc.TLS, ctx uintptr, target jsValue, argc int32, argv uintptr, magic int32) jsValue {
	r := realmOf(ctx)
	if target.Ftag == tagUndefined { // called without new
		return r.invoke(r.ctors[magic].call, target, argc, argv, false)
	}
	return r.invoke(r.ctors[magic].make, target, argc, argv, true)
}

func (r *Realm) defineAccessor(proto jsValue, p Prop) {
	getter := r.staticFunction(p.Name, 0, p.Get)
	set := p.Set
	if set == nil {
		set = func(*Call, Value) error { return nil }
	}
	setter := r.staticFunction(p.Name, 1, func(c *Call) (Value, error) { return Undefined, set(c, c.Arg(0)) })
	a := r.newAtom(p.Name)
	lib.XJS_DefinePropertyGetSet(r.tls, r.ctx, proto, a, getter, setter, propConfigurable|propEnumerable)
	lib.XJS_FreeAtom(r.tls, r.ctx, a)
}

// defineBound defines a method that, when first read from an object, becomes the object's own, with its this fixed.
func (r *Realm) defineBound(proto jsValue, m Method) {
	r.funcs = append(r.funcs, m.Fn)
	index := int32(len(r.funcs) - 1)
	getter := r.staticFunction(m.Name, 0, func(c *Call) (Value, error) {
		this := r.pushArgs(c.This.v)
		f := lib.XJS_NewCFunctionData(r.tls, r.ctx, fp(callBound), int32(m.Length), index, 1, this)
		r.popArgs(1)
		r.define(f, "name", r.newString(m.Name), propConfigurable)
		r.define(c.This.v, m.Name, dup(f), propHidden)
		return r.own(f), nil
	})
	setter := r.staticFunction(m.Name, 1, func(c *Call) (Value, error) {
		r.define(c.This.v, m.Name, dup(c.Arg(0).v), propAll)
		return Undefined, nil
	})
	a := r.newAtom(m.Name)
	lib.XJS_DefinePropertyGetSet(r.tls, r.ctx, proto, a, getter, setter, propConfigurable)
	lib.XJS_FreeAtom(r.tls, r.ctx, a)
}

func callBound(tls *libc.TLS, ctx uintptr, this jsValue, argc int32, argv uintptr, magic int32, data uintptr) jsValue {
	r := realmOf(ctx)
	return r.invoke(r.funcs[magic], *at[jsValue](data), argc, argv, false)
}

// NewObjectOf returns a new object of class k for the Go value v.
func (r *Realm) NewObjectOf(k *Class, v any) Value { return r.own(r.newObjectOf(k, v)) }

func (r *Realm) newObjectOf(k *Class, v any) jsValue {
	rc := r.class(k)
	o := lib.XJS_NewObjectClass(r.tls, r.ctx, int32(k.id))
	if o.Ftag == tagException {
		return o
	}
	lib.XJS_SetOpaque(r.tls, o, r.handles.add(v))
	rc.live++
	return o
}

// Opaque returns the Go value an object stands for, nil if it is not an object of a Class.
func (r *Realm) Opaque(v Value) any {
	if !v.IsObject() {
		return nil
	}
	id := at[lib.TJSObject](payload(v.v)).Fclass_id
	if int(id) >= len(r.classes) || r.classes[id] == nil {
		return nil
	}
	h := lib.XJS_GetOpaque(r.tls, v.v, lib.TJSClassID(id))
	if h == 0 {
		return nil
	}
	return r.handles.get(h)
}

// IsPlain reports whether v is an object of no class of its own, as literals and instances of scripts' classes are: neither
// of Go, nor an array, a Map, a Date or another built-in.
func (r *Realm) IsPlain(v Value) bool {
	return v.IsObject() && at[lib.TJSObject](payload(v.v)).Fclass_id == lib.EJS_CLASS_OBJECT
}

// ClassOf returns the class of an object made by NewObjectOf, or nil.
func (r *Realm) ClassOf(v Value) *Class {
	if !v.IsObject() {
		return nil
	}
	id := at[lib.TJSObject](payload(v.v)).Fclass_id
	if int(id) >= len(r.classes) || r.classes[id] == nil {
		return nil
	}
	return r.classes[id].def
}

// As returns the Go value an object stands for, if it is a T.
func As[T any](r *Realm, v Value) (T, bool) {
	t, ok := r.Opaque(v).(T)
	return t, ok
}

// missing is what objects of a class with Missing inherit from: it has no property, and says so.
type missing struct{ err func(name string) error }

var missingClass = &Class{Name: "Missing", Record: true}

func (m missing) GetField(r *Realm, name string) (Value, bool, error) {
	switch name {
	case "then", "toJSON", "toString", "valueOf", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
		"toLocaleString", "__proto__": // looked for by the language itself
		return Undefined, false, nil
	}
	return Undefined, false, m.err(name)
}

func (m missing) SetField(r *Realm, name string, v Value) error { return m.err(name) }
func (m missing) DeleteField(*Realm, string)                    {}
func (m missing) Fields() []string                              { return nil }

// This returns the Go value of the object a method was called on. It panics with a usable message if the method was
// detached and called on something else; the panic becomes a script exception.
func This[T any](c *Call) T {
	if t, ok := c.Opaque(c.This).(T); ok {
		return t
	}
	panic(thisError{})
}

type thisError struct{}

func (thisError) Error() string { return "method called on an object of another class" }

// finalize is called by the engine when an object of a Class is gone.
func finalize(tls *libc.TLS, rt uintptr, v jsValue) {
	r := realmOfRuntime(rt)
	id := at[lib.TJSObject](payload(v)).Fclass_id
	h := lib.XJS_GetOpaque(tls, v, lib.TJSClassID(id))
	if h == 0 {
		return
	}
	g := r.handles.remove(h)
	rc := r.classes[id]
	rc.live--
	if rc.def.Finalize != nil {
		rc.def.Finalize(g)
	}
}
