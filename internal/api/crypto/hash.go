package crypto

import (
	"crypto/hmac"
	"fmt"
	"hash"

	"weir/internal/api/crypto/digests"
	"weir/internal/script"
)

// hashing is the Go value of crypto.Hash and crypto.Hmac.
type hashing struct{ hash.Hash }

var hashClass = &script.Class{
	Name: "Hash", Path: "crypto.Hash", Sig: "(algorithm: string)", Length: 1,
	New: func(c *script.Call) (any, error) {
		a, err := digestArg(c, 0)
		if err != nil {
			return nil, err
		}
		return &hashing{a.New()}, nil
	},
	Methods: hashMethods,
}

var hmacClass = &script.Class{
	Name: "Hmac", Path: "crypto.Hmac", Sig: "(algorithm: string, key: string | Data)", Length: 2,
	New: func(c *script.Call) (any, error) {
		a, err := digestArg(c, 0)
		if err != nil {
			return nil, err
		}
		if a.XOF {
			return nil, fmt.Errorf("HMAC with %s is not defined", a.Name)
		}
		key, err := bytesArg(c, 1)
		if err != nil {
			return nil, err
		}
		return &hashing{hmac.New(a.New, key)}, nil
	},
	Methods: hashMethods,
}

var hashMethods = []script.Method{
	{Name: "update", Sig: `(data: Data) | (text: string, encoding = "utf8")`, Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		b, err := inputBytes(c)
		if err == nil {
			script.This[*hashing](c).Write(b)
		}
		return script.Undefined, err
	}},
	{Name: "digest", Sig: "() => Data | (encoding: string) => string", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		return output(c, script.This[*hashing](c).Sum(nil), 0)
	}},
}

// digestArg returns the digest that the i-th argument names.
func digestArg(c *script.Call, i int) (*digests.Algorithm, error) {
	if err := c.Need(i + 1); err != nil {
		return nil, err
	}
	name, err := c.Str(i)
	if err != nil {
		return nil, err
	}
	return digestByName(name)
}

func digestByName(name string) (*digests.Algorithm, error) {
	a := digests.ByName(name)
	if a == nil {
		return nil, fmt.Errorf("Unknown algorithm: %s", name) //lint:ignore ST1005 the message scripts know
	}
	return a, nil
}
