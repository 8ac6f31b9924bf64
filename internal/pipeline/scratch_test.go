package pipeline

import (
	"bytes"
	"testing"

	"weir/internal/reactor"
)

func TestLend(t *testing.T) {
	t.Parallel()
	loop, err := reactor.New(reactor.Options{Poison: true})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	w := &World{Loop: loop}

	a := w.Lend(100)
	b := w.Lend(50)
	copy(a, bytes.Repeat([]byte("a"), 100))
	copy(b, bytes.Repeat([]byte("b"), 50))
	if _, ok := w.LendMore(a, 10); ok {
		t.Error("grown into what was lent after it")
	}
	b, ok := w.LendMore(b, 10)
	if !ok || len(b) != 60 || b[49] != 'b' {
		t.Errorf("not grown: %d bytes", len(b))
	}
	if b = w.LendLess(b, 20); len(b) != 20 {
		t.Errorf("%d bytes", len(b))
	}
	c := w.Lend(10)
	if &a[:cap(a)][0] == &c[0] || cap(b) != 20 {
		t.Error("lent twice")
	}
	if a = w.LendLess(a, 30); len(a) != 30 {
		t.Errorf("%d bytes", len(a))
	}
	if _, ok := w.LendMore(c, scratchChunk); ok {
		t.Error("grown beyond the chunk")
	}
	big := w.Lend(10 * scratchChunk)
	if len(big) != 10*scratchChunk || a[29] != 'a' {
		t.Error("what was lent first has changed")
	}

	w.turns++
	if _, ok := w.LendMore(big, 1); ok {
		t.Error("grown in a later turn")
	}
	d := w.Lend(1)
	if len(w.scratch.chunks) != 1 || len(w.scratch.chunks[0]) > scratchKept*scratchChunk {
		t.Errorf("%d chunks kept, the first with %d bytes", len(w.scratch.chunks), len(w.scratch.chunks[0]))
	}
	d[0] = 1
	w.turns++
	if e := w.Lend(1); &e[0] != &d[0] || e[0] != 0xDB {
		t.Error("not used again, or not spoilt")
	}
}
