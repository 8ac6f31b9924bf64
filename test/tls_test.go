//go:build linux

package test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// sClient runs openssl s_client with a request as input and returns all it printed.
func sClient(t *testing.T, port int, input string, args ...string) string {
	t.Helper()
	harness.Need(t, "openssl")
	args = append([]string{"s_client", "-connect", harness.Addr(port)}, args...)
	r := harness.RunInput(t, input, "openssl", args...)
	return r.Stdout + r.Stderr
}

const httpRequest = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

func TestAcceptTLSWithOpenSSL(t *testing.T) {
	t.Parallel()
	port, mutual, old := harness.Port(t), harness.Port(t), harness.Port(t)
	startTLS(t, fmt.Sprintf(`
		var show = s => s.state == 'connected' && console.log('session', s.hostname, s.protocol, s.peer?.subject?.commonName)
		var byName = name => name == 'b.test' ? new Timeout(0.01).wait().then(() => id('b')) : id(name == 'a.test' ? 'a' : 'server')
		pipy.listen(%d, $=>$.acceptTLS({ certificate: byName, alpn: ['x/1', 'http/1.1'], onState: show }).to($=>$.serveHTTP(() => new Message('hello'))))
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), trusted: [cert('ca')] }).to($=>$.serveHTTP(() => new Message('hello'))))
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), minVersion: 'TLS1', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA' }).to($=>$
			.serveHTTP(() => new Message('hello'))))
	`, port, mutual, old), port, mutual, old)
	dir := certificates().write(t)
	ca := dir + "/ca.crt"
	for _, c := range []struct {
		name string
		port int
		args string
		want []string
	}{
		{"TLS 1.3", port, "-tls1_3 -CAfile " + ca, []string{"Verification: OK", "TLSv1.3, Cipher is TLS_", "200 OK", "hello"}},
		{"TLS 1.2", port, "-tls1_2 -CAfile " + ca, []string{"Verification: OK", "TLSv1.2", "200 OK", "Secure Renegotiation IS supported"}},
		{"TLS 1.1 refused", port, "-tls1_1 -cipher DEFAULT@SECLEVEL=0", []string{"alert protocol version"}},
		{"TLS 1.0", old, "-tls1 -cipher DEFAULT@SECLEVEL=0", []string{"200 OK", "ECDHE-ECDSA-AES128-SHA"}},
		{"cipher", old, "-tls1_2", []string{"200 OK", "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"}},
		{"no shared cipher", old, "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", []string{"alert handshake failure"}},
		{"server name", port, "-servername a.test -CAfile " + ca, []string{"subject=CN = a", "200 OK"}},
		{"server name by promise", port, "-servername b.test -CAfile " + ca, []string{"subject=CN = b", "200 OK"}},
		{"no server name", port, "-noservername", []string{"subject=CN = server", "200 OK"}},
		{"ALPN", port, "-alpn http/1.1,x/1", []string{"ALPN protocol: http/1.1", "200 OK"}},
		{"ALPN without a match", port, "-alpn h3", []string{"alert no application protocol"}},
		{"groups", port, "-groups P-256", []string{"Server Temp Key: ECDH, prime256v1", "200 OK"}},
		{"groups, hello retry", port, "-tls1_3 -groups X448:P-384", []string{"Server Temp Key: ECDH, secp384r1", "200 OK"}},
		{"cipher of TLS 1.3", port, "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256", []string{"TLS_CHACHA20_POLY1305_SHA256", "200 OK"}},
		{"client certificate", mutual, "-cert " + dir + "/client.crt -key " + dir + "/client.key", []string{"Acceptable client certificate CA names", "CN = ca", "200 OK"}},
		{"client certificate in TLS 1.2", mutual, "-tls1_2 -cert " + dir + "/client.crt -key " + dir + "/client.key", []string{"200 OK"}},
		{"no client certificate", mutual, "-tls1_3", []string{"alert certificate required"}},
		{"no client certificate in TLS 1.2", mutual, "-tls1_2", []string{"alert handshake failure"}},
		{"client certificate of another CA", mutual, "-cert " + dir + "/stranger.crt -key " + dir + "/stranger.key", []string{"alert unknown ca"}},
		{"client certificate expired", mutual, "-cert " + dir + "/expired.crt -key " + dir + "/expired.key", []string{"alert certificate expired"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := sClient(t, c.port, httpRequest, append(strings.Fields(c.args), "-ign_eof")...)
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if strings.Contains(out, "unexpected eof") {
				t.Errorf("the connection was cut off without close_notify:\n%s", out)
			}
		})
	}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run("resumption"+version, func(t *testing.T) {
			t.Parallel()
			file := t.TempDir() + "/session"
			out := sClient(t, port, httpRequest, version, "-ign_eof", "-servername", "a.test", "-sess_out", file)
			if !strings.Contains(out, "New, TLSv1.") {
				t.Errorf("first: %s", out)
			}
			out = sClient(t, port, httpRequest, version, "-ign_eof", "-servername", "a.test", "-sess_in", file)
			if !strings.Contains(out, "Reused, TLSv1.") || !strings.Contains(out, "200 OK") {
				t.Errorf("not resumed:\n%s", out)
			}
			// A ticket is good for its server name only, and for servers that trust the same.
			for _, args := range [][]string{{"-servername", "b.test"}, {"-servername", "a.test", "-connect", harness.Addr(old)}} {
				out = sClient(t, port, httpRequest, append([]string{version, "-ign_eof", "-sess_in", file}, args...)...)
				if strings.Contains(out, "Reused, TLSv1.") && args[1] == "b.test" || !strings.Contains(out, "200 OK") {
					t.Errorf("%q:\n%s", args, out)
				}
			}
		})
	}
	t.Run("reconnect", func(t *testing.T) {
		t.Parallel()
		out := sClient(t, port, "", "-tls1_2", "-reconnect")
		if n := strings.Count(out, "Reused, TLSv1.2"); n != 5 {
			t.Errorf("%d of 5 reconnections resumed:\n%s", n, out)
		}
	})
	t.Run("renegotiation", func(t *testing.T) {
		t.Parallel()
		out := sClient(t, port, "R\n"+httpRequest, "-tls1_2")
		if !strings.Contains(out, "RENEGOTIATING") || !strings.Contains(out, "alert unexpected message") || strings.Contains(out, "200 OK") {
			t.Errorf("no refusal:\n%s", out)
		}
	})
}

