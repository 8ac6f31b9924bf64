package admin

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/logs/target"
	"weir/internal/metrics"
	"weir/internal/repo"
	"weir/internal/status"
)

// fakeHost is a process of which a test decides what it answers.
type fakeHost struct {
	code    *codebase.Codebase
	program string
	fail    error // of Start, Reload, Healthy and Serve
	calls   []string
	served  func(ctx context.Context, path string, body []byte) ([]byte, error)
	metrics []*metrics.Metric
	dump    *status.Dump
	panics  bool
}

var _ status.Host = (*fakeHost)(nil)

func (h *fakeHost) call(format string, args ...any) error {
	h.calls = append(h.calls, fmt.Sprintf(format, args...))
	return h.fail
}

func (h *fakeHost) Status() *status.Status {
	if h.panics {
		panic("a defect")
	}
	return &status.Status{UUID: "u", Version: "7", Logs: []string{}}
}
func (h *fakeHost) Dump() *status.Dump {
	if h.dump == nil {
		return status.NewDump()
	}
	return h.dump
}
func (h *fakeHost) Creators(class string) map[string]int {
	return map[string]int{"/b.js:2:1 " + class: 3, "/a.js:1:1 " + class: 4}
}
func (h *fakeHost) Metrics() []*metrics.Metric    { return h.metrics }
func (h *fakeHost) Healthy(context.Context) error { return h.fail }
func (h *fakeHost) Program() string               { return h.program }
func (h *fakeHost) Start(name string) error       { return h.call("start %q", name) }
func (h *fakeHost) Reload(name string) error      { return h.call("reload %q", name) }
func (h *fakeHost) Stop()                         { _ = h.call("stop") }
func (h *fakeHost) Code() *codebase.Codebase      { return h.code }
func (h *fakeHost) Serve(ctx context.Context, path string, body []byte) ([]byte, error) {
	if h.served != nil {
		return h.served(ctx, path, body)
	}
	return fmt.Appendf(nil, "%s %s\n", path, body), h.fail
}

// fakeSettings notes what is applied; "bad" is refused.
type fakeSettings struct{ applied []string }

func (*fakeSettings) Line() string { return "--log-level=info" }
func (s *fakeSettings) Apply(args []string) error {
	s.applied = args
	if args[0] == "bad" {
		return errors.New("unknown option: bad")
	}
	return nil
}

