//go:build linux

package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const short = 50 * time.Millisecond

func address(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

func webServer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return address(s)
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// freeAddress returns an address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestExchangeWithItsOwnEcho(t *testing.T) {
	t.Parallel()
	echo := freeAddress(t)
	r, err := exchange(echo, echo, 4, 64, short)
	if err != nil || r.Count == 0 || r.Seconds < short.Seconds() {
		t.Errorf("%+v %v", r, err)
	}
}

func TestExchangeNoticesAWrongAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, c, 64)
			_, _ = io.WriteString(c, strings.Repeat("x", 64))
		}
	}()
	if r, err := exchange(l.Addr().String(), freeAddress(t), 1, 64, 20*time.Second); err == nil {
		t.Errorf("no error, %+v", r)
	}
}

func TestConnect(t *testing.T) {
	t.Parallel()
	r, err := connect(webServer(t, hello), 4, short)
	if err != nil || r.Count == 0 || r.Errors > 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestConnectCountsErrors(t *testing.T) {
	t.Parallel()
	broken := webServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	r, err := connect(broken, 4, short)
	if err != nil || r.Errors == 0 || r.Count > 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestIdle(t *testing.T) {
	if err := idle(webServer(t, hello), 10, false); err != nil || len(held) != 10 {
		t.Errorf("%d connections held, %v", len(held), err)
	}
	for _, c := range held {
		c.Close()
	}
	held = nil
	closing := webServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("connection", "close") })
	if err := idle(closing, 1, false); err == nil {
		t.Error("a server that closes after one request holds no idle connection")
	}
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"fly"}, {"connect", "-addr", "nowhere"}, {"exchange", "-addr", "[::1]:1"}} {
		if err := run(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func secureServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(hello))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "https://")
}

func TestHandshakes(t *testing.T) {
	t.Parallel()
	for _, resume := range []bool{false, true} {
		r, err := handshakes(secureServer(t), 4, short, resume)
		if err != nil || r.Count == 0 || r.Errors > 0 {
			t.Errorf("resume %t: %+v %v", resume, r, err)
		}
	}
	if r, err := handshakes(webServer(t, hello), 1, short, false); err == nil {
		t.Errorf("no error from a server without TLS, %+v", r)
	}
}

func TestIdleOverTLS(t *testing.T) {
	t.Parallel()
	if err := idle(secureServer(t), 3, true); err != nil {
		t.Error(err)
	}
}
