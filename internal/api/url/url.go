package url

import "strings"

// URL is a URL taken apart. The fields hold what was written; methods derive the rest.
type URL struct {
	Protocol string // with the colon
	Auth     string // user:password
	Host     string // with the port, if one was given
	Pathname string
	Search   string // with the question mark; empty if there is no query
	Hash     string // with the number sign
}

// Parse takes text apart. A host is what follows "//"; without it everything but a scheme belongs to the path. If there
// is no host and base is not nil, protocol, authority and what is missing of the path come from there.
func Parse(text string, base *URL) *URL {
	u := new(URL)
	text, u.Hash = cutLast(text, '#')
	if n := schemeLen(text); n > 0 {
		u.Protocol, text = text[:n], text[n:]
	}
	rest, hasHost := strings.CutPrefix(text, "//")
	if hasHost {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.Host, rest = rest[:end], rest[end:]
		if i := strings.LastIndexByte(u.Host, '@'); i >= 0 {
			u.Auth, u.Host = u.Host[:i], u.Host[i+1:]
		}
	}
	u.Pathname, u.Search = rest, ""
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		u.Pathname, u.Search = rest[:i], rest[i:]
	}
	if base != nil && u.Host == "" {
		u.resolve(base)
	}
	if u.Protocol == "" {
		u.Protocol = "http:"
	}
	if u.Pathname == "" || hasHost && u.Pathname[0] != '/' {
		u.Pathname = "/" + u.Pathname
	}
	return u
}

func (u *URL) resolve(base *URL) {
	u.Protocol, u.Auth, u.Host = base.Protocol, base.Auth, base.Host
	switch {
	case u.Pathname == "":
		u.Pathname = base.Pathname
		if u.Search == "" {
			u.Search = base.Search
			if u.Hash == "" {
				u.Hash = base.Hash
			}
		}
	case u.Pathname[0] != '/':
		u.Pathname = base.Pathname[:strings.LastIndexByte(base.Pathname, '/')+1] + u.Pathname
	}
}

// cutLast cuts s before the last c.
func cutLast(s string, c byte) (before, after string) {
	if i := strings.LastIndexByte(s, c); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// schemeLen returns the length of the scheme s begins with, colon included; 0 if there is none.
func schemeLen(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// Username returns the user part of Auth.
func (u *URL) Username() string {
	name, _, _ := strings.Cut(u.Auth, ":")
	return name
}

// Password returns the password part of Auth.
func (u *URL) Password() string {
	_, password, _ := strings.Cut(u.Auth, ":")
	return password
}

// portAt returns the index of the colon before the port, or -1. Colons within brackets belong to an IPv6 address.
func (u *URL) portAt() int {
	i := strings.LastIndexByte(u.Host, ':')
	if i < strings.LastIndexByte(u.Host, ']') {
		return -1
	}
	return i
}

// Hostname returns the host without the port; an IPv6 address keeps its brackets.
func (u *URL) Hostname() string {
	if i := u.portAt(); i >= 0 {
		return u.Host[:i]
	}
	return u.Host
}

var defaultPorts = map[string]string{
	"ftp:": "21", "gopher:": "70", "http:": "80", "ws:": "80", "https:": "443", "wss:": "443",
}

// Port returns the port as text: the one given or that of the protocol; empty for others.
func (u *URL) Port() string {
	if i := u.portAt(); i >= 0 {
		return u.Host[i+1:]
	}
	return defaultPorts[u.Protocol]
}

// Path returns path and query.
func (u *URL) Path() string { return u.Pathname + u.Search }

// Origin returns protocol and host.
func (u *URL) Origin() string { return u.Protocol + "//" + u.Host }

// String returns the whole URL.
func (u *URL) String() string {
	auth := u.Auth
	if auth != "" {
		auth += "@"
	}
	return u.Protocol + "//" + auth + u.Host + u.Path() + u.Hash
}
