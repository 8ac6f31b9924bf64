package coroutine

import (
	"io"
	"net"
	"slices"
	"time"
)

// Conn is a net.Conn in memory for blocking code: it reads what was fed, and hands what it writes to a function. When
// there is nothing to read, it waits as the coroutine it was made for, or fails with ErrWouldBlock if there is none.
// Deadlines have no effect. All of it belongs to one goroutine, and the coroutine it resumes.
type Conn struct {
	co      *Coroutine
	onWrite func(b []byte)
	in      [][]byte
	inline  [1][]byte // first home of in
	size    int
	ended   bool
	sawEnd  bool
	closed  bool
	remote  Addr
}

var _ net.Conn = (*Conn)(nil)

// Addr is an address of nothing.
type Addr string

// Network implements net.Addr.
func (Addr) Network() string { return "memory" }

// String implements net.Addr.
func (a Addr) String() string { return string(a) }

// ErrWouldBlock is returned by Read when there is nothing to read and no coroutine to wait as. It is a temporary net.Error:
// readers that know such errors, as crypto/tls does, can go on afterwards.
var ErrWouldBlock net.Error = wouldBlock{}

type wouldBlock struct{}

func (wouldBlock) Error() string   { return "nothing to read yet" }
func (wouldBlock) Timeout() bool   { return false }
func (wouldBlock) Temporary() bool { return true }

// NewConn returns a connection. onWrite borrows the bytes it is given. remote is the name of the other end.
func NewConn(onWrite func(b []byte), remote string) *Conn {
	m := &Conn{onWrite: onWrite, remote: Addr(remote)}
	m.in = m.inline[:0]
	return m
}

// Attach makes reads wait as c; nil makes them fail with ErrWouldBlock instead.
func (m *Conn) Attach(c *Coroutine) { m.co = c }

// Feed adds bytes to be read. They are borrowed until they are read, or until Keep.
func (m *Conn) Feed(b []byte) {
	if len(b) > 0 && !m.closed {
		m.in = append(m.in, b)
		m.size += len(b)
	}
}

// Keep copies what is not read, so that the caller can have its bytes back.
func (m *Conn) Keep() {
	if m.size > 0 {
		m.in = append(m.in[:0], slices.Concat(m.in...))
	}
}

// End makes reads return io.EOF once everything is read.
func (m *Conn) End() { m.ended = true }

// Ended reports whether a read has come upon the end.
func (m *Conn) Ended() bool { return m.sawEnd }

// Buffered returns the number of bytes fed and not read.
func (m *Conn) Buffered() int { return m.size }

// Read implements net.Conn.
func (m *Conn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for m.size == 0 {
		switch {
		case m.closed:
			return 0, net.ErrClosed
		case m.ended:
			m.sawEnd = true
			return 0, io.EOF
		case m.co == nil:
			return 0, ErrWouldBlock
		}
		if err := m.co.Wait(); err != nil {
			return 0, err
		}
	}
	n := 0
	for n < len(b) && m.size > 0 {
		k := copy(b[n:], m.in[0])
		n += k
		m.size -= k
		if m.in[0] = m.in[0][k:]; len(m.in[0]) == 0 {
			m.in[0] = nil
			m.in = m.in[1:]
		}
	}
	if m.size == 0 {
		m.in = m.inline[:0]
	}
	return n, nil
}

// Write implements net.Conn.
func (m *Conn) Write(b []byte) (int, error) {
	if m.closed {
		return 0, net.ErrClosed
	}
	m.onWrite(b)
	return len(b), nil
}

// Close drops what is not read; reads and writes fail afterwards.
func (m *Conn) Close() error {
	m.closed, m.in, m.size = true, nil, 0
	return nil
}

// LocalAddr implements net.Conn.
func (m *Conn) LocalAddr() net.Addr { return Addr("") }

// RemoteAddr implements net.Conn.
func (m *Conn) RemoteAddr() net.Addr { return m.remote }

// SetDeadline implements net.Conn.
func (m *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (m *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (m *Conn) SetWriteDeadline(time.Time) error { return nil }
