package codebase

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// watchModes are the two ways to notice a change, each without the help of the other.
var watchModes = map[string]watchOptions{
	"notified": {poll: -1, quiet: 20 * time.Millisecond},
	"polling":  {poll: 10 * time.Millisecond, noNotify: true},
}

// openWatched opens a codebase whose own store uses the options.
func openWatched(t *testing.T, options watchOptions, files ...string) (c *Codebase, dir string) {
	dir = makeTree(t, files...)
	c = open(t, dir, files[0])
	c.base.store = newDirStore(dir, options)
	return c, dir
}

// calls collects what a watch reports.
type calls struct {
	ch   chan []string
	past map[string]bool // a slow write may be seen in halves, so earlier paths may come again
}

func newCalls() calls { return calls{make(chan []string, 100), make(map[string]bool)} }

func watchCalls(t *testing.T, c *Codebase, path string) calls {
	calls := newCalls()
	t.Cleanup(c.Watch(path, func(paths []string) { calls.ch <- paths }))
	return calls
}

// want waits until all the paths have been reported, and nothing that was never wanted.
func (c calls) want(t *testing.T, paths ...string) {
	t.Helper()
	missing := slices.Clone(paths)
	for _, p := range paths {
		c.past[p] = true
	}
	for len(missing) > 0 {
		select {
		case got := <-c.ch:
			for _, p := range got {
				if !c.past[p] {
					t.Fatalf("reported %q, want %q", got, paths)
				}
				missing = slices.DeleteFunc(missing, func(m string) bool { return m == p })
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("not reported: %q", missing)
		}
	}
}

func inEachMode(t *testing.T, test func(t *testing.T, options watchOptions)) {
	t.Parallel()
	for name, options := range watchModes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, options)
		})
	}
}

func TestWatchFile(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		c, dir := openWatched(t, options, "main.js", "1", "other.js", "1")
		ch := watchCalls(t, c, "main.js")
		tree := watchCalls(t, c, "/")

		put(t, filepath.Join(dir, "other.js"), "other")
		tree.want(t, "/other.js")
		put(t, filepath.Join(dir, "main.js"), "written")
		ch.want(t, "/main.js")
		if err := os.Remove(filepath.Join(dir, "main.js")); err != nil {
			t.Fatal(err)
		}
		ch.want(t, "/main.js")
		put(t, filepath.Join(dir, "main.js"), "again")
		ch.want(t, "/main.js")
	})
}

func TestWatchFileThatDoesNotExistYet(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		c, dir := openWatched(t, options, "main.js", "")
		ch := watchCalls(t, c, "/new/deep/x.yml")
		put(t, filepath.Join(dir, "new/deep/x.yml"), "x")
		ch.want(t, "/new/deep/x.yml")
	})
}

func TestWatchTree(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		c, dir := openWatched(t, options, "main.js", "", "sub/a.js", "", ".git/x", "", "outside/x", "")
		ch := watchCalls(t, c, "")
		sub := watchCalls(t, c, "sub/")

		put(t, filepath.Join(dir, ".git/x"), "hidden")
		put(t, filepath.Join(dir, "sub/a.js"), "changed")
		ch.want(t, "/sub/a.js")
		sub.want(t, "/sub/a.js")

		put(t, filepath.Join(dir, "outside/x"), "changed")
		ch.want(t, "/outside/x")

		put(t, filepath.Join(dir, "sub/deep/er/b.js"), "new")
		ch.want(t, "/sub/deep/er/b.js")
		sub.want(t, "/sub/deep/er/b.js")

		put(t, filepath.Join(dir, "sub/deep/er/b.js"), "changed in a new directory")
		ch.want(t, "/sub/deep/er/b.js")

		if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
			t.Fatal(err)
		}
		ch.want(t, "/sub/a.js", "/sub/deep/er/b.js")

		put(t, filepath.Join(dir, "sub/a.js"), "back")
		ch.want(t, "/sub/a.js")
	})
}

// A burst is one call, however the file is saved and however slowly.
func TestWatchBurst(t *testing.T) {
	t.Parallel()
	c, dir := openWatched(t, watchOptions{poll: -1, quiet: time.Second, longest: 10 * time.Second}, "main.js", "1")
	main := filepath.Join(dir, "main.js")
	ch := watchCalls(t, c, "/")
	for _, step := range []func() error{
		func() error { return os.WriteFile(main+".tmp", []byte("2"), 0o644) },
		func() error { return os.Rename(main, main+"~") },
		func() error { return os.Rename(main+".tmp", main) },
		func() error { return os.WriteFile(main, []byte("three"), 0o644) },
		func() error { return os.Chmod(main, 0o600) },
		func() error { return os.Remove(main + "~") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // the editor's pace
	}
	select {
	case got := <-ch.ch:
		if !slices.Equal(got, []string{"/main.js"}) {
			t.Errorf("reported %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("not reported")
	}
	if len(ch.ch) > 0 {
		t.Errorf("reported again: %q", <-ch.ch)
	}
}

// Changes that never pause are reported all the same.
func TestWatchEndlessBurst(t *testing.T) {
	t.Parallel()
	c, dir := openWatched(t, watchOptions{poll: -1, quiet: time.Hour, longest: 50 * time.Millisecond}, "main.js", "1")
	ch := watchCalls(t, c, "/")
	put(t, filepath.Join(dir, "main.js"), "two")
	ch.want(t, "/main.js")
}

// Replacing a file by one of the same size and time is a change.
func TestWatchReplacedWithSameTime(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		c, dir := openWatched(t, options, "main.js", "1", "next", "2")
		stamp := time.Unix(1e9, 0)
		for _, name := range []string{"main.js", "next"} {
			if err := os.Chtimes(filepath.Join(dir, name), stamp, stamp); err != nil {
				t.Fatal(err)
			}
		}
		ch := watchCalls(t, c, "/main.js")
		if err := os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "main.js")); err != nil {
			t.Fatal(err)
		}
		ch.want(t, "/main.js")
	})
}

