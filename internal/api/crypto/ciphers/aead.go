package ciphers

import "crypto/subtle"

// authentication is what the authenticated ciphers have in common: additional data and the tag.
type authentication struct {
	decrypt bool
	tagSize int
	aad     []byte
	tag     []byte // made by an encryption, or to be checked by a decryption
}

func (a *authentication) SetAAD(b []byte)   { a.aad = append(a.aad, b...) }
func (a *authentication) SetTag(tag []byte) { a.tag = append([]byte(nil), tag...) }
func (a *authentication) Tag() []byte       { return a.tag }

// finish keeps or checks the tag that was computed.
func (a *authentication) finish(full []byte) error {
	full = full[:a.tagSize]
	if !a.decrypt {
		a.tag = append([]byte(nil), full...)
		return nil
	}
	if a.tag == nil {
		return ErrNoTag
	}
	if subtle.ConstantTimeCompare(full, a.tag) != 1 {
		return ErrAuth
	}
	return nil
}

// newAuthentication checks the size of the tag against those a mode allows.
func newAuthentication(decrypt bool, size int, allowed ...int) (authentication, error) {
	if size == 0 {
		size = 16
	}
	for _, n := range allowed {
		if n == size {
			return authentication{decrypt: decrypt, tagSize: size}, nil
		}
	}
	return authentication{}, ErrTagSize
}
