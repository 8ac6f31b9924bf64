package script

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Key is a property name that is looked up once per realm instead of at each use. Make keys as package variables.
type Key int

var keys struct {
	sync.Mutex
	names []string
	index map[string]Key
}

// NewKey returns the key for a name.
func NewKey(name string) Key {
	keys.Lock()
	defer keys.Unlock()
	if k, ok := keys.index[name]; ok {
		return k
	}
	if keys.index == nil {
		keys.index = map[string]Key{}
	}
	k := Key(len(keys.names))
	keys.names = append(keys.names, name)
	keys.index[name] = k
	return k
}

// Name returns the property name.
func (k Key) Name() string {
	keys.Lock()
	defer keys.Unlock()
	return keys.names[k]
}

func (r *Realm) keyAtom(k Key) lib.TJSAtom {
	if int(k) < len(r.keyAtoms) {
		if a := r.keyAtoms[k]; a != 0 {
			return a
		}
	} else {
		r.keyAtoms = append(r.keyAtoms, make([]lib.TJSAtom, int(k)+1-len(r.keyAtoms))...)
	}
	a := r.newAtom(k.Name())
	r.keyAtoms[k] = a
	return a
}

// newAtom returns an owned atom.
func (r *Realm) newAtom(name string) lib.TJSAtom {
	if name == "" || raceEnabled {
		p := cstring(r.tls, name)
		defer libc.Xfree(r.tls, p)
		return lib.XJS_NewAtomLen(r.tls, r.ctx, p, lib.Tsize_t(len(name)))
	}
	r.keep = name
	return lib.XJS_NewAtomLen(r.tls, r.ctx, uintptr(unsafe.Pointer(unsafe.StringData(name))), lib.Tsize_t(len(name)))
}

// maxAtomNames bounds the table of names: property names are few, but scripts can use data as names.
const maxAtomNames = 1 << 15

// atomName returns the text of an atom; ok is false for symbols.
func (r *Realm) atomName(a lib.TJSAtom) (name string, ok bool) {
	if int(a) < len(r.atomNames) {
		if n := r.atomNames[a]; n != "" {
			return n, true
		}
	}
	v := lib.XJS_AtomToValue(r.tls, r.ctx, a)
	defer r.free(v)
	switch v.Ftag {
	case tagString, tagRope:
		name = r.text(v)
		if a < maxAtomNames && len(name) <= 64 {
			for int(a) >= len(r.atomNames) {
				r.atomNames = append(r.atomNames, make([]string, int(a)+64-len(r.atomNames))...)
			}
			r.atomNames[lib.XJS_DupAtom(r.tls, r.ctx, a)] = name
		}
		return name, true
	case tagSymbol:
		return "", false
	}
	s, err := r.ToString(Value{v})
	return s, err == nil
}

// Get reads a property. It can run script code (getters) and fail.
func (r *Realm) Get(obj Value, name string) (Value, error) {
	a := r.newAtom(name)
	v, err := r.getAtom(obj, a)
	lib.XJS_FreeAtom(r.tls, r.ctx, a)
	return v, err
}

// GetKey is Get with a prepared name.
func (r *Realm) GetKey(obj Value, k Key) (Value, error) { return r.getAtom(obj, r.keyAtom(k)) }

func (r *Realm) getAtom(obj Value, a lib.TJSAtom) (Value, error) {
	v := lib.XJS_GetPropertyInternal(r.tls, r.ctx, obj.v, a, obj.v, 0)
	if v.Ftag == tagException {
		return Undefined, r.takeException()
	}
	return r.own(v), nil
}

// GetIndex reads an array element.
func (r *Realm) GetIndex(obj Value, i int) (Value, error) {
	v := lib.XJS_GetPropertyUint32(r.tls, r.ctx, obj.v, uint32(i))
	if v.Ftag == tagException {
		return Undefined, r.takeException()
	}
	return r.own(v), nil
}

// Set assigns a property. It can run script code (setters) and fail.
func (r *Realm) Set(obj Value, name string, v Value) error {
	a := r.newAtom(name)
	err := r.setAtom(obj, a, v)
	lib.XJS_FreeAtom(r.tls, r.ctx, a)
	return err
}

// SetKey is Set with a prepared name.
func (r *Realm) SetKey(obj Value, k Key, v Value) error { return r.setAtom(obj, r.keyAtom(k), v) }

func (r *Realm) setAtom(obj Value, a lib.TJSAtom, v Value) error {
	if lib.XJS_SetPropertyInternal(r.tls, r.ctx, obj.v, a, dup(v.v), obj.v, propThrow) < 0 {
		return r.takeException()
	}
	return nil
}

