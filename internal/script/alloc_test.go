package script

import "testing"

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
