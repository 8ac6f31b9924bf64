package repo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/internal/metrics"
)

// publish makes a codebase with a version.
func (n *node) publish(path, version string) {
	n.t.Helper()
	n.want("POST /api/v1/repo"+path, "", 201, "")
	n.want("PATCH /api/v1/repo"+path, `{"version":"`+version+`"}`, 201, "")
}

func TestReports(t *testing.T) {
	t.Parallel()
	n := serve(t, NewMemory(), Options{MaxInstances: 2, MaxReportSize: 2000})
	n.publish("/a", "1")
	n.publish("/b", "1")
	counter := metrics.New(metrics.Counter, "hits", []string{"path"}, nil)
	hub := metrics.NewHub()
	hub.Add(func(f func()) { f() }).Register(counter, t, nil)
	reporter := metrics.NewReporter(hub)
	report := func(path, uuid, name, metrics string, status int) {
		t.Helper()
		body := fmt.Sprintf(`{"timestamp":1700000005000,"since":1700000000000,"uuid":%q,"name":%q,"ip":"10.0.0.2","version":3,"modules":{"/main.js":{"graph":{}}},"other":[],`, uuid, name)
		if metrics != "" {
			body += `"metrics":` + metrics + ","
		}
		n.want("POST /repo"+path+"/", body+`"logs":["pipy_log","x"]}`, status, "")
	}
	report("/a", "u1", "edge", "", 201)
	report("/a", "u1", "edge", `{"version":5,"last":4,"roots":[]}`, 201)
	report("/a", "u1", "edge", `{"roots":[7]}`, 201)
	n.want("POST /repo/a/", `{"uuid":"u1","metrics":`+strings.Repeat(" ", 2000)+`{}}`, 413, "Request body too large: the limit is 2000 bytes")
	counter.Root().With("/x").Add(2)
	report("/a", "u1", "edge", string(reporter.Report(false)), 206)
	counter.Root().With("/x").Add(1)
	counter.Root().With("/y").Add(1)
	incremental := string(reporter.Report(false))
	if !strings.Contains(incremental, `"last"`) {
		t.Errorf("not incremental: %s", incremental)
	}
	report("/a", "u1", "edge", incremental, 206)
	report("/a", "u1", "edge", incremental, 201) // a second time
	report("/a", "u2", "", string(reporter.Report(true)), 206)
	n.want("POST /repo/a/", `{"uuid":"u3"}`, 503, "Too many instances")

	res := n.send("GET", "/api/v1/repo/a", "")
	_, instances, _ := strings.Cut(res.body, `"instances":`)
	for _, want := range []string{`{"1":{"ip":"127.0.0.1","timestamp":`, `,"status":{"timestamp":1700000005000,"since":1700000000000,"uuid":"u1","name":"edge","ip":"10.0.0.2","version":"3","modules":{"/main.js":{"graph":{}}},"logs":["pipy_log","x"]}},"2":{"ip"`} {
		if !strings.Contains(instances, want) {
			t.Errorf("instances %s, want %s", instances, want)
		}
	}
	local := metrics.New(metrics.Counter, "hits", []string{"path"}, nil)
	local.Root().Add(1)
	var text bytes.Buffer
	if err := n.repo.Instances().WriteMetrics(&text, metrics.Text, []*metrics.Metric{local}); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"hits 1\n", "hits{instance=\"edge\",path=\"/x\"} 3\n", "hits{instance=\"edge\",path=\"/y\"} 1\n", "hits{instance=\"2\",path=\"/y\"} 1\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	if c := strings.Count(text.String(), "# TYPE hits"); c != 1 {
		t.Errorf("%d headings of the same metric", c)
	}
	history, ok := n.repo.Instances().MetricHistory("u1", "hits")
	if !ok || !strings.Contains(string(history), `"metrics":[{"k":"hits","t":"Counter","l":"path","v":[0,0,0],"s":[{"k":"/x","v":[0,2,3]},{"k":"/y","v":[0,0,1]}]}]`) {
		t.Errorf("history: %s", history)
	}
	if _, ok := n.repo.Instances().MetricHistory("u9", ""); ok {
		t.Error("history of an unknown instance")
	}

	report("/b", "u1", "edge", "", 201) // moves
	if res := n.send("GET", "/api/v1/repo/a", ""); strings.Contains(res.body, `"u1"`) {
		t.Errorf("still there: %s", res.body)
	}
	n.repo.instances.expire(time.Now().Add(expiryAge - time.Second))
	if len(n.repo.instances.all("")) != 2 {
		t.Error("forgotten too early")
	}
	n.repo.instances.expire(time.Now().Add(expiryAge + time.Second))
	if len(n.repo.instances.all("")) != 0 {
		t.Error("not forgotten")
	}
}

