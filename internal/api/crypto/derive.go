package crypto

import (
	"crypto/hkdf"
	"crypto/pbkdf2"
	"errors"
	"fmt"

	"golang.org/x/crypto/scrypt"

	"weir/internal/api/crypto/digests"
	"weir/internal/script"
)

// Bounds of the work one call may ask for: a few seconds, and memory that fits.
const (
	maxRounds = 10_000_000 // of PBKDF2, for all blocks together
	maxScrypt = 256 << 20  // bytes
	maxKey    = 1 << 16    // bytes of a derived key
)

// keyedDigest returns the digest that the i-th argument names, one that HMAC can use.
func keyedDigest(c *script.Call, i int) (*digests.Algorithm, error) {
	a, err := digestArg(c, i)
	if err == nil && a.XOF {
		err = fmt.Errorf("HMAC with %s is not defined", a.Name)
	}
	return a, err
}

// byteArgs returns the bytes of n arguments from the i-th on.
func byteArgs(c *script.Call, i, n int) ([][]byte, error) {
	out := make([][]byte, n)
	for j := range out {
		b, err := bytesArg(c, i+j)
		if err != nil {
			return nil, err
		}
		out[j] = b
	}
	return out, nil
}

// hkdfSync is HKDF (RFC 5869): (digest, secret, salt, info, length).
func hkdfSync(c *script.Call) (script.Value, error) {
	if err := c.Need(5); err != nil {
		return script.Undefined, err
	}
	a, err := keyedDigest(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	b, err := byteArgs(c, 1, 3)
	if err != nil {
		return script.Undefined, err
	}
	n, err := lengthArg(c, 4, 255*a.New().Size())
	if err != nil {
		return script.Undefined, err
	}
	key, err := hkdf.Key(a.New, b[0], b[1], string(b[2]), n)
	if err != nil {
		return script.Undefined, err
	}
	return newData(c, key), nil
}

// pbkdf2Sync is PBKDF2 (RFC 8018): (password, salt, iterations, length, digest).
func pbkdf2Sync(c *script.Call) (script.Value, error) {
	if err := c.Need(5); err != nil {
		return script.Undefined, err
	}
	b, err := byteArgs(c, 0, 2)
	if err != nil {
		return script.Undefined, err
	}
	rounds, err := lengthArg(c, 2, maxRounds)
	if err != nil {
		return script.Undefined, err
	}
	n, err := lengthArg(c, 3, maxKey)
	if err != nil {
		return script.Undefined, err
	}
	a, err := keyedDigest(c, 4)
	if err != nil {
		return script.Undefined, err
	}
	size := a.New().Size()
	if blocks := (n + size - 1) / size; rounds < 1 || blocks*rounds > maxRounds {
		return script.Undefined, fmt.Errorf("argument #3 expects 1 to %d rounds, for each %d bytes of the key", maxRounds, size)
	}
	if n == 0 {
		return newData(c, nil), nil
	}
	key, err := pbkdf2.Key(a.New, string(b[0]), b[1], rounds, n)
	if err != nil {
		return script.Undefined, err
	}
	return newData(c, key), nil
}

// scryptSync is scrypt (RFC 7914): (password, salt, length, {N, r, p}).
func scryptSync(c *script.Call) (script.Value, error) {
	if err := c.Need(3); err != nil {
		return script.Undefined, err
	}
	b, err := byteArgs(c, 0, 2)
	if err != nil {
		return script.Undefined, err
	}
	length, err := lengthArg(c, 2, maxKey)
	if err != nil {
		return script.Undefined, err
	}
	if c.Has(3) {
		if _, err := c.Object(3); err != nil {
			return script.Undefined, err
		}
	}
	o := c.Options(c.Arg(3))
	n, r, p := o.Int("N", 16384), o.Int("r", 8), o.Int("p", 1)
	if err := o.Err(); err != nil {
		return script.Undefined, err
	}
	switch {
	case n < 2 || n&(n-1) != 0 || n > maxScrypt/128:
		return script.Undefined, fmt.Errorf("options.N expects a power of 2 up to %d: scrypt may use 256 MiB", maxScrypt/128)
	case r < 1 || r > maxScrypt/128/n:
		return script.Undefined, fmt.Errorf("options.r expects 1 to %d: scrypt may use 256 MiB", maxScrypt/128/n)
	case p < 1 || p > 64:
		return script.Undefined, errors.New("options.p expects 1 to 64")
	}
	key, err := scrypt.Key(b[0], b[1], n, r, p, length)
	if err != nil {
		return script.Undefined, err
	}
	return newData(c, key), nil
}
