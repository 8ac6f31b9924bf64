package reactor

import (
	"net"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"weir/internal/stream"
)

// BenchmarkEcho is one request and its answer over loopback; the client is part of the time, not of the allocations of
// the loop (it has none).
func BenchmarkEcho(b *testing.B) {
	l := startLoop(b)
	a := listen(b, l, ListenOptions{NoDelay: true, Socket: SocketOptions{IdleTimeout: time.Minute, CongestionLimit: 1 << 20}}, func(*Conn) Handler { return echo() })
	nc := dialPeer(b, a)
	_ = nc.SetDeadline(time.Time{})
	buf := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = nc.Write(buf)
		_, _ = nc.Read(buf)
	}
}

type silent struct{}

func (silent) OnOpen(*Conn)                         {}
func (silent) OnData(*Conn, *stream.Data)           {}
func (silent) OnEnd(c *Conn, code stream.ErrorCode) { c.End(code) }
func (silent) OnClose(*Conn)                        {}

// BenchmarkIdleConnections prints the heap that an idle connection takes, its handler excluded. Each was used once.
func BenchmarkIdleConnections(b *testing.B) {
	RaiseFileLimit()
	const n = 8000
	for b.Loop() {
		l := startLoop(b)
		accepted := 0
		a := listen(b, l, ListenOptions{Socket: SocketOptions{IdleTimeout: time.Minute}}, func(*Conn) Handler { accepted++; return silent{} })
		clients := make([]net.Conn, 0, n)
		for range n {
			nc, err := net.Dial("tcp", a.String())
			if err != nil {
				b.Fatal(err)
			}
			_, _ = nc.Write([]byte("x"))
			clients = append(clients, nc)
		}
		await(b, "all connections", func() (all bool) { on(l, func() { all = accepted == n && l.refs == n+1 }); return })
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for _, nc := range clients {
			_ = nc.(*net.TCPConn).SetLinger(0) // leaves no port in TIME_WAIT
			nc.Close()
		}
		await(b, "all to close", func() (gone bool) { on(l, func() { gone = l.refs == 1 }); return })
		// The clients are still referenced: what is gone is the loop's.
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(int64(before.HeapAlloc)-int64(after.HeapAlloc))/n, "heapB/conn")
		b.ReportMetric(float64(unsafe.Sizeof(Conn{})), "sizeof(Conn)")
		runtime.KeepAlive(clients)
	}
}

func BenchmarkTimer(b *testing.B) {
	l, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	timers := make([]*Timer, 100_000)
	for i := range timers {
		timers[i] = l.AfterFunc(time.Hour+time.Duration(i*7919%100_000)*time.Millisecond, func() {})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		timers[i%len(timers)].Reset(time.Hour + time.Duration(i*104729%100_000)*time.Millisecond)
		i++
	}
}

func BenchmarkPost(b *testing.B) {
	l := startLoop(b)
	n := 0
	fn := func() { n++ }
	b.ReportAllocs()
	for b.Loop() {
		l.Post(fn)
	}
	on(l, func() {})
}
