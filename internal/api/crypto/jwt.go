package crypto

import (
	"fmt"

	"weir/internal/api/crypto/keys"
	"weir/internal/api/crypto/tokens"
	"weir/internal/script"
)

// jwtClass is crypto.JWT; its Go value is a *tokens.Token.
var jwtClass = &script.Class{
	Name: "JWT", Path: "crypto.JWT", Sig: "(token: string)", Length: 1,
	New: func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		s, err := c.Str(0)
		if err != nil {
			return nil, err
		}
		return tokens.Parse(s), nil
	},
	Props: []script.Prop{
		{Name: "isValid", Sig: "boolean", Get: func(c *script.Call) (script.Value, error) {
			return script.Bool(script.This[*tokens.Token](c).Valid()), nil
		}},
		tokenPart("header", func(t *tokens.Token) tokens.Object { return t.Header }),
		tokenPart("payload", func(t *tokens.Token) tokens.Object { return t.Payload }),
	},
	Methods: []script.Method{{Name: "verify", Sig: "(key: string | Data | JWK | PublicKey) => boolean", Length: 1, Fn: verifyToken}},
}

// tokenPart is a property that is made when it is first read, and the same object from then on.
func tokenPart(name string, get func(*tokens.Token) tokens.Object) script.Prop {
	return script.Prop{Name: name, Sig: "object | undefined", Get: func(c *script.Call) (script.Value, error) {
		o := get(script.This[*tokens.Token](c))
		if o == nil {
			return script.Undefined, nil
		}
		v := c.FromGo(plain(o))
		c.DefineHidden(c.This, name, v)
		return v, nil
	}}
}

// plain turns a value of a token into what FromGo takes.
func plain(v any) any {
	switch v := v.(type) {
	case tokens.Object:
		o := make(script.Object, len(v))
		for i, m := range v {
			o[i] = script.Pair{Name: m.Name, Value: plain(m.Value)}
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	}
	return v
}

func verifyToken(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	t := script.This[*tokens.Token](c)
	switch k := c.Opaque(c.Arg(0)).(type) {
	case *jwk:
		return script.Bool(t.VerifyKey(k.key)), nil
	case *PublicKey:
		return script.Bool(t.VerifyKey(k.Key)), nil
	}
	if c.Arg(0).IsNull() {
		return script.Bool(false), nil
	}
	text, ok := bytesOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "a Data object or a string or a public key object")
	}
	if !t.Valid() {
		return script.Bool(false), nil
	}
	if t.Symmetric() {
		return script.Bool(t.VerifySecret(text)), nil
	}
	k, err := keys.ParsePublic(text)
	if err != nil {
		p, private := keys.ParsePrivate(text, nil)
		if private != nil {
			return script.Undefined, fmt.Errorf("argument #1: neither a public nor a private key: %w", err)
		}
		k = p.Public()
	}
	return script.Bool(t.VerifyKey(k)), nil
}
