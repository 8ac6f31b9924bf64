package filter

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"weir/internal/coroutine"
	"weir/internal/filter/filtertest"
	"weir/internal/reactor"
	"weir/internal/stream"
)

func quoted(b []byte) string { return strconv.Quote(string(b)) }

// helloRecord returns what a client says first.
func helloRecord(t testing.TB) []byte {
	t.Helper()
	var b []byte
	m := coroutine.NewConn(func(p []byte) { b = append(b, p...) }, "")
	tls.Client(m, &tls.Config{ServerName: "x.test"}).Handshake() // fails: there is no answer
	if len(b) == 0 {
		t.Fatal("no ClientHello")
	}
	return b
}

// goClient is a client of crypto/tls that talks to an acceptTLS in a rig.
type goClient struct {
	*tls.Conn
	rig  *filtertest.Rig
	run  *filtertest.Run
	mem  *coroutine.Conn
	out  []byte // ciphertext for the server
	data int    // Data events of ciphertext that came
}

func newGoClient(t testing.TB, rig *filtertest.Rig, config *tls.Config) *goClient {
	c := &goClient{rig: rig, run: rig.Start()}
	c.mem = coroutine.NewConn(func(b []byte) { c.out = append(c.out, b...) }, "server")
	c.run.OnOutput = func(e stream.Event) {
		switch e := e.(type) {
		case *stream.Data:
			c.data++
			c.mem.Feed(bytes.Clone(e.Bytes()))
		case *stream.StreamEnd:
			c.mem.End()
		}
	}
	c.Conn = tls.Client(c.mem, config)
	return c
}

// exchange hands over what the client has written.
func (c *goClient) exchange() {
	b := c.out
	c.out = nil
	c.run.Turn(stream.NewTransient(b))
}

func (c *goClient) handshake() error {
	co := coroutine.New(func(*coroutine.Coroutine) error { return c.Conn.Handshake() })
	c.mem.Attach(co)
	for !co.Resume() {
		if len(c.out) == 0 {
			co.Stop()
			return errors.New("stuck")
		}
		c.exchange()
	}
	c.mem.Attach(nil)
	if co.Err() == nil && len(c.out) > 0 {
		c.exchange()
	}
	return co.Err()
}

const serverScript = `pipeline($ => $.acceptTLS({certificate: id('server')}).to($ => $))`

func TestTLSGathersWrites(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.acceptTLS({certificate: id('server')}).to($ => $.replaceData(d => d.size ? [d.shift(3), d.shift(2), d] : d)))`, testPKI)
	c := newGoClient(t, rig, &tls.Config{InsecureSkipVerify: true})
	if err := c.handshake(); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{10, 20_000, 100_000} {
		c.data = 0
		text := strings.Repeat("0123456789", size/10)
		io.WriteString(c, text)
		c.exchange()
		got := make([]byte, size)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
			t.Errorf("%d bytes: %v", size, err)
		}
		if c.data != 1 {
			t.Errorf("%d bytes came in %d Data", size, c.data)
		}
	}
}

// A session must not be resumed where others are trusted.
func TestTicketsAreBound(t *testing.T) {
	t.Parallel()
	config := &tls.Config{InsecureSkipVerify: true, ServerName: "a.test", ClientSessionCache: tls.NewLRUClientSessionCache(4),
		Certificates: []tls.Certificate{{Certificate: [][]byte{pki()["client"].cert.Raw}, PrivateKey: pki()["client"].key}}}
	visit := func(options string, resumed bool) {
		t.Helper()
		rig := filtertest.New(t, `pipeline($ => $.acceptTLS({certificate: id('server'), `+options+`}).to($ => $))`, testPKI)
		c := newGoClient(t, rig, config)
		if err := c.handshake(); err != nil {
			t.Errorf("%s: %v", options, err)
			return
		}
		c.Read(make([]byte, 1)) // the ticket
		if got := c.ConnectionState().DidResume; got != resumed {
			t.Errorf("%s: resumed %t", options, got)
		}
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config.MaxVersion = version
		config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
		visit(`trusted: [cert('ca')]`, false)
		visit(`trusted: [cert('ca')]`, true)
		visit(`trusted: [cert('ca'), cert('other')]`, false)
		visit(`trusted: [cert('ca')], verify: () => true`, false)
		visit(`trusted: [cert('ca')], verify: () => true`, true)
		visit(``, false)
		visit(``, true)
		visit(`alpn: ['x']`, true)
	}
}

func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.acceptTLS({certificate: () => test.never(), handshakeTimeout: 0.01, onState: s => s.error && test.log(s.error)}).to($ => $))`, testPKI)
	for _, in := range []string{`D"\x16\x03"`, `D` + quoted(helloRecord(t))} {
		run := rig.Start().Feed(in)
		if got := run.Out(); got != "StreamEnd(ReadTimeout)" {
			t.Errorf("got %s", got)
		}
		if got := rig.Notes(); got != "handshake timed out after 0.01 seconds" {
			t.Errorf("got %s", got)
		}
		if got := run.Feed(`D"more" .`).Out(); got != "" {
			t.Errorf("later: %s", got)
		}
	}
	rig = filtertest.New(t, `pipeline($ => $.connectTLS({handshakeTimeout: 0.01}).to($ => $.dummy()))`)
	if got := rig.Start().Feed(`D"x"`).Out(); got != "StreamEnd(ConnectionTimeout)" {
		t.Errorf("got %s", got)
	}
}

