package reactor

import (
	"io"
	"strings"
	"testing"
	"time"

	"weir/internal/stream"
)

func echo() Handler {
	return &hooks{
		data: func(c *Conn, d *stream.Data) { c.Write(d) },
		end:  func(c *Conn, code stream.ErrorCode) { c.End(code) },
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	conns := make(chan *Conn, 1)
	a := listen(t, l, ListenOptions{NoDelay: true, KeepAlive: true}, func(c *Conn) Handler { conns <- c; return echo() })
	nc := dialPeer(t, a)
	for range 3 {
		mustWrite(t, nc, "hello")
		mustRead(t, nc, "hello")
	}
	c := <-conns
	on(l, func() {
		if c.BytesIn() != 15 || c.BytesOut() != 15 {
			t.Errorf("bytes in %d, out %d", c.BytesIn(), c.BytesOut())
		}
		if c.RemoteAddr().String() != nc.LocalAddr().String() || c.LocalAddr() != a {
			t.Errorf("addresses %s, %s", c.RemoteAddr(), c.LocalAddr())
		}
		if l.Pending() != 3 {
			t.Errorf("pending %d, want hold, listener, connection", l.Pending())
		}
	})
	_ = nc.CloseWrite()
	mustEOF(t, nc)
	await(t, "close", func() (gone bool) { on(l, func() { gone = l.Pending() == 2 }); return })
}

func TestDial(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler { return echo() })
	ch := make(chan string, 10)
	on(l, func() {
		c := l.Dial(a, DialOptions{Bind: loopback, Timeout: patience, OnSocket: func(*Conn) error { ch <- "socket"; return nil }}, logTo(ch))
		c.Write(stream.NewString("early"))
		c.End(stream.NoError)
	})
	want(t, ch, "socket", "open", "data early", "end ", "close")
}

func TestPeerHalfClose(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		h := logTo(ch)
		h.end = func(c *Conn, code stream.ErrorCode) {
			ch <- "end " + code.String()
			l.AfterFunc(time.Millisecond, func() {
				c.Write(stream.NewString("answer"))
				c.End(stream.NoError)
				c.Write(stream.NewString(", same turn"))
				l.Later(func() { c.Write(stream.NewString(", dropped")) })
			})
		}
		return h
	})
	nc := dialPeer(t, a)
	mustWrite(t, nc, "question")
	_ = nc.CloseWrite()
	want(t, ch, "open", "data question", "end ")
	b, err := io.ReadAll(nc)
	if string(b) != "answer, same turn" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	want(t, ch, "close")
}

func TestOwnHalfClose(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		h := logTo(ch)
		h.open = func(c *Conn) { c.Write(stream.NewString("bye")); c.End(stream.NoError) }
		return h
	})
	nc := dialPeer(t, a)
	mustRead(t, nc, "bye")
	mustEOF(t, nc)
	mustWrite(t, nc, "still here")
	want(t, ch, "data still here")
	nc.Close()
	want(t, ch, "end ", "close")
}

func TestEndWithError(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		h := logTo(ch)
		h.open = func(c *Conn) {
			c.Write(stream.NewString("bye"))
			c.End(stream.ProtocolError)
			c.End(stream.NoError)
		}
		return h
	})
	nc := dialPeer(t, a)
	mustRead(t, nc, "bye")
	mustEOF(t, nc)
	want(t, ch, "close")
}

func TestResetWhileReading(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler { return logTo(ch) })
	nc := dialPeer(t, a)
	want(t, ch, "open")
	_ = nc.SetLinger(0)
	nc.Close()
	want(t, ch, "end ConnectionReset", "close")
}

func TestResetWhileWriting(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		h := logTo(ch)
		h.open = func(c *Conn) { c.Write(stream.NewData(make([]byte, 64<<20))); ch <- "open" }
		return h
	})
	nc := dialPeer(t, a)
	want(t, ch, "open")
	mustRead(t, nc, string(make([]byte, 1<<20)))
	_ = nc.SetLinger(0)
	nc.Close()
	// The portable loop reads and writes at once: the error can go to the writer, and the reader then sees a plain end.
	if end := <-ch; end != "end ConnectionReset" && end != "end WriteError" && !(isPortable && end == "end ") {
		t.Fatal(end)
	}
	want(t, ch, "close")
}

