package ciphers

import (
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
	"strconv"
)

// aria is the block cipher ARIA (RFC 5794).
type aria struct{ enc, dec [][16]byte }

// ariaBoxes are SB1 to SB4: S1, S2 and their inverses.
var ariaBoxes = func() (b [4][256]byte) {
	for i := range 256 {
		x := byte(i)
		inv := power(x, 254)
		b[0][i] = inv ^ bits.RotateLeft8(inv, 1) ^ bits.RotateLeft8(inv, 2) ^ bits.RotateLeft8(inv, 3) ^ bits.RotateLeft8(inv, 4) ^ 0x63
		b[1][i] = affine(power(x, 247))
	}
	for i := range 256 {
		b[2][b[0][i]] = byte(i)
		b[3][b[1][i]] = byte(i)
	}
	return b
}()

// power is x to the n-th in the field of AES.
func power(x byte, n int) byte {
	r := byte(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			r = times(r, x)
		}
		x = times(x, x)
	}
	return r
}

func times(a, b byte) (r byte) {
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			r ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1b
	}
	return r
}

// affine is the affine map of S2; rows[i] has the bits of which bit i is the sum.
func affine(x byte) (y byte) {
	rows := [8]byte{0x7a, 0xbc, 0xeb, 0xb9, 0x34, 0x81, 0xba, 0xcb}
	for i, r := range rows {
		y |= byte(bits.OnesCount8(r&x)&1) << i
	}
	return y ^ 0xe2
}

// ariaMix has the bytes of which each byte of the diffusion layer is the sum.
var ariaMix = [16][7]byte{
	{3, 4, 6, 8, 9, 13, 14}, {2, 5, 7, 8, 9, 12, 15}, {1, 4, 6, 10, 11, 12, 15}, {0, 5, 7, 10, 11, 13, 14},
	{0, 2, 5, 8, 11, 14, 15}, {1, 3, 4, 9, 10, 14, 15}, {0, 2, 7, 9, 10, 12, 13}, {1, 3, 6, 8, 11, 12, 13},
	{0, 1, 4, 7, 10, 13, 15}, {0, 1, 5, 6, 11, 12, 14}, {2, 3, 5, 6, 8, 13, 15}, {2, 3, 4, 7, 9, 12, 14},
	{1, 2, 6, 7, 9, 11, 12}, {0, 3, 6, 7, 8, 10, 13}, {0, 3, 4, 5, 9, 11, 14}, {1, 2, 4, 5, 8, 10, 15},
}

func ariaDiffuse(x [16]byte) (y [16]byte) {
	for i, m := range ariaMix {
		for _, j := range m {
			y[i] ^= x[j]
		}
	}
	return y
}

func xor16(a, b [16]byte) [16]byte {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}

// ariaSubstitute is SL1, or SL2 if shifted is 2.
func ariaSubstitute(x [16]byte, shifted int) [16]byte {
	for i := range x {
		x[i] = ariaBoxes[(i+shifted)&3][x[i]]
	}
	return x
}

func ariaRound(d, k [16]byte, shifted int) [16]byte {
	return ariaDiffuse(ariaSubstitute(xor16(d, k), shifted))
}

// rotate turns 128 bits to the left.
func rotate(b [16]byte, n int) (out [16]byte) {
	hi, lo := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	if n >= 64 {
		hi, lo = lo, hi
		n -= 64
	}
	if n > 0 {
		hi, lo = hi<<n|lo>>(64-n), lo<<n|hi>>(64-n)
	}
	binary.BigEndian.PutUint64(out[:], hi)
	binary.BigEndian.PutUint64(out[8:], lo)
	return out
}

func wide(hi, lo uint64) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return b
}

func newARIA(key []byte) (cipher.Block, error) {
	rounds := map[int]int{16: 12, 24: 14, 32: 16}[len(key)]
	if rounds == 0 {
		return nil, keySizeError(len(key))
	}
	c := [3][16]byte{wide(0x517cc1b727220a94, 0xfe13abe8fa9a6ee0), wide(0x6db14acc9e21c820, 0xff28b1d5ef5de2b0),
		wide(0xdb92371d2126e970, 0x0324977504e8c90e)}
	turn := (rounds - 12) / 2
	var kl, kr [16]byte
	copy(kl[:], key)
	copy(kr[:], key[16:])
	var w [4][16]byte
	w[0] = kl
	w[1] = xor16(ariaRound(w[0], c[turn], 0), kr)
	w[2] = xor16(ariaRound(w[1], c[(turn+1)%3], 2), w[0])
	w[3] = xor16(ariaRound(w[2], c[(turn+2)%3], 0), w[1])
	a := &aria{}
	for i := range rounds + 1 {
		left := [5]int{128 - 19, 128 - 31, 61, 31, 19}[i/4]
		j := i % 4
		a.enc = append(a.enc, xor16(w[j], rotate(w[(j+1)%4], left)))
	}
	for i := range rounds + 1 {
		k := a.enc[rounds-i]
		if i > 0 && i < rounds {
			k = ariaDiffuse(k)
		}
		a.dec = append(a.dec, k)
	}
	return a, nil
}

func (*aria) BlockSize() int            { return 16 }
func (a *aria) Encrypt(dst, src []byte) { ariaCrypt(a.enc, dst, src) }
func (a *aria) Decrypt(dst, src []byte) { ariaCrypt(a.dec, dst, src) }

func ariaCrypt(keys [][16]byte, dst, src []byte) {
	p := [16]byte(src[:16])
	n := len(keys) - 1
	for i := range n - 1 {
		p = ariaRound(p, keys[i], i%2*2)
	}
	p = xor16(ariaSubstitute(xor16(p, keys[n-1]), 2), keys[n])
	copy(dst, p[:])
}

type keySizeError int

func (k keySizeError) Error() string { return "invalid key size " + strconv.Itoa(int(k)) }
