//go:build linux

package test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"weir/test/harness"
)

func init() { os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true") }

// http3Client is quic-go's own client.
func http3Client(t *testing.T, change func(*tls.Config)) *http.Client {
	t.Helper()
	config := &tls.Config{RootCAs: certificates().pool("ca"), ServerName: "localhost"}
	if change != nil {
		change(config)
	}
	tr := &http3.Transport{TLSClientConfig: config, QUICConfig: &quic.Config{
		MaxStreamReceiveWindow: 1 << 20, MaxConnectionReceiveWindow: 4 << 20, HandshakeIdleTimeout: harness.Patience,
	}}
	t.Cleanup(func() { tr.Close() })
	return &http.Client{Transport: tr, Timeout: harness.Patience}
}

func http3URL(port int, path string) string { return "https://" + harness.Addr(port) + path }

// http3Get fails the test unless the response is whole.
func http3Get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

const http3Script = `
	var describe = m => new Message({ headers: { 'content-type': 'text/plain', 'x-protocol': String(m.head.protocol) } },
		[m.head.method, m.head.scheme, m.head.authority, m.head.path, m.head.headers.host, m.head.headers['x-a'], m.body?.size, m.tail?.headers?.['x-sum']].join(' '))
	var answer = m => {
		switch (m.head.path) {
			case '/empty': return new Message({ status: 204 })
			case '/304': return new Message({ status: 304, headers: { etag: '"x"', 'content-length': 7 } })
			case '/later': return new Timeout(0.01).wait().then(() => new Message('later'))
			case '/cookies': return new Message({ headers: { 'set-cookie': ['a=1', 'b=2'], connection: 'close' } }, 'c')
			case '/trailers': return new Message({ status: 200 }, 'with trailers', { headers: { 'x-end': 'yes' } })
			case '/throw': throw new Error('oops')
			case '/big': return new Message(new Data('0123456789abcdef'.repeat(1 << 16)))
		}
		return describe(m)
	}
`

func TestHTTP3(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	startTLSFlags(t, []string{"--threads=2"}, fmt.Sprintf(http3Script+`
		var tls = { certificate: id('server'), handshake: h => console.log('alpn', h.alpn) }
		pipy.listen(%d, 'quic', { tls }, $=>$.serveHTTP(answer))
		pipy.listen(%d, { protocol: 'quic', tls }, $=>$
			.onStart(i => { console.log('start', i.remoteAddress, i.localPort, i.socket) })
			.onEnd(() => { console.log('end') })
			.demuxHTTP().to($=>$.replaceMessage(m => answer(m))))
		pipy.listen(%d, { protocol: 'quic', tls }, $=>$.demuxHTTP().to($=>$.handleMessageStart(m => { m.head = { status: 200 } })))
	`, ports[0], ports[1], ports[2]), ports...)
	for _, filter := range []struct {
		name string
		port int
	}{{"serveHTTP", ports[0]}, {"demuxHTTP", ports[1]}} {
		url := func(path string) string { return http3URL(filter.port, path) }
		t.Run(filter.name, func(t *testing.T) {
			t.Parallel()
			c := http3Client(t, nil)
			req, _ := http.NewRequest("GET", url("/a?b=1"), nil)
			req.Header.Set("X-A", "1")
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			host := harness.Addr(filter.port)
			want := fmt.Sprintf("GET https %s /a?b=1 %s 1 0 ", host, host)
			if string(body) != want || res.Proto != "HTTP/3.0" || res.Header.Get("X-Protocol") != "undefined" || res.ContentLength != int64(len(want)) {
				t.Errorf("got %q of %q, %+v", body, want, res)
			}
			if res.Header["Date"] != nil || len(res.Header) != 3 {
				t.Errorf("headers that nobody has sent: %v", res.Header)
			}
			for _, c := range []struct {
				method, path string
				status       int
				length       int64
				body         string
			}{
				{"GET", "/later", 200, 5, "later"}, {"GET", "/empty", 204, 0, ""}, {"GET", "/304", 304, 7, ""},
				{"HEAD", "/later", 200, -1, ""}, {"GET", "/throw", 502, -2, ""},
			} {
				req, _ := http.NewRequest(c.method, url(c.path), nil)
				res, err := http3Client(t, nil).Do(req)
				if err != nil {
					t.Errorf("%s %s: %v", c.method, c.path, err)
					continue
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != c.status || c.length != -2 && res.ContentLength != c.length || c.status < 500 && string(body) != c.body {
					t.Errorf("%s %s: %v %d %d %q", c.method, c.path, err, res.StatusCode, res.ContentLength, body)
				}
			}
			res, body2 := http3Get(t, c, url("/cookies"))
			if got := res.Header["Set-Cookie"]; !slices.Equal(got, []string{"a=1", "b=2"}) || res.Header["Connection"] != nil || body2 != "c" {
				t.Errorf("cookies: %v", res.Header)
			}
			res, body2 = http3Get(t, c, url("/trailers"))
			if body2 != "with trailers" || res.Trailer.Get("X-End") != "yes" {
				t.Errorf("%q, trailers %v", body2, res.Trailer)
			}
			if _, body2 = http3Get(t, c, url("/big")); body2 != strings.Repeat("0123456789abcdef", 1<<16) {
				t.Errorf("%d bytes", len(body2))
			}
			// Trailers of a request, and a body without a length.
			req, _ = http.NewRequest("POST", url("/p"), io.MultiReader(strings.NewReader("abc"), strings.NewReader("def")))
			req.Trailer = http.Header{"X-Sum": {"6"}}
			if res, err = c.Do(req); err != nil {
				t.Fatal(err)
			}
			body, _ = io.ReadAll(res.Body)
			if want := fmt.Sprintf("POST https %s /p %s  6 6", host, host); string(body) != want {
				t.Errorf("got %q, want %q", body, want)
			}
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					res, err := c.Get(url("/later"))
					if err != nil {
						t.Error(err)
						return
					}
					if body, err := io.ReadAll(res.Body); err != nil || string(body) != "later" {
						t.Errorf("%q %v", body, err)
					}
				})
			}
			all.Wait()
		})
	}
	t.Run("echo", func(t *testing.T) {
		t.Parallel()
		c := http3Client(t, nil)
		for _, known := range []bool{true, false} {
			sent, got := sha256.New(), sha256.New()
			const size = 20 << 20
			body := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sent)
			req, _ := http.NewRequest("POST", http3URL(ports[2], "/"), body)
			if known {
				req.ContentLength = size
			}
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(got, res.Body)
			if err != nil || n != size || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
				t.Errorf("%d bytes came back, %v", n, err)
			}
		}
	})
}