// Tickets are good for all workers of a process, and for the same listener only if it trusts the same.
func TestTicketsAcrossWorkers(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	startTLSFlags(t, []string{"--threads=2"}, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server') }).to($=>$.serveHTTP(() => new Message(String(__thread.id)))))
	`, port), port)
	config := &tls.Config{RootCAs: certificates().pool("ca"), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	workers, resumed := map[string]bool{}, 0
	for range 40 {
		c := dialTLS(t, port, config)
		io.WriteString(c, httpRequest)
		b, err := io.ReadAll(c)
		if err != nil || !bytes.Contains(b, []byte("200 OK")) {
			t.Fatalf("%v %q", err, b)
		}
		workers[string(b[len(b)-1:])] = true
		if c.ConnectionState().DidResume {
			resumed++
		}
		c.Close()
	}
	if resumed != 39 || len(workers) != 2 {
		t.Errorf("%d of 39 resumed, workers %v", resumed, workers)
	}
}

func TestAcceptTLSWithCurl(t *testing.T) {
	t.Parallel()
	port, sorted := harness.Port(t), harness.Port(t)
	startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), trusted: [cert('ca')], alpn: ['http/1.1', 'http/1.0'],
			verify: (ok, cert) => ok && (cert.subject.commonName != 'server') }).to($=>$.serveHTTP(req => new Message(req.body))))
		pipy.listen(%d, $=>$.connect('127.0.0.1:%d'))
	`, port, sorted, port), port, sorted)
	dir := certificates().write(t)
	with := func(name string) []string {
		return []string{"--cacert", dir + "/ca.crt", "--cert", dir + "/" + name + ".crt", "--key", dir + "/" + name + ".key"}
	}
	body := strings.Repeat("0123456789", 300_000)
	harness.WriteFile(t, dir+"/body", body)
	for _, version := range []string{"--http1.0", "--http1.1"} {
		for _, tlsVersion := range []string{"1.2", "1.3"} {
			url := fmt.Sprintf("https://localhost:%d/", port)
			got := harness.Curl(t, append(with("client"), version, "--tls-max", tlsVersion, "--data-binary", "@"+dir+"/body", url)...)
			if got != body {
				t.Errorf("%s, TLS %s: %d bytes came back", version, tlsVersion, len(got))
			}
		}
	}
	got := harness.Curl(t, append(with("client"), "-d", "through", fmt.Sprintf("https://localhost:%d/", sorted))...)
	if got != "through" {
		t.Errorf("through a proxy: %q", got)
	}
	// The callback rejects a certificate that is in order.
	r := harness.Run(t, "curl", append(with("server"), "-sS", fmt.Sprintf("https://localhost:%d/", port))...)
	if r.Code == 0 || !strings.Contains(r.Stderr, "alert") {
		t.Errorf("rejected by verify: code %d, %s", r.Code, r.Stderr)
	}
}

