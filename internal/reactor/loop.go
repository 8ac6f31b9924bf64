package reactor

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/stream"
)

// Options configure a Loop.
type Options struct {
	// Logf receives messages for the operator, such as running out of file descriptors. Nil drops them.
	Logf func(format string, args ...any)
	// Poison overwrites the read buffer after every turn, so that bytes kept without Own are noticed. Always on in
	// builds with the race detector.
	Poison bool
}

// Loop is an event loop. See the package comment for who may call what.
type Loop struct {
	opts  Options
	start time.Time

	wall time.Time // cached per iteration
	now  int64     // nanoseconds since start, cached likewise

	running  bool
	inTurn   bool
	tap      *Tap
	dirty    []*Conn      // to be flushed at the end of the turn
	urgent   []*Conn      // of dirty, to be flushed before the end of the batch
	read     *stream.Data // of the last turn that read, to be used again if nobody keeps it
	batching bool         // a batch of events is being handled
	spare    []*Conn
	later    []func()
	batch    []func()

	background background

	onEnd  []func()
	onIdle []func() bool

	refs     int // listeners, connections, referenced timers
	timers   timerHeap
	timerSeq uint64
	wheel    wheel
	queues   []*queue
	shared   *SocketOptions

	holds   atomic.Int64
	stopped atomic.Bool

	mu      sync.Mutex
	posted  []post
	posting []post
	waiting atomic.Bool // posts are waiting

	backend
}

type post struct {
	fn  func()
	raw bool // fn makes its own turns
}

// New makes a loop. It must be closed.
func New(o Options) (*Loop, error) {
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	// The first timer opens descriptors in Go's runtime, which ends the process if there are none left: do it now.
	time.AfterFunc(time.Hour, func() {}).Stop()
	o.Poison = o.Poison || poisonDefault
	l := &Loop{opts: o, start: time.Now()}
	l.updateTime()
	if err := l.backend.init(l); err != nil {
		return nil, err
	}
	return l, nil
}

// Run serves events until Stop, or until nothing is pending (see Pending) and nothing is posted. It may be called again.
func (l *Loop) Run() error {
	if l.running {
		return errors.New("event loop is running already")
	}
	l.running = true
	defer func() { l.running = false; l.stopped.Store(false) }()
	l.updateTime()
	for !l.stopped.Load() {
		l.fireTimers()
		if l.now >= l.wheel.next {
			l.fireDeadlines()
		}
		if l.waiting.Load() {
			l.runPosted()
		}
		if len(l.later) > 0 {
			l.runLater()
		}
		if !l.background.empty() {
			l.runBackground()
		}
		if len(l.dirty) > 0 {
			l.flush()
		}
		wait := int64(0)
		if !l.waiting.Load() && len(l.later) == 0 && len(l.dirty) == 0 && l.background.empty() {
			if l.Pending() == 0 && !l.waiting.Load() {
				if !l.keepRunning() {
					return nil
				}
				l.updateTime()
				continue
			}
			wait = l.nextDue()
		}
		if l.stopped.Load() {
			break
		}
		if err := l.poll(wait); err != nil {
			return err
		}
	}
	return nil
}

// keepRunning asks everybody; each may have something new.
func (l *Loop) keepRunning() bool {
	keep := false
	for _, fn := range l.onIdle {
		l.Turn(func() { keep = fn() || keep })
	}
	return keep
}

// nextDue returns the nanoseconds until the next timer or deadline, or -1 if there is none.
func (l *Loop) nextDue() int64 {
	next := l.wheel.next
	if len(l.timers) > 0 {
		next = min(next, l.timers[0].when)
	}
	if next == math.MaxInt64 {
		return -1
	}
	return max(next-l.now, 0)
}

// Stop makes Run return after the current turn. Any goroutine may call it; called before Run, the next Run returns at once.
func (l *Loop) Stop() {
	l.stopped.Store(true)
	l.wake()
}

// Post has the loop run fn as a turn of its own. Any goroutine may call it; functions of one goroutine run in order.
func (l *Loop) Post(fn func()) { l.post(post{fn: fn}) }

func (l *Loop) post(p post) {
	l.mu.Lock()
	l.posted = append(l.posted, p)
	l.waiting.Store(true)
	l.mu.Unlock()
	l.wake()
}

func (l *Loop) runPosted() {
	l.mu.Lock()
	batch := l.posted
	l.posted = l.posting[:0]
	l.waiting.Store(false)
	l.mu.Unlock()
	for i, p := range batch {
		if l.stopped.Load() {
			// What is left goes first in the next Run.
			l.mu.Lock()
			l.posted = append(batch[i:len(batch):len(batch)], l.posted...)
			l.waiting.Store(true)
			l.mu.Unlock()
			l.posting = nil
			return
		}
		batch[i] = post{}
		if p.raw {
			p.fn()
			continue
		}
		l.enter(nil)
		p.fn()
		l.leave()
	}
	l.posting = batch[:0]
}