func quiet(t *testing.T) *logs.Logger {
	t.Helper()
	log, err := logs.New(logs.Options{Local: logs.Null, HistoryLimit: logs.DefaultHistory})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func newService(t *testing.T, h *fakeHost, change func(*Options)) *Server {
	t.Helper()
	o := Options{Addr: netip.MustParseAddrPort("127.0.0.1:1"), Log: quiet(t), Host: h, UUID: "me"}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask makes a request; header lines are "name: value".
func ask(s http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func openCode(t *testing.T) (code *codebase.Codebase, dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"main.js": "main", "lib/a b.js": "lib"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, err := codebase.OpenFile(filepath.Join(dir, "main.js"))
	if err != nil {
		t.Fatal(err)
	}
	return code, dir
}

func TestRequests(t *testing.T) {
	t.Parallel()
	code, dir := openCode(t)
	readOnly := codebase.FromFiles("/main.js", "1", map[string][]byte{"/main.js": []byte("fixed")})
	full := status.NewDump()
	full.AddInbound(status.Inbound{IP: "::", Port: 80, Protocol: "TCP", Connections: 2, Buffered: 1})
	for _, c := range []struct {
		request, body string
		host          fakeHost
		status        int
		want          string
		calls         string
	}{
		{request: "GET /status", status: 200, want: `"uuid":"u","name":"","ip":"","version":"7"`},
		{request: "GET /api/v1/status", status: 200, want: `"version":"7"`},
		{request: "GET /status", host: fakeHost{panics: true}, status: 500, want: "a defect"},
		{request: "GET /status?x=1", status: 404},
		{request: "GET /status?", status: 404},
		{request: "HEAD /status", status: 405},
		{request: "PUT /none", status: 405},
		{request: "GET /none", status: 404},
		{request: "GET /healthz", status: 200, want: "ok\n"},
		{request: "GET /healthz", host: fakeHost{fail: errors.New("x")}, status: 503, want: "a worker does not answer\n"},

		{request: "GET /dump", host: fakeHost{dump: full}, status: 200, want: `"inbound":[{"ip":"::","port":80,"protocol":"TCP","connections":2,"buffered":1}]`},
		{request: "GET /dump/inbound+none+outbound", host: fakeHost{dump: full}, status: 200, want: "Unknown dump item: none\n"},
		{request: "GET /dump/", status: 200, want: "Unknown dump item: \n"},
		{request: "GET /dump/objects/Message", status: 200, want: "4 /a.js:1:1 Message\n3 /b.js:2:1 Message\n"},

		{request: "GET /options", status: 200, want: "--log-level=info\n"},
		{request: "POST /options", status: 204},
		{request: "POST /options", body: "--log-level=warn", status: 200, want: "--log-level=info\n"},
		{request: "POST /options", body: "bad", status: 400, want: "unknown option: bad\n"},
		{request: "DELETE /options", status: 405},

		{request: "GET /api/v1/files", host: fakeHost{code: code}, status: 200, want: `{"main":"/main.js","files":["/lib/a b.js","/main.js"],"readOnly":false}`},
		{request: "GET /api/v1/files", host: fakeHost{code: readOnly}, status: 200, want: `{"main":"/main.js","files":["/main.js"],"readOnly":true}`},
		{request: "GET /api/v1/files", status: 200, want: `{"main":"","files":[],"readOnly":true}`},
		{request: "GET /api/v1/files/lib/a%20b.js", host: fakeHost{code: code}, status: 200, want: "lib"},
		{request: "GET /api/v1/files/none", host: fakeHost{code: code}, status: 404},
		{request: "GET /api/v1/files/", host: fakeHost{code: code}, status: 404},
		{request: "GET /api/v1/files/main.js", status: 404},
		{request: "GET /api/v1/files/", host: fakeHost{code: codebase.FromText("inline")}, status: 200, want: "inline"},
		{request: "POST /api/v1/files/", body: "x", host: fakeHost{code: code}, status: 405},
		{request: "POST /api/v1/files/x.js", body: "x", status: 404},
		{request: "POST /api/v1/files/x.js", body: "x", host: fakeHost{code: readOnly}, status: 201},
		{request: "PATCH /api/v1/files/new/x.js", body: "new", host: fakeHost{code: code}, status: 201},
		{request: "DELETE /api/v1/files/none.js", host: fakeHost{code: code}, status: 204},
		{request: "DELETE /api/v1/files/", host: fakeHost{code: code}, status: 405},
		{request: "DELETE /api/v1/files/x", status: 404},
		{request: "PATCH /api/v1/files", body: "{", host: fakeHost{code: code}, status: 400, want: "Invalid JSON"},
		{request: "PATCH /api/v1/files", body: "[]", host: fakeHost{code: code}, status: 400, want: "Invalid JSON object"},
		{request: "PATCH /api/v1/files", body: `{"main":7}`, host: fakeHost{code: code}, status: 400, want: "Invalid main filename"},
		{request: "PATCH /api/v1/files", body: `{"main":"/lib/a b.js"}`, host: fakeHost{code: code}, status: 201},
		{request: "PATCH /api/v1/files", body: `{"main":"/x"}`, host: fakeHost{code: readOnly}, status: 201},
		{request: "PATCH /api/v1/files", body: `{"main":"/x"}`, status: 404},
		{request: "PATCH /api/v1/files", body: strings.Repeat("x", maxSmallBody+1), host: fakeHost{code: code}, status: 413, want: "the body is larger than 1048576 bytes\n"},

		{request: "GET /api/v1/program", host: fakeHost{program: "/x"}, status: 200, want: "/x"},
		{request: "GET /api/v1/program", status: 200},
		{request: "POST /api/v1/program", body: "/x", status: 201, calls: `start "/x"`},
		{request: "POST /api/v1/program", body: "/x", host: fakeHost{fail: status.ErrNoMain}, status: 400, want: "No main script", calls: `start "/x"`},
		{request: "POST /api/v1/program", body: strings.Repeat("x", maxSmallBody+1), status: 413, want: "the body is larger than 1048576 bytes\n"},
		{request: "PATCH /api/v1/program", body: "/", status: 201, calls: `reload "/"`},
		{request: "DELETE /api/v1/program", status: 204, calls: "stop"},
		{request: "PUT /api/v1/program", status: 405},

		{request: "GET /admin/x?y=1", status: 200, want: "/admin/x?y=1 \n"},
		{request: "PUT /admin/x", body: "b", status: 200, want: "/admin/x b\n"},
		{request: "GET /admin/x", host: fakeHost{fail: status.ErrNoPath}, status: 404},
		{request: "GET /admin/x", host: fakeHost{fail: status.ErrBusy}, status: 503, want: status.ErrBusy.Error() + "\n"},
		{request: "GET /admin/x", host: fakeHost{fail: context.DeadlineExceeded}, status: 504, want: "context deadline exceeded\n"},
		{request: "GET /admin/x", host: fakeHost{fail: errors.New("broken")}, status: 502, want: "broken\n"},

		{request: "GET /api/v1/metrics", status: 200, want: `{"time":`},
		{request: "GET /api/v1/metrics/none", status: 200, want: `"metrics":[]}`},
		{request: "GET /api/v1/metrics/me/", status: 200, want: `{"time":`},
		{request: "GET /api/v1/metrics/you/", status: 404},
		{request: "GET /api/v1/metrics/you/x", status: 404},
		{request: "GET /api/v1/log//pipy_log", status: 405},
		{request: "GET /api/v1/log/x", status: 405},
		{request: "GET /log", status: 200},
		{request: "GET /log/pipy_log", status: 200},
		{request: "GET /log/none", status: 404},
		{request: "POST /api/v1/graph", body: "pipy().listen(80).dummy()", status: 200, want: `{"roots":[0],"nodes":[{"name":"Listen 0.0.0.0:80"`},
		{request: "POST /api/v1/graph", body: "((", status: 400, want: "script"},
		{request: "POST /api/v1/graph", body: "'" + strings.Repeat("x", maxSmallBody) + "'", status: 413, want: "the body is larger"},

		// Without a repo its paths are as unknown as others.
		{request: "GET /repo/x/", status: 404},
		{request: "POST /api/v1/repo/x", status: 405},
	} {
		name := c.request + " " + c.body[:min(len(c.body), 30)]
		settings := &fakeSettings{}
		host := c.host
		s := newService(t, &host, func(o *Options) { o.Settings = settings })
		method, path, _ := strings.Cut(c.request, " ")
		w := ask(s, method, path, c.body)
		got := w.Body.String()
		if w.Code != c.status || c.want == "" && got != "" && c.status >= 300 || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %.200q, want %d %q", name, w.Code, got, c.status, c.want)
		}
		if calls := strings.Join(host.calls, ", "); calls != c.calls {
			t.Errorf("%s: calls %s, want %s", name, calls, c.calls)
		}
		if w.Header().Get("server") != serverName || w.Header().Get("x-content-type-options") != "nosniff" {
			t.Errorf("%s: headers %v", name, w.Header())
		}
		if c.status == http.StatusMethodNotAllowed && method == "HEAD" && w.Header().Get("allow") != "GET" {
			t.Errorf("%s: allow is %q", name, w.Header().Get("allow"))
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "new", "x.js")); string(text) != "new" {
		t.Errorf("the file that was written: %q, %v", text, err)
	}
	if code.Entry() != "/lib/a b.js" {
		t.Errorf("the main file is %s", code.Entry())
	}
	w := ask(newService(t, &fakeHost{code: code}, nil), "DELETE", "/api/v1/files/new/x.js", "")
	if _, err := os.Stat(filepath.Join(dir, "new", "x.js")); w.Code != 204 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("delete: %d, %v", w.Code, err)
	}
	for _, path := range []string{"/api/v1/files/../../x", "/api/v1/files/..%2f..%2fx", "/api/v1/files//../../x"} {
		ask(newService(t, &fakeHost{code: code}, nil), "POST", path, "out")
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "x")); len(names) > 0 {
		t.Errorf("written outside of the codebase: %q", names)
	}
}

