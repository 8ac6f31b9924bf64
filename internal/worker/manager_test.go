package worker

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/api/pipy"
	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/status"
)

// manage starts a program of two workers under a manager.
func manage(t *testing.T, script string) *Manager {
	t.Helper()
	log, err := logs.New(logs.Options{Local: logs.Null, HistoryLimit: logs.DefaultHistory})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "main.js")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	code, err := codebase.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := NewManager(ManagerOptions{Program: Options{Log: log, Threads: 2, ReusePort: true, Info: pipy.Info{UUID: "u", Name: "n"}}})
	if err := m.StartCode(Local, code); err != nil {
		t.Fatalf("%v\n%s", err, log.History())
	}
	t.Cleanup(m.Stop)
	return m
}

// freePort returns a port nobody listens on.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

const legacy = `pipy()
	.listen(PORT).demuxHTTP().to($ => $.link('answer'))
	.pipeline('answer').replaceMessage(() => new Message('x'))
	.task('1h').dummy()
	.admin('/admin/ping').replaceMessage(m => new Message('pong ' + __thread.id + ' ' + m.head.path + ' ' + m.body + '\n'))
	.admin('/admin/none').dummy().replaceMessage(() => null)`

func TestManagerStatus(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	m := manage(t, strings.Replace(legacy, "PORT", port, 1))
	s := m.Status()
	if s.Since == 0 || s.Timestamp < s.Since || s.UUID != "u" || s.Name != "n" || s.Version != "1" {
		t.Errorf("got %+v", s)
	}
	b, err := json.Marshal(s.Modules)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"/main.js":{"graph":{"roots":[0,5,7,9],"nodes":[` +
		`{"name":"[0.0.0.0]:` + port + `","t":"root","c":[1]},` +
		`{"name":"demuxHTTP","t":"joint","st":"demux","ot":"subs","p":0,"c":[2]},` +
		`{"name":"","t":"pipeline","p":1,"c":[3]},` +
		`{"name":"link","t":"joint","ot":"subs","p":2,"c":[4]},` +
		`{"name":"answer","t":"pipeline","p":3,"c":[5]},`
	want = strings.Replace(want, "[0,5,7,9]", "[0,6,8,10]", 1)
	want += `{"name":"replaceMessage","t":"filter","p":4},` +
		`{"name":"Task #1","t":"root","c":[7]},{"name":"dummy","t":"filter","p":6},` +
		`{"name":"Admin /admin/ping","t":"root","c":[9]},{"name":"replaceMessage","t":"filter","p":8},` +
		`{"name":"Admin /admin/none","t":"root","c":[11,12]},{"name":"dummy","t":"filter","p":10},{"name":"replaceMessage","t":"filter","p":10}]}}}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

func TestManagerServe(t *testing.T) {
	t.Parallel()
	m := manage(t, strings.Replace(legacy, "PORT", freePort(t), 1))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := m.Serve(ctx, "/admin/ping?x", []byte("body"))
	if want := "pong 0 /admin/ping?x body\npong 1 /admin/ping?x body\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := m.Serve(ctx, "/admin/other", nil); !errors.Is(err, status.ErrNoPath) {
		t.Errorf("got %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := m.Serve(short, "/admin/none", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a pipeline that does not answer: %v", err)
	}
	m.Stop()
	if _, err := m.Serve(ctx, "/admin/ping", nil); !errors.Is(err, status.ErrBusy) {
		t.Errorf("without a program: %v", err)
	}
}

func TestManagerDump(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	m := manage(t, strings.Replace(legacy, "PORT", port, 1))
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	d := m.Dump()
	if n := len(d.Inbound); n != 1 || d.Inbound[0].Connections != 1 || strconv.Itoa(d.Inbound[0].Port) != port {
		t.Errorf("inbound: %+v", d.Inbound)
	}
	var made, active int
	for _, l := range d.Pipelines {
		if l.Name == "[0.0.0.0]:"+port {
			made, active = l.Allocated, l.Active
		}
	}
	if made != 1 || active != 1 {
		t.Errorf("%d pipelines made, %d active, want 1: %+v", made, active, d.Pipelines)
	}
}

// A worker that is busy is not waited for for long, nor asked again and again; what it said before counts.
func TestManagerBusyWorker(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	m := manage(t, `pipy.listen(`+port+`, $ => $.onStart(() => { for (;;) ; }).dummy())`)
	before := m.Dump()
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	for {
		short, done := context.WithTimeout(ctx, 200*time.Millisecond)
		err := m.Healthy(short)
		done()
		if err != nil {
			break
		}
	}
	cancel()
	for range 3 {
		if d := m.Dump(); len(d.Inbound) != len(before.Inbound) {
			t.Errorf("got %+v, want what was known before: %+v", d.Inbound, before.Inbound)
		}
	}
	if m.Status().Since == 0 {
		t.Error("no status")
	}
}

func TestManagerRestart(t *testing.T) {
	t.Parallel()
	m := manage(t, `pipy.listen(`+freePort(t)+`, $ => $.dummy())`)
	if got := m.Program(); got != Local {
		t.Errorf("running: %q", got)
	}
	m.Stop()
	if got := m.Program(); got != "" {
		t.Errorf("after Stop: %q", got)
	}
	if len(m.Metrics()) == 0 {
		t.Error("no metrics without a program")
	}
	if err := m.Start(Local); err != nil {
		t.Fatal(err)
	}
	if err := m.Start("/other"); err == nil || err.Error() != "Codebase not found: /other" {
		t.Errorf("got %v", err)
	}
	if got := m.Program(); got != Local {
		t.Errorf("a failed start ended the program: %q runs", got)
	}
	if err := m.Code().Write("/main.js", []byte("syntax error")); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(Local); !errors.Is(err, status.ErrFailedToStart) {
		t.Errorf("got %v", err)
	}
	if err := m.Code().Remove("/main.js"); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(Local); !errors.Is(err, status.ErrNoMain) {
		t.Errorf("got %v", err)
	}
}

func TestManagerCreators(t *testing.T) {
	t.Parallel()
	m := manage(t, "var kept = []\nfor (var i = 0; i < 3; i++) kept.push(\n  new Data('x'))\npipy.listen("+freePort(t)+", $ => $.dummy())")
	if got := m.Creators("Data"); len(got) != 0 {
		t.Errorf("nobody asked for traces: %v", got)
	}
	m.opts.Program.TraceObjects = true
	if err := m.Start(Local); err != nil {
		t.Fatal(err)
	}
	got := m.Creators("Data")
	n := 0
	for site, count := range got {
		if strings.HasPrefix(site, "/main.js:3:") {
			n += count
		}
	}
	if n != 6 {
		t.Errorf("got %v, want 6 of line 3", got)
	}
}

// Whoever waits for the end of a program hears of it when it is stopped, too, and of one that ends by itself after Ended has
// been told.
func TestManagerIdle(t *testing.T) {
	m := manage(t, `pipy.listen(`+freePort(t)+`, $=>$.serveHTTP(() => new Message))`)
	running := m.Idle()
	select {
	case <-running:
		t.Fatal("a running program is said to have ended")
	default:
	}
	m.Stop()
	<-running
	<-NewManager(ManagerOptions{}).Idle() // without a program there is nothing to wait for

	ended := false
	o := m.opts
	o.Ended = func(int) { ended = true }
	short := NewManager(o)
	if err := short.StartCode(Local, codebase.FromText("1")); err != nil {
		t.Fatal(err)
	}
	<-short.Idle()
	if !ended {
		t.Error("Ended has not been told")
	}
}
