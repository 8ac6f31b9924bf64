//go:build linux

package harness

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var standin = sync.OnceValues(func() (string, error) {
	return buildProgram("./test/harness/testdata/standin", false)
})

func standinConfig(t *testing.T, script string, ports ...int) Config {
	t.Helper()
	path, err := standin()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Binary: path, Script: script, Listen: ports}
	for _, port := range ports {
		cfg.Args = append(cfg.Args, strconv.Itoa(port))
	}
	return cfg
}

// recorder takes the place of testing.T where a test expects the harness to fail it.
type recorder struct {
	testing.TB // the real test, for TempDir and Helper
	failed     bool
	skipped    bool
	messages   strings.Builder
	cleanups   []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Failed() bool              { return r.failed }
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Logf(f string, a ...any)   { fmt.Fprintf(&r.messages, f+"\n", a...) }
func (r *recorder) Errorf(f string, a ...any) { r.failed = true; r.Logf(f, a...) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }
func (r *recorder) Fatal(a ...any)            { r.Fatalf("%s", fmt.Sprint(a...)) }
func (r *recorder) Skipf(f string, a ...any)  { r.skipped = true; r.Logf(f, a...); runtime.Goexit() }

// record runs f against a recorder, cleanups included.
func record(t *testing.T, f func(testing.TB)) *recorder {
	r := &recorder{TB: t}
	inGoroutine(func() { f(r) })
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		inGoroutine(r.cleanups[i])
	}
	return r
}

