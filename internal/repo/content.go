package repo

import (
	"context"
	"strings"
)

// etagsPath is the document in each codebase that lists the tags of all files.
const etagsPath = "/_etags"

// document is something that instances get.
type document struct {
	content []byte
	tag     string
	listing string // of the document of tags: what it is told from others by
}

// published returns what a path below /repo stands for: CODEBASE/, CODEBASE/_etags or CODEBASE/FILE. It returns an Error of
// status 404 if there is no such thing.
func (r *Repo) published(ctx context.Context, path string) (*document, error) {
	var doc *document
	err := r.store.View(ctx, func(tx Tx) error {
		for i := len(path) - 1; i > 0; i-- {
			if path[i] != '/' {
				continue
			}
			rec, err := getRecord(tx, path[:i])
			if err != nil {
				return err
			}
			if rec == nil || rec.Tree == "" {
				continue
			}
			// A file of a codebase may lie below the path of another one.
			if doc, err = r.documentOf(tx, rec, path[i:]); doc != nil || err != nil {
				return err
			}
		}
		return errNotFound
	})
	return doc, err
}

// documentOf returns nil if a codebase has no such document.
func (r *Repo) documentOf(tx Tx, rec *record, path string) (*document, error) {
	tree, err := getJSON[published](r, tx, rec.Tree)
	if err != nil {
		return nil, err
	}
	switch path {
	case "/":
		if tree.Manifest == "" {
			return nil, nil
		}
		return &document{content: []byte(tree.Manifest), tag: tree.Version}, nil
	case etagsPath:
		var b strings.Builder
		for _, file := range sortedKeys(tree.Files) {
			b.WriteString(file)
			if tag := tree.Files[file].Tag; tag != "" {
				b.WriteString("#" + tag)
			}
			b.WriteByte('\n')
		}
		return &document{content: []byte(b.String()), listing: rec.Tree}, nil
	}
	file, ok := tree.Files[path]
	if !ok {
		return nil, nil
	}
	content, err := r.content(tx, file.Blob)
	if err != nil {
		return nil, err
	}
	return &document{content: content, tag: file.Tag}, nil
}
