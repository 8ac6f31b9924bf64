//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"weir/internal/admin/ui"
	"weir/test/harness"
	"weir/test/harness/proc"
)

// fakeAdmin answers what the web interface asks for, from memory, and notes what it was told to do.
type fakeAdmin struct {
	repo bool // it has a repo, with the codebase /demo/edge

	mu       sync.Mutex
	files    map[string]string // committed
	edits    map[string]string
	main     string
	version  string
	requests []string // of methods that change something: "METHOD path body"
}

func (f *fakeAdmin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/v1/log/") {
		websocket.Server{Handler: f.log}.ServeHTTP(w, r)
		return
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		ui.Handler(nil).ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method != http.MethodGet {
		f.requests = append(f.requests, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body))
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	switch {
	case path == "repo" && f.repo:
		fmt.Fprint(w, "/demo/edge\n/demo/web\n/infra")
	case path == "repo/demo/edge" && r.Method == http.MethodGet && f.repo:
		f.info(w)
	case path == "repo/demo/edge" && r.Method == http.MethodPatch && f.repo:
		var change struct {
			Version *int
			Main    string
		}
		_ = json.Unmarshal(body, &change)
		if change.Version != nil {
			f.version = fmt.Sprint(*change.Version)
		}
		for name, text := range f.edits {
			f.files[name] = text
		}
		clear(f.edits)
		w.WriteHeader(http.StatusCreated)
	case strings.HasPrefix(path, "repo/") && r.Method == http.MethodPost && f.repo:
		w.WriteHeader(http.StatusCreated)
	case strings.HasPrefix(path, "repo-files/demo/edge/"):
		f.file(w, r.Method, strings.TrimPrefix(path, "repo-files/demo/edge"), string(body), f.edits)
	case path == "files" && r.Method == http.MethodGet:
		names := []string{}
		for name := range f.files {
			names = append(names, name)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"main": f.main, "files": names, "readOnly": false})
	case strings.HasPrefix(path, "files/"):
		f.file(w, r.Method, strings.TrimPrefix(path, "files"), string(body), f.files)
	case path == "status":
		fmt.Fprintf(w, `{"timestamp":1,"since":1,"uuid":"u0","name":"","ip":"","version":"3","modules":{"/main.js":{"graph":%s}},"logs":["access","pipy_log"]}`, graph)
	case path == "graph":
		if !strings.Contains(string(body), "pipy()") {
			http.Error(w, "not one expression", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, graph)
	case path == "metrics" || strings.HasPrefix(path, "metrics/"):
		fmt.Fprint(w, metricsSample(path != "metrics" && !strings.HasSuffix(path, "/")))
	case path == "program":
		w.WriteHeader(http.StatusCreated)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeAdmin) file(w http.ResponseWriter, method, name, body string, to map[string]string) {
	switch method {
	case http.MethodGet:
		text, ok := f.edits[name]
		if !ok {
			text = f.files[name]
		}
		fmt.Fprint(w, text)
	case http.MethodPost:
		to[name] = body
		w.WriteHeader(http.StatusCreated)
	case http.MethodDelete:
		delete(to, name)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fakeAdmin) info(w io.Writer) {
	keys := func(m map[string]string) []string {
		names := []string{}
		for name := range m {
			names = append(names, name)
		}
		return names
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"version": f.version, "path": "/demo/edge", "main": f.main, "files": keys(f.files), "editFiles": keys(f.edits),
		"erasedFiles": []string{"/old/gone.js"}, "baseFiles": []string{"/lib/inherited.js"}, "derived": []string{"/demo/child"}, "base": "/infra",
		"instances": map[string]any{"1": map[string]any{"ip": "10.0.0.2", "timestamp": time.Now().UnixMilli(), "status": json.RawMessage(
			`{"uuid":"u1","name":"edge-1","version":"3","modules":{},"logs":["pipy_log"]}`)}},
	})
}

func (f *fakeAdmin) log(ws *websocket.Conn) {
	var hello string
	if websocket.Message.Receive(ws, &hello) != nil || hello != "watch\n" {
		return
	}
	_ = websocket.Message.Send(ws, "2026-01-31 12:00:00.000 [INF] [listener] Listening on TCP port 8000 at 0.0.0.0\n2026-01-31 12:00:01.000 [ERR] <b>not markup</b>\n")
	_ = websocket.Message.Send(ws, "2026-01-31 12:00:02.000 [WRN] streamed\n")
	_, _ = io.Copy(io.Discard, ws)
}

const graph = `{"roots":[0],"nodes":[{"name":"Listen 0.0.0.0:80","t":"root","c":[1]},{"name":"demuxHTTP","t":"joint","st":"demux","ot":"subs","p":0,"c":[2]},` +
	`{"name":"request","t":"pipeline","p":1,"c":[3,4]},{"name":"handleMessage","t":"filter","p":2},{"name":"muxHTTP","t":"joint","st":"mux","ot":"self","p":2,"c":[5]},` +
	`{"name":"","t":"pipeline","p":4,"c":[6]},{"name":"connect","t":"filter","p":5}]}`

// metricsSample has one metric of each kind over 60 samples; one has its sub-metrics, too.
func metricsSample(one bool) string {
	var counter, gauge, fast, slow, count, sum []string
	for i := range 60 {
		add := func(to *[]string, n int) { *to = append(*to, fmt.Sprint(n)) }
		add(&counter, i*(500+i*10))
		add(&gauge, 20+i*7%13)
		add(&fast, i*90)
		add(&slow, i*10)
		add(&count, i*100)
		add(&sum, i*700)
	}
	list := func(v []string) string { return "[" + strings.Join(v, ",") + "]" }
	c := fmt.Sprintf(`{"k":"http_requests","t":"Counter","l":"path/status","v":%s`, list(counter))
	if one {
		return fmt.Sprintf(`{"time":1,"metrics":[%s,"s":[{"k":"/api","s":[{"k":"200","v":%s},{"k":"404","v":%s}]}]}]}`, c, list(counter), list(gauge))
	}
	return fmt.Sprintf(`{"time":1,"metrics":[%s},{"k":"connections","t":"Gauge","v":%s},{"k":"latency","t":"Histogram[5,10,\"Inf\"]","v":[%s,%s,%s,%s,%s]}]}`,
		c, list(gauge), list(fast), list(slow), list(make60("0")), list(count), list(sum))
}

func make60(s string) []string {
	v := make([]string, 60)
	for i := range v {
		v[i] = s
	}
	return v
}

// browser is a page of a headless Chromium, driven over its debugging protocol.
type browser struct {
	t    *testing.T
	ws   *websocket.Conn
	next int
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	harness.Need(t, "chromium")
	p, err := proc.Start(proc.Command{Name: "chromium", Dir: t.TempDir(), Args: []string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=" + t.TempDir(), "--remote-debugging-port=0",
		"--remote-allow-origins=*", "--window-size=1280,800", "about:blank"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(syscall.SIGKILL, harness.Patience) })
	if err := p.Await("DevTools listening on ws://", harness.Patience); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`ws://([^/\s]+)/`)
	var host string
	harness.Eventually(t, "the address of the debugging protocol", func() bool {
		m := address.FindStringSubmatch(p.Stderr.String())
		if m != nil {
			host = m[1]
		}
		return m != nil
	})
	var pages []struct{ Type, WebSocketDebuggerURL string }
	harness.Eventually(t, "a page of the browser", func() bool {
		r, err := http.Get("http://" + host + "/json/list")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return json.NewDecoder(r.Body).Decode(&pages) == nil && len(pages) > 0
	})
	b := &browser{t: t}
	for _, page := range pages {
		if page.Type == "page" {
			if b.ws, err = websocket.Dial(page.WebSocketDebuggerURL, "", "http://"+host); err != nil {
				t.Fatal(err)
			}
		}
	}
	if b.ws == nil {
		t.Fatalf("no page: %v", pages)
	}
	b.ws.MaxPayloadBytes = 64 << 20
	t.Cleanup(func() { b.ws.Close() })
	return b
}

