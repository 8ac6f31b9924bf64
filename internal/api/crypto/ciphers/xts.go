package ciphers

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
)

// xts is IEEE 1619 with ciphertext stealing: the message is one data unit.
type xts struct {
	block   cipher.Block
	tweak   [16]byte
	decrypt bool
	rest    []byte // up to 31 bytes, which the stealing may need
}

func newXTS(block func([]byte) (cipher.Block, error), key, iv []byte, decrypt bool) (Cipher, error) {
	half := len(key) / 2
	if bytes.Equal(key[:half], key[half:]) {
		return nil, ErrSameKeys
	}
	b, err := block(key[:half])
	if err != nil {
		return nil, err
	}
	t, err := block(key[half:])
	if err != nil {
		return nil, err
	}
	x := &xts{block: b, decrypt: decrypt}
	t.Encrypt(x.tweak[:], iv)
	return x, nil
}

// crypt does one block in place.
func (x *xts) crypt(b []byte, tweak *[16]byte) {
	subtle.XORBytes(b, b, tweak[:])
	if x.decrypt {
		x.block.Decrypt(b, b)
	} else {
		x.block.Encrypt(b, b)
	}
	subtle.XORBytes(b, b, tweak[:])
}

// next multiplies the tweak by x in GF(2^128), least significant byte first.
func next(t *[16]byte) {
	carry := byte(0)
	for i := range t {
		t[i], carry = t[i]<<1|carry, t[i]>>7
	}
	if carry != 0 {
		t[0] ^= 0x87
	}
}

func (x *xts) Update(dst, src []byte) ([]byte, error) {
	all := append(x.rest, src...)
	n := 0
	if len(all) >= 32 {
		n = (len(all) - 16) / 16 * 16
	}
	dst, out := grow(dst, n)
	copy(out, all)
	for ; len(out) > 0; out = out[16:] {
		x.crypt(out[:16], &x.tweak)
		next(&x.tweak)
	}
	x.rest = append(x.rest[:0:0], all[n:]...)
	return dst, nil
}

func (x *xts) Final(dst []byte) ([]byte, error) {
	b := x.rest
	switch {
	case len(b) == 0:
		return dst, nil
	case len(b) < 16:
		return nil, ErrTooShort
	case len(b) == 16:
		x.crypt(b, &x.tweak)
		return append(dst, b...), nil
	}
	first, second := x.tweak, x.tweak
	next(&second)
	if x.decrypt {
		first, second = second, first
	}
	x.crypt(b[:16], &first)
	tail := append([]byte(nil), b[16:]...)
	out := append([]byte(nil), b[:len(tail)]...)
	copy(b, tail)
	x.crypt(b[:16], &second)
	dst = append(dst, b[:16]...)
	return append(dst, out...), nil
}