func TestHTTP3TLS(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 4)
	w := startTLS(t, fmt.Sprintf(`
		var hello = $=>$.serveHTTP(() => new Message('hello'))
		var byName = name => name == 'b.test' ? new Timeout(0.01).wait().then(() => id('b')) : name == 'c.test' ? null : name == 'd.test' ? 1 : id(name == 'a.test' ? 'a' : 'server')
		pipy.listen(%d, 'quic', { tls: { certificate: byName, alpn: ['http/1.1'] } }, hello)
		pipy.listen(%d, 'quic', { tls: { certificate: id('server'), trusted: [cert('ca')] } }, hello)
		pipy.listen(%d, 'quic', { tls: { certificate: id('server'), trusted: [cert('ca')],
			verify: (ok, c) => (console.log('verify', ok, c.subject.commonName), ok && c.subject.commonName != 'a') } }, hello)
		pipy.listen(%d, 'quic', { tls: { certificate: () => new Timeout(3600).wait(), handshakeTimeout: 1 } }, hello)
	`, ports[0], ports[1], ports[2], ports[3]), ports...)
	for _, c := range []struct {
		name, server, client string
		port                 int
		fails                string
	}{
		{"server name", "a.test", "", ports[0], ""},
		{"server name by promise", "b.test", "", ports[0], ""},
		{"another server name", "localhost", "", ports[0], ""},
		{"no certificate", "c.test", "", ports[0], "CRYPTO_ERROR"},
		{"a wrong certificate", "d.test", "", ports[0], "CRYPTO_ERROR"},
		{"no answer for a certificate", "localhost", "", ports[3], "CRYPTO_ERROR"},
		{"client certificate", "localhost", "client", ports[1], ""},
		{"no client certificate", "localhost", "", ports[1], "certificate required"},
		{"client certificate of another CA", "localhost", "stranger", ports[1], "unknown certificate authority"},
		{"client certificate expired", "localhost", "expired", ports[1], "expired certificate"},
		{"verified by a callback", "localhost", "client", ports[2], ""},
		{"rejected by a callback", "localhost", "a", ports[2], "CRYPTO_ERROR"},
		{"stranger to a callback", "localhost", "stranger", ports[2], "CRYPTO_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := http3Client(t, func(config *tls.Config) {
				config.ServerName = c.server
				if c.client != "" {
					id := certificates().identity(c.client)
					config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &id, nil }
				}
			})
			res, err := client.Get(http3URL(c.port, "/"))
			if err == nil {
				var body []byte
				body, err = io.ReadAll(res.Body)
				if c.fails == "" && (err != nil || string(body) != "hello") {
					t.Errorf("%q, %v", body, err)
				}
			} else if c.fails == "" {
				t.Error(err)
			}
			if c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
				t.Errorf("got %v, want %q", err, c.fails)
			}
		})
	}
	for _, text := range []string{"verify true client", "verify false stranger", "certificate callback did not return an object"} {
		// The client may know of the refusal before what the server logs of it is here.
		harness.Eventually(t, "the log to have "+text, func() bool { return strings.Contains(w.Stderr.String()+w.Stdout.String(), text) })
	}
}

