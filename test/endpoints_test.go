//go:build linux

package test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/test/harness"
)

// endpointCall is a request that curl makes, and what comes of it.
type endpointCall struct {
	rows   string // of weir api, without "http:", that it stands for, separated by "; "; "" if it is about what is no endpoint
	method string
	path   string
	body   string // sent unless empty
	header string // sent unless empty
	status int
	kind   string // content type; "" if there is none
	want   string // regular expression for the whole body
	tag    string // value of the etag header; "" for any
	see    string // what is asked for after it, to see the effect
	shows  string // regular expression for something of the answer to that; "" if it is to be 404
}

// The kinds of content that the service has.
const (
	kindText = "text/plain"
	kindJSON = "application/json"
	kindHTML = "text/html; charset=utf-8"
)

// curlResponse makes a request and returns the response with its body.
func curlResponse(t *testing.T, port int, method, path string, args ...string) (*http.Response, string) {
	t.Helper()
	if method == http.MethodHead {
		args = append(args, "--head")
	} else {
		args = append(args, "--request", method)
	}
	out := harness.Curl(t, append(args, "--http1.1", "--include", "--path-as-is", "--raw", "http://"+harness.Addr(port)+path)...)
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(out)), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, out)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, out)
	}
	return res, string(body)
}

// makeCalls makes requests one after another.
func makeCalls(t *testing.T, port int, calls []endpointCall) {
	t.Helper()
	for i, c := range calls {
		name := fmt.Sprintf("%d. %s %s %.100q", i, c.method, c.path, c.body)
		var args []string
		if c.body != "" {
			args = append(args, "--data-binary", c.body, "--header", "content-type:")
		}
		if c.header != "" {
			args = append(args, "--header", c.header)
		}
		res, body := curlResponse(t, port, c.method, c.path, args...)
		if res.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d: %.1000s", name, res.StatusCode, c.status, body)
		}
		if got := res.Header.Get("content-type"); got != c.kind {
			t.Errorf("%s: content type %q, want %q", name, got, c.kind)
		}
		if c.kind == "" && c.status != http.StatusNoContent && c.status != http.StatusNotModified && c.method != http.MethodHead && res.Header.Get("content-length") != "0" {
			t.Errorf("%s: content length %q of no content", name, res.Header.Get("content-length"))
		}
		if !regexp.MustCompile(`^(?s:` + c.want + `)$`).MatchString(body) {
			t.Errorf("%s: %.2000q, want %q", name, body, c.want)
		}
		if res.Header.Get("server") != "pipy-repo" {
			t.Errorf("%s: server %q", name, res.Header.Get("server"))
		}
		if c.tag != "" && res.Header.Get("etag") != c.tag {
			t.Errorf("%s: etag %q, want %q", name, res.Header.Get("etag"), c.tag)
		}
		if c.see == "" {
			continue
		}
		// Some effects take a moment.
		var answer string
		shown := func() bool {
			var res *http.Response
			res, answer = curlResponse(t, port, http.MethodGet, c.see)
			if c.shows == "" {
				return res.StatusCode == http.StatusNotFound
			}
			return res.StatusCode == http.StatusOK && regexp.MustCompile("(?s)"+c.shows).MatchString(answer)
		}
		harness.Eventually(t, name+": "+c.see+" shows "+c.shows, shown)
	}
}

// table is a regular expression for a table of a dump: its columns, and a row.
func table(columns, row string) string {
	pad := func(cells string) string { return strings.Join(strings.Fields(cells), " +") + " +\n" }
	if row != "" {
		row = ".*" + pad(row) + ".*"
	}
	return "-+\n" + pad(columns) + row
}

