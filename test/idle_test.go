//go:build linux

package test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"weir/test/harness"
)

// Fifty thousand connections that do nothing, on one worker; then requests through them; then they go, and so does
// the memory they took.
func TestManyIdleConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	count, requests := 50000, 10000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	// Only the privileged may have more than the hard limit, and in containers not even they.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(count + 2000), Max: max(limit.Max, uint64(count+2000))}); err != nil {
		count = int(limit.Max) - 2000
		t.Logf("only %d connections: the limit of open files is %d (ulimit -Hn)", count, limit.Max)
		requests = min(requests, count)
	}
	harness.OpenFileLimit(t, uint64(count+2000))
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf("pipy.listen(%d, { idleTimeout: 0 }, $=>$.serveHTTP(() => new Message('hello')))\n", port),
		Listen: []int{port},
	})
	ask := func(c net.Conn) {
		t.Helper()
		c.SetDeadline(time.Now().Add(harness.Patience))
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
		if err != nil || res.StatusCode != 200 || res.ContentLength != 5 {
			t.Fatalf("response: %v, %v", res, err)
		}
		var body [5]byte
		if n, _ := res.Body.Read(body[:]); string(body[:n]) != "hello" {
			t.Fatalf("body %q", body[:n])
		}
	}
	first := harness.Dial(t, port)
	ask(first.TCPConn)
	empty := harness.RSS(t, w.PID)
	conns := harness.DialMany(t, port, count)
	harness.Eventually(t, "all to be accepted", func() bool { return harness.OpenFiles(t, w.PID) >= count })
	idle := harness.RSS(t, w.PID)
	for i := range requests {
		ask(conns[i*(count/requests)])
	}
	used := harness.RSS(t, w.PID)
	for _, c := range conns {
		c.SetLinger(0) // a reset leaves no port waiting: other tests need them
		c.Close()
	}
	harness.Eventually(t, "all to be closed", func() bool { return harness.OpenFiles(t, w.PID) < 100 })
	// Memory goes back to the system when the worker has nothing to do.
	left := int64(0)
	t.Logf("resident KiB: %d at first, %d with %d idle connections (%.1f each), %d after %d requests",
		empty>>10, idle>>10, count, float64(idle-empty)/1024/float64(count), used>>10, requests)
	harness.Eventually(t, "the memory to be returned", func() bool {
		left = harness.RSS(t, w.PID)
		return left-empty < (used-empty)/4
	})
	ask(first.TCPConn)
	t.Logf("%d at the end", left>>10)
}