func TestHTTP3Errors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, script, want string }{
		{"no certificate", `pipy.listen(1, 'quic', $=>$.serveHTTP(new Message))`, "protocol quic needs a certificate in options.tls"},
		{"an empty object", `pipy.listen(1, 'quic', { tls: {} }, $=>$.serveHTTP(new Message))`, "protocol quic needs a certificate in options.tls"},
		{"another filter", `pipy.listen(1, 'quic', { tls: { certificate: id('server') } }, $=>$.dummy())`, "protocol quic needs demuxHTTP or serveHTTP as its first filter"},
		{"no filter", `pipy.listen(1, 'quic', { tls: { certificate: id('server') } }, $=>$)`, "protocol quic needs demuxHTTP or serveHTTP as its first filter"},
		{"one more filter", `pipy.listen(1, 'quic', { tls: { certificate: id('server') } }, $=>$.serveHTTP(new Message).dump())`, "protocol quic takes no filter after"},
		{"an old version", `pipy.listen(1, 'quic', { tls: { certificate: id('server'), maxVersion: 'TLS1.2' } }, $=>$.serveHTTP(new Message))`, "QUIC needs TLS 1.3"},
		{"tls for tcp", `pipy.listen(1, { tls: { certificate: id('server') } }, $=>$.serveHTTP(new Message))`, "options.tls is for protocol quic"},
		{"tls that is no object", `pipy.listen(1, 'quic', { tls: 1 }, $=>$.serveHTTP(new Message))`, "options.tls expects an object"},
		{"a wrong protocol", `pipy.listen(1, 'quick', $=>$.serveHTTP(new Message))`, "unknown protocol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"main.js": tlsPrelude + c.script}
			maps.Copy(files, certificates().files)
			w := harness.Spawn(t, harness.Config{Files: files})
			if w.WaitExit() == 0 || !strings.Contains(w.Stderr.String(), c.want) {
				t.Errorf("no %q in\n%s", c.want, w.Stderr.String())
			}
		})
	}
}

