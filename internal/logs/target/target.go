package target

import (
	"sync"
	"time"

	"weir/internal/metrics"
)

// Limit is how many bytes of records may wait at a target that was given no other limit.
const Limit = 8 << 20

// Target takes records for one destination.
type Target struct {
	name    string // of the destination, for people
	limit   int
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{} // the goroutine has ended

	mu      sync.Mutex
	waiting []record
	bytes   int // of records that were taken and not delivered
	closed  bool
}

// record is what a logger has logged, with the counter of what it lost at this target.
type record struct {
	text    []byte
	dropped *metrics.Shared
}

// carrier brings records to a destination. It runs on the target's goroutine, and uses t.take and t.delivered.
type carrier interface {
	// carry works until t is closed and everything it took is delivered or given up.
	carry(t *Target)
}

// all has the targets of the process, for the end.
var all struct {
	sync.Mutex
	targets map[*Target]struct{}
}

func start(name string, limit int, c carrier) *Target {
	t := &Target{name: name, limit: limit, wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{})}
	all.Lock()
	if all.targets == nil {
		all.targets = map[*Target]struct{}{}
	}
	all.targets[t] = struct{}{}
	all.Unlock()
	go func() {
		c.carry(t)
		all.Lock()
		delete(all.targets, t)
		all.Unlock()
		close(t.done)
	}()
	return t
}

// Dropped returns the counter of the records a logger lost at a target.
func Dropped(logger, target string) *metrics.Shared {
	return metrics.SharedCounter("weir_log_dropped_records", "Log records that could not be delivered.",
		[]string{"logger", "target"}, logger, target)
}

// Write takes a record. Nobody may change it afterwards. dropped counts it if it is lost.
func (t *Target) Write(text []byte, dropped *metrics.Shared) {
	t.mu.Lock()
	if t.closed || t.bytes+len(text) > t.limit {
		t.mu.Unlock()
		dropped.Add(1)
		return
	}
	t.waiting = append(t.waiting, record{text, dropped})
	t.bytes += len(text)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Close lets the target go: what was written is still delivered if that is possible soon.
func (t *Target) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		close(t.closing)
	}
}

// Name names the destination, for people. It has no password.
func (t *Target) Name() string { return t.name }

// take returns the records that wait, which are then the carrier's.
func (t *Target) take() []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	rs := t.waiting
	t.waiting = nil
	return rs
}

// delivered says that records that were taken are done with.
func (t *Target) delivered(rs []record) {
	n := 0
	for _, r := range rs {
		n += len(r.text)
	}
	t.mu.Lock()
	t.bytes -= n
	t.mu.Unlock()
}

// lost counts records that were taken as dropped.
func (t *Target) lost(rs []record) {
	for _, r := range rs {
		r.dropped.Add(1)
	}
	t.delivered(rs)
}

// each runs deliver for whatever waits, until t is closed. It is what most carriers do.
func (t *Target) each(deliver func([]record)) {
	for {
		if rs := t.take(); len(rs) > 0 {
			deliver(rs)
			continue
		}
		select {
		case <-t.wake:
		case <-t.closing:
			if rs := t.take(); len(rs) > 0 {
				deliver(rs)
			}
			return
		}
	}
}

// CloseAll closes all targets, and waits until they have delivered everything, but no longer than the timeout. It returns the
// names of those that have not: the process is about to end, and their records are lost.
func CloseAll(timeout time.Duration) (late []string) {
	all.Lock()
	targets := make([]*Target, 0, len(all.targets))
	for t := range all.targets {
		targets = append(targets, t)
	}
	all.Unlock()
	for _, t := range targets {
		t.Close()
	}
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for _, t := range targets {
		select {
		case <-t.done:
			continue
		case <-deadline.C:
			deadline.Reset(0) // for those that follow
		}
		late = append(late, t.name)
	}
	return late
}