func (b *browser) call(method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	b.next++
	if err := websocket.JSON.Send(b.ws, map[string]any{"id": b.next, "method": method, "params": params}); err != nil {
		b.t.Fatal(err)
	}
	_ = b.ws.SetReadDeadline(time.Now().Add(harness.Patience))
	for {
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  json.RawMessage
		}
		if err := websocket.JSON.Receive(b.ws, &answer); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		if answer.ID != b.next {
			continue // an event
		}
		if answer.Error != nil {
			b.t.Fatalf("%s: %s", method, answer.Error)
		}
		return answer.Result
	}
}

// eval runs an expression in the page, waits if it is a promise, and returns it as text.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	_ = json.Unmarshal(b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}), &answer)
	if answer.ExceptionDetails != nil {
		return "exception: " + string(answer.ExceptionDetails)
	}
	return fmt.Sprint(answer.Result.Value)
}

func (b *browser) open(url string) {
	b.call("Page.navigate", map[string]any{"url": url})
	b.await("the page "+url, fmt.Sprintf("location.href.startsWith(%q) && document.readyState === 'complete'", url))
}

// await waits until an expression is true.
func (b *browser) await(what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(harness.Patience)
	var got string
	for got != "true" {
		if time.Now().After(deadline) {
			b.t.Fatalf("timeout waiting for %s: %s is %s\n%s", what, expression, got, b.eval("document.body.innerText"))
		}
		got = b.eval(expression)
		time.Sleep(5 * time.Millisecond)
	}
}

