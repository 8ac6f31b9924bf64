package algo

import (
	"bytes"
	"errors"
	"strings"
)

// Router finds the value of the rule that fits a URL best. A rule's pattern is [host]/path: a host may have * for its first
// label, a path may end in /* to cover everything below it.
type Router[T any] struct {
	anyHost sitemap[T]
	hosts   map[string]*sitemap[T]
	suffix  map[string]*sitemap[T] // hosts with * for the first label, by what comes after it
}

// sitemap holds the rules of one host.
type sitemap[T any] struct {
	exact  map[string]T
	prefix routeNode[T]
}

// routeNode is a path segment on the way to prefix rules.
type routeNode[T any] struct {
	children map[string]*routeNode[T]
	value    T // of the rule that ends in this segment, if it is a *
}

// Add adds a rule, or replaces the value of one with the same pattern.
func (r *Router[T]) Add(pattern string, value T) error {
	slash := strings.IndexByte(pattern, '/')
	if slash < 0 || strings.IndexByte(pattern[:slash], ':') >= 0 {
		return errors.New("invalid URL pattern")
	}
	host, path := pattern[:slash], pattern[slash:]
	switch rest, wild := strings.CutPrefix(host, "*."); {
	case host == "":
		r.anyHost.add(path, value)
	case wild:
		r.suffix = site(r.suffix, rest)
		r.suffix[rest].add(path, value)
	case host != "*": // which fits no host
		r.hosts = site(r.hosts, host)
		r.hosts[host].add(path, value)
	}
	return nil
}

// site makes sure that m has rules for a host.
func site[T any](m map[string]*sitemap[T], host string) map[string]*sitemap[T] {
	if m == nil {
		m = map[string]*sitemap[T]{}
	}
	if m[host] == nil {
		m[host] = &sitemap[T]{}
	}
	return m
}

func (s *sitemap[T]) add(path string, value T) {
	if !strings.HasSuffix(path, "/*") {
		if s.exact == nil {
			s.exact = map[string]T{}
		}
		s.exact[path] = value
		return
	}
	n := &s.prefix
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" {
			continue
		}
		if n.children == nil {
			n.children = map[string]*routeNode[T]{}
		}
		next := n.children[segment]
		if next == nil {
			next = &routeNode[T]{}
			n.children[segment] = next
		}
		n = next
	}
	n.value = value
}

// Find looks up host/path. A port after the host and a query after the path do not matter; case does. Rules of the exact
// host come first, then those with * for its first label, then those for any host.
func (r *Router[T]) Find(url []byte) (value T, ok bool) {
	slash := bytes.IndexByte(url, '/')
	if slash < 0 {
		return value, false
	}
	host, path := url[:slash], url[slash:]
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if i := bytes.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	if s := r.hosts[string(host)]; s != nil {
		if value, ok = s.find(path); ok {
			return value, true
		}
	}
	if i := bytes.IndexByte(host, '.'); i >= 0 && r.suffix != nil {
		if s := r.suffix[string(host[i+1:])]; s != nil {
			if value, ok = s.find(path); ok {
				return value, true
			}
		}
	}
	return r.anyHost.find(path)
}

// find takes the exact rule, else the deepest rule above the path. Scripts may rely on every node with a * child being
// such a rule, even one that is only on the way to another: its value is the zero T.
func (s *sitemap[T]) find(path []byte) (value T, ok bool) {
	if value, ok = s.exact[string(path)]; ok {
		return value, true
	}
	n := &s.prefix
	for n != nil && n.children != nil {
		if star := n.children["*"]; star != nil {
			value, ok = star.value, true
		}
		if path == nil {
			break
		}
		segment := path[1:]
		if i := bytes.IndexByte(segment, '/'); i >= 0 {
			segment, path = segment[:i], segment[i:]
		} else {
			path = nil
		}
		n = n.children[string(segment)]
	}
	return value, ok
}