// peer is the instance's end of a link.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
}

func (n *node) link(path string) *peer {
	n.t.Helper()
	conn, _, err := websocket.Dial(n.t.Context(), n.url+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	p := &peer{n.t, conn}
	p.send("")
	n.t.Cleanup(func() { _ = conn.CloseNow() })
	return p
}

func (p *peer) send(message string) {
	p.t.Helper()
	if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) expect(want string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	_, got, err := p.conn.Read(ctx)
	if err != nil || string(got) != want {
		p.t.Fatalf("the instance gets %q %v, want %q", got, err, want)
	}
}

func expectFrame(t *testing.T, w *LogWatch, want string) {
	t.Helper()
	select {
	case got := <-w.Frames():
		if string(got) != want {
			t.Fatalf("the viewer gets %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("the viewer does not get %q", want)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	n := serve(t, NewMemory(), Options{})
	n.publish("/a", "1")
	n.want("POST /api/v1/repo/d", `{"base":"/a"}`, 201, "")
	a, d := n.link("/repo/a/ua"), n.link("/repo/d/ud")
	n.waitForLinks(2)
	n.want("PATCH /api/v1/repo/a", `{"version":"1"}`, 201, "") // d has never been built
	a.expect("reload")
	d.expect("reload")
	n.want("POST /api/v1/repo-files/a/x", "x", 201, "")
	n.want("PATCH /api/v1/repo/a", "", 201, "") // no reload

	table := n.repo.Instances()
	if _, err := table.Watch("unknown", "l"); err != ErrNoInstance {
		t.Errorf("watching nobody: %v", err)
	}
	w, err := table.Watch("ua", "access/log")
	if err != nil {
		t.Fatal(err)
	}
	a.expect("log/on/access/log")
	a.send("log/access/log\ntoo early\n")
	w.Start()
	w.Start()
	a.expect("log/tail/access/log")
	a.send("log/access/log\nbefore the tail\n")
	a.send("log-tail/access/log\nline 1\nline 2\n")
	expectFrame(t, w, "line 1\nline 2\n")
	a.send("log/access/log\nline 3\n")
	expectFrame(t, w, "line 3\n")
	second, err := table.Watch("ua", "access/log")
	if err != nil {
		t.Fatal(err)
	}
	second.Start()
	a.expect("log/on/access/log")
	a.expect("log/tail/access/log")
	a.send("log-tail/access/log\nall\n")
	expectFrame(t, second, "all\n")
	w.Close()
	w.Close()
	if _, open := <-w.Frames(); open {
		t.Error("frames after the end, or a second history")
	}
	a.send("log/access/log\nline 4\n")
	expectFrame(t, second, "line 4\n")
	second.Close()
	a.send("log/access/log\nnobody\n")
	a.expect("log/off/access/log")

	// A new link takes the place of the old one, and goes on with the logs.
	w, err = table.Watch("ua", "l")
	if err != nil {
		t.Fatal(err)
	}
	w.Start()
	a.expect("log/on/l")
	again := n.link("/repo/a/ua")
	again.expect("log/on/l")
	again.expect("log/tail/l")
	again.send("log-tail/l\n")
	expectFrame(t, w, "")

	// A viewer that takes nothing is given up, not waited for.
	for range watchQueue + 1 {
		again.send("log/l\nx\n")
	}
	until(t, "the viewer is given up", func() bool {
		table.mu.Lock()
		defer table.mu.Unlock()
		return w.ended
	})
	for range w.Frames() { // the loop ends
	}
	if res := n.send("GET", "/repo/a/ua", "", "Upgrade: websocket", "Connection: upgrade"); res.status != 200 || res.body != "" {
		t.Errorf("without a key: %v", res)
	}
}

// waitForLinks returns when so many instances are linked.
func (n *node) waitForLinks(want int) {
	n.t.Helper()
	until(n.t, fmt.Sprintf("%d instances are linked", want), func() bool {
		count := 0
		table := n.repo.instances
		table.mu.Lock()
		defer table.mu.Unlock()
		for _, i := range table.byUUID {
			if i.link != nil {
				count++
			}
		}
		return count == want
	})
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]Access{
		"GET /repo/a/": Read, "HEAD /repo/a/x": Read, "POST /repo/a/": Report, "GET /api/v1/repo": Read,
		"POST /api/v1/repo/a": Write, "PATCH /api/v1/repo-files/a/x": Write, "DELETE /api/v1/repo/a": Write,
		"GET /api/v1/dump-store": Write,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := Classify(httptest.NewRequest(method, path, nil)); got != want || !Serves(path) {
			t.Errorf("%s: %v", request, got)
		}
	}
	r := httptest.NewRequest("GET", "/repo/a/u", nil)
	r.Header.Set("Upgrade", "websocket")
	if Classify(r) != Report || Serves("/repository") || Serves("/api/v1/files") {
		t.Error("link or foreign path")
	}
}

// A thousand instances wait for a new version while they report: it reaches all.
func TestManyInstances(t *testing.T) {
	t.Parallel()
	const count = 1000
	n := serve(t, open(t, t.TempDir()), Options{})
	n.publish("/a", "1")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: count}}
	defer client.CloseIdleConnections()
	do := func(method, body string, headers ...string) (int, string, error) {
		req, err := http.NewRequestWithContext(t.Context(), method, n.url+"/repo/a/", strings.NewReader(body))
		if err != nil {
			return 0, "", err
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			req.Header.Set(name, value)
		}
		res, err := client.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = res.Body.Close() }()
		_, err = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Header.Get("Etag"), err
	}
	report := func(i int, metrics string) {
		status, _, err := do("POST", fmt.Sprintf(`{"timestamp":1,"uuid":"u%d","name":"n%d","version":"1","modules":{},"metrics":%s,"logs":["pipy_log"]}`, i, i, metrics))
		if err != nil || status != 206 {
			t.Errorf("report of %d: %d %v", i, status, err)
		}
	}
	var reached atomic.Int64
	var wg, reported sync.WaitGroup
	for i := range count {
		reported.Add(1)
		wg.Go(func() {
			report(i, `{"version":0,"roots":[{"k":"hits","t":"Counter","l":"path","v":1,"s":[{"k":"/x","v":2}]}]}`)
			report(i, `{"version":9,"last":0,"roots":[{"v":5,"s":[6]}]}`)
			reported.Done()
			for known := "1"; known != "2"; {
				status, tag, err := do("GET", "", "If-None-Match: "+known, "Prefer: wait=60")
				if err != nil || status != 200 && status != 304 {
					t.Errorf("instance %d: %d %v", i, status, err)
					return
				}
				known = tag
			}
			reached.Add(1)
		})
	}
	reported.Wait()
	stacks := make([]byte, 64<<20)
	until(t, "all instances wait", func() bool {
		return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("repo.(*Repo).await(")) >= count
	})
	start := time.Now()
	n.want("PATCH /api/v1/repo/a", `{"version":"2"}`, 201, "")
	wg.Wait()
	took := time.Since(start)
	if reached.Load() != count {
		t.Errorf("the version reached %d of %d", reached.Load(), count)
	}
	if got := len(n.repo.instances.all("/a")); got != count {
		t.Errorf("%d instances in the table", got)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%v for %d instances; %d MiB of heap, both ends", took, count, m.HeapInuse>>20)
	if took > patience {
		t.Errorf("the version took %v to reach all", took)
	}
}
