//go:build linux

package harness

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// GiB is the size of the body that tests of slow readers send.
const GiB = 1 << 30

// Upstream is an HTTP/1.1 server written in Go for weir to talk to. Its paths:
//
//	/            the upstream's name
//	/echo        the request body, as it arrives
//	/delay?ms=N  the name after N milliseconds
//	/big?size=N  N zero bytes (default 1 GiB) with a content-length; &chunked=1 without one
//	/sink?bps=N  reads the request body, N bytes per second if given, and answers with its length
//	/status?code=N  an empty response with that status
//
// Every other path answers with the name. Every response has the header "x-upstream" with the name.
type Upstream struct {
	Name string
	Port int

	requests atomic.Int64
	received atomic.Int64
	conns    atomic.Int64
	server   *http.Server
}

// StartUpstream starts an upstream on a free port until the end of the test.
func StartUpstream(t testing.TB, name string) *Upstream {
	t.Helper()
	return StartUpstreamHandler(t, name, nil)
}

// StartUpstreamHandler is StartUpstream with a handler of the test's own; requests are still counted.
func StartUpstreamHandler(t testing.TB, name string, handler http.Handler) *Upstream {
	t.Helper()
	u := &Upstream{Name: name, Port: Port(t)}
	if handler == nil {
		handler = u.routes()
	}
	l, err := net.Listen("tcp", Addr(u.Port))
	if err != nil {
		t.Fatal(err)
	}
	u.server = &http.Server{
		ReadHeaderTimeout: Patience,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u.requests.Add(1)
			w.Header().Set("x-upstream", name)
			handler.ServeHTTP(w, r)
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				u.conns.Add(1)
			}
		},
	}
	go u.server.Serve(l) //nolint:errcheck // always ErrServerClosed
	t.Cleanup(u.Stop)
	return u
}

// Addr returns "127.0.0.1:port".
func (u *Upstream) Addr() string { return Addr(u.Port) }

// Requests returns how many requests have arrived.
func (u *Upstream) Requests() int64 { return u.requests.Load() }

// Connections returns how many connections were accepted.
func (u *Upstream) Connections() int64 { return u.conns.Load() }

// Received returns how many bytes of request bodies /sink has read.
func (u *Upstream) Received() int64 { return u.received.Load() }

// Stop closes the listener and all connections at once, as a crashed server would.
func (u *Upstream) Stop() { _ = u.server.Close() }

func (u *Upstream) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, u.Name) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("/delay", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Duration(query(r, "ms", 0)) * time.Millisecond):
			_, _ = io.WriteString(w, u.Name)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		size := query(r, "size", GiB)
		if query(r, "chunked", 0) == 0 {
			w.Header().Set("content-length", strconv.FormatInt(size, 10))
		}
		_, _ = io.CopyN(w, zeros{}, size)
	})
	mux.HandleFunc("/sink", func(w http.ResponseWriter, r *http.Request) {
		n := u.drain(r.Body, query(r, "bps", 0))
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(int(query(r, "code", 200)))
	})
	return mux
}

// drain reads a body to its end in steps of a tenth of a second when a rate is given.
func (u *Upstream) drain(body io.Reader, bps int64) int64 {
	chunk := int64(64 << 10)
	if bps > 0 {
		chunk = max(bps/10, 1)
	}
	buf := make([]byte, chunk)
	var total int64
	for {
		n, err := io.ReadFull(body, buf)
		total += int64(n)
		u.received.Add(int64(n))
		if err != nil {
			return total
		}
		if bps > 0 {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func query(r *http.Request, name string, fallback int64) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}

// zeros is an endless source of zero bytes.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