// HTTP/2 is chosen by ALPN, towards clients and towards servers, and agents speak HTTPS.
func TestTLSCarriesHTTP2(t *testing.T) {
	t.Parallel()
	port, front := harness.Port(t), harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), alpn: ['h2', 'http/1.1'] }).to($=>$
			.serveHTTP(req => new Message((req.head.protocol || 'HTTP/2') + ' ' + req.head.path))))
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), alpn: ['h2', 'http/1.1'] }).to($=>$
			.demuxHTTP().to($=>$.muxHTTP({ version: 2 }).to($=>$
				.connectTLS({ alpn: 'h2', sni: 'localhost', trusted: [cert('ca')] }).to($=>$.connect('127.0.0.1:%d'))))))
		new http.Agent('localhost:%d', { tls: { sni: 'localhost', trusted: [cert('ca')] } }).request('GET', '/agent')
			.then(r => console.log('agent got', r.head.status, r.body.toString()))
	`, port, front, port, port), port, front)
	w.WaitLog("agent got 200 HTTP/1.1 /agent")
	dir := certificates().write(t)
	for flag, want := range map[string]string{"--http2": "HTTP/2 /x", "--http1.1": "HTTP/1.1 /x"} {
		got := harness.Curl(t, flag, "--cacert", dir+"/ca.crt", fmt.Sprintf("https://localhost:%d/x", port))
		if got != want {
			t.Errorf("%s: %q", flag, got)
		}
		got = harness.Curl(t, flag, "--cacert", dir+"/ca.crt", fmt.Sprintf("https://localhost:%d/through", front))
		if got != "HTTP/2 /through" {
			t.Errorf("%s through a proxy: %q", flag, got)
		}
	}
}

func TestTLSClientHelloIsSeen(t *testing.T) {
	t.Parallel()
	port, target := harness.Port(t), harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server') }).to($=>$.serveHTTP(() => new Message('hello'))))
		pipy.listen(%d, $=>$.handleTLSClientHello(h => console.log('hello', JSON.stringify(h))).connect('127.0.0.1:%d'))
	`, target, port, target), port, target)
	if out := sClient(t, port, httpRequest, "-ign_eof", "-servername", "some.where", "-alpn", "h2,x"); !strings.Contains(out, "200 OK") {
		t.Errorf("%s", out)
	}
	w.WaitLog(`hello {"serverNames":["some.where"],"protocolNames":["h2","x"]}`)
	if out := sClient(t, port, httpRequest, "-ign_eof", "-noservername"); !strings.Contains(out, "200 OK") {
		t.Errorf("%s", out)
	}
	w.WaitLog(`hello {}`)
}