// http3Stats is a script with an echo, a source without an end, and counters of what is under way.
const http3Stats = `
	var open = 0, conns = 0
	var tls = { certificate: id('server') }
	pipy.listen(%d, 'quic', { tls }, $=>$
		.onStart(() => { conns++ })
		.onEnd(() => { conns-- })
		.demuxHTTP().to($=>$
			.onStart(() => { open++ })
			.onEnd(() => { open-- })
			.pipe(evt => evt instanceof MessageStart ? evt.head.path : undefined, {
				'/echo': $=>$.handleMessageStart(m => { m.head = { status: 200 } }),
				'/long': $=>$.replaceMessage(() => new Message('x'.repeat(4 << 20))),
				'/never': $=>$.replaceMessage(() => new Timeout(3600).wait()),
			})))
	pipy.listen(%d, $=>$.serveHTTP(() => new Message(open + ' ' + conns)))
`

// http3Counts waits until as many requests and connections are under way.
func http3Counts(t *testing.T, port int, want string) {
	t.Helper()
	harness.Eventually(t, "counts of "+want, func() bool {
		_, body := harness.Get(t, port, "/")
		return body == want
	})
}

func TestHTTP3Cancel(t *testing.T) {
	t.Parallel()
	port, stats := harness.Port(t), harness.Port(t)
	w := startTLS(t, fmt.Sprintf(http3Stats, port, stats), port, stats)
	c := http3Client(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			var body io.Reader
			switch i % 3 {
			case 0:
				body = endless{}
			case 1:
				body = strings.NewReader("x")
			}
			req, _ := http.NewRequestWithContext(ctx, "POST", http3URL(port, "/never"), body)
			if res, err := c.Do(req); err == nil {
				t.Errorf("answered: %v", res.Status)
			}
		})
	}
	http3Counts(t, stats, "30 1")
	cancel()
	all.Wait()
	http3Counts(t, stats, "0 1")

	// A response that is not read to its end, and requests that end with their connection.
	res, err := c.Get(http3URL(port, "/long"))
	if err != nil {
		t.Fatal(err)
	}
	io.ReadFull(res.Body, make([]byte, 1<<10))
	res.Body.Close()
	http3Counts(t, stats, "0 1")
	for range 5 {
		all.Go(func() { c.Get(http3URL(port, "/never")) })
	}
	http3Counts(t, stats, "5 1")
	c.Transport.(*http3.Transport).Close()
	all.Wait()
	http3Counts(t, stats, "0 0")
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestHTTP3BackPressure(t *testing.T) {
	t.Parallel()
	port, stats := harness.Port(t), harness.Port(t)
	upstream := harness.StartUpstreamHandler(t, "source", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/small" {
			return
		}
		piece := make([]byte, 1<<20)
		for range 300 {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	}))
	slow := make(chan struct{})
	sink := harness.StartUpstreamHandler(t, "sink", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-slow
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	}))
	w := startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, 'quic', { tls: { certificate: id('server') } }, $=>$.demuxHTTP().to($=>$
			.muxHTTP().to($=>$.connect('%s'))))
		pipy.listen(%d, 'quic', { tls: { certificate: id('server') } }, $=>$.demuxHTTP().to($=>$
			.muxHTTP().to($=>$.connect('%s'))))
	`, port, upstream.Addr(), stats, sink.Addr()), port, stats)
	c := http3Client(t, nil)
	c.Timeout = 0
	http3Get(t, http3Client(t, nil), http3URL(port, "/small"))
	before := harness.RSS(t, w.PID)
	res, err := c.Get(http3URL(port, "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	// The client reads nothing: what the upstream may send is bounded, and so is what weir keeps.
	io.ReadFull(res.Body, make([]byte, 1<<20))
	var sent atomic.Int64
	const size = 200 << 20
	done := make(chan string, 1)
	go func() {
		req, _ := http.NewRequest("POST", http3URL(stats, "/"), io.TeeReader(io.LimitReader(endless{}, size), sentCounter{&sent}))
		res, err := c.Do(req)
		if err != nil {
			done <- err.Error()
			return
		}
		body, _ := io.ReadAll(res.Body)
		done <- string(body)
	}()
	last := int64(-1)
	harness.Eventually(t, "the upload to stall", func() bool {
		now := sent.Load()
		stalled := now == last && now > 0
		last = now
		time.Sleep(300 * time.Millisecond)
		return stalled
	})
	if last > 64<<20 {
		t.Errorf("%d bytes were taken that nobody reads", last)
	}
	if grown := harness.RSS(t, w.PID) - before; grown > 64<<20 {
		t.Errorf("memory has grown by %d MB", grown>>20)
	}
	close(slow)
	if got := <-done; got != strconv.Itoa(size) {
		t.Errorf("the sink got %s", got)
	}
	if n, err := io.Copy(io.Discard, res.Body); n != 299<<20 || err != nil {
		t.Errorf("%d bytes were left to read, %v", n, err)
	}
}

type sentCounter struct{ n *atomic.Int64 }

func (c sentCounter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

func TestHTTP3BadInput(t *testing.T) {
	t.Parallel()
	port, stats := harness.Port(t), harness.Port(t)
	w := startTLS(t, fmt.Sprintf(http3Stats, port, stats), port, stats)
	c := http3Client(t, nil)
	u, err := net.Dial("udp", harness.Addr(port))
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	random := rand.NewChaCha8([32]byte{7})
	for n := range 2000 {
		b := make([]byte, n%1400)
		random.Read(b)
		if n%2 == 0 && len(b) > 5 {
			copy(b, []byte{0xc0, 0, 0, 0, 1}) // as if an Initial of version 1
		}
		u.Write(b)
	}
	// Handshakes that go no further than the first flight.
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			_, _ = quic.DialAddr(ctx, harness.Addr(port), &tls.Config{RootCAs: certificates().pool("ca"), NextProtos: []string{"h3"},
				VerifyConnection: func(tls.ConnectionState) error { cancel(); return errors.New("no") }}, nil)
		}()
		<-ctx.Done()
	}
	// Another protocol is refused.
	if conn, err := quic.DialAddr(t.Context(), harness.Addr(port), &tls.Config{RootCAs: certificates().pool("ca"), NextProtos: []string{"x"}}, nil); err == nil {
		t.Error("a connection of another protocol is open")
		conn.CloseWithError(0, "")
	}
	// Streams that are cut off, and what is no HTTP/3.
	for _, bytes := range []string{"", "\x01", "\x01\x40", "\x00\x05hello", "\x01\x03\x00\x00\x00", "\x01\x04\xff\xff\xff\xff", "\x21\x00\x21\x02ab", "\x01\xbf\xff\xff\xff", "\x04\x00"} {
		conn, err := quic.DialAddr(t.Context(), harness.Addr(port), &tls.Config{RootCAs: certificates().pool("ca"), NextProtos: []string{"h3"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			s, err := conn.OpenStream()
			if err != nil {
				break // an error of the whole connection
			}
			s.Write([]byte(bytes))
			switch i {
			case 0:
				s.CancelWrite(0x10c)
			case 1:
				s.CancelRead(0x10c)
			case 2:
				s.Close()
			}
		}
		if s, err := conn.OpenUniStream(); err == nil {
			s.Write([]byte("\x00\x0d\x00"))
			s.Close()
		}
		conn.CloseWithError(0x100, "")
	}
	long := strings.Repeat("x", 100<<10)
	req, _ := http.NewRequest("GET", http3URL(port, "/echo"), nil)
	req.Header.Set("X-Long", long)
	if res, err := c.Do(req); err != nil || res.StatusCode != 431 {
		t.Errorf("too long a header: %v %v", res, err)
	}
	req, _ = http.NewRequest("GET", http3URL(port, "/echo"), nil)
	req.Header.Set("X-Long", long[:20<<10])
	if res, err := c.Do(req); err != nil || res.StatusCode != 431 {
		t.Errorf("a header above maxHeaderSize: %v %v", res, err)
	}
	res, body := http3Get(t, c, http3URL(port, "/echo"))
	if res.StatusCode != 200 || body != "" {
		t.Errorf("afterwards: %v %q", res.Status, body)
	}
	http3Counts(t, stats, "0 1")
	if !w.Running() {
		t.Error("weir has ended")
	}
}

// A client that stops in the middle of a body is answered with 408.
func TestHTTP3BodyTimeout(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, 'quic', { tls: { certificate: id('server') } }, $=>$.serveHTTP(() => new Message('ok'), { bodyTimeout: 0.2 }))
	`, port), port)
	c := http3Client(t, nil)
	body, end := io.Pipe()
	defer end.Close()
	go end.Write([]byte("abc"))
	res, err := c.Post(http3URL(port, "/"), "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 408 {
		t.Errorf("status %d", res.StatusCode)
	}
	if _, got := http3Get(t, c, http3URL(port, "/")); got != "ok" {
		t.Errorf("then %q", got)
	}
}

