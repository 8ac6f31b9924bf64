package reactor

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"weir/internal/stream"
)

func TestRunEndsWhenNothingIsPending(t *testing.T) {
	t.Parallel()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var order []string
	asked := 0
	l.OnIdle(func() bool {
		if asked++; asked == 1 {
			l.AfterFunc(time.Millisecond, func() { order = append(order, "timer") })
			return true
		}
		return false
	})
	l.AfterFunc(time.Hour, func() { t.Error("must not fire") }).Unref()
	l.Post(func() {
		order = append(order, "posted")
		l.Later(func() { order = append(order, "later") })
	})
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, []string{"posted", "later", "timer"}) || asked != 2 {
		t.Error(order, asked)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 50 {
		l.Hold()
		ran := false
		go func() {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
			l.Post(func() { ran = true })
			l.Unhold()
		}()
		if err := l.Run(); err != nil || !ran {
			t.Fatal(err, ran)
		}
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Hold()
	n := 0
	l.Post(func() { n++; l.Stop() })
	l.Post(func() { n++; l.Unhold() })
	if err := l.Run(); err != nil || n != 1 {
		t.Fatal(err, n)
	}
	if err := l.Run(); err != nil || n != 2 {
		t.Fatal(err, n)
	}
}

func TestPostFromManyGoroutines(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	const writers, each = 8, 2000
	var seen [writers]int
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				l.Post(func() {
					if seen[w] != i {
						t.Errorf("writer %d: got %d, want %d", w, i, seen[w])
					}
					seen[w]++
				})
			}
		})
	}
	wg.Wait()
	on(l, func() {})
	for w, n := range seen {
		if n != each {
			t.Errorf("writer %d: %d", w, n)
		}
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	var order []string
	log := func(s string) { order = append(order, s) }
	on(l, func() { l.OnTurnEnd(func() { log("hook") }) })
	on(l, func() {
		order = nil
		l.Later(func() {
			log("later 1")
			l.Later(func() { log("later 3") })
		})
		l.Later(func() { log("later 2") })
		l.Turn(func() { log("nested") })
		log("main")
	})
	on(l, func() {})
	on(l, func() {
		w := []string{"nested", "main", "hook", "later 1", "hook", "later 2", "hook", "later 3", "hook"}
		if len(order) < len(w) || !slices.Equal(order[:len(w)], w) {
			t.Error(order)
		}
	})
}

func TestHookWritesBeforeFlush(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	var sink *Conn
	on(l, func() {
		l.OnTurnEnd(func() {
			if sink != nil && sink.Buffered() > 0 {
				sink.Write(stream.NewString(" from the hook"))
			}
		})
	})
	a := listen(t, l, ListenOptions{}, func(c *Conn) Handler { sink = c; return echo() })
	nc := dialPeer(t, a)
	mustWrite(t, nc, "hello")
	mustRead(t, nc, "hello from the hook")
}

func TestTimerOrder(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	on(l, func() {
		l.AfterFunc(20*time.Millisecond, func() { ch <- "c" })
		l.AfterFunc(0, func() { ch <- "a" })
		x := l.AfterFunc(5*time.Millisecond, func() { ch <- "stopped" })
		if !x.Stop() || x.Stop() {
			t.Error("Stop")
		}
		y := l.AfterFunc(time.Hour, func() { ch <- "b" })
		if !y.Reset(10 * time.Millisecond) {
			t.Error("Reset")
		}
	})
	want(t, ch, "a", "b", "c")
	start := time.Now()
	on(l, func() { l.AfterFunc(30*time.Millisecond, func() { ch <- "d" }) })
	want(t, ch, "d")
	if time.Since(start) < 30*time.Millisecond {
		t.Error("too early")
	}
}

func TestTimerRefs(t *testing.T) {
	t.Parallel()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := l.AfterFunc(time.Hour, func() {})
	a.Unref()
	a.Unref()
	if l.Pending() != 0 {
		t.Error(l.Pending())
	}
	a.Ref()
	a.Reset(time.Minute)
	if l.Pending() != 1 {
		t.Error(l.Pending())
	}
	a.Stop()
	a.Unref()
	a.Reset(time.Minute)
	if l.Pending() != 0 {
		t.Error(l.Pending())
	}
}

