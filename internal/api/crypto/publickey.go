package crypto

import (
	"bytes"
	"weir/internal/api/crypto/keys"
	"weir/internal/script"
)

// PublicKey is the Go value of crypto.PublicKey.
type PublicKey struct{ Key keys.Public }

var publicKeyClass = &script.Class{
	Name: "PublicKey", Path: "crypto.PublicKey", Sig: "(src: string | Data | PrivateKey)", Length: 1,
	New: newPublicKey,
	Methods: []script.Method{{Name: "toPEM", Sig: "() => Data", Fn: func(c *script.Call) (script.Value, error) {
		b, err := keys.PublicPEM(script.This[*PublicKey](c).Key)
		if err != nil {
			return script.Undefined, err
		}
		return newData(c, b), nil
	}}},
	Props: []script.Prop{{Name: "type", Sig: "string [beyond]", Get: func(c *script.Call) (script.Value, error) {
		return c.String(script.This[*PublicKey](c).Key.Kind()), nil
	}}},
}

func newPublicKey(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	if k, ok := script.As[*PrivateKey](c.Realm, c.Arg(0)); ok {
		return &PublicKey{k.Key.Public()}, nil
	}
	text, ok := bytesOf(c.Realm, c.Arg(0))
	if !ok {
		return nil, script.ArgError(0, "a string or an object")
	}
	if len(text) == 0 {
		return nil, errEmpty
	}
	k, err := keys.ParsePublic(bytes.Clone(text))
	if err != nil {
		return nil, about(0, err)
	}
	return &PublicKey{k}, nil
}
