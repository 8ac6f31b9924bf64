//go:build linux

package test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/test/harness"
)

// codebaseServer is a web server with a codebase at /repo/x/, as a repo serves it.
type codebaseServer struct {
	t    *testing.T
	port int

	mu       sync.Mutex
	server   *http.Server
	version  int
	files    map[string]string // by path
	changed  chan struct{}
	polls    bool                                                                 // it holds requests until there is a new version
	fault    func(w http.ResponseWriter, path string, content string) (done bool) // for the content of files
	commands chan string
	reports  []map[string]any
	messages []string
	tokens   map[string]bool // what came with requests
}

func startCodebase(t *testing.T, polls bool, files map[string]string) *codebaseServer {
	s := &codebaseServer{t: t, port: harness.Port(t), polls: polls, changed: make(chan struct{}), commands: make(chan string, 8), tokens: map[string]bool{}}
	s.publish(files)
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *codebaseServer) url() string { return fmt.Sprintf("http://%s/repo/x/", harness.Addr(s.port)) }

func (s *codebaseServer) start() {
	ln, err := net.Listen("tcp", harness.Addr(s.port))
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = &http.Server{Handler: s}
	go s.server.Serve(ln)
}

func (s *codebaseServer) stop() { s.server.Close() }

// publish makes a version of files, the first of which is main.js.
func (s *codebaseServer) publish(files map[string]string) (version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.files = files
	close(s.changed)
	s.changed = make(chan struct{})
	return s.version
}

