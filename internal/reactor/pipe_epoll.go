//go:build linux && !portable

package reactor

import (
	"golang.org/x/sys/unix"

	"weir/internal/stream"
)

const (
	pipeSize     = 1 << 20
	maxIdlePipes = 16
	spliceAfter  = 4    // reads in a row that filled the buffer: bulk, from here on spliced
	unspliceAt   = 8    // small pieces in a row: back to plain reads, which need half the system calls
	smallPiece   = 4096 // bytes
	relayBacklog = 0
)

// pipe is what splice moves bytes through. It belongs to the socket they go to, and only while it holds some.
type pipe struct{ r, w, n int }

func (p *pipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
}

func (l *Loop) takePipe() *pipe {
	if n := len(l.pipes); n > 0 {
		p := l.pipes[n-1]
		l.pipes = l.pipes[:n-1]
		return p
	}
	var fds [2]int
	if unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC) != nil {
		return nil
	}
	// More than an unprivileged user may have: the default size will do.
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize)
	return &pipe{r: fds[0], w: fds[1]}
}

func (l *Loop) givePipe(p *pipe) {
	if len(l.pipes) < maxIdlePipes {
		l.pipes = append(l.pipes, p)
	} else {
		p.close()
	}
}

// relay is the state of a source whose bytes go straight to another connection, either read and written or spliced.
type relay struct {
	to       *Conn
	splicing bool
	never    bool // splice does not work here
	streak   uint8
}

// note counts a plain read of n bytes.
func (r *relay) note(n int) {
	if n < stream.ChunkSize || r.never {
		r.streak = 0
	} else if r.streak++; r.streak >= spliceAfter {
		r.splicing, r.streak = true, 0
	}
}

// spliceTo moves what c has received to `to`. It returns false if a plain read has to do it.
func (c *Conn) spliceTo(to *Conn) bool {
	l, mode := c.loop, c.relay
	p := l.takePipe()
	if p == nil {
		mode.splicing = false
		return false
	}
	n, errno := splice(int(c.fd), p.w, pipeSize)
	if errno != 0 || n == 0 {
		l.givePipe(p)
		switch errno {
		case 0:
			c.readEnded(stream.NoError, nil)
		case unix.EAGAIN, unix.EINTR:
		case unix.EINVAL, unix.ENOSYS, unix.EPERM:
			mode.splicing, mode.never = false, true
			return false
		default:
			c.readEnded(readCode(errno), errno)
		}
		return true
	}
	if n >= smallPiece {
		mode.streak = 0
	} else if mode.streak++; mode.streak >= unspliceAt {
		mode.splicing, mode.streak = false, 0
	}
	c.bytesIn += uint64(n)
	c.lastRead = l.now
	p.n = n
	to.pipe = p
	if !to.drainPipe() && to.pipe != nil {
		to.holdBack(c)
	}
	return true
}

// drainPipe sends the bytes in the pipe and reports whether all are gone.
func (c *Conn) drainPipe() bool {
	p := c.pipe
	for p.n > 0 {
		n, errno := splice(p.r, int(c.fd), p.n)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			c.full = true
			c.updateInterest()
			return false
		case errno != 0:
			c.writeFailed(writeCode(errno), errno)
			return false
		}
		p.n -= n
		c.bytesOut += uint64(n)
		c.sent()
	}
	c.pipe = nil
	c.loop.givePipe(p)
	return true
}

func splice(from, to, n int) (int, unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(n), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	return int(r), errno
}
