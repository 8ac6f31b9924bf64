package script

import (
	"math/bits"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// allocator is the heap of one realm. The engine's default goes through a process-wide lock at each call; this one has no
// lock, and gives everything back at once when the realm is closed, whatever was leaked in it.
//
// A block has an 8-byte header with its size class, or, for a large block, its size. Free blocks of a class are chained
// through their first word.
type allocator struct {
	tls   *libc.TLS
	free  [numClasses]uintptr
	next  uintptr // unused rest of the newest span
	end   uintptr
	spans []uintptr
	large map[uintptr]struct{}
}

const (
	headerSize = 8
	spanSize   = 256 << 10
	smallStep  = 16
	smallMax   = 512 // up to here classes are smallStep apart, then four to each power of two
	largest    = 32 << 10
	numSmall   = smallMax / smallStep
	numClasses = numSmall + 4*6 + 1 // 512 << 6 = 32 KiB
)

// classOf returns the class that holds size bytes, and the bytes it holds.
func classOf(size uintptr) (class int, room uintptr) {
	if size <= smallMax {
		n := (size + smallStep - 1) / smallStep
		n = max(n, 1)
		return int(n) - 1, n * smallStep
	}
	shift := bits.Len(uint(size-1)) - 3 // size-1 has its top three bits above shift
	quarter := (size-1)>>shift + 1      // 5..8 quarters of the next power of two
	room = quarter << shift
	return numSmall + (shift-7)*4 + int(quarter) - 5, room
}

func (a *allocator) malloc(size uintptr) uintptr {
	if size > largest {
		p := libc.Xmalloc(a.tls, lib.Tsize_t(size+headerSize))
		if p == 0 {
			return 0
		}
		a.large[p] = struct{}{}
		*at[uintptr](p) = size
		return p + headerSize
	}
	class, room := classOf(size)
	if p := a.free[class]; p != 0 {
		a.free[class] = *at[uintptr](p)
		return p
	}
	stride := (room + headerSize + 15) &^ 15 // blocks at 8 mod 16, their contents at 0 mod 16
	if a.end-a.next < stride {
		p := libc.Xmalloc(a.tls, spanSize)
		if p == 0 {
			return 0
		}
		a.spans = append(a.spans, p)
		a.next, a.end = p+headerSize, p+spanSize
	}
	p := a.next
	a.next += stride
	*at[uintptr](p) = uintptr(class)
	return p + headerSize
}

func (a *allocator) release(p uintptr) {
	h := *at[uintptr](p - headerSize)
	if h >= numClasses {
		delete(a.large, p-headerSize)
		libc.Xfree(a.tls, p-headerSize)
		return
	}
	*at[uintptr](p) = a.free[h]
	a.free[h] = p
}

// rooms holds the bytes of each class.
var rooms = func() (t [numClasses]uintptr) {
	for size := uintptr(1); size <= largest; size += smallStep {
		c, room := classOf(size)
		t[c] = room
	}
	return
}()

func room(p uintptr) uintptr {
	if p == 0 {
		return 0
	}
	h := *at[uintptr](p - headerSize)
	if h < numClasses {
		return rooms[h]
	}
	return h
}

// close gives all memory back.
func (a *allocator) close() {
	for _, p := range a.spans {
		libc.Xfree(a.tls, p)
	}
	for p := range a.large {
		libc.Xfree(a.tls, p)
	}
	*a = allocator{}
}

func allocatorOf(state uintptr) *allocator {
	return &realms[at[lib.TJSMallocState](state).Fopaque].Load().heap
}

// The four functions the engine calls. They keep the counters the engine's memory limit and statistics work with.

func engineMalloc(tls *libc.TLS, state uintptr, size lib.Tsize_t) uintptr {
	s := at[lib.TJSMallocState](state)
	if s.Fmalloc_size+size > s.Fmalloc_limit {
		return 0
	}
	p := allocatorOf(state).malloc(uintptr(size))
	if p != 0 {
		s.Fmalloc_count++
		s.Fmalloc_size += lib.Tsize_t(room(p) + headerSize)
	}
	return p
}

func engineFree(tls *libc.TLS, state uintptr, p uintptr) {
	if p == 0 {
		return
	}
	s := at[lib.TJSMallocState](state)
	s.Fmalloc_count--
	s.Fmalloc_size -= lib.Tsize_t(room(p) + headerSize)
	allocatorOf(state).release(p)
}

func engineRealloc(tls *libc.TLS, state uintptr, p uintptr, size lib.Tsize_t) uintptr {
	if p == 0 {
		if size == 0 {
			return 0
		}
		return engineMalloc(tls, state, size)
	}
	if size == 0 {
		engineFree(tls, state, p)
		return 0
	}
	old := room(p)
	if uintptr(size) <= old && uintptr(size) >= old/2 {
		return p
	}
	n := engineMalloc(tls, state, size)
	if n == 0 {
		return 0
	}
	libc.Xmemcpy(tls, n, p, lib.Tsize_t(min(old, uintptr(size))))
	engineFree(tls, state, p)
	return n
}

func engineUsableSize(tls *libc.TLS, p uintptr) lib.Tsize_t { return lib.Tsize_t(room(p)) }

// newMallocFunctions makes the engine's table of the functions above.
func newMallocFunctions(tls *libc.TLS) uintptr {
	p := libc.Xmalloc(tls, lib.Tsize_t(unsafe.Sizeof(lib.TJSMallocFunctions{})))
	*at[lib.TJSMallocFunctions](p) = lib.TJSMallocFunctions{
		Fjs_malloc: fp(engineMalloc), Fjs_free: fp(engineFree), Fjs_realloc: fp(engineRealloc),
		Fjs_malloc_usable_size: fp(engineUsableSize),
	}
	return p
}
