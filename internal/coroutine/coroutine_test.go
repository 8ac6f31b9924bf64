package coroutine

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

func TestResume(t *testing.T) {
	t.Parallel()
	var trace []string
	note := func(s string) { trace = append(trace, s) }
	c := New(func(c *Coroutine) error {
		note("a")
		if err := c.Wait(); err != nil {
			return err
		}
		note("b")
		c.Do(func() { note("done outside") })
		note("c")
		return io.ErrNoProgress
	})
	if len(trace) > 0 {
		t.Error("it ran before Resume")
	}
	if c.Resume() || c.Done() {
		t.Error("ended early")
	}
	note("between")
	if !c.Resume() || !c.Done() || c.Err() != io.ErrNoProgress {
		t.Errorf("done %t, error %v", c.Done(), c.Err())
	}
	if !c.Resume() {
		t.Error("resumed after its end")
	}
	if got, want := strings.Join(trace, ", "), "a, between, b, done outside, c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDoRunsOnTheResumingGoroutine(t *testing.T) {
	t.Parallel()
	id := func() string {
		b := make([]byte, 64)
		s, _, _ := strings.Cut(string(b[:runtime.Stack(b, false)]), "[")
		return s
	}
	var inside, outside string
	c := New(func(c *Coroutine) error {
		inside = id()
		return c.Do(func() { outside = id() })
	})
	c.Resume()
	if outside != id() || inside == outside {
		t.Errorf("inside %s, outside %s, test %s", inside, outside, id())
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	cleaned := false
	c := New(func(c *Coroutine) error {
		defer func() { cleaned = true }()
		err := c.Wait()
		if again := c.Wait(); again != ErrStopped {
			t.Errorf("waiting once more: %v", again)
		}
		if again := c.Do(func() { t.Error("run for a stopped coroutine") }); again != ErrStopped {
			t.Errorf("Do: %v", again)
		}
		return err
	})
	c.Resume()
	c.Stop()
	c.Stop()
	if !cleaned || c.Err() != ErrStopped || !c.Done() {
		t.Errorf("cleaned %t, error %v", cleaned, c.Err())
	}
	never := New(func(*Coroutine) error { t.Error("started by Stop"); return nil })
	never.Stop()
	if never.Err() != ErrStopped {
		t.Errorf("not started: %v", never.Err())
	}
	// Stopped by what it has run outside.
	var inner *Coroutine
	inner = New(func(c *Coroutine) error { return c.Do(func() { inner.Stop() }) })
	if !inner.Resume() || inner.Err() != ErrStopped {
		t.Errorf("stopped from Do: %v", inner.Err())
	}
}

func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	c := New(func(*Coroutine) error { panic("oops") })
	if !c.Resume() {
		t.Fatal("still running")
	}
	var p *PanicError
	if !errors.As(c.Err(), &p) || p.Value != "oops" || !strings.Contains(p.Error(), "coroutine_test.go") {
		t.Errorf("error %v", c.Err())
	}
	c = New(func(c *Coroutine) error {
		defer func() { panic("while stopping") }()
		return c.Wait()
	})
	c.Resume()
	c.Stop()
	if !errors.As(c.Err(), &p) || p.Value != "while stopping" {
		t.Errorf("error %v", c.Err())
	}
}

// Abandoned coroutines end: their stacks are not kept.
func TestStopLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 100 {
		c := New(func(c *Coroutine) error { return c.Wait() })
		c.Resume()
		c.Stop()
	}
	if n := runtime.NumGoroutine(); n > before+10 {
		t.Errorf("%d goroutines are left of 100", n-before)
	}
}

func TestConn(t *testing.T) {
	t.Parallel()
	var wrote bytes.Buffer
	m := NewConn(func(b []byte) { wrote.Write(b) }, "far")
	c := New(func(*Coroutine) error {
		b := make([]byte, 5)
		if _, err := io.ReadFull(m, b); err != nil {
			return err
		}
		m.Write(b)
		rest, err := io.ReadAll(m)
		m.Write(rest)
		return err
	})
	m.Attach(c)
	c.Resume()
	borrowed := []byte("ab")
	m.Feed(borrowed)
	m.Feed(nil)
	c.Resume()
	copy(borrowed, "xx")
	m.Feed([]byte("cd"))
	c.Resume()
	if wrote.Len() > 0 {
		t.Errorf("wrote %q early", wrote.String())
	}
	borrowed = []byte("ef")
	m.Feed(borrowed)
	m.Feed([]byte("gh"))
	m.Keep()
	copy(borrowed, "xx")
	if m.Buffered() != 4 {
		t.Errorf("%d buffered", m.Buffered())
	}
	c.Resume()
	m.Feed([]byte("ij"))
	m.End()
	if !c.Resume() || c.Err() != nil || wrote.String() != "abcdefghij" || !m.Ended() {
		t.Errorf("wrote %q, error %v", wrote.String(), c.Err())
	}
	if m.RemoteAddr().String() != "far" || m.RemoteAddr().Network() != m.LocalAddr().Network() {
		t.Error("wrong addresses")
	}
}

func TestConnWithoutCoroutine(t *testing.T) {
	t.Parallel()
	m := NewConn(func([]byte) {}, "")
	b := make([]byte, 4)
	_, err := m.Read(b)
	var ne net.Error
	//lint:ignore SA1019 it is what crypto/tls asks
	if !errors.As(err, &ne) || !ne.Temporary() || ne.Timeout() {
		t.Errorf("error %v", err)
	}
	if n, err := m.Read(nil); n != 0 || err != nil {
		t.Error("an empty read does not wait")
	}
	m.Feed([]byte("abc"))
	if n, err := m.Read(b); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	m.End()
	if _, err := m.Read(b); err != io.EOF {
		t.Errorf("error %v", err)
	}
	m.Feed([]byte("abc"))
	m.Close()
	if _, err := m.Read(b); err != net.ErrClosed {
		t.Errorf("read: %v", err)
	}
	if _, err := m.Write(b); err != net.ErrClosed {
		t.Errorf("write: %v", err)
	}
}
