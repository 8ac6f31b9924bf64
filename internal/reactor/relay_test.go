package reactor

import (
	"io"
	"net"
	"testing"
	"time"

	"weir/internal/stream"
)

// relayed is a proxy: what comes on `in` goes to `out` and back, by Relay in both directions.
type relayed struct {
	l       *Loop
	in, out *Conn
	stop    func()
	lost    chan int // bytes that came by OnData
}

// startRelay returns both ends of a relayed connection.
func startRelay(t *testing.T) (r *relayed, client, server *net.TCPConn) {
	t.Helper()
	r = &relayed{l: startLoop(t), lost: make(chan int, 1000)}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	upstream := ln.Addr().(*net.TCPAddr).AddrPort()
	ready := make(chan struct{})
	a := listen(t, r.l, ListenOptions{NoDelay: true}, func(c *Conn) Handler {
		r.in = c
		back := &hooks{
			end:  func(_ *Conn, code stream.ErrorCode) { r.in.End(code) },
			data: func(_ *Conn, d *stream.Data) { r.lost <- d.Size(); r.in.Write(d) },
		}
		back.closed = func(*Conn) { r.in.End(stream.NoError) }
		r.out = r.l.Dial(upstream, DialOptions{Socket: SocketOptions{NoDelay: true}}, back)
		r.stop = r.in.Relay(r.out)
		r.out.Relay(r.in)
		close(ready)
		return &hooks{
			end:  func(_ *Conn, code stream.ErrorCode) { r.out.End(code) },
			data: func(_ *Conn, d *stream.Data) { r.lost <- d.Size(); r.out.Write(d) },
		}
	})
	client = dialPeer(t, a)
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	<-ready
	return r, client, nc.(*net.TCPConn)
}

func TestRelay(t *testing.T) {
	t.Parallel()
	r, client, server := startRelay(t)
	for range 10 {
		mustWrite(t, client, "ping")
		mustRead(t, server, "ping")
		mustWrite(t, server, "pong")
		mustRead(t, client, "pong")
	}
	_ = client.CloseWrite()
	mustEOF(t, server)
	mustWrite(t, server, "half-closed")
	mustRead(t, client, "half-closed")
	server.Close()
	mustEOF(t, client)
	await(t, "both to close", func() (gone bool) { on(r.l, func() { gone = r.in.Closed() && r.out.Closed() }); return })
	if len(r.lost) > 0 {
		t.Error("OnData was called")
	}
	if in, out := r.in.BytesIn(), r.out.BytesOut(); in != 40 || out != 40 {
		t.Error(in, out)
	}
}

func TestRelayBulk(t *testing.T) {
	t.Parallel()
	total := 1 << 30
	if poisonDefault || isPortable || testing.Short() {
		total = 96 << 20 // the race detector is slow
	}
	r, client, server := startRelay(t)
	done := make(chan error, 1)
	go func() {
		err := new(pattern).send(client, total)
		_ = client.CloseWrite()
		done <- err
	}()
	var got pattern
	// Without ReadFrom, so that the reader does not splice too.
	if _, err := io.CopyBuffer(&got, server, make([]byte, 256<<10)); err != nil || got.pos != total {
		t.Fatalf("%d bytes, %v", got.pos, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	on(r.l, func() {
		if r.in.BytesIn() != uint64(total) || r.out.BytesOut() != uint64(total) {
			t.Error(r.in.BytesIn(), r.out.BytesOut())
		}
	})
	checkRelayMode(t, r)
	if len(r.lost) > 0 {
		t.Error("OnData was called")
	}
}

func TestRelaySlowReader(t *testing.T) {
	t.Parallel()
	r, client, server := startRelay(t)
	_ = server.SetReadBuffer(64 << 10)
	const total = 24 << 20
	done := make(chan error, 1)
	go func() {
		err := new(pattern).send(client, total)
		_ = client.CloseWrite()
		done <- err
	}()
	var got pattern
	buf := make([]byte, 100_000)
	most := 0
	for got.pos < total {
		n, err := server.Read(buf)
		if err != nil || !got.check(buf[:n]) {
			t.Fatal("wrong bytes", got.pos, err)
		}
		on(r.l, func() { most = max(most, r.out.Buffered()) })
	}
	mustEOF(t, server)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if most > 1<<20+stream.ChunkSize {
		t.Error("held", most)
	}
}

func TestRelayStopMidway(t *testing.T) {
	t.Parallel()
	r, client, server := startRelay(t)
	const total = 32 << 20
	done := make(chan error, 1)
	go func() {
		err := new(pattern).send(client, total)
		_ = client.CloseWrite()
		done <- err
	}()
	// Stopped while bytes are stuck on their way.
	await(t, "the relay to be stuck", func() (stuck bool) {
		on(r.l, func() { stuck = r.out.Buffered() > 0 && r.in.Tap().Paused() })
		return
	})
	on(r.l, func() { r.stop(); r.stop() })
	go func() {
		for range r.lost {
		}
	}()
	var got pattern
	if _, err := io.Copy(&got, server); err != nil || got.pos != total {
		t.Fatalf("%d bytes, %v", got.pos, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	on(r.l, func() { close(r.lost) })
}

// TestRelayReset: the receiver disappears in the middle.
func TestRelayReset(t *testing.T) {
	t.Parallel()
	r, client, server := startRelay(t)
	go func() { _ = new(pattern).send(client, 1<<30) }()
	if _, err := io.ReadFull(server, make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	_ = server.SetLinger(0)
	server.Close()
	go func() {
		for range r.lost {
		}
	}()
	await(t, "the receiving side to close", func() (gone bool) { on(r.l, func() { gone = r.out.Closed() }); return })
	on(r.l, func() { r.in.Close(); close(r.lost) })
}

func TestRelayBehindQueue(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	sink := make(chan *Conn, 1)
	out := listen(t, l, ListenOptions{}, func(c *Conn) Handler { sink <- c; return &hooks{} })
	reader := dialPeer(t, out)
	to := <-sink
	const first = 16 << 20
	in := listen(t, l, ListenOptions{}, func(c *Conn) Handler {
		c.Relay(to)
		return &hooks{end: func(_ *Conn, code stream.ErrorCode) { to.End(code) }}
	})
	on(l, func() {
		p := new(pattern)
		for p.pos < first {
			to.Write(stream.NewData(p.next(first - p.pos)))
		}
	})
	go func() {
		p := &pattern{pos: first}
		nc := dialPeer(t, in)
		_ = p.send(nc, first)
		_ = nc.CloseWrite()
	}()
	var got pattern
	if _, err := io.Copy(&got, reader); err != nil || got.pos != 2*first {
		t.Fatalf("%d bytes, %v", got.pos, err)
	}
}

// TestRelayWhileConnecting: the first bytes are there before the other side is connected.
func TestRelayWhileConnecting(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	up := listen(t, l, ListenOptions{}, func(*Conn) Handler { return echo() })
	var ln *Listener
	on(l, func() {
		ln, _ = l.ListenTCP(loopback, ListenOptions{}, func(in *Conn) Handler {
			out := l.Dial(up, DialOptions{}, &hooks{})
			in.Relay(out)
			out.Relay(in)
			// The read event of `in` may come first, or not: make it so.
			out.holdBack(in)
			return &hooks{}
		})
	})
	nc := dialPeer(t, ln.Addr())
	mustWrite(t, nc, "early")
	on(l, func() { ln.Start() })
	mustRead(t, nc, "early")
}
