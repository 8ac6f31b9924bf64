//go:build linux

package test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"weir/test/harness"
)

// maxIdleTLS is what an idle TLS connection may cost, after a request.
const maxIdleTLS = 24 << 10

// Ten thousand TLS connections that do nothing, each after a request.
func TestIdleTLSConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const count = 10000
	harness.OpenFileLimit(t, count+2000)
	port := harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, { idleTimeout: 0 }, $=>$.acceptTLS({ certificate: id('server') }).to($=>$.serveHTTP(() => new Message('hello'))))
	`, port), port)
	config := &tls.Config{RootCAs: certificates().pool("ca"), ServerName: "localhost"}
	conns := make([]net.Conn, count)
	open := func(i int) error {
		tcp, err := net.DialTimeout("tcp", harness.Addr(port), harness.Patience)
		if err != nil {
			return err
		}
		conns[i] = tcp
		tcp.SetDeadline(time.Now().Add(harness.Patience))
		c := tls.Client(tcp, config)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
		res, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(res.Body)
		if err == nil && string(b) != "hello" {
			err = fmt.Errorf("body %q", b)
		}
		return err
	}
	if err := open(0); err != nil {
		t.Fatal(err)
	}
	empty := harness.RSS(t, w.PID)
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := 1 + k; i < count; i += 4 {
				if err := open(i); err != nil {
					t.Errorf("connection %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	// Memory goes back to the system when the worker has nothing to do.
	each := int64(0)
	harness.Eventually(t, fmt.Sprintf("idle connections to cost at most %d KiB each", maxIdleTLS>>10), func() bool {
		each = (harness.RSS(t, w.PID) - empty) / (count - 1)
		return each <= maxIdleTLS
	})
	t.Logf("%.1f KiB per idle connection", float64(each)/1024)
	for _, c := range conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0) // a reset leaves no port waiting: other tests need them
			tcp.Close()
		}
	}
	harness.Eventually(t, "all to be closed", func() bool { return harness.OpenFiles(t, w.PID) < 100 })
}