// Container orchestrators update mounted files by turning a link to a directory.
func TestWatchLinkedDirectorySwap(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		c, dir := openWatched(t, options, "main.js", "", "..v1/conf.yml", "1", "..v2/conf.yml", "2")
		link := func(target, name string) {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		link("..v1", "..data")
		link("..data/conf.yml", "conf.yml")
		file := watchCalls(t, c, "conf.yml")
		tree := watchCalls(t, c, "/")
		link("..v2", "..tmp")
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		file.want(t, "/conf.yml")
		tree.want(t, "/conf.yml")
		expect(t, c, "/conf.yml", "2")
	})
}

func TestWatchLinkTarget(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		for _, path := range []string{"conf.yml", "/"} {
			outside := makeTree(t, "real.yml", "1")
			c, dir := openWatched(t, options, "main.js", "")
			if err := os.Symlink(filepath.Join(outside, "real.yml"), filepath.Join(dir, "conf.yml")); err != nil {
				t.Fatal(err)
			}
			ch := watchCalls(t, c, path)
			put(t, filepath.Join(outside, "real.yml"), "two")
			ch.want(t, "/conf.yml")
		}
	})
}

func TestWatchMount(t *testing.T) {
	t.Parallel()
	c, _ := openWatched(t, watchModes["notified"], "main.js", "")
	early, late := makeTree(t, "a.js", ""), makeTree(t, "b.js", "")
	if err := c.Mount("early", early); err != nil {
		t.Fatal(err)
	}
	tree := watchCalls(t, c, "/")
	inEarly := watchCalls(t, c, "/early/")
	file := watchCalls(t, c, "/late/b.js")
	if err := c.Mount("late", late); err != nil {
		t.Fatal(err)
	}

	put(t, filepath.Join(early, "a.js"), "changed")
	tree.want(t, "/early/a.js")
	inEarly.want(t, "/early/a.js")
	put(t, filepath.Join(late, "b.js"), "changed")
	tree.want(t, "/late/b.js")
	file.want(t, "/late/b.js")

	c.Unmount("late")
	put(t, filepath.Join(late, "unseen.js"), "")
	put(t, filepath.Join(early, "a.js"), "changed again")
	tree.want(t, "/early/a.js")
}

func TestWatchHiddenByMount(t *testing.T) {
	t.Parallel()
	c, dir := openWatched(t, watchModes["notified"], "main.js", "")
	if err := c.Mount("m", makeTree(t, "a.js", "")); err != nil {
		t.Fatal(err)
	}
	tree := watchCalls(t, c, "/")
	put(t, filepath.Join(dir, "m/hidden.js"), "")
	put(t, filepath.Join(dir, "main.js"), "changed")
	tree.want(t, "/main.js")
}

func TestWatchCancel(t *testing.T) {
	inEachMode(t, func(t *testing.T, options watchOptions) {
		c, dir := openWatched(t, options, "main.js", "1")
		ready := make(chan struct{})
		once := newCalls()
		var cancel func()
		cancel = c.Watch("main.js", func(paths []string) {
			<-ready
			cancel()
			once.ch <- paths
		})
		close(ready)
		all := watchCalls(t, c, "/")
		put(t, filepath.Join(dir, "main.js"), "two")
		once.want(t, "/main.js")
		all.want(t, "/main.js")
		put(t, filepath.Join(dir, "main.js"), "three")
		all.want(t, "/main.js")
		if len(once.ch) > 0 {
			t.Error("reported after cancel")
		}
		cancel()
	})
}

// The inotify instance goes with the last watch, and a later watch gets a new one.
func TestWatchReleases(t *testing.T) {
	t.Parallel()
	c, dir := openWatched(t, watchModes["notified"], "main.js", "1")
	w := c.base.store.(*dirStore).watcher
	c.Watch("/", func([]string) {})()
	w.mu.Lock()
	if w.notify != nil {
		t.Error("still notified after the last cancel")
	}
	w.mu.Unlock()
	ch := watchCalls(t, c, "/")
	put(t, filepath.Join(dir, "main.js"), "two")
	ch.want(t, "/main.js")
}
