package http2

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"

	"weir/internal/proto/http1"
)

// SendHead begins a message: a response on a server, a request on a client. length is the content-length to send, in
// place of one in h; -1 sends none, KeepLength the one in h. With end the message has no body and no trailers.
//
// Headers that belong to a connection in HTTP/1 are left out. It fails, and sends nothing, if something in h breaks the
// syntax.
func (c *Conn) SendHead(s *Stream, h *http1.Head, length int64, end bool) error {
	if c.closed || !s.opened || s.LocalEnded() {
		return nil
	}
	var block []byte
	var err error
	interim := false
	if c.cfg.Server {
		status := h.Status
		if status == 0 {
			status = 200
		}
		interim = status < 200
		block, err = c.encodeResponse(s, h, status, length)
	} else {
		block, err = c.encodeRequest(s, h, length)
	}
	if err != nil {
		return err
	}
	flags := byte(0)
	if end && !interim {
		flags = flagEndStream
	}
	if s.id == 0 {
		c.number(s)
	}
	c.writeBlock(s, block, flags)
	if interim {
		s.last = nil
		return nil
	}
	s.headSent = true
	if flags != 0 {
		s.localDone = true
		c.sideDone(s)
	}
	return nil
}

// KeepLength as a length stands for the content-length in the head.
const KeepLength = -2

// writeBlock writes a header block.
func (c *Conn) writeBlock(s *Stream, block []byte, flags byte) {
	c.cfg.Buffers.block = block[:0]
	if cap(block) > 64<<10 {
		c.cfg.Buffers.block = nil
	}
	n := min(len(block), c.peerFrame)
	if n == len(block) {
		flags |= flagEndHeaders
	}
	s.last, s.round = c.out.header(n, frameHeaders, flags, s.id), c.out.round
	c.out.write(block[:n])
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n, flags = min(len(block), c.peerFrame), 0
		if n == len(block) {
			flags = flagEndHeaders
		}
		c.out.header(n, frameContinuation, flags, s.id)
		c.out.write(block[:n])
	}
}

// tableSize takes the size of the peer's table.
func (c *Conn) tableSize(v uint32) {
	if c.encoder == nil {
		if v >= 4096 {
			return
		}
		c.newEncoder()
	}
	c.encoder.SetMaxDynamicTableSize(v)
	c.resized = true
}

// Write implements io.Writer for the hpack encoder.
func (b *Buffers) Write(p []byte) (int, error) {
	b.block = append(b.block, p...)
	return len(p), nil
}

func (c *Conn) newEncoder() { c.encoder = hpack.NewEncoder(c.cfg.Buffers) }

// The places in the static table (RFC 7541 appendix A) of names whose values are too different, or too secret, for the
// dynamic table.
const (
	indexPath          = 4
	indexAuthorization = 23
	indexContentLength = 28
	indexETag          = 34
	indexLastModified  = 44
	indexSetCookie     = 55

	literal = 0x00
	never   = 0x10 // never to be put into a table, by nobody on the way (RFC 7541 §7.1.3)
)

// field encodes a field with the help of the dynamic table.
func (c *Conn) field(name, value string) {
	if c.encoder == nil {
		c.newEncoder()
	}
	// Writing to memory does not fail.
	_ = c.encoder.WriteField(hpack.HeaderField{Name: name, Value: value})
}

// literal encodes a field whose name is in the static table.
func (c *Conn) literal(kind, index byte, value string) {
	b := c.cfg.Buffers.block
	if index < 15 {
		b = append(b, kind|index)
	} else {
		b = append(b, kind|15, index-15)
	}
	c.cfg.Buffers.block = appendString(b, value)
}

// appendString appends a string, in Huffman code if that is shorter (RFC 7541 §5.2).
func appendString(dst []byte, s string) []byte {
	if n := hpack.HuffmanEncodeLength(s); n < uint64(len(s)) {
		return hpack.AppendHuffmanString(appendLength(dst, 0x80, int(n)), s)
	}
	return append(appendLength(dst, 0, len(s)), s...)
}

