package script

import (
	"testing"

	"modernc.org/libc"
)

func TestSizeClasses(t *testing.T) {
	t.Parallel()
	last := -1
	for size := uintptr(1); size <= largest; size++ {
		c, room := classOf(size)
		if room < size || c < last || c > last+1 || c >= numClasses || room > size+size/4+smallStep {
			t.Fatalf("size %d: class %d after %d, room %d", size, c, last, room)
		}
		if rooms[c] != room {
			t.Fatalf("size %d: room %d, table says %d", size, room, rooms[c])
		}
		last = c
	}
}

// Blocks lie within a span, whatever is left of it.
func TestBlocksStayInSpan(t *testing.T) {
	t.Parallel()
	tls := libc.NewTLS()
	defer tls.Close()
	for size := uintptr(16); size <= largest; size += 16 {
		a := allocator{tls: tls, large: map[uintptr]struct{}{}}
		for len(a.spans) < 3 {
			p := a.malloc(size)
			span := a.spans[len(a.spans)-1]
			if _, room := classOf(size); p < span || p+room > span+spanSize {
				t.Fatalf("size %d: block at %d of a span of %d bytes", size, p-span, spanSize)
			}
		}
		a.close()
	}
}
