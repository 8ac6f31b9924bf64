package mqtt

import (
	"errors"
	"unicode/utf8"

	"weir/internal/stream"
)

var (
	errShort  = errors.New("the packet ends too early")
	errVarint = errors.New("a variable length integer has more than four bytes")
	errUTF8   = errors.New("a text is not UTF-8")
)

// maxVarint is the largest number four bytes of seven bits hold.
const maxVarint = 1<<28 - 1

// parser reads the fields of a packet. After the first error everything it returns is empty.
type parser struct {
	b   []byte
	err error
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
	if !utf8.Valid(b) {
		p.fail(errUTF8)
		return ""
	}
	return string(b)
}

func (p *parser) data() *stream.Data { return stream.NewData(own(p.bytes(p.uint16()))) }

func own(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
