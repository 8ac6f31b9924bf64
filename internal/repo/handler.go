package repo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// maxJSON is how large the JSON of a request may be, status reports aside.
const maxJSON = 1 << 20

// Handler serves a repo over HTTP:
//
//	/api/v1/repo…        codebases, for editors
//	/api/v1/repo-files…  their files
//	/api/v1/dump-store   what is in the store, written to Dump
//	/repo…               what instances load, their reports and links
//
// Whoever uses it decides who may do what: see Classify.
type Handler struct {
	Repo *Repo
	Page http.Handler // answers browsers that ask for /repo…; nil: they get what everybody gets
	Dump io.Writer    // nil: standard output
}

var _ http.Handler = (*Handler)(nil)

// Serves reports whether a path is one of a Handler's.
func Serves(path string) bool {
	for _, p := range []string{"/repo", "/api/v1/repo", "/api/v1/repo-files"} {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return path == "/api/v1/dump-store"
}

// Access is what a request is about.
type Access int

// The kinds of requests.
const (
	Read   Access = iota // looks at codebases
	Write                // changes codebases, or shows the whole store
	Report               // is an instance telling about itself, or opening its link
)

// Classify returns what a request for a path that Serves is about.
func Classify(r *http.Request) Access {
	switch {
	case strings.HasPrefix(r.URL.Path, "/repo/"):
		if r.Method == http.MethodPost || isUpgrade(r) {
			return Report
		}
		return Read
	case r.URL.Path == "/api/v1/dump-store":
		return Write
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return Read
	}
	return Write
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Server", "pipy-repo")
	path := req.URL.Path
	rest := func(prefix string) (string, bool) {
		s, ok := strings.CutPrefix(path, prefix)
		return s, ok && (s == "" || s[0] == '/')
	}
	if req.URL.RawQuery != "" || req.URL.ForceQuery { // no path has a query, and what is in one is not stored as a name
		status := http.StatusMethodNotAllowed
		if req.Method == http.MethodGet || req.Method == http.MethodHead {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
	} else if s, ok := rest("/repo"); ok {
		h.serveContent(w, req, s)
	} else if s, ok := rest("/api/v1/repo"); ok {
		h.serveCodebase(w, req, s)
	} else if s, ok := rest("/api/v1/repo-files"); ok {
		h.serveFile(w, req, s)
	} else if path == "/api/v1/dump-store" {
		h.dump(w, req)
	} else if req.Method == http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
	} else {
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// fail answers a request that came to nothing.
func (h *Handler) fail(w http.ResponseWriter, req *http.Request, err error) {
	var told *Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &told):
		text(w, told.Status, told.Text)
	case errors.As(err, &large):
		text(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("Request body too large: the limit is %d bytes", large.Limit))
	case req.Context().Err() != nil: // nobody is there to be told
	case errors.Is(err, ErrBusy), errors.Is(err, context.DeadlineExceeded):
		w.Header().Set("Retry-After", "5")
		text(w, http.StatusServiceUnavailable, err.Error())
	default:
		h.Repo.options.Log("[repo] %s %s: %v", req.Method, req.URL.Path, err)
		text(w, http.StatusInternalServerError, err.Error())
	}
}

// text answers with a text, or without a body if it is empty.
func text(w http.ResponseWriter, status int, body string) {
	if body == "" {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may be gone
}

// bytesText answers with any content as text, which may be empty.
func bytesText(w http.ResponseWriter, content []byte) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(content) // to HEAD requests net/http sends none of it
}

// finish answers a request that changes something.
func (h *Handler) finish(w http.ResponseWriter, req *http.Request, status int, err error) {
	if err != nil {
		h.fail(w, req, err)
		return
	}
	w.WriteHeader(status)
}

func readBody(w http.ResponseWriter, req *http.Request, limit int) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, int64(limit)))
	if err != nil {
		var large *http.MaxBytesError
		if !errors.As(err, &large) {
			err = invalid("Cannot read the request body: " + err.Error())
		}
	}
	return body, err
}

// fields are the members of a request's JSON. What is no JSON object has none.
type fields map[string]any

func readFields(w http.ResponseWriter, req *http.Request) (fields, error) {
	body, err := readBody(w, req, maxJSON)
	if err != nil {
		return nil, err
	}
	var f fields
	if json.Unmarshal(body, &f) != nil {
		return nil, nil
	}
	return f, nil
}

// version returns the version a request gives, "" if it gives none.
func (f fields) version() (string, error) {
	switch v := f["version"].(type) {
	case nil:
		return "", nil
	case float64:
		if v < 0 || v > math.MaxInt32 {
			return "", invalid("Invalid version number")
		}
		return strconv.Itoa(int(v)), nil
	case string:
		if validVersion(v) {
			return v, nil
		}
	}
	return "", invalid("Invalid version")
}

