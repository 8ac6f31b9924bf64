package reactor

import (
	"math"
	"math/bits"
	"time"

	"weir/internal/stream"
)

const wheelSlots = 64

// wheel finds the connections whose timeouts may have passed. Reads and writes only note the time; a connection is
// looked at when its earliest possible deadline comes, and moved on if something happened meanwhile. So I/O costs no
// timer operation, and an idle connection one look per timeout.
type wheel struct {
	next  int64 // nanoseconds of the next slot to look at, math.MaxInt64 if all are empty
	tick  int64 // seconds: slots up to here are done
	used  uint64
	slots [wheelSlots]*Conn
}

// watch puts c where its timeouts are checked next.
func (l *Loop) watch(c *Conn) {
	l.unwatch(c)
	at, _ := c.deadline()
	if at == math.MaxInt64 {
		return
	}
	w := &l.wheel
	if w.used == 0 {
		w.tick = l.now / int64(time.Second)
	}
	// Rounded up: a connection is never ended early.
	sec := (at + int64(time.Second) - 1) / int64(time.Second)
	sec = min(max(sec, w.tick+1), w.tick+wheelSlots-1)
	s := sec % wheelSlots
	c.slot = int8(s) + 1
	if c.next = w.slots[s]; c.next != nil {
		c.next.prev = c
	}
	w.slots[s] = c
	w.used |= 1 << s
	w.schedule()
}

func (l *Loop) unwatch(c *Conn) {
	if c.slot == 0 {
		return
	}
	w, s := &l.wheel, c.slot-1
	if c.prev != nil {
		c.prev.next = c.next
	} else if w.slots[s] = c.next; c.next == nil {
		w.used &^= 1 << s
		w.schedule()
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next, c.slot = nil, nil, 0
}

func (w *wheel) schedule() {
	if w.used == 0 {
		w.next = math.MaxInt64
		return
	}
	first := int((w.tick + 1) % wheelSlots)
	ahead := bits.TrailingZeros64(bits.RotateLeft64(w.used, -first))
	w.next = (w.tick + 1 + int64(ahead)) * int64(time.Second)
}

func (l *Loop) fireDeadlines() {
	w := &l.wheel
	if w.used == 0 {
		w.next = math.MaxInt64
		return
	}
	for l.now >= w.next {
		w.tick = w.next / int64(time.Second)
		s := w.tick % wheelSlots
		var late []*Conn
		// Detached first, since those that are not due come back into some slot.
		for c := w.slots[s]; c != nil; c = w.slots[s] {
			l.unwatch(c)
			late = append(late, c)
		}
		w.schedule()
		for _, c := range late {
			if c.has(isClosed) {
				continue
			}
			at, code := c.deadline()
			if at > l.now {
				l.watch(c)
				continue
			}
			c.lose(code, nil)
		}
	}
}

// deadline returns when c runs into which of its timeouts, in nanoseconds of the loop.
func (c *Conn) deadline() (int64, stream.ErrorCode) {
	at, code := int64(math.MaxInt64), stream.NoError
	if c.has(isConnecting) || c.lastRead == 0 {
		return at, code
	}
	o := c.opts
	try := func(since int64, d time.Duration, what stream.ErrorCode) {
		if d > 0 && since+int64(d) < at {
			at, code = since+int64(d), what
		}
	}
	try(c.lastRead, o.ReadTimeout, stream.ReadTimeout)
	try(c.lastWrite, o.WriteTimeout, stream.WriteTimeout)
	try(max(c.lastRead, c.lastWrite), o.IdleTimeout, stream.IdleTimeout)
	return at, code
}
