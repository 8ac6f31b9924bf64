package codebase

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// memStore serves files from memory. Its tree is replaced as a whole.
type memStore struct {
	mu      sync.RWMutex
	files   map[string][]byte // never modified
	watches map[*memWatch]struct{}
}

type memWatch struct {
	path    string
	tree    bool
	changed func([]string)
}

var _ store = (*memStore)(nil)

func newMemStore(files map[string][]byte) *memStore {
	return &memStore{files: files, watches: make(map[*memWatch]struct{})}
}

// FromFiles makes a codebase of files in memory, by normalized path. Nothing in files may change any more.
func FromFiles(entry, version string, files map[string][]byte) *Codebase {
	c := newCodebase("", newMemStore(files))
	c.entry, c.version = entry, version
	return c
}

func (m *memStore) tree() map[string][]byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.files
}

func (m *memStore) read(path string) ([]byte, error) {
	content, ok := m.tree()[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return content, nil
}

func (m *memStore) kind(path string) kind {
	files := m.tree()
	if _, ok := files[path]; ok {
		return file
	}
	for p := range files {
		if below(p, path) {
			return directory
		}
	}
	return nothing
}

// below tells whether a file lies in a directory.
func below(path, dir string) bool {
	return dir == "/" || strings.HasPrefix(path, dir) && len(path) > len(dir) && path[len(dir)] == '/'
}

func (m *memStore) list(dir string) []string {
	paths := []string{}
	for p := range m.tree() {
		if !below(p, dir) {
			continue
		}
		rel := strings.TrimPrefix(p[len(dir):], "/")
		if !strings.HasPrefix(rel, ".") && !strings.Contains(rel, "/.") {
			paths = append(paths, rel)
		}
	}
	slices.Sort(paths)
	return paths
}

func (m *memStore) watch(path string, tree bool, changed func([]string)) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &memWatch{path, tree, changed}
	m.watches[w] = struct{}{}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watches, w)
	}
}

// watched returns the single files that are watched, sorted, and whether any directory is.
func (m *memStore) watched() (files []string, trees bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for w := range m.watches {
		if w.tree {
			trees = true
		} else if !slices.Contains(files, w.path) {
			files = append(files, w.path)
		}
	}
	slices.Sort(files)
	return files, trees
}

// replace puts another tree in place. No watch is called: a new version is loaded as a whole.
func (m *memStore) replace(files map[string][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files = files
}

// update changes single files, nil for those that are gone, and calls the watches concerned.
func (m *memStore) update(changes map[string][]byte) {
	m.mu.Lock()
	files := maps.Clone(m.files)
	var changed []string
	for path, content := range changes {
		before, had := files[path]
		switch {
		case content == nil && had:
			delete(files, path)
		case content != nil && (!had || !bytes.Equal(before, content)):
			files[path] = content
		default:
			continue
		}
		changed = append(changed, path)
	}
	m.files = files
	slices.Sort(changed)
	type report struct {
		changed func([]string)
		paths   []string
	}
	var reports []report
	for w := range m.watches {
		var paths []string
		for _, p := range changed {
			if p == w.path || w.tree && below(p, w.path) {
				paths = append(paths, p)
			}
		}
		if len(paths) > 0 {
			reports = append(reports, report{w.changed, paths})
		}
	}
	m.mu.Unlock()
	for _, r := range reports {
		r.changed(r.paths)
	}
}
