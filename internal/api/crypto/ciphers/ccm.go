package ciphers

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// ccm is CCM (NIST SP 800-38C, RFC 3610). Its checksum begins with the length of the message, which is known at the end only:
// the plaintext is kept until then.
type ccm struct {
	authentication
	block cipher.Block
	nonce []byte
	ctr   cipher.Stream
	mask  [16]byte
	plain []byte
}

func newCCM(b cipher.Block, iv []byte, decrypt bool, tagSize int) (Cipher, error) {
	auth, err := newAuthentication(decrypt, tagSize, 4, 6, 8, 10, 12, 14, 16)
	if err != nil {
		return nil, err
	}
	c := &ccm{authentication: auth, block: b, nonce: append([]byte(nil), iv...)}
	var counter [16]byte
	counter[0] = byte(14 - len(iv))
	copy(counter[1:], iv)
	b.Encrypt(c.mask[:], counter[:])
	counter[15] = 1
	c.ctr = cipher.NewCTR(b, counter[:])
	return c, nil
}

// maxCCM is the longest message: as long as a nonce of 12 bytes allows.
const maxCCM = 1<<24 - 1

func (c *ccm) Update(dst, src []byte) ([]byte, error) {
	if len(c.plain)+len(src) > maxCCM {
		return nil, ErrTooLong
	}
	dst, out := grow(dst, len(src))
	c.ctr.XORKeyStream(out, src)
	if c.decrypt {
		c.plain = append(c.plain, out...)
	} else {
		c.plain = append(c.plain, src...)
	}
	return dst, nil
}

func (c *ccm) Final(dst []byte) ([]byte, error) {
	var first [16]byte
	first[0] = byte((c.tagSize-2)/2<<3 + 14 - len(c.nonce))
	binary.BigEndian.PutUint64(first[8:], uint64(len(c.plain)))
	copy(first[1:], c.nonce)
	if len(c.aad) > 0 {
		first[0] |= 0x40
	}
	mac := cbcMAC{block: c.block}
	mac.write(first[:])
	if n := len(c.aad); n > 0 {
		if n < 1<<16-1<<8 {
			mac.write(binary.BigEndian.AppendUint16(nil, uint16(n)))
		} else {
			mac.write(binary.BigEndian.AppendUint32([]byte{0xff, 0xfe}, uint32(n)))
		}
		mac.write(c.aad)
		mac.pad()
	}
	mac.write(c.plain)
	mac.pad()
	c.plain = nil
	subtle.XORBytes(mac.state[:], mac.state[:], c.mask[:])
	return dst, c.finish(mac.state[:])
}

// cbcMAC is the last block of CBC with a zero iv.
type cbcMAC struct {
	block cipher.Block
	state [16]byte
	n     int
}

func (m *cbcMAC) write(b []byte) {
	for len(b) > 0 {
		k := subtle.XORBytes(m.state[m.n:], m.state[m.n:], b)
		b = b[k:]
		if m.n += k; m.n == 16 {
			m.pad()
		}
	}
}

func (m *cbcMAC) pad() {
	if m.n > 0 {
		m.block.Encrypt(m.state[:], m.state[:])
		m.n = 0
	}
}
