//go:build linux

// Package packaging has the files with which weir is installed. This checks them.
package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The units are without a mistake that systemd would report.
func TestUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("this test needs systemd-analyze: install what test/apt-packages.txt names")
	}
	dir := t.TempDir()
	for from, to := range map[string]string{"weir@.service": "weir@edge.service", "weir-repo.service": "weir-repo.service",
		"weir-ebpf.conf": "weir@edge.service.d/ebpf.conf"} {
		text, err := os.ReadFile(filepath.Join("systemd", from))
		if err != nil {
			t.Fatal(err)
		}
		// systemd looks for the executable, which is not installed here.
		text = []byte(strings.ReplaceAll(string(text), "/usr/bin/weir", "/bin/true"))
		file := filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, unit := range []string{"weir@edge.service", "weir-repo.service"} {
		out, err := exec.Command("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", filepath.Join(dir, unit)).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
		// The scale goes from 0, best, to 100. A setting that is dropped by mistake shows here.
		out, err = exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", filepath.Join(dir, unit)).CombinedOutput()
		if err != nil {
			t.Errorf("%s is exposed: %v\n%s", unit, err, out)
		}
	}
}
