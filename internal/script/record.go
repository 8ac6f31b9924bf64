package script

import (
	"errors"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Record is a Go value whose fields scripts see as own, enumerable, assignable properties: a message head, a map of
// headers. Nothing is built until a script looks at it.
type Record interface {
	// GetField returns the value of a field, or false if there is none of that name.
	GetField(r *Realm, name string) (v Value, ok bool, err error)
	// SetField assigns a field; it adds one if there is none of that name.
	SetField(r *Realm, name string, v Value) error
	// DeleteField removes a field, if there is one.
	DeleteField(r *Realm, name string)
	// Fields lists the names in order.
	Fields() []string
}

// Extras are fields a script added to a Record that has no place for them.
type Extras struct {
	names  []string
	values []*Ref
}

// Get returns an added field.
func (x *Extras) Get(name string) (Value, bool) {
	for i, n := range x.names {
		if n == name {
			return x.values[i].Value(), true
		}
	}
	return Undefined, false
}

// Set adds or replaces a field.
func (x *Extras) Set(r *Realm, name string, v Value) {
	for i, n := range x.names {
		if n == name {
			x.values[i].Free()
			x.values[i] = r.Hold(v)
			return
		}
	}
	x.names = append(x.names, name)
	x.values = append(x.values, r.Hold(v))
}

// Delete removes a field.
func (x *Extras) Delete(name string) {
	for i, n := range x.names {
		if n == name {
			x.values[i].Free()
			x.names = append(x.names[:i:i], x.names[i+1:]...)
			x.values = append(x.values[:i:i], x.values[i+1:]...)
			return
		}
	}
}

// Names lists the added fields in order.
func (x *Extras) Names() []string { return x.names }

// newRecordMethods makes the engine's method table for Record classes. It lives as long as the process.
func newRecordMethods(tls *libc.TLS) uintptr {
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(lib.TJSClassExoticMethods{})))
	*at[lib.TJSClassExoticMethods](p) = lib.TJSClassExoticMethods{
		Fget_own_property:       fp(recordGet),
		Fget_own_property_names: fp(recordNames),
		Fdelete_property:        fp(recordDelete),
		Fdefine_own_property:    fp(recordDefine),
		Fset_property:           fp(recordSet),
	}
	return p
}

func (r *Realm) record(obj jsValue) Record {
	rec, _ := r.Opaque(Value{obj}).(Record)
	return rec
}

// guard turns a Go panic inside a record into an exception.
func (r *Realm) guard(ret *int32) {
	if p := recover(); p != nil {
		r.throw(errors.New("internal error in record"))
		*ret = -1
	}
}

func recordGet(tls *libc.TLS, ctx uintptr, desc uintptr, obj jsValue, prop lib.TJSAtom) (ret int32) {
	r := realmOf(ctx)
	defer r.guard(&ret)
	name, ok := r.atomName(prop)
	rec := r.record(obj)
	if !ok || rec == nil {
		return 0
	}
	mark := len(r.arena)
	v, ok, err := rec.GetField(r, name)
	if err != nil {
		r.throw(err)
		return -1
	}
	if ok && desc != 0 {
		*at[lib.TJSPropertyDescriptor](desc) = lib.TJSPropertyDescriptor{
			Fflags: propAll, Fvalue: dup(v.v), Fgetter: Undefined.v, Fsetter: Undefined.v,
		}
	}
	if len(r.arena) > mark {
		r.endScope(mark)
	}
	if !ok {
		return 0
	}
	return 1
}

func recordNames(tls *libc.TLS, ctx uintptr, ptab uintptr, plen uintptr, obj jsValue) (ret int32) {
	r := realmOf(ctx)
	defer r.guard(&ret)
	var names []string
	if rec := r.record(obj); rec != nil {
		names = rec.Fields()
	}
	size := unsafe.Sizeof(lib.TJSPropertyEnum{})
	tab := lib.Xjs_malloc(tls, ctx, lib.Tsize_t(uintptr(max(len(names), 1))*size))
	if tab == 0 {
		return -1
	}
	for i, n := range names {
		*at[lib.TJSPropertyEnum](tab + uintptr(i)*size) = lib.TJSPropertyEnum{Fis_enumerable: 1, Fatom: r.newAtom(n)}
	}
	*at[uintptr](ptab) = tab
	*at[uint32](plen) = uint32(len(names))
	return 0
}

func recordDelete(tls *libc.TLS, ctx uintptr, obj jsValue, prop lib.TJSAtom) (ret int32) {
	r := realmOf(ctx)
	defer r.guard(&ret)
	if name, ok := r.atomName(prop); ok {
		if rec := r.record(obj); rec != nil {
			rec.DeleteField(r, name)
		}
	}
	return 1
}

func recordSet(tls *libc.TLS, ctx uintptr, obj jsValue, prop lib.TJSAtom, val jsValue, receiver jsValue, flags int32) (ret int32) {
	r := realmOf(ctx)
	defer r.guard(&ret)
	name, ok := r.atomName(prop)
	rec := r.record(obj)
	if !ok || rec == nil {
		r.throw(errors.New("this object takes properties with string names only"))
		return -1
	}
	mark := len(r.arena)
	err := rec.SetField(r, name, Value{val})
	if len(r.arena) > mark {
		r.endScope(mark)
	}
	if err != nil {
		r.throw(err)
		return -1
	}
	return 1
}

func recordDefine(tls *libc.TLS, ctx uintptr, obj jsValue, prop lib.TJSAtom, val, getter, setter jsValue, flags int32) (ret int32) {
	if flags&lib.MJS_PROP_HAS_VALUE == 0 {
		r := realmOf(ctx)
		r.throw(errors.New("this object takes plain values only"))
		return -1
	}
	return recordSet(tls, ctx, obj, prop, val, obj, flags)
}
