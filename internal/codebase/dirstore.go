package codebase

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dirStore serves a directory of the local file system.
type dirStore struct {
	root    string
	watcher *dirWatcher
}

var _ store = (*dirStore)(nil)

func newDirStore(root string, options watchOptions) *dirStore {
	return &dirStore{root: root, watcher: newDirWatcher(root, options)}
}

func (d *dirStore) read(path string) ([]byte, error) {
	local, ok := localPath(d.root, path)
	if !ok {
		return nil, fs.ErrNotExist
	}
	content, err := os.ReadFile(local)
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fs.ErrNotExist
	}
	return content, err
}

func (d *dirStore) kind(path string) kind {
	local, ok := localPath(d.root, path)
	if !ok {
		return nothing
	}
	info, err := os.Stat(local)
	switch {
	case err != nil:
		return nothing
	case info.IsDir():
		return directory
	}
	return file
}

func (d *dirStore) list(path string) []string {
	paths := []string{}
	if local, ok := localPath(d.root, path); ok {
		walk(local, nil, func(rel, _ string, _ fs.DirEntry) { paths = append(paths, rel) })
	}
	return paths
}

func (d *dirStore) watch(path string, tree bool, changed func([]string)) func() {
	return d.watcher.subscribe(path, tree, changed)
}

// localPath maps a normalized path to the file system. It refuses names that would mean something else there, such as
// drive letters and backslashes on Windows.
func localPath(root, path string) (string, bool) {
	rel := filepath.FromSlash(strings.TrimLeft(path, "/"))
	if rel == "" {
		return root, true
	}
	if !filepath.IsLocal(rel) || strings.ContainsRune(rel, 0) {
		return "", false
	}
	return filepath.Join(root, rel), true
}

// walk visits everything below a directory in the order of names, following symbolic links but not in circles, and
// leaving out dot files. onDir is called before a directory is read, onFile with the path relative to dir ("a/b") and
// the local path. Directories that cannot be read count as empty.
func walk(dir string, onDir func(local string), onFile func(rel, local string, entry fs.DirEntry)) {
	var above []fs.FileInfo
	var visit func(local, prefix string)
	visit = func(local, prefix string) {
		info, err := os.Stat(local)
		if err != nil || !info.IsDir() {
			return
		}
		for _, a := range above {
			if os.SameFile(a, info) {
				return
			}
		}
		above = append(above, info)
		defer func() { above = above[:len(above)-1] }()

		if onDir != nil {
			onDir(local)
		}
		entries, err := os.ReadDir(local)
		if err != nil {
			return
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			child := filepath.Join(local, e.Name())
			mode := e.Type()
			if mode&fs.ModeSymlink != 0 {
				target, err := os.Stat(child)
				if err != nil {
					continue
				}
				mode = target.Mode().Type()
			}
			switch {
			case mode.IsDir():
				visit(child, prefix+e.Name()+"/")
			case mode.IsRegular():
				onFile(prefix+e.Name(), child, e)
			}
		}
	}
	visit(dir, "")
}
