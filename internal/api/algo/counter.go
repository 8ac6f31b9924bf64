package algo

import (
	"container/list"
	"sync"
	"time"
)

// counter is the state behind one Quota, or behind all of the process with the same key. It can be used from any goroutine.
type counter struct {
	sync.Mutex
	allowance
	key     string // of a shared counter
	users   int    // Quotas of a shared counter; guarded by sharedCounters
	per     time.Duration
	after   func(time.Duration, func()) (stop func())
	stop    func() // the recovery timer, nil if it is not running
	queue   list.List
	waiters map[Waiter]*list.Element
	serving *waiting
	changes uint64 // how often the amount was raised
}

// waiting is an element of the queue.
type waiting struct {
	quota *Quota
	w     Waiter
}

func (c *counter) shared() bool { return c.allowance.shared }

func (c *counter) consume(n float64) float64 {
	if !(n > 0) {
		return 0
	}
	c.Lock()
	defer c.Unlock()
	n = c.take(n)
	if c.per > 0 && c.stop == nil {
		c.stop = c.after(c.per, c.tick)
	}
	return n
}

// tick is the end of a recovery period.
func (c *counter) tick() {
	c.change(func(a *allowance) {
		if c.stop == nil { // stopped too late
			return
		}
		c.stop = nil
		if a.restore() && c.per > 0 {
			c.stop = c.after(c.per, c.tick)
		}
	})
}

// halt stops the recovery timer.
func (c *counter) halt() {
	c.Lock()
	defer c.Unlock()
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
}

// change applies f and wakes waiters if there is more than before.
func (c *counter) change(f func(a *allowance)) {
	c.Lock()
	before := c.current
	f(&c.allowance)
	more := c.current > before
	if more {
		c.changes++
	}
	c.Unlock()
	if more {
		c.serve()
	}
}

func (c *counter) wait(q *Quota, w Waiter) {
	c.Lock()
	if c.waiters == nil {
		c.waiters = map[Waiter]*list.Element{}
	}
	if c.waiters[w] == nil {
		c.waiters[w] = c.queue.PushBack(&waiting{q, w})
	}
	c.Unlock()
	if c.shared() { // another goroutine may have produced just before
		c.serve()
	}
}

func (c *counter) cancel(w Waiter) {
	c.Lock()
	defer c.Unlock()
	c.remove(w)
}

func (c *counter) remove(w Waiter) {
	if e := c.waiters[w]; e != nil {
		c.queue.Remove(e)
		delete(c.waiters, w)
	}
}

// leave takes all waiters of a Quota out of the queue. If it was their turn, it is the next one's.
func (c *counter) leave(q *Quota) {
	c.Lock()
	for e := c.queue.Front(); e != nil; {
		n := e.Value.(*waiting)
		e = e.Next()
		if n.quota == q {
			c.remove(n.w)
		}
	}
	if c.serving != nil && c.serving.quota == q {
		c.serving = nil
	}
	c.Unlock()
	c.serve()
}

// serve has the waiters called in turn as long as there is something to give. Only one is called at a time: c.serving.
func (c *counter) serve() {
	for {
		n := c.next()
		if n == nil {
			return
		}
		if c.shared() {
			n.quota.clock.Post(func() {
				if c.grant(n) {
					c.serve()
				}
			})
			return
		}
		if !c.grant(n) {
			return
		}
	}
}

// next makes the head of the queue the one that is served; nil if somebody is being served or there is nothing to give.
func (c *counter) next() *waiting {
	c.Lock()
	defer c.Unlock()
	head := c.queue.Front()
	if c.serving != nil || head == nil || !(c.current > 0) {
		return nil
	}
	c.serving = head.Value.(*waiting)
	return c.serving
}

// grant calls a waiter. It reports whether there may be something to give to the head of the queue.
func (c *counter) grant(n *waiting) (more bool) {
	c.Lock()
	if c.serving != n { // its realm was closed
		c.Unlock()
		return false
	}
	e := c.waiters[n.w]
	if e == nil || e.Value != n { // canceled in the meantime
		c.serving = nil
		c.Unlock()
		return true
	}
	changes := c.changes
	c.Unlock()

	done := false
	defer func() {
		c.Lock()
		defer c.Unlock()
		if c.serving != n {
			more = false
			return
		}
		c.serving = nil
		e := c.waiters[n.w]
		switch {
		case e == nil || e.Value != n:
			more = true
		case done:
			c.remove(n.w)
			more = true
		default:
			more = c.changes != changes // not enough for it: nobody overtakes
		}
	}()
	done = n.w.QuotaAvailable()
	return
}
