package httpapi

import (
	"path"
	"strings"
)

// contentType is what files with an extension are.
type contentType struct{ extension, name string }

// contentTypes are the ones scripts see.
var contentTypes = []contentType{
	{"css", "text/css"},
	{"gif", "image/gif"},
	{"html", "text/html"},
	{"ico", "image/x-icon"},
	{"jpg", "image/jpeg"},
	{"js", "application/javascript"},
	{"json", "application/json"},
	{"png", "image/png"},
	{"svg", "image/svg+xml"},
	{"txt", "text/plain"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xml", "text/xml"},
}

const defaultContentType = "application/octet-stream"

// typeOf returns the content type of a file by the built-in table, or other.
func typeOf(name, other string) string {
	for extension := range extensions(name) {
		if t, ok := typeByExtension[extension]; ok {
			return t
		}
	}
	return other
}

// extensions yields what follows the first dot of a file's name, then what follows the second, and so on: min.js, js. All
// in lower case.
func extensions(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		_, rest, ok := strings.Cut(strings.ToLower(path.Base(name)), ".")
		for ok && yield(rest) {
			_, rest, ok = strings.Cut(rest, ".")
		}
	}
}

// directoryPrelude gives http.Directory its table, a fresh object at each look.
var directoryPrelude = func() string {
	var b strings.Builder
	b.WriteString("Object.defineProperty(http.Directory, 'defaultContentTypes', {enumerable: true, get: () => ({")
	for _, t := range contentTypes {
		b.WriteString("'" + t.extension + "':'" + t.name + "',")
	}
	b.WriteString("})})")
	return b.String()
}()
