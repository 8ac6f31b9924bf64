package crypto

import (
	"errors"
	"fmt"

	"weir/internal/api/crypto/ciphers"
	"weir/internal/event"
	"weir/internal/script"
)

// ciphering is the Go value of crypto.Cipher and crypto.Decipher.
type ciphering struct {
	ciphers.Cipher
	started, done bool
}

var cipherClass = newCipherClass("Cipher", false, script.Method{Name: "getAuthTag", Sig: "() => Data [beyond]", Fn: getAuthTag})
var decipherClass = newCipherClass("Decipher", true, script.Method{Name: "setAuthTag", Sig: "(tag: Data) => this [beyond]", Length: 1, Fn: setAuthTag})

func newCipherClass(name string, decrypt bool, tag script.Method) *script.Class {
	return &script.Class{
		Name: name, Path: "crypto." + name, Sig: "(algorithm: string, options: {key, iv})", Length: 2,
		New: func(c *script.Call) (any, error) { return newCiphering(c, decrypt) },
		Methods: []script.Method{
			{Name: "update", Sig: "(data: Data | string) => Data", Length: 1, Fn: updateCipher},
			{Name: "final", Sig: "() => Data", Fn: finishCipher},
			{Name: "setAAD", Sig: "(data: Data | string) => this [beyond]", Length: 1, Fn: setAAD},
			tag,
		},
	}
}

func newCiphering(c *script.Call, decrypt bool) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	name, err := c.Str(0)
	if err != nil {
		return nil, err
	}
	a := ciphers.ByName(name)
	if a == nil {
		return nil, fmt.Errorf("Unknown cipher: %s", name) //lint:ignore ST1005 the message scripts know
	}
	if !c.Has(1) {
		return nil, errors.New("options cannot be null")
	}
	v, err := c.Object(1)
	if err != nil {
		return nil, err
	}
	o := c.Options(v)
	key := bytesOption(c.Realm, o, "key")
	iv := bytesOption(c.Realm, o, "iv")
	tagSize := o.Int("authTagLength", 0)
	if key == nil {
		o.Fail("key", "a string", "a Data")
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	switch {
	case len(key) > 64:
		return nil, errors.New("options.key is too long")
	case len(key) != a.KeySize:
		return nil, fmt.Errorf("options.key expected to have a length of %d", a.KeySize)
	case len(iv) == 0:
		iv = make([]byte, a.IVSize)
	case len(iv) != a.IVSize:
		return nil, fmt.Errorf("options.iv expected to have a length of %d", a.IVSize)
	}
	k, err := a.New(key, iv, decrypt, tagSize)
	if err != nil {
		return nil, err
	}
	return &ciphering{Cipher: k}, nil
}

var errFinished = errors.New("the cipher is finished: make a new one for another message")

func updateCipher(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	k := script.This[*ciphering](c)
	if k.done {
		return script.Undefined, errFinished
	}
	b, err := bytesArg(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	k.started = true
	out, err := k.Update(nil, b)
	if err != nil {
		return script.Undefined, err
	}
	return newData(c, out), nil
}

func finishCipher(c *script.Call) (script.Value, error) {
	k := script.This[*ciphering](c)
	if k.done {
		return script.Undefined, errFinished
	}
	k.done = true
	out, err := k.Final(nil)
	if err != nil {
		return script.Undefined, err
	}
	return newData(c, out), nil
}

var errNoAEAD = errors.New("this cipher has no authentication tag")

func setAAD(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	k := script.This[*ciphering](c)
	a, ok := k.Cipher.(ciphers.Authenticated)
	switch {
	case !ok:
		return script.Undefined, errNoAEAD
	case k.started || k.done:
		return script.Undefined, errors.New("setAAD comes before the first update")
	}
	b, err := bytesArg(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	a.SetAAD(b)
	return c.This, nil
}

func setAuthTag(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	k := script.This[*ciphering](c)
	a, ok := k.Cipher.(ciphers.Authenticated)
	switch {
	case !ok:
		return script.Undefined, errNoAEAD
	case k.done:
		return script.Undefined, errFinished
	}
	d, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	a.SetTag(d.Bytes())
	return c.This, nil
}

func getAuthTag(c *script.Call) (script.Value, error) {
	k := script.This[*ciphering](c)
	a, ok := k.Cipher.(ciphers.Authenticated)
	switch {
	case !ok:
		return script.Undefined, errNoAEAD
	case !k.done:
		return script.Undefined, errors.New("getAuthTag comes after final")
	}
	return newData(c, append([]byte(nil), a.Tag()...)), nil
}