// SetIndex assigns an array element.
func (r *Realm) SetIndex(obj Value, i int, v Value) error {
	if lib.XJS_SetPropertyUint32(r.tls, r.ctx, obj.v, uint32(i), dup(v.v)) < 0 {
		return r.takeException()
	}
	return nil
}

// Has reports whether obj has a property, inherited ones included.
func (r *Realm) Has(obj Value, name string) bool {
	a := r.newAtom(name)
	defer lib.XJS_FreeAtom(r.tls, r.ctx, a)
	return lib.XJS_HasProperty(r.tls, r.ctx, obj.v, a) > 0
}

// HasKey is Has with a prepared name.
func (r *Realm) HasKey(obj Value, k Key) bool {
	return lib.XJS_HasProperty(r.tls, r.ctx, obj.v, r.keyAtom(k)) > 0
}

// Delete removes a property.
func (r *Realm) Delete(obj Value, name string) error {
	a := r.newAtom(name)
	defer lib.XJS_FreeAtom(r.tls, r.ctx, a)
	if lib.XJS_DeleteProperty(r.tls, r.ctx, obj.v, a, propThrow) < 0 {
		return r.takeException()
	}
	return nil
}

// define sets an own property with flags, consuming v.
func (r *Realm) define(obj jsValue, name string, v jsValue, flags int32) {
	a := r.newAtom(name)
	lib.XJS_DefinePropertyValue(r.tls, r.ctx, obj, a, v, flags)
	lib.XJS_FreeAtom(r.tls, r.ctx, a)
}

// DefineHidden sets an own property that is writable but not enumerable, as built-in methods are.
func (r *Realm) DefineHidden(obj Value, name string, v Value) {
	r.define(obj.v, name, dup(v.v), propHidden)
}

// NewObject returns an empty plain object.
func (r *Realm) NewObject() Value { return r.own(lib.XJS_NewObject(r.tls, r.ctx)) }

// NewArray returns an array of the given elements.
func (r *Realm) NewArray(elems ...Value) Value {
	a := lib.XJS_NewArray(r.tls, r.ctx)
	for i, e := range elems {
		lib.XJS_DefinePropertyValueUint32(r.tls, r.ctx, a, uint32(i), dup(e.v), propAll)
	}
	return r.own(a)
}

// Len returns the length of an array (or array-like object).
func (r *Realm) Len(arr Value) int {
	v, err := r.GetKey(arr, keyLength)
	if err != nil {
		return 0
	}
	f, _ := v.Float()
	return int(f)
}

var keyLength = NewKey("length")

// Keys returns the own enumerable property names in order.
func (r *Realm) Keys(obj Value) ([]string, error) {
	var names []string
	err := r.eachAtom(obj, func(a lib.TJSAtom) error {
		n, _ := r.atomName(a)
		names = append(names, n)
		return nil
	})
	return names, err
}

// Each calls f for each own enumerable property in order, until f fails. The value is valid until f returns.
func (r *Realm) Each(obj Value, f func(name string, v Value) error) error {
	if base := len(r.props); r.ownProps(obj.v) {
		return r.eachProp(base, f)
	}
	return r.eachAtom(obj, func(a lib.TJSAtom) error {
		mark := len(r.arena)
		defer r.endScope(mark)
		v, err := r.getAtom(obj, a)
		if err != nil {
			return err
		}
		n, _ := r.atomName(a)
		return f(n, v)
	})
}

func (r *Realm) eachAtom(obj Value, f func(lib.TJSAtom) error) error {
	if !obj.IsObject() {
		return nil
	}
	out := libc.Xmalloc(r.tls, 16)
	defer libc.Xfree(r.tls, out)
	if lib.XJS_GetOwnPropertyNames(r.tls, r.ctx, out, out+8, obj.v, lib.MJS_GPN_STRING_MASK|lib.MJS_GPN_ENUM_ONLY) < 0 {
		return r.takeException()
	}
	tab, n := *at[uintptr](out), *at[uint32](out + 8)
	defer lib.XJS_FreePropertyEnum(r.tls, r.ctx, tab, n)
	for i := range uintptr(n) {
		e := at[lib.TJSPropertyEnum](tab + i*unsafe.Sizeof(lib.TJSPropertyEnum{}))
		if err := f(e.Fatom); err != nil {
			return err
		}
	}
	return nil
}

// Global returns the global object.
func (r *Realm) Global() Value { return Value{r.global} }
