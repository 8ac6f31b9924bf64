//go:build linux

package test

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"

	"weir/test/harness"
)

// linkRequest is how an instance of Pipy opens its link: without a Host header. The key and its answer are those of RFC 6455
// section 1.3.
const linkRequest = "GET /repo/x/u1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
	"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

const linkAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

// maskedText is a frame of a client, as instances send them.
func maskedText(text string) string {
	mask := []byte{1, 2, 3, 4}
	b := append([]byte{0x81, 0x80 | byte(len(text))}, mask...)
	for i := range len(text) {
		b = append(b, text[i]^mask[i%4])
	}
	return string(b)
}

// An instance of Pipy opens its link, is told of a commit, and is asked for a log.
func TestLinkWithoutHost(t *testing.T) {
	t.Parallel()
	certs := certificates().write(t)
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %v", secure), func(t *testing.T) {
			t.Parallel()
			port := harness.Port(t)
			flags := []string{"repo", fmt.Sprintf("--admin-port=%d", port)}
			url := "http://" + harness.Addr(port)
			dial := func() io.ReadWriter { return harness.Dial(t, port) }
			if secure {
				flags = append(flags, "--admin-tls-cert="+certs+"/server.crt", "--admin-tls-key="+certs+"/server.key")
				url = "https://" + harness.Addr(port)
				dial = func() io.ReadWriter { return dialTLS(t, port, nil) }
			}
			harness.Start(t, harness.Config{Flags: flags, Listen: []int{port}})
			curl := func(want, path string, args ...string) {
				t.Helper()
				if got := harness.Curl(t, append(args, "--cacert", certs+"/ca.crt", "-w\n%{http_code}", url+path)...); got != want {
					t.Errorf("%s %v: %q, want %q", path, args, got, want)
				}
			}
			curl("\n201", "/api/v1/repo/x", "-d{}")
			curl("\n201", "/api/v1/repo/x", "-XPATCH", `-d{"version":1}`)

			c := dial()
			expect := func(want string) {
				t.Helper()
				b := make([]byte, len(want))
				if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
					t.Fatalf("the instance gets %q, %v, want %q", b, err, want)
				}
			}
			send := func(text string) {
				t.Helper()
				if _, err := io.WriteString(c, text); err != nil {
					t.Fatal(err)
				}
			}
			send(linkRequest + maskedText(""))
			head := ""
			for !strings.HasSuffix(head, "\r\n\r\n") {
				b := make([]byte, 1)
				if _, err := io.ReadFull(c, b); err != nil {
					t.Fatalf("%v after %q", err, head)
				}
				head += string(b)
			}
			if !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(strings.ToLower(head), "sec-websocket-accept: "+strings.ToLower(linkAccept)) {
				t.Fatalf("the link is not opened: %q", head)
			}
			curl("\n201", "/api/v1/repo/x", "-XPATCH", `-d{"version":2}`)
			expect("\x81\x06reload")

			// Nothing else does without a Host header.
			for _, request := range []string{
				"GET /repo/x/ HTTP/1.1\r\n\r\n",
				"GET /status HTTP/1.1\r\n\r\n",
				"POST /repo/x/ HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
				strings.Replace(linkRequest, "GET /repo/x/u1", "GET /api/v1/log//pipy_log", 1),
				strings.Replace(linkRequest, "websocket", "h2c", 1),
				strings.Replace(linkRequest, "GET", "POST", 1),
			} {
				c := dial()
				if _, err := io.WriteString(c, request); err != nil {
					t.Fatal(err)
				}
				answer, err := io.ReadAll(c)
				if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "missing required Host header") {
					t.Errorf("%q: %q, %v", request, answer, err)
				}
			}
			// Nor does the second request of a connection.
			c = dial()
			send("GET /repo/x/ HTTP/1.1\r\nhost: localhost\r\n\r\n" + linkRequest)
			answers, err := io.ReadAll(c)
			if err != nil || !strings.HasPrefix(string(answers), "HTTP/1.1 200 ") || !strings.Contains(string(answers), "HTTP/1.1 400 ") {
				t.Errorf("%q, %v", answers, err)
			}
		})
	}
}

// A link without a Host header needs the token as all others do.
func TestLinkWithoutHostNeedsToken(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", port), "--admin-token=s3cret"}, Listen: []int{port}})
	for _, c := range []struct {
		header, want string
	}{{"", "401"}, {"authorization: Bearer wrong\r\n", "401"}, {"authorization: Bearer s3cret\r\n", "101"}} {
		conn := harness.Dial(t, port)
		conn.Send(strings.Replace(linkRequest, "\r\n", "\r\n"+c.header, 1))
		if line := conn.ReadUntil("\r\n"); !strings.HasPrefix(line, "HTTP/1.1 "+c.want+" ") {
			t.Errorf("%q: %q, want %s", c.header, line, c.want)
		}
	}
}

// What is behind the admin port speaks HTTP/1 and 2, with and without TLS.
func TestAdminProtocols(t *testing.T) {
	t.Parallel()
	certs := certificates().write(t)
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0])}, Listen: ports[:1]})
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[1]),
		"--admin-tls-cert=" + certs + "/server.crt", "--admin-tls-key=" + certs + "/server.key"}, Listen: ports[1:]})
	plain, secure := "http://"+harness.Addr(ports[0]), "https://"+harness.Addr(ports[1])
	for _, c := range []struct{ want, url, args string }{
		{"200 1.1", plain, "--http1.1"},
		{"200 2", plain, "--http2-prior-knowledge"},
		{"200 1.1", secure, "--http1.1"},
		{"200 2", secure, "--http2"},
		{"200 1.1", secure, "--no-alpn"},
		{"400 1", "http://" + harness.Addr(ports[1]), ""},
	} {
		args := append(strings.Fields(c.args), "--cacert", certs+"/ca.crt", "-o/dev/null", "-w%{http_code} %{http_version}", c.url+"/healthz")
		if got := harness.Curl(t, args...); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.args, c.url, got, c.want)
		}
	}
	// A body that nobody reads is no failure.
	for range 20 {
		for _, url := range []string{plain, secure} {
			args := []string{"--cacert", certs + "/ca.crt", "--http2-prior-knowledge", "-o/dev/null", "-w%{http_code}", "-dbody", url + "/status"}
			if got := harness.Curl(t, args...); got != "405" {
				t.Errorf("%s: %s", url, got)
			}
		}
	}
	// A handshake that is not finished holds up nobody, and a large head is refused.
	harness.Dial(t, ports[1]).Send("\x16\x03\x01")
	c := dialTLS(t, ports[1], &tls.Config{RootCAs: certificates().pool("ca"), ServerName: "localhost"})
	fmt.Fprintf(c, "GET /repo/x/ HTTP/1.1\r\nhost: x\r\nx: %s\r\n\r\n", strings.Repeat("x", 100<<10))
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 431 ") {
		t.Errorf("large head: %q, %v", answer, err)
	}
}
