//go:build linux

package examples

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// Connections from another machine, over both IP versions, are answered by the ports that the file says at the time, and
// nothing else changes.
func TestPortInterceptor(t *testing.T) {
	t.Parallel()
	harness.Need(t, "tc")
	s := newSandbox(t, "port-interceptor")
	client := harness.NewNetns(t)
	const v4, v6 = "10.85.1.1", "fd85:1::1"
	s.ns.Link(client, "v", "w", []string{v4 + "/24", v6 + "/64"}, []string{"10.85.1.2/24", "fd85:1::2/64"})
	// Each server says its port and sends back what it gets.
	for _, port := range []string{"80", "81", "82"} {
		var ln net.Listener
		var err error
		s.ns.Do(func() { ln, err = net.Listen("tcp", "[::]:"+port) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					_, _ = io.WriteString(c, port)
					_, _ = io.Copy(c, c)
				}()
			}
		}()
	}
	// The system might give a connection to port 81 the port of one to 90, which the server could not tell apart.
	own := 20000
	dial := func(host, port string) net.Conn {
		t.Helper()
		own++
		return client.DialFrom(own, "tcp", net.JoinHostPort(host, port))
	}
	answers := func(when, port, want string) net.Conn {
		t.Helper()
		var last net.Conn
		for _, host := range []string{v4, v6} {
			c := dial(host, port)
			b := make([]byte, len(want))
			if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
				t.Errorf("%s: %s port %s is answered by %q, %v, want %s", when, host, port, b, err, want)
			}
			last = c
		}
		return last
	}
	refused := func(when, port string) {
		t.Helper()
		for _, host := range []string{v4, v6} {
			var err error
			var c net.Conn
			client.Do(func() { c, err = net.DialTimeout("tcp", net.JoinHostPort(host, port), harness.Patience) })
			if err == nil {
				c.Close()
				t.Errorf("%s: %s port %s is open", when, host, port)
			}
		}
	}
	config := filepath.Join(s.example, "config.yml")
	edit := func(text string) {
		t.Helper()
		harness.WriteFile(t, config+".new", text)
		if err := os.Rename(config+".new", config); err != nil {
			t.Fatal(err)
		}
	}

	edit("ports:\n  90: 81\n  91: 81\n  80: 82\n")
	w := s.start("bin/weir examples/port-interceptor/main.js")
	w.WaitLog("Ports: 80 -> 82, 90 -> 81, 91 -> 81")
	w.WaitLog("Intercepting on v")
	answers("at first", "90", "81")
	answers("at first", "91", "81")
	answers("at first", "81", "81")
	answers("at first", "80", "82")
	c := answers("at first", "82", "82")
	refused("at first", "92")

	// Checksums are right, also of packets of every size.
	c = answers("much data", "90", "81")
	sent := bytes.Repeat([]byte("0123456789abcde"), 1<<18)
	go func() {
		for b := sent; len(b) > 0; {
			n := min(len(b), 1+len(b)%70000)
			_, _ = c.Write(b[:n])
			b = b[n:]
		}
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back, %v, want %d", len(got), err, len(sent))
	}

	// A client may use a port again for the one that answers.
	for _, port := range []string{"90", "81", "90", "81"} {
		c := client.DialFrom(19999, "tcp", net.JoinHostPort(v4, port))
		b := make([]byte, 2)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "81" {
			t.Errorf("from the same port: port %s is answered by %q, %v", port, b, err)
		}
		_ = c.(*net.TCPConn).SetLinger(0) // no waiting for what may be on its way
		c.Close()
	}

	edit("ports:\n  90: 82\n")
	w.WaitLog("Ports: 90 -> 82")
	answers("after the edit", "90", "82")
	answers("after the edit", "80", "80")
	refused("after the edit", "91")

	for _, bad := range []string{"ports:\n  90: 65536\n", "ports:\n  0: 81\n", "ports: [\n", "ports:\n  90: x\n"} {
		before := strings.Count(w.Stderr.String(), "config.yml is not used")
		edit(bad)
		harness.Eventually(t, fmt.Sprintf("the file %q to be refused", bad), func() bool {
			return strings.Count(w.Stderr.String(), "config.yml is not used") > before
		})
		answers("after a mistake", "90", "82")
	}
	edit("ports:\n")
	w.WaitLog("Ports: none")
	refused("with no ports", "90")

	edit("ports:\n  90: 81\n")
	w.WaitLog("Ports: 90 -> 81")
	answers("at last", "90", "81")
	w.Stop()
	refused("after the end", "90")
	for _, direction := range []string{"ingress", "egress"} {
		if out := s.ns.Must("tc", "filter", "show", "dev", "v", direction); out != "" {
			t.Errorf("a filter is left: %s", out)
		}
	}
}
