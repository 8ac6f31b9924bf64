//go:build linux

package harness

import (
	"path/filepath"
	"syscall"
	"testing"

	"weir/test/harness/proc"
)

// StartHAProxy runs HAProxy in the foreground until the end of the test. config is its configuration without the global
// and defaults sections; it is ready when it accepts connections on port.
func StartHAProxy(t testing.TB, port int, config string) {
	t.Helper()
	Need(t, "haproxy")
	conf := filepath.Join(t.TempDir(), "haproxy.cfg")
	WriteFile(t, conf, `
global
  maxconn 1000
defaults
  timeout connect 20s
  timeout client 20s
  timeout server 20s
`+config)
	p, err := proc.Start(proc.Command{Name: "haproxy", Args: []string{"-db", "-f", conf}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(syscall.SIGTERM, Patience); err != nil {
			t.Error(err)
		}
	})
	WaitPort(t, p, port)
}