func (b *browser) click(text string) {
	b.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('button, summary, a')].filter(e => e.textContent.includes(%q)).pop()", text)
	b.await("a button "+text, find+" !== undefined && !"+find+".disabled")
	b.eval(find + ".click()")
}

// picture is kept for people if the test fails, or always in the directory WEIR_PICTURES.
func (b *browser) picture(name string) {
	dir := os.Getenv("WEIR_PICTURES")
	if dir == "" {
		return
	}
	var answer struct{ Data []byte }
	_ = json.Unmarshal(b.call("Page.captureScreenshot", nil), &answer)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), answer.Data, 0o644); err != nil {
		b.t.Error(err)
	}
}

const legacySource = "// Says hello.\npipy()\n  .listen(80)\n  .demuxHTTP().to($ => $\n    .handleMessage(msg => console.log('got', msg.head.path, 42, true))\n    .muxHTTP().to($ => $.connect('127.0.0.1:9000'))\n  )\n"

func newFakeAdmin(t *testing.T, repo bool) (*fakeAdmin, string) {
	f := &fakeAdmin{repo: repo, main: "/main.js", version: "3", edits: map[string]string{},
		files: map[string]string{"/main.js": legacySource, "/old/gone.js": "", "/config.json": `{ "port": 8080, "tls": false }`}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s.URL
}

// told waits for a request that changes something.
func (f *fakeAdmin) told(t *testing.T, want string) {
	t.Helper()
	harness.Eventually(t, "the request "+want, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, got := range f.requests {
			if got == want {
				return true
			}
		}
		return false
	})
}

