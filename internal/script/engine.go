package script

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Tags of engine values this package looks at.
const (
	tagBigInt    = -9
	tagSymbol    = -8
	tagString    = -7
	tagRope      = -6
	tagObject    = -1
	tagInt       = 0
	tagBool      = 1
	tagNull      = 2
	tagUndefined = 3
	tagException = 6
	tagShortBig  = 7
	tagFloat     = 8
)

// Property flags.
const (
	propConfigurable = 1
	propWritable     = 2
	propEnumerable   = 4
	propAll          = propConfigurable | propWritable | propEnumerable
	propHidden       = propConfigurable | propWritable
	propThrow        = lib.MJS_PROP_THROW
)

type jsValue = lib.TJSValue

// at views engine memory at address p as a T. Engine memory is outside Go's heap and never moves.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// fp returns the address the engine calls a Go function by. f must be a top-level function with exactly the signature the
// engine expects for the place: nothing checks it.
func fp(f any) uintptr {
	type iface [2]uintptr
	return (*iface)(unsafe.Pointer(&f))[1]
}

func payload(v jsValue) uintptr { return uintptr(v.Fu.Fuint641) }

func intValue(i int32) jsValue {
	var v jsValue
	*(*int32)(unsafe.Pointer(&v)) = i
	return v
}

func floatValue(f float64) jsValue {
	v := jsValue{Ftag: tagFloat}
	*(*float64)(unsafe.Pointer(&v)) = f
	return v
}

func counted(v jsValue) bool { return uint32(v.Ftag) >= 0xfffffff7 } // tagBigInt and up

// dup takes another reference. The count stands in the four bytes before the block.
func dup(v jsValue) jsValue {
	if counted(v) {
		*at[int32](payload(v) - 4)++
	}
	return v
}

// free gives a reference back.
func (r *Realm) free(v jsValue) {
	if !counted(v) {
		return
	}
	if n := at[int32](payload(v) - 4); *n > 1 {
		*n--
		return
	}
	lib.XFreeValue(r.tls, r.ctx, v)
}

// cstring copies s to engine memory with a final NUL; the caller frees it with libc.Xfree.
func cstring(tls *libc.TLS, s string) uintptr {
	p := libc.Xmalloc(tls, libc.Tsize_t(len(s)+1))
	b := unsafe.Slice(at[byte](p), len(s)+1)
	copy(b, s)
	b[len(s)] = 0
	return p
}

func gostring(p uintptr) string {
	n := 0
	for *at[byte](p + uintptr(n)) != 0 {
		n++
	}
	return string(unsafe.Slice(at[byte](p), n))
}

// The engine hands callbacks a context pointer. Its opaque word is the realm's index in this table.
var (
	realms    [1 << 12]atomic.Pointer[Realm]
	realmLock sync.Mutex // also serialises the creation of realms and class ids
)

func realmOf(ctx uintptr) *Realm {
	return realms[lib.XJS_GetContextOpaque(nil, ctx)].Load()
}

func realmOfRuntime(rt uintptr) *Realm {
	return realms[lib.XJS_GetRuntimeOpaque(nil, rt)].Load()
}
