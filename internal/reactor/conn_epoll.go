//go:build linux && !portable

package reactor

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"weir/internal/stream"
)

// gatherWrites: what is sent was copied by the system when the call returns, so that the queue's scratch can be used again.
const gatherWrites = true

// endpoint is the epoll side of a Conn.
type endpoint struct {
	fd       int32 // -1 for a peer of a UDP listener
	place    uint32
	armed    uint32 // events asked for
	full     bool   // the system takes no more: waiting for evWrite
	quiet    bool   // reading was switched off because an event came while paused
	missed   bool   // an event was used up without reading all there is, while paused
	parked   bool   // out of the epoll set, which would report the broken connection again and again while paused
	portion  uint16 // bytes to read at a time, 0 for all a buffer holds: see handled
	fresh    uint8  // how many reads more are done in the background, because the connection is new
	awaiting uint32 // events that a background job is to handle, 0 if there is none
	listener *Listener
	pipe     *pipe // bytes on their way to this socket; they go before out
}

// updateInterest asks epoll for what c can handle.
func (c *Conn) updateInterest() {
	if c.fd < 0 || c.has(isClosed) {
		return
	}
	var want uint32
	if c.has(isConnecting) {
		want = evWrite
	} else {
		if !c.has(isReadDone) && !c.quiet {
			want = evRead
		}
		if c.full {
			want |= evWrite
		}
		if !c.has(isDatagram) {
			want |= unix.EPOLLET
		}
	}
	l := c.loop
	switch {
	case c.parked:
		if c.quiet {
			return
		}
		c.parked = false
		if errno := l.ctl(unix.EPOLL_CTL_ADD, int(c.fd), c.place, want); errno != 0 {
			c.fail(stream.ReadError, errno)
		}
	case want != c.armed:
		if errno := l.ctl(unix.EPOLL_CTL_MOD, int(c.fd), c.place, want); errno != 0 {
			c.fail(stream.ReadError, errno)
		}
	}
	c.armed = want
}

// tapOpened goes on reading.
func (c *Conn) tapOpened() {
	missed := c.missed
	c.missed = false
	switch {
	case c.quiet:
		c.quiet = false
		c.updateInterest()
	case missed:
		c.rearm()
	}
}

// rearm asks for another event if there is something to read. Streams are watched edge-triggered: that spares the system a
// look at every idle socket it has reported, but what is left after an event has to be asked for.
func (c *Conn) rearm() {
	if c.fd < 0 || c.parked || c.has(isClosed|isConnecting) {
		return
	}
	if errno := c.loop.ctl(unix.EPOLL_CTL_MOD, int(c.fd), c.place, c.armed); errno != 0 {
		c.fail(stream.ReadError, errno)
	}
}

// hush stops the events of a paused source. It is done when the first one arrives: many pauses are over before.
func (c *Conn) hush(ev uint32) {
	c.quiet = true
	if ev&evBroken == 0 {
		c.updateInterest()
		return
	}
	if !c.parked {
		c.parked = true
		c.loop.ctl(unix.EPOLL_CTL_DEL, int(c.fd), c.place, 0)
	}
}

func (c *Conn) ready(ev uint32) {
	if c.has(isFailing) {
		// Its end is deferred, and comes before the next poll blocks.
		return
	}
	if c.has(isConnecting) {
		c.connectDone()
		return
	}
	if ev&(evWrite|evBroken) != 0 && c.full {
		c.full = false
		c.flush()
		if !c.full {
			c.updateInterest()
		}
		if c.has(isClosed | isFailing) {
			return
		}
	}
	if ev&(evRead|evBroken) == 0 {
		return
	}
	switch {
	case c.has(isReadDone):
		if ev&evBroken != 0 {
			c.lose(stream.ConnectionReset, nil)
		}
	case c.tap.paused > 0:
		c.hush(ev)
	case c.has(isDatagram):
		c.readDatagrams()
	case c.awaiting != 0:
		c.awaiting |= ev
	case c.portion > 0 || c.fresh > 0:
		c.awaiting = ev
		c.loop.background.add(c)
	default:
		c.readReady(ev)
	}
}

// runInBackground implements job.
func (c *Conn) runInBackground() {
	ev := c.awaiting
	c.awaiting = 0
	switch {
	case c.has(isClosed | isReadDone | isFailing):
	case c.tap.paused > 0:
		c.missed = true
	default:
		c.fresh -= min(c.fresh, 1)
		c.readReady(ev)
	}
}

// readReady reads after an event, and asks for another one if there is more.
func (c *Conn) readReady(ev uint32) {
	drained := c.read()
	if c.has(isClosed | isReadDone | isFailing) {
		return
	}
	switch {
	case c.tap.paused > 0:
		c.missed = c.missed || !drained || ev&(unix.EPOLLRDHUP|evBroken) != 0
	case !drained:
		c.rearm()
	case ev&(unix.EPOLLRDHUP|evBroken) != 0:
		c.rearm() // the end came with the bytes
	}
}

