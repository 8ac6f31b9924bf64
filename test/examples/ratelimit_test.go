//go:build linux

package examples

import (
	"fmt"
	"testing"
	"time"

	"weir/test/harness"
)

// Every client address has a quota of its own.
func TestRateLimitPerClient(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "rate-limit")
	s.start("bin/weir examples/rate-limit/main.js").WaitLog("Listening")
	url := fmt.Sprintf("http://%s/?[1-4]", harness.Addr(s.ports["8000"]))
	for _, client := range []string{"127.0.0.1", "127.0.0.2"} {
		got := harness.Curl(t, "--interface", client, "-o", "/dev/null", "-w", "%{http_code} ", url)
		if got != "200 200 200 429 " {
			t.Errorf("four requests from %s: %s", client, got)
		}
	}
}

// The request beyond the quota waits for the next second.
func TestRateLimitDelays(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "rate-limit")
	s.start("bin/weir examples/rate-limit/delay.js").WaitLog("Listening")
	began := time.Now()
	got := harness.Curl(t, "-o", "/dev/null", "-w", "%{http_code} ", fmt.Sprintf("http://%s/?[1-4]", harness.Addr(s.ports["8000"])))
	if took := time.Since(began); got != "200 200 200 200 " || took < 900*time.Millisecond {
		t.Errorf("four requests: %s after %v; the quota is three a second", got, took)
	}
}
