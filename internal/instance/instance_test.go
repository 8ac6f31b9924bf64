package instance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/internal/api/pipy"
	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/worker"
)

const patience = 20 * time.Second // for what must happen; passing tests do not wait it out

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout waiting for: %s", what)
		}
	}
}

// server is a repo with one codebase of one file, which notes what its instance does.
type server struct {
	*httptest.Server
	t     *testing.T
	links chan *peer

	mu      sync.Mutex
	version string
	script  string
	changed chan struct{} // closed by the next version
	status  int           // of answers to reports
	reports []report
	headers map[string]bool // authorization of all requests
}

type report struct {
	UUID, IP, Version string
	Metrics           *struct {
		Version int64
		Last    *int64
	}
}

// peer is the server's end of a link.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
	path string
	end  chan struct{}
}

func newServer(t *testing.T, script string) *server {
	s := &server{t: t, links: make(chan *peer, 100), version: "1", script: script, changed: make(chan struct{}), status: http.StatusPartialContent,
		headers: map[string]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) publish(version, script string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.script = version, script
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *server) answerReports(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.reports = status, nil
}

// reported returns the reports since the last answerReports, once there are n.
func (s *server) reported(n int) (list []report) {
	s.t.Helper()
	eventually(s.t, fmt.Sprint(n, " reports"), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		list = slices.Clone(s.reports)
		return len(list) >= n
	})
	return list
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	version, script, changed, status := s.version, s.script, s.changed, s.status
	s.headers[r.Header.Get("Authorization")] = true
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		var got report
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			s.t.Errorf("report: %v", err)
		}
		s.mu.Lock()
		s.reports = append(s.reports, got)
		s.mu.Unlock()
		w.WriteHeader(status)
		return
	case r.Header.Get("Upgrade") == "websocket":
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		l := &peer{s.t, conn, r.URL.EscapedPath(), make(chan struct{})}
		s.links <- l
		<-l.end
		_ = conn.CloseNow()
		return
	case r.Header.Get("If-None-Match") == version:
		select {
		case <-changed:
			s.mu.Lock()
			version, script = s.version, s.script
			s.mu.Unlock()
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("ETag", version)
	if r.URL.Path == "/repo/x/" {
		_, _ = io.WriteString(w, "/main.js")
		return
	}
	_, _ = io.WriteString(w, script)
}

// link returns the next link, which has said who it is.
func (s *server) link() *peer {
	s.t.Helper()
	select {
	case l := <-s.links:
		s.t.Cleanup(l.close)
		if got := l.receive(); got != "" {
			s.t.Errorf("the first message is %q", got)
		}
		return l
	case <-time.After(patience):
		s.t.Fatal("no link")
		return nil
	}
}

func (l *peer) close() {
	select {
	case <-l.end:
	default:
		close(l.end)
	}
}

func (l *peer) send(command string) {
	l.t.Helper()
	if err := l.conn.Write(l.t.Context(), websocket.MessageText, []byte(command)); err != nil {
		l.t.Error(err)
	}
}

func (l *peer) receive() string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	_, message, err := l.conn.Read(ctx)
	if err != nil {
		l.t.Fatalf("no message: %v", err)
	}
	return string(message)
}

// expect skips messages before the wanted one.
func (l *peer) expect(want string) {
	l.t.Helper()
	for {
		if got := l.receive(); strings.HasPrefix(got, want) {
			return
		}
	}
}

// running is an instance that follows a server.
type running struct {
	*Instance
	t    *testing.T
	log  *logs.Logger
	exit chan int
}

const lasting = "new Timeout(3600).wait()\n" // a program that goes on

