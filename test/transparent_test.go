//go:build linux

package test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"weir/test/harness"
)

// redirection is a client, a router with weir, and what lies behind it.
type redirection struct{ client, router, server *harness.Netns }

func newRedirection(t *testing.T) *redirection {
	t.Helper()
	n := &redirection{harness.NewNetns(t), harness.NewNetns(t), harness.NewNetns(t)}
	n.router.Link(n.client, "c", "r", []string{"10.77.1.1/24", "fd77:1::1/64"}, []string{"10.77.1.2/24", "fd77:1::2/64"})
	n.router.Link(n.server, "s", "r", []string{"10.77.2.1/24", "fd77:2::1/64"}, []string{"10.77.2.2/24", "fd77:2::2/64"})
	for _, ns := range []struct {
		*harness.Netns
		via string
	}{{n.client, "1"}, {n.server, "2"}} {
		ns.Must("ip", "route", "add", "default", "via", "10.77."+ns.via+".1")
		ns.Must("ip", "-6", "route", "add", "default", "via", "fd77:"+ns.via+"::1")
	}
	n.router.Must("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
	return n
}

// divert routes marked packets of the router to itself.
func (n *redirection) divert() {
	n.router.Must("ip", "rule", "add", "fwmark", "1", "lookup", "100")
	n.router.Must("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", "100")
	n.router.Must("ip", "-6", "rule", "add", "fwmark", "1", "lookup", "100")
	n.router.Must("ip", "-6", "route", "add", "local", "::/0", "dev", "lo", "table", "100")
}

const tellDestination = `
	var $ib
	var tell = $=>$
		.onStart(ib => { $ib = ib })
		.replaceData(() => new Data([$ib.remoteAddress, $ib.destinationAddress, $ib.destinationPort, $ib.localAddress].join(' ') + '\n'))
`

func askLine(t *testing.T, c net.Conn) string {
	t.Helper()
	if _, err := io.WriteString(c, "?"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 200)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b[:n]))
}

