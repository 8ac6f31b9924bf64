package admin

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const linkHead = "GET /repo/x/u1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

var hostlessCases = []struct{ name, in, want string }{
	{"a link", linkHead + "\r\nmore", linkHead + "host:\r\n\r\nmore"},
	{"names in capitals", strings.ReplaceAll(linkHead, "upgrade:", "UPGRADE:") + "\r\n", strings.ReplaceAll(linkHead, "upgrade:", "UPGRADE:") + "host:\r\n\r\n"},
	{"line ends of one character", "GET /repo/x/u1 HTTP/1.1\nupgrade: websocket\n\n", "GET /repo/x/u1 HTTP/1.1\nupgrade: websocket\nhost:\r\n\n"},
	{"with a host", linkHead + "Host: x\r\n\r\n", ""},
	{"with an empty host", linkHead + "host:\r\n\r\n", ""},
	{"another protocol", strings.Replace(linkHead, "websocket", "h2c", 1) + "\r\n", ""},
	{"another spelling", strings.Replace(linkHead, "websocket", "WebSocket", 1) + "\r\n", ""},
	{"two upgrades", linkHead + "upgrade: h2c\r\n\r\n", ""},
	{"a folded line", linkHead + " host: x\r\n\r\n", ""},
	{"no upgrade", "GET /repo/x/ HTTP/1.1\r\naccept: */*\r\n\r\n", ""},
	{"upgrade in the body", "GET /repo/x/ HTTP/1.1\r\n\r\nupgrade: websocket\r\n\r\n", ""},
	{"another version", strings.Replace(linkHead, "HTTP/1.1", "HTTP/1.0", 1) + "\r\n", ""},
	{"another method", strings.Replace(linkHead, "GET", "POST", 1) + "\r\n", ""},
	{"another path", strings.Replace(linkHead, "/repo/", "/api/v1/log/", 1) + "\r\n", ""},
	{"the second request", "GET /repo/x/ HTTP/1.1\r\nhost: x\r\n\r\n" + linkHead + "\r\n", ""},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", ""},
	{"half a head", linkHead, ""},
	{"half a method", "GET /re", ""},
	{"nothing", "", ""},
	{"garbage", "\x16\x03\x01\x00\xff\n\n\r\n", ""},
	{"a head that is too long", linkHead + "x: " + strings.Repeat("x", maxLinkHead) + "\r\n\r\n", ""},
}

// Whatever a connection brings comes out again, but for the Host header of links.
func TestHostless(t *testing.T) {
	t.Parallel()
	for _, c := range hostlessCases {
		if c.want == "" {
			c.want = c.in
		}
		for _, pieces := range []struct {
			name string
			from func(io.Reader) io.Reader
		}{{"whole", func(r io.Reader) io.Reader { return r }}, {"byte by byte", iotest.OneByteReader}, {"with the error", iotest.DataErrReader}} {
			var h hostless
			from := pieces.from(strings.NewReader(c.in))
			got, err := io.ReadAll(readFunc(func(b []byte) (int, error) { return h.read(from, b) }))
			if err != nil || string(got) != c.want {
				t.Errorf("%s, %s: %q, %v, want %q", c.name, pieces.name, got, err, c.want)
			}
		}
		for cut := range c.in[:min(len(c.in), 300)] {
			var h hostless
			from := io.MultiReader(strings.NewReader(c.in[:cut]), strings.NewReader(c.in[cut:]))
			got, err := io.ReadAll(readFunc(func(b []byte) (int, error) { return h.read(from, b[:min(len(b), 7)]) }))
			if err != nil || string(got) != c.want {
				t.Fatalf("%s, cut at %d: %q, %v, want %q", c.name, cut, got, err, c.want)
			}
		}
	}
}

type readFunc func([]byte) (int, error)

func (r readFunc) Read(b []byte) (int, error) { return r(b) }
