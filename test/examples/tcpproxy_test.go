//go:build linux

package examples

import (
	"fmt"
	"io"
	"net"
	"testing"

	"weir/test/harness"
)

func startProxy(t *testing.T, servers string) (port int) {
	t.Helper()
	s := newSandbox(t, "tcp-proxy")
	s.start("SERVERS=" + servers + " bin/weir examples/tcp-proxy/main.js").WaitLog("Listening")
	return s.ports["8000"]
}

// A server that speaks first is heard by a client that only listens.
func TestTCPProxyServerSpeaksFirst(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "220 ready\r\n")
			_ = c.Close()
		}
	}()
	dead := harness.Port(t)
	port := startProxy(t, fmt.Sprintf("%s,%s", harness.Addr(dead), l.Addr()))
	for range 2 {
		if got := harness.Dial(t, port).ReadUntil("\r\n"); got != "220 ready\r\n" {
			t.Errorf("greeting through the proxy: %q", got)
		}
	}
}

// With no server left the client is told at once.
func TestTCPProxyNothingReachable(t *testing.T) {
	t.Parallel()
	port := startProxy(t, harness.Addr(harness.Port(t)))
	for range 2 {
		if got := harness.Dial(t, port).ReadAll(); got != "" {
			t.Errorf("%q from a proxy without a server", got)
		}
	}
}