const (
	graphJSON     = `\{"roots":\[[0-9,]*\],"nodes":\[.*\]\}`
	statusTail    = `"modules":\{"/main.js":\{"graph":` + graphJSON + `\}\},"logs":\["access","pipy_log"(,"[^"]*")*\]\}`
	upgradeHeader = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

// programCalls are for a process that runs a program of two threads, without a store.
var programCalls = []endpointCall{
	{rows: "GET /healthz", method: "GET", path: "/healthz", status: 200, kind: kindText, want: "ok\n"},
	{rows: "GET /status", method: "GET", path: "/status", status: 200, kind: kindJSON,
		want: `\{"timestamp":\d{13},"since":\d{13},"uuid":"p-1","name":"edge","ip":"","version":"1",` + statusTail},
	{rows: "GET /api/v1/status", method: "GET", path: "/api/v1/status", status: 200, kind: kindJSON,
		want: `\{"timestamp":\d{13},"since":\d{13},"uuid":"p-1","name":"edge","ip":"","version":"1",` + statusTail},
	{method: "GET", path: "/status?x=1", status: 404, kind: "text/plain; charset=utf-8", want: ".*not found\n"},
	{method: "POST", path: "/status", body: "x", status: 405},
	{method: "HEAD", path: "/status", status: 405},

	{rows: "GET /dump", method: "GET", path: "/dump", status: 200, kind: kindJSON,
		want: `\{"pools":\{("[^"]+":\{"size":\d+,"allocated":\d+,"pooled":\d+\},?)+\},"chunks":\{.*\},"buffers":\{("[^"]+":\d+,?)+\},"objects":\{("[^"]+":\d+,?)+\},` +
			`"pipelines":\[(\{"module":"/main.js","name":"[^"]+","allocated":\d+,"active":\d+,"stale":false\},?)+\],` +
			`"inbound":\[(\{"ip":"[0-9.]+","port":\d+,"protocol":"TCP","connections":\d+,"buffered":\d+\},?)+\],"outbound":\[\]\}`},
	{rows: "GET /dump/pools", method: "GET", path: "/dump/pools", status: 200, kind: kindText, want: table("POOL SIZE #USED #SPARE", `script 1 \d+ \d+`)},
	{rows: "GET /dump/objects", method: "GET", path: "/dump/objects", status: 200, kind: kindText, want: table("CLASS #INSTANCES", `Message \d+`)},
	{rows: "GET /dump/chunks", method: "GET", path: "/dump/chunks", status: 200, kind: kindText, want: table("DATA SIZE.KB.", "")},
	{rows: "GET /dump/buffers", method: "GET", path: "/dump/buffers", status: 200, kind: kindText, want: table("BUFFER SIZE.KB.", `log pipy_log \d+`)},
	{rows: "GET /dump/pipelines", method: "GET", path: "/dump/pipelines", status: 200, kind: kindText,
		want: table("MODULE PIPELINE STATE #ALLOCATED #ACTIVE", `/main.js \S+ Running \d+ \d+`)},
	{rows: "GET /dump/inbound", method: "GET", path: "/dump/inbound", status: 200, kind: kindText,
		want: table("INBOUND IP PORT #CONNECTIONS BUFFERED.KB.", `TCP 0.0.0.0 \d+ \d+ \d+`)},
	{rows: "GET /dump/outbound", method: "GET", path: "/dump/outbound", status: 200, kind: kindText, want: table("OUTBOUND PORT #CONNECTIONS BUFFERED.KB.", "")},
	{method: "GET", path: "/dump/inbound+nothing+outbound", status: 200, kind: kindText,
		want: table("INBOUND IP PORT #CONNECTIONS BUFFERED.KB.", `TCP 0.0.0.0 \d+ \d+ \d+`) + "Unknown dump item: nothing\n" + table("OUTBOUND PORT #CONNECTIONS BUFFERED.KB.", "")},
	{rows: "GET /dump/objects/<class>", method: "GET", path: "/dump/objects/Message", status: 200, kind: kindText, want: `(\d+ /main.js:\d+:\d+\n)+`},
	{method: "GET", path: "/dump/objects/Nothing", status: 200, kind: kindText},

	{rows: "GET /log", method: "GET", path: "/log", status: 200, kind: kindText, want: `.* \[INF\] \[listener\] Listening on TCP port .*`},
	{rows: "GET /log/<name>", method: "GET", path: "/log/access", status: 200, kind: kindText, want: "started\nstarted\n"},
	{method: "GET", path: "/log/pipy_log", status: 200, kind: kindText, want: `.* \[INF\] \[listener\] Listening on TCP port .*`},
	{method: "GET", path: "/log/none", status: 404},

	{rows: "GET /metrics", method: "GET", path: "/metrics", status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", want: `.*# TYPE starts counter\nstarts 2\n.*`},
	{method: "GET", path: "/metrics", header: "accept: application/openmetrics-text; version=1.0.0", status: 200,
		kind: "application/openmetrics-text; version=1.0.0; charset=utf-8", want: `.*\nstarts 2\.0\n.*# EOF\n`},
	{method: "GET", path: "/metrics", header: "accept-encoding: gzip", status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", want: "\x1f.+"},

	{rows: "GET /options", method: "GET", path: "/options", status: 200, kind: kindText,
		want: `--threads=2 --log-level=info --log-history-limit=1048576 --log-local=stderr --trace-objects --instance-uuid=p-1 --instance-name=edge --reuse-port --admin-port=127.0.0.1:\d+\n`},
	{rows: "POST /options", method: "POST", path: "/options", body: "--log-level=debug:user", status: 200, kind: kindText, want: ".* --log-level=debug:user .*\n",
		see: "/options", shows: "--log-level=debug:user "},
	{method: "POST", path: "/options", body: "--no-graph", status: 200, kind: kindText, want: ".* --log-level=info .*\n"},
	{method: "POST", path: "/options", body: "--log-level=wrong", status: 400, kind: kindText, want: "unknown log level: wrong\n"},
	{method: "POST", path: "/options", status: 204},

	{rows: "GET /api/v1/files", method: "GET", path: "/api/v1/files", status: 200, kind: kindJSON, want: `\{"main":"/main.js","files":\["/data.bin","/main.js"\],"readOnly":false\}`},
	{rows: "PATCH /api/v1/files", method: "PATCH", path: "/api/v1/files", body: `{"main":"/other.js"}`, status: 201, see: "/api/v1/files", shows: `^\{"main":"/other.js"`},
	{method: "PATCH", path: "/api/v1/files", body: `{"main":"main.js"}`, status: 201, see: "/api/v1/files", shows: `^\{"main":"/main.js"`},
	{method: "PATCH", path: "/api/v1/files", body: "{", status: 400, kind: kindText, want: "Invalid JSON"},
	{method: "PATCH", path: "/api/v1/files", body: "[]", status: 400, kind: kindText, want: "Invalid JSON object"},
	{method: "PATCH", path: "/api/v1/files", body: "{}", status: 400, kind: kindText, want: "Invalid main filename"},
	{method: "PATCH", path: "/api/v1/files", body: `{"main":""}`, status: 400, kind: kindText, want: "Invalid main filename"},
	{method: "DELETE", path: "/api/v1/files", status: 405},
	{rows: "GET /api/v1/files/<path>", method: "GET", path: "/api/v1/files/data.bin", status: 200, kind: kindText, want: "\x01data\n"},
	{method: "GET", path: "/api/v1/files/none", status: 404},
	{method: "GET", path: "/api/v1/files/", status: 404},
	{rows: "POST /api/v1/files/<path>", method: "POST", path: "/api/v1/files/lib/a%20b.txt", body: "one", status: 201, see: "/api/v1/files/lib/a%20b.txt", shows: "^one$"},
	{method: "GET", path: "/api/v1/files", status: 200, kind: kindJSON, want: `.*"files":\["/data.bin","/lib/a b.txt","/main.js"\].*`},
	{rows: "PATCH /api/v1/files/<path>", method: "PATCH", path: "/api/v1/files/lib/a%20b.txt", body: "two", status: 201, see: "/api/v1/files/lib/a%20b.txt", shows: "^two$"},
	{method: "POST", path: "/api/v1/files/", body: "x", status: 405},
	{method: "POST", path: "/api/v1/files/x?y=z", body: "x", status: 405, see: "/api/v1/files/x%3fy=z"},
	{method: "GET", path: "/dump/pools?x=1", status: 404, kind: "text/plain; charset=utf-8", want: ".*not found\n"},
	{rows: "DELETE /api/v1/files/<path>", method: "DELETE", path: "/api/v1/files/lib/a%20b.txt", status: 204, see: "/api/v1/files/lib/a%20b.txt"},
	{method: "DELETE", path: "/api/v1/files/none", status: 204},

	{rows: "GET /api/v1/metrics", method: "GET", path: "/api/v1/metrics", status: 200, kind: kindJSON,
		want: `\{"time":\d+(\.\d+)?,"metrics":\[.*\{"k":"starts","t":"Counter","l":"","v":\[[0-9,]+\]\}.*\]\}`},
	{rows: "GET /api/v1/metrics/<name>", method: "GET", path: "/api/v1/metrics/hits", status: 200, kind: kindJSON,
		want: `\{"time":\d+(\.\d+)?,"metrics":\[\{"k":"hits","t":"Counter","l":"path","v":\[[0-9,]+\],"s":\[\{"k":"/x","v":\[[0-9,]+\]\}\]\}\]\}`},
	{method: "GET", path: "/api/v1/metrics/none", status: 200, kind: kindJSON, want: `\{"time":\d+(\.\d+)?,"metrics":\[\]\}`},
	{method: "GET", path: "/api/v1/metrics/none/", status: 404},
	{method: "GET", path: "/api/v1/log//pipy_log", status: 405},

	{rows: "POST /api/v1/graph", method: "POST", path: "/api/v1/graph", body: "pipy().listen(80).demuxHTTP().to($ => $.dummy())", status: 200, kind: kindJSON,
		want: regexp.QuoteMeta(`{"roots":[0],"nodes":[{"name":"Listen 0.0.0.0:80","t":"root","c":[1]},{"name":"demuxHTTP","t":"joint","st":"demux","ot":"subs","p":0,"c":[2]},` +
			`{"name":"","t":"pipeline","p":1,"c":[3]},{"name":"dummy","t":"filter","p":2}]}`)},
	{method: "POST", path: "/api/v1/graph", body: "pipy(", status: 400, kind: kindText, want: ".+"},
	{method: "GET", path: "/api/v1/graph", status: 405},

	{rows: "ANY /admin/<path>", method: "GET", path: "/admin/echo", status: 200, kind: kindText, want: "0 /admin/echo \n1 /admin/echo \n"},
	{method: "PUT", path: "/admin/echo/more?x=y", body: "hi", status: 200, kind: kindText, want: `0 /admin/echo/more\?x=y hi\n1 /admin/echo/more\?x=y hi\n`},
	{method: "GET", path: "/admin/none", status: 404},

	{rows: "GET /", method: "GET", path: "/", status: 200, kind: kindHTML, want: "(?i)<!doctype html>.*/ui/app.js.*"},
	{rows: "GET /home", method: "GET", path: "/home", status: 200, kind: kindHTML, want: "(?i)<!doctype html>.*/ui/app.js.*"},
	{rows: "GET /docs/<lang>/<page>", method: "GET", path: "/docs/zh/intro", status: 200, kind: kindHTML, want: `(?i)<!doctype html>.*lang="zh.*`},
	{method: "GET", path: "/docs/intro", header: "accept-language: zh", status: 302, kind: kindHTML, want: `<a href="/docs/zh/intro">.*`},
	{method: "GET", path: "/docs/en/none", status: 404, kind: "text/plain; charset=utf-8", want: ".*not found\n"},
	{method: "GET", path: "/none", status: 404, kind: "text/plain; charset=utf-8", want: ".*not found\n"},
	{method: "PUT", path: "/none", status: 405},
	{method: "GET", path: "/api/v1/repo", status: 404, kind: "text/plain; charset=utf-8", want: ".*not found\n"},
	{method: "POST", path: "/api/v1/repo/x", body: "{}", status: 405},
	{method: "GET", path: "/repo/x/", status: 404, kind: "text/plain; charset=utf-8", want: ".*not found\n"},
	{method: "POST", path: "/repo/x/", body: "{}", status: 405},
	{method: "PUT", path: "/api/v1/dump-store", status: 405},

	{rows: "GET /api/v1/program", method: "GET", path: "/api/v1/program", status: 200, kind: kindText, want: "/"},
	{rows: "PATCH /api/v1/program", method: "PATCH", path: "/api/v1/program", body: "/", status: 201, see: "/log", shows: "Codebase reloaded on thread 1"},
	{method: "PATCH", path: "/api/v1/program", body: "/none", status: 400, kind: kindText, want: "Codebase not found: /none"},
	{rows: "DELETE /api/v1/program", method: "DELETE", path: "/api/v1/program", status: 204, see: "/api/v1/program", shows: "^$"},
	{method: "DELETE", path: "/api/v1/program", status: 204},
	{method: "GET", path: "/status", status: 200, kind: kindJSON,
		want: `\{"timestamp":\d{13},"since":0,"uuid":"p-1","name":"edge","ip":"","version":"","modules":\{\},"logs":\[.*\]\}`},
	{method: "GET", path: "/dump/inbound", status: 200, kind: kindText, want: table("INBOUND IP PORT #CONNECTIONS BUFFERED.KB.", "")},
	{method: "GET", path: "/admin/echo", status: 503, kind: kindText, want: "the program is not running.*"},
	{method: "PATCH", path: "/api/v1/program", body: "/", status: 400, kind: kindText, want: "No codebase"},
	{rows: "POST /api/v1/program", method: "POST", path: "/api/v1/program", body: "/", status: 201, see: "/api/v1/program", shows: "^/$"},
	{method: "POST", path: "/api/v1/program", body: "/none", status: 400, kind: kindText, want: "Codebase not found: /none", see: "/api/v1/program", shows: "^/$"},
	{method: "GET", path: "/dump/inbound", status: 200, kind: kindText, want: table("INBOUND IP PORT #CONNECTIONS BUFFERED.KB.", `TCP 0.0.0.0 \d+ \d+ \d+`)},
}

// repoInfo is a regular expression for what there is to know of a codebase.
func repoInfo(version, path, files, edited, erased, inherited, derived, rest string) string {
	return fmt.Sprintf(`\{"version":"%s","path":"%s","main":"/main.js","files":\[%s\],"editFiles":\[%s\],"erasedFiles":\[%s\],"baseFiles":\[%s\],"derived":\[%s\],%s\}`,
		version, path, files, edited, erased, inherited, derived, rest)
}

const noInstances = `"instances":\{\}`

// storeCalls are for a process with a store that is empty.
var storeCalls = []endpointCall{
	{rows: "GET /api/v1/repo", method: "GET", path: "/api/v1/repo", status: 200, kind: kindText},
	{method: "GET", path: "/api/v1/repo/", status: 200, kind: kindText},
	{method: "HEAD", path: "/api/v1/repo", status: 405},
	{method: "GET", path: "/repo", status: 404},
	{method: "GET", path: "/status", status: 200, kind: kindJSON,
		want: `\{"timestamp":\d{13},"since":0,"uuid":"[0-9a-f-]{36}","name":"","ip":"","version":"","modules":\{\},"logs":\["pipy_log"\]\}`},
	{method: "GET", path: "/api/v1/files", status: 200, kind: kindJSON, want: `\{"main":"","files":\[\],"readOnly":true\}`},
	{method: "GET", path: "/api/v1/files/x", status: 404},
	{method: "POST", path: "/api/v1/files/x", body: "x", status: 404},
	{method: "PATCH", path: "/api/v1/files", body: `{"main":"/x"}`, status: 404},
	{method: "DELETE", path: "/api/v1/files/x", status: 404},
	{method: "GET", path: "/api/v1/program", status: 200, kind: kindText},
	{method: "POST", path: "/api/v1/program", body: "/", status: 400, kind: kindText, want: "No codebase"},
	{method: "POST", path: "/api/v1/program", body: "/none", status: 400, kind: kindText, want: "Codebase not found: /none"},

	{rows: "POST /api/v1/repo/<codebase>", method: "POST", path: "/api/v1/repo/x", body: "{}", status: 201, see: "/api/v1/repo", shows: "^/x$"},
	{method: "POST", path: "/api/v1/repo/x", body: "{}", status: 400, kind: kindText, want: "Codebase already exists"},
	{method: "POST", path: "/api/v1/repo/", body: "{}", status: 400, kind: kindText, want: "Invalid codebase name"},
	{method: "POST", path: "/api/v1/repo/y/", body: "{}", status: 400, kind: kindText, want: "Invalid codebase name"},
	{method: "POST", path: "/api/v1/repo/y", body: `{"base":7}`, status: 400, kind: kindText, want: "Invalid base codebase"},
	{method: "POST", path: "/api/v1/repo/y", body: `{"base":"/none"}`, status: 400, kind: kindText, want: "Base codebase not found"},
	{method: "POST", path: "/api/v1/repo/y", body: `{"main":""}`, status: 400, kind: kindText, want: "Invalid main filename"},
	{method: "POST", path: "/api/v1/repo/y", body: `{"version":-1}`, status: 400, kind: kindText, want: "Invalid version number"},
	{method: "POST", path: "/api/v1/repo/y", body: `{"version":2147483648}`, status: 400, kind: kindText, want: "Invalid version number"},
	{method: "POST", path: "/api/v1/repo/y", body: `{"version":""}`, status: 400, kind: kindText, want: "Invalid version"},
	{method: "PUT", path: "/api/v1/repo/x", body: "{}", status: 405},
	{method: "POST", path: "/api/v1/repo/y?x=1", body: "{}", status: 405, see: "/api/v1/repo", shows: "^/x$"},
	{method: "GET", path: "/api/v1/repo?x=1", status: 404},

	{rows: "GET /api/v1/repo/<codebase>", method: "GET", path: "/api/v1/repo/x", status: 200, kind: kindJSON, want: repoInfo("0", "/x", `"/main.js"`, "", "", "", "", noInstances)},
	{method: "GET", path: "/api/v1/repo/none", status: 404},
	{method: "GET", path: "/api/v1/repo/x/", status: 404},
	{rows: "GET /api/v1/repo/<codebase>/<file>", method: "GET", path: "/api/v1/repo/x/main.js", status: 200, kind: kindText, want: `.*\.listen\(80\).*`},
	{method: "GET", path: "/api/v1/repo/x/none", status: 404},
	{method: "GET", path: "/repo/x/", status: 404},
	{method: "POST", path: "/repo/none/", body: "{}", status: 405},

	{rows: "POST /api/v1/repo-files/<codebase>/<file>", method: "POST", path: "/api/v1/repo-files/x/lib/a.txt", body: "one", status: 201,
		see: "/api/v1/repo-files/x/lib/a.txt", shows: "^one$"},
	{method: "POST", path: "/api/v1/repo-files/x/main.js", body: "main one", status: 201},
	{method: "POST", path: "/api/v1/repo-files/x/empty", status: 201, see: "/api/v1/repo-files/x/empty", shows: "^$"},
	{method: "POST", path: "/api/v1/repo-files/none/a", body: "x", status: 404, kind: kindText, want: "Codebase not found"},
	{method: "POST", path: "/api/v1/repo-files/x/_etags", body: "x", status: 400, kind: kindText, want: "Invalid filename"},
	{rows: "GET /api/v1/repo-files/<codebase>/<file>", method: "GET", path: "/api/v1/repo-files/x/main.js", status: 200, kind: kindText, want: "main one"},
	{method: "GET", path: "/api/v1/repo-files/x/none", status: 404},
	{rows: "PATCH /api/v1/repo-files/<codebase>/<file>", method: "PATCH", path: "/api/v1/repo-files/x/lib/a.txt", body: "two", status: 201,
		see: "/api/v1/repo-files/x/lib/a.txt", shows: "^two$"},
	{method: "PATCH", path: "/api/v1/repo-files/none/a", body: "x", status: 404, kind: kindText, want: "Codebase not found"},
	{method: "POST", path: "/api/v1/repo-files/x/gone", body: "x", status: 201},
	{method: "PATCH", path: "/api/v1/repo-files/x/gone", status: 201, see: "/api/v1/repo-files/x/gone"},
	{method: "GET", path: "/api/v1/repo/x", status: 200, kind: kindJSON, want: repoInfo("0", "/x", `"/main.js"`, `"/empty","/lib/a.txt","/main.js"`, "", "", "", noInstances)},

	{rows: "PATCH /api/v1/repo/<codebase>", method: "PATCH", path: "/api/v1/repo/x", body: `{"version":7.9}`, status: 201,
		see: "/api/v1/repo/x", shows: "^" + repoInfo("7", "/x", `"/empty","/lib/a.txt","/main.js"`, "", "", "", "", noInstances) + "$"},
	{method: "PATCH", path: "/api/v1/repo/none", body: `{"version":1}`, status: 404},
	{method: "PATCH", path: "/api/v1/repo/x", body: `{"version":-1}`, status: 400, kind: kindText, want: "Invalid version number"},
	{method: "PATCH", path: "/api/v1/repo/x", body: `{"version":true}`, status: 400, kind: kindText, want: "Invalid version"},
	{method: "PATCH", path: "/api/v1/repo/x", body: `{"main":[]}`, status: 400, kind: kindText, want: "Invalid main filename"},

	{rows: "GET /repo/<codebase>/", method: "GET", path: "/repo/x/", status: 200, kind: kindText, want: "/main.js\n/empty\n/lib/a.txt", tag: "7"},
	{rows: "HEAD /repo/<codebase>/", method: "HEAD", path: "/repo/x/", status: 200, kind: kindText, tag: "7"},
	{method: "GET", path: "/repo/x/", header: "if-none-match: 7", status: 304, tag: "7"},
	{rows: "GET /repo/<codebase>/<file>", method: "GET", path: "/repo/x/lib/a.txt", status: 200, kind: kindText, want: "two", tag: "7"},
	{rows: "HEAD /repo/<codebase>/<file>", method: "HEAD", path: "/repo/x/lib/a.txt", status: 200, kind: kindText, tag: "7"},
	{method: "GET", path: "/repo/x/none", status: 404},
	{rows: "GET /repo/<codebase>/_etags", method: "GET", path: "/repo/x/_etags", status: 200, kind: kindText, want: "/empty#7\n/lib/a.txt#7\n/main.js#7\n"},
	{method: "HEAD", path: "/repo/x/_etags", status: 200, kind: kindText},
	{method: "PUT", path: "/repo/x/", body: "x", status: 405},

	// Files alone: the version stays.
	{method: "POST", path: "/api/v1/repo-files/x/lib/a.txt", body: "three", status: 201},
	{method: "GET", path: "/repo/x/lib/a.txt", status: 200, kind: kindText, want: "two", tag: "7"},
	{method: "PATCH", path: "/api/v1/repo/x", body: "{}", status: 201, see: "/repo/x/lib/a.txt", shows: "^three$"},
	{method: "GET", path: "/repo/x/lib/a.txt", status: 200, kind: kindText, want: "three", tag: "7.1"},
	{method: "GET", path: "/repo/x/_etags", status: 200, kind: kindText, want: "/empty#7\n/lib/a.txt#7.1\n/main.js#7\n"},
	{method: "GET", path: "/repo/x/", status: 200, kind: kindText, want: "/main.js\n/empty\n/lib/a.txt", tag: "7"},

	{rows: "DELETE /api/v1/repo-files/<codebase>/<file>", method: "DELETE", path: "/api/v1/repo-files/x/empty", status: 204,
		see: "/api/v1/repo/x", shows: "^" + repoInfo("7", "/x", `"/empty","/lib/a.txt","/main.js"`, "", `"/empty"`, "", "", noInstances) + "$"},
	{method: "DELETE", path: "/api/v1/repo-files/x/none", status: 204},
	{method: "DELETE", path: "/api/v1/repo-files/none/x", status: 404},
	{method: "GET", path: "/api/v1/repo-files/x/empty", status: 404},

	// Derived codebases.
	{method: "POST", path: "/api/v1/repo/group/y", body: `{"base":"/x","version":"a"}`, status: 201,
		see: "/api/v1/repo/group/y", shows: "^" + repoInfo("a", "/group/y", "", "", "", `"/empty","/lib/a.txt","/main.js"`, "", `"base":"/x",`+noInstances) + "$"},
	{method: "PATCH", path: "/api/v1/repo/group/y", body: `{"version":"a"}`, status: 201, see: "/repo/group/y/main.js", shows: "^main one$"},
	{method: "PATCH", path: "/api/v1/repo/x", body: `{"version":8}`, status: 201,
		see: "/api/v1/repo/group/y", shows: "^" + repoInfo("1", "/group/y", "", "", "", `"/lib/a.txt","/main.js"`, "", `"base":"/x",`+noInstances) + "$"},
	{method: "GET", path: "/repo/group/y/", status: 200, kind: kindText, want: "/main.js\n/lib/a.txt", tag: "1"},
	{method: "GET", path: "/api/v1/repo", status: 200, kind: kindText, want: "/group/y\n/x"},

	{rows: "GET /repo", method: "GET", path: "/repo", status: 200, kind: kindText, want: "/group/y/\n/x/\n"},
	{method: "GET", path: "/repo/", status: 200, kind: kindText, want: "/group/y/\n/x/\n"},
	{rows: "GET /repo/<prefix>", method: "GET", path: "/repo/group", status: 200, kind: kindText, want: "/group/y/\n"},
	{method: "GET", path: "/repo/none", status: 404},
	{rows: "GET /repo/<path> (accept: text/html)", method: "GET", path: "/repo/x/", header: "accept: text/html", status: 200, kind: kindHTML, want: "(?i)<!doctype html>.*/ui/app.js.*"},

	// Reports of instances.
	{rows: "POST /repo/<codebase>/", method: "POST", path: "/repo/x/", status: 201,
		body: `{"timestamp":1700000005000,"since":1700000000000,"uuid":"u-1","name":"edge","ip":"10.0.0.2","version":8,"modules":{},"logs":["pipy_log"]}`,
		see:  "/api/v1/repo/x", shows: `"instances":\{"1":\{"ip":"127\.0\.0\.1","timestamp":\d{13},"status":\{"timestamp":1700000005000,"since":1700000000000,"uuid":"u-1","name":"edge",` +
			`"ip":"10\.0\.0\.2","version":"8","modules":\{\},"logs":\["pipy_log"\]\}\}\}\}$`},
	{method: "POST", path: "/repo/x/", status: 206, body: `{"uuid":"u-1","name":"edge","version":"8","metrics":{"version":1,"roots":[{"k":"hits","t":"Counter","v":5}]}}`,
		see: "/metrics", shows: `(?m)^hits\{instance="edge"\} 5$`},
	{method: "POST", path: "/repo/x/", status: 201, body: `{"uuid":"u-1","name":"edge","version":"8","metrics":{"version":3,"last":2,"roots":[6]}}`},
	{method: "POST", path: "/repo/x/", status: 400, body: "{", kind: kindText, want: "Invalid JSON"},
	{method: "POST", path: "/repo/x", body: "{}", status: 405},
	{rows: "GET /api/v1/metrics/<uuid>/", method: "GET", path: "/api/v1/metrics/u-1/", status: 200, kind: kindJSON,
		want: `\{"time":\d+(\.\d+)?,"metrics":\[\{"k":"hits","t":"Counter","l":"","v":\[0,5\]\}\]\}`},
	{rows: "GET /api/v1/metrics/<uuid>/<name>", method: "GET", path: "/api/v1/metrics/u-1/hits", status: 200, kind: kindJSON,
		want: `\{"time":\d+(\.\d+)?,"metrics":\[\{"k":"hits","t":"Counter","l":"","v":\[0,5\](,"s":\[\])?\}\]\}`},
	{method: "GET", path: "/api/v1/metrics/u-1/none", status: 200, kind: kindJSON, want: `\{"time":\d+(\.\d+)?,"metrics":\[\]\}`},
	{method: "GET", path: "/api/v1/metrics/u-2/hits", status: 404},
	{method: "GET", path: "/api/v1/log/u-2/pipy_log", header: "upgrade: websocket", status: 404},

	// A program of the store.
	{method: "POST", path: "/api/v1/repo/run", status: 201},
	{method: "POST", path: "/api/v1/repo-files/run/main.js", body: "pipy().task('1h').dummy()", status: 201},
	{method: "POST", path: "/api/v1/program", body: "/run", status: 201, see: "/api/v1/program", shows: "^/run$"},
	{method: "GET", path: "/api/v1/files", status: 200, kind: kindJSON, want: `\{"main":"/main.js","files":\["/main.js"\],"readOnly":true\}`},
	{method: "POST", path: "/api/v1/files/main.js", body: "x", status: 201, see: "/api/v1/files/main.js", shows: "task"},
	{method: "PATCH", path: "/api/v1/files", body: `{"main":"/x"}`, status: 201, see: "/api/v1/files", shows: `"main":"/main.js"`},
	{method: "DELETE", path: "/api/v1/files/main.js", status: 204, see: "/api/v1/files/main.js", shows: "task"},
	{method: "POST", path: "/api/v1/program", body: "/x", status: 400, kind: kindText, want: "Failed to start up", see: "/api/v1/program", shows: "^$"},

	{rows: "ANY /api/v1/dump-store", method: "PUT", path: "/api/v1/dump-store", status: 200},
	{rows: "DELETE /api/v1/repo/<codebase>", method: "DELETE", path: "/api/v1/repo/x", status: 204, see: "/api/v1/repo", shows: "^/run$"},
	{method: "DELETE", path: "/api/v1/repo/x", status: 404},
	{method: "GET", path: "/repo/group/y/", status: 404},
	{method: "GET", path: "/repo/x/_etags", status: 404},
}

// webSocketRows are those of TestEndpointLinks.
var webSocketRows = "WS /api/v1/log/<uuid>/<name>; WS /repo/<codebase>/<uuid>"

// linkRows are messages over them.
var linkRows = []string{"link:repo:reload", "link:repo:log/on", "link:repo:log/off", "link:repo:log/tail", "link:instance:log", "link:instance:log-tail", "link:viewer:watch"}

// Each endpoint that weir api lists is among the calls here.
func TestEndpointsAreComplete(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	all := append(append([]endpointCall{{rows: webSocketRows}}, programCalls...), storeCalls...)
	for _, c := range all {
		for row := range strings.SplitSeq(c.rows, "; ") {
			if row != "" {
				tested["http:"+row] = true
			}
		}
	}
	for _, row := range linkRows {
		tested[row] = true
	}
	listed := map[string]bool{}
	for line := range strings.Lines(harness.Run(t, harness.Binary(t), "api").Stdout) {
		if f := strings.Split(line, "\t"); f[1] == "endpoint" {
			listed[f[0]] = true
			if !tested[f[0]] {
				t.Errorf("there is no call of %s", f[0])
			}
		}
	}
	for row := range tested {
		if !listed[row] {
			t.Errorf("weir api does not list %s", row)
		}
	}
}

// Every endpoint without a store, with curl.
func TestEndpointsOfProgram(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Flags: []string{"--threads=2", fmt.Sprintf("--admin-port=%d", ports[0]), "--instance-uuid=p-1", "--instance-name=edge", "--trace-objects"},
		Files: map[string]string{"data.bin": "\x01data\n", "main.js": fmt.Sprintf(`((
			starts = new stats.Counter('starts'),
			hits = new stats.Counter('hits', ['path']),
			access = new logging.TextLogger('access'),
			kept = new Message('kept'),
		) => (
			starts.increase(),
			hits.withLabels('/x').increase(),
			access.log('started'),
			pipy({ _kept: kept })
			.listen(%d).demuxHTTP().to($ => $.replaceMessage(() => new Message('hi')))
			.admin('/admin/echo').replaceMessage(msg => new Message(__thread.id + ' ' + msg.head.path + ' ' + msg.body + '\n'))
		))()`, ports[1])},
		Listen: ports,
	})
	// The history may have begun before the program.
	harness.Eventually(t, "the program's metrics in the history", func() bool {
		return strings.Contains(harness.Curl(t, "http://"+harness.Addr(ports[0])+"/api/v1/metrics"), `"starts"`)
	})
	makeCalls(t, ports[0], programCalls)
	if got := harness.Curl(t, "http://"+harness.Addr(ports[1])); got != "hi" {
		t.Errorf("in the end the program answers %q", got)
	}
}

// Every endpoint of a store, with curl.
func TestEndpointsOfStore(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", port), "--store=" + t.TempDir()}, Listen: []int{port}})
	makeCalls(t, port, storeCalls)
	if out := w.Stdout.String(); !strings.Contains(out, " records, ") || !strings.Contains(out, `"c/x"`) {
		t.Errorf("the dump of the store: %q", out)
	}
}

// The endpoints that go on as WebSockets, and what is said over them: with an instance that follows a codebase of the repo.
func TestEndpointLinks(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	dir := t.TempDir()
	harness.WriteFile(t, dir+"/x/main.js", serving(ports[1], "hi"))
	repo := harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), "--init-repo=" + dir}, Listen: ports[:1]})
	base := harness.Addr(ports[0])
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	dial := func(path string) *websocket.Conn {
		t.Helper()
		c, res, err := websocket.Dial(ctx, "ws://"+base+path, nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("server") != "pipy-repo" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		t.Cleanup(func() { c.CloseNow() })
		c.SetReadLimit(-1)
		return c
	}
	say := func(c *websocket.Conn, text string) {
		t.Helper()
		if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(c *websocket.Conn, want string) {
		t.Helper()
		kind, b, err := c.Read(ctx)
		if err != nil || kind != websocket.MessageText || string(b) != want {
			t.Fatalf("%q %v %v, want %q", b, kind, err, want)
		}
	}
	instance := dial("/repo/x/u-1")
	say(instance, "")
	viewer := dial("/api/v1/log/u-1/access")
	hear(instance, "log/on/access")
	say(instance, "log/access\nearly\n") // before the history: not for the viewer
	say(viewer, "watch\n")
	hear(instance, "log/tail/access")
	say(instance, "log-tail/access\nearly\n")
	hear(viewer, "early\n")
	say(instance, "log/access\nlate\n")
	hear(viewer, "late\n")
	if got := adminCurl(t, ports[0], "/api/v1/repo/x", "-XPATCH", `-d{"version":2}`); got != "\n201" {
		t.Errorf("commit: %q", got)
	}
	hear(instance, "reload")
	if err := viewer.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	heard := make(chan string, 1)
	go func() {
		_, b, _ := instance.Read(ctx) // after an error there is nothing
		heard <- string(b)
	}()
	harness.Eventually(t, "records are wanted no more", func() bool {
		say(instance, "log/access\nunseen\n")
		select {
		case got := <-heard:
			if got != "log/off/access" {
				t.Fatalf("%q", got)
			}
			return true
		default:
			return false
		}
	})

	local := dial("/api/v1/log//pipy_log")
	say(local, "watch\n")
	_, history, err := local.Read(ctx)
	if err != nil || string(history) != repo.Stderr.String() {
		t.Errorf("%v, history\n%s\nstandard error\n%s", err, history, repo.Stderr.String())
	}

	// A link needs a key; a viewer is told at once that there is nothing to see.
	for _, c := range []struct {
		path, header string
		status       int
	}{
		{"/repo/x/u-1", strings.Replace(upgradeHeader, "sec-websocket-key", "x-key", 1), 200},
		{"/api/v1/log//none", upgradeHeader, 404},
		{"/api/v1/log/u-9/access", upgradeHeader, 404},
		{"/api/v1/log/u-1", upgradeHeader, 405},
		{"/api/v1/log/u-1/access", "x: y\r\n", 405},
	} {
		conn := harness.Dial(t, ports[0])
		conn.Send("GET " + c.path + " HTTP/1.1\r\nhost: localhost\r\n" + c.header + "\r\n")
		if res, body := conn.ReadResponse("GET"); res.StatusCode != c.status || body != "" {
			t.Errorf("%s: %d %q, want %d", c.path, res.StatusCode, body, c.status)
		}
	}
}

// A request that waits for a change as long as it may gets its answer, not the end of its connection.
func TestLongestWait(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	dir := t.TempDir()
	harness.WriteFile(t, dir+"/x/main.js", "")
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", port), "--init-repo=" + dir}, Listen: []int{port}})
	c := harness.Dial(t, port)
	c.SetDeadline(time.Now().Add(60*time.Second + harness.Patience))
	c.Send("GET /repo/x/ HTTP/1.1\r\nhost: localhost\r\nif-none-match: 1\r\nprefer: wait=60\r\n\r\n")
	if res, body := c.ReadResponse("GET"); res.StatusCode != http.StatusNotModified || res.Header.Get("etag") != "1" || body != "" {
		t.Errorf("%d %v %q", res.StatusCode, res.Header, body)
	}
}
