//go:build linux && !portable

package reactor

import (
	"bytes"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weir/internal/stream"
)

// busy takes the CPU for a while, as scripts do.
func busy(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

// A connection whose bytes take long to handle gets them in small portions, until they no longer do.
func TestPortions(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	var slow, small, full bool // of the loop's goroutine
	slow = true
	shrunk, grown := make(chan struct{}), make(chan struct{})
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		return &hooks{data: func(_ *Conn, d *stream.Data) {
			switch {
			case slow:
				busy(time.Duration(d.Size()) * time.Microsecond / 4) // 4 ms for a whole buffer
				if d.Size() < stream.ChunkSize/8 && !small {
					small = true
					close(shrunk)
				}
			case d.Size() == stream.ChunkSize && !full:
				full = true
				close(grown)
			}
		}}
	})
	c := dialPeer(t, a)
	go func() {
		for b := make([]byte, 1<<16); ; {
			if _, err := c.Write(b); err != nil {
				return // the test is over
			}
		}
	}()
	for _, step := range []struct {
		name string
		done chan struct{}
	}{{"small portions", shrunk}, {"whole buffers", grown}} {
		select {
		case <-step.done:
		case <-time.After(patience):
			t.Fatalf("no %s", step.name)
		}
		on(l, func() { slow = false })
	}
}

// The answer to the first of many events of a batch does not wait until the last is handled.
func TestAnswersWithinBatch(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	const n = 32
	var first *net.TCPConn
	handled, waiting := -n, 0 // each is asked once before
	done := make(chan struct{})
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		return &hooks{data: func(c *Conn, d *stream.Data) {
			busy(100 * time.Microsecond)
			c.Write(d)
			if handled++; handled == n {
				waiting = unread(t, first)
				close(done)
			}
		}}
	})
	conns := make([]*net.TCPConn, n)
	for i := range conns {
		conns[i] = dialPeer(t, a)
		mustWrite(t, conns[i], "x")
		mustRead(t, conns[i], "x")
	}
	first = conns[0]
	on(l, func() { // meanwhile all become ready
		for _, c := range conns {
			if _, err := c.Write(bytes.Repeat([]byte("y"), 10)); err != nil {
				t.Error(err)
			}
		}
	})
	<-done
	if waiting != 10 {
		t.Errorf("when the last was handled, %d bytes of the first answer had been sent", waiting)
	}
}

func unread(t *testing.T, c *net.TCPConn) (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := raw.Control(func(fd uintptr) {
		if n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	return n
}
