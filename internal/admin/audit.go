package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"weir/internal/logs"
	"weir/internal/logs/target"
)

// AuditLog is the name of the log of requests that change something.
const AuditLog = "pipy_admin_log"

// maxAudited is how much of a body is looked at.
const maxAudited = 64 << 10

// audit writes a line for each request that may change something, to a file and to the history of AuditLog.
type audit struct {
	file *logs.File // nil for none
	log  *logs.Logger
}

func openAudit(file string, log *logs.Logger) (*audit, error) {
	a := &audit{log: log}
	if file == "" {
		return a, nil
	}
	var err error
	if a.file, err = logs.OpenFile(file, logs.FileOptions{}); err != nil {
		return nil, fmt.Errorf("admin log: %w", err)
	}
	return a, nil
}

func (a *audit) close() {
	if a.file != nil {
		_ = a.file.Close() // every line has been handed to the system
	}
}

// begin returns what to call when the request has been answered, nil if it is of no interest. Reports of instances, which
// come every few seconds, are of interest only to a file.
func (a *audit) begin(r *http.Request) func(status int) {
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodPatch && r.Method != http.MethodDelete:
		return nil
	case a.file == nil && under(r.URL.Path, "/repo"):
		return nil
	}
	seen := &prefix{ReadCloser: r.Body}
	r.Body = seen
	return func(code int) {
		line := time.Now().AppendFormat(nil, "2006-01-02 15:04:05.000")
		line = fmt.Appendf(line, " %d %s %s ", code, r.Method, loggedPath(r.URL))
		line = append(seen.compact(line), '\n')
		if a.file != nil {
			if _, err := a.file.Write(line); err != nil {
				a.log.Errorf("[admin] cannot write the admin log: %v", err)
			}
		}
		target.History(AuditLog).Append(line)
	}
}

// loggedPath is the path of a request as logs show it: it does not look like more than one line, and of the query, which may have
// a password or a token in it, nothing is shown but that there was one.
func loggedPath(u *url.URL) string {
	path := u.Path
	if q := fmt.Sprintf("%q", path); q[1:len(q)-1] != path {
		path = q[1 : len(q)-1]
	}
	if u.RawQuery != "" {
		path += "?..."
	}
	return path
}

// prefix remembers the beginning of a body.
type prefix struct {
	io.ReadCloser
	b    []byte
	more bool
}

func (p *prefix) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if room := maxAudited - len(p.b); n > room {
		p.b, p.more = append(p.b, b[:room]...), true
	} else {
		p.b = append(p.b, b[:n]...)
	}
	return n, err
}

// compact appends the body as compact JSON, or undefined if it is none.
func (p *prefix) compact(line []byte) []byte {
	var b bytes.Buffer
	if p.more || json.Compact(&b, p.b) != nil {
		return append(line, "undefined"...)
	}
	return append(line, b.Bytes()...)
}
