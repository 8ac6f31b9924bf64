//go:build linux

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"weir/test/harness"
)

// surfaceFolder has the lists the scripting surface is compared with. It is not part of the repository.
const surfaceFolder = "../shared/spec/surface"

// TestSurface compares what `weir api` lists with what scripts written for Pipy may use.
func TestSurface(t *testing.T) {
	t.Parallel()
	lists, _ := filepath.Glob(filepath.Join(harness.Root(), surfaceFolder, "*.tsv"))
	if len(lists) == 0 {
		t.Skipf("no lists in %s", surfaceFolder)
	}
	r := weir(t, "api")
	if r.Code != 0 {
		t.Fatalf("weir api: exit code %d\n%s", r.Code, r.Stderr)
	}
	have := map[string]bool{}
	for path, kind := range rows(t, r.Stdout) {
		have[path+"\t"+kind] = true
		have[path] = true
	}
	var table strings.Builder
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		part := strings.TrimSuffix(filepath.Base(list), ".tsv")
		total, missing := 0, map[string][]string{}
		for path := range rows(t, string(text)) {
			total++
			if !have[path] {
				missing[group(path)] = append(missing[group(path)], path)
			}
		}
		n := 0
		var due []string
		for _, paths := range missing {
			n += len(paths)
			due = append(due, paths...)
		}
		fmt.Fprintf(&table, "%-18s %4d of %4d missing\n", part, n, total)
		fmt.Fprintf(&table, "    %s\n", strings.Join(sortedKeys(missing), " "))
		sort.Strings(due)
		if len(due) > 0 {
			t.Errorf("%s: missing: %s", part, strings.Join(due, " "))
		}
	}
	t.Logf("surface:\n%s", &table)
}

// rows maps the paths of a list to their kinds.
func rows(t *testing.T, text string) map[string]string {
	t.Helper()
	m := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) < 2 {
			t.Fatalf("line %d is not a row: %q", i+1, line)
		}
		if cells[0] != "path" {
			m[cells[0]] = cells[1]
		}
	}
	return m
}

// group is the object, filter or option set a path belongs to.
func group(path string) string {
	switch {
	case strings.HasPrefix(path, "filter:"):
		return path
	case strings.HasPrefix(path, "option:"):
		return strings.SplitN(path, ".", 2)[0]
	}
	return path[:strings.IndexAny(path+".", ".#")]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
