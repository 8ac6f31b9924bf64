//go:build linux

package examples

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// balancer is the load balancer with upstreams of the test's own.
type balancer struct {
	*sandbox
	*harness.Weir
	port int
}

func startBalancer(t *testing.T, interval float64, upstreams ...*harness.Upstream) *balancer {
	t.Helper()
	b := &balancer{sandbox: newSandbox(t, "load-balancer"), port: harness.Port(t)}
	b.configure(interval, upstreams...)
	b.Weir = b.start("bin/weir examples/load-balancer/main.js", fmt.Sprintf("Try: curl http://%s/", harness.Addr(b.port)))
	b.WaitLog(fmt.Sprintf("Listening on TCP port %d", b.port))
	return b
}

func (b *balancer) configure(interval float64, upstreams ...*harness.Upstream) {
	b.Helper()
	text := fmt.Sprintf("listen: %d\nhealth: { path: /, interval: %v }\nupstreams:\n", b.port, interval)
	for _, u := range upstreams {
		text += "  - " + u.Addr() + "\n"
	}
	b.write(text)
}

func (b *balancer) write(config string) {
	b.Helper()
	harness.WriteFile(b, filepath.Join(b.example, "config.yml"), config)
}

// ask makes n requests with curl and returns the bodies in a row.
func (b *balancer) ask(n int) string {
	b.Helper()
	return harness.Curl(b, "--fail", fmt.Sprintf("http://%s/?[1-%d]", harness.Addr(b.port), n))
}

func TestLoadBalancerLive(t *testing.T) {
	t.Parallel()
	x, y, z := harness.StartUpstream(t, "x"), harness.StartUpstream(t, "y"), harness.StartUpstream(t, "z")
	b := startBalancer(t, 0.05, x, y, z)

	// In turn, beginning anywhere.
	got := b.ask(6)
	if !strings.Contains("xyzxyzxyz", got) {
		t.Fatalf("answers of three upstreams: %s", got)
	}

	// A connection that lives through everything that follows.
	old := harness.Dial(t, b.port)
	use := func() string {
		old.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		res, body := old.ReadResponse(http.MethodGet)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("the old connection gets %s: %s", res.Status, body)
		}
		return body
	}
	use()

	y.Stop()
	b.WaitLog("upstream " + y.Addr() + " is down")
	if got := b.ask(20); strings.Trim(got, "xz") != "" || strings.Count(got, "x") != 10 {
		t.Fatalf("answers after y was stopped: %s", got)
	}
	use()

	v := harness.StartUpstream(t, "v")
	b.configure(0.05, x, v)
	b.WaitLog("config.yml has changed and is in effect")
	if got := b.ask(20); strings.Trim(got, "xv") != "" || strings.Count(got, "v") != 10 {
		t.Fatalf("answers after the list was changed to x and v: %s", got)
	}
	if got := use() + use(); got != "xv" && got != "vx" {
		t.Fatalf("answers on the old connection: %s", got)
	}

	b.write("listen: 99999\n")
	b.WaitLog("config.yml has changed but is not used: listen: 99999 is not a port number")
	if got := b.ask(2); got != "xv" && got != "vx" {
		t.Fatalf("answers after a mistake in the list: %s", got)
	}
}

// An upstream that fails between two checks.
func TestLoadBalancerFailure(t *testing.T) {
	t.Parallel()
	x := harness.StartUpstream(t, "x")
	b := startBalancer(t, 3600, x)
	harness.Eventually(t, "the first health check", func() bool { return x.Requests() > 0 })
	x.Stop()
	// The first request finds out, by a connection that is gone or by one that is refused.
	failed := 0
	harness.Eventually(t, "the upstream to be passed over", func() bool {
		res, body := harness.Get(t, b.port, "/")
		switch {
		case res.StatusCode == http.StatusBadGateway && body == "The upstream does not answer.\n":
			failed++
			return false
		case res.StatusCode == http.StatusServiceUnavailable && body == "No upstream is healthy.\n":
			return true
		}
		t.Fatalf("%s %q", res.Status, body)
		return false
	})
	if failed == 0 || failed > 2 {
		t.Errorf("%d requests failed, want one or two", failed)
	}
	b.WaitLog("upstream " + x.Addr() + " is down: ConnectionRefused")
}

// The address of the client reaches the upstream.
func TestLoadBalancerForwards(t *testing.T) {
	t.Parallel()
	x := harness.StartUpstreamHandler(t, "x", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("x-forwarded-for"))
	}))
	b := startBalancer(t, 3600, x)
	url := "http://" + harness.Addr(b.port)
	if got := harness.Curl(t, url); got != "127.0.0.1" {
		t.Errorf("x-forwarded-for: %s", got)
	}
	if got := harness.Curl(t, "-H", "x-forwarded-for: 192.0.2.1", url); got != "192.0.2.1, 127.0.0.1" {
		t.Errorf("x-forwarded-for: %s", got)
	}
}
