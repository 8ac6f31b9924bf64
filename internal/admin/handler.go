package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"weir/internal/admin/ui"
	"weir/internal/codebase"
	"weir/internal/repo"
	"weir/internal/status"
)

// serverName is what tools of the repo's protocol look for.
const serverName = "pipy-repo"

// ServeHTTP implements http.Handler: it decides whether a request is let in, and answers it.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &answer{ResponseWriter: rw}
	w.Header().Set("server", serverName)
	w.Header().Set("x-content-type-options", "nosniff")
	limitTime(rw, r)
	defer drain(r.Body, r.ProtoMajor)
	if !s.guard.admit(w, r) {
		return
	}
	if err := s.cross.Check(r); err != nil {
		deniedRequests.Add(1)
		text(w, http.StatusForbidden, "requests of pages of other sites are not taken\n")
		return
	}
	path := pathOf(r.URL)
	if done := s.audit.begin(r); done != nil {
		defer func() { done(w.code()) }()
	}
	defer func() {
		if x := recover(); x != nil {
			if x == http.ErrAbortHandler || w.status != 0 {
				panic(http.ErrAbortHandler)
			}
			s.opts.Log.Errorf("[admin] %s %s: %v", r.Method, loggedPath(r.URL), x)
			text(w, http.StatusInternalServerError, fmt.Sprint(x))
		}
	}()
	s.route(w, r, path)
}

// limitTime bounds how long a client may take to send its body and to take the answer. Where there are no deadlines, the
// connection's own limits hold.
func limitTime(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	if r.ContentLength != 0 { // else there is nothing to read, and the request, which may be waiting, would end with the deadline
		_ = c.SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	_ = c.SetWriteDeadline(time.Now().Add(answerTimeout))
}

// maxDrained is how much is read of a body that nobody wants.
const maxDrained = 256 << 10

// drain reads what is left of a body over HTTP/2, where net/http does not: it resets the stream, and some clients (curl 7.88) take
// that for a failure of the request.
func drain(body io.Reader, major int) {
	if major == 2 {
		_, _ = io.CopyN(io.Discard, body, maxDrained) // whatever fails, the answer does not depend on it
	}
}

// answer remembers the status of a response.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 || a.status < 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find what the connection can do.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// pathOf returns the decoded path with the query, which is part of the names here.
func pathOf(u *url.URL) string {
	if u.RawQuery == "" && !u.ForceQuery {
		return u.Path
	}
	query, err := url.PathUnescape(u.RawQuery)
	if err != nil {
		query = u.RawQuery
	}
	return u.Path + "?" + query
}

func text(w http.ResponseWriter, status int, body string) {
	write(w, status, "text/plain", []byte(body))
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("content-type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked has gone
}

func writeJSON(w http.ResponseWriter, x any) {
	b, err := json.Marshal(x)
	if err != nil {
		text(w, http.StatusInternalServerError, err.Error())
		return
	}
	write(w, http.StatusOK, "application/json", b)
}

// route finds what a path stands for.
func (s *Server) route(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case s.repo == nil || !repo.Serves(r.URL.Path):
	case s.opts.UI != nil && ui.IsPage(r): // a browser gets the page of a codebase instead of the codebase
		s.opts.UI.ServeHTTP(w, r)
		return
	default:
		s.repo.ServeHTTP(w, r)
		return
	}
	if f := exact[path]; f != nil {
		f.call(s, w, r, "")
		return
	}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(path, p.path); ok && (p.query || path == r.URL.Path) {
			p.route.call(s, w, r, rest)
			return
		}
	}
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if s.opts.UI == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.opts.UI.ServeHTTP(w, r)
}

// call is what answers a request; rest is what follows the prefix of the route.
type call func(s *Server, w http.ResponseWriter, r *http.Request, rest string)

// methods has the calls of a path by method; "" takes all.
type methods map[string]call

