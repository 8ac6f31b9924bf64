package reactor

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"weir/internal/stream"
)

// udpEcho listens on addr and sends everything back.
func udpEcho(t *testing.T, l *Loop, addr netip.AddrPort, opened func(*Conn)) (at netip.AddrPort) {
	t.Helper()
	on(l, func() {
		ln, err := l.ListenUDP(addr, ListenOptions{}, func(*Conn) Handler {
			return &hooks{open: opened, data: func(c *Conn, d *stream.Data) { c.Write(d) }}
		})
		if err != nil {
			t.Skip(err)
		}
		ln.Start()
		at = ln.Addr()
	})
	return at
}

func udpPeer(t *testing.T, to netip.AddrPort) net.Conn {
	t.Helper()
	nc, err := net.Dial("udp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return nc
}

// Datagrams of every size come and go whole.
func TestLargeDatagrams(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	addr := udpEcho(t, l, loopback, nil)
	peer := udpPeer(t, addr)
	back := make(chan int, 1)
	var c *Conn
	on(l, func() {
		c = l.Dial(addr, DialOptions{UDP: true}, &hooks{data: func(_ *Conn, d *stream.Data) { back <- d.Size() }})
	})
	buf := make([]byte, 1<<17)
	for _, size := range []int{1, 1500, stream.ChunkSize, stream.ChunkSize + 1, 40000, 65507} {
		sent := bytes.Repeat([]byte{byte(size)}, size)
		if _, err := peer.Write(sent); err != nil {
			t.Fatal(err)
		}
		if n, err := peer.Read(buf); err != nil || !bytes.Equal(buf[:n], sent) {
			t.Fatalf("%d bytes: got %d back, %v", size, n, err)
		}
		on(l, func() { c.Write(stream.NewData(sent)) })
		select {
		case n := <-back:
			if n != size {
				t.Fatalf("%d bytes: got %d back by dial", size, n)
			}
		case <-time.After(patience):
			t.Fatal("no answer")
		}
	}
}

// More datagrams than a system call moves keep their order and their boundaries.
func TestDatagramBursts(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	addr := udpEcho(t, l, loopback, nil)
	const n = 100
	got := make(chan string, n)
	on(l, func() {
		c := l.Dial(addr, DialOptions{UDP: true}, &hooks{data: func(_ *Conn, d *stream.Data) { got <- string(d.Bytes()) }})
		for i := range n {
			c.Write(stream.NewString(fmt.Sprintf("datagram %d", i)))
		}
	})
	for i := range n {
		want(t, got, fmt.Sprintf("datagram %d", i))
	}
}

// A datagram too large to be sent is lost; those around it are not.
func TestDatagramTooLarge(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	addr := udpEcho(t, l, loopback, nil)
	got := make(chan string, 10)
	on(l, func() {
		c := l.Dial(addr, DialOptions{UDP: true}, &hooks{data: func(_ *Conn, d *stream.Data) { got <- string(d.Bytes()) }})
		c.Write(stream.NewString("before"))
		c.Write(stream.NewData(make([]byte, 70000)))
		c.Write(stream.NewString("after"))
	})
	want(t, got, "before", "after")
}
