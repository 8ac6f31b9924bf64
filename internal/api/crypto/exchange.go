package crypto

import (
	"errors"
	"fmt"

	"weir/internal/api/crypto/keys"
	"weir/internal/script"
)

// diffieHellman gives the secret two parties share: of EC keys on the same curve, X25519 or X448.
func diffieHellman(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	v, err := c.Object(0)
	if err != nil {
		return script.Undefined, err
	}
	o := c.Options(v)
	mine := objectOption[*PrivateKey](c.Realm, o, "privateKey", "PrivateKey")
	if mine == nil {
		o.Fail("privateKey", "a PrivateKey")
	}
	peer := objectOption[*PublicKey](c.Realm, o, "publicKey", "PublicKey")
	if peer == nil {
		o.Fail("publicKey", "a PublicKey")
	}
	if err := o.Err(); err != nil {
		return script.Undefined, err
	}
	k, ok := mine.Key.(keys.Agreer)
	if !ok {
		return script.Undefined, fmt.Errorf("options.privateKey: %s keys cannot agree on a secret", mine.Key.Kind())
	}
	secret, err := k.Agree(peer.Key)
	if err != nil {
		return script.Undefined, err
	}
	return newData(c, secret), nil
}

// encryptOptions reads the options of publicEncrypt and privateDecrypt.
func encryptOptions(c *script.Call, i int) (e keys.EncryptOptions, err error) {
	if c.Has(i) {
		if _, err := c.Object(i); err != nil {
			return e, err
		}
	}
	o := c.Options(c.Arg(i))
	e.Label = bytesOption(c.Realm, o, "oaepLabel")
	name := o.Str("oaepHash", "sha1")
	if err := o.Err(); err != nil {
		return e, err
	}
	if e.Hash, err = digestByName(name); err == nil && e.Hash.XOF {
		err = errors.New("options.oaepHash expects a digest of a fixed length")
	}
	return e, err
}

// publicEncrypt encrypts a short message: RSA-OAEP, or SM2.
func publicEncrypt(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	k, err := script.ArgAs[*PublicKey](c, 0, "a PublicKey object")
	if err != nil {
		return script.Undefined, err
	}
	b, err := bytesArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	e, err := encryptOptions(c, 2)
	if err != nil {
		return script.Undefined, err
	}
	key, ok := k.Key.(keys.Encrypter)
	if !ok {
		return script.Undefined, fmt.Errorf("argument #1: %s keys cannot encrypt", k.Key.Kind())
	}
	out, err := key.Encrypt(b, e)
	if err != nil {
		return script.Undefined, about(1, err)
	}
	return newData(c, out), nil
}

// privateDecrypt is the opposite of publicEncrypt.
func privateDecrypt(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	k, err := script.ArgAs[*PrivateKey](c, 0, "a PrivateKey object")
	if err != nil {
		return script.Undefined, err
	}
	b, err := bytesArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	e, err := encryptOptions(c, 2)
	if err != nil {
		return script.Undefined, err
	}
	key, ok := k.Key.(keys.Decrypter)
	if !ok {
		return script.Undefined, fmt.Errorf("argument #1: %s keys cannot decrypt", k.Key.Kind())
	}
	out, err := key.Decrypt(b, e)
	if err != nil {
		return script.Undefined, about(1, err)
	}
	return newData(c, out), nil
}

// encapsulate makes a secret for the owner of an ML-KEM key and the ciphertext that carries it.
func encapsulate(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	k, err := script.ArgAs[*PublicKey](c, 0, "a PublicKey object")
	if err != nil {
		return script.Undefined, err
	}
	key, ok := k.Key.(keys.Encapsulator)
	if !ok {
		return script.Undefined, fmt.Errorf("argument #1: %s keys cannot encapsulate", k.Key.Kind())
	}
	secret, ciphertext := key.Encapsulate()
	return c.FromGo(script.Object{
		{Name: "sharedKey", Value: newData(c, secret)},
		{Name: "ciphertext", Value: newData(c, ciphertext)},
	}), nil
}

// decapsulate gets the secret out of a ciphertext.
func decapsulate(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	k, err := script.ArgAs[*PrivateKey](c, 0, "a PrivateKey object")
	if err != nil {
		return script.Undefined, err
	}
	b, err := bytesArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	key, ok := k.Key.(keys.Decapsulator)
	if !ok {
		return script.Undefined, fmt.Errorf("argument #1: %s keys cannot decapsulate", k.Key.Kind())
	}
	secret, err := key.Decapsulate(b)
	if err != nil {
		return script.Undefined, about(1, err)
	}
	return newData(c, secret), nil
}
