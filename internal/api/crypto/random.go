package crypto

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"

	"weir/internal/script"
)

// maxRandom is how many random bytes, and how many bytes of derived keys, one call gives.
const maxRandom = 16 << 20

// lengthArg returns the i-th argument, a number of bytes.
func lengthArg(c *script.Call, i, most int) (int, error) {
	n, err := c.Int(i)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > most {
		return 0, fmt.Errorf("argument #%d expects a number from 0 to %d", i+1, most)
	}
	return n, nil
}

func randomBytes(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	n, err := lengthArg(c, 0, maxRandom)
	if err != nil {
		return script.Undefined, err
	}
	b := make([]byte, n)
	rand.Read(b) // never fails
	return newData(c, b), nil
}

// timingSafeEqual compares in a time that depends on the lengths only. Unlike Node's it takes different lengths: they are unequal.
func timingSafeEqual(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	a, err := bytesArg(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	b, err := bytesArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	return script.Bool(subtle.ConstantTimeCompare(a, b) == 1), nil
}
