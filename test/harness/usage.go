//go:build linux

package harness

import (
	"testing"
	"time"

	"weir/test/harness/proc"
)

// RSS returns the resident memory in bytes of a process and its descendants.
func RSS(t testing.TB, pid int) int64 {
	t.Helper()
	n, err := proc.RSS(pid)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// CPU returns the user and system time a process and its descendants have used.
func CPU(t testing.TB, pid int) time.Duration {
	t.Helper()
	d, err := proc.CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// OpenFiles returns the number of file descriptors a process has open.
func OpenFiles(t testing.TB, pid int) int {
	t.Helper()
	n, err := proc.OpenFiles(pid)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