// sServer runs openssl s_server answering with -www.
func sServer(t *testing.T, args ...string) (port int) {
	t.Helper()
	harness.Need(t, "openssl")
	dir := certificates().write(t)
	port = harness.Port(t)
	args = append([]string{"s_server", "-accept", harness.Addr(port), "-www"}, args...)
	for i, a := range args {
		if name, ok := strings.CutPrefix(a, "@"); ok {
			args[i] = dir + "/" + name
		}
	}
	p, err := proc.Start(proc.Command{Name: "openssl", Args: args})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(syscall.SIGKILL, harness.Patience) })
	harness.Eventually(t, "openssl to listen", func() bool { return strings.Contains(p.Stdout.String(), "ACCEPT") })
	return port
}

// fetchScript fetches a page by connectTLS and prints what came, and what the session said.
const fetchScript = `
	var state = s => console.log('state', s.state, s.error || '-', s.protocol || '-', s.peer?.subject?.commonName || '-')
	var fetch = (port, options) => pipeline($=>$
		.onStart(new Data('GET / HTTP/1.0\r\n\r\n'))
		.connectTLS({ onState: state, ...options }).to($=>$.connect('localhost:' + port))
		.handleData(d => d.size && console.log('data', d.toString().split('\r\n')[0]))
		.handleStreamEnd(e => console.log('end', e.error || '-'))
	).spawn()
	fetch(PORT, OPTIONS).then(() => console.log('done'))
`

func TestConnectTLSWithOpenSSL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		server  string
		flags   string
		options string
		want    []string
	}{
		{"TLS 1.3", "-cert @server.crt -key @server.key", "", "{ trusted: [cert('ca')] }", []string{"state connected - - server", "data HTTP/1.0 200 ok", "end -", "done"}},
		{"TLS 1.2", "-cert @server.crt -key @server.key -tls1_2", "", "{ trusted: [cert('ca')] }", []string{"data HTTP/1.0 200 ok"}},
		{"TLS 1.0", "-cert @server.crt -key @server.key -tls1 -cipher DEFAULT@SECLEVEL=0", "", "{ minVersion: 'TLS1' }", []string{"data HTTP/1.0 200 ok"}},
		{"old version", "-cert @server.crt -key @server.key -tls1_1 -cipher DEFAULT@SECLEVEL=0", "", "{}", []string{"state closed alert from the peer: protocol version not supported"}},
		{"not verified", "-cert @stranger.crt -key @stranger.key", "", "{}", []string{"[WRN] [tls] the certificate of localhost is not verified", "data HTTP/1.0 200 ok"}},
		{"wrong CA", "-cert @stranger.crt -key @stranger.key", "", "{ trusted: [cert('ca')] }",
			[]string{"state closed certificate verify failed: x509: certificate signed by unknown authority", "[WRN] [tls] handshake failed (error = certificate verify failed", "end -", "done"}},
		{"expired", "-cert @expired.crt -key @expired.key", "", "{ trusted: [cert('ca')] }", []string{"state closed certificate verify failed: x509: certificate has expired"}},
		{"the system's roots", "-cert @server.crt -key @server.key", "", "{ verify: 'system' }", []string{"state closed certificate verify failed: x509: certificate signed by unknown authority"}},
		{"the system's roots by flag", "-cert @server.crt -key @server.key", "--tls-verify", "{}", []string{"state closed certificate verify failed: x509: certificate signed by unknown authority"}},
		{"name of the target", "-cert @server.crt -key @server.key", "", "{ verify: 'system', trusted: [cert('ca')] }", []string{"data HTTP/1.0 200 ok"}},
		{"wrong name of the target", "-cert @a.crt -key @a.key", "", "{ verify: 'system', trusted: [cert('ca')] }", []string{"state closed certificate verify failed: x509: certificate is valid for a.test, not localhost"}},
		{"name by sni", "-cert @a.crt -key @a.key", "", "{ verify: 'system', trusted: [cert('ca')], sni: 'a.test' }", []string{"data HTTP/1.0 200 ok"}},
		{"wrong name by sni", "-cert @a.crt -key @a.key", "", "{ verify: 'system', trusted: [cert('ca')], sni: 'b.test' }", []string{"valid for a.test, not b.test"}},
		{"server name", "-cert @server.crt -key @server.key -servername a.test -cert2 @a.crt -key2 @a.key", "", "{ sni: () => 'a.test' }", []string{"state connected - - a", "data HTTP/1.0 200 ok"}},
		{"ALPN", "-cert @server.crt -key @server.key -alpn x,y", "", "{ alpn: ['z', 'y'] }", []string{"state connected - y server"}},
		{"client certificate", "-cert @server.crt -key @server.key -CAfile @ca.crt -Verify 1 -verify_return_error", "", "{ certificate: id('client') }", []string{"data HTTP/1.0 200 ok"}},
		{"no client certificate", "-cert @server.crt -key @server.key -CAfile @ca.crt -Verify 1", "", "{}", []string{"state closed alert from the peer: certificate required"}},
		{"client certificate by promise", "-cert @server.crt -key @server.key -CAfile @ca.crt -Verify 1 -verify_return_error -tls1_2", "",
			"{ certificate: async () => (await new Timeout(0.01).wait(), id('client')) }", []string{"data HTTP/1.0 200 ok"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			port := sServer(t, strings.Fields(c.server)...)
			script := strings.NewReplacer("PORT", fmt.Sprint(port), "OPTIONS", c.options).Replace(fetchScript)
			w := startTLSFlags(t, strings.Fields(c.flags), script)
			for _, want := range c.want {
				w.WaitLog(want)
			}
		})
	}
}

