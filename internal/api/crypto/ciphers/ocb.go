package ciphers

import (
	"crypto/cipher"
	"crypto/subtle"
	"math/bits"
)

// ocb is OCB3 (RFC 7253).
type ocb struct {
	authentication
	block    cipher.Block
	star     [16]byte // L_*
	dollar   [16]byte // L_$
	l        [][16]byte
	offset   [16]byte
	checksum [16]byte
	i        uint64 // blocks so far
	rest     []byte // less than a block
}

func newOCB(b cipher.Block, iv []byte, decrypt bool, tagSize int) (Cipher, error) {
	auth, err := newAuthentication(decrypt, tagSize, 8, 12, 16)
	if err != nil {
		return nil, err
	}
	o := &ocb{authentication: auth, block: b}
	b.Encrypt(o.star[:], o.star[:])
	o.dollar = double(o.star)
	o.l = append(o.l, double(o.dollar))

	var nonce [16]byte
	copy(nonce[16-len(iv):], iv)
	nonce[0] |= byte(auth.tagSize * 8 % 128 << 1)
	nonce[15-len(iv)] |= 1
	bottom := int(nonce[15] & 63)
	nonce[15] &^= 63
	var stretch [24]byte
	b.Encrypt(stretch[:16], nonce[:])
	subtle.XORBytes(stretch[16:], stretch[:8], stretch[1:9])
	for i := range o.offset {
		j, s := bottom/8+i, bottom%8
		o.offset[i] = byte((uint16(stretch[j])<<8 | uint16(stretch[j+1])) << s >> 8)
	}
	return o, nil
}

// double multiplies by x in GF(2^128), most significant byte first.
func double(b [16]byte) (out [16]byte) {
	carry := b[0] >> 7
	for i := range 15 {
		out[i] = b[i]<<1 | b[i+1]>>7
	}
	out[15] = b[15]<<1 ^ carry*0x87
	return out
}

// step moves an offset on to the i-th block, from 1.
func (o *ocb) step(offset *[16]byte, i uint64) {
	n := bits.TrailingZeros64(i)
	for len(o.l) <= n {
		o.l = append(o.l, double(o.l[len(o.l)-1]))
	}
	subtle.XORBytes(offset[:], offset[:], o.l[n][:])
}

func (o *ocb) Update(dst, src []byte) ([]byte, error) {
	all := append(o.rest, src...)
	n := len(all) / 16 * 16
	dst, out := grow(dst, n)
	copy(out, all)
	for ; len(out) > 0; out = out[16:] {
		b := out[:16]
		o.i++
		o.step(&o.offset, o.i)
		if !o.decrypt {
			subtle.XORBytes(o.checksum[:], o.checksum[:], b)
		}
		subtle.XORBytes(b, b, o.offset[:])
		if o.decrypt {
			o.block.Decrypt(b, b)
		} else {
			o.block.Encrypt(b, b)
		}
		subtle.XORBytes(b, b, o.offset[:])
		if o.decrypt {
			subtle.XORBytes(o.checksum[:], o.checksum[:], b)
		}
	}
	o.rest = append(o.rest[:0:0], all[n:]...)
	return dst, nil
}

func (o *ocb) Final(dst []byte) ([]byte, error) {
	if n := len(o.rest); n > 0 {
		subtle.XORBytes(o.offset[:], o.offset[:], o.star[:])
		var pad, last [16]byte
		o.block.Encrypt(pad[:], o.offset[:])
		plain := o.rest
		var out []byte
		dst, out = grow(dst, n)
		subtle.XORBytes(out, o.rest, pad[:])
		if o.decrypt {
			plain = out
		}
		copy(last[:], plain)
		last[n] = 0x80
		subtle.XORBytes(o.checksum[:], o.checksum[:], last[:])
	}
	var tag [16]byte
	subtle.XORBytes(tag[:], o.checksum[:], o.offset[:])
	subtle.XORBytes(tag[:], tag[:], o.dollar[:])
	o.block.Encrypt(tag[:], tag[:])
	sum := o.hash()
	subtle.XORBytes(tag[:], tag[:], sum[:])
	return dst, o.finish(tag[:])
}

// hash is HASH of the additional data.
func (o *ocb) hash() (sum [16]byte) {
	var offset, b [16]byte
	a := o.aad
	for i := uint64(1); len(a) >= 16; i++ {
		o.step(&offset, i)
		subtle.XORBytes(b[:], a[:16], offset[:])
		o.block.Encrypt(b[:], b[:])
		subtle.XORBytes(sum[:], sum[:], b[:])
		a = a[16:]
	}
	if len(a) > 0 {
		subtle.XORBytes(offset[:], offset[:], o.star[:])
		b = [16]byte{}
		copy(b[:], a)
		b[len(a)] = 0x80
		subtle.XORBytes(b[:], b[:], offset[:])
		o.block.Encrypt(b[:], b[:])
		subtle.XORBytes(sum[:], sum[:], b[:])
	}
	return sum
}
