package keys

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// maxModulus is the longest RSA modulus of a JWK in bytes.
const maxModulus = 2048

// FromJWK makes the public key that a JWK describes (RFC 7517, RFC 7518 section 6, RFC 8037); get returns its members, "" for
// those that are missing and false for those that are no strings.
func FromJWK(get func(name string) (string, bool)) (Public, error) {
	kty, ok := get("kty")
	if ok && kty == "" {
		return nil, errors.New(`missing "kty"`)
	}
	switch kty {
	case "RSA":
		n, err := jwkBytes(get, "n")
		if err != nil {
			return nil, err
		}
		e, err := jwkBytes(get, "e")
		if err != nil {
			return nil, err
		}
		k := &rsa.PublicKey{N: new(big.Int).SetBytes(n)}
		if len(n) > maxModulus || k.N.BitLen() < minRSA || k.N.Bit(0) == 0 {
			return nil, errors.New(`invalid "n"`)
		}
		exp := new(big.Int).SetBytes(e)
		if exp.BitLen() > 31 || exp.Int64() < 3 || exp.Bit(0) == 0 {
			return nil, errors.New(`invalid "e"`)
		}
		k.E = int(exp.Int64())
		return rsaPublic{k}, nil
	case "EC":
		return jwkEC(get)
	case "OKP":
		crv, _ := get("crv")
		if crv == "" {
			return nil, errors.New(`missing "crv"`)
		}
		if crv != "Ed25519" {
			return nil, errors.New(`unknown "crv"`)
		}
		x, err := jwkBytes(get, "x")
		if err != nil {
			return nil, err
		}
		k, err := NewEd25519(x)
		if err != nil {
			return nil, errors.New(`invalid "x"`)
		}
		return k, nil
	}
	return nil, errors.New(`unknown "kty"`)
}

func jwkEC(get func(name string) (string, bool)) (Public, error) {
	crv, _ := get("crv")
	if crv == "" {
		return nil, errors.New(`missing "crv"`)
	}
	x, err := jwkBytes(get, "x")
	if err != nil {
		return nil, err
	}
	y, err := jwkBytes(get, "y")
	if err != nil {
		return nil, err
	}
	c := nistByName(crv)
	size := 32
	switch {
	case c != nil:
		size = (c.Params().BitSize + 7) / 8
	case crv != "secp256k1":
		return nil, errors.New(`unknown "crv"`)
	}
	x, y = scalar(x, size), scalar(y, size)
	if len(x) != size {
		return nil, errors.New(`invalid "x"`)
	}
	if len(y) != size {
		return nil, errors.New(`invalid "y"`)
	}
	point := append(append([]byte{4}, x...), y...)
	var k Public
	if c != nil {
		k, err = parseECPublic(*c, point)
	} else {
		k, err = parseSecp256k1Public(point)
	}
	if err != nil {
		return nil, errors.New(`invalid "x" or "y": not a point of the curve`)
	}
	return k, nil
}

// jwkBytes reads a member that is base64url.
func jwkBytes(get func(name string) (string, bool), name string) ([]byte, error) {
	s, ok := get(name)
	if ok && s == "" {
		return nil, fmt.Errorf("missing %q", name)
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if !ok || err != nil || len(b) == 0 {
		return nil, fmt.Errorf("invalid %q", name)
	}
	return b, nil
}
