package algo

import (
	"os"
	"strings"
	"testing"
)

func TestSurface(t *testing.T) {
	t.Parallel()
	tsv, err := os.ReadFile("../../../../shared/spec/surface/05-api.tsv")
	if err != nil {
		t.Skip("no surface list here: ", err)
	}
	type entry struct{ path, kind string }
	have := map[entry]bool{}
	for _, r := range Namespace.Surface() {
		e := entry{r.Path, r.Kind}
		if have[e] {
			t.Errorf("%s is listed twice", r.Path)
		}
		have[e] = true
		if r.Signature == "" {
			t.Errorf("%s has no signature", r.Path)
		}
	}
	n := 0
	for line := range strings.Lines(string(tsv)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		_, path, ok := strings.Cut(":"+f[0], ":")
		if i := strings.IndexByte(f[0], ':'); i >= 0 {
			path = f[0][i+1:]
		}
		if !ok || path != "algo" && !strings.HasPrefix(path, "algo.") {
			continue
		}
		n++
		e := entry{f[0], f[1]}
		if !have[e] {
			t.Errorf("%s (%s) is missing", f[0], f[1])
		}
		delete(have, e)
	}
	for e := range have {
		t.Errorf("%s (%s) is not in the list", e.path, e.kind)
	}
	if n == 0 {
		t.Error("nothing of algo in the list")
	}
}
