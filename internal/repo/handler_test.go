package repo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"weir/internal/embedded"
)

// node is a repo with its HTTP server.
type node struct {
	t    *testing.T
	repo *Repo
	url  string
	dump strings.Builder
}

func serve(t *testing.T, s Store, options Options) *node {
	t.Helper()
	r, err := New(s, options)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, repo: r}
	server := httptest.NewServer(&Handler{Repo: r, Dump: &n.dump})
	n.url = server.URL
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return n
}

// response is an answer with everything tests look at.
type response struct {
	status int
	body   string
	header http.Header
}

// send makes a request; header lines are "name: value".
func (n *node) send(method, path, body string, headers ...string) response {
	n.t.Helper()
	res, err := n.try(n.t.Context(), method, path, body, headers...)
	if err != nil {
		n.t.Fatal(err)
	}
	return res
}

func (n *node) try(ctx context.Context, method, path, body string, headers ...string) (response, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.url+path, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return response{res.StatusCode, string(b), res.Header}, err
}

// want makes a request whose answer is known.
func (n *node) want(request, body string, status int, answer string, headers ...string) response {
	n.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	res := n.send(method, path, body, headers...)
	if res.status != status || res.body != answer {
		n.t.Errorf("%s %q: %d %q, want %d %q", request, body, res.status, res.body, status, answer)
	}
	if s := res.header.Get("Server"); s != "pipy-repo" {
		n.t.Errorf("%s: server %q", request, s)
	}
	return res
}

func (n *node) wantTag(path, tag string) {
	n.t.Helper()
	for _, method := range []string{"GET", "HEAD"} {
		res := n.send(method, path, "")
		if etag := res.header["Etag"]; res.status != 200 || len(etag) != 1 || etag[0] != tag {
			n.t.Errorf("%s %s: %d, etag %q, want %q", method, path, res.status, etag, tag)
		}
		if res.header.Get("Content-Type") != "text/plain" || res.header.Get("Content-Length") == "" {
			n.t.Errorf("%s %s: %v", method, path, res.header)
		}
	}
}