// What REDIRECT has turned here knows where it was going, over IPv4 and IPv6.
func TestRedirectedConnections(t *testing.T) {
	t.Parallel()
	harness.Need(t, "iptables")
	n := newRedirection(t)
	for _, tool := range []string{"iptables", "ip6tables"} {
		n.router.Try(tool, "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "80", "-j", "REDIRECT", "--to-ports", "9000")
		n.router.Try(tool, "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "81", "-j", "REDIRECT", "--to-ports", "9001")
	}
	harness.Start(t, harness.Config{
		Binary: n.router.Binary(""),
		Script: tellDestination + `
			pipy.listen('0.0.0.0:9000', { transparent: true }, tell)
			pipy.listen('[fd77:1::1]:9000', { transparent: true }, tell)
			pipy.listen('[::]:9001', tell)`,
		Listen: []int{9000, 9001},
	})
	for _, c := range []struct{ to, want string }{
		{"203.0.113.5:80", "10.77.1.2 203.0.113.5 80 10.77.1.1"},
		{"[2001:db8::5]:80", "fd77:1::2 2001:db8::5 80 fd77:1::1"},
		{"10.77.1.1:9000", "10.77.1.2 10.77.1.1 9000 10.77.1.1"},
		{"203.0.113.5:81", "::ffff:10.77.1.2  0 ::ffff:10.77.1.1"}, // not transparent
		{"[2001:db8::5]:81", "fd77:1::2  0 fd77:1::1"},
	} {
		if got := askLine(t, n.client.Dial("tcp", c.to)); got != c.want {
			t.Errorf("to %s: got %q, want %q", c.to, got, c.want)
		}
	}
}

// TPROXY delivers packets as they are: local and original address are the same. Replies to datagrams come from there.
func TestTproxiedConnections(t *testing.T) {
	t.Parallel()
	harness.Need(t, "iptables")
	n := newRedirection(t)
	n.divert()
	for tool, port := range map[string]string{"iptables": "9000", "ip6tables": "9001"} {
		for _, proto := range []string{"tcp", "udp"} {
			n.router.Try(tool, "-t", "mangle", "-A", "PREROUTING", "-p", proto, "--dport", "80", "-j", "TPROXY", "--on-port", port, "--tproxy-mark", "1")
		}
	}
	harness.Start(t, harness.Config{
		Binary: n.router.Binary(""),
		Script: tellDestination + `
			for (var at of ['0.0.0.0:9000', '[::]:9001']) {
				pipy.listen(at, { transparent: true }, tell)
				pipy.listen(at, 'udp', { transparent: true }, tell)
			}`,
		Listen: []int{9000, 9001},
	})
	for _, c := range []struct{ network, to, want string }{
		{"tcp", "203.0.113.5:80", "10.77.1.2 203.0.113.5 80 203.0.113.5"},
		{"tcp", "[2001:db8::5]:80", "fd77:1::2 2001:db8::5 80 2001:db8::5"},
		{"udp", "203.0.113.5:80", "10.77.1.2 203.0.113.5 80 203.0.113.5"},
		{"udp", "203.0.113.6:80", "10.77.1.2 203.0.113.6 80 203.0.113.6"},
		{"udp", "[2001:db8::5]:80", "fd77:1::2 2001:db8::5 80 2001:db8::5"},
	} {
		conn := n.client.Dial(c.network, c.to)
		for range 2 {
			// A connected socket hears nobody but the one it talks to.
			if got := askLine(t, conn); got != c.want {
				t.Errorf("%s to %s: got %q, want %q", c.network, c.to, got, c.want)
			}
		}
	}
}

// The server sees the client's address; its answers find back to the proxy.
func TestTransparentSource(t *testing.T) {
	t.Parallel()
	harness.Need(t, "iptables")
	n := newRedirection(t)
	n.divert()
	for tool, port := range map[string]string{"iptables": "9000", "ip6tables": "9002"} {
		n.router.Try(tool, "-t", "mangle", "-A", "PREROUTING", "-p", "tcp", "-m", "socket", "--transparent", "-j", "MARK", "--set-mark", "1")
		n.router.Try(tool, "-t", "mangle", "-A", "PREROUTING", "-p", "tcp", "--dport", "80", "-j", "TPROXY", "--on-port", port, "--tproxy-mark", "1")
	}
	for _, at := range []string{"10.77.2.2:80", "[fd77:2::2]:80"} {
		var ln net.Listener
		n.server.Do(func() {
			var err error
			if ln, err = net.Listen("tcp", at); err != nil {
				t.Error(err)
			}
		})
		if ln == nil {
			return
		}
		defer ln.Close()
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				fmt.Fprintf(c, "you are %s", c.RemoteAddr().(*net.TCPAddr).IP)
				c.Close()
			}
		}()
	}
	harness.Start(t, harness.Config{
		Binary: n.router.Binary(""),
		Script: `
			var $ib
			var host = address => address.includes(':') ? '[' + address + ']' : address
			var proxy = $=>$.onStart(ib => ($ib = ib, new Data)).connect(
				() => host($ib.destinationAddress) + ':' + $ib.destinationPort,
				{ bind: () => $ib.remoteAddress, transparent: true })
			pipy.listen(9000, { transparent: true }, proxy)
			pipy.listen('[::]:9002', { transparent: true }, proxy)
			pipy.listen('10.77.1.1:9001', $=>$.onStart(() => new Data).connect('10.77.2.2:80', { bind: '10.77.1.2' })
				.replaceStreamEnd(e => [new Data(e.error.message), new StreamEnd]))`,
		Listen: []int{9000, 9001, 9002},
	})
	for _, c := range []struct{ to, want string }{
		{"10.77.2.2:80", "you are 10.77.1.2"},
		{"[fd77:2::2]:80", "you are fd77:1::2"},
		{"10.77.1.1:9001", "connect() at line 9 column"}, // not without the option
	} {
		got, err := io.ReadAll(n.client.Dial("tcp", c.to))
		if err != nil || !strings.HasPrefix(string(got), c.want) {
			t.Errorf("%s: got %q, %v, want %q", c.to, got, err, c.want)
		}
	}
}

