//go:build linux

package examples

import (
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// A large file goes out compressed to those who can read that.
func TestStaticFilesCompression(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "static-files")
	text := strings.Repeat("all work and no play\n", 500)
	harness.WriteFile(t, filepath.Join(s.example, "www", "large.txt"), text)
	s.start("bin/weir examples/static-files/main.js").WaitLog("Listening")
	url := "http://" + harness.Addr(s.ports["8000"]) + "/large.txt"
	if got := harness.Curl(t, url); got != text {
		t.Errorf("%d bytes arrive, the file has %d", len(got), len(text))
	}
	if got := harness.Curl(t, "--compressed", url); got != text {
		t.Errorf("%d bytes arrive after decompression, the file has %d", len(got), len(text))
	}
	head := harness.Curl(t, "-H", "accept-encoding: gzip", "-D", "-", "-o", "/dev/null", url)
	if !strings.Contains(head, "content-encoding: gzip\r\n") {
		t.Errorf("head of the compressed file:\n%s", head)
	}
}