func (m methods) call(s *Server, w http.ResponseWriter, r *http.Request, rest string) {
	f := m[r.Method]
	if f == nil {
		f = m[""]
	}
	if f == nil {
		w.Header().Set("allow", strings.Join(slices.Sorted(maps.Keys(m)), ", "))
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	f(s, w, r, rest)
}

type prefixRoute struct {
	path  string
	route methods
	query bool // paths may have a query
}

var (
	exact    map[string]methods
	prefixes []prefixRoute
)

func init() { // not in the declarations: the surface, which a call may print, refers to them
	exact = map[string]methods{
		"/healthz":        {"GET": (*Server).healthz},
		"/status":         {"GET": (*Server).status},
		"/api/v1/status":  {"GET": (*Server).status},
		"/dump":           {"GET": (*Server).dump},
		"/log":            {"GET": (*Server).systemLog},
		"/metrics":        {"GET": (*Server).metrics},
		"/options":        {"GET": (*Server).options, "POST": (*Server).setOptions},
		"/api/v1/metrics": {"GET": (*Server).metricHistory},
		"/api/v1/graph":   {"POST": (*Server).graph},
		"/api/v1/files":   {"GET": (*Server).files, "PATCH": (*Server).setMain},
		"/api/v1/program": {"GET": (*Server).program, "POST": (*Server).start, "PATCH": (*Server).reload, "DELETE": (*Server).stopProgram},
	}
	prefixes = []prefixRoute{
		{path: "/dump/", route: methods{"GET": (*Server).dumpItems}},
		{path: "/log/", route: methods{"GET": (*Server).namedLog}},
		{path: "/api/v1/metrics/", route: methods{"GET": (*Server).metricHistory}},
		{path: "/api/v1/log/", route: methods{"GET": (*Server).watchLog}},
		{path: "/api/v1/files/", route: methods{"GET": (*Server).file, "POST": (*Server).writeFile, "PATCH": (*Server).writeFile, "DELETE": (*Server).deleteFile}},
		{path: "/admin/", route: methods{"": (*Server).customPath}, query: true},
	}
}

// body reads a request's body. If that fails it answers, and returns false.
func body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return b, true
	case errors.As(err, &tooLarge):
		text(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes\n", limit))
	default:
		text(w, http.StatusBadRequest, "the body cannot be read\n")
	}
	return nil, false
}

func (s *Server) healthz(w http.ResponseWriter, r *http.Request, _ string) {
	ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
	defer cancel()
	if err := s.opts.Host.Healthy(ctx); err != nil {
		text(w, http.StatusServiceUnavailable, "a worker does not answer\n")
		return
	}
	text(w, http.StatusOK, "ok\n")
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, s.opts.Host.Status())
}

func (s *Server) dump(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, s.opts.Host.Dump())
}

func (s *Server) dumpItems(w http.ResponseWriter, _ *http.Request, items string) {
	if class, ok := strings.CutPrefix(items, "objects/"); ok {
		sites := s.opts.Host.Creators(class)
		var b strings.Builder
		for _, site := range slices.Sorted(maps.Keys(sites)) {
			fmt.Fprintf(&b, "%d %s\n", sites[site], site)
		}
		text(w, http.StatusOK, b.String())
		return
	}
	d := s.opts.Host.Dump()
	var b strings.Builder
	for _, item := range strings.Split(items, "+") {
		t, err := d.Table(item)
		if err != nil {
			t = err.Error() + "\n"
		}
		b.WriteString(t)
		if b.Len() > maxSmallBody {
			break // somebody asks for the same again and again
		}
	}
	text(w, http.StatusOK, b.String())
}

func (s *Server) options(w http.ResponseWriter, _ *http.Request, _ string) {
	if s.opts.Settings == nil {
		text(w, http.StatusOK, "\n")
		return
	}
	text(w, http.StatusOK, s.opts.Settings.Line()+"\n")
}

func (s *Server) setOptions(w http.ResponseWriter, r *http.Request, _ string) {
	b, ok := body(w, r, maxSmallBody)
	switch {
	case !ok:
	case len(b) == 0:
		w.WriteHeader(http.StatusNoContent)
	case s.opts.Settings == nil:
		text(w, http.StatusBadRequest, "there are no options here\n")
	default:
		if err := s.opts.Settings.Apply(strings.Split(string(b), " ")); err != nil {
			text(w, http.StatusBadRequest, err.Error()+"\n")
			return
		}
		s.options(w, r, "")
	}
}

// fileList is the JSON of GET /api/v1/files.
type fileList struct {
	Main     string   `json:"main"`
	Files    []string `json:"files"`
	ReadOnly bool     `json:"readOnly"`
}

func (s *Server) files(w http.ResponseWriter, _ *http.Request, _ string) {
	list := fileList{Files: []string{}, ReadOnly: true}
	if code := s.opts.Host.Code(); code != nil {
		list.Main, list.ReadOnly = code.Entry(), code.ReadOnly()
		for _, f := range code.List("/") {
			list.Files = append(list.Files, "/"+f)
		}
		slices.Sort(list.Files)
	}
	writeJSON(w, list)
}