// inGoroutine waits for f, which may end its goroutine.
func inGoroutine(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func TestStartServeStop(t *testing.T) {
	t.Parallel()
	ports := Ports(t, 2)
	w := Start(t, standinConfig(t, "hello", ports...))
	for _, port := range ports {
		res, body := Get(t, port, "/")
		if res.StatusCode != 200 || body != "stand-in" {
			t.Errorf("port %d: %d %q", port, res.StatusCode, body)
		}
	}
	if rss := RSS(t, w.PID); rss < 1<<20 {
		t.Errorf("RSS %d", rss)
	}
	if n := OpenFiles(t, w.PID); n < 5 {
		t.Errorf("%d open files with two listeners", n)
	}
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if w.Running() {
		t.Error("still running after Stop")
	}
	if out := w.Stdout.String(); out != "hello\n" {
		t.Errorf("stdout %q", out)
	}
}

func TestCodebaseFiles(t *testing.T) {
	t.Parallel()
	cfg := standinConfig(t, "")
	cfg.Script = ""
	cfg.Files = map[string]string{"lib/entry.js": "from the entry", "other.js": ""}
	cfg.Main = "lib/entry.js"
	w := Spawn(t, cfg)
	Eventually(t, "the entry file was read", func() bool { return w.Stdout.String() == "from the entry\n" })
	if _, err := os.Stat(w.Dir + "/other.js"); err != nil {
		t.Error(err)
	}
}

func TestEarlyExitFailsWithOutput(t *testing.T) {
	t.Parallel()
	cfg := standinConfig(t, "fail", Port(t))
	r := record(t, func(tb testing.TB) { Start(tb, cfg) })
	if text := r.messages.String(); !r.failed || !strings.Contains(text, "it fails") || !strings.Contains(text, "code 1") {
		t.Errorf("failed=%v %s", r.failed, text)
	}
}

func TestExpectedFailure(t *testing.T) {
	t.Parallel()
	w := Spawn(t, standinConfig(t, "fail"))
	if code := w.WaitExit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	w.WaitLog("main.js:1:1")
}

func TestCrashFailsTheTest(t *testing.T) {
	t.Parallel()
	cfg := standinConfig(t, "crash")
	r := record(t, func(tb testing.TB) { Spawn(tb, cfg).WaitExit() })
	if text := r.messages.String(); !r.failed || !strings.Contains(text, "stand-in crashed") {
		t.Errorf("failed=%v %s", r.failed, text)
	}
}

func TestCleanupForcesWithASecondInterrupt(t *testing.T) {
	t.Parallel()
	port := Port(t)
	cfg := standinConfig(t, "stubborn", port)
	var w *Weir
	r := record(t, func(tb testing.TB) { w = Start(tb, cfg) })
	if r.failed || w.Running() || !strings.Contains(w.Stderr.String(), "forced") {
		t.Errorf("failed=%v running=%v %s", r.failed, w.Running(), r.messages.String())
	}
}

func TestNeed(t *testing.T) {
	const absent = "weir-no-such-tool"
	t.Setenv("WEIR_SKIP_TOOLS", "")
	r := record(t, func(tb testing.TB) { Need(tb, "sh", absent) })
	if !r.failed || !strings.Contains(r.messages.String(), "apt-get install "+absent) {
		t.Errorf("failed=%v %s", r.failed, r.messages.String())
	}
	t.Setenv("WEIR_SKIP_TOOLS", "1")
	r = record(t, func(tb testing.TB) { Need(tb, absent) })
	if r.failed || !r.skipped {
		t.Errorf("failed=%v skipped=%v", r.failed, r.skipped)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	r := RunInput(t, "input", "sh", "-c", "cat; echo oops >&2; exit 7")
	if want := (Result{Stdout: "input", Stderr: "oops\n", Code: 7}); r != want {
		t.Errorf("%+v", r)
	}
	missing := record(t, func(tb testing.TB) { Run(tb, "weir-no-such-tool") })
	if !missing.failed {
		t.Error("a missing program must fail the test")
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	u := StartUpstream(t, "blue")
	for path, want := range map[string]string{
		"/":                         "blue",
		"/anything":                 "blue",
		"/delay?ms=1":               "blue",
		"/status?code=204":          "",
		"/big?size=3":               "\x00\x00\x00",
		"/big?size=70000&chunked=1": strings.Repeat("\x00", 70000),
	} {
		res, body := Get(t, u.Port, path)
		if body != want || res.Header.Get("x-upstream") != "blue" {
			t.Errorf("%s: %d bytes, status %d, header %v", path, len(body), res.StatusCode, res.Header)
		}
	}
	if res, _ := Get(t, u.Port, "/big?size=70000&chunked=1"); len(res.TransferEncoding) == 0 {
		t.Errorf("content-length %d instead of chunks", res.ContentLength)
	}
	if n := u.Requests(); n != 7 {
		t.Errorf("%d requests counted", n)
	}
	if n := u.Connections(); n != 7 {
		t.Errorf("%d connections counted", n)
	}
	if got := Curl(t, "--data-binary", "12345", "http://"+u.Addr()+"/sink?bps=1000"); got != "5" || u.Received() != 5 {
		t.Errorf("sink said %q, counted %d", got, u.Received())
	}
	if got := Curl(t, "--data-binary", "again", "http://"+u.Addr()+"/echo"); got != "again" {
		t.Errorf("echo said %q", got)
	}
	u.Stop()
	if c, err := net.DialTimeout("tcp", u.Addr(), time.Second); err == nil {
		c.Close()
		t.Error("accepts connections after Stop")
	}
}

func TestNginxUpstream(t *testing.T) {
	t.Parallel()
	port := StartNginx(t, `location /hi { return 200 "hi\n"; } location / { root @ROOT@; }`, map[string]string{"a.txt": "file"})
	if _, body := Get(t, port, "/hi"); body != "hi\n" {
		t.Errorf("%q", body)
	}
	if _, body := Get(t, port, "/a.txt"); body != "file" {
		t.Errorf("%q", body)
	}
}

func TestConn(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan error, 3)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, err = io.Copy(c, c)
			ended <- err
			c.Close()
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	if got := Exchange(t, port, "whole"); got != "whole" {
		t.Errorf("%q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}

	c := Dial(t, port)
	c.Send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi" + "abc\r\n12")
	if res, body := c.ReadResponse("GET"); res.StatusCode != 200 || body != "hi" {
		t.Errorf("%v %q", res, body)
	}
	if got := c.ReadUntil("\r\n"); got != "abc\r\n" {
		t.Errorf("%q", got)
	}
	if got := c.ReadN(1); got != "1" {
		t.Errorf("%q", got)
	}
	b := make([]byte, 8)
	if n, err := c.Read(b); err != nil || string(b[:n]) != "2" {
		t.Errorf("%q %v", b[:n], err)
	}
	c.Reset()
	if err := <-ended; err == nil {
		t.Error("the peer saw no reset")
	}
}

func TestDialManyAndOpenFileLimit(t *testing.T) {
	t.Parallel()
	OpenFileLimit(t, 300)
	limit := Run(t, "sh", "-c", "ulimit -n").Stdout
	if n, err := strconv.Atoi(strings.TrimSpace(limit)); err != nil || n < 300 {
		t.Errorf("children may open %q files", limit)
	}
	u := StartUpstream(t, "many")
	for _, c := range DialMany(t, u.Port, 20) {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	Eventually(t, "20 requests have arrived", func() bool { return u.Requests() == 20 })
}

func TestSlowRead(t *testing.T) {
	t.Parallel()
	u := StartUpstream(t, "big")
	c := Dial(t, u.Port)
	c.Send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
	if n := SlowRead(t, c, 10, time.Millisecond); n != 1 {
		t.Errorf("%d bytes at 10 bytes per second in a single step", n)
	}
}
