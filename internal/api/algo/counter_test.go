package algo

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// worker is a Clock with a goroutine of its own.
type worker struct{ tasks chan func() }

func (w *worker) AfterFunc(d time.Duration, fn func()) func() { panic("not used by shared counters") }
func (w *worker) Post(fn func())                              { w.tasks <- fn }
func (w *worker) Now() time.Time                              { return time.Now() }

// client consumes one unit after the other, waiting when there is none.
type client struct {
	q    *Quota
	left int
	done *sync.WaitGroup
	got  *atomic.Int64
}

func (c *client) QuotaAvailable() bool {
	for c.left > 0 {
		if c.q.Consume(1) == 0 {
			return false
		}
		c.got.Add(1)
		c.left--
	}
	c.done.Done()
	return true
}

// No wake-up is lost however consumers and producers meet: every client gets all it wants.
func TestSharedCounterAcrossThreads(t *testing.T) {
	t.Parallel()
	const key, workers, clients, units = "TestSharedCounterAcrossThreads", 3, 20, 50
	var done, loops sync.WaitGroup
	var got atomic.Int64
	var all []*worker
	for range workers {
		w := &worker{make(chan func(), 10000)}
		all = append(all, w)
		q := &Quota{sharedCounter(key, allowance{max: math.Inf(1), shared: true}, 0), w}
		defer q.RealmClosed()
		loops.Go(func() {
			for fn := range w.tasks {
				fn()
			}
		})
		for range clients {
			done.Add(1)
			w.Post(func() {
				c := &client{q, units, &done, &got}
				if !c.QuotaAvailable() {
					q.Wait(c)
				}
			})
		}
	}
	producer := &Quota{sharedCounter(key, allowance{max: math.Inf(1), shared: true}, 0), all[0]}
	for range workers * clients * units {
		producer.Produce(1)
	}
	done.Wait()
	if n := got.Load(); n != workers*clients*units {
		t.Errorf("%d units consumed", n)
	}
	for _, w := range all {
		close(w.tasks)
	}
	loops.Wait()
	producer.RealmClosed()
}