// Asking for the same table very often does not take memory without bounds.
func TestDumpIsBounded(t *testing.T) {
	t.Parallel()
	d := status.NewDump()
	for i := range 1000 {
		d.AddInbound(status.Inbound{IP: "::", Port: i, Protocol: "TCP"})
	}
	w := ask(newService(t, &fakeHost{dump: d}, nil), "GET", "/dump/inbound"+strings.Repeat("+inbound", 5000), "")
	if n := w.Body.Len(); w.Code != 200 || n < maxSmallBody || n > 2*maxSmallBody {
		t.Errorf("status %d, %d bytes", w.Code, n)
	}
}

func TestOptionsAreSplit(t *testing.T) {
	t.Parallel()
	settings := &fakeSettings{}
	s := newService(t, &fakeHost{}, func(o *Options) { o.Settings = settings })
	ask(s, "POST", "/options", "--log-level=debug --x=1")
	if got := strings.Join(settings.applied, "|"); got != "--log-level=debug|--x=1" {
		t.Errorf("applied %s", got)
	}
	none := newService(t, &fakeHost{}, nil)
	if w := ask(none, "GET", "/options", ""); w.Code != 200 || w.Body.String() != "\n" {
		t.Errorf("no options: %d %q", w.Code, w.Body)
	}
	if w := ask(none, "POST", "/options", "x"); w.Code != 400 {
		t.Errorf("options where there are none: %d", w.Code)
	}
}

