package script

import (
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// ParseJSON is JSON.parse without a reviver, for a text in UTF-8 that is still to become a string: the engine would make
// UTF-8 of that again. The text is not copied if it has room for another byte. ParseJSON returns false if the text is no JSON,
// or there is no memory for the value; JSON.parse tells which.
func (r *Realm) ParseJSON(text []byte) (Value, bool) {
	z := append(text, 0) // which the engine's parser needs at the end
	p := uintptr(unsafe.Pointer(unsafe.SliceData(z)))
	if raceEnabled {
		p = cstring(r.tls, unsafe.String(unsafe.SliceData(z), len(text)))
		defer libc.Xfree(r.tls, p)
	}
	r.keep = unsafe.String(unsafe.SliceData(z), len(z)) // the engine gets the address only: it must be on the heap
	file := r.nameThen                                  // any name: nobody sees the error it is for
	v := lib.XJS_ParseJSON(r.tls, r.ctx, p, lib.Tsize_t(len(text)), file)
	if v.Ftag == tagException {
		r.free(lib.XJS_GetException(r.tls, r.ctx))
		return Undefined, false
	}
	return r.own(v), true
}
