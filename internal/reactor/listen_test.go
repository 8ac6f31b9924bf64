package reactor

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/internal/stream"
)

func TestListenerLifeCycle(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	var ln *Listener
	on(l, func() {
		ln, _ = l.ListenTCP(loopback, ListenOptions{}, func(*Conn) Handler { return logTo(ch) })
		if _, err := l.ListenTCP(ln.Addr(), ListenOptions{}, nil); err == nil || !strings.Contains(err.Error(), ln.Addr().String()) {
			t.Error(err)
		}
	})
	nc := dialPeer(t, ln.Addr()) // waits in the backlog
	for range 3 {
		on(l, func() {})
		time.Sleep(time.Millisecond)
	}
	if len(ch) > 0 {
		t.Fatal("accepted before Start")
	}
	on(l, func() { ln.Start() })
	want(t, ch, "open")
	on(l, func() { ln.Pause() })
	dialPeer(t, ln.Addr())
	for range 3 {
		on(l, func() {})
		time.Sleep(time.Millisecond)
	}
	if len(ch) > 0 {
		t.Fatal("accepted while paused")
	}
	on(l, func() { ln.SetAccept(func(*Conn) Handler { ch <- "second"; return logTo(ch) }); ln.Resume() })
	want(t, ch, "second", "open")
	on(l, func() { ln.Close(); ln.Close(); ln.Resume(); ln.Start() })
	if nc, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		nc.Close()
		t.Error("still listening")
	}
	mustWrite(t, nc, "accepted ones live on")
	want(t, ch, "data accepted ones live on")
}

// Whoever has connected when a port is closed is served.
func TestListenerAcceptWaiting(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 1000)
	var ln *Listener
	on(l, func() { ln, _ = l.ListenTCP(loopback, ListenOptions{}, func(*Conn) Handler { return logTo(ch) }) })
	addr := ln.Addr()
	waiter, ok := any(ln).(interface{ AcceptWaiting() })
	if !ok {
		on(l, ln.Close)
		t.Skip("not with the portable event loop")
	}
	const count = 100
	var waiting []net.Conn
	on(l, func() {
		for range count {
			waiting = append(waiting, dialPeer(t, addr))
		}
		ln.Start()
		waiter.AcceptWaiting()
		ln.Close()
	})
	for range count {
		want(t, ch, "open")
	}
	for _, nc := range waiting {
		mustWrite(t, nc, "x")
		want(t, ch, "data x")
	}
	if nc, err := net.Dial("tcp", addr.String()); err == nil {
		nc.Close()
		t.Error("still listening")
	}
}

func TestReusePort(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no SO_REUSEPORT")
	}
	a, b := startLoop(t), startLoop(t)
	ch := make(chan string, 10)
	addr := listen(t, a, ListenOptions{ReusePort: true}, func(*Conn) Handler { return echo() })
	on(b, func() {
		ln, err := b.ListenTCP(addr, ListenOptions{ReusePort: true}, func(*Conn) Handler { ch <- "b"; return nil })
		if err != nil {
			t.Fatal(err)
		}
		ln.Start()
	})
	await(t, "the second loop to get one", func() bool {
		nc, err := net.Dial("tcp", addr.String())
		if err == nil {
			nc.Close()
		}
		return len(ch) > 0
	})
}

func TestUnix(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	path := filepath.Join(t.TempDir(), "s")
	listenUnix := func() (ln *Listener, err error) {
		on(l, func() {
			if ln, err = l.ListenUnix(path, ListenOptions{UnixMode: 0o600}, func(*Conn) Handler { return echo() }); err == nil {
				ln.Start()
			}
		})
		return
	}
	// A file left behind by a process that died is replaced.
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	ln, err := listenUnix()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenUnix(); err == nil {
		t.Error("took over a socket in use")
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st.Mode(), err)
	}
	ch := make(chan string, 10)
	var c *Conn
	on(l, func() {
		c = l.DialUnix(path, DialOptions{}, logTo(ch))
		c.Write(stream.NewString("hello"))
	})
	want(t, ch, "open", "data hello")
	on(l, func() {
		if c.RemoteAddr().IsValid() || c.LocalAddr().IsValid() || ln.Path() != path {
			t.Error("addresses")
		}
		c.End(stream.NoError)
	})
	want(t, ch, "end ", "close")
	on(l, func() { ln.Close() })
	if _, err := os.Stat(path); err == nil {
		t.Error("socket file left")
	}
	on(l, func() { l.DialUnix(path, DialOptions{}, logTo(ch)) })
	want(t, ch, "end ConnectionRefused", "close")
}