// read takes what one call gives. It reports whether that was certainly all there is.
func (c *Conn) read() (drained bool) {
	l := c.loop
	to := c.relayTarget()
	if to != nil && !to.has(isDatagram) {
		if to.backlogged() {
			to.holdBack(c)
			return false
		}
		if c.relay.splicing && c.spliceTo(to) {
			return false
		}
	}
	buf := l.buf
	if c.portion > 0 && to == nil {
		buf = buf[:c.portion]
	}
	n, errno := rawRead(c.fd, buf)
	switch {
	case errno == unix.EAGAIN:
		return true
	case errno == unix.EINTR:
		return false
	case errno != 0:
		c.readEnded(readCode(errno), errno)
	case n == 0:
		c.readEnded(stream.NoError, nil)
	case to != nil:
		c.relay.note(n)
		c.relayBytes(to, l.buf[:n])
	case n < timedFrom && c.portion == 0:
		c.received(buf[:n])
	default:
		if c.portion > 0 {
			l.flush() // what others wait for
		}
		begin := time.Now()
		c.received(buf[:n])
		c.handled(n, time.Since(begin))
	}
	return n < len(buf)
}

// Bytes that take long to handle are read in smaller portions, so that one connection, of an attacker or of a script with much to
// do, does not keep all others waiting.
const (
	longTurn     = 200 * time.Microsecond // what handling the bytes of one read should take at most
	leastPortion = 256
	timedFrom    = 1024 // fewer bytes than this are not worth looking at the clock
	freshReads   = 2    // of a connection that was accepted: hello and handshake, or a first request
)

// handled adapts the portion of c to how long n bytes took.
func (c *Conn) handled(n int, took time.Duration) {
	switch {
	case took > longTurn:
		c.portion = uint16(max(leastPortion, int(int64(n)*int64(longTurn)/int64(took))))
	case c.portion > 0 && n == int(c.portion) && took < longTurn/2:
		if c.portion *= 2; int(c.portion) >= len(c.loop.buf) {
			c.portion = 0
		}
	}
}

func readCode(errno unix.Errno) stream.ErrorCode {
	if errno == unix.ECONNRESET {
		return stream.ConnectionReset
	}
	return stream.ReadError
}

func writeCode(errno unix.Errno) stream.ErrorCode {
	if errno == unix.ECONNRESET {
		return stream.ConnectionReset
	}
	return stream.WriteError
}

// backlogged reports whether bytes written now would have to wait.
func (c *Conn) backlogged() bool {
	return c.full || c.has(isConnecting) || c.out != nil || c.pipe != nil
}

// writeNow sends what the system takes at once, and returns how much that was.
func (c *Conn) writeNow(b []byte) int {
	if c.backlogged() {
		return 0
	}
	n, errno := rawWrite(c.fd, b)
	if errno != 0 {
		if errno != unix.EAGAIN && errno != unix.EINTR {
			c.writeFailed(writeCode(errno), errno)
			return 0
		}
		n = 0
	}
	if n > 0 {
		c.bytesOut += uint64(n)
		c.sent()
	}
	if n < len(b) {
		c.full = true
		c.updateInterest()
	}
	return n
}

// send hands the queue to the system until it takes no more.
func (c *Conn) send() {
	if c.full {
		return
	}
	if c.has(isDatagram) {
		c.sendDatagrams()
		return
	}
	if c.pipe != nil && !c.drainPipe() {
		return
	}
	l := c.loop
	for c.out != nil && c.out.size > 0 {
		var n, asked int
		var errno unix.Errno
		if segs := c.out.pending(); len(segs) == 1 {
			asked = len(segs[0].b)
			n, errno = rawWrite(c.fd, segs[0].b)
		} else {
			k := min(len(segs), maxIovecs)
			for i := range k {
				b := segs[i].b
				l.iovecs[i].Base = &b[0]
				l.iovecs[i].SetLen(len(b))
				asked += len(b)
			}
			n, errno = rawWritev(c.fd, l.iovecs[:k])
			clear(l.iovecs[:k])
		}
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			c.full = true
		case errno != 0:
			c.writeFailed(writeCode(errno), errno)
			return
		default:
			c.wrote(n)
			c.full = n < asked
		}
		if c.full {
			break
		}
	}
	c.updateInterest()
}

func (c *Conn) unsent() int {
	if c.pipe != nil {
		return c.pipe.n
	}
	return 0
}

func (c *Conn) dropUnsent() {
	if c.pipe != nil {
		c.pipe.close()
		c.pipe = nil
	}
}

func (c *Conn) shutdownWrite() {
	_, _, errno := unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(c.fd), unix.SHUT_WR, 0)
	if errno != 0 && errno != unix.ENOTCONN {
		c.fail(stream.WriteError, errno)
	}
}

func (c *Conn) closeSocket(reset bool) {
	if c.has(isDatagram) && c.listener != nil {
		c.listener.forget(c)
		return
	}
	if c.fd < 0 {
		return
	}
	if reset {
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	c.loop.unregister(c.place)
	unix.RawSyscall(unix.SYS_CLOSE, uintptr(c.fd), 0, 0)
	c.fd = -1
}

func (c *Conn) socketName() (a addrPort) {
	if c.fd < 0 || c.has(isUnix) {
		if c.listener != nil && !c.has(isUnix) {
			return c.listener.Addr()
		}
		return a
	}
	return sockname(int(c.fd))
}

// The calls below never block and are short: the scheduler need not know of them.

func rawRead(fd int32, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func rawWrite(fd int32, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func rawWritev(fd int32, v []unix.Iovec) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&v[0])), uintptr(len(v)))
	return int(n), errno
}