// An address may be bound before it is there.
func TestFreeBind(t *testing.T) {
	t.Parallel()
	n := harness.NewNetns(t)
	w := harness.Start(t, harness.Config{
		Binary: n.Binary(""),
		Script: `
			pipy.listen('192.0.2.1:9000', { freeBind: true }, $=>$.replaceData(d => d))
			pipy.listen('192.0.2.1:9002', 'udp', { freeBind: true }, $=>$.replaceData(d => d))
			pipy.listen('[2001:db8::1]:9001', { freeBind: true }, $=>$.connect('192.0.2.1:9000', { bind: '192.0.2.1', freeBind: true }))
			try { pipy.listen('192.0.2.1:9003', $=>$) } catch (e) { console.error(e.message) }`,
		Listen: []int{9000, 9001, 9002},
	})
	w.WaitLog("unable to listen on [192.0.2.1]:9003")
	n.Must("ip", "addr", "add", "192.0.2.1/32", "dev", "lo")
	n.Must("ip", "addr", "add", "2001:db8::1/128", "dev", "lo")
	for _, c := range [][2]string{{"tcp", "192.0.2.1:9000"}, {"tcp", "[2001:db8::1]:9001"}, {"udp", "192.0.2.1:9002"}} {
		if got := askLine(t, n.Dial(c[0], c[1])); got != "?" {
			t.Errorf("%s: %q", c[1], got)
		}
	}
}

// Raw options set in the state "open" count for the connection: here the mark decides where it goes.
func TestSocketMark(t *testing.T) {
	t.Parallel()
	net := newRedirection(t)
	n := net.router
	n.Must("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.s.rp_filter=0")
	n.Must("ip", "rule", "add", "fwmark", "42", "lookup", "200")
	n.Must("ip", "route", "add", "198.51.100.1", "via", "10.77.2.2", "table", "200")
	net.server.Must("ip", "addr", "add", "198.51.100.1/32", "dev", "lo")
	harness.Start(t, harness.Config{
		Binary: net.server.Binary(""),
		Script: `pipy.listen('198.51.100.1:80', $=>$.replaceData(() => new Data('marked')))`,
		Listen: []int{80},
	})
	harness.Start(t, harness.Config{
		Binary: n.Binary(""),
		Script: `
			var SOL_SOCKET = 1, SO_MARK = 36, SO_KEEPALIVE = 9, SO_RCVBUF = 8, IPPROTO_TCP = 6, TCP_NODELAY = 1
			var get = (s, level, option) => { var d = new Data; var e = s.getRawOption(level, option, d); return e || d.toArray().slice(0, 4).join('.') }
			var $ob
			pipy.listen(9000, $=>$.connect('198.51.100.1:80').replaceStreamEnd(e => [new Data(e.error), new StreamEnd]))
			pipy.listen(9001, $=>$.connect('198.51.100.1:80', { onState: ob => {
				if (ob.state === 'open') ob.socket.setRawOption(SOL_SOCKET, SO_MARK, new Data([42, 0, 0, 0]))
				if (ob.state === 'connected') $ob = ob
			}}).replaceData(d => new Data(d.toString() + ' ' + get($ob.socket, SOL_SOCKET, SO_MARK))))
			// onStart runs before keepAlive and noDelay are applied, other options stay.
			var $out
			pipy.listen(9002, { keepAlive: true, noDelay: false }, $=>$
				.onStart(ib => {
					ib.socket.setRawOption(SOL_SOCKET, SO_MARK, new Data([7, 0, 0, 0]))
					$out = () => [get(ib.socket, SOL_SOCKET, SO_MARK), get(ib.socket, SOL_SOCKET, SO_KEEPALIVE), get(ib.socket, IPPROTO_TCP, TCP_NODELAY)].join(' ')
				})
				.replaceData(() => new Data($out())))`,
		Listen: []int{9000, 9001, 9002},
	})
	if got := askLine(t, n.Dial("tcp", "127.0.0.1:9000")); got != "ConnectionRefused" {
		t.Errorf("without a mark: %q", got)
	}
	if got := askLine(t, n.Dial("tcp", "127.0.0.1:9001")); got != "marked 42.0.0.0" {
		t.Errorf("connect: %q", got)
	}
	if got := askLine(t, n.Dial("tcp", "127.0.0.1:9002")); got != "7.0.0.0 1.0.0.0 0.0.0.0" {
		t.Errorf("listen: %q", got)
	}
}