// run starts an instance; change edits its options.
func run(t *testing.T, s *server, change func(*Options)) *running {
	t.Helper()
	log, err := logs.New(logs.Options{Local: logs.Null, HistoryLimit: logs.DefaultHistory})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Log: log, Poll: time.Hour, URL: s.URL + "/repo/x/", Client: s.Client(), Token: "tok", UUID: "u 1", Hold: func() bool { return false }}
	if change != nil {
		change(&o)
	}
	o.Remote, err = codebase.NewRemote(codebase.RemoteOptions{URL: o.URL, Client: o.Client, Token: o.Token, Poll: time.Millisecond, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, log: log, exit: make(chan int, 1)}
	o.Manager = worker.NewManager(worker.ManagerOptions{
		Program: worker.Options{Log: log, Stay: true, Info: pipy.Info{UUID: o.UUID}},
		Ended:   func(exit int) { r.Ended(exit) },
	})
	r.Instance = New(o)
	r.interval = 5 * time.Millisecond
	go func() { r.exit <- r.Run() }()
	return r
}

// stop ends the instance as if its program had exited, and the program.
func (r *running) stop() {
	r.t.Helper()
	r.Ended(3)
	select {
	case exit := <-r.exit:
		if exit != 3 {
			r.t.Errorf("exit code %d", exit)
		}
	case <-time.After(patience):
		r.t.Fatalf("the instance does not end\n%s", r.log.History())
	}
	r.o.Manager.Stop()
}

func (r *running) logged(text string) int { return strings.Count(string(r.log.History()), text) }

func (r *running) reloads() int { return r.logged("Codebase reloaded on thread 0") }

func TestFollow(t *testing.T) {
	t.Parallel()
	s := newServer(t, lasting)
	r := run(t, s, nil)
	link := s.link()
	if link.path != "/repo/x/u%201" {
		t.Errorf("the link is at %s", link.path)
	}
	for version := 2; version <= 6; version++ {
		// The repo tells of a commit twice: those that wait for it, and over the links.
		s.publish(fmt.Sprint(version), lasting)
		link.send("reload")
		eventually(t, "the reload", func() bool { return r.reloads() >= version-1 })
	}
	r.Sync() // is met even if nothing has changed
	eventually(t, "the reload on demand", func() bool { return r.reloads() >= 6 })
	if n := r.reloads(); n != 6 {
		t.Errorf("%d reloads for 5 commits and a demand", n)
	}
	s.publish("7", "throw new Error('broken')")
	eventually(t, "the failure", func() bool { return r.logged("Failed reloading codebase") == 1 })
	s.publish("8", lasting)
	eventually(t, "the next version", func() bool { return r.reloads() == 7 })
	// The same version with other content, which only the link tells of.
	s.mu.Lock()
	s.script = "// other\n" + lasting
	s.mu.Unlock()
	link.send("reload")
	eventually(t, "other content under the same version", func() bool { return r.reloads() == 8 })
	r.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.headers) != 1 || !s.headers["Bearer tok"] {
		t.Errorf("authorization: %v", s.headers)
	}
}

func TestNoReload(t *testing.T) {
	t.Parallel()
	s := newServer(t, lasting)
	r := run(t, s, func(o *Options) { o.NoReload = true })
	link := s.link()
	s.publish("2", lasting)
	r.reportsOf(s, "1")
	if n := r.reloads(); n != 0 {
		t.Errorf("%d reloads", n)
	}
	link.send("reload") // somebody insists
	eventually(t, "the reload", func() bool { return r.reloads() == 1 })
	r.stop()
}

// reportsOf waits for reports of a version that came after this call.
func (r *running) reportsOf(s *server, version string) {
	r.t.Helper()
	s.answerReports(http.StatusPartialContent)
	for _, got := range s.reported(3)[1:] {
		if got.Version != version {
			r.t.Errorf("version %q is reported, want %q", got.Version, version)
		}
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	s := newServer(t, lasting)
	s.status = http.StatusCreated
	r := run(t, s, nil)
	complete := func(rep report) bool { return rep.Metrics != nil && rep.Metrics.Last == nil }
	list := s.reported(3)
	if first := list[0]; first.UUID != "u 1" || first.IP != "" || list[1].IP != "127.0.0.1" {
		t.Errorf("reports: %+v", list)
	}
	for i, rep := range list {
		if !complete(rep) {
			t.Errorf("report %d, none of which was accepted, is not complete", i)
		}
	}
	s.answerReports(http.StatusPartialContent)
	list = s.reported(5)
	for i, rep := range list[2:] {
		if before := list[1+i]; rep.Metrics == nil || rep.Metrics.Last == nil || *rep.Metrics.Last != before.Metrics.Version {
			t.Errorf("an accepted report is followed by %+v", rep.Metrics)
		}
	}
	s.answerReports(http.StatusInternalServerError)
	list = s.reported(4)
	for _, rep := range list[2:] {
		if !complete(rep) {
			t.Error("a report that was lost is followed by one that builds on it")
		}
	}
	s.publish("2", lasting)
	eventually(t, "the new version", func() bool { return r.reloads() == 1 })
	r.reportsOf(s, "2")
	r.stop()
}

func TestReportsWithoutMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t, lasting)
	r := run(t, s, func(o *Options) { o.NoMetrics = true })
	for _, rep := range s.reported(2) {
		if rep.Metrics != nil {
			t.Error("metrics are reported")
		}
	}
	r.stop()
}

