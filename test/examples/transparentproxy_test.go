//go:build linux

package examples

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// Clients in the cgroup, and no others, go through the proxy to where they wanted to go.
func TestTransparentProxy(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl", "ncat")
	s := newSandbox(t, "transparent-proxy")
	far := harness.NewNetns(t)
	s.ns.Link(far, "v", "w", []string{"10.83.1.1/24", "fd83:1::1/64"}, []string{"10.83.1.2/24", "10.83.1.3/24", "fd83:1::2/64"})
	listen := func(addr string) net.Listener {
		var ln net.Listener
		var err error
		far.Do(func() { ln, err = net.Listen("tcp", addr) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		return ln
	}
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.Context().Value(http.LocalAddrContextKey))
	})}
	webListener := listen("[::]:80")
	go func() { _ = web.Serve(webListener) }()
	greeter := listen("[::]:25")
	go func() {
		for {
			c, err := greeter.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "I speak first\n")
			c.Close()
		}
	}()

	w := s.start("bin/weir examples/transparent-proxy/main.js")
	w.WaitLog("Taking the connections of /sys/fs/cgroup")
	const get = "curl -sS -w '%{local_ip}' http://"
	hosts := []struct{ host, answer, proxied, direct string }{
		{"10.83.1.2", "10.83.1.2:80", "127.0.0.1", "10.83.1.1"},
		{"[fd83:1::2]", "[fd83:1::2]:80", "::1", "fd83:1::1"},
		{"[::ffff:10.83.1.3]", "10.83.1.3:80", "::ffff:127.0.0.1", "::ffff:10.83.1.1"},
	}
	for _, h := range hosts {
		if got, want := s.run(get+h.host+"/proxied"), h.answer+"\n"+h.proxied; got != want {
			t.Errorf("%s: got %q, want %q", h.host, got, want)
		}
		w.WaitLog("GET /proxied HTTP/1.1 to " + h.answer)
		if got, want := s.ns.Must("sh", "-c", get+"'"+h.host+"/outside'"), h.answer+"\n"+h.direct; got != want {
			t.Errorf("outside the cgroup, %s: got %q, want %q", h.host, got, want)
		}
	}
	for _, to := range []string{"10.83.1.2", "fd83:1::2"} {
		if got := s.run("ncat --recv-only " + to + " 25"); got != "I speak first" {
			t.Errorf("%s: %q", to, got)
		}
	}
	// Many at a time: none gets to where another one wanted to go.
	out := s.run("curl -sS -Z --parallel-max 40 --no-progress-meter -H 'connection: close' 'http://10.83.1.{2,3}/[1-150]' | sort | uniq -c")
	if got := strings.Fields(out); strings.Join(got, " ") != "150 10.83.1.2:80 150 10.83.1.3:80" {
		t.Errorf("in parallel: %s", out)
	}
	// Connections to the proxy itself lead nowhere, above all not back to it.
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		command := fmt.Sprintf("curl -sS http://%s:%d/ 2>&1 || true", host, s.ports["8000"])
		for from, out := range map[string]string{"inside": s.run(command), "outside": s.ns.Must("sh", "-c", command)} {
			if !strings.Contains(out, "Empty reply") && !strings.Contains(out, "reset by peer") {
				t.Errorf("to the proxy at %s from %s: %s", host, from, out)
			}
		}
	}
	// What cannot be reached ends as it would without the proxy, but later.
	if out := s.run("ncat --recv-only 10.83.1.2 26 && echo ended"); out != "ended" && !strings.Contains(out, "reset") {
		t.Errorf("nothing listens: %q", out)
	}
	if log := w.Stderr.String(); strings.Contains(log, "/outside") || strings.Contains(log, "[ERR]") {
		t.Errorf("log:\n%s", log)
	}
	// A connection that stays keeps weir for a while, but new ones no longer go there.
	holder := listen("[::]:99")
	_ = holder.(*net.TCPListener).SetDeadline(time.Now().Add(harness.Patience))
	args := s.bash("exec ncat 10.83.1.2 99")
	harness.StartPeer(t, proc.Command{Name: args[0], Args: args[1:], Dir: s.dir})
	c, err := holder.Accept()
	if err != nil {
		t.Fatal(err)
	}
	w.Signal(syscall.SIGTERM)
	w.WaitLog("Waiting for workers")
	for _, h := range hosts {
		if got, want := s.run(get+h.host), h.answer+"\n"+h.direct; got != want {
			t.Errorf("at the end, %s: got %q, want %q", h.host, got, want)
		}
	}
	c.Close()
	w.WaitExit()
	for _, h := range hosts {
		if got, want := s.run(get+h.host), h.answer+"\n"+h.direct; got != want {
			t.Errorf("after the end, %s: got %q, want %q", h.host, got, want)
		}
	}
}