func TestResetWhilePaused(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	conns := make(chan *Conn, 1)
	a := listen(t, l, ListenOptions{}, func(c *Conn) Handler { c.Tap().Pause(); conns <- c; return logTo(ch) })
	nc := dialPeer(t, a)
	want(t, ch, "open")
	mustWrite(t, nc, "before")
	c := <-conns
	_ = nc.SetLinger(0)
	nc.Close()
	// Several rounds of the loop, in which nothing may be told.
	for range 5 {
		on(l, func() {})
		time.Sleep(time.Millisecond)
	}
	if len(ch) > 0 {
		t.Fatal(<-ch)
	}
	on(l, func() { c.Tap().Resume() })
	for got := range ch {
		if got == "close" {
			return
		}
		// Whether what came before a RST can still be read is the system's business.
		if got != "data before" && got != "end ConnectionReset" {
			t.Fatal(got)
		}
	}
}

func TestAbort(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		h := logTo(ch)
		h.data = func(c *Conn, _ *stream.Data) { c.Abort() }
		return h
	})
	nc := dialPeer(t, a)
	mustWrite(t, nc, "x")
	if _, err := nc.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	want(t, ch, "open", "close")
}

func TestCloseInCallbacks(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(*hooks){
		"accept": func(*hooks) {},
		"open":   func(h *hooks) { h.open = func(c *Conn) { c.Close() } },
		"data": func(h *hooks) {
			h.data = func(c *Conn, _ *stream.Data) { c.Write(stream.NewString("lost")); c.Close() }
		},
		"end": func(h *hooks) { h.end = func(c *Conn, _ stream.ErrorCode) { c.Close(); c.Abort() } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := startLoop(t)
			closed := make(chan struct{})
			a := listen(t, l, ListenOptions{}, func(c *Conn) Handler {
				s := &hooks{closed: func(c *Conn) {
					c.Write(stream.NewString("x"))
					c.End(stream.NoError)
					c.Close()
					close(closed)
				}}
				h(s)
				if name == "accept" {
					c.Close()
				}
				return s
			})
			nc := dialPeer(t, a)
			_, _ = nc.Write([]byte("x"))
			_ = nc.CloseWrite()
			if b, _ := io.ReadAll(nc); len(b) > 0 {
				t.Errorf("got %q", b)
			}
			select {
			case <-closed:
			case <-time.After(patience):
				t.Fatal("not closed")
			}
		})
	}
}

func TestAcceptRefuses(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler { return nil })
	mustEOF(t, dialPeer(t, a))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	var ln *Listener
	on(l, func() { ln, _ = l.ListenTCP(loopback, ListenOptions{}, nil); ln.Close() })
	ch := make(chan string, 10)
	on(l, func() {
		c := l.Dial(ln.Addr(), DialOptions{}, logTo(ch))
		c.Write(stream.NewString("x"))
		if len(ch) > 0 {
			t.Error("failed at once")
		}
	})
	want(t, ch, "end ConnectionRefused", "close")
}

func TestDialErrors(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler { return echo() })
	on(l, func() {
		l.Dial(a, DialOptions{OnSocket: func(*Conn) error { return io.ErrNoProgress }}, logTo(ch))
	})
	want(t, ch, "end ConnectionAborted", "close")
	var c *Conn
	on(l, func() { c = l.Dial(a, DialOptions{Bind: a}, logTo(ch)) })
	want(t, ch, "end RuntimeError", "close")
	if c.Err() == nil || !strings.Contains(c.Err().Error(), "in use") {
		t.Error(c.Err())
	}
	on(l, func() { l.Dial(a, DialOptions{OnSocket: func(c *Conn) error { c.Close(); return nil }}, logTo(ch)) })
	want(t, ch, "close")
	on(l, func() { l.Dial(a, DialOptions{}, logTo(ch)).Close() })
	want(t, ch, "close")
	on(l, func() { l.Dial(a, DialOptions{}, logTo(ch)).End(stream.ProtocolError) })
	want(t, ch, "close")
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		o    SocketOptions
		code string
	}{
		{SocketOptions{ReadTimeout: time.Second, IdleTimeout: time.Hour}, "end ReadTimeout"},
		{SocketOptions{WriteTimeout: time.Second, ReadTimeout: time.Minute}, "end WriteTimeout"},
		{SocketOptions{IdleTimeout: time.Second}, "end IdleTimeout"},
	} {
		t.Run(x.code, func(t *testing.T) {
			t.Parallel()
			l := startLoop(t)
			ch := make(chan string, 10)
			a := listen(t, l, ListenOptions{Socket: x.o}, func(*Conn) Handler { return logTo(ch) })
			nc := dialPeer(t, a)
			start := time.Now()
			want(t, ch, "open", x.code, "close")
			if time.Since(start) < time.Second {
				t.Error("too early")
			}
			mustEOF(t, nc)
		})
	}
}

