package httpapi

import (
	"strings"
	"testing"
)

// Captures are parts of the path, and never empty.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{"/", "/a/{b}", "/*", "/*/b/*", "/{a}/{b}/"} {
		f.Add(pattern, "/a/b/c?d#e")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		m, err := newMatch(pattern)
		if err != nil {
			return
		}
		captures, ok := m.match(path)
		if !ok {
			return
		}
		for _, c := range captures {
			if c[1] == "" || !strings.Contains(path, c[1]) {
				t.Errorf("%q on %q captured %q", pattern, path, c)
			}
		}
	})
}
