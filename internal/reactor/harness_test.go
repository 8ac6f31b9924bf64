package reactor

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"weir/internal/stream"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

const patience = 20 * time.Second // for what must happen; passing tests do not wait it out

// hooks is a Handler of functions, any of which may be nil.
type hooks struct {
	open   func(c *Conn)
	data   func(c *Conn, d *stream.Data)
	end    func(c *Conn, code stream.ErrorCode)
	closed func(c *Conn)
}

func (h *hooks) OnOpen(c *Conn) {
	if h.open != nil {
		h.open(c)
	}
}

func (h *hooks) OnData(c *Conn, d *stream.Data) {
	if h.data != nil {
		h.data(c, d)
	}
}

func (h *hooks) OnEnd(c *Conn, code stream.ErrorCode) {
	if h.end != nil {
		h.end(c, code)
	}
}

func (h *hooks) OnClose(c *Conn) {
	if h.closed != nil {
		h.closed(c)
	}
}

// log is a handler that tells a channel what happens.
func logTo(ch chan<- string) *hooks {
	return &hooks{
		open:   func(*Conn) { ch <- "open" },
		data:   func(_ *Conn, d *stream.Data) { ch <- "data " + string(d.Bytes()) },
		end:    func(_ *Conn, code stream.ErrorCode) { ch <- "end " + code.String() },
		closed: func(*Conn) { ch <- "close" },
	}
}

// startLoop runs a loop until the test is over.
func startLoop(t testing.TB) *Loop { return startLoopWith(t, Options{}) }

func startLoopWith(t testing.TB, o Options) *Loop {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l.Hold()
	done := make(chan error, 1)
	go func() { done <- l.Run() }()
	t.Cleanup(func() {
		l.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		l.Close()
	})
	return l
}

// on runs fn on the loop and waits for it.
func on(l *Loop, fn func()) {
	done := make(chan struct{})
	l.Post(func() { defer close(done); fn() })
	<-done
}

func listen(t testing.TB, l *Loop, o ListenOptions, accept func(*Conn) Handler) netip.AddrPort {
	t.Helper()
	var ln *Listener
	var err error
	on(l, func() {
		if ln, err = l.ListenTCP(loopback, o, accept); err == nil {
			ln.Start()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ln.Addr()
}

// dialPeer connects from outside the loop.
func dialPeer(t testing.TB, a netip.AddrPort) *net.TCPConn {
	t.Helper()
	nc, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { nc.Close() })
	return nc.(*net.TCPConn)
}

func want(t testing.TB, ch <-chan string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		select {
		case got := <-ch:
			if got != text {
				t.Fatalf("got %q, want %q", got, text)
			}
		case <-time.After(patience):
			t.Fatalf("nothing came, want %q", text)
		}
	}
}

func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timeout: %s", what)
		}
	}
}

func mustWrite(t testing.TB, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t testing.TB, r io.Reader, text string) {
	t.Helper()
	b := make([]byte, len(text))
	if _, err := io.ReadFull(r, b); err != nil || string(b) != text {
		t.Fatalf("read %q, %v, want %q", b, err, text)
	}
}

func mustEOF(t testing.TB, r io.Reader) {
	t.Helper()
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Fatalf("read %d, %v, want EOF", n, err)
	}
}

// pattern is a byte stream that shows where bytes are missing or swapped.
type pattern struct{ pos int }

var patternOnce = sync.OnceValue(func() []byte {
	b := make([]byte, 1<<20+251)
	for i := range b {
		b[i] = byte(i%251 ^ i>>12)
	}
	return b[: len(b)/251*251 : len(b)/251*251]
})

func (p *pattern) next(n int) []byte {
	src := patternOnce()
	at := p.pos % len(src)
	b := src[at:min(at+n, len(src))]
	p.pos += len(b)
	return b
}

// send writes n bytes of the pattern.
func (p *pattern) send(w io.Writer, n int) error {
	for n > 0 {
		b := p.next(min(n, 256<<10))
		if _, err := w.Write(b); err != nil {
			return err
		}
		n -= len(b)
	}
	return nil
}

// check returns false if b does not go on with the pattern.
func (p *pattern) check(b []byte) bool {
	for len(b) > 0 {
		s := p.next(len(b))
		if string(s) != string(b[:len(s)]) {
			return false
		}
		b = b[len(s):]
	}
	return true
}

func (p *pattern) Write(b []byte) (int, error) {
	if !p.check(b) {
		return 0, io.ErrUnexpectedEOF
	}
	return len(b), nil
}

var anyAddr6 = netip.MustParseAddrPort("[::]:0")
