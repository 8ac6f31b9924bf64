package xml

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// declaration finds the encoding in the first line of a document.
var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n][^>]*?encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]+)["']`)

// toUTF8 returns a document as UTF-8, with line ends as they shall be: in the encoding its first bytes tell, else the one it
// declares. ok is false if it cannot be.
func toUTF8(b []byte) (text []byte, ok bool) {
	switch {
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		text, ok = fromUTF16(b[2:], binary.BigEndian)
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		text, ok = fromUTF16(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0, '<'}):
		text, ok = fromUTF16(b, binary.BigEndian)
	case bytes.HasPrefix(b, []byte{'<', 0}):
		text, ok = fromUTF16(b, binary.LittleEndian)
	default:
		text, ok = declared(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
	}
	if !ok || !utf8.Valid(text) {
		return nil, false
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	return text, true
}

func declared(b []byte) ([]byte, bool) {
	m := declaration.FindSubmatch(b)
	if m == nil {
		return b, true
	}
	switch strings.ToLower(string(m[1])) {
	case "utf-8", "utf8":
		return b, true
	case "us-ascii", "ascii":
		for _, c := range b {
			if c >= 0x80 {
				return nil, false
			}
		}
		return b, true
	case "iso-8859-1", "latin1":
		text := make([]byte, 0, len(b)+len(b)/8)
		for _, c := range b {
			text = utf8.AppendRune(text, rune(c))
		}
		return text, true
	}
	return nil, false // UTF-16 is told by its first bytes
}

func fromUTF16(b []byte, order binary.ByteOrder) ([]byte, bool) {
	if len(b)%2 != 0 {
		return nil, false
	}
	text := make([]byte, 0, len(b))
	for i := 0; i < len(b); i += 2 {
		r := rune(order.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			if i+4 > len(b) {
				return nil, false
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16(b[i+2:]))); r == utf8.RuneError {
				return nil, false
			}
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return text, true
}
