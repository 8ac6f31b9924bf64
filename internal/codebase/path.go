package codebase

import (
	"fmt"
	"strings"
)

// Normalize turns any spelling of a codebase path into the one used as a key: it starts with "/", has no "." or ".."
// segments and no trailing "/". ".." stops at the root. Repeated slashes inside a path are kept.
func Normalize(path string) string {
	var kept []string
	for _, segment := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		switch segment {
		case ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	for len(kept) > 0 && kept[len(kept)-1] == "" {
		kept = kept[:len(kept)-1]
	}
	return "/" + strings.Join(kept, "/")
}

// Resolve finds the path an import refers to. A specifier that starts with "/" counts from the root, one that starts
// with "." from the directory of importer; everything else is refused, because there are no packages. An inline
// script has the importer "" and lies in the root.
func Resolve(specifier, importer string) (string, error) {
	switch {
	case strings.HasPrefix(specifier, "/"):
		return Normalize(specifier), nil
	case strings.HasPrefix(specifier, "."):
		importer = Normalize(importer)
		return Normalize(importer[:strings.LastIndexByte(importer, '/')+1] + specifier), nil
	}
	return "", fmt.Errorf("module path %q must start with '/' (codebase root) or '.' (relative to the importing file)", specifier)
}

// Normalize is the package's function of the same name.
func (c *Codebase) Normalize(path string) string { return Normalize(path) }

// Resolve is the package's function of the same name.
func (c *Codebase) Resolve(specifier, importer string) (string, error) {
	return Resolve(specifier, importer)
}

// splitFirst cuts a normalized path behind its first segment: "/a/b" gives "a" and "/b", "/a" gives "a" and "/".
func splitFirst(path string) (first, rest string) {
	first, rest, _ = strings.Cut(path[1:], "/")
	return first, "/" + rest
}
