package codebase

import (
	"slices"
	"strings"
	"sync/atomic"
)

// watch is one call of Watch. It listens to the codebase's own store and to every mount it can see into.
type watch struct {
	path     string
	tree     bool
	changed  func(paths []string)
	canceled atomic.Bool
	cancels  map[string]func() // by mount name; the own store has no entry
	own      func()
}

// Watch calls changed whenever a file was created, changed or deleted, with the codebase paths concerned. A path that
// is empty or ends in "/" stands for the whole tree below it, without dot files; any other for a single file, which
// need not exist yet. Changes that come in a burst, such as an editor's save by rename, make one call. Patches are no
// changes.
//
// changed runs on a goroutine of the codebase and should return soon; it may call cancel. After cancel no new call
// starts, but one that is under way on another goroutine goes on.
func (c *Codebase) Watch(path string, changed func(paths []string)) (cancel func()) {
	w := &watch{
		path:    Normalize(path),
		tree:    path == "" || strings.HasSuffix(path, "/"),
		changed: changed,
		cancels: make(map[string]func()),
	}
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	w.own = c.base.store.watch(w.path, w.tree, func(paths []string) { w.report(c.unhidden(paths)) })
	for name, l := range c.mounted() {
		c.attachMount(w, name, l)
	}
	c.watches[w] = struct{}{}
	return func() { c.cancelWatch(w) }
}

func (c *Codebase) cancelWatch(w *watch) {
	if w.canceled.Swap(true) {
		return
	}
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	delete(c.watches, w)
	w.own()
	for _, cancel := range w.cancels {
		cancel()
	}
}

// attachMount wants c.watchMu.
func (c *Codebase) attachMount(w *watch, name string, l *layer) {
	inner := "/"
	if !w.tree || w.path != "/" {
		first, rest := splitFirst(w.path)
		if first != name {
			return
		}
		inner = rest
	}
	w.cancels[name] = l.store.watch(inner, w.tree, func(paths []string) {
		outer := make([]string, len(paths))
		for i, p := range paths {
			outer[i] = "/" + name + p
		}
		w.report(outer)
	})
}

func (w *watch) report(paths []string) {
	if len(paths) > 0 && !w.canceled.Load() {
		w.changed(paths)
	}
}

// unhidden leaves out files of the own store that a mount hides. The slice may be shared with other watches.
func (c *Codebase) unhidden(paths []string) []string {
	mounts := c.mounted()
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		first, _ := splitFirst(p)
		return mounts[first] != nil
	})
}
