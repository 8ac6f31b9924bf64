// Package tlshello finds the ClientHello at the start of a TLS connection and reads what a proxy wants to know of it, without
// taking part in the handshake (RFC 8446 §4.1.2, §5.1; RFC 5246 §7.4.1.2 has the same layout).
package tlshello

import "encoding/binary"

// Hello is what a ClientHello says. A list is nil if the client did not send the extension.
type Hello struct {
	// ServerNames are the host names the client asks for (RFC 6066 §3).
	ServerNames []string
	// ProtocolNames are the application protocols it offers, in its order of preference (RFC 7301 §3.1).
	ProtocolNames []string
}

// Parser takes the bytes of a connection from its start. The zero Parser is ready.
type Parser struct {
	state  State
	hello  Hello
	header [recordHeader]byte
	have   int    // bytes of header
	left   int    // bytes of the record that are still to come
	body   []byte // the handshake message, as far as it is here
}

// State is what a Parser has found out.
type State uint8

// The states of a Parser.
const (
	Incomplete State = iota // so far it looks like a ClientHello
	Complete
	Invalid // it is none
)

const (
	recordHeader     = 5
	recordHandshake  = 22
	maxRecord        = 1 << 14
	messageHeader    = 4
	typeClientHello  = 1
	maxHello         = 64 << 10 // as much as crypto/tls takes; OpenSSL takes twice that
	extServerName    = 0
	extALPN          = 16
	nameTypeHostName = 0
)

// Feed takes the bytes that follow. It borrows b, and ignores what comes once the state is not Incomplete.
func (p *Parser) Feed(b []byte) State {
	for p.state == Incomplete && len(b) > 0 {
		if p.left == 0 {
			k := copy(p.header[p.have:], b)
			p.have += k
			b = b[k:]
			p.startRecord()
			continue
		}
		k := min(p.left, len(b))
		p.body = append(p.body, b[:k]...)
		b = b[k:]
		if p.left -= k; p.left == 0 {
			p.have = 0
		}
		p.check()
	}
	return p.state
}

// Hello returns what was found, once the state is Complete.
func (p *Parser) Hello() Hello { return p.hello }

func (p *Parser) fail() { *p = Parser{state: Invalid} }

// startRecord judges a header as soon as its bytes are here.
func (p *Parser) startRecord() {
	h := p.header[:p.have]
	if h[0] != recordHandshake || len(h) > 1 && h[1] != 3 || len(h) > 2 && h[2] > 4 {
		p.fail()
		return
	}
	if len(h) < recordHeader {
		return
	}
	n := int(binary.BigEndian.Uint16(h[3:]))
	if n == 0 || n > maxRecord { // empty handshake records are forbidden (RFC 8446 §5.1)
		p.fail()
		return
	}
	p.left = n
}

// check looks whether the message is complete.
func (p *Parser) check() {
	if p.body[0] != typeClientHello {
		p.fail()
		return
	}
	if len(p.body) < messageHeader {
		return
	}
	n := int(p.body[1])<<16 | int(p.body[2])<<8 | int(p.body[3])
	switch {
	case n > maxHello:
		p.fail()
	case len(p.body) >= messageHeader+n:
		hello, ok := parse(p.body[messageHeader : messageHeader+n])
		if !ok {
			p.fail()
			return
		}
		*p = Parser{state: Complete, hello: hello}
	}
}

// cursor reads a message from the front. A read beyond the end makes it bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

// number reads an integer of n bytes.
func (c *cursor) number(n int) int {
	v := 0
	for _, x := range c.take(n) {
		v = v<<8 | int(x)
	}
	return v
}

// vector reads a length of n bytes and as many bytes.
func (c *cursor) vector(n int) cursor {
	b := c.take(c.number(n))
	return cursor{b, c.bad}
}

// parse reads the body of a ClientHello.
func parse(b []byte) (h Hello, ok bool) {
	c := cursor{b: b}
	c.take(2 + 32) // legacy_version, random
	if id := c.vector(1); len(id.b) > 32 {
		return h, false
	}
	suites := c.vector(2)
	methods := c.vector(1)
	if c.bad || len(suites.b) < 2 || len(suites.b)%2 != 0 || len(methods.b) == 0 {
		return h, false
	}
	if len(c.b) == 0 {
		return h, true // before TLS 1.3 extensions may be missing
	}
	exts := c.vector(2)
	if c.bad || len(c.b) != 0 {
		return h, false
	}
	for len(exts.b) > 0 {
		kind := exts.number(2)
		ext := exts.vector(2)
		if exts.bad {
			return h, false
		}
		switch kind {
		case extServerName:
			h.ServerNames, ok = serverNames(ext)
		case extALPN:
			h.ProtocolNames, ok = protocolNames(ext)
		default:
			ok = true
		}
		if !ok {
			return h, false
		}
	}
	return h, true
}

func serverNames(ext cursor) ([]string, bool) {
	list := ext.vector(2)
	names := []string{}
	for len(list.b) > 0 {
		kind := list.number(1)
		name := list.vector(2)
		if kind == nameTypeHostName && len(name.b) > 0 {
			names = append(names, string(name.b))
		}
	}
	return names, !ext.bad && !list.bad && len(ext.b) == 0
}

func protocolNames(ext cursor) ([]string, bool) {
	list := ext.vector(2)
	names := []string{}
	for len(list.b) > 0 {
		name := list.vector(1)
		if len(name.b) == 0 {
			return nil, false
		}
		names = append(names, string(name.b))
	}
	return names, !ext.bad && !list.bad && len(ext.b) == 0
}
