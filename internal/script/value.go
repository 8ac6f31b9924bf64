package script

import (
	"math"
	"unicode/utf8"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Value is a borrowed script value; see the package comment for how long it lives. The zero Value is the integer 0: use
// Undefined for "nothing".
type Value struct{ v jsValue }

// Undefined and Null are the values of these names.
var (
	Undefined = Value{jsValue{Ftag: tagUndefined}}
	Null      = Value{jsValue{Ftag: tagNull}}
)

// IsUndefined reports whether v is undefined.
func (v Value) IsUndefined() bool { return v.v.Ftag == tagUndefined }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.v.Ftag == tagNull }

// IsNullish reports whether v is undefined or null.
func (v Value) IsNullish() bool { return v.v.Ftag == tagUndefined || v.v.Ftag == tagNull }

// IsString reports whether v is a primitive string.
func (v Value) IsString() bool { return v.v.Ftag == tagString || v.v.Ftag == tagRope }

// IsNumber reports whether v is a primitive number.
func (v Value) IsNumber() bool { return v.v.Ftag == tagInt || v.v.Ftag == tagFloat }

// IsBool reports whether v is true or false.
func (v Value) IsBool() bool { return v.v.Ftag == tagBool }

// IsObject reports whether v is an object of any kind, functions included.
func (v Value) IsObject() bool { return v.v.Ftag == tagObject }

// IsSymbol reports whether v is a symbol.
func (v Value) IsSymbol() bool { return v.v.Ftag == tagSymbol }

// IsBigInt reports whether v is a BigInt.
func (v Value) IsBigInt() bool { return v.v.Ftag == tagBigInt || v.v.Ftag == tagShortBig }

// Bool returns the value for b.
func Bool(b bool) Value {
	if b {
		x := intValue(1)
		x.Ftag = tagBool
		return Value{x}
	}
	return Value{jsValue{Ftag: tagBool}}
}

// Int returns the number i.
func Int(i int) Value {
	if int(int32(i)) == i {
		return Value{intValue(int32(i))}
	}
	return Value{floatValue(float64(i))}
}

// Number returns the number f, as the engine's integer if it is one.
func Number(f float64) Value {
	if i := int32(f); float64(i) == f && (i != 0 || !math.Signbit(f)) {
		return Value{intValue(i)}
	}
	return Value{floatValue(f)}
}

// Float returns a primitive number's value.
func (v Value) Float() (float64, bool) {
	switch v.v.Ftag {
	case tagInt:
		return float64(*(*int32)(unsafe.Pointer(&v.v))), true
	case tagFloat:
		return *(*float64)(unsafe.Pointer(&v.v)), true
	}
	return 0, false
}

// Truthy is the value's truth as in an if statement.
func (r *Realm) Truthy(v Value) bool {
	switch v.v.Ftag {
	case tagInt, tagBool:
		return *(*int32)(unsafe.Pointer(&v.v)) != 0
	case tagNull, tagUndefined:
		return false
	case tagObject:
		return true
	}
	return lib.XJS_ToBool(r.tls, r.ctx, dup(v.v)) > 0
}

// own puts an owned engine value into the current scope and returns it borrowed.
func (r *Realm) own(v jsValue) Value {
	if counted(v) {
		r.arena = append(r.arena, v)
	} else if v.Ftag == tagException { // no memory for it: the script will find out when it goes on
		r.free(lib.XJS_GetException(r.tls, r.ctx))
		return Undefined
	}
	return Value{v}
}

// Scope opens a scope; calling the result ends it and everything obtained in it.
//
// Every Go function called from a script has a scope of its own, and so has every turn: an explicit one is only needed
// around loops that obtain values without bound.
func (r *Realm) Scope() (end func()) {
	mark := len(r.arena)
	return func() { r.endScope(mark) }
}

func (r *Realm) endScope(mark int) {
	for i := len(r.arena) - 1; i >= mark; i-- { // finalizers do not add to the arena
		v := r.arena[i]
		r.arena = r.arena[:i]
		r.free(v)
	}
}

// String returns s as a script string. Invalid UTF-8 becomes U+FFFD.
func (r *Realm) String(s string) Value { return r.own(r.newString(s)) }

func (r *Realm) newString(s string) jsValue {
	if len(s) == 0 {
		return dup(r.empty)
	}
	if raceEnabled {
		p := cstring(r.tls, s)
		defer libc.Xfree(r.tls, p)
		return lib.XJS_NewStringLen(r.tls, r.ctx, p, lib.Tsize_t(len(s)))
	}
	r.keep = s // the engine gets the address only: the text must be on the heap, where it does not move
	return lib.XJS_NewStringLen(r.tls, r.ctx, uintptr(unsafe.Pointer(unsafe.StringData(s))), lib.Tsize_t(len(s)))
}

// StringBytes is String for bytes.
func (r *Realm) StringBytes(b []byte) Value {
	return r.String(unsafe.String(unsafe.SliceData(b), len(b)))
}

// AsString returns the text of a primitive string.
func (r *Realm) AsString(v Value) (string, bool) {
	if !v.IsString() {
		return "", false
	}
	return r.text(v.v), true
}

