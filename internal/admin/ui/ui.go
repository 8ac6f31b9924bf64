// Package ui is the web interface of the admin service: a page of HTML, CSS and JavaScript that is compiled in, and the
// documentation. It talks to the HTTP API of the service it comes from, and to nothing else.
package ui

import (
	"bytes"
	"embed"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

//go:embed static
var static embed.FS

// csp lets a page use what comes from its own origin alone. Nothing of ours is inline.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// types are the content types by extension. All else is application/octet-stream: the table of the operating system would
// give one answer here and another there.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".xml": "text/xml", ".txt": "text/plain; charset=utf-8",
	".gif": "image/gif", ".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml", ".woff": "font/woff", ".woff2": "font/woff2",
	".ico": "image/x-icon", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
}

// encodings are those a file may be stored in, best first, with the ends of their names.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// Handler serves the interface, and the documentation below /docs/. With override, which is the directory of --admin-gui, the
// files come from there instead. Requests for what does not exist get 404, methods other than GET and HEAD 405. It may be
// used from any goroutine.
func Handler(override fs.FS) http.Handler {
	if override != nil {
		return secured(&files{tree: override, policy: ""})
	}
	tree, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // impossible: it is compiled in
	}
	mux := http.NewServeMux()
	own := &files{tree: tree, packed: &sync.Map{}, page: "index.html", prefix: "ui/", policy: csp}
	mux.HandleFunc("/ui/names.json", serveNames)
	mux.Handle("/docs/", docsHandler{})
	mux.Handle("/docs", docsHandler{})
	mux.Handle("/", own)
	return secured(mux)
}

// IsPage tells whether a request of the paths of the repo is a browser's, which gets the page instead of the content.
func IsPage(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/repo/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func secured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}

// files serves a tree of files.
type files struct {
	tree   fs.FS
	packed *sync.Map // name with its encoding's suffix → content, of the files that are compiled in; nil: they lie in the tree
	page   string    // what the paths of the application get, "" if they are looked up like all others
	prefix string    // of the paths of the tree's other files
	policy string    // Content-Security-Policy of HTML
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := f.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	head := w.Header()
	head.Set("Content-Type", typeOf(name))
	head.Set("Vary", "Accept-Encoding")
	if f.policy != "" {
		head.Set("Content-Security-Policy", f.policy)
	}
	body, encoding, err := f.encoded(name, r.Header.Get("Accept-Encoding"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if encoding != "" {
		head.Set("Content-Encoding", encoding)
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody is there to tell
	}
}

// find returns the name of the file for a request.
func (f *files) find(r *http.Request) (string, bool) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if f.page != "" {
		if name == "" || name == "home" || name == f.page || IsPage(r) {
			return f.page, true
		}
		var ok bool
		if name, ok = strings.CutPrefix(name, f.prefix); !ok {
			return "", false
		}
		return name, f.isFile(name)
	}
	if name == "" {
		name = "."
	}
	candidates := []string{name, path.Join(name, "index"), path.Join(name, "index.html"), name + ".html"}
	if IsPage(r) {
		candidates = []string{"repo/[...]/index.html", "repo/index", "repo/index.html", "repo.html", "home/index.html", "index.html"}
	}
	for _, candidate := range candidates {
		if fs.ValidPath(candidate) && f.isFile(candidate) {
			return candidate, true
		}
	}
	return "", false
}

// isFile also knows files of which there are packed forms only.
func (f *files) isFile(name string) bool {
	for _, suffix := range []string{"", ".br", ".gz"} {
		if info, err := fs.Stat(f.tree, name+suffix); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// encoded returns a file in the best encoding the client takes.
func (f *files) encoded(name, accept string) ([]byte, string, error) {
	for _, e := range encodings {
		if !accepts(accept, e.name) {
			continue
		}
		if body, err := f.variant(name, e.suffix); err == nil {
			return body, e.name, nil
		}
	}
	body, err := fs.ReadFile(f.tree, name)
	return body, "", err
}

func (f *files) variant(name, suffix string) ([]byte, error) {
	if f.packed == nil {
		return fs.ReadFile(f.tree, name+suffix)
	}
	if body, ok := f.packed.Load(name + suffix); ok {
		return body.([]byte), nil
	}
	text, err := fs.ReadFile(f.tree, name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	var z io.WriteCloser
	if suffix == ".br" {
		z = brotli.NewWriterLevel(&b, brotli.BestCompression)
	} else {
		z, _ = gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	f.packed.Store(name+suffix, b.Bytes())
	return b.Bytes(), nil
}

// accepts tells whether an Accept-Encoding (RFC 9110 section 12.5.3) names an encoding with a weight above zero.
func accepts(header, encoding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, parameter, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, hasWeight := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameter), " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !hasWeight || err == nil && weight > 0
	}
	return false
}

func typeOf(name string) string {
	if t := types[strings.ToLower(path.Ext(name))]; t != "" {
		return t
	}
	if path.Base(name) == "index" {
		return types[".html"]
	}
	return "application/octet-stream"
}
