//go:build linux

package harness

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Conn is a raw TCP connection of a test. Every method fails the test on an error, and nothing waits longer than
// Patience. Reads and writes may run in two goroutines, but a failure in one that is not the test's own only
// stops that goroutine (testing.T.FailNow).
type Conn struct {
	*net.TCPConn
	r *bufio.Reader
	t testing.TB
}

// Dial connects to a port of this host; the connection is closed at the end of the test.
func Dial(t testing.TB, port int) *Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", Addr(port), Patience)
	if err != nil {
		t.Fatal(err)
	}
	return newConn(t, c)
}

func newConn(t testing.TB, c net.Conn) *Conn {
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(Patience))
	return &Conn{TCPConn: c.(*net.TCPConn), r: bufio.NewReader(c), t: t}
}

// Read reads what was sent, after whatever the other methods have looked at already.
func (c *Conn) Read(b []byte) (int, error) { return c.r.Read(b) }

// Send writes the text.
func (c *Conn) Send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.TCPConn, text); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// ReadN reads exactly n bytes.
func (c *Conn) ReadN(n int) string {
	c.t.Helper()
	b := make([]byte, n)
	if got, err := io.ReadFull(c.r, b); err != nil {
		c.t.Fatalf("read %d bytes: %v after %q", n, err, b[:got])
	}
	return string(b)
}

// ReadUntil reads up to and including the delimiter.
func (c *Conn) ReadUntil(delimiter string) string {
	c.t.Helper()
	var text strings.Builder
	for !strings.HasSuffix(text.String(), delimiter) {
		b, err := c.r.ReadByte()
		if err != nil {
			c.t.Fatalf("read until %q: %v after %q", delimiter, err, text.String())
		}
		text.WriteByte(b)
	}
	return text.String()
}

// ReadAll reads until the peer closes, in order or by a reset, and returns everything before that.
func (c *Conn) ReadAll() string {
	c.t.Helper()
	b, err := io.ReadAll(c.r)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		c.t.Fatalf("the peer keeps the connection open; read so far: %q", b)
	}
	return string(b)
}

// ReadResponse reads one HTTP response to a request with the given method and its whole body.
func (c *Conn) ReadResponse(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("read response: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("read response body: %v after %q", err, body)
	}
	return res, string(body)
}

// Reset closes the connection with a TCP RST.
func (c *Conn) Reset() {
	c.t.Helper()
	if err := c.SetLinger(0); err != nil {
		c.t.Fatal(err)
	}
	_ = c.Close()
}

// Exchange sends text on a new connection, closes the sending side and returns everything that comes back.
func Exchange(t testing.TB, port int, text string) string {
	t.Helper()
	c := Dial(t, port)
	c.Send(text)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	return c.ReadAll()
}

// Get fetches a path from a port of this host on a connection of its own.
func Get(t testing.TB, port int, path string) (*http.Response, string) {
	t.Helper()
	c := Dial(t, port)
	defer c.Close()
	c.Send("GET " + path + " HTTP/1.1\r\nHost: " + Addr(port) + "\r\nConnection: close\r\n\r\n")
	return c.ReadResponse(http.MethodGet)
}
