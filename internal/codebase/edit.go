package codebase

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// editable is a store that can be written to.
type editable interface {
	write(path string, content []byte) error
	remove(path string) error
}

// ErrReadOnly is the error of changing a codebase that comes from elsewhere.
var ErrReadOnly = errors.New("the codebase cannot be changed here")

// ReadOnly reports whether Write and Remove cannot work.
func (c *Codebase) ReadOnly() bool {
	_, ok := c.base.store.(editable)
	return !ok
}

// Write makes or replaces a file, and the directories it lies in.
func (c *Codebase) Write(path string, content []byte) error {
	path = Normalize(path)
	l, inner, _, _ := c.find(path)
	s, ok := l.store.(editable)
	if !ok {
		return ErrReadOnly
	}
	if err := s.write(inner, content); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// Remove deletes a file. One that does not exist is no error.
func (c *Codebase) Remove(path string) error {
	path = Normalize(path)
	l, inner, _, _ := c.find(path)
	s, ok := l.store.(editable)
	if !ok {
		return ErrReadOnly
	}
	if err := s.remove(inner); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot delete %s: %w", path, err)
	}
	return nil
}

// SetEntry changes the script to start with, from the next load on.
func (c *Codebase) SetEntry(path string) error {
	if c.ReadOnly() {
		return ErrReadOnly
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entry, c.text, c.inline = Normalize(path), "", false
	return nil
}

// write replaces the file in one step: whoever reads it meanwhile gets the old or the new content whole. The directory is
// opened as a root: no link in it leads outside.
func (d *dirStore) write(path string, content []byte) error {
	root, name, err := d.openRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	if dir := filepath.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o644)
	if info, err := root.Stat(name); err == nil {
		if info.IsDir() {
			return errors.New("it is a directory")
		}
		mode = info.Mode().Perm()
	}
	fresh := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+fmt.Sprintf(".%d~", os.Getpid()))
	if err := root.WriteFile(fresh, content, mode); err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	if err := root.Rename(fresh, name); err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	return nil
}

func (d *dirStore) remove(path string) error {
	root, name, err := d.openRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return nil
	}
	return root.Remove(name)
}

func (d *dirStore) openRoot(path string) (root *os.Root, name string, err error) {
	local, ok := localPath(d.root, path)
	if !ok || local == d.root {
		return nil, "", errors.New("this is no name of a file")
	}
	if name, err = filepath.Rel(d.root, local); err != nil {
		return nil, "", err
	}
	root, err = os.OpenRoot(d.root)
	return root, name, err
}
