package cli

import (
	"strings"
	"testing"
)

func TestSurface(t *testing.T) {
	t.Parallel()
	have := map[string]Row{}
	for _, r := range Surface() {
		if _, twice := have[r.Path]; twice {
			t.Errorf("%s is listed twice", r.Path)
		}
		if strings.ContainsAny(r.Path+r.Signature, "\t\n") || r.Signature == "" {
			t.Errorf("not a row: %+v", r)
		}
		have[r.Path] = r
	}
	for path, signature := range map[string]string{
		"cli:-h": "-h | --help | -help: print this help", "cli:--reuse-port": "--reuse-port: share listening ports with other processes; several threads always do",
		"cli:--threads": "--threads=N|max: worker threads, each running the whole program (default 1, max: one per CPU)", "cli:--": "--: what follows is for the script (also --args)",
		"cli:--openssl-engine": "accepted without effect",
	} {
		if got := have[path].Signature; got != signature {
			t.Errorf("%s: %q", path, got)
		}
	}
	if have["cli:--log-level=debug:tcp"].Kind != "constant" {
		t.Error("no debug topics")
	}
	for _, o := range []string{"cli:--watch", "cli:--log-file", "cli:program:<file>", "cli:signal:SIGHUP", "cli:exit:n"} {
		if have[o].Kind != "cli" {
			t.Errorf("%s: %+v", o, have[o])
		}
	}
}
