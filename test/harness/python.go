//go:build linux

package harness

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"weir/test/harness/proc"
)

// python is Debian's: one that is found earlier in the path does not know Debian's modules.
const python = "/usr/bin/python3"

// StartPython runs a Python program that gets a port as its first argument and serves it, until the end of the test.
func StartPython(t testing.TB, program string) (port int) {
	t.Helper()
	Need(t, python)
	port = Port(t)
	file := filepath.Join(t.TempDir(), "server.py")
	WriteFile(t, file, program)
	p, err := proc.Start(proc.Command{Name: python, Args: []string{file, strconv.Itoa(port)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(syscall.SIGTERM, Patience); err != nil {
			t.Error(err)
		}
	})
	WaitPort(t, p, port)
	return port
}

// Python runs a Python program to its end and returns its output. A failure of it fails the test.
func Python(t testing.TB, program string, args ...string) string {
	t.Helper()
	Need(t, python)
	r := Run(t, python, append([]string{"-c", program}, args...)...)
	if r.Code != 0 {
		t.Fatalf("python: exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}