func TestUDP(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	accepted, closed := 0, make(chan string, 10)
	var ln *Listener
	on(l, func() {
		var err error
		ln, err = l.ListenUDP(loopback, ListenOptions{}, func(*Conn) Handler {
			accepted++
			return &hooks{
				data: func(c *Conn, d *stream.Data) {
					if string(d.Bytes()) == "bye" {
						c.End(stream.NoError)
					}
					c.Write(d)
				},
				end:    func(_ *Conn, code stream.ErrorCode) { closed <- "end " + code.String() },
				closed: func(*Conn) { closed <- "close" },
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		ln.Start()
	})
	var peers []net.Conn
	for range 5 {
		nc, err := net.Dial("udp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(patience))
		peers = append(peers, nc)
	}
	buf := make([]byte, 1<<16)
	for round := range 3 {
		for i, nc := range peers {
			mustWrite(t, nc, fmt.Sprintf("peer %d round %d", i, round))
			mustWrite(t, nc, "second")
		}
		for i, nc := range peers {
			for _, w := range []string{fmt.Sprintf("peer %d round %d", i, round), "second"} {
				n, err := nc.Read(buf)
				if err != nil || string(buf[:n]) != w {
					t.Fatalf("%q, %v, want %q", buf[:n], err, w)
				}
			}
		}
	}
	on(l, func() {
		if accepted != 5 {
			t.Error(accepted)
		}
	})
	mustWrite(t, peers[0], "bye")
	want(t, closed, "close")
	mustWrite(t, peers[0], "a new session")
	n, err := peers[0].Read(buf)
	if string(buf[:n]) != "bye" || err != nil {
		t.Fatal(string(buf[:n]), err)
	}
	await(t, "a new session", func() (yes bool) { on(l, func() { yes = accepted == 6 }); return })
	on(l, func() { ln.Close() })
	for range 5 {
		want(t, closed, "end ")
	}
	for range 5 {
		want(t, closed, "close")
	}
}

func TestUDPDial(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	_ = pc.SetDeadline(time.Now().Add(patience))
	ch := make(chan string, 10)
	var c *Conn
	on(l, func() {
		c = l.Dial(pc.LocalAddr().(*net.UDPAddr).AddrPort(), DialOptions{UDP: true, Socket: SocketOptions{IdleTimeout: time.Second}}, logTo(ch))
		d := stream.NewString("one ")
		d.Push(stream.NewString("datagram"))
		c.Write(d)
		c.Write(stream.NewString("two"))
	})
	want(t, ch, "open")
	buf := make([]byte, 100)
	for _, w := range []string{"one datagram", "two"} {
		n, from, err := pc.ReadFrom(buf)
		if err != nil || string(buf[:n]) != w {
			t.Fatal(string(buf[:n]), err)
		}
		_, _ = pc.WriteTo([]byte("re: "+w), from)
	}
	want(t, ch, "data re: one datagram", "data re: two")
	on(l, func() { c.End(stream.NoError) })
	want(t, ch, "end IdleTimeout", "close")
}

func TestIPv4ToIPv6Socket(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	var ln *Listener
	var err error
	peer := make(chan string, 1)
	on(l, func() {
		if ln, err = l.ListenTCP(anyAddr6, ListenOptions{}, func(c *Conn) Handler { peer <- c.RemoteAddr().Addr().String(); return nil }); err == nil {
			ln.Start()
		}
	})
	if err != nil {
		t.Skip("no IPv6 here:", err)
	}
	nc, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", ln.Addr().Port()))
	if err != nil {
		t.Skip("no dual stack here:", err)
	}
	defer nc.Close()
	want(t, peer, "::ffff:127.0.0.1")
	_, _ = io.Copy(io.Discard, nc)
}
