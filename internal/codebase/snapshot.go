package codebase

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// snapshot is the state of the watched files at one moment, by codebase path. It is never modified.
type snapshot map[string]fs.FileInfo

// takeSnapshot looks at a file or at a tree. Before anything is looked at, onDir gets each local directory in which
// an event would announce a later change of it.
func takeSnapshot(root, path string, tree bool, onDir func(local string)) snapshot {
	s := make(snapshot)
	local, ok := localPath(root, path)
	if !ok {
		return s
	}
	if !tree {
		nearestDirectory(root, filepath.Dir(local), onDir)
		if target, err := filepath.EvalSymlinks(local); err == nil && target != local {
			onDir(filepath.Dir(target))
		}
		if info, err := os.Stat(local); err == nil && !info.IsDir() {
			s[path] = info
		}
		return s
	}

	nearestDirectory(root, local, onDir)
	if path != "/" {
		path += "/"
		nearestDirectory(root, filepath.Dir(local), onDir) // sees the directory itself being replaced
	}
	walk(local, onDir, func(rel, local string, entry fs.DirEntry) {
		if entry.Type()&fs.ModeSymlink != 0 {
			if target, err := filepath.EvalSymlinks(local); err == nil {
				onDir(filepath.Dir(target))
			}
		}
		if info, err := os.Stat(local); err == nil {
			s[path+rel] = info
		}
	})
	return s
}

// nearestDirectory calls onDir for dir, or if it is missing for the closest ancestor, where its creation would show.
func nearestDirectory(root, dir string, onDir func(local string)) {
	for dir != root {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	onDir(dir)
}

// changes returns the sorted paths of files that are new, gone or different in next.
func (s snapshot) changes(next snapshot) []string {
	var paths []string
	for path, info := range next {
		if before := s[path]; before == nil || differs(before, info) {
			paths = append(paths, path)
		}
	}
	for path := range s {
		if next[path] == nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// A file replaced by rename may keep time and size, therefore the identity counts too.
func differs(a, b fs.FileInfo) bool {
	return a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) || !os.SameFile(a, b)
}