func (s *codebaseServer) setFault(f func(w http.ResponseWriter, path, content string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *codebaseServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/repo/x")
	s.mu.Lock()
	version, files, changed, fault := s.version, s.files, s.changed, s.fault
	s.tokens[r.Header.Get("authorization")] = true
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		var report map[string]any
		if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
			s.t.Errorf("report: %v", err)
		}
		s.mu.Lock()
		s.reports = append(s.reports, report)
		s.mu.Unlock()
		w.WriteHeader(http.StatusPartialContent)
		return
	case r.Header.Get("upgrade") != "":
		s.link(w, r)
		return
	case path == "/" && s.polls && r.Header.Get("if-none-match") == strconv.Itoa(version):
		select {
		case <-changed:
			s.mu.Lock()
			version, files = s.version, s.files
			s.mu.Unlock()
		case <-r.Context().Done():
			return
		case <-time.After(30 * time.Second):
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.Header().Set("etag", strconv.Itoa(version))
	if path == "/" {
		list := []string{}
		for p := range files {
			if p != "/main.js" {
				list = append(list, p)
			}
		}
		slices.Sort(list)
		io.WriteString(w, strings.Join(append([]string{"/main.js"}, list...), "\n"))
		return
	}
	if path == "/_etags" {
		for p := range files {
			fmt.Fprintf(w, "%s#%d\n", p, version)
		}
		return
	}
	content, ok := files[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if fault != nil && fault(w, path, content) {
		return
	}
	w.Header().Set("content-length", strconv.Itoa(len(content)))
	io.WriteString(w, content)
}

func (s *codebaseServer) link(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(-1) // histories are long
	go func() {
		for {
			_, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			s.mu.Lock()
			s.messages = append(s.messages, r.URL.Path+" "+string(b))
			s.mu.Unlock()
		}
	}()
	for {
		select {
		case command := <-s.commands:
			if c.Write(r.Context(), websocket.MessageText, []byte(command)) != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (s *codebaseServer) said(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.messages, func(m string) bool { return strings.Contains(m, text) })
}

// proxyVersion is a proxy that marks responses with a version.
func proxyVersion(port, upstream int, version string) map[string]string {
	return map[string]string{
		"/main.js": fmt.Sprintf(`
			import { version } from './lib/version.js'
			pipy.listen(%d, $=>$.demuxHTTP().to($=>$
				.muxHTTP().to($=>$.connect('127.0.0.1:%d'))
				.handleMessageStart(msg => { msg.head.headers['x-version'] = version + '/' + pipy.load('data.txt').toString() })))`, port, upstream),
		"/lib/version.js": "export var version = '" + version + "'\n",
		"/data.txt":       version,
	}
}

// httpLoad sends requests on a few connections and demands that each one is answered: no request is repeated.
type httpLoad struct {
	t        *testing.T
	port     int
	anew     bool // each request goes over a connection of its own
	leaving  bool // the port is going to be closed: a connection that is refused ends the load
	quit     chan struct{}
	done     sync.WaitGroup
	requests atomic.Int64
	last     atomic.Value // version of the last response
	failures chan error
}

func startLoad(t *testing.T, port, connections int) *httpLoad {
	return (&httpLoad{t: t, port: port}).start(connections)
}

func (l *httpLoad) start(connections int) *httpLoad {
	l.quit, l.failures = make(chan struct{}), make(chan error, 100)
	l.last.Store("")
	for range connections {
		l.done.Go(l.run)
	}
	l.t.Cleanup(l.stop)
	return l
}

func (l *httpLoad) run() {
	more := ""
	if l.anew {
		more = "Connection: close\r\n"
	}
	var c net.Conn
	var in *bufio.Reader
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for {
		select {
		case <-l.quit:
			return
		default:
		}
		if c == nil {
			var err error
			if c, err = net.DialTimeout("tcp", harness.Addr(l.port), harness.Patience); err != nil {
				if !l.leaving || !errors.Is(err, syscall.ECONNREFUSED) {
					l.fail(err)
				}
				return
			}
			in = bufio.NewReader(c)
		}
		c.SetDeadline(time.Now().Add(harness.Patience))
		if _, err := io.WriteString(c, "GET /big?size=100 HTTP/1.1\r\nHost: x\r\n"+more+"\r\n"); err != nil {
			l.fail(err)
			return
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			l.fail(err)
			return
		}
		_, err = io.Copy(io.Discard, res.Body)
		if err != nil || res.StatusCode != 200 {
			l.fail(fmt.Errorf("status %d, %v", res.StatusCode, err))
			return
		}
		l.requests.Add(1)
		l.last.Store(res.Header.Get("x-version"))
		if res.Close {
			c.Close()
			c = nil
		}
	}
}

func (l *httpLoad) fail(err error) {
	select {
	case l.failures <- err:
	default:
	}
}

func (l *httpLoad) stop() {
	select {
	case <-l.quit:
		return
	default:
	}
	close(l.quit)
	l.done.Wait()
	close(l.failures)
	for err := range l.failures {
		l.t.Errorf("a request failed: %v", err)
	}
	if l.requests.Load() == 0 {
		l.t.Error("no request was answered")
	}
	l.t.Logf("%d requests", l.requests.Load())
}

// awaitEnd waits until the load on a port that is leaving has come to its end.
func (l *httpLoad) awaitEnd() {
	l.t.Helper()
	ended := make(chan struct{})
	go func() { l.done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(harness.Patience):
		l.t.Fatalf("port %d is still open", l.port)
	}
}

// awaitVersion waits until responses come from a version.
func (l *httpLoad) awaitVersion(version string) {
	l.t.Helper()
	harness.Eventually(l.t, "version "+version, func() bool { return l.last.Load() == version+"/"+version })
}

// startInstance runs what a server has, with a cache of its own.
func startInstance(t *testing.T, url string, port int, flags ...string) (w *harness.Weir, cache string) {
	t.Helper()
	cache = t.TempDir()
	flags = append([]string{"--cache=" + cache}, flags...)
	return harness.Start(t, harness.Config{Flags: append(flags, url), Listen: []int{port}}), cache
}

func TestRemoteCodebase(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	port := harness.Port(t)
	s := startCodebase(t, true, proxyVersion(port, up.Port, "1"))
	w, _ := startInstance(t, s.url(), port, "--threads=2", "--repo-token=s3cret", "--instance-uuid=u-1", "--instance-name=edge")
	l := startLoad(t, port, 4)
	l.awaitVersion("1")
	for i := 2; i <= 101; i++ {
		version := strconv.Itoa(i)
		s.publish(proxyVersion(port, up.Port, version))
		l.awaitVersion(version)
	}
	l.stop()
	if n := strings.Count(w.Stderr.String(), "[restart] Codebase reloaded on thread 1"); n != 100 {
		t.Errorf("%d reloads of thread 1", n)
	}

	// Reports, the link, and its commands.
	harness.Eventually(t, "a report of the last version", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.reports) > 0 && s.reports[len(s.reports)-1]["version"] == "101"
	})
	s.mu.Lock()
	first := s.reports[0]
	s.mu.Unlock()
	if first["uuid"] != "u-1" || first["name"] != "edge" || first["version"] != "1" || first["ip"] != "" || first["metrics"] == nil {
		t.Errorf("first report: %v", first)
	}
	if !s.said("/repo/x/u-1 ") {
		t.Error("the link has not said who it is")
	}
	s.commands <- "log/on/pipy_log"
	s.commands <- "log/tail/pipy_log"
	harness.Eventually(t, "the history of the log", func() bool { return s.said("log-tail/pipy_log\n") })
	reloads := strings.Count(w.Stderr.String(), "Codebase reloaded on thread 0")
	// The same version with another file: of one that was loaded a moment ago it takes the command for the news of it.
	s.mu.Lock()
	s.files = maps.Clone(s.files)
	s.files["/note.txt"] = "new"
	s.mu.Unlock()
	s.commands <- "reload"
	harness.Eventually(t, "the reload", func() bool { return strings.Count(w.Stderr.String(), "Codebase reloaded on thread 0") == reloads+1 })
	harness.Eventually(t, "the records of the reload", func() bool { return s.said("log/pipy_log\n") && s.said("Reloading codebase") })
	w.Signal(syscall.SIGHUP)
	harness.Eventually(t, "the reload by signal", func() bool { return strings.Count(w.Stderr.String(), "Codebase reloaded on thread 0") == reloads+2 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) != 1 || !s.tokens["Bearer s3cret"] {
		t.Errorf("tokens: %v", s.tokens)
	}
}

func TestRemoteReloadWithStreams(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	port := harness.Port(t)
	s := startCodebase(t, true, proxyVersion(port, up.Port, "1"))
	echo := harness.Port(t)
	withEcho := func(version string) map[string]string {
		files := proxyVersion(port, up.Port, version)
		files["/main.js"] += fmt.Sprintf("\npipy.listen(%d, $=>$.replaceData(d => new Data(version + d.toString())))", echo)
		return files
	}
	s.publish(withEcho("2"))
	startInstance(t, s.url(), port)
	l := startLoad(t, port, 2)
	l.awaitVersion("2")
	var streams []*harness.Conn
	for range 500 {
		c := harness.Dial(t, echo)
		ask(t, c, "a", "2a")
		streams = append(streams, c)
	}
	s.publish(withEcho("3"))
	l.awaitVersion("3")
	for _, c := range streams {
		ask(t, c, "b", "2b")
		c.Close()
	}
	ask(t, harness.Dial(t, echo), "c", "3c")
	l.stop()
}

// Whatever goes wrong with an update, what runs goes on.
func TestRemoteUpdatesThatFail(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	port := harness.Port(t)
	s := startCodebase(t, true, proxyVersion(port, up.Port, "1"))
	w, cache := startInstance(t, s.url(), port, "--threads=2", "--repo-poll=200ms")
	l := startLoad(t, port, 4)
	l.awaitVersion("1")

	// The script throws at load, on one thread only.
	broken := proxyVersion(port, up.Port, "2")
	broken["/main.js"] += "\nif (pipy.thread.id === 1) throw new Error('not this one')"
	s.publish(broken)
	w.WaitLog("[restart] Failed reloading codebase 2")
	s.publish(proxyVersion(port, up.Port, "3"))
	l.awaitVersion("3")

	// The repo goes away in the middle of an update, and comes back.
	reached := make(chan struct{}, 100)
	blocked := make(chan struct{})
	s.setFault(func(w http.ResponseWriter, path, _ string) bool {
		if path != "/lib/version.js" {
			return false
		}
		reached <- struct{}{}
		<-blocked
		return true
	})
	s.publish(proxyVersion(port, up.Port, "4"))
	<-reached
	s.stop()
	close(blocked)
	w.WaitLog("[codebase] GET " + s.url() + "lib/version.js -> 502")
	s.setFault(nil)
	s.start()
	l.awaitVersion("4")

	// Downloads that are cut off, corrupt, or refused.
	for i, fault := range []struct {
		logged string
		f      func(w http.ResponseWriter, content string)
	}{
		{"the answer breaks off after ", func(w http.ResponseWriter, content string) {
			w.Header().Set("content-length", strconv.Itoa(len(content)))
			io.WriteString(w, content[:len(content)-1])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}},
		{"content-digest", func(w http.ResponseWriter, content string) {
			w.Header().Set("content-digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")
			io.WriteString(w, content)
		}},
		{"-> 500 Internal Server Error", func(w http.ResponseWriter, content string) {
			http.Error(w, "x", http.StatusInternalServerError)
		}},
	} {
		before := l.last.Load()
		s.setFault(func(w http.ResponseWriter, path, content string) bool {
			if path != "/lib/version.js" {
				return false
			}
			fault.f(w, content)
			return true
		})
		version := strconv.Itoa(5 + i)
		s.publish(proxyVersion(port, up.Port, version))
		w.WaitLog(fault.logged)
		if got := l.last.Load(); got != before {
			t.Errorf("%s: version %v runs, want %v", fault.logged, got, before)
		}
		s.setFault(nil)
		l.awaitVersion(version)
	}

	// The update moves to another port: see TestChaosPortMoves.
	l.stop()
	other := harness.Port(t)
	s.publish(proxyVersion(other, up.Port, "8"))
	awaitRefused(t, port)
	moved := startLoad(t, other, 2)
	moved.awaitVersion("8")
	moved.stop()
	harness.Eventually(t, "a copy of version 8", func() bool {
		names, _ := filepath.Glob(filepath.Join(cache, "*.codebase"))
		if len(names) != 1 {
			return false
		}
		b, _ := os.ReadFile(names[0])
		return strings.Contains(string(b), `"etag":"8"`)
	})
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	// Without the repo, the copy is started; when it is back, what it has.
	s.stop()
	again := harness.Start(t, harness.Config{Flags: []string{"--cache=" + cache, "--repo-poll=200ms", s.url()}, Listen: []int{other}})
	again.WaitLog("Starting version 8, which is kept on this machine")
	l = startLoad(t, other, 2)
	l.awaitVersion("8")
	s.start()
	s.publish(proxyVersion(other, up.Port, "9"))
	l.awaitVersion("9")
	l.stop()
	again.Stop()

	// A copy that is damaged is never run.
	names, _ := filepath.Glob(filepath.Join(cache, "*.codebase"))
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(names[0], b[:len(b)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	s.stop()
	last := harness.Spawn(t, harness.Config{Flags: []string{"--cache=" + cache, "--no-reload", s.url()}})
	last.WaitLog("it is corrupt or truncated")
	if code := last.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A plain web server is polled.
func TestRemoteFromNginx(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	port := harness.Port(t)
	dir := t.TempDir()
	write := func(version string) {
		for path, content := range proxyVersion(port, up.Port, version) {
			harness.WriteFile(t, filepath.Join(dir, path), content)
		}
		// The list last and by rename: it announces the version.
		harness.WriteFile(t, filepath.Join(dir, "new"), "/main.js\n/lib/version.js\n/data.txt\n/gone.txt\n"+strings.Repeat("\n", len(version)))
		if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "index.html")); err != nil {
			t.Fatal(err)
		}
	}
	write("1")
	server := harness.StartNginx(t, "root "+dir+";", nil)
	w, _ := startInstance(t, fmt.Sprintf("http://%s/", harness.Addr(server))+"index.html", port, "--repo-poll=100ms")
	w.WaitLog("404 Not Found; the codebase does without")
	l := startLoad(t, port, 2)
	l.awaitVersion("1")
	write("22")
	l.awaitVersion("22")
	write("333")
	l.awaitVersion("333")
	l.stop()
}

// A cache that takes nothing more keeps no version from running.
func TestRemoteCacheFull(t *testing.T) {
	t.Parallel()
	harness.Need(t, "unshare", "mount")
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	up := harness.StartUpstream(t, "up")
	port := harness.Port(t)
	s := startCodebase(t, true, proxyVersion(port, up.Port, "1"))
	cache := t.TempDir()
	if out, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", cache).CombinedOutput(); err != nil {
		t.Skipf("no private mount: %v: %s", err, out)
	}
	w := harness.Start(t, harness.Config{
		Binary: "unshare",
		Flags: []string{"-m", "sh", "-c", `mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" --cache="$1" "$3"`, "sh",
			cache, harness.Binary(t), s.url()},
		Listen: []int{port},
	})
	l := startLoad(t, port, 2)
	l.awaitVersion("1")
	large := proxyVersion(port, up.Port, "2")
	large["/large.bin"] = strings.Repeat("x", 200_000)
	s.publish(large)
	l.awaitVersion("2")
	w.WaitLog("Version 2 runs, but no copy of it could be kept")
	s.publish(proxyVersion(port, up.Port, "3"))
	l.awaitVersion("3")
	l.stop()
}

// A start that cannot succeed is tried again, and ends when it is told to.
func TestRemoteRetries(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	s := startCodebase(t, true, map[string]string{"/main.js": "throw new Error('not yet')"})
	w := harness.Spawn(t, harness.Config{Flags: []string{"--no-cache", s.url()}})
	w.WaitLog("Error: not yet")
	s.publish(map[string]string{"/main.js": answering(port, "a")})
	w.WaitLog("Listening on TCP port")
	ask(t, harness.Dial(t, port), "1", "a:1")

	s.stop()
	waiting := harness.Spawn(t, harness.Config{Flags: []string{"--no-cache", s.url()}})
	waiting.WaitLog("[codebase] GET " + s.url() + " -> 502")
	if code := waiting.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	once := harness.Spawn(t, harness.Config{Flags: []string{"--no-cache", "--no-reload", s.url()}})
	if code := once.WaitExit(); code != 0 {
		t.Errorf("exit code %d of an unreachable codebase", code)
	}
}

// Connections of an old version are closed when their time is up.
func TestDrainTimeout(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Flags: []string{"--drain-timeout=100ms"}, Script: answering(port, "a"), Listen: []int{port}})
	old := harness.Dial(t, port)
	ask(t, old, "1", "a:1")
	harness.WriteFile(t, filepath.Join(w.Dir, "main.js"), answering(port, "b"))
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Closed 1 connections of an old version on thread 0")
	if _, err := old.Read(make([]byte, 1)); err == nil {
		t.Error("the old connection is open")
	}
	fresh := harness.Dial(t, port)
	ask(t, fresh, "2", "b:2")
	w.Signal(syscall.SIGTERM)
	w.WaitLog("Not all connections have ended within 100ms")
	if code := w.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
