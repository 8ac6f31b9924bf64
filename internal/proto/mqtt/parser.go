package mqtt

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"weir/internal/proto/token"
	"weir/internal/stream"
)

var (
	errShort  = errors.New("the packet ends too early")
	errVarint = errors.New("a variable length integer has more than four bytes")
	errUTF8   = errors.New("a text is not UTF-8, or has the character U+0000")
)

// MaxPacket is the most bytes of a packet, without the fixed header.
const MaxPacket = maxVarint

// maxVarint is the largest number four bytes of seven bits hold.
const maxVarint = 1<<28 - 1

// parser reads the fields of a packet. After the first error everything it returns is empty.
type parser struct {
	b    []byte
	left int // memory that fields may take besides their bytes
	err  error
}

// overhead is what a property or a topic takes in memory besides its bytes, about.
const overhead = 96

// charge counts a property or a topic: many small ones take more than their bytes.
func (p *parser) charge() {
	if p.left -= overhead; p.left < 0 {
		p.fail(token.ErrTooLarge)
	}
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
	p.b = nil
}

// bytes returns the next n bytes, nil if there are not so many.
func (p *parser) bytes(n int) []byte {
	if n > len(p.b) {
		p.fail(errShort)
	}
	if p.err != nil {
		return nil
	}
	b := p.b[:n:n]
	p.b = p.b[n:]
	return b
}

func (p *parser) byte() byte {
	if b := p.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) uint16() int {
	if b := p.bytes(2); b != nil {
		return int(b[0])<<8 | int(b[1])
	}
	return 0
}

func (p *parser) varint() (n int) {
	for shift := 0; shift < 28; shift += 7 {
		c := p.byte()
		n |= int(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	p.fail(errVarint)
	return 0
}

func (p *parser) text() string {
	b := p.bytes(p.uint16())
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		p.fail(errUTF8)
		return ""
	}
	return string(b)
}

func (p *parser) data() *stream.Data { return stream.NewData(own(p.bytes(p.uint16()))) }

func own(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
