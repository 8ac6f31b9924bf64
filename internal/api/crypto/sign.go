package crypto

import (
	"fmt"
	"hash"

	"weir/internal/api/crypto/digests"
	"weir/internal/api/crypto/keys"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// signing is the Go value of crypto.Sign and crypto.Verify: a digest under way; or, without an algorithm, the message itself,
// to be signed as the type of the key prescribes.
type signing struct {
	algorithm *digests.Algorithm
	hash      hash.Hash
	message   []byte
}

// maxMessage bounds a message that is signed without a digest.
const maxMessage = 64 << 20

var signClass = &script.Class{
	Name: "Sign", Path: "crypto.Sign", Sig: "(algorithm: string)", Length: 1,
	New:     newSigning,
	Methods: []script.Method{signUpdate, {Name: "sign", Sig: "(key: PrivateKey, options?) => Data | (key: PrivateKey, encoding: string, options?) => string", Length: 1, Fn: sign}},
}

var verifyClass = &script.Class{
	Name: "Verify", Path: "crypto.Verify", Sig: "(algorithm: string)", Length: 1,
	New: newSigning,
	Methods: []script.Method{signUpdate, {Name: "verify", Sig: "(key: PublicKey, signature: Data, options?) => boolean | " +
		`(key: PublicKey, signature: string, encoding = "utf8", options?) => boolean`, Length: 2, Fn: verify}},
}

func newSigning(c *script.Call) (any, error) {
	if !c.Has(0) {
		return &signing{}, nil
	}
	a, err := digestArg(c, 0)
	if err != nil {
		return nil, err
	}
	return &signing{algorithm: a, hash: a.New()}, nil
}

var signUpdate = script.Method{Name: "update", Sig: `(data: Data) | (text: string, encoding = "utf8")`, Length: 1,
	Fn: func(c *script.Call) (script.Value, error) {
		b, err := inputBytes(c)
		if err != nil {
			return script.Undefined, err
		}
		s := script.This[*signing](c)
		switch {
		case s.hash != nil:
			s.hash.Write(b)
		case len(s.message)+len(b) > maxMessage:
			return script.Undefined, fmt.Errorf("a message signed without a digest has at most %d bytes", maxMessage)
		default:
			s.message = append(s.message, b...)
		}
		return script.Undefined, nil
	}}

// signOptions reads the options of the i-th argument.
func signOptions(c *script.Call, i int) (so keys.SignOptions, err error) {
	if c.Has(i) {
		if _, err := c.Object(i); err != nil {
			return so, err
		}
	}
	o := c.Options(c.Arg(i))
	if id := o.Value("id"); !id.IsUndefined() {
		d, ok := event.DataOf(c.Realm, id)
		if !ok {
			o.Fail("id", "a Data")
			return so, o.Err()
		}
		so.ID = d.Bytes()
	}
	so.PSS = o.Enum("padding", "pkcs1", "pkcs1", "pss") == "pss"
	so.Raw = o.Enum("dsaEncoding", "der", "der", "ieee-p1363") == "ieee-p1363"
	so.SaltLength = o.Int("saltLength", -1)
	if so.SaltLength != -1 && (so.SaltLength < 1 || so.SaltLength > 1024) {
		o.Fail("saltLength", "a positive number")
	}
	return so, o.Err()
}

func sign(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	s := script.This[*signing](c)
	k, err := script.ArgAs[*PrivateKey](c, 0, "a PrivateKey object")
	if err != nil {
		return script.Undefined, err
	}
	options := 1
	var enc *stream.Encoding
	if name, ok := c.AsString(c.Arg(1)); ok {
		e, err := outputEncoding(name)
		if err != nil {
			return script.Undefined, err
		}
		enc, options = &e, 2
	} else if c.Has(1) && !c.Arg(1).IsObject() {
		return script.Undefined, script.ArgError(1, "a object or a string")
	}
	so, err := signOptions(c, options)
	if err != nil {
		return script.Undefined, err
	}
	signer, ok := k.Key.(keys.Signer)
	if !ok {
		return script.Undefined, fmt.Errorf("argument #1: %s keys cannot sign", k.Key.Kind())
	}
	var sig []byte
	if s.hash == nil {
		sig, err = signer.SignMessage(s.message, so)
	} else {
		sig, err = signer.SignDigest(s.algorithm, s.hash.Sum(nil), so)
	}
	if err != nil {
		return script.Undefined, err
	}
	if enc != nil {
		return c.String(stream.Encode(sig, *enc)), nil
	}
	return newData(c, sig), nil
}

func verify(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	s := script.This[*signing](c)
	k, err := script.ArgAs[*PublicKey](c, 0, "a PublicKey object")
	if err != nil {
		return script.Undefined, err
	}
	var sig []byte
	options := 2
	if d, ok := event.DataOf(c.Realm, c.Arg(1)); ok {
		sig = d.Bytes()
	} else if text, ok := c.AsString(c.Arg(1)); ok {
		options = 3
		if c.Has(2) && !c.Arg(2).IsString() { // the encoding is left out
			options = 2
			sig = []byte(text)
		} else if sig, err = decodeText(c, text, 2); err != nil {
			return script.Undefined, err
		}
	} else {
		return script.Undefined, script.ArgError(1, dataOrString)
	}
	so, err := signOptions(c, options)
	if err != nil {
		return script.Undefined, err
	}
	v, ok := k.Key.(keys.Verifier)
	if !ok {
		return script.Undefined, fmt.Errorf("argument #1: %s keys cannot verify signatures", k.Key.Kind())
	}
	if s.hash == nil {
		ok, err = v.VerifyMessage(s.message, sig, so)
	} else {
		ok, err = v.VerifyDigest(s.algorithm, s.hash.Sum(nil), sig, so)
	}
	return script.Bool(ok && err == nil), err
}
