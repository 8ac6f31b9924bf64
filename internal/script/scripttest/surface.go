package scripttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/script"
)

// Surface checks that namespaces declare every row of a surface list of the specification, such as "05-api.tsv", that
// belongs to one of the given roots: for "os" these are os itself, os.x, os.x#y and option:os.x. Without the specification
// beside the repository the test is skipped.
func Surface(t *testing.T, list string, roots []string, namespaces ...*script.Namespace) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "../shared/spec/surface", list))
	if err != nil {
		t.Skip("the specification is not here: ", err)
	}
	have := map[string]string{}
	for _, n := range namespaces {
		for _, row := range n.Surface() {
			have[row.Path] = row.Kind
		}
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		name := f[0]
		if i := strings.IndexByte(name, ':'); i >= 0 {
			name = name[i+1:]
		}
		for _, root := range roots {
			rest, ok := strings.CutPrefix(name, root)
			if !ok || rest != "" && !strings.ContainsRune(".#(", rune(rest[0])) {
				continue
			}
			if n++; have[f[0]] != f[1] {
				t.Errorf("%s is declared as %q, not as %s", f[0], have[f[0]], f[1])
			}
		}
	}
	if n == 0 {
		t.Errorf("%s has no rows for %v", list, roots)
	}
}

// repository returns the directory of go.mod.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
	}
	t.Fatal("not within a Go module")
	return ""
}