func TestNoStatus(t *testing.T) {
	t.Parallel()
	s := newServer(t, lasting)
	r := run(t, s, func(o *Options) { o.NoStatus = true })
	eventually(t, "the start", func() bool { return r.o.Manager.Program() != "" })
	s.publish("2", lasting)
	eventually(t, "the reload", func() bool { return r.reloads() == 1 })
	r.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.reports) > 0 || len(s.links) > 0 {
		t.Errorf("%d reports, %d links", len(s.reports), len(s.links))
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	script := "var l = new logging.TextLogger('instance-link'); l.log('one'); l.log('two')\n" + lasting
	s := newServer(t, script)
	r := run(t, s, nil)
	l := s.link()
	l.send("log/tail/instance-link")
	if got := l.receive(); got != "log-tail/instance-link\none\ntwo\n" {
		t.Errorf("history: %q", got)
	}
	l.send("log/tail/none")
	if got := l.receive(); got != "log-tail/none\n" {
		t.Errorf("history of nothing: %q", got)
	}
	l.send("log/on/none")       // has no effect
	l.send("something/new")     // of a later version
	l.send("log/off/nothing")   // was not on
	l.send("log/on/pipy_log\n") // only the first line counts
	l.send("log/on/pipy_log")   // is on already
	l.send("log/tail/none")
	if got := l.receive(); got != "log-tail/none\n" {
		t.Errorf("got %q", got)
	}
	r.log.Infof("first")
	if got := l.receive(); !strings.HasPrefix(got, "log/pipy_log\n") || !strings.HasSuffix(got, "first\n") {
		t.Errorf("record: %q", got)
	}
	r.log.Infof("second")
	if got := l.receive(); !strings.HasSuffix(got, "second\n") {
		t.Errorf("after one record comes %q", got)
	}
	l.send("log/off/pipy_log")
	l.send("log/tail/none")
	l.expect("log-tail/none")
	r.log.Infof("third")
	l.send("log/tail/none")
	if got := l.receive(); got != "log-tail/none\n" {
		t.Errorf("a log that is off sends %q", got)
	}

	// A link that ends is opened anew, and knows nothing of the one before.
	l.send("log/on/pipy_log")
	l.close()
	l = s.link()
	r.log.Infof("fourth")
	l.send("log/tail/none")
	if got := l.receive(); got != "log-tail/none\n" {
		t.Errorf("a new link begins with %q", got)
	}
	l.send("log/tail/pipy_log")
	if got := l.receive(); !strings.HasPrefix(got, "log-tail/pipy_log\n") || !strings.Contains(got, "fourth\n") {
		t.Errorf("history: %q", got)
	}

	// A repo that sends too much is left, and met again.
	l.send("log/on/" + strings.Repeat("x", maxCommand))
	s.link().send("reload")
	eventually(t, "the reload", func() bool { return r.reloads() == 1 })
	r.stop()
}

// A start that fails is tried again when somebody demands it.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, "throw new Error('not yet')")
	r := run(t, s, nil)
	eventually(t, "the failure", func() bool { return r.logged("Error: not yet") >= 1 })
	s.publish("2", lasting)
	r.Sync()
	eventually(t, "the start", func() bool { return r.o.Manager.Program() != "" })
	r.stop()
}
