package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"weir/internal/metrics"
	"weir/internal/repo"
)

// Tokens let their holders in. Without any, nobody is asked for one.
type Tokens struct {
	Admin  []string // may do everything
	Writer []string // may look, and change codebases of the repo
	Reader []string // may look, fetch codebases and report: what instances need
}

func (t Tokens) none() bool { return len(t.Admin)+len(t.Writer)+len(t.Reader) == 0 }

// role is what somebody may do. Each includes the ones before it.
type role int

const (
	anyone role = iota
	reader
	writer
	admin
)

var roleNames = [...]string{"anyone", "reader", "writer", "admin"}

// need returns the role a request takes.
func need(r *http.Request) role {
	path := r.URL.Path
	switch {
	case path == "/healthz":
		return anyone
	case under(path, "/admin"): // what these do is up to the program
		return admin
	case repo.Serves(path):
		if repo.Classify(r) == repo.Write {
			return writer
		}
		return reader
	case r.Method == http.MethodGet || r.Method == http.MethodHead || path == "/api/v1/graph":
		return reader
	}
	return admin
}

// under reports whether a path is a given one or below it.
func under(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

// guard decides who is let in.
type guard struct {
	tokens []guardToken
	// named lets requests through only if they name this host by an address or as localhost: a page of a stranger whose name
	// leads here would be allowed to read what its visitors' browsers get.
	named bool
}

type guardToken struct {
	digest [sha256.Size]byte
	role   role
}

func newGuard(o Options) guard {
	g := guard{named: !o.Anyone && o.Tokens.none() && len(o.TLSTrusted) == 0}
	if o.Anyone {
		return g
	}
	for r, tokens := range map[role][]string{admin: o.Tokens.Admin, writer: o.Tokens.Writer, reader: o.Tokens.Reader} {
		for _, t := range tokens {
			g.tokens = append(g.tokens, guardToken{sha256.Sum256([]byte(t)), r})
		}
	}
	return g
}

var deniedRequests = metrics.SharedCounter("weir_admin_denied_requests_total", "Requests to the admin service that were not let in.", nil)

// admit answers requests that may not go on, and reports whether this one may.
func (g *guard) admit(w http.ResponseWriter, r *http.Request) bool {
	if g.named && !isLocalName(r.Host) {
		deniedRequests.Add(1)
		text(w, http.StatusForbidden, "without a token the admin service is for requests to an address or to localhost, not to "+
			"the name "+quoteHost(r.Host)+"\n")
		return false
	}
	needs := need(r)
	if len(g.tokens) == 0 || needs == anyone {
		return true
	}
	has, given := g.roleOf(r)
	switch {
	case has >= needs:
		return true
	case has == anyone:
		w.Header().Add("www-authenticate", `Basic realm="weir", charset="UTF-8"`)
		w.Header().Add("www-authenticate", `Bearer realm="weir"`)
		msg := "a token is required: as Bearer token, or as password with any user name\n"
		if given {
			msg = "the token is not valid\n"
		}
		deniedRequests.Add(1)
		text(w, http.StatusUnauthorized, msg)
	default:
		deniedRequests.Add(1)
		text(w, http.StatusForbidden, "this takes a token of the role "+roleNames[needs]+"; the one given is for "+roleNames[has]+"\n")
	}
	return false
}

// roleOf finds the role of the token that came with a request. It takes the same time for every token.
func (g *guard) roleOf(r *http.Request) (has role, given bool) {
	token, given := tokenOf(r)
	digest := sha256.Sum256([]byte(token))
	for _, t := range g.tokens {
		if subtle.ConstantTimeCompare(digest[:], t.digest[:]) == 1 {
			has = max(has, t.role)
		}
	}
	return has, given
}

func tokenOf(r *http.Request) (string, bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(value), true
	}
	_, password, ok := r.BasicAuth()
	return password, ok
}

// isLocalName reports whether the host of a request is an address, or this machine by its own name for itself.
func isLocalName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" || strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// quoteHost makes a host from a request fit for a message.
func quoteHost(host string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, host[:min(len(host), 100)])
}