func TestConnectTLSResumes(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		resumed := make(chan bool, 10)
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificates().identity("server")}, MaxVersion: version})
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
					c.Read(make([]byte, 100))
					resumed <- c.(*tls.Conn).ConnectionState().DidResume
					io.WriteString(c, "HTTP/1.0 200 ok\r\n\r\n")
				}()
			}
		}()
		startTLS(t, fmt.Sprintf(`
			var target = () => 'localhost:%d'
			var p = pipeline($=>$.onStart(new Data('x')).connectTLS({ trusted: [cert('ca')] }).to($=>$.connect(target)))
			p.spawn().then(() => p.spawn()).then(() => p.spawn())
		`, l.Addr().(*net.TCPAddr).Port))
		for i := range 3 {
			select {
			case r := <-resumed:
				if r != (i > 0) {
					t.Errorf("TLS %x, connection %d: resumed %t", version, i, r)
				}
			case <-time.After(harness.Patience):
				t.Fatal("no connection")
			}
		}
	}
}

func TestTLSWithNginx(t *testing.T) {
	t.Parallel()
	dir := certificates().write(t)
	upstream, front, port := harness.Port(t), harness.Port(t), harness.Port(t)
	harness.StartNginx(t, fmt.Sprintf(`
		listen 127.0.0.1:%d ssl; ssl_certificate %s/server.crt; ssl_certificate_key %[2]s/server.key; ssl_protocols TLSv1.2 TLSv1.3;
		ssl_client_certificate %[2]s/ca.crt; ssl_verify_client on;
		location / { return 200 "upstream $ssl_client_s_dn $ssl_protocol"; }`, upstream, dir), nil)
	startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), trusted: [cert('ca')] }).to($=>$
			.demuxHTTP().to($=>$.muxHTTP().to($=>$.connectTLS({ sni: 'localhost', certificate: id('client'), trusted: [cert('ca')] }).to($=>$.connect('127.0.0.1:%d'))))))
	`, port, upstream), port)
	harness.StartNginx(t, fmt.Sprintf(`
		listen 127.0.0.1:%d ssl; ssl_certificate %s/a.crt; ssl_certificate_key %[2]s/a.key;
		location / { proxy_pass https://127.0.0.1:%d; proxy_ssl_certificate %[2]s/client.crt; proxy_ssl_certificate_key %[2]s/client.key;
			proxy_ssl_trusted_certificate %[2]s/ca.crt; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
		front, dir, port), nil)
	for range 3 {
		got := harness.Curl(t, "--cacert", dir+"/ca.crt", "--connect-to", fmt.Sprintf("a.test:443:127.0.0.1:%d", front), "https://a.test/")
		if got != "upstream CN=client TLSv1.3" {
			t.Errorf("%q", got)
		}
	}
}

