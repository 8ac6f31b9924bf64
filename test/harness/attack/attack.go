// Package attack does what hostile clients do to servers. Each attack goes on until the server ends it, or until it is
// told to stop, and says how it ended.
package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Attack is one way to attack.
type Attack struct {
	Name string
	// Conns is how many connections attack at a time.
	Conns int
	// End is how a server that defends itself ends each connection: what Run returns for it.
	End string
	// Endless says that there is nothing wrong with what is done but how much it is: the server serves it.
	Endless bool
	// once attacks with one connection, and returns how that ended.
	once func(ctx context.Context, t Target) (string, error)
}

// Target is what is attacked: a server that answers HTTP/1 and HTTP/2 on Plain, the same over TLS on Secure. POST requests
// with a packed body have it unpacked.
type Target struct{ Plain, Secure string }

// ErrStopped says that the server has not ended the attack before it was told to stop.
var ErrStopped = errors.New("the attack was not ended by the server")

// All returns every attack.
func All() []Attack {
	calm := "GOAWAY(ENHANCE_YOUR_CALM)"
	return []Attack{
		{"rapid reset", 1, calm, false, flood(rapidReset)},
		{"CONTINUATION flood", 1, calm, false, flood(continuations)},
		{"SETTINGS flood", 1, calm, false, flood(settings)},
		{"PING flood", 1, calm, false, flood(pings)},
		{"header bombs", 1, calm, false, flood(headerBombs)},
		{"closed windows", 1, "RST_STREAM(CANCEL)", false, closedWindows},
		{"request flood", 1, "served", true, requestFlood},
		{"pipelined requests", 1, "served", true, pipelined},
		{"slow heads", 200, "408", false, slowHead},
		{"slow bodies", 200, "408", false, slowBody},
		{"slow bodies of streams", 2, "RST_STREAM(NO_ERROR)", false, slowStreams},
		{"slow handshakes", 200, "EOF", false, slowHandshake},
		{"garbage for TLS", 20, "alert 80", false, garbage("\x16\x03\x01\x00\xff" + strings.Repeat("\xff", 255))},
		{"no TLS at all", 20, "EOF", false, garbage("SSH-2.0-OpenSSH_9.2\r\n")},
		{"key updates", 1, "unexpected message", false, records(keyUpdate)},
		{"empty records", 1, "unexpected message", false, records(emptyRecord)},
		{"broken records", 1, "bad record MAC", false, records(brokenRecord)},
		{"decompression bombs", 4, "413", false, decompressionBomb},
	}
}

// Run attacks until ctx is done, with every connection again and again; with once, until each has been ended. It returns
// how they ended: one answer if all ended in the same way.
func (a Attack) Run(ctx context.Context, t Target, once bool) (string, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var ends []string
	var errs error
	note := func(end string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			if once || ctx.Err() == nil && err != ErrStopped {
				errs = err
			}
			return
		}
		for _, e := range ends {
			if e == end {
				return
			}
		}
		ends = append(ends, end)
	}
	for range a.Conns {
		wg.Go(func() {
			for {
				end, err := a.once(ctx, t)
				note(end, err)
				if once || err != nil || ctx.Err() != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if errs == nil && len(ends) == 0 {
		errs = ErrStopped
	}
	return strings.Join(ends, ", "), errs
}

// dial connects. The connection is closed when ctx is done.
func dial(ctx context.Context, addr string) (net.Conn, func(), error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, stopped(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	return c, func() { stop(); c.Close() }, nil
}

// stopped returns ErrStopped if err comes from the end of ctx, else err.
func stopped(ctx context.Context, err error) error {
	// A socket may notice the deadline of ctx before ctx does.
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrStopped
	}
	return err
}

// status returns the status of the answer to a request whose peer closes the connection.
func status(ctx context.Context, c io.Reader) (string, error) {
	b, err := io.ReadAll(c)
	if ctx.Err() != nil {
		return "", ErrStopped
	}
	if m := statusLine.FindSubmatch(b); m != nil {
		return string(m[1]), nil
	}
	if err == nil {
		err = fmt.Errorf("answered %.100q", b)
	}
	return "", err
}

var statusLine = regexp.MustCompile(`^HTTP/1\.1 (\d+) `)

// drip writes text byte by byte with a pause after each, until it is at its end or the server closes the connection.
func drip(ctx context.Context, c net.Conn, text string, pause time.Duration) {
	for i := range len(text) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if _, err := c.Write([]byte(text[i : i+1])); err != nil {
			return
		}
	}
}

// alert returns what TLS alert comes before the end of the connection: "alert N", or "EOF" if there is none.
func alert(ctx context.Context, c net.Conn) (string, error) {
	b, err := io.ReadAll(c)
	switch {
	case ctx.Err() != nil:
		return "", ErrStopped
	case err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && len(b) == 0 && !isReset(err):
		return "", err
	case len(b) >= 7 && b[0] == 21:
		return fmt.Sprintf("alert %d", b[6]), nil
	}
	return "EOF", nil
}

func isReset(err error) bool { return strings.Contains(err.Error(), "reset by peer") }

// secure connects with TLS.
func secure(ctx context.Context, addr string, config *tls.Config) (*tls.Conn, func(), error) {
	tcp, done, err := dial(ctx, addr)
	if err != nil {
		return nil, nil, err
	}
	config.InsecureSkipVerify = true
	c := tls.Client(tcp, config)
	if err := c.HandshakeContext(ctx); err != nil {
		done()
		return nil, nil, stopped(ctx, err)
	}
	return c, done, nil
}
