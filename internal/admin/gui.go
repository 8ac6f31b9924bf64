package admin

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	"weir/internal/admin/ui"
	"weir/internal/proto/httpcond"
)

// gui serves the files of the pages for browsers.
type gui struct{ files fs.FS }

// page shows browsers the page of a codebase where programs get the codebase itself.
func (s *Server) page(w http.ResponseWriter, r *http.Request) bool {
	if s.gui == nil && s.repo != nil && s.opts.UI != nil && ui.IsPage(r) {
		s.opts.UI.ServeHTTP(w, r)
		return true
	}
	return s.gui != nil && s.repo != nil && r.Method == http.MethodGet && under(r.URL.Path, "/repo") &&
		strings.Contains(r.Header.Get("accept"), "text/html") && s.gui.serve(w, r, "/repo/[...]/index.html", "/home/index.html", "/index.html")
}

// serve answers with the first file there is, and reports whether there was one. A directory stands for its index.
func (g *gui) serve(w http.ResponseWriter, r *http.Request, names ...string) bool {
	for _, name := range names {
		// fs.FS has no names that lead out of it.
		name = strings.TrimPrefix(path.Clean("/"+name), "/")
		if name == "" {
			name = "."
		}
		for _, n := range []string{name, path.Join(name, "index.html"), path.Join(name, "index"), name + ".html"} {
			if g.send(w, r, n) {
				return true
			}
		}
	}
	return false
}

// send answers with a file, packed if there is a packed one next to it that the client takes.
func (g *gui) send(w http.ResponseWriter, r *http.Request, name string) bool {
	accepts := httpcond.ParseAcceptEncoding(strings.Join(r.Header.Values("accept-encoding"), ", "))
	for _, v := range []struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if v.coding != "" && accepts.Weight(v.coding) <= 0 {
			continue
		}
		info, err := fs.Stat(g.files, name+v.suffix)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		b, err := fs.ReadFile(g.files, name+v.suffix)
		if err != nil {
			continue
		}
		w.Header().Set("vary", "accept-encoding")
		if v.coding != "" {
			w.Header().Set("content-encoding", v.coding)
		}
		write(w, http.StatusOK, contentType(name), b)
		return true
	}
	return false
}

var contentTypes = map[string]string{
	".html": "text/html", ".css": "text/css", ".xml": "text/xml", ".txt": "text/plain", ".gif": "image/gif", ".png": "image/png",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml", ".woff": "font/woff", ".woff2": "font/woff2",
	".ico": "image/x-icon", ".js": "application/javascript", ".json": "application/json",
}

func contentType(name string) string {
	if t := contentTypes[strings.ToLower(path.Ext(name))]; t != "" {
		return t
	}
	return "application/octet-stream"
}