func TestMutualTLSBetweenTwo(t *testing.T) {
	t.Parallel()
	inner, outer := harness.Port(t), harness.Port(t)
	startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), trusted: [cert('ca')], alpn: ['tunnel'] }).to($=>$
			.replaceData(d => new Data(d.toString().toUpperCase()))))`, inner), inner)
	startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.connectTLS({ certificate: id('client'), trusted: [cert('ca')], verify: ok => ok, alpn: 'tunnel', sni: 'localhost' }).to($=>$
			.connect('127.0.0.1:%d')))`, outer, inner), outer)
	text := strings.Repeat("some text, ", 100_000)
	c := harness.Dial(t, outer)
	go c.Write([]byte(text))
	if got := c.ReadN(len(text)); got != strings.ToUpper(text) {
		t.Error("the text has changed")
	}
	c.CloseWrite()
	if rest := c.ReadAll(); rest != "" {
		t.Errorf("rest %q", rest)
	}
}

// recordTypes notes the types of the records that are read.
type recordTypes struct {
	net.Conn
	seen []byte
}

func (r *recordTypes) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.seen = append(r.seen, b[:n]...)
	return n, err
}

// types returns the record types seen.
func (r *recordTypes) types() (list []byte) {
	for b := r.seen; len(b) >= 5; b = b[min(len(b), 5+int(b[3])<<8+int(b[4])):] {
		list = append(list, b[0])
	}
	return list
}

const alertRecord = 21

func TestTLSShutdown(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		var state = s => s.state == 'closed' && console.log('closed:', s.error || '-')
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), onState: state }).to($=>$
			.handleStreamEnd(e => console.log('end:', e.error || '-'))
			.replaceStreamEnd(e => [new Data('bye'), e])))`, port), port)
	config := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12} // whose alerts can be told from data
	connect := func() (*tls.Conn, *recordTypes) {
		tcp := harness.Dial(t, port)
		r := &recordTypes{Conn: tcp.TCPConn}
		c := tls.Client(r, config)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "hello")
		if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		return c, r
	}

	// close_notify is a half-close, and is answered.
	c, r := connect()
	c.CloseWrite()
	if b, err := io.ReadAll(c); err != nil || string(b) != "bye" {
		t.Errorf("%q, %v", b, err)
	}
	if types := r.types(); types[len(types)-1] != alertRecord {
		t.Errorf("records %v: no close_notify at the end", types)
	}
	w.WaitLog("closed: -")
	w.WaitLog("end: -")

	// Without it, the end is one all the same, and the session says so.
	c, r = connect()
	r.Conn.(*net.TCPConn).CloseWrite()
	if b, err := io.ReadAll(c); err != nil || string(b) != "bye" {
		t.Errorf("%q, %v", b, err)
	}
	w.WaitLog("closed: unexpected eof while reading")

	// Garbage in place of a record is answered with an alert.
	c, r = connect()
	io.WriteString(r.Conn, "\x17\x03\x03\x00\x20"+strings.Repeat("x", 32))
	var op *net.OpError
	if _, err := io.ReadAll(c); !errors.As(err, &op) || op.Op != "remote error" || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("garbage: %v", err)
	}
	w.WaitLog("closed: decryption failed or bad record mac")
	w.WaitLog("end: ReadError")
}

// A client that resets, or goes away, anywhere in the handshake leaves nothing behind.
func TestTLSHandshakeCutOff(t *testing.T) {
	t.Parallel()
	port, never := harness.Port(t), harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), trusted: [cert('ca')] }).to($=>$.serveHTTP(() => new Message('hello'))))
		pipy.listen(%d, $=>$.acceptTLS({ certificate: () => new Promise(() => {}) }).to($=>$))
	`, port, never), port, never)
	files := harness.OpenFiles(t, w.PID)
	config := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{certificates().identity("client")}}
	for _, reset := range []bool{true, false} {
		for limit := 0; limit < 3000; limit += 61 {
			tcp := harness.Dial(t, port)
			c := tls.Client(&budget{Conn: tcp.TCPConn, left: limit}, config)
			c.Handshake() // which succeeds once the limit is high enough
			if reset {
				tcp.Reset()
			} else {
				tcp.Close()
			}
		}
	}
	for range 10 {
		tcp := harness.Dial(t, never)
		c := tls.Client(&budget{Conn: tcp.TCPConn, left: 10000}, config)
		tcp.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) // the answer never comes
		if c.Handshake() == nil {
			t.Error("a handshake without a certificate")
		}
		tcp.Reset()
	}
	harness.Eventually(t, "all connections to be closed", func() bool { return harness.OpenFiles(t, w.PID) <= files })
	c := dialTLS(t, port, config)
	io.WriteString(c, httpRequest)
	if b, err := io.ReadAll(c); err != nil || !bytes.Contains(b, []byte("hello")) {
		t.Errorf("%q, %v", b, err)
	}
}