func TestMetricsFormats(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Counter, "hits", []string{"path"}, nil)
	m.Root().With(`/a"b\`).Set(3)
	s := newService(t, &fakeHost{metrics: []*metrics.Metric{m}}, nil)
	for _, c := range []struct{ headers, contentType, coding, want string }{
		{"", "text/plain", "", "# TYPE hits counter\nhits{path=\"/a\\\"b\\\\\"} 3"},
		{"accept: application/openmetrics-text; version=1.0.0", "application/openmetrics-text", "", "# EOF\n"},
		{"accept: application/openmetrics-text;version=1.0.0;q=0.1,text/plain", "text/plain", "", "hits{"},
		{"accept: application/json", "text/plain", "", "hits{"},
		{"accept-encoding: gzip", "text/plain", "gzip", "hits{"},
		{"accept-encoding: br, gzip;q=0.5", "text/plain", "gzip", "hits{"},
		{"accept-encoding: gzip;q=0", "text/plain", "", "hits{"},
		{"accept-encoding: *", "text/plain", "gzip", "hits{"},
	} {
		var headers []string
		if c.headers != "" {
			headers = append(headers, c.headers)
		}
		w := ask(s, "GET", "/metrics", "", headers...)
		if got := w.Header().Get("content-type"); w.Code != 200 || !strings.HasPrefix(got, c.contentType) || w.Header().Get("content-encoding") != c.coding {
			t.Errorf("%s: %d, %v", c.headers, w.Code, w.Header())
		}
		var body io.Reader = w.Body
		if c.coding == "gzip" {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(body)
		if err != nil || !strings.Contains(string(text), c.want) {
			t.Errorf("%s: %q, %v", c.headers, text, err)
		}
		if c.contentType == "text/plain" {
			parser := expfmt.NewTextParser(model.LegacyValidation)
			if _, err := parser.TextToMetricFamilies(bytes.NewReader(text)); err != nil {
				t.Errorf("%s: %v", c.headers, err)
			}
		}
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.log")
	s := newService(t, &fakeHost{fail: status.ErrNoCodebase}, func(o *Options) { o.AuditLog = file })
	ask(s, "GET", "/status", "")
	ask(s, "POST", "/api/v1/graph", `{ "a": [1, 2] }`)
	ask(s, "DELETE", "/api/v1/program%0ax", "")
	ask(s, "POST", "/api/v1/program", strings.Repeat(" ", maxAudited)+`{"a":1}`)
	ask(s, "POST", "/repo/x/", `{"uuid":"u"}`)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		at, rest := line[:24], line[24:]
		if _, err := time.Parse("2006-01-02 15:04:05.000 ", at); err != nil {
			t.Error(err)
		}
		got = append(got, strings.TrimSuffix(rest, "\n"))
	}
	want := []string{
		`400 POST /api/v1/graph {"a":[1,2]}`,
		`405 DELETE /api/v1/program\nx undefined`,
		"400 POST /api/v1/program undefined",
		"405 POST /repo/x/ undefined", // nobody has read it
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(string(target.History(AuditLog).Bytes()), `405 DELETE /api/v1/program\nx undefined`) {
		t.Error("the history lacks the lines")
	}
	if _, err := New(Options{Addr: s.opts.Addr, Log: s.opts.Log, Host: s.opts.Host, AuditLog: filepath.Join(file, "x")}); err == nil {
		t.Error("a file that cannot be opened is no error")
	}
}

// With a repo, what it serves comes from it, and pages go to browsers.
func TestRepoRequests(t *testing.T) {
	t.Parallel()
	r, err := repo.New(repo.NewMemory(), repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	s := newService(t, &fakeHost{}, func(o *Options) { o.Repo, o.UI = r, page })
	for _, c := range []struct {
		request, body, accept string
		status                int
		want                  string
	}{
		{"POST /api/v1/repo/x", `{}`, "", 201, ""},
		{"PATCH /api/v1/repo/x", `{"version":3}`, "", 201, ""},
		{"GET /repo/x/", "", "", 200, "/main.js"},
		{"GET /repo/x/", "", "text/html,*/*", 200, "page"},
		{"GET /api/v1/repo", "", "text/html", 200, "/x"},
		{"GET /", "", "", 200, "page"},
		{"POST /repo/x/", `{"uuid":"u2","name":"edge","version":"3","metrics":{"version":0,"roots":[{"k":"up","t":"Gauge","v":1}]}}`, "", 206, ""},
		{"GET /metrics", "", "", 200, `up{instance="edge"} 1`},
		{"GET /api/v1/metrics/u2/", "", "", 200, `"k":"up"`},
		{"GET /api/v1/metrics/u2/up", "", "", 200, `"k":"up"`},
		{"GET /api/v1/metrics/u3/", "", "", 404, ""},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		w := ask(s, method, path, c.body, "accept: "+c.accept)
		if got := w.Body.String(); w.Code != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s (%s): %d %q, want %d %q", c.request, c.accept, w.Code, got, c.status, c.want)
		}
	}
	tag := ask(s, "GET", "/repo/x/", "").Header()["Etag"]
	if len(tag) != 1 || tag[0] != "3" {
		t.Errorf("etag %q", tag)
	}
	if w := ask(s, "GET", "/repo/x/", "", "if-none-match: 3"); w.Code != 304 || w.Body.Len() > 0 {
		t.Errorf("conditional: %d %q", w.Code, w.Body)
	}
}

// A viewer of a log gets what there is once it says so, then each record. Others and too much are refused.
func TestLogViewer(t *testing.T) {
	t.Parallel()
	s := newService(t, &fakeHost{}, nil)
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	view := func(path string) (*websocket.Conn, int) {
		c, res, err := websocket.Dial(ctx, server.URL+path, nil)
		if err != nil {
			return nil, res.StatusCode
		}
		c.SetReadLimit(-1)
		return c, res.StatusCode
	}
	read := func(c *websocket.Conn) string {
		t.Helper()
		_, b, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, path := range []string{"/api/v1/log//none", "/api/v1/log/other/pipy_log"} {
		if c, code := view(path); c != nil || code != 404 {
			t.Errorf("%s: status %d", path, code)
		}
	}
	target.History("admin-viewer").Append([]byte("one\xff\n"))
	c, _ := view("/api/v1/log/me/admin-viewer") // its own uuid
	defer c.CloseNow()
	for _, message := range []string{"something", "watch\n", "watch\n"} {
		if err := c.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(c); got != "one\uFFFD\n" {
		t.Errorf("history: %q", got)
	}
	target.History("admin-viewer").Append([]byte("two\n"))
	if got := read(c); got != "two\n" {
		t.Errorf("record: %q", got)
	}
	if err := c.Write(ctx, websocket.MessageText, bytes.Repeat([]byte("x"), viewerMessage+1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("too long a message: %v", err)
	}
}
