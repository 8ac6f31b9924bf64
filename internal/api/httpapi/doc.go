// Package httpapi is the namespace http of scripts: a client (Agent), static files (Directory, File) and path patterns
// (Match).
package httpapi

import (
	"errors"

	"weir/internal/pipeline"
	"weir/internal/script"
)

// Namespace declares http.
var Namespace = &script.Namespace{
	Name:    "http",
	Classes: []*script.Class{agentClass, directoryClass, fileClass, matchClass},
	Setup: func(r *script.Realm) error {
		return r.Prelude("http", directoryPrelude)
	},
	Extra: append(append(agentRows(), headRows()...), directoryRows()...),
}

// headRows are the fields of heads and tails, which are objects of no class that scripts can name.
func headRows() []script.Row {
	var rows []script.Row
	add := func(object string, fields ...string) {
		for i := 0; i < len(fields); i += 2 {
			rows = append(rows, script.Row{Path: "http:" + object + "#" + fields[i], Kind: "property", Signature: fields[i+1]})
		}
	}
	add("RequestHead", "protocol", "string|undefined", "headers", "{[lowerName]: string|string[]}",
		"headerNames", "{[lowerName]: string}|null", "method", "string", "scheme", "string|undefined",
		"authority", "string|undefined", "path", "string")
	add("ResponseHead", "protocol", "string|undefined", "headers", "object", "headerNames", "object|null",
		"status", "number = 200", "statusText", "string|undefined")
	add("MessageTail", "headers", "object|null (HTTP/2 trailers)", "headSize", "number", "bodySize", "number")
	return rows
}

// Files reads the files of a codebase by paths that begin with a slash. The bytes must not be changed.
type Files interface {
	Read(path string) ([]byte, error)
}

type filesKey struct{}

type filesBox struct{ files Files }

func filesOf(w *pipeline.World) *filesBox {
	return pipeline.Extra(w, filesKey{}, func() *filesBox { return &filesBox{noFiles{}} })
}

// SetFiles sets the codebase that http.Directory and http.File of a world read. Call it before scripts run.
func SetFiles(w *pipeline.World, f Files) { filesOf(w).files = f }

type noFiles struct{}

func (noFiles) Read(string) ([]byte, error) { return nil, errors.New("there is no codebase here") }
