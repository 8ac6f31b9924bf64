//go:build linux

package harness

import (
	"syscall"
	"testing"

	"weir/test/harness/proc"
)

// StartPeer runs a server in the foreground until the end of the test, and waits for its TCP ports, if any are given.
// Its output is shown if the test failed.
func StartPeer(t testing.TB, c proc.Command, ports ...int) *proc.Process {
	t.Helper()
	Need(t, c.Name)
	p, err := proc.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(syscall.SIGTERM, Patience); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", c.Name, p.Stdout.String(), p.Stderr.String())
		}
	})
	for _, port := range ports {
		WaitPort(t, p, port)
	}
	return p
}
