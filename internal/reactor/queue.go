package reactor

import "weir/internal/stream"

// queue holds what a connection has still to send, in order, by reference. Borrowed pieces are valid only during the
// turn in which they were pushed: keep copies them.
type queue struct {
	segs     []segment
	head     int // segs before it are sent
	size     int64
	borrowed int  // number of borrowed pieces
	room     bool // the last piece is a copy made here and has spare capacity

	scratch  []byte // where small writes are gathered; empty again when everything is sent
	gathered bool   // the last piece is the end of scratch
}

const (
	scratchSize = 4 << 10
	smallWrite  = 2 << 10 // up to here copying is cheaper than another element of a writev, and frees what was borrowed
)

// gather adds a copy of d, if it is small and there is room for it. A head and a small body become one piece.
func (q *queue) gather(d *stream.Data) bool {
	if !q.hasRoom(d.Size()) {
		return false
	}
	for _, s := range d.Segments() {
		q.copyIn(s)
	}
	return true
}

// gatherBytes is gather for a slice.
func (q *queue) gatherBytes(b []byte) bool {
	if !q.hasRoom(len(b)) {
		return false
	}
	q.copyIn(b)
	return true
}

func (q *queue) hasRoom(n int) bool {
	if n > smallWrite {
		return false
	}
	if q.scratch == nil {
		q.scratch = make([]byte, 0, scratchSize)
	}
	return n <= cap(q.scratch)-len(q.scratch)
}

func (q *queue) copyIn(b []byte) {
	start := len(q.scratch)
	q.scratch = append(q.scratch, b...)
	if q.gathered {
		last := &q.segs[len(q.segs)-1]
		last.b = last.b[:len(last.b)+len(b)]
	} else {
		q.segs = append(q.segs, segment{b: q.scratch[start:]})
		q.gathered = true
	}
	q.size += int64(len(b))
	q.room = false
}

type segment struct {
	b        []byte
	borrowed bool
}

func (q *queue) push(d *stream.Data) {
	borrowed := d.Transient()
	q.gathered = q.gathered && d.Empty()
	for _, s := range d.Segments() {
		q.segs = append(q.segs, segment{s, borrowed})
		if borrowed {
			q.borrowed++
		}
	}
	q.size += int64(d.Size())
	q.room = q.room && d.Empty()
}

// pushCopy adds a copy of b.
func (q *queue) pushCopy(b []byte) {
	q.size += int64(len(b))
	q.pack(b)
}

func (q *queue) pack(b []byte) {
	if q.room && len(q.segs) > q.head {
		last := &q.segs[len(q.segs)-1]
		k := min(cap(last.b)-len(last.b), len(b))
		last.b = append(last.b, b[:k]...)
		b = b[k:]
	}
	if len(b) == 0 {
		return
	}
	// Small at first, since most connections that fall behind do so by little.
	q.gathered = false
	c := make([]byte, 0, max(len(b), min(int(q.size), stream.ChunkSize)))
	q.segs = append(q.segs, segment{b: append(c, b...)})
	q.room = true
}

// keep makes everything in the queue outlive the turn.
func (q *queue) keep() {
	if q.borrowed == 0 {
		return
	}
	first := q.head
	for !q.segs[first].borrowed {
		first++
	}
	tail := append([]segment(nil), q.segs[first:]...)
	clear(q.segs[first:])
	q.segs = q.segs[:first]
	q.borrowed, q.room, q.gathered = 0, false, false
	for _, s := range tail {
		if s.borrowed {
			q.pack(s.b)
		} else {
			q.segs = append(q.segs, s)
			q.room = false
		}
	}
}

// keepPieces is keep for datagrams, whose boundaries must stay.
func (q *queue) keepPieces() {
	for i := q.head; q.borrowed > 0; i++ {
		if s := &q.segs[i]; s.borrowed {
			s.b, s.borrowed = append([]byte(nil), s.b...), false
			q.borrowed--
		}
	}
}

// pending returns the pieces not sent yet.
func (q *queue) pending() []segment { return q.segs[q.head:] }

// skip removes n sent bytes.
func (q *queue) skip(n int) {
	q.size -= int64(n)
	for n > 0 {
		s := &q.segs[q.head]
		if n < len(s.b) {
			s.b = s.b[n:]
			break
		}
		n -= len(s.b)
		if s.borrowed {
			q.borrowed--
		}
		*s = segment{}
		q.head++
	}
	if q.head == len(q.segs) {
		q.segs, q.head, q.room = q.segs[:0], 0, false
		q.scratch, q.gathered = q.scratch[:0], false
	} else if q.head >= 64 && q.head >= len(q.segs)/2 {
		k := copy(q.segs, q.segs[q.head:])
		clear(q.segs[k:])
		q.segs, q.head = q.segs[:k], 0
	}
}

func (q *queue) clear() {
	clear(q.segs)
	*q = queue{segs: q.segs[:0], scratch: q.scratch[:0]}
}
