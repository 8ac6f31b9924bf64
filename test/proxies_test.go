//go:build linux

package test

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"

	"weir/test/harness"
)

// proxyScript listens as a SOCKS proxy on the first port, as one that wants a password on the second, and as an HTTP proxy
// for CONNECT on the third. Targets on port 1 are refused.
const proxyScript = `
	var [, socks, secret, http] = pipy.argv
	var $target
	var tunnel = pipeline($=>$.connect(() => $target))
	function accept(r) {
		console.log('asked', JSON.stringify(r))
		$target = (r.domain || (r.ip.includes(':') ? '[' + r.ip + ']' : r.ip)) + ':' + r.port
		return r.port !== 1
	}
	pipy.listen(+socks, $=>$.acceptSOCKS(accept).to(tunnel))
	pipy.listen(+secret, $=>$.acceptSOCKS(async r => accept(r), { authenticate: (u, p) => u === 'user' && p === 'pass' }).to(tunnel))
	pipy.listen(+http, $=>$.demuxHTTP().to($=>$.acceptHTTPTunnel(({ head }) => {
		if (head.method !== 'CONNECT') return new Message({ status: 405 })
		$target = head.path
		if (head.path.endsWith(':1')) return new Message({ status: 403 }, 'no')
		return new Timeout(0.01).wait().then(() => new Message({ status: 200, statusText: 'Here you are' }))
	}).to(tunnel)))
`

type proxies struct {
	*harness.Weir
	socks, secret, http int
}

func startProxies(t *testing.T) proxies {
	t.Helper()
	p := harness.Ports(t, 3)
	return proxies{harness.Start(t, harness.Config{Script: proxyScript, Listen: p,
		Args: []string{fmt.Sprint(p[0]), fmt.Sprint(p[1]), fmt.Sprint(p[2])}}), p[0], p[1], p[2]}
}

