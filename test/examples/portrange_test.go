//go:build linux

package examples

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"weir/test/harness"
)

// All ports of the range answer, to clients from elsewhere as well, on every address; their neighbours do not, nor does any once
// weir has ended.
func TestPortRange(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "port-range")
	client := harness.NewNetns(t)
	s.ns.Link(client, "v", "w", []string{"10.85.1.1/24", "fd85:1::1/64"}, []string{"10.85.1.2/24", "fd85:1::2/64"})
	dial := func(host string, port int) (conn net.Conn, err error) {
		client.Do(func() {
			d := net.Dialer{Timeout: harness.Patience}
			conn, err = d.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		})
		return conn, err
	}
	hosts := []string{"10.85.1.1", "fd85:1::1"}
	const first, last = 30000, 30499
	w := s.start(fmt.Sprintf("RANGE=%d-%d bin/weir examples/port-range/main.js", first, last))
	w.WaitLog("Answering")
	w.WaitLog("Listening")
	for _, host := range hosts {
		for port := first; port <= last; port++ {
			c, err := dial(host, port)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(c)
			c.Close()
			if want := fmt.Sprintf("This is port %d.\n", port); err != nil || string(text) != want {
				t.Fatalf("%s port %d: %q, %v", host, port, text, err)
			}
		}
		for _, port := range []int{first - 1, last + 1} {
			if c, err := dial(host, port); err == nil {
				c.Close()
				t.Errorf("%s port %d answers", host, port)
			}
		}
	}
	w.Stop()
	for _, host := range hosts {
		if c, err := dial(host, first); err == nil {
			c.Close()
			t.Errorf("%s answers after the end", host)
		}
	}
}
