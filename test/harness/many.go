//go:build linux

package harness

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// perSource is how many connections DialMany opens to one port from one address. Linux has 28,000 ports for them, but looks
// for a free one in half of them first, one by one: with more than 10,000 taken that takes ever longer.
const perSource = 10000

// DialMany opens n connections to a port of this host, from as many loopback addresses as that takes. They have no
// deadline and are closed at the end of the test. Call OpenFileLimit before, and before weir is started.
func DialMany(t testing.TB, port, n int) []*net.TCPConn {
	t.Helper()
	conns := make([]*net.TCPConn, 0, n)
	t.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
	for i := range n {
		d := net.Dialer{Timeout: Patience, KeepAlive: -1, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/perSource))}}
		c, err := d.Dial("tcp", Addr(port))
		if err != nil {
			t.Fatalf("connection %d of %d: %v", i+1, n, err)
		}
		conns = append(conns, c.(*net.TCPConn))
	}
	return conns
}

// OpenFileLimit makes sure that this process and those it starts from now on may open n files each.
// Where that is not permitted the test fails, or is skipped with WEIR_SKIP_TOOLS set.
func OpenFileLimit(t testing.TB, n uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Max = max(limit.Max, n)
	limit.Cur = max(limit.Cur, n)
	// Set it even if it is high enough: children get the limit from before Go's run time raised it otherwise.
	err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err == nil {
		return
	}
	message := fmt.Sprintf("%d open files are not permitted: %v; raise the hard limit (ulimit -Hn)", n, err)
	if os.Getenv("WEIR_SKIP_TOOLS") != "" {
		t.Skip(message)
	}
	t.Fatal(message)
}

// SlowRead reads from a connection at bps bytes per second for the given time and returns how many bytes came.
// It is the pace of a reader that is meant to hold its sender up, so it does sleep.
func SlowRead(t testing.TB, c net.Conn, bps int, length time.Duration) (total int64) {
	t.Helper()
	const step = 100 * time.Millisecond
	buf := make([]byte, max(bps/int(time.Second/step), 1))
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(step) {
		n, err := c.Read(buf)
		total += int64(n)
		if err != nil {
			t.Fatalf("slow read: %v after %d bytes", err, total)
		}
	}
	return total
}
