//go:build linux && !portable

package reactor

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"weir/internal/stream"
)

const (
	// yieldAfter is how long the loop is busy before other goroutines get their turn: with one CPU the garbage collector takes a
	// share of the time it has not had, all at once.
	yieldAfter = 200 * time.Microsecond
	// holdBackFor is how long answers wait for the rest of a batch of events. The time is looked at every fourth event.
	holdBackFor = 100 * time.Microsecond

	pollBatch = 256
	maxIovecs = 1024 // IOV_MAX of Linux
)

// backend is the epoll side of a Loop.
type backend struct {
	epfd, wakefd int
	sleeping     atomic.Bool // the loop is about to block, or blocks, in epoll_wait
	buf          []byte
	sources      []source
	free         []uint32 // unused places of sources
	events       [pollBatch]unix.EpollEvent
	iovecs       [maxIovecs]unix.Iovec
	peer         unix.RawSockaddrAny
	pipes        []*pipe
	datagrams    *datagrams // nil until UDP is used
	yielded      int64      // when other goroutines had their turn, in nanoseconds of the loop
}

// source is what an epoll event leads to. The generation tells events for a socket that was closed, while they were
// waiting in the batch, from those for its successor in the same place.
type source struct {
	conn     *Conn
	listener *Listener
	gen      uint32
}

const (
	wakeToken = ^uint32(0)
	evRead    = unix.EPOLLIN | unix.EPOLLRDHUP
	evWrite   = unix.EPOLLOUT
	evBroken  = unix.EPOLLHUP | unix.EPOLLERR
)

func (b *backend) init(*Loop) error {
	var err error
	if b.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("make an event loop: epoll_create1: %w", err)
	}
	if b.wakefd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(b.epfd)
		return fmt.Errorf("make an event loop: eventfd: %w", err)
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1}
	if err := unix.EpollCtl(b.epfd, unix.EPOLL_CTL_ADD, b.wakefd, &ev); err != nil {
		b.close()
		return fmt.Errorf("make an event loop: epoll_ctl: %w", err)
	}
	b.buf = make([]byte, stream.ChunkSize)
	return nil
}

func (b *backend) close() {
	unix.Close(b.epfd)
	unix.Close(b.wakefd)
	for _, p := range b.pipes {
		p.close()
	}
	b.pipes = nil
}

// Close frees what the loop holds of the system: call it after Run, from the goroutine that ran it. Sockets that are
// still open are closed without calling their handlers.
func (l *Loop) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epfd < 0 {
		return
	}
	for _, s := range l.sources {
		switch {
		case s.conn != nil:
			s.conn.set(isClosed)
			s.conn.dropQueue()
			unix.Close(int(s.conn.fd))
		case s.listener != nil:
			s.listener.closed = true
			unix.Close(s.listener.fd)
			s.listener.closeReplies()
			if s.listener.file != nil {
				s.listener.file.release(l)
			}
		}
	}
	l.sources = nil
	l.backend.close()
	l.epfd, l.wakefd = -1, -1
}

// wake interrupts a blocking poll. Wake-ups while the loop is busy cost nothing.
func (l *Loop) wake() {
	if !l.sleeping.CompareAndSwap(true, false) {
		return
	}
	l.mu.Lock() // against Close
	defer l.mu.Unlock()
	if l.wakefd >= 0 {
		one := [8]byte{1}
		// Full is impossible, and readable already is enough.
		_, _ = unix.Write(l.wakefd, one[:])
	}
}

// poll handles the events that are ready, waiting for some for at most wait nanoseconds (-1: for ever).
func (l *Loop) poll(wait int64) error {
	if l.now-l.yielded > int64(yieldAfter) {
		runtime.Gosched()
		l.yielded = l.now
	}
	// Without blocking, the scheduler need not know of the call.
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epfd), uintptr(unsafe.Pointer(&l.events[0])), pollBatch, 0, 0, 0)
	if errno == 0 && n == 0 && wait != 0 {
		l.sleeping.Store(true)
		// Whoever came before sleeping was set did not wake us.
		if !l.waiting.Load() && !l.stopped.Load() && l.Pending() != 0 {
			ms := -1
			if wait > 0 {
				ms = int(min((wait+999_999)/1_000_000, 1<<30))
			}
			n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epfd), uintptr(unsafe.Pointer(&l.events[0])), pollBatch, uintptr(ms), 0, 0)
		}
		l.sleeping.Store(false)
		l.updateTime()
		l.yielded = l.now
	} else {
		l.updateTime()
	}
	if errno != 0 {
		if errno == unix.EINTR {
			return nil
		}
		return fmt.Errorf("wait for events: epoll_wait: %w", errno)
	}
	l.batching = n > 1
	flushed := l.now
	defer func() {
		l.batching = false
		l.flush()
	}()
	for i := range int(n) {
		ev := &l.events[i]
		place, gen := uint32(ev.Fd), uint32(ev.Pad)
		if l.stopped.Load() {
			// Listeners are level-triggered; what connections have comes again if asked for.
			if place != wakeToken {
				if s := &l.sources[place]; s.gen == gen && s.conn != nil {
					s.conn.rearm()
				}
			}
			continue
		}
		if place == wakeToken {
			var b [8]byte
			_, _ = unix.Read(l.wakefd, b[:])
			continue
		}
		s := &l.sources[place]
		if s.gen != gen {
			continue
		}
		if s.conn != nil {
			s.conn.ready(ev.Events)
		} else if s.listener != nil {
			s.listener.ready(ev.Events)
		}
		if i&3 == 3 && len(l.dirty) > 0 {
			if now := int64(time.Since(l.start)); now-flushed > int64(holdBackFor) {
				l.flush()
				flushed = now
			}
		}
	}
	return nil
}

// register adds a file descriptor to the epoll set.
func (l *Loop) register(fd int, events uint32, s source) (place uint32, err error) {
	place = l.reserve(s)
	if errno := l.ctl(unix.EPOLL_CTL_ADD, fd, place, events); errno != 0 {
		l.unregister(place)
		return 0, fmt.Errorf("epoll_ctl: %w", errno)
	}
	return place, nil
}

// reserve finds a place for s.
func (l *Loop) reserve(s source) (place uint32) {
	if n := len(l.free); n > 0 {
		place = l.free[n-1]
		l.free = l.free[:n-1]
	} else {
		place = uint32(len(l.sources))
		l.sources = append(l.sources, source{})
	}
	s.gen = l.sources[place].gen
	l.sources[place] = s
	return place
}

// unregister frees the place; closing the descriptor takes it out of the epoll set.
func (l *Loop) unregister(place uint32) {
	l.sources[place] = source{gen: l.sources[place].gen + 1}
	l.free = append(l.free, place)
}

func (l *Loop) ctl(op, fd int, place, events uint32) unix.Errno {
	ev := unix.EpollEvent{Events: events, Fd: int32(place), Pad: int32(l.sources[place].gen)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(l.epfd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(&ev)), 0, 0)
	return errno
}