func TestAdminUIRepo(t *testing.T) {
	t.Parallel()
	f, url := newFakeAdmin(t, true)
	b := startBrowser(t)
	b.open(url + "/")
	b.await("the list of codebases", "document.querySelectorAll('a.codebase').length === 3")
	b.picture("home")
	b.click("New codebase")
	b.eval("document.querySelector('dialog input').value = '/demo/edge'")
	b.click("Create")
	b.await("the refusal of a name in use", "document.querySelector('dialog .problem').textContent.includes('already')")
	b.eval("document.querySelector('dialog input').value = '/infra/x'")
	b.click("Create")
	b.await("the refusal of a name below a codebase", "document.querySelector('dialog .problem').textContent.includes('below')")
	b.picture("dialog")
	b.eval("document.querySelector('dialog input').value = 'team/new'")
	b.click("Create")
	f.told(t, "POST /api/v1/repo/team/new {}")

	b.open(url + "/repo/demo/edge/")
	b.await("the main file in the editor", "document.querySelector('textarea')?.value.includes('Says hello')")
	b.await("its colours", "document.querySelector('.layers .keyword, .layers .call') !== null && document.querySelector('.layers pre').textContent === document.querySelector('textarea').value + '\\n'")
	b.await("its line numbers", "document.querySelector('.numbers').textContent.startsWith('1\\n2\\n3')")
	b.await("marks of files", "document.querySelector('.file.erased')?.textContent.includes('gone.js') && document.querySelector('.file.inherited')?.textContent.includes('inherited.js')")
	b.await("the diagram", "document.querySelector('.charts .flow')?.textContent.includes('muxHTTP')")
	b.await("the console, as text", "document.querySelector('.console .log')?.textContent.includes('<b>not markup</b>') && document.querySelector('.console .log').textContent.includes('streamed')")
	b.picture("editor")
	b.eval("document.querySelector('textarea').focus(); document.execCommand('selectAll'); document.execCommand('insertText', false, 'changed')")
	b.await("the mark of an edited file", "document.querySelector('.file.edited')?.textContent.includes('main.js*')")
	b.eval("document.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, cancelable: true, bubbles: true }))")
	f.told(t, "POST /api/v1/repo-files/demo/edge/main.js changed")
	b.click("Publish")
	f.told(t, `PATCH /api/v1/repo/demo/edge {"version":4}`)
	b.await("the new version", "document.querySelector('.version').textContent === 'version 4'")
	b.click("Commit files")
	f.told(t, "PATCH /api/v1/repo/demo/edge {}")
	b.click("Start")
	f.told(t, "POST /api/v1/program /demo/edge")
	b.click("Restart")
	f.told(t, "PATCH /api/v1/program /demo/edge")
	b.click("Stop")
	f.told(t, "DELETE /api/v1/program ")

	b.click("Status")
	b.await("the instances and a chart", "document.querySelectorAll('.instances button').length === 2 && document.querySelector('.flow')?.textContent.includes('demuxHTTP')")
	b.picture("status")
	b.click("Metrics")
	b.await("three metrics", "document.querySelectorAll('.metrics button').length === 3")
	b.await("the percentile of the histogram", "[...document.querySelectorAll('.metrics button')].find(e => e.dataset.name === 'latency').querySelector('.value').textContent === '5'")
	b.click("http_requests")
	b.await("the large chart and its table", "document.querySelector('.big path.line')?.getAttribute('d').length > 100 && document.querySelectorAll('.detail tbody tr').length === 2")
	b.picture("metrics")
	b.click("Logs")
	b.click("pipy_log")
	b.await("the live log", "document.querySelector('.logpane .log')?.textContent.includes('streamed')")
	b.picture("logs")
	b.open(url + "/docs/en/intro")
	b.picture("docs")

	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": true})
	b.open(url + "/repo/demo/edge/")
	b.click("Editor")
	b.await("the page on a phone", "document.querySelector('textarea') !== null")
	b.await("no sideways scrolling of the page", "document.documentElement.scrollWidth <= 390")
	b.picture("phone")
}

func TestAdminUIProgram(t *testing.T) {
	t.Parallel()
	f, url := newFakeAdmin(t, false)
	b := startBrowser(t)
	b.open(url + "/")
	b.await("the editor of the local program", "document.querySelector('textarea')?.value.includes('Says hello') && document.querySelectorAll('.file').length === 3")
	b.click("Add")
	b.eval("document.querySelector('dialog input').value = '/lib/new.js'")
	b.eval("document.querySelector('dialog .primary').click()")
	f.told(t, "POST /api/v1/files/lib/new.js ")
	b.await("the new file is open", "document.querySelector('.filename').textContent === '/lib/new.js'")
	b.click("Set main")
	f.told(t, `PATCH /api/v1/files {"main":"/lib/new.js"}`)
	b.click("Delete")
	b.eval("document.querySelector('dialog .danger').click()")
	f.told(t, "DELETE /api/v1/files/lib/new.js ")
	b.await("the file is gone", "document.querySelectorAll('.file').length === 3")
}

