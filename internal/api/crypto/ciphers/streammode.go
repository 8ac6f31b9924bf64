package ciphers

import (
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
)

// stream runs a cipher that makes a byte of each byte.
type stream struct{ cipher.Stream }

func (s stream) Update(dst, src []byte) ([]byte, error) {
	dst, out := grow(dst, len(src))
	s.XORKeyStream(out, src)
	return dst, nil
}

func (s stream) Final(dst []byte) ([]byte, error) { return dst, nil }

// feedback is CFB with a whole block, and OFB.
type feedback struct {
	block   cipher.Block
	reg     []byte // the register; encrypted as far as used says
	used    int
	decrypt bool
	output  bool // OFB
}

func newCFB(b cipher.Block, iv []byte, decrypt bool, _ int) (Cipher, error) {
	return stream{&feedback{block: b, reg: append([]byte(nil), iv...), decrypt: decrypt}}, nil
}

func newOFB(b cipher.Block, iv []byte, _ bool, _ int) (Cipher, error) {
	return stream{&feedback{block: b, reg: append([]byte(nil), iv...), output: true}}, nil
}

func (f *feedback) XORKeyStream(dst, src []byte) {
	for i, in := range src {
		if f.used == 0 {
			f.block.Encrypt(f.reg, f.reg)
		}
		out := in ^ f.reg[f.used]
		switch {
		case f.output:
		case f.decrypt:
			f.reg[f.used] = in
		default:
			f.reg[f.used] = out
		}
		dst[i] = out
		f.used = (f.used + 1) % len(f.reg)
	}
}

// shift is CFB with a register that moves by 8 bits or by one.
type shift struct {
	block    cipher.Block
	reg, tmp []byte
	decrypt  bool
	bit      bool
}

func newCFB8(b cipher.Block, iv []byte, decrypt bool, _ int) (Cipher, error) {
	return stream{&shift{block: b, reg: append([]byte(nil), iv...), tmp: make([]byte, len(iv)), decrypt: decrypt}}, nil
}

func newCFB1(b cipher.Block, iv []byte, decrypt bool, _ int) (Cipher, error) {
	return stream{&shift{block: b, reg: append([]byte(nil), iv...), tmp: make([]byte, len(iv)), decrypt: decrypt, bit: true}}, nil
}

func (s *shift) XORKeyStream(dst, src []byte) {
	for i, in := range src {
		if s.bit {
			dst[i] = s.bits(in)
			continue
		}
		s.block.Encrypt(s.tmp, s.reg)
		out := in ^ s.tmp[0]
		copy(s.reg, s.reg[1:])
		s.reg[len(s.reg)-1] = out
		if s.decrypt {
			s.reg[len(s.reg)-1] = in
		}
		dst[i] = out
	}
}

func (s *shift) bits(in byte) (out byte) {
	for i := 7; i >= 0; i-- {
		s.block.Encrypt(s.tmp, s.reg)
		bit := in >> i & 1
		res := bit ^ s.tmp[0]>>7
		out |= res << i
		carry := res
		if s.decrypt {
			carry = bit
		}
		for j := len(s.reg) - 1; j >= 0; j-- {
			s.reg[j], carry = s.reg[j]<<1|carry, s.reg[j]>>7
		}
	}
	return out
}

// chaCha is ChaCha20 whose counter carries into the nonce, as OpenSSL's does.
type chaCha struct {
	key   []byte
	nonce [12]byte
	c     *chacha20.Cipher
	left  uint64 // bytes until the counter is used up
}

// newChaCha20 takes an iv of 16 bytes: the counter, little endian, and the nonce.
func newChaCha20(key, iv []byte, _ bool, _ int) (Cipher, error) {
	c := &chaCha{key: append([]byte(nil), key...), nonce: [12]byte(iv[4:])}
	if err := c.start(binary.LittleEndian.Uint32(iv)); err != nil {
		return nil, err
	}
	return stream{c}, nil
}

func (c *chaCha) start(counter uint32) (err error) {
	if c.c, err = chacha20.NewUnauthenticatedCipher(c.key, c.nonce[:]); err != nil {
		return err
	}
	c.c.SetCounter(counter)
	c.left = (1<<32 - uint64(counter)) * 64
	return nil
}

func (c *chaCha) XORKeyStream(dst, src []byte) {
	for len(src) > 0 {
		if c.left == 0 {
			binary.LittleEndian.PutUint32(c.nonce[:], binary.LittleEndian.Uint32(c.nonce[:])+1)
			if err := c.start(0); err != nil {
				panic(err) // the same lengths as before
			}
		}
		n := int(min(uint64(len(src)), c.left))
		c.c.XORKeyStream(dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
		c.left -= uint64(n)
	}
}
