package ciphers

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// gcm is GCM (NIST SP 800-38D) in pieces: the standard library has it for whole messages only.
type gcm struct {
	authentication
	ctr     cipher.Stream
	hash    ghash
	mask    [16]byte // what the hash is encrypted with
	size    uint64
	started bool
}

func newGCM(b cipher.Block, iv []byte, decrypt bool, tagSize int) (Cipher, error) {
	auth, err := newAuthentication(decrypt, tagSize, 4, 8, 12, 13, 14, 15, 16)
	if err != nil {
		return nil, err
	}
	g := &gcm{authentication: auth}
	var h, counter [16]byte
	b.Encrypt(h[:], h[:])
	g.hash.init(&h)
	copy(counter[:], iv)
	counter[15] = 1
	b.Encrypt(g.mask[:], counter[:])
	counter[15] = 2
	g.ctr = cipher.NewCTR(b, counter[:])
	return g, nil
}

// maxGCM is where the counter of a message would be used up.
const maxGCM = (1<<32 - 2) * 16

func (g *gcm) start() {
	if !g.started {
		g.started = true
		g.hash.write(g.aad)
		g.hash.pad()
	}
}

func (g *gcm) Update(dst, src []byte) ([]byte, error) {
	g.start()
	if g.size += uint64(len(src)); g.size > maxGCM {
		return nil, ErrTooLong
	}
	if g.decrypt {
		g.hash.write(src)
	}
	dst, out := grow(dst, len(src))
	g.ctr.XORKeyStream(out, src)
	if !g.decrypt {
		g.hash.write(out)
	}
	return dst, nil
}

func (g *gcm) Final(dst []byte) ([]byte, error) {
	g.start()
	g.hash.pad()
	var lengths [16]byte
	binary.BigEndian.PutUint64(lengths[:], uint64(len(g.aad))*8)
	binary.BigEndian.PutUint64(lengths[8:], g.size*8)
	g.hash.write(lengths[:])
	tag := g.hash.sum()
	subtle.XORBytes(tag[:], tag[:], g.mask[:])
	return dst, g.finish(tag[:])
}

// element is an element of GF(2^128): the first bit of hi is the coefficient of x^0.
type element struct{ hi, lo uint64 }

// timesX multiplies by x.
func (e element) timesX() element {
	carry := e.lo & 1
	e.lo = e.lo>>1 | e.hi<<63
	e.hi >>= 1
	if carry != 0 {
		e.hi ^= 0xe1 << 56
	}
	return e
}

// reduction[r] is what four bits r add when they are shifted out.
var reduction = func() (t [16]uint64) {
	for r := range t {
		e := element{lo: uint64(r)}
		for range 4 {
			e = e.timesX()
		}
		t[r] = e.hi
	}
	return t
}()

// ghash is the hash of GCM, four bits at a time.
type ghash struct {
	table [16]element // multiples of the key
	y     element
	buf   [16]byte
	n     int
}

func (g *ghash) init(key *[16]byte) {
	e := element{binary.BigEndian.Uint64(key[:]), binary.BigEndian.Uint64(key[8:])}
	for bit := 8; bit > 0; bit /= 2 {
		for i := range g.table {
			if i&bit != 0 {
				g.table[i].hi ^= e.hi
				g.table[i].lo ^= e.lo
			}
		}
		e = e.timesX()
	}
}

func (g *ghash) block(b []byte) {
	g.y.hi ^= binary.BigEndian.Uint64(b)
	g.y.lo ^= binary.BigEndian.Uint64(b[8:])
	var z element
	for _, word := range [2]uint64{g.y.lo, g.y.hi} {
		for range 16 {
			r := reduction[z.lo&15]
			z.lo = z.lo>>4 | z.hi<<60
			z.hi = z.hi>>4 ^ r
			t := &g.table[word&15]
			z.hi ^= t.hi
			z.lo ^= t.lo
			word >>= 4
		}
	}
	g.y = z
}

func (g *ghash) write(b []byte) {
	if g.n > 0 {
		k := copy(g.buf[g.n:], b)
		b = b[k:]
		if g.n += k; g.n < 16 {
			return
		}
		g.block(g.buf[:])
		g.n = 0
	}
	for ; len(b) >= 16; b = b[16:] {
		g.block(b)
	}
	g.n = copy(g.buf[:], b)
}

// pad fills the block up with zeros.
func (g *ghash) pad() {
	if g.n > 0 {
		clear(g.buf[g.n:])
		g.block(g.buf[:])
		g.n = 0
	}
}

func (g *ghash) sum() (out [16]byte) {
	binary.BigEndian.PutUint64(out[:], g.y.hi)
	binary.BigEndian.PutUint64(out[8:], g.y.lo)
	return out
}
