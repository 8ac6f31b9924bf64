package ciphers

import (
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
	//lint:ignore SA1019 the AEAD that is offered instead takes whole messages only
	"golang.org/x/crypto/poly1305"
)

// chaChaPoly is ChaCha20-Poly1305 (RFC 8439) in pieces.
type chaChaPoly struct {
	authentication
	c       *chacha20.Cipher
	mac     *poly1305.MAC
	size    uint64
	started bool
}

func newChaChaPoly(key, iv []byte, decrypt bool, tagSize int) (Cipher, error) {
	auth, err := newAuthentication(decrypt, tagSize, 16)
	if err != nil {
		return nil, err
	}
	c, err := chacha20.NewUnauthenticatedCipher(key, iv)
	if err != nil {
		return nil, err
	}
	var once [32]byte
	c.XORKeyStream(once[:], once[:])
	c.SetCounter(1)
	return &chaChaPoly{authentication: auth, c: c, mac: poly1305.New(&once)}, nil
}

// maxChaCha is where the counter of a message would be used up.
const maxChaCha = (1<<32 - 1) * 64

func (c *chaChaPoly) pad(n uint64) { c.mac.Write(make([]byte, -n%16)) }

func (c *chaChaPoly) start() {
	if !c.started {
		c.started = true
		c.mac.Write(c.aad)
		c.pad(uint64(len(c.aad)))
	}
}

func (c *chaChaPoly) Update(dst, src []byte) ([]byte, error) {
	c.start()
	if c.size += uint64(len(src)); c.size > maxChaCha {
		return nil, ErrTooLong
	}
	if c.decrypt {
		c.mac.Write(src)
	}
	dst, out := grow(dst, len(src))
	c.c.XORKeyStream(out, src)
	if !c.decrypt {
		c.mac.Write(out)
	}
	return dst, nil
}

func (c *chaChaPoly) Final(dst []byte) ([]byte, error) {
	c.start()
	c.pad(c.size)
	lengths := binary.LittleEndian.AppendUint64(nil, uint64(len(c.aad)))
	c.mac.Write(binary.LittleEndian.AppendUint64(lengths, c.size))
	return dst, c.finish(c.mac.Sum(nil))
}
