package crypto

import (
	"weir/internal/api/crypto/keys"
	"weir/internal/script"
)

// jwk is the Go value of crypto.JWK.
type jwk struct{ key keys.Public }

var jwkClass = &script.Class{
	Name: "JWK", Path: "crypto.JWK", Sig: "(json: object)", Length: 1,
	New: func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		v, err := c.Object(0)
		if err != nil {
			return nil, err
		}
		var failed error
		k, err := keys.FromJWK(func(name string) (string, bool) {
			f, err := c.Get(v, name)
			if err != nil {
				failed = err
			}
			if f.IsNullish() {
				return "", true
			}
			return c.AsString(f)
		})
		if failed != nil {
			return nil, failed
		}
		if err != nil {
			return nil, err
		}
		return &jwk{k}, nil
	},
	Props: []script.Prop{{Name: "isValid", Sig: "boolean", Get: func(c *script.Call) (script.Value, error) {
		return script.Bool(script.This[*jwk](c).key != nil), nil
	}}},
}
