package httpapi

import (
	"errors"
	"strings"

	"weir/internal/httphead"
	"weir/internal/script"
)

var matchClass = &script.Class{
	Name: "Match", Path: "http.Match", Length: 1,
	Sig: "new http.Match(pattern: string): (path: string|RequestHead) => object|null",
	Make: func(c *script.Call) (script.Value, error) {
		pattern, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		m, err := newMatch(pattern)
		if err != nil {
			return script.Undefined, err
		}
		return c.NewFunction("Match", 1, m.call), nil
	},
}

// match is a pattern for paths: literal segments, {name} for one segment, * for one, or for the rest if it is last.
type match struct {
	segments []segment
	rest     bool // the pattern ends with *
}

type segment struct {
	text string // literal, or the name of a capture
	kind segmentKind
}

type segmentKind uint8

const (
	literal segmentKind = iota
	capture
	anything
)

func newMatch(pattern string) (*match, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, errors.New("path pattern must begin with '/'")
	}
	m := &match{}
	parts := strings.Split(strings.TrimSuffix(pattern[1:], "/"), "/")
	if len(parts) == 1 && parts[0] == "" {
		return m, nil
	}
	for i, p := range parts {
		switch {
		case p == "*" && i == len(parts)-1:
			m.rest = true
		case p == "*":
			m.segments = append(m.segments, segment{kind: anything})
		case len(p) > 2 && p[0] == '{' && p[len(p)-1] == '}' && !strings.ContainsAny(p[1:len(p)-1], "{}*"):
			m.segments = append(m.segments, segment{p[1 : len(p)-1], capture})
		case p == "" || strings.ContainsAny(p, "{}*"):
			return nil, errors.New("invalid path pattern")
		default:
			m.segments = append(m.segments, segment{text: p})
		}
	}
	return m, nil
}

func (m *match) call(c *script.Call) (script.Value, error) {
	path, ok := c.AsString(c.Arg(0))
	if !ok {
		v := c.Arg(0)
		if !v.IsObject() {
			return script.Undefined, script.ArgError(0, "a string or an object")
		}
		h, err := httphead.RequestOf(c.Realm, c.Hold(v))
		if err != nil {
			return script.Undefined, err
		}
		path = h.Path
	}
	captures, ok := m.match(path)
	if !ok {
		return script.Null, nil
	}
	o := c.NewObject()
	for _, p := range captures {
		if err := c.Set(o, p[0], c.String(p[1])); err != nil {
			return script.Undefined, err
		}
	}
	return o, nil
}

// match returns names and values of what a path captures.
func (m *match) match(path string) (captures [][2]string, ok bool) {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	path = path[1:]
	if !m.rest {
		path = strings.TrimSuffix(path, "/")
	}
	for i, s := range m.segments {
		part, rest, more := strings.Cut(path, "/")
		switch s.kind {
		case literal:
			ok = strings.EqualFold(part, s.text)
		case capture:
			captures = append(captures, [2]string{s.text, part})
			ok = part != ""
		case anything:
			ok = part != ""
		}
		if !ok || !more && (m.rest || i < len(m.segments)-1) {
			return nil, false
		}
		if more && !m.rest && i == len(m.segments)-1 {
			return nil, false
		}
		path = rest
	}
	if !m.rest {
		return captures, len(m.segments) > 0 || path == ""
	}
	return append(captures, [2]string{"*", path}), path != ""
}
