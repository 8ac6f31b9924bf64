package url

import (
	"errors"
	"strings"
)

const (
	unreserved = "-_.!~*'()"
	reserved   = ";/?:@&=+$,#"
	upperHex   = "0123456789ABCDEF"
)

var errMalformed = errors.New("malformed URL")

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// escape writes every byte that is no letter, digit or in kept as %XX.
func escape(s, kept string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isAlnum(c) || strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			writeHex(&b, c)
		}
	}
	return b.String()
}

func writeHex(b *strings.Builder, c byte) {
	b.WriteByte('%')
	b.WriteByte(upperHex[c>>4])
	b.WriteByte(upperHex[c&15])
}

// unescape undoes escape. What escape would never have written as %XX stays.
func unescape(s, kept string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		c, ok := hexByte(s[i+1:])
		if !ok {
			return "", errMalformed
		}
		i += 2
		if isAlnum(c) || strings.IndexByte(kept, c) >= 0 {
			writeHex(&b, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// unescapeParam decodes every %XX of a query. A sequence cut off by the end is dropped, any other bad one stays.
func unescapeParam(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 >= len(s) {
				break
			}
			if c, ok := hexByte(s[i+1:]); ok {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hexByte(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	h, l := hexDigit(s[0]), hexDigit(s[1])
	return byte(h<<4 | l&15), h >= 0 && l >= 0
}

func hexDigit(c byte) int {
	if !isAlnum(c) {
		return -1
	}
	return strings.IndexByte("0123456789abcdef", c|0x20)
}
