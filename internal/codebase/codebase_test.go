package codebase

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// makeTree writes files given as alternating local path and content below a new directory.
func makeTree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		put(t, filepath.Join(dir, files[i]), files[i+1])
	}
	return dir
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir, entry string) *Codebase {
	t.Helper()
	c, err := OpenFile(filepath.Join(dir, entry))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func expect(t *testing.T, c *Codebase, path, want string) {
	t.Helper()
	got, err := c.Read(path)
	if err != nil || string(got) != want {
		t.Errorf("Read(%q) = %q, %v, want %q", path, got, err, want)
	}
}

func expectMissing(t *testing.T, c *Codebase, path string) {
	t.Helper()
	if got, err := c.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read(%q) = %q, %v, want no such file", path, got, err)
	}
	if c.Exists(path) {
		t.Errorf("%q exists", path)
	}
}

func TestOpenFile(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, "app/main.ts", "x")
	c := open(t, dir, "app/main.ts")
	if c.Root() != filepath.Join(dir, "app") || c.Entry() != "/main.ts" {
		t.Errorf("root %q, entry %q", c.Root(), c.Entry())
	}
	if text, ok := c.EntryText(); ok || text != "" {
		t.Errorf("entry text %q, %v", text, ok)
	}
	if _, err := OpenFile(filepath.Join(dir, "app")); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("opening a directory: %v", err)
	}
	if _, err := OpenFile(filepath.Join(dir, "none.js")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opening a missing file: %v", err)
	}
}

func TestFromText(t *testing.T) {
	t.Parallel()
	c := FromText("1+1")
	if text, ok := c.EntryText(); !ok || text != "1+1" || c.Entry() != "" {
		t.Errorf("text %q, %v, entry %q", text, ok, c.Entry())
	}
	if wd, _ := os.Getwd(); c.Root() != wd {
		t.Errorf("root %q, want %q", c.Root(), wd)
	}
	if !c.Exists("codebase_test.go") {
		t.Error("files of the current directory are not there")
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, "app/main.js", "main", "app/sub/a.txt", "a", "secret", "secret")
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(dir, "app/link")); err != nil {
		t.Fatal(err)
	}
	c := open(t, dir, "app/main.js")
	expect(t, c, "/main.js", "main")
	expect(t, c, "main.js", "main")
	expect(t, c, "/sub/../sub/a.txt", "a")
	expect(t, c, "//sub//a.txt", "a")
	expect(t, c, "/link", "secret")
	for _, path := range []string{"/", "/sub", "/none", "/main.js/x", "/../secret", "../../../../etc/passwd", "/a\x00b"} {
		expectMissing(t, c, path)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	c := open(t, makeTree(t, "main.js", "old"), "main.js")
	c.Patch("./main.js", []byte("new"))
	c.Patch("/gen/x.js", []byte("made"))
	expect(t, c, "/main.js", "new")
	expect(t, c, "gen/x.js", "made")
	if !c.Exists("/gen/x.js") {
		t.Error("patched file does not exist")
	}
	if got := c.List("/"); !slices.Equal(got, []string{"main.js"}) {
		t.Errorf("List shows %q", got)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, "main.js", "", "sub/b.js", "", "sub/deep/c.js", "", ".git/config", "", "sub/.hidden", "")
	mustLink := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	mustLink(filepath.Join(dir, "sub"), "sub/circle")
	mustLink(filepath.Join(dir, "sub/deep"), "shortcut")
	mustLink(filepath.Join(dir, "nowhere"), "broken")
	c := open(t, dir, "main.js")
	if err := c.Mount("ext", makeTree(t, "e.js", "", "d/f.js", "")); err != nil {
		t.Fatal(err)
	}
	all := []string{"ext/d/f.js", "ext/e.js", "main.js", "shortcut/c.js", "sub/b.js", "sub/deep/c.js"}
	for path, want := range map[string][]string{
		"/": all, "": all, "/.": all,
		"/sub": {"b.js", "deep/c.js"}, "sub/": {"b.js", "deep/c.js"},
		"/ext": {"d/f.js", "e.js"}, "/ext/d/": {"f.js"},
		"/none": {}, "/main.js": {},
	} {
		got := c.List(path)
		slices.Sort(got)
		if got == nil || !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, "main.js", "", "taken/x", "", "file", "")
	ext := makeTree(t, "a.js", "mounted", "sub/b.js", "b")
	c := open(t, dir, "main.js")
	c.Patch("/patched/x", nil)
	for _, m := range []struct{ name, dir, want string }{
		{"a/b", ext, "invalid mount name"},
		{"", ext, "invalid mount name"},
		{"..", ext, "invalid mount name"},
		{"m", filepath.Join(ext, "none"), "not a directory"},
		{"m", filepath.Join(ext, "a.js"), "not a directory"},
		{"taken", ext, "mount path already exists"},
		{"file", ext, "mount path already exists"},
		{"patched", ext, "mount path already exists"},
		{"m", ext, ""},
		{"m", ext, "mount path already exists"},
	} {
		err := c.Mount(m.name, m.dir)
		if got := errorText(err); got != m.want {
			t.Errorf("Mount(%q, %q): %q, want %q", m.name, m.dir, got, m.want)
		}
	}
	expect(t, c, "/m/a.js", "mounted")
	expect(t, c, "/m/../m/sub/b.js", "b")
	expectMissing(t, c, "/m")
	c.Patch("/m/a.js", []byte("patched"))
	expect(t, c, "/m/a.js", "patched")

	c.Unmount("m")
	c.Unmount("m")
	expectMissing(t, c, "/m/a.js")
	if err := c.Mount("m", ext); err != nil {
		t.Error("mounting again:", err)
	}
	expect(t, c, "/m/a.js", "mounted")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := open(t, makeTree(t, "main.js", "x"), "main.js")
	ext := makeTree(t, "a.js", "")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				_ = c.Mount("m", ext) // fails while another goroutine has it
				c.Patch("/m/p", []byte("p"))
				_, _ = c.Read("/m/a.js")
				c.List("/")
				cancel := c.Watch("/", func([]string) {})
				c.Unmount("m")
				cancel()
			}
		})
	}
	wg.Wait()
	expect(t, c, "/main.js", "x")
}