// AsBytes returns the UTF-8 text of a primitive string in memory of its own.
func (r *Realm) AsBytes(v Value) ([]byte, bool) {
	if b, ok := ascii(v.v); ok {
		return append(make([]byte, 0, len(b)), b...), true
	}
	s, ok := r.AsString(v)
	return []byte(s), ok
}

// ToString converts any value as the script operation String(v) does; it can run script code and fail.
func (r *Realm) ToString(v Value) (string, error) {
	switch v.v.Ftag {
	case tagString, tagRope:
		return r.text(v.v), nil
	}
	n := r.scratch
	p := lib.XJS_ToCStringLen2(r.tls, r.ctx, n, v.v, 0)
	if p == 0 {
		return "", r.takeException()
	}
	s := sane(unsafe.Slice(at[byte](p), *at[lib.Tsize_t](n)))
	lib.XJS_FreeCString(r.tls, r.ctx, p)
	return s, nil
}

// text reads a primitive string. Flat ASCII strings, nearly all, are read from the engine's memory directly.
func (r *Realm) text(v jsValue) string {
	if b, ok := ascii(v); ok {
		return string(b)
	}
	n := r.scratch
	p := lib.XJS_ToCStringLen2(r.tls, r.ctx, n, v, 0)
	if p == 0 { // only for lack of memory
		r.free(lib.XJS_GetException(r.tls, r.ctx))
		return ""
	}
	s := sane(unsafe.Slice(at[byte](p), *at[lib.Tsize_t](n)))
	lib.XJS_FreeCString(r.tls, r.ctx, p)
	return s
}

// sane copies UTF-8 text, replacing lone surrogates, which the engine lets out as three-byte sequences.
func sane(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

// ascii returns the text of a flat string of ASCII where the engine has it, as long as it has the string.
func ascii(v jsValue) ([]byte, bool) {
	if v.Ftag != tagString {
		return nil, false
	}
	p := payload(v)
	h := *at[uint32](p)
	if h>>31 != 0 { // characters of two bytes
		return nil, false
	}
	b := unsafe.Slice(at[byte](p+12), h&0x7fffffff)
	return b, isASCII(b)
}

func isASCII(b []byte) bool {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if *(*uint64)(unsafe.Pointer(&b[i]))&0x8080808080808080 != 0 {
			return false
		}
	}
	for ; i < len(b); i++ {
		if b[i] >= 0x80 {
			return false
		}
	}
	return true
}

// ToNumber converts any value as the script operation Number(v) does.
func (r *Realm) ToNumber(v Value) (float64, error) {
	if f, ok := v.Float(); ok {
		return f, nil
	}
	if lib.XJS_ToFloat64(r.tls, r.ctx, r.scratch, v.v) < 0 {
		return 0, r.takeException()
	}
	return *at[float64](r.scratch), nil
}

// IsFunction reports whether v can be called.
func (r *Realm) IsFunction(v Value) bool {
	return v.IsObject() && lib.XJS_IsFunction(r.tls, r.ctx, v.v) != 0
}

// IsArray reports whether v is an array.
func (r *Realm) IsArray(v Value) bool { return v.IsObject() && lib.XJS_IsArray(r.tls, r.ctx, v.v) > 0 }

// IsError reports whether v is an Error object.
func (r *Realm) IsError(v Value) bool { return v.IsObject() && lib.XJS_IsError(r.tls, r.ctx, v.v) != 0 }

// Same reports whether a and b are the same value: type and content, objects by identity, NaN unlike everything.
func (r *Realm) Same(a, b Value) bool {
	if a.v == b.v && a.v.Ftag != tagFloat {
		return true
	}
	if a.IsObject() || b.IsObject() {
		return false
	}
	return lib.XJS_StrictEq(r.tls, r.ctx, a.v, b.v) != 0
}

// Identity is a comparable Go key for a script value: strings by content, numbers by value, objects by identity. It is
// valid as a map key as long as the object is alive.
type Identity struct {
	tag int64
	bit uint64
	str string
}

// Identity returns the key of v.
func (r *Realm) Identity(v Value) Identity {
	switch v.v.Ftag {
	case tagString, tagRope:
		return Identity{tag: tagString, str: r.text(v.v)}
	case tagInt, tagFloat:
		f, _ := v.Float()
		if f == 0 {
			f = 0 // both zeros are one key
		}
		return Identity{tag: tagFloat, bit: math.Float64bits(f)}
	case tagBool:
		return Identity{tag: tagBool, bit: uint64(*(*int32)(unsafe.Pointer(&v.v)))}
	case tagNull, tagUndefined:
		return Identity{tag: v.v.Ftag}
	case tagBigInt, tagShortBig:
		s, _ := r.ToString(v)
		return Identity{tag: tagBigInt, str: s}
	}
	return Identity{tag: v.v.Ftag, bit: v.v.Fu.Fuint641}
}

// InstanceOf reports whether v is an instance of the class of a constructor.
func (r *Realm) InstanceOf(v, ctor Value) bool {
	return v.IsObject() && ctor.IsObject() && lib.XJS_IsInstanceOf(r.tls, r.ctx, v.v, ctor.v) > 0
}