// validVersion tells whether a text can be a version, which is a line of a header.
func validVersion(v string) bool {
	return v != "" && len(v) <= maxPath && !strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// file returns a member that is the path of something, "" if there is none.
func (f fields) file(name, otherwise string) (string, error) {
	v, ok := f[name]
	if !ok || v == nil {
		return "", nil
	}
	s, _ := v.(string)
	path, ok := cleanPath(s)
	if !ok {
		return "", invalid(otherwise)
	}
	return path, nil
}

func (h *Handler) serveCodebase(w http.ResponseWriter, req *http.Request, path string) {
	ctx := req.Context()
	named := strings.Trim(path, "/") != ""
	switch {
	case req.Method == http.MethodGet && !named:
		paths, err := h.Repo.Codebases(ctx)
		if err != nil {
			h.fail(w, req, err)
			return
		}
		bytesText(w, []byte(strings.Join(paths, "\n")))
	case req.Method == http.MethodGet:
		h.codebaseOrFile(w, req, path)
	case req.Method == http.MethodPost:
		h.finish(w, req, http.StatusCreated, h.create(w, req, path))
	case req.Method == http.MethodPatch:
		h.finish(w, req, http.StatusCreated, h.commit(w, req, path))
	case req.Method == http.MethodDelete:
		path, ok := cleanPath(path)
		if !ok {
			h.fail(w, req, invalid("Invalid codebase name"))
			return
		}
		h.finish(w, req, http.StatusNoContent, h.Repo.Delete(ctx, path))
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// codebaseOrFile answers with a file if the path is one of a codebase, else with what there is to know of a codebase.
func (h *Handler) codebaseOrFile(w http.ResponseWriter, req *http.Request, path string) {
	path, ok := cleanPath(path)
	if !ok {
		h.fail(w, req, errNotFound)
		return
	}
	content, err := h.Repo.ReadFile(req.Context(), path)
	var told *Error
	if !errors.As(err, &told) {
		if err != nil {
			h.fail(w, req, err)
			return
		}
		bytesText(w, content)
		return
	}
	info, err := h.Repo.Info(req.Context(), path)
	if err == nil {
		var body []byte
		if body, err = json.Marshal(info); err == nil {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body) // the client may be gone
			return
		}
	}
	h.fail(w, req, err)
}

func (h *Handler) create(w http.ResponseWriter, req *http.Request, path string) error {
	if _, ok := cleanPath(path); !ok {
		return invalid("Invalid codebase name")
	}
	f, err := readFields(w, req)
	if err != nil {
		return err
	}
	var c Create
	if c.Version, err = f.version(); err != nil {
		return err
	}
	if c.Base, err = f.file("base", "Invalid base codebase"); err != nil {
		return err
	}
	if c.Main, err = f.file("main", "Invalid main filename"); err != nil {
		return err
	}
	return h.Repo.Create(req.Context(), path, c)
}

func (h *Handler) commit(w http.ResponseWriter, req *http.Request, path string) error {
	path, ok := cleanPath(path)
	if !ok {
		return invalid("Invalid codebase name")
	}
	f, err := readFields(w, req)
	if err != nil {
		return err
	}
	var c Commit
	if c.Main, err = f.file("main", "Invalid main filename"); err != nil {
		return err
	}
	if c.Version, err = f.version(); err != nil {
		return err
	}
	return h.Repo.Commit(req.Context(), path, c)
}

func (h *Handler) serveFile(w http.ResponseWriter, req *http.Request, path string) {
	ctx := req.Context()
	switch req.Method {
	case http.MethodGet:
		content, err := h.Repo.ReadFile(ctx, path)
		if err != nil {
			var told *Error
			if errors.As(err, &told) {
				err = errNotFound
			}
			h.fail(w, req, err)
			return
		}
		bytesText(w, content)
	case http.MethodPost, http.MethodPatch:
		content, err := readBody(w, req, h.Repo.options.MaxFileSize)
		switch {
		case err != nil:
		case len(content) == 0 && req.Method == http.MethodPatch:
			err = h.Repo.ResetFile(ctx, path)
		default:
			err = h.Repo.SetFile(ctx, path, content)
		}
		h.finish(w, req, http.StatusCreated, err)
	case http.MethodDelete:
		err := h.Repo.EraseFile(ctx, path)
		if errors.Is(err, errNoCodebase) {
			err = errNotFound
		}
		h.finish(w, req, http.StatusNoContent, err)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (h *Handler) dump(w http.ResponseWriter, req *http.Request) {
	out := h.Dump
	if out == nil {
		out = os.Stdout
	}
	if err := h.Repo.Dump(req.Context(), out); err != nil {
		h.fail(w, req, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// Dump prints all records of the store, and how many contents there are.
func (r *Repo) Dump(ctx context.Context, w io.Writer) error {
	var records []Record
	var blobs []string
	err := r.store.View(ctx, func(tx Tx) (err error) {
		if records, err = tx.List(""); err == nil {
			blobs, err = tx.Blobs()
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range records {
		if _, err := fmt.Fprintf(w, "%q = %s\n", e.Key, e.Value); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "%d records, %d contents\n", len(records), len(blobs))
	return err
}

// remoteIP returns the address of a client without its port.
func remoteIP(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return req.RemoteAddr
	}
	return host
}
