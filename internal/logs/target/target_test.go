package target

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weir/internal/logs"
	"weir/internal/metrics"
)

// counter returns a counter for one test.
func counter(t *testing.T) *metrics.Shared { return Dropped(t.Name(), t.Name()) }

// finish closes a target and waits until it has delivered everything.
func finish(t *testing.T, target *Target) {
	t.Helper()
	target.Close()
	target.Close()
	select {
	case <-target.done:
	case <-time.After(20 * time.Second):
		t.Fatal("the target does not end")
	}
	if target.bytes != 0 {
		t.Errorf("%d bytes are neither delivered nor lost", target.bytes)
	}
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout waiting for: %s", what)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	a, err := File(path, logs.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := File(filepath.Join(filepath.Dir(path), "x", "..", "a.log"), logs.FileOptions{MaxSize: 1}); a != b {
		t.Error("not the same target")
	}
	lost := counter(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range 500 {
				a.Write(fmt.Appendf(nil, "%d-%d-%s", i, k, strings.Repeat("x", 200)), lost)
			}
		})
	}
	wg.Wait()
	finish(t, a)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	next := [4]int{}
	for _, l := range lines {
		var i, k int
		var x string
		if n, _ := fmt.Sscanf(l, "%d-%d-%s", &i, &k, &x); n != 3 || len(x) != 200 || k != next[i] {
			t.Fatalf("line %q, want number %v", l, next)
		}
		next[i]++
	}
	if len(lines) != 2000 || lost.Value() != 0 {
		t.Errorf("%d lines, %d lost", len(lines), lost.Value())
	}
	a.Write([]byte("late"), lost)
	if lost.Value() != 1 {
		t.Error("a record for a closed target is not counted")
	}
}

func TestFileRotates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, _ := File(filepath.Join(dir, "r.log"), logs.FileOptions{MaxSize: 10, MaxCount: 2})
	for i := range 5 {
		f.Write(fmt.Appendf(nil, "record%d", i), counter(t))
	}
	finish(t, f)
	entries, _ := os.ReadDir(dir)
	var all strings.Builder
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		all.Write(text)
	}
	if got := all.String(); len(entries) != 3 || got != "record2\nrecord3\nrecord4\n" {
		t.Errorf("%d files with %q", len(entries), got)
	}
}

func TestFileCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "missing")
	f, _ := File(filepath.Join(dir, "f.log"), logs.FileOptions{})
	lost := counter(t)
	f.Write([]byte("one"), lost)
	eventually(t, "the loss of a record", func() bool { return lost.Value() == 1 })
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("two"), lost)
	finish(t, f)
	if text, err := os.ReadFile(filepath.Join(dir, "f.log")); string(text) != "two\n" || lost.Value() != 1 {
		t.Errorf("%q, %v, %d lost", text, err, lost.Value())
	}
}

// A pipe that nobody reads is a stream that blocks.
func TestStreamBlocks(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	s := start("pipe", 100, stream{w})
	lost := counter(t)
	for range 10 {
		s.Write([]byte(strings.Repeat("x", 30)), lost)
	}
	if lost.Value() != 7 {
		t.Errorf("%d lost", lost.Value())
	}
	go func() { finish(t, s); w.Close() }()
	text, _ := io.ReadAll(r)
	if n := strings.Count(string(text), strings.Repeat("x", 30)+"\n"); n != 3 {
		t.Errorf("%d records: %q", n, text)
	}
	r2, w2 := io.Pipe()
	r2.Close()
	broken := start("broken", 100, stream{w2})
	broken.Write([]byte("x"), lost)
	finish(t, broken)
	if lost.Value() != 8 {
		t.Errorf("%d lost", lost.Value())
	}
}

// server records the bodies of requests, and answers as the test likes.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []*http.Request
	answer atomic.Int64  // status
	hold   chan struct{} // requests wait for it
}

