//go:build linux

package test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

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