// Turn runs fn as a turn now, or as part of the turn under way.
func (l *Loop) Turn(fn func()) { l.TurnFrom(nil, fn) }

// TurnFrom is Turn for what a byte source delivers: t is the tap that a congested sink shall pause.
func (l *Loop) TurnFrom(t *Tap, fn func()) {
	if l.inTurn {
		before := l.tap
		if t != nil {
			l.tap = t
		}
		fn()
		l.tap = before
		return
	}
	l.enter(t)
	fn()
	l.leave()
}

// SwapTap makes t the current tap, within a turn, and returns the one before: for whoever divides what a source delivers
// among several that can be paused on their own. The caller puts the old one back.
func (l *Loop) SwapTap(t *Tap) *Tap {
	before := l.tap
	l.tap = t
	return before
}

// Later runs fn in a turn of its own soon after the current one.
func (l *Loop) Later(fn func()) { l.later = append(l.later, fn) }

// OnTurnEnd adds a hook that runs at the end of every outermost turn, before sockets are flushed. It may write to sockets.
func (l *Loop) OnTurnEnd(fn func()) { l.onEnd = append(l.onEnd, fn) }

// OnIdle adds a function that is asked when Run is about to end because nothing is pending; true keeps it running.
func (l *Loop) OnIdle(fn func() bool) { l.onIdle = append(l.onIdle, fn) }

// CurrentTap returns the tap of the source that caused the current turn, nil if there is none.
func (l *Loop) CurrentTap() *Tap { return l.tap }

func (l *Loop) enter(t *Tap) { l.inTurn, l.tap = true, t }

func (l *Loop) leave() {
	l.tap = nil
	for _, fn := range l.onEnd {
		fn()
	}
	if l.batching {
		l.flushUrgent()
	} else {
		l.flush()
	}
	l.inTurn = false
	if len(l.later) > 0 && !l.runningLater() {
		l.runLater()
	}
}

func (l *Loop) runningLater() bool { return l.batch != nil }

// runLater runs what is due now; what that defers anew waits until sockets had a look-in.
func (l *Loop) runLater() {
	l.batch, l.later = l.later, nil
	for i, fn := range l.batch {
		l.batch[i] = nil
		l.enter(nil)
		fn()
		l.leave()
	}
	if l.later == nil {
		l.later = l.batch[:0]
	}
	l.batch = nil
}

// While a batch of ready sockets is handled, what their turns write is held back to its end: sending everything in a row
// wakes each peer once, where sending in between would find it asleep again.

// flushUrgent sends what cannot wait for the end of the batch.
func (l *Loop) flushUrgent() {
	for i := 0; i < len(l.urgent); i++ {
		c := l.urgent[i]
		l.urgent[i] = nil
		c.clear(isUrgent)
		if c.has(isDirty) {
			c.clear(isDirty)
			c.flush()
		}
	}
	l.urgent = l.urgent[:0]
}

func (l *Loop) flush() {
	for len(l.dirty) > 0 {
		batch := l.dirty
		l.dirty = l.spare[:0]
		for i, c := range batch {
			batch[i] = nil
			if c.has(isDirty) { // else it was urgent
				c.clear(isDirty)
				c.flush()
			}
		}
		l.spare = batch[:0]
	}
}

func (l *Loop) updateTime() {
	l.wall = time.Now()
	l.now = int64(l.wall.Sub(l.start))
}

// Now returns the time at which the current batch of events began.
func (l *Loop) Now() time.Time { return l.wall }

// Monotonic returns the milliseconds from the making of the loop to Now.
func (l *Loop) Monotonic() int64 { return l.now / int64(time.Millisecond) }

// Hold keeps the loop alive for an operation under way elsewhere, until Unhold. Any goroutine may call it.
func (l *Loop) Hold() { l.holds.Add(1) }

// Unhold takes one Hold back. Any goroutine may call it; what the operation has to say is posted before.
func (l *Loop) Unhold() {
	if n := l.holds.Add(-1); n == 0 {
		l.wake()
	} else if n < 0 {
		panic("reactor: Unhold without Hold")
	}
}

// Pending counts what keeps Run going: listeners, open connections, referenced timers that wait, holds.
func (l *Loop) Pending() int { return l.refs + int(l.holds.Load()) }

// shareOptions returns o in memory that connections with the same options share. Nobody changes it.
func (l *Loop) shareOptions(o SocketOptions) *SocketOptions {
	if l.shared == nil || *l.shared != o {
		l.shared = &o
	}
	return l.shared
}

func (l *Loop) takeQueue() *queue {
	if n := len(l.queues); n > 0 {
		q := l.queues[n-1]
		l.queues = l.queues[:n-1]
		return q
	}
	return new(queue)
}

// giveQueue takes a queue back. Large or surplus ones go to the garbage collector.
func (l *Loop) giveQueue(q *queue) {
	q.clear()
	if cap(q.segs) <= 64 && len(l.queues) < 256 {
		l.queues = append(l.queues, q)
	}
}
