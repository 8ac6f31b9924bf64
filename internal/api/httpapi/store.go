package httpapi

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// store is where a directory's files come from.
type store interface {
	// load returns a file as it is now, nil if there is none. name begins with a slash and is clean. old is what was
	// returned before, or nil.
	load(name string, old *form) *form
}

// codebaseStore serves files of the codebase. What was read once is kept.
type codebaseStore struct {
	files Files
	root  string
}

func (s *codebaseStore) load(name string, old *form) *form {
	if old != nil {
		return old
	}
	b, err := s.files.Read(path.Join(s.root, name))
	if err != nil {
		return nil
	}
	return memoryForm(b, time.Time{})
}

// localStore serves files of the file system, and looks at each whether it has changed. Nothing outside of the directory
// can be reached, not by symbolic links either.
type localStore struct {
	path  string
	limit int64 // size of the largest file that is kept in memory

	root *os.Root
	info os.FileInfo // of root
}

// renew opens the directory, anew if another one has taken its place. It reports whether there is one.
func (s *localStore) renew() bool {
	info, err := os.Stat(s.path)
	if err == nil && s.root != nil && os.SameFile(info, s.info) {
		return true
	}
	// The old root is left to the garbage collector: files may be read through it still.
	s.root = nil
	if err != nil {
		return false
	}
	root, err := os.OpenRoot(s.path)
	if err != nil {
		return false
	}
	s.root, s.info = root, info
	return true
}

func (s *localStore) load(name string, old *form) *form {
	local, err := filepath.Localize(strings.Trim(name, "/"))
	if err != nil || s.root == nil {
		return nil
	}
	info, err := s.root.Stat(local)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if old != nil && old.local.root == s.root && unchanged(info, old.local.info) {
		return old
	}
	f, err := (&localFile{s.root, local, info}).read(s.limit)
	if err != nil {
		return nil
	}
	return f
}

// tarStore serves the entries of an archive.
type tarStore struct {
	path    string      // in the file system, "" for an archive of the codebase
	info    os.FileInfo // of the archive that was read
	entries map[string]*form
}

func (s *tarStore) load(name string, _ *form) *form { return s.entries[name] }

// renew reads an archive of the file system if it has changed.
func (s *tarStore) renew() {
	if s.path == "" {
		return
	}
	info, err := os.Stat(s.path)
	if err != nil || !info.Mode().IsRegular() {
		s.entries, s.info = nil, nil
		return
	}
	if s.info != nil && unchanged(info, s.info) {
		return
	}
	s.entries, s.info = nil, nil
	if archive, err := os.ReadFile(s.path); err == nil {
		s.entries, s.info = untar(archive), info
	}
}

// untar returns the ordinary files of an archive by their names, with a leading slash. A broken archive has those before
// the damage.
func untar(archive []byte) map[string]*form {
	entries := map[string]*form{}
	for t := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := t.Next()
		if err != nil {
			return entries
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		modified := h.ModTime
		if modified.Unix() <= 0 { // not recorded
			modified = time.Time{}
		}
		if b, err := io.ReadAll(t); err == nil {
			entries[path.Clean("/"+h.Name)] = memoryForm(b, modified)
		}
	}
}
