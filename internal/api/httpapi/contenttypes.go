package httpapi

import "strings"

// contentType is what files with an extension are.
type contentType struct{ extension, name string }

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

// typeOf returns the content type for an extension in lower case, or other.
func typeOf(extension, other string) string {
	for _, t := range contentTypes {
		if t.extension == extension {
			return t.name
		}
	}
	return other
}

// Accepted reads an accept-encoding header. Weights are ignored.
func Accepted(header string) (gzip, br bool) {
	for _, part := range strings.Split(header, ",") {
		token, _, _ := strings.Cut(part, ";")
		switch token = strings.TrimSpace(token); {
		case strings.EqualFold(token, "gzip"):
			gzip = true
		case strings.EqualFold(token, "br"):
			br = true
		}
	}
	return gzip, br
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
