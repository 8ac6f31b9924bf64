package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// openTest opens app.log in a new directory on a clock that only the test moves.
func openTest(t *testing.T, options FileOptions) (f *File, dir string, clock *time.Time) {
	t.Helper()
	dir = t.TempDir()
	now := moment
	f, err := openFile(filepath.Join(dir, "app.log"), options, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, dir, &now
}

func writeAll(t *testing.T, f *File, records ...string) {
	t.Helper()
	for _, r := range records {
		if n, err := f.Write([]byte(r)); err != nil || n != len(r) {
			t.Fatalf("Write(%q) = %d, %v", r, n, err)
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(b)
	}
	return got
}

func expectFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	got := contents(t, dir)
	if len(got) != len(want)/2 {
		t.Errorf("files %q, want %q", got, want)
	}
	for i := 0; i < len(want); i += 2 {
		if got[want[i]] != want[i+1] {
			t.Errorf("%s holds %q, want %q", want[i], got[want[i]], want[i+1])
		}
	}
}

func TestRotateBySize(t *testing.T) {
	t.Parallel()
	f, dir, clock := openTest(t, FileOptions{MaxSize: 10})
	writeAll(t, f, "12345\n", "123\n")
	*clock = clock.Add(time.Minute)
	writeAll(t, f, "next\n", "larger than the limit\n", "end\n")
	expectFiles(t, dir,
		"2026-01-31-23-05-09-app.log", "12345\n123\n",
		"2026-01-31-23-06-09-app.log", "next\n",
		"2026-01-31-23-06-10-app.log", "larger than the limit\n", // begun in the same second as the one before
		"app.log", "end\n")
}

func TestRotateByAge(t *testing.T) {
	t.Parallel()
	f, dir, clock := openTest(t, FileOptions{Interval: time.Hour})
	*clock = clock.Add(time.Hour)
	writeAll(t, f, "an empty file is not put aside\n")
	expectFiles(t, dir, "app.log", "an empty file is not put aside\n")
	writeAll(t, f, "b\n")
	*clock = clock.Add(time.Hour - 1)
	writeAll(t, f, "c\n")
	*clock = clock.Add(2)
	writeAll(t, f, "d\n")
	if got := contents(t, dir); len(got) != 2 {
		t.Errorf("files %q", got)
	}
}

func TestRotateKeepsCount(t *testing.T) {
	t.Parallel()
	f, dir, _ := openTest(t, FileOptions{MaxSize: 1, MaxCount: 2})
	strangers := []string{"other-app.log", "2020-01-01-00-00-00-other-app.log", "2020-01-01-app.log"}
	for _, s := range strangers {
		if err := os.WriteFile(filepath.Join(dir, s), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	writeAll(t, f, "1", "2", "3", "4", "5") // all in one second
	got := contents(t, dir)
	var kept []string
	for name, content := range got {
		if !slices.Contains(strangers, name) {
			kept = append(kept, content)
		}
	}
	slices.Sort(kept)
	if strings.Join(kept, "") != "345" || len(got) != len(kept)+len(strangers) {
		t.Errorf("files %q", got)
	}
}

func TestRotateOverwritesNothing(t *testing.T) {
	t.Parallel()
	f, dir, _ := openTest(t, FileOptions{MaxSize: 1})
	if err := os.WriteFile(filepath.Join(dir, "2026-01-31-23-05-09-app.log"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	writeAll(t, f, "1", "2")
	expectFiles(t, dir,
		"2026-01-31-23-05-09-app.log", "old",
		"2026-01-31-23-05-10-app.log", "1",
		"app.log", "2")
}

func TestExistingFileCounts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(path, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, FileOptions{MaxSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if age := time.Since(f.started); age < -time.Minute || age > time.Minute {
		t.Errorf("file began %v ago", age)
	}
	writeAll(t, f, "a\n", "b\n")
	if got := contents(t, filepath.Dir(path)); len(got) != 2 || got["app.log"] != "b\n" {
		t.Errorf("files %q", got)
	}
}

// Records survive when the file cannot be put aside.
func TestRotationFails(t *testing.T) {
	t.Parallel()
	f, dir, _ := openTest(t, FileOptions{MaxSize: 1})
	writeAll(t, f, "1")
	if err := os.Rename(f.Path(), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("2")); n != 1 || err == nil || !strings.HasPrefix(err.Error(), "cannot rotate log file: ") {
		t.Errorf("Write = %d, %v", n, err)
	}
	expectFiles(t, dir, "moved", "12")
}

func TestSharedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	a, err := SharedFile(path, FileOptions{MaxSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	b, err := SharedFile(filepath.Join(filepath.Dir(path), "x", "..", "app.log"), FileOptions{})
	if err != nil || a != b || b.options.MaxSize != 5 {
		t.Errorf("%p, %p, %v", a, b, err)
	}
	if _, err := SharedFile(filepath.Dir(path), FileOptions{}); err == nil {
		t.Error("opened a directory")
	}
}

func TestClosedFile(t *testing.T) {
	t.Parallel()
	f, _, _ := openTest(t, FileOptions{})
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if err := f.Reopen(); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}