// The editor offers the names of the scripting interface, by what is before the cursor.
func TestAdminUICompletion(t *testing.T) {
	t.Parallel()
	f, url := newFakeAdmin(t, true)
	b := startBrowser(t)
	b.open(url + "/repo/demo/edge/")
	b.await("the main file in the editor", "document.querySelector('textarea')?.value.includes('Says hello')")
	set := func(text string) {
		b.eval(fmt.Sprintf("document.querySelector('textarea').focus(); document.execCommand('selectAll'); document.execCommand('insertText', false, %q)", text))
	}
	key := func(name string) {
		b.eval(fmt.Sprintf("document.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', { key: %q, cancelable: true, bubbles: true }))", name))
	}
	const first = "[...document.querySelectorAll('.completion:not([hidden]) li span')].map(e => e.textContent).slice(0, 2).join()"
	for _, c := range []struct{ text, offered, taken string }{
		{"pipy.list", "listen", "pipy.listen"},
		{"pipy.listen(80, $=>$.demuxH", "demuxHTTP", "pipy.listen(80, $=>$.demuxHTTP"},
		{"pipy()\n  .listen(80)\n  .muxh", "muxHTTP", "pipy()\n  .listen(80)\n  .muxHTTP"},
		{"new Messa", "Message,MessageEnd", "new Message"},
		{"algo.uu", "uuid", "algo.uuid"},
		{"data.toStr", "toString", "data.toString"},
	} {
		set(c.text)
		b.await("names for "+c.text, fmt.Sprintf("(%s).startsWith(%q)", first, c.offered))
		key("Tab")
		b.await("the name is taken", fmt.Sprintf("document.querySelector('textarea').value === %q && document.querySelector('.completion').hidden", c.taken))
	}
	set("pipy.ex")
	b.await("names for pipy.ex", fmt.Sprintf("(%s).startsWith('exec')", first))
	b.picture("completion")
	key("ArrowDown")
	key("Enter")
	b.await("the second name", "document.querySelector('textarea').value === 'pipy.exit'")
	set("pipy.ex")
	b.await("names again", "!document.querySelector('.completion').hidden")
	key("Escape")
	b.await("Escape closes the list", "document.querySelector('.completion').hidden")
	key("Enter")
	b.await("then Enter begins a line", "document.querySelector('textarea').value === 'pipy.ex\\n'")
	set("// pipy.lis")
	b.await("no names in a comment", "document.querySelector('.completion').hidden")
	b.eval("document.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, cancelable: true, bubbles: true }))")
	f.told(t, "POST /api/v1/repo-files/demo/edge/main.js // pipy.lis")
}

// A codebase is edited and published in the browser: the instance that follows it loads the new version, and its log, with what
// it says about requests, appears in the browser as it is written.
func TestAdminUIWithInstance(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	program := func(text string) string {
		return fmt.Sprintf("pipy.listen(%d, $=>$.serveHTTP(req => (console.log('asked for', req.head.path), new Message('%s'))))", ports[1], text)
	}
	codebases := t.TempDir()
	harness.WriteFile(t, filepath.Join(codebases, "x", "main.js"), program("one"))
	repo := "http://" + harness.Addr(ports[0])
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), "--init-repo=" + codebases}, Listen: ports[:1]})
	harness.Start(t, harness.Config{Flags: []string{"--no-cache", "--instance-name=edge", repo + "/repo/x/"}, Listen: ports[1:]})
	served := func(path string) string { return harness.Curl(t, "http://"+harness.Addr(ports[1])+path) }
	if got := served("/"); got != "one" {
		t.Fatalf("the instance answers %q", got)
	}

	b := startBrowser(t)
	b.open(repo + "/repo/x/")
	b.await("the main file in the editor", "document.querySelector('textarea')?.value.includes(\"new Message('one')\")")
	b.eval(fmt.Sprintf("document.querySelector('textarea').focus(); document.execCommand('selectAll'); document.execCommand('insertText', false, %q)", program("two")))
	b.await("the mark of an edited file", "document.querySelector('.file.edited')?.textContent.includes('main.js*')")
	b.eval("document.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, cancelable: true, bubbles: true }))")
	harness.Eventually(t, "the edit is stored", func() bool {
		return strings.Contains(adminCurl(t, ports[0], "/api/v1/repo/x"), `"editFiles":["/main.js"]`)
	})
	if got := served("/"); got != "one" {
		t.Errorf("before it is published the instance answers %q", got)
	}
	b.click("Publish")
	b.await("the new version", "document.querySelector('.version')?.textContent === 'version 2'")
	harness.Eventually(t, "the instance runs what was published", func() bool { return served("/") == "two" })

	b.click("Status")
	b.await("the instance", "[...document.querySelectorAll('.instances button')].some(e => e.textContent.includes('edge') && e.textContent.includes('Active'))")
	b.click("Logs")
	b.click("edge")
	b.click("pipy_log")
	b.await("the history of the instance's log", "document.querySelector('.logpane .log')?.textContent.includes('Codebase reloaded on thread 0')")
	served("/from-the-test")
	b.await("a record as it is written", "document.querySelector('.logpane .log').textContent.includes('asked for /from-the-test')")
	b.click("Metrics")
	b.await("the metrics of the instance", "[...document.querySelectorAll('.metrics button')].some(e => e.dataset.name === 'pipy_inbound_count')")
}