func TestIdleTimeoutIsPutOff(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 100)
	a := listen(t, l, ListenOptions{Socket: SocketOptions{IdleTimeout: time.Second}}, func(*Conn) Handler {
		h := logTo(ch)
		h.data = func(c *Conn, d *stream.Data) { c.Write(d) }
		return h
	})
	nc := dialPeer(t, a)
	for range 6 {
		time.Sleep(400 * time.Millisecond)
		mustWrite(t, nc, "x")
		mustRead(t, nc, "x")
	}
	want(t, ch, "open")
	if len(ch) > 0 {
		t.Fatal(<-ch)
	}
	want(t, ch, "end IdleTimeout", "close")
}

func TestBufferOverflow(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	ch := make(chan string, 10)
	a := listen(t, l, ListenOptions{Socket: SocketOptions{BufferLimit: 1 << 20}}, func(*Conn) Handler {
		h := logTo(ch)
		h.open = func(c *Conn) {
			c.Write(stream.NewData(make([]byte, 1<<20)))
			c.Write(stream.NewString("too much"))
			c.Write(stream.NewString("dropped"))
			ch <- "still running"
		}
		return h
	})
	dialPeer(t, a)
	want(t, ch, "still running", "end BufferOverflow", "close")
}

// TestBackPressure: a fast sender, a reader that stops in between; all bytes arrive and the queue stays short.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	const limit = 256 << 10
	total := 64 << 20
	l := startLoop(t)
	sink := make(chan *Conn, 1)
	out := listen(t, l, ListenOptions{Socket: SocketOptions{CongestionLimit: limit}}, func(c *Conn) Handler { sink <- c; return &hooks{} })
	reader := dialPeer(t, out)
	to := <-sink
	most, pauses := 0, 0
	var source *Conn
	in := listen(t, l, ListenOptions{}, func(c *Conn) Handler {
		source = c
		return &hooks{
			data: func(c *Conn, d *stream.Data) {
				if l.CurrentTap() != c.Tap() {
					t.Error("not the current tap")
				}
				if c.Tap().Paused() {
					t.Error("read while paused")
				}
				to.Write(d)
				most = max(most, to.Buffered())
				if c.Tap().Paused() {
					pauses++
				}
			},
			end: func(_ *Conn, code stream.ErrorCode) { to.End(code) },
		}
	})
	sender := dialPeer(t, in)
	done := make(chan error, 1)
	go func() {
		err := new(pattern).send(sender, total)
		_ = sender.CloseWrite()
		done <- err
	}()
	await(t, "the source to be paused", func() (paused bool) {
		on(l, func() { paused = source != nil && source.Tap().Paused() && to.Buffered() >= limit })
		return
	})
	var got pattern
	if _, err := io.Copy(&got, reader); err != nil || got.pos != total {
		t.Fatalf("%d bytes, %v", got.pos, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	on(l, func() {
		if most >= limit+stream.ChunkSize || pauses == 0 {
			t.Errorf("queued up to %d, %d pauses", most, pauses)
		}
	})
}

// TestMixedQueue writes borrowed and owned pieces to a reader that is behind.
func TestMixedQueue(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	const size = 8 << 20
	a := listen(t, l, ListenOptions{}, func(*Conn) Handler {
		return &hooks{open: func(c *Conn) {
			src := new(pattern)
			scratch := make([]byte, 3000)
			var turn func()
			turn = func() {
				for i := range 20 {
					b := src.next(min(size-src.pos, 1+(src.pos*7+i)%len(scratch)))
					if len(b) == 0 {
						c.End(stream.NoError)
						return
					}
					if i%3 == 0 {
						c.Write(stream.NewData(b))
						continue
					}
					if i%3 == 1 {
						c.Write(stream.NewTransient(append([]byte(nil), b...)))
						continue
					}
					// Borrowed, and overwritten in the next turn.
					if i == 2 {
						c.Write(stream.NewTransient(scratch[:copy(scratch, b)]))
					} else {
						c.Write(stream.NewData(b))
					}
				}
				l.Later(func() {
					clear(scratch)
					turn()
				})
			}
			turn()
		}}
	})
	nc := dialPeer(t, a)
	var got pattern
	if _, err := io.Copy(&got, nc); err != nil || got.pos != size {
		t.Fatalf("%d bytes, %v", got.pos, err)
	}
}