// budget fails writes once so many bytes are written.
type budget struct {
	net.Conn
	left int
}

func (b *budget) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if n, err := b.Conn.Write(p[:n]); err != nil || n == len(p) {
		return n, err
	}
	return n, os.ErrClosed
}

// Many clients that send a handshake byte by byte are cut off after the limit; meanwhile others are served.
func TestTLSSlowHandshakes(t *testing.T) {
	t.Parallel()
	const count = 300
	port := harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server'), handshakeTimeout: 3 }).to($=>$.serveHTTP(() => new Message('hello'))))
	`, port), port)
	hello := clientHello(t)
	bounded(t, w, 24<<20, func() {
		conns := harness.DialMany(t, port, count)
		for _, b := range hello[:len(hello)-1] {
			for _, c := range conns {
				c.Write([]byte{b})
			}
		}
		c := dialTLS(t, port, nil)
		io.WriteString(c, httpRequest)
		if b, err := io.ReadAll(c); err != nil || !bytes.Contains(b, []byte("hello")) {
			t.Errorf("%q, %v", b, err)
		}
		for _, c := range conns {
			c.SetReadDeadline(time.Now().Add(harness.Patience))
			if n, err := c.Read(make([]byte, 1)); n > 0 || os.IsTimeout(err) {
				t.Fatalf("not cut off: %d, %v", n, err)
			}
			c.Close()
		}
	})
	w.WaitLog("handshake timed out after 3 seconds")
}

// clientHello returns the first record of a client.
func clientHello(t *testing.T) []byte {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	go tls.Client(far, &tls.Config{ServerName: "localhost", CurvePreferences: []tls.CurveID{tls.X25519}}).Handshake()
	b := make([]byte, 4096)
	n, err := near.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

func TestSlowReaderTLS(t *testing.T) {
	t.Parallel()
	source := endlessTLS(t)
	port, back := harness.Port(t), harness.Port(t)
	sink, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server') }).to($=>$.connectTLS().to($=>$.connect('127.0.0.1:%d'))))
		pipy.listen(%d, $=>$.acceptTLS({ certificate: id('server') }).to($=>$.connect('%s')))
	`, port, source, back, sink.Addr()), port, back)
	slowReader(t, w, func() {
		c := dialTLS(t, port, nil)
		io.WriteString(c, "go")
		if n := harness.SlowRead(t, c, slowRate, slowTime); n == 0 {
			t.Error("nothing came")
		}
	})
	// The other way: a client that sends more than a slow target takes.
	slowReader(t, w, func() {
		c := dialTLS(t, back, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			b := make([]byte, 64<<10)
			for c.SetWriteDeadline(time.Now().Add(slowTime)) == nil {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}()
		target, err := sink.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer target.Close()
		harness.SlowRead(t, target, slowRate, slowTime)
		<-done
	})
}

