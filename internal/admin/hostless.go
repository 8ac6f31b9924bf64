package admin

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
)

// Instances of Pipy open their links to a repo with requests that have no Host header. HTTP/1.1 demands one, and net/http
// refuses them. The connections of this file give such a request an empty one, which says the same (RFC 9112 section 3.2), if it
// is the first of its connection: a link has one of its own.

// maxLinkHead is how long the head of such a request may be.
const maxLinkHead = 8 << 10

// hostless reads from a connection, holding back the first request while it may be one of a link.
type hostless struct {
	decided bool
	held    []byte
}

func (h *hostless) read(c io.Reader, b []byte) (int, error) {
	if !h.decided {
		n, err := c.Read(b)
		if n == 0 && err != nil || !mayBeLink(b[:n]) {
			h.decided = true
			return n, err
		}
		h.hold(c, b[:n])
	}
	if len(h.held) > 0 {
		n := copy(b, h.held)
		h.held = h.held[n:]
		return n, nil
	}
	h.held = nil
	return c.Read(b)
}

// hold reads on until the first request is known to be one of a link or not. An error of the connection comes again.
func (h *hostless) hold(c io.Reader, first []byte) {
	h.decided = true
	h.held = append(make([]byte, 0, maxLinkHead), first...)
	for mayBeLink(h.held) {
		if end := endOfHead(h.held); end > 0 {
			h.held = nameHost(h.held, end)
			return
		}
		n := len(h.held)
		if n == cap(h.held) {
			return
		}
		more, err := c.Read(h.held[n:cap(h.held)])
		h.held = h.held[:n+more]
		if err != nil {
			return
		}
	}
}

// mayBeLink tells whether bytes are, or may become, a request for something of a repo.
func mayBeLink(b []byte) bool {
	const start = "GET /repo/"
	n := min(len(b), len(start))
	return string(b[:n]) == start[:n]
}

// endOfHead returns the length of a head without the empty line after it, 0 if it is not all there.
func endOfHead(b []byte) int {
	crlf, lf := bytes.Index(b, []byte("\n\r\n")), bytes.Index(b, []byte("\n\n"))
	if crlf < 0 || lf >= 0 && lf < crlf {
		return lf + 1
	}
	return crlf + 1
}

// nameHost puts an empty Host header at the end of a head if it is the one of a link without one. A head with anything odd about
// it is left as it is.
func nameHost(b []byte, end int) []byte {
	lines := strings.Split(string(b[:end]), "\n")
	if !strings.HasSuffix(strings.TrimSuffix(lines[0], "\r"), " HTTP/1.1") {
		return b
	}
	upgrade := ""
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(name)
		switch {
		case name == "host" || strings.HasPrefix(name, " ") || strings.HasPrefix(name, "\t"):
			return b
		case name == "upgrade" && upgrade != "":
			return b
		case name == "upgrade":
			upgrade = strings.TrimSpace(value)
		}
	}
	if upgrade != "websocket" {
		return b
	}
	return slices.Concat(b[:end], []byte("host:\r\n"), b[end:])
}

// hostlessConn is a plain connection.
type hostlessConn struct {
	net.Conn
	hostless
}

func (c *hostlessConn) Read(b []byte) (int, error) { return c.read(c.Conn, b) }

// CloseWrite lets net/http say something last before it closes the connection.
func (c *hostlessConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// hostlessTLSConn is a connection over TLS on which HTTP/1 is spoken.
type hostlessTLSConn struct {
	*tls.Conn
	hostless
}

func (c *hostlessTLSConn) Read(b []byte) (int, error) { return c.read(c.Conn, b) }
