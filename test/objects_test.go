//go:build linux

package test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/test/harness"
)

// Every kernel program in the repository is what its source gives: make ebpf makes the same bytes, from a copy of the sources
// in another folder.
func TestObjectsMatchSources(t *testing.T) {
	t.Parallel()
	harness.Need(t, "make", "clang", "llc", "llvm-strip")
	root, dir := harness.Root(), t.TempDir()
	var objects []string
	for _, top := range []string{"Makefile", "examples", "internal", "test"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			switch {
			case strings.HasSuffix(name, ".o"):
				objects = append(objects, name)
			case name == "Makefile", strings.HasSuffix(name, ".c"), strings.HasSuffix(name, ".h"):
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				harness.WriteFile(t, filepath.Join(dir, name), string(text))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(objects) == 0 {
		t.Fatal("there are no objects")
	}
	compiler, _, _ := strings.Cut(harness.Run(t, "clang", "--version").Stdout, "\n")
	all := harness.Run(t, "make", "-n", "-C", dir, "ebpf").Stdout
	for _, name := range objects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(all, "-o "+name) {
				t.Errorf("make ebpf does not make %s", name)
			}
			r := harness.Run(t, "make", "-C", dir, name)
			if r.Code != 0 {
				t.Fatalf("make %s: %s%s", name, r.Stdout, r.Stderr)
			}
			want, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			have, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(have, want) {
				t.Errorf("%s is not what its source gives with %s, by\n%sThey differ in %s. If the source is right, run make -B %s and commit the object.",
					name, compiler, r.Stdout, differences(have, want), name)
			}
		})
	}
}

// differences names the sections in which two objects differ.
func differences(a, b []byte) string {
	x, y := sections(a), sections(b)
	var names []string
	for name, text := range x {
		if other, ok := y[name]; !ok || text != other {
			names = append(names, name)
		}
	}
	for name := range y {
		if _, ok := x[name]; !ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "their headers"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func sections(b []byte) map[string]string {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return map[string]string{fmt.Sprintf("everything (%v)", err): string(b)}
	}
	all := map[string]string{}
	for _, s := range f.Sections {
		text, _ := s.Data()
		all[s.Name] = string(text)
	}
	return all
}