// appendLength appends an integer with a prefix of seven bits (RFC 7541 §5.1).
func appendLength(dst []byte, first byte, n int) []byte {
	if n < 127 {
		return append(dst, first|byte(n))
	}
	dst = append(dst, first|127)
	for n -= 127; n >= 128; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

// first encodes the first field of a block. A change of the table's size has to come before it.
func (c *Conn) first(name, value string, index byte) {
	switch {
	case c.resized:
		c.resized = false
		c.field(name, value)
	case index != 0:
		c.cfg.Buffers.block = append(c.cfg.Buffers.block, 0x80|index)
	default:
		c.field(name, value)
	}
}

func statusIndex(status int) byte {
	switch status {
	case 200:
		return 8
	case 204:
		return 9
	case 206:
		return 10
	case 304:
		return 11
	case 400:
		return 12
	case 404:
		return 13
	case 500:
		return 14
	}
	return 0
}

func (c *Conn) encodeResponse(s *Stream, h *http1.Head, status int, length int64) ([]byte, error) {
	if status < 100 || status > 999 {
		return nil, fmt.Errorf("http: cannot send status %d, give one of 100 to 999", status)
	}
	if err := CheckFields(h.Headers); err != nil {
		return nil, err
	}
	c.cfg.Buffers.block = c.cfg.Buffers.block[:0]
	c.first(":status", strconv.Itoa(status), statusIndex(status))
	c.fields(h.Headers, length, false)
	return c.cfg.Buffers.block, nil
}

func (c *Conn) encodeRequest(s *Stream, h *http1.Head, length int64) ([]byte, error) {
	method, path, scheme, authority := h.Method, h.Path, h.Scheme, h.Authority
	if method == "" {
		method = "GET"
	}
	if path == "" {
		path = "/"
	}
	if scheme == "" {
		scheme = "http"
	}
	if authority == "" {
		authority, _ = h.Headers.Get("host")
	}
	connect := method == "CONNECT" && !s.upgraded
	if connect && (h.Authority == "" || path != "/" && path != h.Authority) {
		authority = path // the target, as HTTP/1 has it
	}
	if !http1.IsToken(method) {
		return nil, fmt.Errorf("http: cannot send method %q, it is not a token", method)
	}
	if !http1.IsTarget(path) {
		return nil, fmt.Errorf("http: cannot send path %q, encode spaces and control characters", path)
	}
	if !isScheme(scheme) {
		return nil, fmt.Errorf("http: cannot send scheme %q", scheme)
	}
	if !http1.IsHost(authority) {
		return nil, fmt.Errorf("http: cannot send host %q", authority)
	}
	if err := CheckFields(h.Headers); err != nil {
		return nil, err
	}
	s.bodiless, s.connect = method == "HEAD", connect
	b := c.cfg.Buffers
	b.block = b.block[:0]
	switch {
	case s.upgraded:
		c.first(":method", "CONNECT", 0)
		protocol, _ := h.Headers.Get("upgrade")
		c.field(":protocol", protocol)
	case method == "GET":
		c.first(":method", method, 2)
	case method == "POST":
		c.first(":method", method, 3)
	default:
		c.first(":method", method, 0)
	}
	if !connect {
		switch scheme {
		case "http":
			b.block = append(b.block, 0x86)
		case "https":
			b.block = append(b.block, 0x87)
		default:
			c.field(":scheme", scheme)
		}
	}
	if authority != "" {
		c.field(":authority", authority)
	}
	switch {
	case connect:
	case path == "/":
		b.block = append(b.block, 0x84)
	default:
		c.literal(literal, indexPath, path)
	}
	c.fields(h.Headers, length, true)
	return b.block, nil
}

// encodeTrailers encodes trailer fields.
func (c *Conn) encodeTrailers(t http1.Headers) ([]byte, error) {
	if err := CheckFields(t); err != nil {
		return nil, err
	}
	c.cfg.Buffers.block = c.cfg.Buffers.block[:0]
	if c.resized {
		c.resized = false
		c.field(t[0].Key(), t[0].Value)
		t = t[1:]
	}
	c.fields(t, -1, false)
	return c.cfg.Buffers.block, nil
}

// CheckFields finds fields that must not be sent.
func CheckFields(hs http1.Headers) error {
	for i := range hs {
		if !http1.IsToken(hs[i].Name) {
			return fmt.Errorf("http: cannot send header %q, its name is not a token", hs[i].Name)
		}
		if !http1.IsText(hs[i].Value) {
			return fmt.Errorf("http: cannot send header %q, its value has control characters", hs[i].Name)
		}
	}
	return nil
}

// fields encodes the fields of a head, without those that have no place in HTTP/2.
func (c *Conn) fields(hs http1.Headers, length int64, request bool) {
	kept := false
	for i := range hs {
		name, value := hs[i].Key(), hs[i].Value
		switch name {
		case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings":
		case "host":
			if !request {
				c.field(name, value)
			}
		case "te":
			if hasToken(value, "trailers") {
				c.field(name, "trailers")
			}
		case "content-length":
			if length == KeepLength && !kept {
				if n, ok := http1.ParseLength(value); ok {
					kept = true
					c.contentLength(n)
				}
			}
		case "authorization":
			c.literal(never, indexAuthorization, value)
		case "etag":
			c.literal(literal, indexETag, value)
		case "last-modified":
			c.literal(literal, indexLastModified, value)
		case "set-cookie":
			c.literal(never, indexSetCookie, value)
		default:
			c.field(name, value)
		}
	}
	if length >= 0 {
		c.contentLength(length)
	}
}

func (c *Conn) contentLength(n int64) {
	b := c.cfg.Buffers
	b.block = append(b.block, literal|15, indexContentLength-15)
	at := len(b.block)
	b.block = strconv.AppendInt(append(b.block, 0), n, 10)
	b.block[at] = byte(len(b.block) - at - 1)
}

// hasToken reports whether a list has a token.
func hasToken(list, token string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if name, _, _ := strings.Cut(item, ";"); strings.EqualFold(strings.TrimSpace(name), token) {
			return true
		}
	}
	return false
}
