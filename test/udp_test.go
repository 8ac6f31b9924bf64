//go:build linux

package test

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

func dialUDP(t *testing.T, port int) net.Conn {
	t.Helper()
	c, err := net.Dial("udp", harness.Addr(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(harness.Patience))
	return c
}

// askUDP sends a datagram and returns the one that comes back.
func askUDP(t *testing.T, c net.Conn, text string) string {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1<<16)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// The ends a session can come to.
func TestUDPSessions(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 6)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var n = 0, $id, $port
			var serve = port => $=>$
				.onStart(ib => { $id = ++n; $port = port; console.log('start', port, ib.localPort === port, ib.remotePort > 0) })
				.replaceStreamEnd(e => { console.log('end', $port, e.error) })
				.replaceData(d => {
					if (d.toString() === 'bye') return [new Data('bye ' + $id), new StreamEnd]
					if (d.toString() === 'close') pipy.listen($port, 'udp', null)
					return new Data($id + ' ' + pipy.inbound.count)
				})
				.onEnd(() => console.log('gone', $port))
			pipy.listen(%d, 'udp', { idleTimeout: 0 }, serve(%d))
			pipy.listen(%d, 'udp', { idleTimeout: 1 }, serve(%d))
			pipy.listen(%d, 'udp', { readTimeout: 1, idleTimeout: 0 }, serve(%d))
			pipy.listen(%d, 'udp', { writeTimeout: 1, idleTimeout: 0 }, $=>$.onStart(new Data).replaceStreamEnd(e => { console.log('end', %d, e.error) }).replaceData(() => undefined))
			pipy.listen(%d, 'udp', { maxConnections: 1, idleTimeout: 0 }, $=>$.replaceData(d => d.toString() === 'bye' ? [d, new StreamEnd] : d))
			pipy.listen(%d, 'udp', { maxConnections: 0 }, $=>$.replaceData(d => d))
		`, ports[0], ports[0], ports[1], ports[1], ports[2], ports[2], ports[3], ports[3], ports[4], ports[5]),
		Listen: ports,
	})
	// A session ends when the pipeline does; the next datagram begins another one.
	c := dialUDP(t, ports[0])
	if got := askUDP(t, c, "x"); got != "1 1" {
		t.Errorf("first: %q", got)
	}
	if got := askUDP(t, c, "bye"); got != "bye 1" {
		t.Errorf("bye: %q", got)
	}
	w.WaitLog(fmt.Sprintf("gone %d", ports[0]))
	if got := askUDP(t, c, "x"); got != "2 1" {
		t.Errorf("second session: %q", got)
	}
	// Closing the port ends its sessions.
	if _, err := c.Write([]byte("close")); err != nil {
		t.Fatal(err)
	}
	w.WaitLog(fmt.Sprintf("end %d undefined", ports[0]))
	w.WaitLog(fmt.Sprintf("Stopped listening on UDP port %d", ports[0]))
	for i, code := range map[int]string{1: "IdleTimeout", 2: "ReadTimeout", 3: "WriteTimeout"} {
		if _, err := dialUDP(t, ports[i]).Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		w.WaitLog(fmt.Sprintf("end %d %s", ports[i], code))
	}
	// At the limit new peers are not heard until an old one is gone.
	a, b := dialUDP(t, ports[4]), dialUDP(t, ports[4])
	askUDP(t, a, "1")
	for range 3 {
		if _, err := b.Write([]byte("dropped")); err != nil {
			t.Fatal(err)
		}
	}
	askUDP(t, a, "2") // whatever came before it was handled
	askUDP(t, a, "bye")
	harness.Eventually(t, "the second peer to be served", func() bool {
		b.Write([]byte("now"))
		_ = b.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		buf := make([]byte, 100)
		n, err := b.Read(buf)
		if err == nil && string(buf[:n]) != "now" {
			t.Errorf("a dropped datagram was answered: %q", buf[:n])
		}
		return err == nil
	})
	if _, err := dialUDP(t, ports[5]).Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
}

// Datagrams keep their size both ways, through a proxy too, up to what UDP allows.
func TestUDPSizes(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			pipy.listen('127.0.0.1:%d', 'udp', $=>$.replaceData(d => d.size === 65507 || d.size < 20000 ? d : new Data(String(d.size))))
			pipy.listen('127.0.0.1:%d', 'udp', $=>$.connect('127.0.0.1:%d', { protocol: 'udp' }))
		`, ports[0], ports[1], ports[0]),
		Listen: ports,
	})
	for _, port := range ports {
		c := dialUDP(t, port)
		for _, n := range []int{1, 16384, 16385, 65507} {
			text := string(bytes.Repeat([]byte("x"), n))
			if got := askUDP(t, c, text); got != text {
				t.Errorf("port %d: %d bytes instead of %d", port, len(got), n)
			}
		}
		if got := askUDP(t, c, strings.Repeat("y", 40000)); got != "40000" {
			t.Errorf("port %d: %q", port, got)
		}
	}
}

// A peer of the real world.
func TestUDPWithSocat(t *testing.T) {
	t.Parallel()
	harness.Need(t, "socat")
	port := harness.Port(t)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`pipy.listen(%d, 'udp', $=>$.replaceData(d => new Data('weir: ' + d.toString())))`, port),
		Listen: []int{port},
	})
	if r := harness.RunInput(t, "hello", "socat", "-T1", "-t1", "-", "UDP:"+harness.Addr(port)); r.Stdout != "weir: hello" {
		t.Errorf("socat: %q %s", r.Stdout, r.Stderr)
	}
}

// A source faster than the TCP connection it feeds loses datagrams; it does not fill the memory.
func TestUDPToSlowTCP(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`pipy.listen(%d, 'udp', $=>$.connect('%s'))`, ports[0], ln.Addr()),
		Listen: ports,
	})
	c := dialUDP(t, ports[0])
	c.Write([]byte("first"))
	peer, err := ln.Accept() // and never read from
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	before := harness.RSS(t, w.PID)
	buf := make([]byte, 60000)
	for range 3000 {
		if _, err := c.Write(buf); err != nil {
			t.Fatal(err)
		}
	}
	// It is alive, and has not kept them.
	if n := harness.RSS(t, w.PID) - before; n > 48<<20 {
		t.Errorf("memory grew by %d MiB", n>>20)
	}
}
