package repo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// record is what the store has of a codebase under "c" and its path.
type record struct {
	Version     string `json:"version"`
	Main        string `json:"main"`
	Base        string `json:"base,omitempty"`
	BaseVersion string `json:"baseVersion,omitempty"` // of the base, when the codebase was last built
	Files       string `json:"files,omitempty"`       // blob of fileTree: the own committed files
	Tree        string `json:"tree,omitempty"`        // blob of published; empty if it never was
}

// fileTree has the blobs of files by path.
type fileTree map[string]string

// published is what instances get. It is never changed.
type published struct {
	Manifest string                   `json:"manifest,omitempty"` // empty until a version was committed
	Version  string                   `json:"version,omitempty"`
	Files    map[string]publishedFile `json:"files"`
}

type publishedFile struct {
	Blob string `json:"blob"`
	Tag  string `json:"tag,omitempty"`
}

// edit is what the store has of an uncommitted change under "e", the codebase, a zero byte, and the path of the file.
type edit struct {
	Blob   string `json:"blob,omitempty"`
	Erased bool   `json:"erased,omitempty"`
}

func codebaseKey(path string) string         { return "c" + path }
func editPrefix(path string) string          { return "e" + path + "\x00" }
func derivedPrefix(path string) string       { return "d" + path + "\x00" }
func editKey(path, file string) string       { return editPrefix(path) + file }
func derivedKey(base, derived string) string { return derivedPrefix(base) + derived }
func newBlobID() string                      { return uuid.Must(uuid.NewV7()).String() }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// getRecord returns nil if there is no such codebase.
func getRecord(tx Tx, path string) (*record, error) {
	b, err := tx.Get(codebaseKey(path))
	if b == nil || err != nil {
		return nil, err
	}
	rec := new(record)
	return rec, decode(b, rec, path)
}

func putRecord(tx Tx, path string, rec *record) error {
	b, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	tx.Put(codebaseKey(path), b)
	return nil
}

func getEdits(tx Tx, path string) (map[string]edit, error) {
	list, err := tx.List(editPrefix(path))
	if err != nil {
		return nil, err
	}
	edits := make(map[string]edit, len(list))
	for _, r := range list {
		var e edit
		if err := decode(r.Value, &e, path); err != nil {
			return nil, err
		}
		edits[r.Key[len(editPrefix(path)):]] = e
	}
	return edits, nil
}

func putEdit(tx Tx, path, file string, e edit) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	tx.Put(editKey(path, file), b)
	return nil
}

// dropEdit removes an edit with its content, which nothing else refers to.
func dropEdit(tx Tx, path, file string) (found bool, err error) {
	b, err := tx.Get(editKey(path, file))
	if b == nil || err != nil {
		return false, err
	}
	var e edit
	if err := decode(b, &e, path); err != nil {
		return false, err
	}
	if e.Blob != "" {
		tx.DeleteBlob(e.Blob)
	}
	return true, nil
}

func decode(b []byte, v any, path string) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("the store's record of %s is damaged: %w", path, err)
	}
	return nil
}

// putJSON makes a blob of a value.
func putJSON(tx Tx, v any) (id string, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	id = newBlobID()
	return id, tx.PutBlob(id, b)
}

// getJSON reads a blob as a value, which is shared with others and must not be changed.
func getJSON[T any](r *Repo, tx Tx, id string) (*T, error) {
	if v, ok := r.cache.get(id).(*T); ok {
		return v, nil
	}
	v := new(T)
	if id == "" {
		return v, nil
	}
	b, err := tx.Blob(id)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return nil, fmt.Errorf("a list of files in the store is damaged: %w", err)
	}
	r.cache.put(id, v, 2*len(b))
	return v, nil
}

// content reads the content of a file.
func (r *Repo) content(tx Tx, id string) ([]byte, error) {
	if b, ok := r.cache.get(id).([]byte); ok {
		return b, nil
	}
	b, err := tx.Blob(id)
	if err == nil {
		r.cache.put(id, b, len(b)+100)
	}
	return b, err
}

// maxPath is how long the name of a codebase or of a file may be.
const maxPath = 1024

// cleanPath returns a path as the store has it: it starts with a slash and has no empty segments. It refuses what cannot be
// told from something else in a manifest, in a URL or in the file system of an instance.
func cleanPath(path string) (string, bool) {
	if path == "" || strings.HasSuffix(path, "/") || len(path) > maxPath {
		return "", false
	}
	var clean strings.Builder
	for s := range strings.SplitSeq(path, "/") {
		switch s {
		case "":
			continue
		case ".", "..":
			return "", false
		}
		if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == 0xfffd }) {
			return "", false
		}
		clean.WriteByte('/')
		clean.WriteString(s)
	}
	return clean.String(), clean.Len() > 0
}

// cleanFile is cleanPath for files of codebases.
func cleanFile(path string) (string, bool) {
	path, ok := cleanPath(path)
	return path, ok && path != etagsPath
}
