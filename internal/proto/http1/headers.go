package http1

import (
	"slices"
	"strings"
)

// Header is one field line. Name is spelled as received or as it is to be sent.
type Header struct {
	Name, Value string
}

// Key returns the name in lower case. It does not allocate for names in common use.
func (h Header) Key() string { return Key(h.Name) }

// Headers is a list of field lines in the order of arrival. Names are compared without regard to case; the methods
// take them in lower case.
type Headers []Header

// Get returns the value of a header. Of a repeated header it is the last value, as scripts have always seen it.
func (hs Headers) Get(key string) (value string, ok bool) {
	for i := len(hs) - 1; i >= 0; i-- {
		if isKey(hs[i].Name, key) {
			return hs[i].Value, true
		}
	}
	return "", false
}

// Has reports whether there is such a header.
func (hs Headers) Has(key string) bool {
	_, ok := hs.Get(key)
	return ok
}

// Values returns all values of a header in their order, nil if there are none.
func (hs Headers) Values(key string) []string {
	var values []string
	for i := range hs {
		if isKey(hs[i].Name, key) {
			values = append(values, hs[i].Value)
		}
	}
	return values
}

// Set makes value the only one of a header. A header that is there already keeps its place and its spelling.
func (hs *Headers) Set(key, value string) {
	list := *hs
	for i := range list {
		if isKey(list[i].Name, key) {
			list[i].Value = value
			hs.deleteAfter(i+1, key)
			return
		}
	}
	*hs = append(list, Header{key, value})
}

// SetValues makes values all there is of a header, one line each; without values the header goes.
func (hs *Headers) SetValues(key string, values ...string) {
	if len(values) == 0 {
		hs.Del(key)
		return
	}
	hs.Set(key, values[0])
	at := slices.IndexFunc(*hs, func(h Header) bool { return isKey(h.Name, key) })
	name := (*hs)[at].Name
	for i, v := range values[1:] {
		*hs = slices.Insert(*hs, at+1+i, Header{name, v})
	}
}

// Add appends a line.
func (hs *Headers) Add(name, value string) { *hs = append(*hs, Header{name, value}) }

// Del removes all lines of a header.
func (hs *Headers) Del(key string) { hs.deleteAfter(0, key) }

// Rename changes the spelling of a header. It does nothing if name is another header's.
func (hs Headers) Rename(key, name string) {
	if !isKey(name, key) {
		return
	}
	for i := range hs {
		if isKey(hs[i].Name, key) {
			hs[i].Name = name
		}
	}
}

// Clone returns a copy that can be changed independently.
func (hs Headers) Clone() Headers { return slices.Clone(hs) }

func (hs *Headers) deleteAfter(from int, key string) {
	list := *hs
	kept := from
	for i := from; i < len(list); i++ {
		if !isKey(list[i].Name, key) {
			list[kept] = list[i]
			kept++
		}
	}
	clear(list[kept:])
	*hs = list[:kept]
}

// Key returns a header name in lower case. It does not allocate for names in common use.
func Key(name string) string {
	if key, ok := commonKeys[name]; ok {
		return key
	}
	return strings.ToLower(name)
}

// isKey reports whether name is key, which is in lower case, in any spelling.
func isKey(name, key string) bool {
	if len(name) != len(key) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if lower[name[i]] != key[i] {
			return false
		}
	}
	return true
}

var commonKeys = func() map[string]string {
	keys := make(map[string]string)
	for _, name := range strings.Fields(`Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges
		Access-Control-Allow-Origin Age Allow Alt-Svc Authorization Cache-Control Connection Content-Disposition
		Content-Encoding Content-Language Content-Length Content-Location Content-Range Content-Type Cookie Date ETag
		Etag Expect Expires Forwarded From Host If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since
		Keep-Alive Last-Modified Link Location Origin Pragma Proxy-Authenticate Proxy-Authorization Range Referer
		Retry-After Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol
		Sec-WebSocket-Version Server Set-Cookie Strict-Transport-Security TE Trailer Transfer-Encoding Upgrade
		Upgrade-Insecure-Requests User-Agent Vary Via WWW-Authenticate X-Content-Type-Options X-Forwarded-For
		X-Forwarded-Host X-Forwarded-Proto X-Frame-Options X-Powered-By X-Real-IP X-Request-ID X-Requested-With`) {
		key := strings.ToLower(name)
		keys[name], keys[key] = key, key
	}
	return keys
}()
