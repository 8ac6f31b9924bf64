package pipeline

// scratch is memory that filters use for the rest of a turn: bytes made in a turn and sent at its end need no memory of
// their own. What was lent is free again when the next turn asks.
type scratch struct {
	chunks [][]byte // the last one is being lent from
	used   int      // of the last chunk
	turn   uint64
}

const (
	scratchChunk = 64 << 10
	scratchKept  = 4 // chunks that are kept from one turn to the next
)

// Lend returns n bytes that are the caller's until the end of the turn.
func (w *World) Lend(n int) []byte {
	s := &w.scratch
	if s.turn != w.turns {
		s.reset(w.Loop.Poisons())
		s.turn = w.turns
	}
	k := len(s.chunks) - 1
	if k < 0 || len(s.chunks[k])-s.used < n {
		s.grow(n)
		k = len(s.chunks) - 1
	}
	b := s.chunks[k][s.used : s.used+n : s.used+n]
	s.used += n
	return b
}

// LendMore makes b, lent in this turn, n bytes longer if nothing was lent after it.
func (w *World) LendMore(b []byte, n int) ([]byte, bool) {
	s := &w.scratch
	if s.turn != w.turns || !s.isLast(b) {
		return b, false
	}
	k := len(s.chunks) - 1
	if len(s.chunks[k])-s.used < n {
		return b, false
	}
	start := s.used - len(b)
	s.used += n
	return s.chunks[k][start:s.used:s.used], true
}

// LendLess gives back all but the first n bytes of b, lent in this turn, if nothing was lent after it. It returns the
// first n bytes.
func (w *World) LendLess(b []byte, n int) []byte {
	s := &w.scratch
	if s.turn == w.turns && s.isLast(b) {
		s.used -= len(b) - n
	}
	return b[:n:n]
}

func (s *scratch) isLast(b []byte) bool {
	k := len(s.chunks) - 1
	return len(b) > 0 && k >= 0 && s.used >= len(b) && &s.chunks[k][s.used-len(b)] == &b[0]
}

// grow makes the last chunk one that has n bytes.
func (s *scratch) grow(n int) {
	s.chunks = append(s.chunks, make([]byte, max(n, scratchChunk)))
	s.used = 0
}

// reset makes everything free. With poison, bytes that somebody kept show.
func (s *scratch) reset(poison bool) {
	if poison {
		for _, c := range s.chunks {
			for i := range c {
				c[i] = 0xDB
			}
		}
	}
	if len(s.chunks) > 1 {
		// One chunk as large as what the last turn needed, within reason.
		n := min(len(s.chunks), scratchKept) * scratchChunk
		if len(s.chunks[0]) < n {
			s.chunks[0] = make([]byte, n)
		}
		clear(s.chunks[1:])
		s.chunks = s.chunks[:1]
	}
	if len(s.chunks) == 1 && len(s.chunks[0]) > scratchKept*scratchChunk {
		s.chunks = nil
	}
	s.used = 0
}
