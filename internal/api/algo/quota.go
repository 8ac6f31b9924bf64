package algo

import (
	"time"

	"weir/internal/script"
)

// Quota is the Go value of an algo.Quota: a handle to a counter that is the quota's own or, with a key, shared by the whole
// process. Except as noted a Quota is used on its realm's goroutine. Hold the script object (Realm.Hold) for as long as the
// Quota is in use: a shared counter ends with the last script object that refers to it.
type Quota struct {
	counter *counter
	clock   Clock
}

// Waiter waits for a Quota to have something to give. Waiters must be comparable.
type Waiter = interface {
	// QuotaAvailable is called on the goroutine of the realm that the waiter's Quota belongs to. The waiter consumes what it
	// can use. It returns true if it needs no more: it is then out of the queue. With false it keeps its place and is
	// called again after the next increase.
	QuotaAvailable() (done bool)
}

// QuotaOf returns the Quota a script value stands for.
func QuotaOf(r *script.Realm, v script.Value) (*Quota, bool) { return script.As[*Quota](r, v) }

// Consume takes min(n, Current()) and returns it. It starts the period after which the quota recovers.
func (q *Quota) Consume(n float64) float64 { return q.counter.consume(n) }

// Produce adds n, up to the quota's maximum, and wakes waiters.
func (q *Quota) Produce(n float64) {
	q.counter.change(func(a *allowance) { a.add(n) })
}

// Reset brings the quota back to its initial amount. It does nothing to a shared one.
func (q *Quota) Reset() {
	if !q.counter.shared() {
		q.counter.change(func(a *allowance) { a.current = a.initial })
	}
}

// Initial returns the amount the quota began with.
func (q *Quota) Initial() float64 {
	q.counter.Lock()
	defer q.counter.Unlock()
	return q.counter.initial
}

// Current returns the amount that is left.
func (q *Quota) Current() float64 {
	q.counter.Lock()
	defer q.counter.Unlock()
	return q.counter.current
}

// Wait puts w at the end of the queue. Whoever is in the queue is called after each increase, first come first served,
// until the quota is used up: at once for a quota without a key, from a posted task for a shared one. A waiter that is in
// the queue already keeps its place.
func (q *Quota) Wait(w Waiter) { q.counter.wait(q, w) }

// Cancel takes w out of the queue, if it is there.
func (q *Quota) Cancel(w Waiter) { q.counter.cancel(w) }

// RealmClosed implements script.Closer.
func (q *Quota) RealmClosed() {
	q.counter.leave(q)
	if q.counter.shared() {
		q.release()
	} else {
		q.counter.halt()
	}
}

// release gives up the handle's part in a shared counter.
func (q *Quota) release() {
	if q.counter.shared() {
		releaseCounter(q.counter)
	}
}

// timer is time.AfterFunc in the shape of Clock.AfterFunc. Its functions run on goroutines of their own.
func timer(d time.Duration, fn func()) (stop func()) {
	t := time.AfterFunc(d, fn)
	return func() { t.Stop() }
}