func TestProxyClients(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl", "ncat", "socat")
	u := harness.StartUpstream(t, "far")
	w := startProxies(t)
	socks, secret, http := harness.Addr(w.socks), harness.Addr(w.secret), harness.Addr(w.http)
	port, byName, byAddr := fmt.Sprint(u.Port), fmt.Sprintf("http://localhost:%d/", u.Port), "http://"+u.Addr()+"/"
	curl := func(args ...string) []string {
		return append([]string{"curl", "-sS", "--noproxy", "", "--max-time", "20"}, args...)
	}
	for name, c := range map[string]struct {
		command []string
		asked   string // what the handler of a SOCKS proxy was asked
	}{
		"curl socks4":               {curl("--socks4", socks, byAddr), `{"id":"","ip":"127.0.0.1","port":PORT}`},
		"curl socks4 user":          {curl("--proxy", "socks4://fred@"+socks, byAddr), `{"id":"fred","ip":"127.0.0.1","port":PORT}`},
		"curl socks4a":              {curl("--socks4a", socks, byName), `{"id":"","domain":"localhost","port":PORT}`},
		"curl socks5":               {curl("--socks5", socks, byAddr), `{"ip":"127.0.0.1","port":PORT}`},
		"curl socks5, user unasked": {curl("--proxy", "socks5://user:pass@"+socks, byAddr), `{"ip":"127.0.0.1","port":PORT}`},
		"curl socks5-hostname":      {curl("--socks5-hostname", socks, byName), `{"domain":"localhost","port":PORT}`},
		"curl socks5 password":      {curl("--proxy", "socks5h://user:pass@"+secret, byName), `{"domain":"localhost","port":PORT,"username":"user","password":"pass"}`},
		"curl proxytunnel":          {curl("--proxytunnel", "--proxy", "http://"+http, byAddr), ""},
		"curl proxytunnel name":     {curl("--proxytunnel", "--proxy", "http://"+http, byName), ""},
		"ncat socks4":               {[]string{"ncat", "--proxy", socks, "--proxy-type", "socks4", "127.0.0.1", port}, `{"id":"","ip":"127.0.0.1","port":PORT}`},
		"ncat socks5":               {[]string{"ncat", "--proxy", socks, "--proxy-type", "socks5", "--proxy-dns", "remote", "localhost", port}, `{"domain":"localhost","port":PORT}`},
		"ncat socks5 password":      {[]string{"ncat", "--proxy", secret, "--proxy-type", "socks5", "--proxy-auth", "user:pass", "127.0.0.1", port}, `{"ip":"127.0.0.1","port":PORT,"username":"user","password":"pass"}`},
		"ncat http":                 {[]string{"ncat", "--proxy", http, "--proxy-type", "http", "127.0.0.1", port}, ""},
		"socat SOCKS4":              {[]string{"socat", "-t20", "-", "SOCKS4:127.0.0.1:127.0.0.1:" + port + ",socksport=" + fmt.Sprint(w.socks) + ",socksuser=joe"}, `{"id":"joe","ip":"127.0.0.1","port":PORT}`},
		"socat SOCKS4A":             {[]string{"socat", "-t20", "-", "SOCKS4A:127.0.0.1:localhost:" + port + ",socksport=" + fmt.Sprint(w.socks) + ",socksuser=ann"}, `{"id":"ann","domain":"localhost","port":PORT}`},
		"socat PROXY":               {[]string{"socat", "-t20", "-", "PROXY:127.0.0.1:localhost:" + port + ",proxyport=" + fmt.Sprint(w.http)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := harness.RunInput(t, "GET / HTTP/1.0\r\n\r\n", c.command[0], c.command[1:]...)
			if r.Code != 0 || !strings.HasSuffix(r.Stdout, "far") {
				t.Errorf("code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
			}
			if c.asked != "" {
				w.WaitLog("asked " + strings.ReplaceAll(c.asked, "PORT", port))
			}
		})
	}
	for name, c := range map[string]struct {
		command []string
		code    int
		stderr  string
	}{
		"socks4":         {curl("--socks4", socks, "http://127.0.0.1:1/"), 97, "request rejected or failed"},
		"socks5":         {curl("--socks5", socks, "http://127.0.0.1:1/"), 97, "Can't complete SOCKS5 connection to 127.0.0.1. (2)"},
		"no password":    {curl("--socks5", secret, byAddr), 97, ""},
		"wrong password": {curl("--proxy", "socks5://user:word@"+secret, byAddr), 97, "User was rejected by the SOCKS5 server"},
		"CONNECT":        {curl("--proxytunnel", "--proxy", "http://"+http, "http://127.0.0.1:1/"), 56, "403"},
	} {
		t.Run("refused, "+name, func(t *testing.T) {
			t.Parallel()
			r := harness.Run(t, c.command[0], c.command[1:]...)
			if r.Code != c.code || !strings.Contains(r.Stderr, c.stderr) || r.Stdout != "" {
				t.Errorf("code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
			}
		})
	}
}

// greeter is a server that speaks first and then echoes.
func greeter(t *testing.T) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", harness.Addr(harness.Port(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 100)
				n, err := 0, error(nil)
				for _, err = c.Write([]byte("220 hello\r\n")); err == nil; _, err = c.Write(buf[:n]) {
					if n, err = c.Read(buf); err != nil {
						break
					}
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// Servers that speak first are heard although the client waits for them, and bytes that come with the request, before the
// answer, are not lost.
func TestProxiesAndServersThatSpeakFirst(t *testing.T) {
	t.Parallel()
	far := greeter(t)
	w := startProxies(t)
	port := string(binary.BigEndian.AppendUint16(nil, uint16(far)))
	for name, c := range map[string]struct {
		port            int
		request, answer string
	}{
		"socks4":  {w.socks, "\x04\x01" + port + "\x7f\x00\x00\x01\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00"},
		"socks5":  {w.socks, "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + port, "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
		"promise": {w.secret, "\x05\x01\x02\x01\x04user\x04pass\x05\x01\x00\x01\x7f\x00\x00\x01" + port, "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
		"CONNECT": {w.http, fmt.Sprintf("CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: a\r\n\r\n", far), "HTTP/1.1 200 Here you are\r\nconnection: keep-alive\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := harness.Dial(t, c.port)
			a.Send(c.request)
			if got := a.ReadN(len(c.answer)); got != c.answer {
				t.Fatalf("answer %q", got)
			}
			if got := a.ReadN(11); got != "220 hello\r\n" {
				t.Errorf("%q", got)
			}
			a.Send("abc")
			if got := a.ReadN(3); got != "abc" {
				t.Errorf("%q", got)
			}
			a.Reset()
			b := harness.Dial(t, c.port)
			for i := range len(c.request) {
				b.Send(c.request[i : i+1])
			}
			b.Send("early")
			b.ReadN(len(c.answer))
			if got := b.ReadN(16); got != "220 hello\r\nearly" {
				t.Errorf("%q", got)
			}
		})
	}
}

// exchange is harness.Exchange with a peer that may close the connection before all is said.
func exchange(t *testing.T, port int, text string) string {
	t.Helper()
	c := harness.Dial(t, port)
	defer c.Close()
	c.Send(text)
	_ = c.CloseWrite()
	return c.ReadAll()
}

// A peer that sends garbage, or asks for what there is not, is told so as far as possible and let go.
func TestProxiesRefuse(t *testing.T) {
	t.Parallel()
	w := startProxies(t)
	for in, want := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n":                                      "",
		"\x05\x01\x00\x05\x03\x00\x01\x7f\x00\x00\x01\x00\x50":        "\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00", // UDP ASSOCIATE
		"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50":        "\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00", // BIND
		"\x05\x01\x00\x05\x01\x00\x09":                                "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00",
		"\x05\x01\x01":                                                "\x05\xff",
		"\x04\x02\x00\x50\x7f\x00\x00\x01\x00":                        "\x00\x5b\x00\x00\x00\x00\x00\x00",
		"\x04\x01\x00\x50\x7f\x00\x00\x01" + strings.Repeat("x", 300): "\x00\x5b\x00\x00\x00\x00\x00\x00",
		"\x05\x01":                     "",
		"\x04\x01\x00\x50\x7f\x00\x00": "",
	} {
		if got := exchange(t, w.socks, in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// A peer that stops half-way is let go by the timeouts of the connection.
func TestHalfWayPeers(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 4)
	harness.Start(t, harness.Config{Listen: ports[:3], Script: fmt.Sprintf(`
		var ports = %s, options = { idleTimeout: 1 }
		pipy.listen(ports[0], options, $=>$.acceptSOCKS(() => true).to($=>$))
		pipy.listen(ports[1], options, $=>$.acceptProxyProtocol(() => true).to($=>$))
		// To a proxy that says nothing:
		pipy.listen(ports[2], { idleTimeout: 0 }, $=>$.connectSOCKS('a:1').to($=>$.connect('127.0.0.1:' + ports[3], options)))
	`, strings.ReplaceAll(fmt.Sprint(ports), " ", ","))})
	l, err := net.Listen("tcp", harness.Addr(ports[3]))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // its backlog accepts
	for i, c := range []struct{ in, out string }{
		{"\x05\x01\x00\x05\x01", "\x05\x00"},
		{"PROXY TCP4 127.0.0.1", ""},
		{"abc", ""},
	} {
		conn := harness.Dial(t, ports[i])
		conn.Send(c.in)
		if got := conn.ReadAll(); got != c.out {
			t.Errorf("port %d: got %q", i, got)
		}
	}
}

// One weir's tunnels lead through the proxies of another, one kind within the other.
func TestProxyChain(t *testing.T) {
	t.Parallel()
	u := harness.StartUpstream(t, "far")
	w := startProxies(t)
	ports := harness.Ports(t, 5)
	harness.Start(t, harness.Config{Listen: ports, Script: fmt.Sprintf(`
		var ports = %s, socks = 'localhost:%d', secret = '127.0.0.1:%d', http = '127.0.0.1:%d', far = '127.0.0.1:%d'
		var CONNECT = path => new Message({ method: 'CONNECT', path, headers: { host: path } })
		var viaHTTP = (path, next) => $=>$.connectHTTPTunnel(CONNECT(path), { onState: s => console.log('tunnel', s) }).to($=>$.muxHTTP(() => path).to(next))
		var viaSOCKS = (target, options, next) => $=>$.connectSOCKS(target, options).to(next)
		var to = address => $=>$.connect(address)
		pipy.listen(ports[0], viaHTTP(far, to(http)))
		pipy.listen(ports[1], viaSOCKS(far, {}, to(socks)))
		pipy.listen(ports[2], viaSOCKS(() => far, { version: '4a', username: 'joe' }, to(socks)))
		pipy.listen(ports[3], viaHTTP(far, viaSOCKS(http, { username: 'user', password: 'pass' }, viaHTTP(secret, viaSOCKS(http, { version: 4 }, to(socks))))))
		pipy.listen(ports[4], viaHTTP('127.0.0.1:1', to(http)))
	`, strings.ReplaceAll(fmt.Sprint(ports), " ", ","), w.socks, w.secret, w.http, u.Port)})
	for _, port := range ports[:4] {
		url := "http://" + harness.Addr(port)
		body := strings.Repeat("0123456789", 30000)
		if got := harness.RunInput(t, body, "curl", "-sS", "--noproxy", "*", "--max-time", "20", "--data-binary", "@-", url+"/echo"); got.Stdout != body {
			t.Errorf("%d bytes came back, %s", len(got.Stdout), got.Stderr)
		}
		if got := harness.Curl(t, url+"/big?size=5000000"); len(got) != 5000000 {
			t.Errorf("%d bytes", len(got))
		}
	}
	if got := harness.Exchange(t, ports[4], "GET / HTTP/1.0\r\n\r\n"); got != "" {
		t.Errorf("got %q through a tunnel that was refused", got)
	}
}