func TestHTTP3Reload(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	script := func(n int) string {
		return tlsPrelude + fmt.Sprintf(`pipy.listen(%d, 'quic', { tls: { certificate: () => id('server') } }, $=>$.serveHTTP(
			() => new Timeout(0.005).wait().then(() => new Message('%d'))))`, port, n)
	}
	w := startTLSFlags(t, []string{"--threads=2"}, strings.TrimPrefix(script(0), tlsPrelude), port)
	var version, requests atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		c := http3Client(t, nil)
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := version.Load()
				res, err := c.Get(http3URL(port, "/"))
				if err != nil {
					t.Errorf("after %d requests: %v", requests.Load(), err)
					return
				}
				body, err := io.ReadAll(res.Body)
				if n, _ := strconv.ParseInt(string(body), 10, 64); err != nil || n < least-1 {
					t.Errorf("%q %v", body, err)
				}
				requests.Add(1)
			}
		})
	}
	for n := 1; n <= 4; n++ {
		was := requests.Load()
		harness.Eventually(t, "requests", func() bool { return requests.Load() > was+50 || t.Failed() })
		harness.WriteFile(t, w.Dir+"/main.js", script(n))
		if err := w.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		probe := http3Client(t, nil)
		harness.Eventually(t, "the new version", func() bool {
			probe.Transport.(*http3.Transport).CloseIdleConnections()
			_, body := http3Get(t, probe, http3URL(port, "/"))
			return body == strconv.Itoa(n)
		})
		version.Store(int64(n))
	}
	close(stop)
	all.Wait()
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(w.Stderr.String(), "Listening on QUIC port"); n != 1 {
		t.Errorf("the port was opened %d times", n)
	}
}

