package codebase

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// The messages are part of the scripting interface.
var (
	errNotDirectory = errors.New("not a directory")
	errMountName    = errors.New("invalid mount name")
	errMountExists  = errors.New("mount path already exists")
)

// Mount shows the local directory dir as /name/ until Unmount. It survives reloads. Watches of the whole tree and
// watches on paths below the mount see its later changes; mounting itself is not a change.
func (c *Codebase) Mount(name, dir string) error {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return errMountName
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return errNotDirectory
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return errNotDirectory
	}

	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	l := &layer{store: newDirStore(dir, watchOptions{})}
	if err := c.addMount(name, l); err != nil {
		return err
	}
	for w := range c.watches {
		c.attachMount(w, name, l)
	}
	return nil
}

func (c *Codebase) addMount(name string, l *layer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := "/" + name
	if c.mounts[name] != nil || c.base.store.kind(path) != nothing {
		return errMountExists
	}
	for patched := range c.base.patches {
		if patched == path || strings.HasPrefix(patched, path+"/") {
			return errMountExists
		}
	}
	c.mounts[name] = l
	return nil
}

// Unmount takes a mount away together with the patches made in it; without such a mount it does nothing.
func (c *Codebase) Unmount(name string) {
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	c.mu.Lock()
	delete(c.mounts, name)
	c.mu.Unlock()
	for w := range c.watches {
		if cancel := w.cancels[name]; cancel != nil {
			cancel()
			delete(w.cancels, name)
		}
	}
}

// mounted returns a copy of the table of mounts.
func (c *Codebase) mounted() map[string]*layer {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return maps.Clone(c.mounts)
}