func Test100kTimers(t *testing.T) {
	t.Parallel()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const n = 100_000
	timers := make([]*Timer, n)
	fired := 0
	last := int64(0)
	for i := range timers {
		var tm *Timer
		tm = l.AfterFunc(time.Duration(rand.IntN(50))*time.Millisecond, func() {
			if tm.when < last {
				t.Errorf("fired out of order")
			}
			last = tm.when
			fired++
		})
		timers[i] = tm
	}
	for i, tm := range timers {
		switch i % 4 {
		case 0:
			tm.Stop()
		case 1:
			tm.Reset(time.Duration(rand.IntN(100)) * time.Millisecond)
		}
	}
	if err := l.Run(); err != nil || fired != n*3/4 || len(l.timers) != 0 {
		t.Fatal(err, fired, len(l.timers))
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	on(l, func() {
		for _, host := range []string{"localhost", "LOCALHOST", "10.1.2.3", "[::1]", "fe80::1"} {
			inside := true
			l.Resolve(host, func(a []netip.Addr, err error) {
				if inside || err != nil {
					t.Error("called at once", err)
				}
				ch <- a[0].String()
			})
			inside = false
		}
		l.Resolve("127.0.0.1", func([]netip.Addr, error) { ch <- "canceled" })()
	})
	want(t, ch, "127.0.0.1", "127.0.0.1", "10.1.2.3", "::1", "fe80::1")
	on(l, func() {
		l.Resolve("", func(a []netip.Addr, err error) {
			if err == nil || len(a) > 0 {
				t.Error(a, err)
			}
			ch <- "done"
		})
	})
	want(t, ch, "done")
}

func TestBrake(t *testing.T) {
	t.Parallel()
	resumed := 0
	tap := NewTap(func() { resumed++ })
	var a, b Brake
	a.Engage(nil)
	a.Engage(tap)
	a.Engage(tap)
	b.Engage(tap)
	a.Release()
	if !tap.Paused() || a.Engaged() || resumed != 0 {
		t.Error("released too early")
	}
	b.Release()
	b.Release()
	if tap.Paused() || resumed != 1 {
		t.Error("not resumed once", resumed)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	var q queue
	var in, out pattern
	rng := rand.New(rand.NewPCG(1, 2))
	scratch := make([]byte, 0, 1<<20)
	for range 3000 {
		switch rng.IntN(4) {
		case 0:
			q.push(stream.NewData(in.next(1 + rng.IntN(5000))))
		case 1:
			b := in.next(1 + rng.IntN(300))
			at := len(scratch)
			scratch = append(scratch, b...)
			q.push(stream.NewTransient(scratch[at:len(scratch):len(scratch)]))
		case 2:
			q.pushCopy(in.next(1 + rng.IntN(300)))
		case 3:
			q.keep()
			clear(scratch)
			scratch = scratch[:0]
		}
		if q.size > 20000 {
			n := rng.IntN(20000)
			for _, s := range q.pending() {
				b := s.b[:min(n, len(s.b))]
				if n -= len(b); !out.check(b) {
					t.Fatal("wrong bytes")
				}
			}
			q.skip(out.pos - (in.pos - int(q.size)))
		}
		if int(q.size) != in.pos-out.pos {
			t.Fatalf("size %d, want %d", q.size, in.pos-out.pos)
		}
	}
	q.skip(int(q.size))
	if len(q.segs) != 0 || q.head != 0 || q.borrowed != 0 {
		t.Error("not empty")
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	l := startLoopWith(t, Options{Poison: true})
	kept := make(chan *stream.Data, 1)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		return &hooks{data: func(_ *Conn, d *stream.Data) { kept <- d }}
	})
	mustWrite(t, dialPeer(t, a), "hello")
	d := <-kept
	on(l, func() {
		if string(d.Bytes()) == "hello" {
			t.Error("the buffer was left alone")
		}
	})
}

func TestRunTwice(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	var err error
	on(l, func() { err = l.Run() })
	if err == nil || errors.Unwrap(err) != nil {
		t.Error(err)
	}
}

// TestCloseTheOther: two connections are readable in the same batch, and whichever comes first closes the other one and
// opens a new one in its place.
func TestCloseTheOther(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	var conns []*Conn
	var a netip.AddrPort
	third := &hooks{open: func(c *Conn) { ch <- "third"; c.Close() }, data: func(*Conn, *stream.Data) { ch <- "wrong data" }}
	a = listen(t, l, ListenOptions{}, func(c *Conn) Handler {
		conns = append(conns, c)
		if len(conns) > 2 {
			return &hooks{}
		}
		return &hooks{
			open: func(*Conn) { ch <- "open" },
			data: func(c *Conn, _ *stream.Data) {
				ch <- "data"
				for _, o := range conns {
					if o != c {
						o.Close()
					}
				}
				l.Dial(a, DialOptions{}, third)
			},
			closed: func(*Conn) { ch <- "close" },
		}
	})
	x, y := dialPeer(t, a), dialPeer(t, a)
	want(t, ch, "open", "open")
	on(l, func() { // both arrive while the loop is busy
		mustWrite(t, x, "x")
		mustWrite(t, y, "y")
		time.Sleep(5 * time.Millisecond)
	})
	want(t, ch, "data", "close", "third")
	if len(ch) > 0 {
		t.Error(<-ch)
	}
}
