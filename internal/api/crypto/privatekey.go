package crypto

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"strings"

	"weir/internal/api/crypto/keys"
	"weir/internal/script"
)

// PrivateKey is the Go value of crypto.PrivateKey.
type PrivateKey struct{ Key keys.Private }

// Signer returns the key as the standard library signs with it, such as for TLS; nil if it cannot.
func (k *PrivateKey) Signer() crypto.Signer { return k.Key.Signer() }

var privateKeyClass = &script.Class{
	Name: "PrivateKey", Path: "crypto.PrivateKey", Sig: "(src: string | Data | {type, bits})", Length: 1,
	New: newPrivateKey,
	Methods: []script.Method{{Name: "toPEM", Sig: "() => Data", Fn: func(c *script.Call) (script.Value, error) {
		b, err := keys.PrivatePEM(script.This[*PrivateKey](c).Key)
		if err != nil {
			return script.Undefined, err
		}
		return newData(c, b), nil
	}}},
	Props: []script.Prop{{Name: "type", Sig: "string [beyond]", Get: func(c *script.Call) (script.Value, error) {
		return c.String(script.This[*PrivateKey](c).Key.Kind()), nil
	}}},
}

func newPrivateKey(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	v := c.Arg(0)
	if text, ok := bytesOf(c.Realm, v); ok {
		if len(text) == 0 {
			return nil, errEmpty
		}
		if c.Has(1) {
			if _, err := c.Object(1); err != nil {
				return nil, err
			}
		}
		o := c.Options(c.Arg(1))
		passphrase := bytesOption(c.Realm, o, "passphrase")
		if err := o.Err(); err != nil {
			return nil, err
		}
		k, err := keys.ParsePrivate(bytes.Clone(text), passphrase)
		if err != nil {
			return nil, about(0, err)
		}
		return &PrivateKey{k}, nil
	}
	if !v.IsObject() {
		return nil, script.ArgError(0, "a string or an object")
	}
	o := c.Options(v)
	kind := o.Str("type", "")
	bits := o.Int("bits", 2048)
	curve := o.Str("curve", "")
	if err := o.Err(); err != nil {
		return nil, err
	}
	if !slices.Contains(keys.Types, kind) {
		return nil, fmt.Errorf("options.type expects one of %s", strings.Join(keys.Types, ", "))
	}
	k, err := keys.Generate(kind, keys.GenerateOptions{Bits: bits, Curve: curve})
	if err != nil {
		return nil, fmt.Errorf("options.%w", err)
	}
	return &PrivateKey{k}, nil
}
