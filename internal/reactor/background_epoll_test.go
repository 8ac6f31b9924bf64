//go:build linux && !portable

package reactor

import (
	"testing"

	"weir/internal/stream"
)

// Background work goes on in shares: what others ask for meanwhile is served in between, and nothing of either is lost.
func TestBackgroundShares(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	served := 0
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		return &hooks{data: func(c *Conn, d *stream.Data) {
			served += d.Size()
			c.Write(d)
		}}
	})
	c := dialPeer(t, a)
	ask := func() {
		if _, err := c.Write([]byte{1}); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
	}
	for range freshReads + 1 {
		ask() // from now on the connection is not new any more
	}
	const jobs = 1000
	ran, order := 0, true
	done := make(chan struct{})
	on(l, func() {
		served = 0
		for i := range jobs {
			l.Background(func() {
				busy(backgroundShare)
				order = order && ran == i
				if ran++; ran == jobs {
					close(done)
				}
			})
		}
	})
	ask()
	before := 0
	on(l, func() { before = ran })
	<-done
	if before >= jobs/2 || served != 1 || !order {
		t.Errorf("served %d requests after %d of %d jobs; in order: %v", served, before, jobs, order)
	}
}

// Bytes that arrive while a new connection waits for its turn are read, and so is its end.
func TestNewConnectionsEnd(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	got, ended := make(chan int, 1), 0
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		n := 0
		return &hooks{
			data: func(_ *Conn, d *stream.Data) { n += d.Size() },
			end: func(c *Conn, _ stream.ErrorCode) {
				ended++
				c.Close()
				got <- n
			},
		}
	})
	for size := range 50 {
		c := dialPeer(t, a)
		if _, err := c.Write(make([]byte, 1+size)); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if n := <-got; n != 1+size {
			t.Fatalf("%d bytes of %d", n, 1+size)
		}
	}
}
