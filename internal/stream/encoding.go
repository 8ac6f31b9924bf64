package stream

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"unicode/utf16"
)

// Encoding is a way to write bytes as text.
type Encoding uint8

// The encodings.
const (
	UTF8 Encoding = iota
	UTF16BE
	UTF16LE
	Hex
	Base64
	Base64URL
)

var encodingNames = map[string]Encoding{
	"utf8": UTF8, "utf16be": UTF16BE, "utf16le": UTF16LE, "hex": Hex, "base64": Base64, "base64url": Base64URL,
}

// EncodingByName finds an encoding by the name scripts use.
func EncodingByName(name string) (Encoding, bool) {
	e, ok := encodingNames[name]
	return e, ok
}

// Decode turns text into the bytes it stands for.
func Decode(s string, enc Encoding) (*Data, error) {
	switch enc {
	case UTF16BE, UTF16LE:
		b := make([]byte, 0, 2*len(s))
		for _, u := range utf16.Encode([]rune(s)) {
			if enc == UTF16BE {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return NewData(b), nil
	case Hex:
		if len(s)%2 != 0 {
			return nil, errors.New("incomplete hex string")
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			return nil, errors.New("invalid hex encoding")
		}
		return NewData(b), nil
	case Base64:
		if len(s)%4 != 0 {
			return nil, errors.New("incomplete Base64 string")
		}
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil, errors.New("invalid Base64 encoding")
		}
		return NewData(b), nil
	case Base64URL:
		if len(s)%4 == 1 {
			return nil, errors.New("incomplete Base64 encoding")
		}
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			return nil, errors.New("invalid Base64 encoding")
		}
		return NewData(b), nil
	}
	return NewString(s), nil
}

// Encode writes bytes as text. Invalid sequences of UTF8 and UTF-16 become U+FFFD.
func Encode(b []byte, enc Encoding) string {
	switch enc {
	case UTF16BE, UTF16LE:
		u := make([]uint16, 0, len(b)/2+1)
		for i := 0; i+1 < len(b); i += 2 {
			if enc == UTF16BE {
				u = append(u, uint16(b[i])<<8|uint16(b[i+1]))
			} else {
				u = append(u, uint16(b[i+1])<<8|uint16(b[i]))
			}
		}
		if len(b)%2 != 0 {
			u = append(u, 0xfffd)
		}
		return string(utf16.Decode(u))
	case Hex:
		return hex.EncodeToString(b)
	case Base64:
		return base64.StdEncoding.EncodeToString(b)
	case Base64URL:
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return string(b)
}