func TestHTTP3Ports(t *testing.T) {
	t.Parallel()
	port, control := harness.Port(t), harness.Port(t)
	w := startTLS(t, fmt.Sprintf(`
		var tls = { certificate: id('server') }
		var open = () => pipy.listen(%d, 'quic', { tls, maxConnections: 1 }, $=>$.serveHTTP(() => new Message('hello')))
		pipy.listen(%d, $=>$.serveHTTP(m => (m.head.path == '/open' ? open() : pipy.listen(%d, 'quic', null), new Message('done'))))
		open()
	`, port, control, port), port, control)
	first, second := http3Client(t, nil), http3Client(t, nil)
	http3Get(t, first, http3URL(port, "/"))
	answered := make(chan error, 1)
	go func() {
		res, err := second.Get(http3URL(port, "/"))
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("a second connection was served: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	http3Get(t, first, http3URL(port, "/"))
	first.Transport.(*http3.Transport).Close()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	// Closing the port leaves the connection alone.
	harness.Get(t, control, "/close")
	w.WaitLog("Stopped listening on QUIC port")
	http3Get(t, second, http3URL(port, "/"))
	if _, err := http3Client(t, nil).Get(http3URL(port, "/")); err == nil {
		t.Error("a connection was accepted by a closed port")
	}
	harness.Get(t, control, "/open")
	second.Transport.(*http3.Transport).Close()
	http3Get(t, http3Client(t, nil), http3URL(port, "/"))
	harness.Get(t, control, "/close")
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestHTTP3Tunnel(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	startTLS(t, fmt.Sprintf(`
		pipy.listen(%d, 'quic', { tls: { certificate: id('server') } }, $=>$.demuxHTTP().to($=>$
			.acceptHTTPTunnel(m => new Message({ status: m.head.path == 'refused.test:1' ? 403 : 200 })).to($=>$.replaceData(d => d))))
	`, port), port)
	conn, err := quic.DialAddr(t.Context(), harness.Addr(port), &tls.Config{RootCAs: certificates().pool("ca"), NextProtos: []string{"h3"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseWithError(0x100, "")
	c := new(http3.Transport).NewClientConn(conn)
	open := func(target string) (*http3.RequestStream, *http.Response) {
		s, err := c.OpenRequestStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		req, _ := http.NewRequest("CONNECT", "https://"+target, nil)
		req.Host = target
		if err := s.SendRequestHeader(req); err != nil {
			t.Fatal(err)
		}
		res, err := s.ReadResponse()
		if err != nil {
			t.Fatal(err)
		}
		return s, res
	}
	s, res := open("target.test:80")
	if res.StatusCode != 200 {
		t.Fatal(res.Status)
	}
	for _, text := range []string{"one", "two", strings.Repeat("three", 100000)} {
		go s.Write([]byte(text))
		b := make([]byte, len(text))
		if _, err := io.ReadFull(s, b); err != nil || string(b) != text {
			t.Fatalf("%d bytes came back, %v", len(b), err)
		}
	}
	s.Close()
	if rest, err := io.ReadAll(s); len(rest) > 0 || err != nil {
		t.Errorf("at the end: %q %v", rest, err)
	}
	if _, res := open("refused.test:1"); res.StatusCode != 403 {
		t.Error(res.Status)
	}
}

// A browser learns of HTTP/3 from alt-svc, and uses it from then on. The page is complete, and shown, once it has seen that.
func TestHTTP3Chromium(t *testing.T) {
	t.Parallel()
	harness.Need(t, "chromium")
	port := harness.Port(t)
	startTLS(t, fmt.Sprintf(`
		var finish
		var finished = new Promise(resolve => { finish = resolve })
		var page = `+"`"+`<body><img src="/wait"><script>
			(async () => {
				document.body.append(' [' + performance.getEntriesByType('navigation')[0].nextHopProtocol + '] ')
				for (let used = ''; used != 'h3'; ) {
					let r = await fetch('/next?' + Math.random())
					await r.text()
					used = performance.getEntriesByName(r.url)[0].nextHopProtocol
					document.body.append(' [' + used + '] ')
					await new Promise(r => setTimeout(r, 50))
				}
				fetch('/done')
			})()
		</script></body>`+"`"+`
		var answer = m => {
			if (m.head.path == '/') return page
			if (m.head.path == '/done') finish()
			return m.head.path == '/wait' ? finished : ''
		}
		var tls = { certificate: id('server'), alpn: ['h2', 'http/1.1'] }
		var serve = $=>$.serveHTTP(async m => new Message({ headers: { 'content-type': 'text/html', 'alt-svc': 'h3=":%d"' } }, await answer(m) ?? ''))
		pipy.listen(%d, $=>$.acceptTLS(tls).to(serve))
		pipy.listen(%d, 'quic', { tls }, serve)
	`, port, port, port), port)
	spki := sha256.Sum256(certificates().certs["server"].RawSubjectPublicKeyInfo)
	out := harness.Run(t, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-proxy-server", "--user-data-dir="+t.TempDir(),
		"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(spki[:]),
		"--origin-to-force-quic-on=127.0.0.1:1", // nothing is there: it allows QUIC with this host without a public certificate
		"--dump-dom", "https://"+harness.Addr(port)+"/")
	if first := strings.Index(out.Stdout, "[h2]"); first < 0 || strings.Index(out.Stdout, "[h3]") < first {
		t.Errorf("no h2 and then h3 in\n%s%s", out.Stdout, out.Stderr)
	}
}