// code returns the codebase of the program. Without one it answers, and returns nil.
func (s *Server) code(w http.ResponseWriter) *codebase.Codebase {
	code := s.opts.Host.Code()
	if code == nil {
		w.WriteHeader(http.StatusNotFound)
	}
	return code
}

func (s *Server) setMain(w http.ResponseWriter, r *http.Request, _ string) {
	code := s.code(w)
	if code == nil {
		return
	}
	b, ok := body(w, r, maxSmallBody)
	if !ok {
		return
	}
	var parsed any
	if json.Unmarshal(b, &parsed) != nil {
		text(w, http.StatusBadRequest, "Invalid JSON")
		return
	}
	object, ok := parsed.(map[string]any)
	if !ok {
		text(w, http.StatusBadRequest, "Invalid JSON object")
		return
	}
	main, _ := object["main"].(string)
	if main == "" {
		text(w, http.StatusBadRequest, "Invalid main filename")
		return
	}
	done(w, http.StatusCreated, code.SetEntry(main))
}

// done answers a change of a codebase. Changes of those that come from elsewhere have no effect.
func done(w http.ResponseWriter, status int, err error) {
	if err != nil && !errors.Is(err, codebase.ErrReadOnly) {
		text(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(status)
}

func (s *Server) file(w http.ResponseWriter, _ *http.Request, path string) {
	code := s.code(w)
	if code == nil {
		return
	}
	if source, inline := code.EntryText(); inline && path == "" {
		text(w, http.StatusOK, source)
		return
	}
	b, err := code.Read(path)
	if path == "" || err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	write(w, http.StatusOK, "text/plain", b)
}

// named returns the codebase of the program for a change of the file of a name. If there is none, or no name, it answers, and
// returns nil.
func (s *Server) named(w http.ResponseWriter, path string) *codebase.Codebase {
	if path == "" {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	return s.code(w)
}

func (s *Server) writeFile(w http.ResponseWriter, r *http.Request, path string) {
	code := s.named(w, path)
	if code == nil {
		return
	}
	if b, ok := body(w, r, maxBody); ok {
		done(w, http.StatusCreated, code.Write(path, b))
	}
}

func (s *Server) deleteFile(w http.ResponseWriter, _ *http.Request, path string) {
	if code := s.named(w, path); code != nil {
		done(w, http.StatusNoContent, code.Remove(path))
	}
}

func (s *Server) program(w http.ResponseWriter, _ *http.Request, _ string) {
	text(w, http.StatusOK, s.opts.Host.Program())
}

func (s *Server) start(w http.ResponseWriter, r *http.Request, _ string) {
	s.change(w, r, s.opts.Host.Start)
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request, _ string) {
	s.change(w, r, s.opts.Host.Reload)
}

// change does something with the program the body names.
func (s *Server) change(w http.ResponseWriter, r *http.Request, f func(name string) error) {
	name, ok := body(w, r, maxSmallBody)
	if !ok {
		return
	}
	if err := f(string(name)); err != nil {
		text(w, http.StatusBadRequest, err.Error())
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (s *Server) stopProgram(w http.ResponseWriter, _ *http.Request, _ string) {
	s.opts.Host.Stop()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) customPath(w http.ResponseWriter, r *http.Request, rest string) {
	b, ok := body(w, r, maxBody)
	if !ok {
		return
	}
	s.custom.Lock()
	defer s.custom.Unlock()
	ctx, cancel := context.WithTimeout(r.Context(), customTimeout)
	defer cancel()
	out, err := s.opts.Host.Serve(ctx, "/admin/"+rest, b)
	switch {
	case err == nil:
		write(w, http.StatusOK, "text/plain", out)
	case errors.Is(err, status.ErrNoPath):
		w.WriteHeader(http.StatusNotFound)
	case errors.Is(err, status.ErrBusy):
		w.Header().Set("retry-after", "1")
		text(w, http.StatusServiceUnavailable, err.Error()+"\n")
	case errors.Is(err, context.DeadlineExceeded):
		text(w, http.StatusGatewayTimeout, err.Error()+"\n")
	default:
		text(w, http.StatusBadGateway, err.Error()+"\n")
	}
}
