package ui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
)

func get(h http.Handler, method, path string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	t.Parallel()
	h := Handler(nil)
	for _, c := range []struct {
		method, path, accept string
		status               int
		kind, content        string
	}{
		{"GET", "/", "", 200, "text/html; charset=utf-8", `src="/ui/app.js"`},
		{"HEAD", "/", "", 200, "text/html; charset=utf-8", ""},
		{"GET", "/home", "", 200, "text/html; charset=utf-8", `id="app"`},
		{"GET", "/home/", "", 200, "text/html; charset=utf-8", `id="app"`},
		{"GET", "/repo/a/b/", "text/html,*/*", 200, "text/html; charset=utf-8", `id="app"`},
		{"GET", "/repo/a/b/", "*/*", 404, "", ""},
		{"GET", "/ui/app.js", "", 200, "text/javascript; charset=utf-8", "import"},
		{"GET", "/ui/app.css", "", 200, "text/css; charset=utf-8", "--accent"},
		{"GET", "/ui/icon.svg", "", 200, "image/svg+xml", "<svg"},
		{"GET", "/ui/names.json", "", 200, "application/json", `["listen","pipy","`},
		{"GET", "/ui/names.json", "", 200, "application/json", `["demuxHTTP","$","`},
		{"GET", "/ui/names.json", "", 200, "application/json", `["shift","Data#","`},
		{"GET", "/ui/names.json", "", 200, "application/json", `["Message","","new Message(`},
		{"GET", "/ui/none.js", "", 404, "", ""},
		{"GET", "/ui/", "", 404, "", ""},
		{"GET", "/ui/../ui.go", "", 307, "", ""},
		{"GET", "/static/app.js", "", 404, "", ""},
		{"POST", "/", "", 405, "", ""},
		{"PUT", "/docs/en/intro", "", 405, "", ""},
		{"GET", "/docs/en/intro", "", 200, "text/html; charset=utf-8", "What weir is"},
		{"GET", "/docs/zh/getting-started", "", 200, "text/html; charset=utf-8", "快速上手"},
		{"GET", "/docs/en/reference", "", 200, "text/html; charset=utf-8", "pipy.listen"},
		{"GET", "/docs/en/none", "", 404, "", ""},
		{"GET", "/docs/fr/intro", "", 404, "", ""},
	} {
		w := get(h, c.method, c.path, "Accept", c.accept)
		if w.Code != c.status || c.kind != "" && w.Header().Get("Content-Type") != c.kind || !strings.Contains(w.Body.String(), c.content) {
			t.Errorf("%s %s: %d %s %.200s", c.method, c.path, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		if html := strings.HasPrefix(c.kind, "text/html"); html && !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: no Content-Security-Policy", c.path)
		}
		if body := w.Body.String(); strings.Contains(body, "<script>") || strings.Contains(body, "<style") {
			t.Errorf("%s has something inline", c.path)
		}
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	h := Handler(nil)
	plain := get(h, "GET", "/ui/app.css").Body.Bytes()
	for range 2 { // made, and remembered
		for _, c := range []struct{ accept, encoding string }{
			{"gzip, br", "br"}, {"gzip", "gzip"}, {"br;q=0, gzip;q=0.5", "gzip"}, {"identity", ""}, {"br; q=0", ""}, {"BR", "br"},
		} {
			w := get(h, "GET", "/ui/app.css", "Accept-Encoding", c.accept)
			if got := w.Header().Get("Content-Encoding"); got != c.encoding {
				t.Errorf("%s: %s, want %s", c.accept, got, c.encoding)
				continue
			}
			var r io.Reader = w.Body
			var err error
			switch c.encoding {
			case "br":
				r = brotli.NewReader(r)
			case "gzip":
				r, err = gzip.NewReader(r)
			}
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(r); err != nil || !bytes.Equal(body, plain) {
				t.Errorf("%s: %d bytes, %v", c.accept, len(body), err)
			}
		}
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	h := Handler(fstest.MapFS{
		"index.html": {Data: []byte("front")}, "a/index.html": {Data: []byte("folder")}, "x.bin": {Data: []byte("bin")},
		"repo/index.html": {Data: []byte("page")}, "p.js": {Data: []byte("plain")}, "p.js.gz": {Data: []byte("packed")},
	})
	for _, c := range []struct{ path, want, kind string }{
		{"/", "front", "text/html; charset=utf-8"}, {"/a", "folder", "text/html; charset=utf-8"}, {"/a/", "folder", "text/html; charset=utf-8"},
		{"/x.bin", "bin", "application/octet-stream"}, {"/p.js", "packed", "text/javascript; charset=utf-8"},
		{"/repo/x/y/", "page", "text/html; charset=utf-8"}, {"/none", "404 page not found\n", "text/plain; charset=utf-8"},
		{"/../../etc/passwd", "404 page not found\n", "text/plain; charset=utf-8"},
	} {
		w := get(h, "GET", c.path, "Accept-Encoding", "gzip", "Accept", "text/html")
		if w.Body.String() != c.want || w.Header().Get("Content-Type") != c.kind {
			t.Errorf("%s: %q %s", c.path, w.Body, w.Header().Get("Content-Type"))
		}
	}
}

func TestDocsRedirect(t *testing.T) {
	t.Parallel()
	h := Handler(nil)
	for _, c := range []struct{ path, language, want string }{
		{"/docs", "", "/docs/en/intro"}, {"/docs/", "zh-CN,zh;q=0.9,en;q=0.8", "/docs/zh/intro"}, {"/docs/operating", "en,zh", "/docs/en/operating"},
		{"/docs/zh", "en", "/docs/zh/intro"}, {"/docs/jp/intro", "ja", "/docs/en/intro"}, {"/docs/en/intro/", "", "/docs/en/intro"},
	} {
		w := get(h, "GET", c.path, "Accept-Language", c.language)
		if got := w.Header().Get("Location"); w.Code != http.StatusFound || got != c.want {
			t.Errorf("%s: %d %s, want %s", c.path, w.Code, got, c.want)
		}
	}
}

// The pages have headings, tables and links to each other, in both languages.
func TestDocsPages(t *testing.T) {
	t.Parallel()
	for i := range pages {
		for _, l := range languages {
			body, err := rendered(i, l.Code)
			if err != nil {
				t.Errorf("%s in %s: %v", pages[i].name, l.Code, err)
				continue
			}
			for j := range pages {
				if link := `href="/docs/` + l.Code + "/" + pages[j].name; !bytes.Contains(body, []byte(link)) {
					t.Errorf("%s in %s has no link to %s", pages[i].name, l.Code, pages[j].name)
				}
			}
			if !bytes.Contains(body, []byte("<h1")) {
				t.Errorf("%s in %s has no title", pages[i].name, l.Code)
			}
		}
	}
	if s := string(reference("x")); !strings.Contains(s, "## filters\n") || !strings.Contains(s, "\\|") || strings.Count(s, "## filters\n") != 1 {
		t.Errorf("reference:\n%.2000s", s)
	}
}