// The whole life of codebases over HTTP, in all stores.
func TestCodebases(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() Store, _ bool) {
		n := serve(t, open(), Options{})
		n.want("GET /api/v1/repo", "", 200, "")
		n.want("GET /repo/", "", 404, "")
		n.want("POST /api/v1/repo/test", "{}", 201, "")
		n.want("POST /api/v1/repo/test", "", 400, "Codebase already exists")
		n.want("GET /repo/test/", "", 404, "")
		n.want("GET /api/v1/repo/test", "", 200, `{"version":"0","path":"/test","main":"/main.js","files":["/main.js"],"editFiles":[],"erasedFiles":[],"baseFiles":[],"derived":[],"instances":{}}`)
		if res := n.send("GET", "/api/v1/repo-files/test/main.js", ""); res.status != 200 || res.body != starter {
			t.Errorf("starter: %d %q", res.status, res.body)
		}
		n.want("POST /api/v1/repo-files/test/main.js", "one", 201, "")
		n.want("POST /api/v1/repo-files/test/lib/a.js", "a", 201, "")
		n.want("POST /api/v1/repo-files/test/empty", "", 201, "")
		n.want("GET /api/v1/repo-files/test/main.js", "", 200, "one")
		n.want("GET /api/v1/repo/test/lib/a.js", "", 200, "a")
		n.want("GET /api/v1/repo-files/test/none", "", 404, "")
		n.want("GET /api/v1/repo-files/none/main.js", "", 404, "")
		n.want("PATCH /api/v1/repo/test", `{"version":1.9}`, 201, "")
		n.want("GET /repo/test/", "", 200, "/main.js\n/empty\n/lib/a.js")
		n.wantTag("/repo/test/", "1")
		n.wantTag("/repo/test/lib/a.js", "1")
		n.wantTag("/repo/test/_etags", "")
		n.want("GET /repo/test/empty", "", 200, "")
		n.want("GET /repo/test/_etags", "", 200, "/empty#1\n/lib/a.js#1\n/main.js#1\n")

		// Edits are seen by editors alone, and can be taken back.
		n.want("PATCH /api/v1/repo-files/test/main.js", "two", 201, "")
		n.want("DELETE /api/v1/repo-files/test/empty", "", 204, "")
		n.want("DELETE /api/v1/repo-files/test/unknown", "", 204, "")
		n.want("GET /api/v1/repo-files/test/empty", "", 404, "")
		n.want("GET /api/v1/repo-files/test/main.js", "", 200, "two")
		n.want("GET /repo/test/main.js", "", 200, "one")
		n.want("GET /api/v1/repo/test", "", 200, `{"version":"1","path":"/test","main":"/main.js","files":["/empty","/lib/a.js","/main.js"],"editFiles":["/main.js"],"erasedFiles":["/empty"],"baseFiles":[],"derived":[],"instances":{}}`)
		n.want("PATCH /api/v1/repo-files/test/empty", "", 201, "")
		n.want("GET /api/v1/repo-files/test/empty", "", 200, "")
		n.want("DELETE /api/v1/repo-files/test/empty", "", 204, "")

		// Without a version running instances go on.
		n.want("POST /api/v1/repo-files/test/new.js", "new", 201, "")
		n.want("PATCH /api/v1/repo/test", "no JSON", 201, "")
		n.want("GET /repo/test/_etags", "", 200, "/lib/a.js#1\n/main.js#1.1\n/new.js#.1\n")
		n.want("GET /repo/test/", "", 200, "/main.js\n/empty\n/lib/a.js")
		n.wantTag("/repo/test/main.js", "1.1")
		n.want("GET /repo/test/empty", "", 404, "")
		n.want("POST /api/v1/repo-files/test/new.js", "newer", 201, "")
		n.want("PATCH /api/v1/repo/test", "", 201, "")
		n.wantTag("/repo/test/new.js", ".2")
		n.wantTag("/repo/test/", "1")

		// Codebases with a base.
		n.want("POST /api/v1/repo/d/one", `{"base":"/test","version":"7b"}`, 201, "")
		n.want("POST /api/v1/repo/two", `{"base":"d/one","main":"x.js"}`, 201, "")
		n.want("POST /api/v1/repo-files/d/one/lib/a.js", "own a", 201, "")
		n.want("GET /api/v1/repo/d/one", "", 200, `{"version":"7b","path":"/d/one","main":"/main.js","files":[],"editFiles":["/lib/a.js"],"erasedFiles":[],"baseFiles":["/lib/a.js","/main.js","/new.js"],"derived":["/two"],"base":"/test","instances":{}}`)
		n.want("GET /api/v1/repo-files/d/one/main.js", "", 200, "two")
		n.want("PATCH /api/v1/repo/d/one", `{"version":"v8"}`, 201, "")
		n.want("GET /repo/d/one/lib/a.js", "", 200, "own a")
		n.want("GET /repo/d/one/", "", 200, "/main.js\n/lib/a.js\n/new.js")
		n.want("GET /repo/two/", "", 200, "/x.js\n/lib/a.js\n/main.js\n/new.js")
		n.wantTag("/repo/two/lib/a.js", "1")
		n.want("POST /api/v1/repo-files/test/main.js", "three", 201, "")
		n.want("PATCH /api/v1/repo/test", `{"version":"rc","main":"/lib/a.js"}`, 201, "")
		n.want("GET /repo/two/main.js", "", 200, "three")
		n.wantTag("/repo/d/one/", "1")
		n.wantTag("/repo/two/", "2")
		n.want("GET /repo/test/", "", 200, "/lib/a.js\n/main.js\n/new.js")
		n.want("PATCH /api/v1/repo/test", `{"version":"rc"}`, 201, "")
		n.wantTag("/repo/d/one/", "1") // the same version of the base
		n.want("DELETE /api/v1/repo-files/d/one/lib/a.js", "", 204, "")
		n.want("PATCH /api/v1/repo/d/one", "", 201, "")
		n.want("GET /repo/d/one/lib/a.js", "", 200, "a") // the base's shows through
		n.wantTag("/repo/d/one/lib/a.js", "1.1")

		n.want("GET /api/v1/repo/", "", 200, "/d/one\n/test\n/two")
		n.want("GET /repo", "", 200, "/d/one/\n/test/\n/two/\n")
		n.want("GET /repo/d", "", 200, "/d/one/\n")
		n.want("GET /repo/d/one", "", 200, "/d/one/\n")
		n.want("GET /repo/t", "", 404, "")
		n.want("GET /api/v1/repo/test/", "", 404, "")

		n.want("DELETE /api/v1/repo/test", "", 204, "")
		n.want("DELETE /api/v1/repo/test", "", 404, "")
		for _, path := range []string{"/repo/test/", "/repo/two/", "/repo/d/one/_etags", "/repo/two/main.js", "/api/v1/repo/two"} {
			n.want("GET "+path, "", 404, "")
		}
		if err := n.repo.Sweep(t.Context(), 0); err != nil {
			t.Error(err)
		}
		n.want("POST /api/v1/dump-store", "", 200, "")
		if n.dump.String() != "0 records, 0 contents\n" {
			t.Errorf("left in the store:\n%s", n.dump.String())
		}
	})
}