// endlessTLS is a server that sends for ever once it has read something.
func endlessTLS(t *testing.T) (port int) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificates().identity("server")}})
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
				b := make([]byte, 64<<10)
				if _, err := c.Read(b); err != nil {
					return
				}
				for err == nil {
					_, err = c.Write(b)
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// The version of HTTP spoken to a server is chosen by ALPN, and requests wait until it is.
func TestVersionByALPN(t *testing.T) {
	t.Parallel()
	dir := certificates().write(t)
	for protocol, offer := range map[string]string{"h2": `['h2', 'http/1.1']`, "h1": `['http/1.1']`, "h1 without ALPN": `undefined`} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			ports := harness.Ports(t, 2)
			startTLS(t, fmt.Sprintf(`
				pipy.listen(%[2]d, $=>$.acceptTLS({ certificate: id('server'), alpn: %[3]s }).to($=>$
					.demuxHTTP().to($=>$.replaceMessage(req => new Message((req.head.scheme ? 'h2 ' : 'h1 ') + req.body.size)))))
				var select
				pipy.listen(%[1]d, $=>$.acceptTLS({ certificate: id('server'), alpn: ['h2', 'http/1.1'] }).to($=>$
					.demuxHTTP().to($=>$
						.muxHTTP(() => 'server', { version: () => new Promise(r => select = r) }).to($=>$
							.connectTLS({ sni: 'localhost', trusted: [cert('ca')], alpn: ['h2', 'http/1.1'], handshake: i => select(i.alpn || 'http/1.1') })
							.to($=>$.connect('127.0.0.1:%[2]d'))))))
			`, ports[0], ports[1], offer), ports...)
			for _, version := range []string{"--http1.1", "--http2"} {
				url := fmt.Sprintf("https://localhost:%d/", ports[0])
				got := harness.Curl(t, version, "--cacert", dir+"/ca.crt", "-w", " %{http_version};", "-d", "hello", url, "--next",
					"--silent", version, "--cacert", dir+"/ca.crt", "-w", " %{http_version};", "--data-binary", "@"+dir+"/ca.crt", url)
				spoken := strings.TrimSuffix(strings.TrimPrefix(version, "--http"), ".0")
				if want := fmt.Sprintf("%s 5 %s;%[1]s %[3]d %[2]s;", protocol[:2], spoken, len(certificates().files["ca.crt"])); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
}

// What a client asks before it ends its side is all answered, however much it is at a time.
func TestPipeliningToTheEnd(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	startTLS(t, fmt.Sprintf(`
		var secure = serve => $=>$.acceptTLS({ certificate: id('server') }).to(serve)
		pipy.listen(%d, secure($=>$.serveHTTP(req => new Message(req.head.path))))
		pipy.listen(%d, secure($=>$.demuxHTTP().to($=>$.replaceMessage(req => new Timeout(0.001).wait().then(() => new Message(req.head.path))))))
	`, ports[0], ports[1]), ports...)
	const count = 500
	var requests, want strings.Builder
	for i := range count {
		fmt.Fprintf(&requests, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		fmt.Fprintf(&want, "/%d;", i)
	}
	for i, port := range ports {
		c := dialTLS(t, port, nil)
		go func() {
			io.WriteString(c, requests.String())
			c.CloseWrite()
		}()
		var got strings.Builder
		r := bufio.NewReader(c)
		for {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				break
			}
			b, _ := io.ReadAll(res.Body)
			got.WriteString(string(b) + ";")
		}
		if got.String() != want.String() {
			t.Errorf("port %d: %d answers", i, strings.Count(got.String(), ";"))
		}
	}
}
