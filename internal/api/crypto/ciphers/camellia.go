package ciphers

import (
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
)

// camellia is the block cipher Camellia (RFC 3713).
type camellia struct {
	in, out [2]uint64 // whitening
	k       []uint64  // a key for each round
	ke      []uint64  // two for each layer of FL
}

var camelliaBox = [256]byte{
	112, 130, 44, 236, 179, 39, 192, 229, 228, 133, 87, 53, 234, 12, 174, 65,
	35, 239, 107, 147, 69, 25, 165, 33, 237, 14, 79, 78, 29, 101, 146, 189,
	134, 184, 175, 143, 124, 235, 31, 206, 62, 48, 220, 95, 94, 197, 11, 26,
	166, 225, 57, 202, 213, 71, 93, 61, 217, 1, 90, 214, 81, 86, 108, 77,
	139, 13, 154, 102, 251, 204, 176, 45, 116, 18, 43, 32, 240, 177, 132, 153,
	223, 76, 203, 194, 52, 126, 118, 5, 109, 183, 169, 49, 209, 23, 4, 215,
	20, 88, 58, 97, 222, 27, 17, 28, 50, 15, 156, 22, 83, 24, 242, 34,
	254, 68, 207, 178, 195, 181, 122, 145, 36, 8, 232, 168, 96, 252, 105, 80,
	170, 208, 160, 125, 161, 137, 98, 151, 84, 91, 30, 149, 224, 255, 100, 210,
	16, 196, 0, 72, 163, 247, 117, 219, 138, 3, 230, 218, 9, 63, 221, 148,
	135, 92, 131, 2, 205, 74, 144, 51, 115, 103, 246, 243, 157, 127, 191, 226,
	82, 155, 216, 38, 200, 55, 198, 59, 129, 150, 111, 75, 19, 190, 99, 46,
	233, 121, 167, 140, 159, 110, 188, 142, 41, 245, 249, 182, 47, 253, 180, 89,
	120, 152, 6, 106, 231, 70, 113, 186, 212, 37, 171, 66, 136, 162, 141, 250,
	114, 7, 185, 85, 248, 238, 172, 10, 54, 73, 42, 104, 60, 56, 241, 164,
	64, 40, 211, 123, 187, 201, 67, 193, 21, 227, 173, 244, 119, 199, 128, 158,
}

func camelliaF(x, k uint64) uint64 {
	x ^= k
	s := &camelliaBox
	t1 := s[x>>56]
	t2 := bits.RotateLeft8(s[x>>48&255], 1)
	t3 := bits.RotateLeft8(s[x>>40&255], 7)
	t4 := s[bits.RotateLeft8(byte(x>>32), 1)]
	t5 := bits.RotateLeft8(s[x>>24&255], 1)
	t6 := bits.RotateLeft8(s[x>>16&255], 7)
	t7 := s[bits.RotateLeft8(byte(x>>8), 1)]
	t8 := s[x&255]
	return uint64(t1^t3^t4^t6^t7^t8)<<56 | uint64(t1^t2^t4^t5^t7^t8)<<48 | uint64(t1^t2^t3^t5^t6^t8)<<40 |
		uint64(t2^t3^t4^t5^t6^t7)<<32 | uint64(t1^t2^t6^t7^t8)<<24 | uint64(t2^t3^t5^t7^t8)<<16 |
		uint64(t3^t4^t5^t6^t8)<<8 | uint64(t1^t4^t5^t6^t7)
}

func camelliaFL(x, k uint64) uint64 {
	hi, lo := uint32(x>>32), uint32(x)
	lo ^= bits.RotateLeft32(hi&uint32(k>>32), 1)
	hi ^= lo | uint32(k)
	return uint64(hi)<<32 | uint64(lo)
}

func camelliaFLInverse(x, k uint64) uint64 {
	hi, lo := uint32(x>>32), uint32(x)
	hi ^= lo | uint32(k)
	lo ^= bits.RotateLeft32(hi&uint32(k>>32), 1)
	return uint64(hi)<<32 | uint64(lo)
}

// pair is 128 bits; turn rotates them to the left.
type pair [2]uint64