// Sweeping leaves everything that is still needed.
func TestSweep(t *testing.T) {
	t.Parallel()
	n := serve(t, NewMemory(), Options{CacheSize: 1})
	n.want("POST /api/v1/repo/a", "", 201, "")
	n.want("POST /api/v1/repo/b", `{"base":"/a"}`, 201, "")
	for i := range 5 {
		n.want("POST /api/v1/repo-files/a/x", fmt.Sprint(i), 201, "")
		n.want("PATCH /api/v1/repo/a", fmt.Sprintf(`{"version":%d}`, i), 201, "")
	}
	n.want("POST /api/v1/repo-files/a/x", "only without a version", 201, "")
	n.want("PATCH /api/v1/repo/a", "", 201, "")
	n.want("POST /api/v1/repo-files/a/x", "edit", 201, "")
	if err := n.repo.Sweep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := n.repo.Sweep(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	n.want("GET /repo/a/x", "", 200, "only without a version")
	n.want("GET /repo/b/x", "", 200, "4")
	n.want("GET /api/v1/repo-files/a/x", "", 200, "edit")
	n.want("GET /api/v1/dump-store", "", 200, "")
	// Two lists of a and one of b; the starter, the two published x, and the edit.
	if !strings.HasSuffix(n.dump.String(), " 7 contents\n") {
		t.Errorf("left in the store:\n%s", n.dump.String())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	n := serve(t, NewMemory(), Options{MaxFileSize: 100, MaxFiles: 3})
	n.want("POST /api/v1/repo/a", "", 201, "")
	for _, c := range []struct {
		request, body string
		status        int
		answer        string
	}{
		{"POST /api/v1/repo/", "", 400, "Invalid codebase name"},
		{"POST /api/v1/repo", "", 400, "Invalid codebase name"},
		{"POST /api/v1/repo/b/", "", 400, "Invalid codebase name"},
		{"POST /api/v1/repo/b%2f..%2fc", "", 400, "Invalid codebase name"},
		{"POST /api/v1/repo/b%0a", "", 400, "Invalid codebase name"},
		{"PATCH /api/v1/repo/a/", "", 400, "Invalid codebase name"},
		{"DELETE /api/v1/repo/", "", 400, "Invalid codebase name"},
		{"POST /api/v1/repo/b", `{"base":5}`, 400, "Invalid base codebase"},
		{"POST /api/v1/repo/b", `{"base":"/"}`, 400, "Invalid base codebase"},
		{"POST /api/v1/repo/b", `{"base":"/c"}`, 400, "Base codebase not found"},
		{"POST /api/v1/repo/b", `{"main":""}`, 400, "Invalid main filename"},
		{"PATCH /api/v1/repo/a", `{"main":[]}`, 400, "Invalid main filename"},
		{"PATCH /api/v1/repo/a", `{"version":-1}`, 400, "Invalid version number"},
		{"PATCH /api/v1/repo/a", `{"version":2147483648}`, 400, "Invalid version number"},
		{"PATCH /api/v1/repo/a", `{"version":""}`, 400, "Invalid version"},
		{"PATCH /api/v1/repo/a", `{"version":true}`, 400, "Invalid version"},
		{"PATCH /api/v1/repo/a", `{"version":"1\n2"}`, 400, "Invalid version"},
		{"PATCH /api/v1/repo/b", `{"version":1}`, 404, ""},
		{"PUT /api/v1/repo/a", "", 405, ""},
		{"HEAD /api/v1/repo/a", "", 405, ""},
		{"GET /api/v1/repo/a?x=1", "", 404, ""},
		{"GET /api/v1/repository", "", 404, ""},
		{"POST /api/v1/repository", "", 405, ""},
		{"POST /api/v1/repo-files/b/x", "x", 404, "Codebase not found"},
		{"PATCH /api/v1/repo-files/b/x", "", 404, "Codebase not found"},
		{"DELETE /api/v1/repo-files/b/x", "", 404, ""},
		{"POST /api/v1/repo-files/a/", "x", 400, "Invalid filename"},
		{"POST /api/v1/repo-files/a/_etags", "x", 400, "Invalid filename"},
		{"POST /api/v1/repo-files/a/%2e%2e/%2e%2e/etc/passwd", "x", 400, "Invalid filename"},
		{"POST /api/v1/repo-files/a/b%5c..%5cc", "x", 400, "Invalid filename"},
		{"POST /api/v1/repo-files/a/b%00", "x", 400, "Invalid filename"},
		{"GET /api/v1/repo-files/a/..%2f..%2fetc%2fpasswd", "", 404, ""},
		{"GET /repo/a/..%2f..%2fetc%2fpasswd", "", 404, ""},
		{"POST /api/v1/repo-files/a/big", strings.Repeat("x", 101), 413, "Request body too large: the limit is 100 bytes"},
		{"PATCH /api/v1/repo/a", `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "Request body too large: the limit is 1048576 bytes"},
		{"HEAD /api/v1/repo-files/a/main.js", "", 405, ""},
		{"POST /repo/a", "{}", 405, ""},
		{"POST /repo/b/", "{}", 405, ""},
		{"POST /repo/a/", "{", 400, "Invalid JSON"},
		{"POST /repo/a/", "{}", 400, "Invalid instance uuid"},
		{"PUT /repo/a/", "{}", 405, ""},
	} {
		n.want(c.request, c.body, c.status, c.answer)
	}
	n.want("POST /api/v1/repo-files/a//x//y", "1", 201, "")
	n.want("GET /api/v1/repo-files/a/x/y", "", 200, "1")
	n.want("POST /api/v1/repo-files/a/2", "1", 201, "")
	n.want("POST /api/v1/repo-files/a/3", "1", 400, "Too many files")
	n.want("POST /api/v1/repo-files/a/2", "again", 201, "")
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	n := serve(t, NewMemory(), Options{})
	n.want("POST /api/v1/repo/a", "", 201, "")
	n.want("PATCH /api/v1/repo/a", `{"version":"1,2"}`, 201, "")
	for field, status := range map[string]int{
		`1,2`: 304, `"1,2"`: 200, `W/"x", *`: 200, `*`: 304, `1`: 200, ``: 200,
	} {
		if res := n.send("GET", "/repo/a/", "", "If-None-Match: "+field); res.status != status {
			t.Errorf("%s: %d, want %d", field, res.status, status)
		}
	}
	n.want("PATCH /api/v1/repo/a", `{"version":3}`, 201, "")
	for field, status := range map[string]int{`"3"`: 304, `3`: 304, `W/"3"`: 304, `"1", "3"`: 304, `33`: 200} {
		if res := n.send("HEAD", "/repo/a/main.js", "", "If-None-Match: "+field); res.status != status {
			t.Errorf("%s: %d, want %d", field, res.status, status)
		}
	}
}

func TestLongPoll(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() Store, _ bool) {
		n := serve(t, open(), Options{})
		other := n
		if strings.Contains(t.Name(), "etcd") {
			other = serve(t, open(), Options{}) // another node writes
		}
		other.want("POST /api/v1/repo/a", "", 201, "")
		other.want("PATCH /api/v1/repo/a", `{"version":"1"}`, 201, "")
		if res := n.send("GET", "/repo/a/", "", "If-None-Match: 0", "Prefer: wait=60"); res.status != 200 {
			t.Errorf("another version: %d", res.status)
		}
		res := n.send("GET", "/repo/a/", "", "If-None-Match: 1", "Prefer: respond-async, wait=1")
		if res.status != 304 || res.header.Get("Preference-Applied") != "wait=1" || res.header.Get("Etag") != "1" {
			t.Errorf("no change within the time: %v", res)
		}
		tags := n.send("GET", "/repo/a/_etags", "", "Prefer: wait=60")
		listing := tags.header.Get("Etag")
		if tags.status != 200 || listing == "" {
			t.Errorf("document of tags: %v", tags)
		}
		type answer struct {
			response
			err error
		}
		ask := func(path, known string) chan answer {
			c := make(chan answer, 1)
			go func() {
				res, err := n.try(t.Context(), "GET", path, "", "If-None-Match: "+known, "Prefer: wait=60")
				c <- answer{res, err}
			}()
			return c
		}
		expect := func(c chan answer, status int, etag, body string) {
			t.Helper()
			select {
			case a := <-c:
				if a.err != nil || a.status != status || a.body != body || etag != "" && a.header.Get("Etag") != etag {
					t.Errorf("%v, want %d %s %q", a, status, etag, body)
				}
			case <-time.After(patience):
				t.Error("nothing came")
			}
		}
		waiting, waitingForTags := ask("/repo/a/", "1"), ask("/repo/a/_etags", listing)
		other.want("POST /api/v1/repo-files/a/x", "x", 201, "")
		other.want("PATCH /api/v1/repo/a", "", 201, "")
		expect(waitingForTags, 200, "", "/main.js#1\n/x#.1\n")
		select {
		case a := <-waiting:
			t.Errorf("a commit without version woke who waits for one: %v", a)
		default:
		}
		other.want("PATCH /api/v1/repo/a", `{"version":"2"}`, 201, "")
		expect(waiting, 200, "2", "/main.js\n/x")
		waiting = ask("/repo/a/", "2")
		other.want("DELETE /api/v1/repo/a", "", 204, "")
		expect(waiting, 404, "", "")
	})
}

func TestImports(t *testing.T) {
	t.Parallel()
	n := serve(t, NewMemory(), Options{})
	n.want("POST /api/v1/repo/old", "", 201, "")
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	if err := n.repo.ImportDirectories(t.Context(), fstest.MapFS{
		"old/main.js": file("replaced?"), "new/main.js": file("m"), "new/lib/x": file("x"), "new/.git/config": file("c"),
		"new/lib/.hidden": file("h"), "rest/readme": file("r"), ".dot/main.js": file("d"), "file": file("f"),
	}); err != nil {
		t.Fatal(err)
	}
	n.want("GET /api/v1/repo", "", 200, "/new\n/old\n/rest")
	n.want("GET /repo/new/", "", 200, "/main.js\n/lib/x")
	n.wantTag("/repo/new/", "1")
	n.want("GET /repo/old/main.js", "", 404, "")
	n.want("GET /repo/rest/main.js", "", 200, starter)
	list, err := embedded.List(fstest.MapFS{
		"g/a/main.js": file("m"), "g/a/proxy.js": file("p"), "g/b/hello.js": file("h"), "g/b/deep/main.js": file("d"), "g/file": file("f"),
		"old/x/main.js": file("x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time they are there
		if err := n.repo.ImportEmbedded(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	n.want("GET /repo/g/a/", "", 200, "/proxy.js\n/main.js")
	n.want("GET /repo/g/b/", "", 200, "/hello.js\n/deep/main.js")
	n.want("GET /repo/g", "", 200, "/g/a/\n/g/b/\n")

	n.want("POST /api/v1/repo/over", `{"base":"/g/a"}`, 201, "")
	n.want("POST /api/v1/repo-files/over/proxy.js", "mine", 201, "")
	s, err := n.repo.Snapshot(t.Context(), "/over")
	if err != nil || s.Version != "0" || s.Main != "/proxy.js" || string(s.Files["/proxy.js"]) != "mine" || string(s.Files["/main.js"]) != "m" {
		t.Errorf("%+v %v", s, err)
	}
	n.want("DELETE /api/v1/repo-files/g/a/main.js", "", 204, "")
	s, err = n.repo.Snapshot(t.Context(), "/g/a")
	if content, ok := s.Files["/main.js"]; err != nil || !ok || len(content) != 0 {
		t.Errorf("an erased file: %q %v %v", content, ok, err)
	}
	if _, err := n.repo.Snapshot(t.Context(), "/none"); err == nil || err.Error() != "Codebase not found" {
		t.Errorf("snapshot of nothing: %v", err)
	}
}