func newServer(t *testing.T) *server {
	s := &server{hold: make(chan struct{})}
	s.answer.Store(204)
	close(s.hold)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.bodies, s.heads = append(s.bodies, string(body)), append(s.heads, r)
		hold := s.hold
		s.mu.Unlock()
		<-hold
		w.WriteHeader(int(s.answer.Load()))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

func httpOptions() HTTPOptions {
	return HTTPOptions{Method: "POST", Limit: Limit, BatchSize: 3, BatchTimeout: time.Hour, BatchInterval: time.Hour,
		BatchPrefix: "[", BatchPostfix: "]", Divide: ","}
}

func TestHTTPBatches(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := httpOptions()
	o.Method, o.Headers = "PUT", http.Header{"Host": {"logs.example"}, "X-Key": {"k"}}
	h, err := HTTP(s.URL+"/in?x=1", o)
	if err != nil {
		t.Fatal(err)
	}
	lost := counter(t)
	h.Write([]byte("0"), lost)
	eventually(t, "the first record, which goes alone", func() bool { return len(s.got()) == 1 })
	for i := range 7 {
		h.Write(fmt.Append(nil, i+1), lost)
	}
	eventually(t, "whole batches", func() bool { return len(s.got()) == 3 })
	finish(t, h)
	if got := fmt.Sprint(s.got()); got != "[[0] [1,2,3] [4,5,6] [7]]" || lost.Value() != 0 {
		t.Errorf("%s, %d lost", got, lost.Value())
	}
	if r := s.heads[0]; r.Method != "PUT" || r.Host != "logs.example" || r.Header.Get("X-Key") != "k" || r.RequestURI != "/in?x=1" {
		t.Errorf("request %s %s to %s, headers %v", r.Method, r.RequestURI, r.Host, r.Header)
	}
}

func TestHTTPIdle(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := httpOptions()
	o.BatchTimeout = 10 * time.Millisecond
	h, _ := HTTP(s.URL, o)
	h.Write([]byte("first"), counter(t))
	eventually(t, "the first record", func() bool { return len(s.got()) == 1 })
	h.Write([]byte("second"), counter(t))
	eventually(t, "the second record, after a while", func() bool { return len(s.got()) == 2 })
	finish(t, h)
}

func TestHTTPRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer.Store(503)
	h, _ := HTTP(s.URL, httpOptions())
	lost := counter(t)
	h.Write([]byte("x"), lost)
	eventually(t, "the loss of a refused record", func() bool { return lost.Value() == 1 })
	s.answer.Store(302)
	for range 3 {
		h.Write([]byte("y"), lost)
	}
	eventually(t, "the loss of redirected records", func() bool { return lost.Value() == 4 })
	finish(t, h)
}

// While a server does not answer, records wait up to the limit; then they are dropped, and nobody has to wait.
func TestHTTPSlow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.hold = make(chan struct{})
	o := httpOptions()
	o.Limit = 10
	h, _ := HTTP(s.URL, o)
	lost := counter(t)
	for range 25 {
		h.Write([]byte("x"), lost)
	}
	if lost.Value() != 15 {
		t.Errorf("%d lost", lost.Value())
	}
	close(s.hold)
	finish(t, h)
	if got := strings.Count(strings.Join(s.got(), ""), "x"); got != 10 {
		t.Errorf("%d records arrived", got)
	}
}

// A server that is down gets its records when it is up again.
func TestHTTPDown(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var down atomic.Int64
	down.Store(3)
	h := &httpCarrier{url: s.URL, o: httpOptions(), retry: time.Millisecond}
	h.transport = &http.Transport{}
	h.client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if down.Add(-1) >= 0 {
			return nil, io.ErrUnexpectedEOF
		}
		return h.transport.RoundTrip(r)
	})}
	target := start("down", Limit, h)
	lost := counter(t)
	target.Write([]byte("x"), lost)
	eventually(t, "a record after failures", func() bool { return len(s.got()) == 1 })
	down.Store(1 << 40)
	h.deadline = time.Unix(1, 0) // as if it were closed long ago
	target.Write([]byte("y"), lost)
	finish(t, target)
	if lost.Value() != 1 || len(s.got()) != 1 {
		t.Errorf("%d lost, got %q", lost.Value(), s.got())
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestHTTPErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, method, header, want string }{
		{"ftp://x/", "POST", "a", "invalid URL: ftp://x/: it has to begin with http:// or https:// and a host"},
		{"/x", "POST", "a", "invalid URL: /x: it has to begin with http:// or https:// and a host"},
		{"http://a b/", "POST", "a", "invalid URL: http://a b/"},
		{"http://x/", "A B", "a", "invalid method: A B"},
		{"http://x/", "POST", "a\nb", "invalid header: a\nb"},
	} {
		o := httpOptions()
		o.Method, o.Headers = c.method, http.Header{c.header: {"v"}}
		if _, err := HTTP(c.url, o); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	History(t.Name()).Append([]byte("x\n"))
	if string(History(t.Name()).Bytes()) != "x\n" || !strings.Contains(strings.Join(Histories(), " "), t.Name()) {
		t.Error("the history is not kept by name")
	}
}