func (p pair) turn(n int) pair {
	if n >= 64 {
		p[0], p[1] = p[1], p[0]
		n -= 64
	}
	if n == 0 {
		return p
	}
	return pair{p[0]<<n | p[1]>>(64-n), p[1]<<n | p[0]>>(64-n)}
}

func newCamellia(key []byte) (cipher.Block, error) {
	var kl, kr pair
	switch len(key) {
	case 16, 24, 32:
		kl = pair{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	default:
		return nil, keySizeError(len(key))
	}
	if len(key) > 16 {
		kr[0] = binary.BigEndian.Uint64(key[16:])
		kr[1] = ^kr[0]
	}
	if len(key) == 32 {
		kr[1] = binary.BigEndian.Uint64(key[24:])
	}
	d := pair{kl[0] ^ kr[0], kl[1] ^ kr[1]}
	d[1] ^= camelliaF(d[0], 0xa09e667f3bcc908b)
	d[0] ^= camelliaF(d[1], 0xb67ae8584caa73b2)
	d[0] ^= kl[0]
	d[1] ^= kl[1]
	d[1] ^= camelliaF(d[0], 0xc6ef372fe94f82be)
	d[0] ^= camelliaF(d[1], 0x54ff53a5f1d36f1c)
	ka := d
	d = pair{ka[0] ^ kr[0], ka[1] ^ kr[1]}
	d[1] ^= camelliaF(d[0], 0x10e527fade682d1d)
	d[0] ^= camelliaF(d[1], 0xb05688c2b3e6c1fd)
	kb := d

	c := &camellia{in: kl}
	if len(key) == 16 {
		for _, p := range []pair{ka, kl.turn(15), ka.turn(15), kl.turn(45), {ka.turn(45)[0], kl.turn(60)[1]}, ka.turn(60),
			kl.turn(94), ka.turn(94), kl.turn(111)} {
			c.k = append(c.k, p[0], p[1])
		}
		for _, p := range []pair{ka.turn(30), kl.turn(77)} {
			c.ke = append(c.ke, p[0], p[1])
		}
		c.out = ka.turn(111)
		return c, nil
	}
	for _, p := range []pair{kb, kr.turn(15), ka.turn(15), kb.turn(30), kl.turn(45), ka.turn(45), kr.turn(60), kb.turn(60),
		kl.turn(77), kr.turn(94), ka.turn(94), kl.turn(111)} {
		c.k = append(c.k, p[0], p[1])
	}
	for _, p := range []pair{kr.turn(30), kl.turn(60), ka.turn(77)} {
		c.ke = append(c.ke, p[0], p[1])
	}
	c.out = kb.turn(111)
	return c, nil
}

func (*camellia) BlockSize() int { return 16 }

func (c *camellia) Encrypt(dst, src []byte) {
	a, b := binary.BigEndian.Uint64(src)^c.in[0], binary.BigEndian.Uint64(src[8:])^c.in[1]
	for i := 0; i < len(c.k); i += 2 {
		if i > 0 && i%6 == 0 {
			a = camelliaFL(a, c.ke[i/3-2])
			b = camelliaFLInverse(b, c.ke[i/3-1])
		}
		b ^= camelliaF(a, c.k[i])
		a ^= camelliaF(b, c.k[i+1])
	}
	binary.BigEndian.PutUint64(dst, b^c.out[0])
	binary.BigEndian.PutUint64(dst[8:], a^c.out[1])
}

func (c *camellia) Decrypt(dst, src []byte) {
	a, b := binary.BigEndian.Uint64(src)^c.out[0], binary.BigEndian.Uint64(src[8:])^c.out[1]
	for i := len(c.k) - 2; i >= 0; i -= 2 {
		b ^= camelliaF(a, c.k[i+1])
		a ^= camelliaF(b, c.k[i])
		if i > 0 && i%6 == 0 {
			a = camelliaFL(a, c.ke[i/3-1])
			b = camelliaFLInverse(b, c.ke[i/3-2])
		}
	}
	binary.BigEndian.PutUint64(dst, b^c.in[0])
	binary.BigEndian.PutUint64(dst[8:], a^c.in[1])
}
