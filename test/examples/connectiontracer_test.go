//go:build linux

package examples

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// Connections from elsewhere are told of from their beginning to their end, those of other network namespaces are not.
func TestConnectionTracer(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "connection-tracer")
	client := harness.NewNetns(t)
	s.ns.Link(client, "v", "w", []string{"10.84.1.1/24", "fd84:1::1/64"}, []string{"10.84.1.2/24", "fd84:1::2/64"})
	s.start("bin/weir examples/connection-tracer/main.js").WaitLog("Tracing TCP connections")

	type entry struct {
		Event, Remote, Local string
		Seconds              float64
	}
	find := func(event, remote, local string) (found entry, ok bool) {
		log, _ := os.ReadFile(filepath.Join(s.dir, "connections.log"))
		for line := range strings.Lines(string(log)) {
			var e entry
			if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &e) == nil &&
				e.Event == event && e.Remote == remote && e.Local == local {
				return e, true
			}
		}
		return entry{}, false
	}
	await := func(event, remote, local string) (e entry) {
		t.Helper()
		harness.Eventually(t, event+" "+remote, func() (ok bool) {
			e, ok = find(event, remote, local)
			return ok
		})
		if e.Seconds <= 0 {
			t.Errorf("%s %s took %v s", event, remote, e.Seconds)
		}
		return e
	}

	for _, host := range []string{"10.84.1.1", "fd84:1::1"} {
		var server net.Listener
		var err error
		s.ns.Do(func() { server, err = net.Listen("tcp", net.JoinHostPort(host, "0")) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		c := client.Dial("tcp", server.Addr().String())
		local, remote := c.LocalAddr().String(), c.RemoteAddr().String()
		accepted, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		await("accepted", local, remote)
		held := time.Since(begin)
		c.Close()
		accepted.Close()
		if e := await("closed", local, remote); e.Seconds < held.Seconds() {
			t.Errorf("the connection lasted %v s, at least %v were expected", e.Seconds, held)
		}
		if e, ok := find("connected", remote, local); ok {
			t.Errorf("from another namespace: %+v", e)
		}

		// Nobody listens there any more, once no process that another test is just starting holds a copy of the socket.
		server.Close()
		var addr *net.TCPAddr
		for until := time.Now().Add(harness.Patience); ; {
			addr = &net.TCPAddr{IP: net.ParseIP(host), Port: harness.Port(t)}
			d := net.Dialer{Timeout: harness.Patience, LocalAddr: addr}
			var c net.Conn
			s.ns.Do(func() { c, err = d.Dial("tcp", remote) })
			if err != nil {
				break
			}
			c.Close()
			if time.Now().After(until) {
				t.Fatalf("%s answers", remote)
			}
		}
		await("failed", remote, addr.String())
	}
}
