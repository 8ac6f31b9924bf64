package reactor

import (
	"math"
	"time"
)

// Timer calls a function once, in a turn of its own. A referenced timer, as made, keeps the loop alive while it waits.
type Timer struct {
	loop  *Loop
	fn    func()
	when  int64 // nanoseconds since the loop was made
	seq   uint64
	index int32 // place in the heap, -1 if not waiting
	unref bool
}

// AfterFunc runs fn in a turn after d; a negative d counts as 0. Timers of the same instant fire in the order of their start.
func (l *Loop) AfterFunc(d time.Duration, fn func()) *Timer {
	t := &Timer{loop: l, fn: fn, index: -1}
	t.Reset(d)
	return t
}

// Stop cancels the timer and reports whether it was waiting.
func (t *Timer) Stop() bool {
	if t.index < 0 {
		return false
	}
	t.loop.timers.remove(t)
	if !t.unref {
		t.loop.refs--
	}
	return true
}

// Reset starts the timer anew and reports whether it was waiting.
func (t *Timer) Reset(d time.Duration) bool {
	was := t.Stop()
	l := t.loop
	// Not the cached time: a long turn would make its timers fire early.
	now := int64(time.Since(l.start))
	t.when = now + int64(max(d, 0))
	if t.when < now {
		t.when = math.MaxInt64
	}
	l.timerSeq++
	t.seq = l.timerSeq
	l.timers.push(t)
	if !t.unref {
		l.refs++
	}
	return was
}

// Unref lets the loop end although the timer waits.
func (t *Timer) Unref() {
	if !t.unref && t.index >= 0 {
		t.loop.refs--
	}
	t.unref = true
}

// Ref takes Unref back.
func (t *Timer) Ref() {
	if t.unref && t.index >= 0 {
		t.loop.refs++
	}
	t.unref = false
}

// fireTimers runs the timers that are due, but not those they start.
func (l *Loop) fireTimers() {
	now, last := l.now, l.timerSeq
	for len(l.timers) > 0 && !l.stopped.Load() {
		t := l.timers[0].t
		if t.when > now || t.seq > last {
			return
		}
		t.Stop()
		l.enter(nil)
		t.fn()
		l.leave()
	}
}

// timerHeap is a 4-ary heap. The keys lie beside the pointers, so that sifting touches no timer it does not move.
type timerHeap []timerNode

type timerNode struct {
	when int64
	seq  uint64
	t    *Timer
}

func (a timerNode) before(b timerNode) bool {
	return a.when < b.when || a.when == b.when && a.seq < b.seq
}

func (h *timerHeap) push(t *Timer) {
	*h = append(*h, timerNode{})
	h.up(len(*h)-1, timerNode{t.when, t.seq, t})
}

func (h *timerHeap) remove(t *Timer) {
	i, last := int(t.index), len(*h)-1
	node := (*h)[last]
	(*h)[last] = timerNode{}
	*h = (*h)[:last]
	t.index = -1
	if i == last {
		return
	}
	if i > 0 && node.before((*h)[(i-1)/4]) {
		h.up(i, node)
	} else {
		h.down(i, node)
	}
}

func (h timerHeap) set(i int, n timerNode) {
	h[i] = n
	n.t.index = int32(i)
}

func (h timerHeap) up(i int, n timerNode) {
	for i > 0 {
		p := (i - 1) / 4
		if !n.before(h[p]) {
			break
		}
		h.set(i, h[p])
		i = p
	}
	h.set(i, n)
}

func (h timerHeap) down(i int, n timerNode) {
	for {
		first := 4*i + 1
		if first >= len(h) {
			break
		}
		m := first
		for k := first + 1; k < min(first+4, len(h)); k++ {
			if h[k].before(h[m]) {
				m = k
			}
		}
		if !h[m].before(n) {
			break
		}
		h.set(i, h[m])
		i = m
	}
	h.set(i, n)
}
