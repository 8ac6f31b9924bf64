package ciphers

import "crypto/cipher"

// blocks runs a mode that takes whole blocks, with the padding of PKCS #7.
type blocks struct {
	mode    cipher.BlockMode
	decrypt bool
	rest    []byte // less than a block, or one whole block of a decryption, which can be the last
}

func newCBC(b cipher.Block, iv []byte, decrypt bool, _ int) (Cipher, error) {
	if decrypt {
		return &blocks{mode: cipher.NewCBCDecrypter(b, iv), decrypt: true}, nil
	}
	return &blocks{mode: cipher.NewCBCEncrypter(b, iv)}, nil
}

func newECB(b cipher.Block, _ []byte, decrypt bool, _ int) (Cipher, error) {
	return &blocks{mode: ecb{b, decrypt}, decrypt: decrypt}, nil
}

func (c *blocks) Update(dst, src []byte) ([]byte, error) {
	size := c.mode.BlockSize()
	all := append(c.rest, src...)
	n := len(all) / size * size
	if c.decrypt && n == len(all) && n > 0 {
		n -= size
	}
	dst, out := grow(dst, n)
	c.mode.CryptBlocks(out, all[:n])
	c.rest = append(c.rest[:0:0], all[n:]...)
	return dst, nil
}

func (c *blocks) Final(dst []byte) ([]byte, error) {
	size := c.mode.BlockSize()
	if !c.decrypt {
		pad := size - len(c.rest)
		for range pad {
			c.rest = append(c.rest, byte(pad))
		}
		c.mode.CryptBlocks(c.rest, c.rest)
		return append(dst, c.rest...), nil
	}
	if len(c.rest) != size {
		return nil, ErrFinalLength
	}
	c.mode.CryptBlocks(c.rest, c.rest)
	pad := int(c.rest[size-1])
	if pad < 1 || pad > size {
		return nil, ErrBadDecrypt
	}
	for _, b := range c.rest[size-pad:] {
		if int(b) != pad {
			return nil, ErrBadDecrypt
		}
	}
	return append(dst, c.rest[:size-pad]...), nil
}

// ecb is each block by itself.
type ecb struct {
	cipher.Block
	decrypt bool
}

func (e ecb) CryptBlocks(dst, src []byte) {
	f := e.Encrypt
	if e.decrypt {
		f = e.Decrypt
	}
	for n := e.BlockSize(); len(src) > 0; src, dst = src[n:], dst[n:] {
		f(dst, src[:n])
	}
}
