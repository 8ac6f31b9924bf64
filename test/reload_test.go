//go:build linux

package test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

// reloadedScript has a port with TLS and HTTP/2 and one with a proxy to it that speaks HTTP/2 over TLS.
const reloadedScript = `
	pipy.listen('127.0.0.1:%[1]d', $=>$.acceptTLS({ certificate: id('server'), alpn: ['h2'] }).to($=>$
		.demuxHTTP().to($=>$.replaceMessage(req => req.head.path === '/never' ? new Promise(() => {}) : new Message('version')))))
	pipy.listen('127.0.0.1:%[2]d', $=>$.demuxHTTP().to($=>$
		.muxHTTP(() => 'server', { version: 2 }).to($=>$
			.connectTLS({ sni: 'localhost', alpn: ['h2'] }).to($=>$.connect('127.0.0.1:%[1]d')))))
`

// maxReloadGrowth is what garbage may amount to.
const maxReloadGrowth = 48 << 20

// Connections in all states are open while weir reloads again and again. Afterwards nothing is left of what they were and
// of the programs they belonged to.
func TestReloadsWithOpenConnections(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	script := fmt.Sprintf(reloadedScript, ports[0], ports[1])
	w := startTLS(t, script, ports...)
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}
	hello := clientHello(t)
	round := func(i int) {
		var open []net.Conn
		raw := func() net.Conn {
			c, err := net.Dial("tcp", harness.Addr(ports[0]))
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, c)
			return c
		}
		raw()                                 // has said nothing
		raw().Write(hello[:100])              // in the handshake
		raw().Write(hello)                    // later in the handshake
		tls.Client(raw(), config).Handshake() // has not begun HTTP/2
		transport := &http.Transport{TLSClientConfig: config.Clone(), ForceAttemptHTTP2: true}
		client := &http.Client{Transport: transport, Timeout: harness.Patience}
		ctx, cancel := context.WithCancel(context.Background())
		request := func(ctx context.Context, url string) error {
			req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if string(b) != "version" {
				return fmt.Errorf("%q, %v", b, err)
			}
			return nil
		}
		base := fmt.Sprintf("https://127.0.0.1:%d", ports[0])
		if err := request(ctx, base); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		waiting := make(chan struct{})
		go func() { request(ctx, base+"/never"); waiting <- struct{}{} }()
		if _, body := harness.Get(t, ports[1], "/"); body != "version" {
			t.Fatalf("round %d, proxy: %q", i, body)
		}
		harness.WriteFile(t, w.Dir+"/main.js", tlsPrelude+script+"// "+strconv.Itoa(i))
		w.Signal(syscall.SIGHUP)
		harness.Eventually(t, "reload", func() bool { return strings.Count(w.Stderr.String(), "Codebase reloaded") > i })
		cancel()
		<-waiting
		transport.CloseIdleConnections()
		for _, c := range open {
			c.Close()
		}
	}
	const warm, rounds = 60, 200
	for i := range warm {
		round(i)
	}
	files, memory := harness.OpenFiles(t, w.PID), harness.RSS(t, w.PID)
	for i := range rounds {
		round(warm + i)
	}
	harness.Eventually(t, "old connections to be closed", func() bool { return harness.OpenFiles(t, w.PID) <= files+2 })
	after := harness.RSS(t, w.PID)
	t.Logf("%d files; RSS %.1f MiB after %d reloads, %.1f MiB after %d", files, float64(memory)/(1<<20), warm, float64(after)/(1<<20), warm+rounds)
	if after > memory+maxReloadGrowth {
		t.Errorf("memory grew by %.1f MiB", float64(after-memory)/(1<<20))
	}
	// The Go runtime writes the stacks of all goroutines; handshakes are among them.
	w.Signal(syscall.SIGQUIT)
	w.WaitExit()
	if n := strings.Count(w.Stderr.String(), "\ngoroutine "); n < 1 || n > 30 {
		t.Errorf("%d goroutines", n)
	}
}