// What waits for the handshake is bounded: the source is paused, and resumed afterwards.
func TestTLSPausesWhileItWaits(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, tlsPair(``, `certificate: n => test.wait('it', id('server'))`), testPKI)
	run := rig.Start()
	for range 8 {
		if rig.Source.Paused() {
			t.Fatal("paused early")
		}
		run.Turn(stream.NewTransient(bytes.Repeat([]byte("x"), maxEarly/8)))
	}
	if !rig.Source.Paused() {
		t.Error("not paused")
	}
	run.FeedOnly(`!it`)
	if rig.Source.Paused() {
		t.Error("still paused")
	}
	if got := run.Bytes(); got != strings.Repeat("X", maxEarly) {
		t.Errorf("%d bytes", len(got))
	}
}

// A source that cannot be paused must not fill the memory while a promise is pending.
func TestTLSWaitsForSoMuchOnly(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.acceptTLS({certificate: () => test.never(), onState: s => s.error && test.log(s.error)}).to($ => $))`, testPKI)
	rig.Source = nil
	run := rig.Start()
	run.Turn(stream.NewTransient(helloRecord(t)))
	for i := 0; i <= maxEarlyCipher && run.Out() == ""; i += 16 << 10 {
		run.Turn(stream.NewTransient(make([]byte, 16<<10)))
	}
	if got := rig.Notes(); got != errEarlyOverflow.Error() {
		t.Errorf("got %q", got)
	}
}

// A sink behind TLS that is congested pauses the source of the plaintext, although it is written to at the end of the turn.
func TestTLSPassesCongestionOn(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, serverScript, testPKI)
	c := newGoClient(t, rig, &tls.Config{InsecureSkipVerify: true})
	if err := c.handshake(); err != nil {
		t.Fatal(err)
	}
	var seen *reactor.Tap
	c.run.OnOutput = func(stream.Event) { seen = rig.Loop.CurrentTap() }
	io.WriteString(c, "x")
	c.exchange()
	if seen != rig.Source {
		t.Error("the source is not known to who takes the ciphertext")
	}
}

// Pipelines that end in the middle of a handshake leave no goroutine behind.
func TestAbandonedHandshakesEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	rig := filtertest.New(t, serverScript, testPKI)
	hello := helloRecord(t)
	for i := range 100 {
		run := rig.Start()
		run.Turn(stream.NewTransient(bytes.Clone(hello[:len(hello)-i%2])))
		run.Release()
	}
	if n := runtime.NumGoroutine(); n > before+10 {
		t.Errorf("%d goroutines are left over", n-before)
	}
}

// FuzzTLSSession feeds a server with anything at all, before or after a handshake: it must not crash or hang, and must let
// go of everything.
func FuzzTLSSession(f *testing.F) {
	f.Add(helloRecord(f), false, uint8(7))
	f.Add([]byte("\x17\x03\x03\x00\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), true, uint8(3))
	f.Add([]byte("\x15\x03\x03\x00\x02\x01\x00"), true, uint8(1))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), false, uint8(255))
	rig := filtertest.New(f, serverScript, testPKI) // one for all: a realm takes long under the fuzzer
	f.Fuzz(func(t *testing.T, in []byte, after bool, step uint8) {
		c := newGoClient(t, rig, &tls.Config{InsecureSkipVerify: true})
		if after {
			if err := c.handshake(); err != nil {
				t.Fatal(err)
			}
		}
		for len(in) > 0 {
			n := min(len(in), int(step)+1)
			c.run.Turn(stream.NewTransient(bytes.Clone(in[:n])))
			in = in[n:]
		}
		c.run.Turn(&stream.StreamEnd{})
		if c.run.Out() == "" {
			t.Error("no end")
		}
		c.run.Release()
		if n := rig.World.Live(); n > 0 {
			t.Errorf("%d pipelines are left over", n)
		}
	})
}
