package reactor

import "time"

// background is work that waits until whoever asks for little was served: bytes of connections that took long to handle before,
// connections that are new, what a filter goes on with of its own accord. In each iteration of the loop it gets backgroundShare, so that
// neither side starves the other. Jobs run in the order in which they came, a portion at a time.
type background struct {
	jobs []job
	head int // of jobs, the next one
}

// job is run once.
type job interface{ runInBackground() }

// backgroundShare is the time background work gets in each iteration. A job is not interrupted.
const backgroundShare = 200 * time.Microsecond

type backgroundFunc struct {
	loop *Loop
	fn   func()
}

func (f backgroundFunc) runInBackground() {
	f.loop.enter(nil)
	f.fn()
	f.loop.leave()
}

// Background runs fn in a turn of its own, after what others are waiting for: for a portion of work of which there may be much.
func (l *Loop) Background(fn func()) { l.background.add(backgroundFunc{l, fn}) }

func (b *background) add(j job) { b.jobs = append(b.jobs, j) }

func (b *background) empty() bool { return len(b.jobs) == 0 }

func (b *background) next() job {
	j := b.jobs[b.head]
	b.jobs[b.head] = nil
	b.head++
	switch {
	case b.head == len(b.jobs):
		b.jobs, b.head = b.jobs[:0], 0
	case b.head >= 64 && b.head >= len(b.jobs)/2:
		n := copy(b.jobs, b.jobs[b.head:])
		clear(b.jobs[n:])
		b.jobs, b.head = b.jobs[:n], 0
	}
	return j
}

// runBackground runs jobs for one share of time.
func (l *Loop) runBackground() {
	l.batching = true
	for begin := time.Now(); !l.background.empty() && !l.stopped.Load(); {
		l.background.next().runInBackground()
		if time.Since(begin) > backgroundShare {
			break
		}
	}
	l.batching = false
	l.flush()
}
