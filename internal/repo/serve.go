package repo

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait is how long a request may wait for a change.
const maxWait = 60 * time.Second

// serveContent answers requests of instances. The path is what follows /repo.
func (h *Handler) serveContent(w http.ResponseWriter, req *http.Request, path string) {
	switch {
	case isUpgrade(req) && req.Method == http.MethodGet && len(path) > 1:
		h.serveLink(w, req, path)
	case h.Page != nil && (req.Method == http.MethodGet || req.Method == http.MethodHead) && strings.Contains(req.Header.Get("Accept"), "text/html"):
		h.Page.ServeHTTP(w, req)
	case req.Method == http.MethodGet || req.Method == http.MethodHead:
		h.get(w, req, path)
	case req.Method == http.MethodPost:
		h.report(w, req, path)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// get answers with a published document or a list of codebases. With "prefer: wait=N" the answer to a request whose
// If-None-Match has the current tag waits until that is another one, up to N seconds (RFC 7240 section 4.3). Such requests, and
// conditional ones, get a tag of the document of tags too, which has none by itself.
func (h *Handler) get(w http.ResponseWriter, req *http.Request, path string) {
	known := strings.Join(req.Header.Values("If-None-Match"), ",")
	wait := waitOf(req)
	slash := strings.LastIndexByte(path, '/')
	waitable := slash > 0 && (slash == len(path)-1 || path[slash:] == etagsPath)
	if !waitable || known == "" {
		wait = 0
	}
	var doc *document
	look := func() (bool, error) {
		var err error
		doc, err = h.Repo.published(req.Context(), path)
		if err != nil {
			return true, err
		}
		if doc.listing != "" && (known != "" || waitOf(req) > 0) {
			doc.tag = doc.listing
		}
		return !matches(known, doc.tag), nil
	}
	var err error
	if wait > 0 {
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait/time.Second)))
		err = h.Repo.await(req.Context(), path[:slash], wait, look)
	} else {
		_, err = look()
	}
	if errors.Is(err, errNotFound) {
		h.list(w, req, path)
		return
	}
	if err != nil {
		h.fail(w, req, err)
		return
	}
	w.Header()["Etag"] = []string{doc.tag}
	if known != "" && matches(known, doc.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	bytesText(w, doc.content)
}

// waitOf returns how long a client would like to wait for a change.
func waitOf(req *http.Request) time.Duration {
	for _, line := range req.Header.Values("Prefer") {
		for p := range strings.SplitSeq(line, ",") {
			p, _, _ = strings.Cut(p, ";")
			name, value, _ := strings.Cut(p, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
			if err == nil && n > 0 {
				return min(time.Duration(min(n, 3600))*time.Second, maxWait)
			}
		}
	}
	return 0
}

// matches reports whether an If-None-Match field has a tag: bare as the repo sends it, or quoted as the standard has it.
func matches(field, tag string) bool {
	if field == "" || tag == "" {
		return false
	}
	if field == tag || strings.TrimSpace(field) == "*" {
		return true
	}
	for t := range strings.SplitSeq(field, ",") {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		if t == tag || t == `"`+tag+`"` {
			return true
		}
	}
	return false
}

// list answers with the codebases at and below a path.
func (h *Handler) list(w http.ResponseWriter, req *http.Request, path string) {
	paths, err := h.Repo.Codebases(req.Context())
	if err != nil {
		h.fail(w, req, err)
		return
	}
	prefix := strings.TrimSuffix(path, "/") + "/"
	var b strings.Builder
	for _, p := range paths {
		if p+"/" != path && strings.HasPrefix(p+"/", prefix) {
			b.WriteString(p + "/\n")
		}
	}
	if b.Len() == 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	bytesText(w, []byte(b.String()))
}
