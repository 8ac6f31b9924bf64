package codebase

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Codebase is shared by all workers of a process; its methods may be called from any goroutine.
type Codebase struct {
	root string

	mu      sync.RWMutex // guards what follows and the patches of every layer
	text    string
	inline  bool
	entry   string
	version string
	base    *layer
	mounts  map[string]*layer

	watchMu sync.Mutex // guards watches; taken before mu
	watches map[*watch]struct{}
}

// OpenFile makes the codebase of a script file: its root is the file's directory. The file is not read yet.
func OpenFile(path string) (*Codebase, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open script %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open script: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("cannot open script %s: it is a directory", path)
	}
	c := newDirectory(filepath.Dir(path))
	c.entry = "/" + filepath.Base(path)
	return c, nil
}

// FromText makes the codebase of a script given as text. Other files come from the current directory.
func FromText(src string) *Codebase {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	c := newDirectory(dir)
	c.text, c.inline = src, true
	return c
}

// localVersion is the version of what nobody counts versions of.
const localVersion = "1"

func newDirectory(dir string) *Codebase {
	c := newCodebase(dir, newDirStore(dir, watchOptions{}))
	c.version = localVersion
	return c
}

func newCodebase(root string, s store) *Codebase {
	return &Codebase{
		root:    root,
		base:    &layer{store: s},
		mounts:  make(map[string]*layer),
		watches: make(map[*watch]struct{}),
	}
}

// Root is the local directory the codebase's own files lie in, "" if they do not.
func (c *Codebase) Root() string { return c.root }

// Entry is the path of the script to start with, "" if it was given as text.
func (c *Codebase) Entry() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.entry
}

// Version is what the source of the codebase calls its present state; for local files it is always "1".
func (c *Codebase) Version() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.version
}

func (c *Codebase) setEntry(entry, version string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entry, c.version = entry, version
}

// EntryText returns the script that was given as text, and whether it was.
func (c *Codebase) EntryText() (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.text, c.inline
}

// Read returns the content of a file, which the caller must not modify. The error matches fs.ErrNotExist if there is
// no such file.
func (c *Codebase) Read(path string) ([]byte, error) {
	path = Normalize(path)
	l, inner, content, patched := c.find(path)
	if patched {
		return content, nil
	}
	content, err := l.store.read(inner)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return content, nil
}

// Exists tells whether path is a file; a directory is none.
func (c *Codebase) Exists(path string) bool {
	l, inner, _, patched := c.find(Normalize(path))
	return patched || l.store.kind(inner) == file
}

// List returns all files below a directory, at any depth, as paths relative to it ("sub/b.js"). Files and directories
// whose name starts with a dot are left out, and so are patches. The root includes the mounts. Without such a
// directory the result is empty.
func (c *Codebase) List(path string) []string {
	path = Normalize(path)
	l, inner, _, _ := c.find(path)
	paths := l.store.list(inner)
	if path != "/" {
		return paths
	}
	mounts := c.mounted()
	own := paths[:0]
	for _, p := range paths {
		if first, _ := splitFirst("/" + p); mounts[first] == nil {
			own = append(own, p)
		}
	}
	for name, l := range mounts {
		for _, p := range l.store.list("/") {
			own = append(own, name+"/"+p)
		}
	}
	return own
}

// Patch puts a file into memory that hides whatever lies at path, for all readers and until the process ends. Inside
// a mount it goes when the mount goes. The content belongs to the codebase from now on. Watches do not notice.
func (c *Codebase) Patch(path string, content []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, inner := c.locate(Normalize(path))
	if l.patches == nil {
		l.patches = make(map[string][]byte)
	}
	l.patches[inner] = content
}

// find returns the layer a normalized path belongs to, its path in there, and the patch on it if there is one.
func (c *Codebase) find(path string) (l *layer, inner string, content []byte, patched bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	l, inner = c.locate(path)
	content, patched = l.patches[inner]
	return l, inner, content, patched
}

// locate wants c.mu.
func (c *Codebase) locate(path string) (*layer, string) {
	first, rest := splitFirst(path)
	if l := c.mounts[first]; l != nil {
		return l, rest
	}
	return c.base, path
}
