package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"weir/internal/api/crypto/digests"
)

var (
	oidEC              = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// nistCurve is a curve of the standard library.
type nistCurve struct {
	elliptic.Curve
	name string // as JWK calls it
	oid  asn1.ObjectIdentifier
}

var nistCurves = []nistCurve{
	{elliptic.P224(), "P-224", asn1.ObjectIdentifier{1, 3, 132, 0, 33}},
	{elliptic.P256(), "P-256", asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}},
	{elliptic.P384(), "P-384", asn1.ObjectIdentifier{1, 3, 132, 0, 34}},
	{elliptic.P521(), "P-521", asn1.ObjectIdentifier{1, 3, 132, 0, 35}},
}

// curveAliases are OpenSSL's names of the curves.
var curveAliases = map[string]string{
	"secp224r1": "P-224", "prime256v1": "P-256", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521",
}

func nistByName(name string) *nistCurve {
	if n, ok := curveAliases[strings.ToLower(name)]; ok {
		name = n
	}
	for i := range nistCurves {
		if strings.EqualFold(nistCurves[i].name, name) {
			return &nistCurves[i]
		}
	}
	return nil
}

type ecPrivate struct{ *ecdsa.PrivateKey }
type ecPublic struct{ *ecdsa.PublicKey }

var (
	_ Signer   = ecPrivate{}
	_ Verifier = ecPublic{}
	_ Agreer   = ecPrivate{}
)

// The curve of an EC key is in the parameters; two of them are not of the standard library.
func init() {
	kinds[oidEC.String()] = kind{
		private: func(params asn1.RawValue, key []byte) (Private, error) {
			var curve asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(params.FullBytes, &curve); err != nil {
				return nil, errors.New("EC keys without a named curve are not supported")
			}
			return parseSEC1On(curve, key)
		},
		public: func(params asn1.RawValue, key []byte) (Public, error) {
			var curve asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(params.FullBytes, &curve); err != nil {
				return nil, errors.New("EC keys without a named curve are not supported")
			}
			switch {
			case curve.Equal(oidSecp256k1):
				return parseSecp256k1Public(key)
			case curve.Equal(oidSM2):
				return parseSM2Public(key)
			}
			for _, c := range nistCurves {
				if c.oid.Equal(curve) {
					return parseECPublic(c, key)
				}
			}
			return nil, fmt.Errorf("the curve %s is not supported", curve)
		},
	}
	generators["ec"] = func(o GenerateOptions) (Private, error) {
		switch strings.ToLower(o.Curve) {
		case "secp256k1":
			return generateSecp256k1()
		case "sm2":
			return generateSM2()
		case "":
			o.Curve = "P-256"
		}
		c := nistByName(o.Curve)
		if c == nil {
			return nil, errors.New("curve expects one of P-256, P-384, P-521, P-224, secp256k1, SM2")
		}
		k, err := ecdsa.GenerateKey(c.Curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		return ecPrivate{k}, nil
	}
}

// sec1 is ECPrivateKey of RFC 5915.
type sec1 struct {
	Version int
	Key     []byte
	Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// parseSEC1 reads an ECPrivateKey that names its curve.
func parseSEC1(der []byte) (Private, error) { return parseSEC1On(nil, der) }

// parseSEC1On reads an ECPrivateKey; curve is where it is, nil if the key itself must say so.
func parseSEC1On(curve asn1.ObjectIdentifier, der []byte) (Private, error) {
	var k sec1
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 || k.Version != 1 {
		return nil, errors.New("malformed EC private key")
	}
	if curve == nil {
		curve = k.Curve
	}
	switch {
	case curve == nil:
		return nil, errors.New("EC keys without a named curve are not supported")
	case curve.Equal(oidSecp256k1):
		return parseSecp256k1(k.Key)
	case curve.Equal(oidSM2):
		return parseSM2(k.Key)
	}
	for _, c := range nistCurves {
		if c.oid.Equal(curve) {
			p, err := ecdsa.ParseRawPrivateKey(c.Curve, scalar(k.Key, orderSize(c.Curve)))
			if err != nil {
				return nil, errors.New("malformed EC private key")
			}
			return ecPrivate{p}, nil
		}
	}
	return nil, fmt.Errorf("the curve %s is not supported", curve)
}

// scalar makes a private key as long as its curve wants: some programs leave out leading zeros, some add them.
func scalar(b []byte, size int) []byte {
	for len(b) > size && b[0] == 0 {
		b = b[1:]
	}
	if len(b) < size {
		b = append(make([]byte, size-len(b)), b...)
	}
	return b
}

func marshalSEC1(curve asn1.ObjectIdentifier, key, public []byte) ([]byte, error) {
	inner, err := asn1.Marshal(sec1{Version: 1, Key: key, Public: asn1.BitString{Bytes: public, BitLength: 8 * len(public)}})
	if err != nil {
		return nil, err
	}
	return marshalPKCS8(oidEC, oidParams(curve), inner)
}

func parseECPublic(c nistCurve, point []byte) (Public, error) {
	if len(point) > 0 && point[0] != 4 { // compressed
		x, y := elliptic.UnmarshalCompressed(c.Curve, point)
		if x == nil {
			return nil, errors.New("malformed EC public key")
		}
		size := (c.Params().BitSize + 7) / 8
		point = append([]byte{4}, x.FillBytes(make([]byte, size))...)
		point = append(point, y.FillBytes(make([]byte, size))...)
	}
	p, err := ecdsa.ParseUncompressedPublicKey(c.Curve, point)
	if err != nil {
		return nil, errors.New("malformed EC public key")
	}
	return ecPublic{p}, nil
}

func (ecPrivate) Kind() string             { return "ec" }
func (ecPublic) Kind() string              { return "ec" }
func (k ecPrivate) Public() Public         { return ecPublic{&k.PublicKey} }
func (k ecPrivate) PKCS8() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.PrivateKey) }
func (k ecPublic) SPKI() ([]byte, error)   { return x509.MarshalPKIXPublicKey(k.PublicKey) }
func (k ecPrivate) Signer() crypto.Signer  { return k.PrivateKey }

func (ecPrivate) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
}

func (k ecPrivate) SignMessage(msg []byte, o SignOptions) ([]byte, error) {
	return k.SignDigest(digests.SHA256, digests.SHA256.Sum(msg), o)
}

func (k ecPublic) VerifyMessage(msg, sig []byte, o SignOptions) (bool, error) {
	return k.VerifyDigest(digests.SHA256, digests.SHA256.Sum(msg), sig, o)
}

func (k ecPrivate) SignDigest(_ *digests.Algorithm, sum []byte, o SignOptions) ([]byte, error) {
	sig, err := ecdsa.SignASN1(rand.Reader, k.PrivateKey, sum)
	if err != nil || !o.Raw {
		return sig, err
	}
	return rawSignature(sig, orderSize(k.Curve))
}

func (k ecPublic) VerifyDigest(_ *digests.Algorithm, sum, sig []byte, o SignOptions) (bool, error) {
	if o.Raw {
		if sig = derSignature(sig, orderSize(k.Curve)); sig == nil {
			return false, nil
		}
	}
	return ecdsa.VerifyASN1(k.PublicKey, sum, sig), nil
}

func orderSize(c elliptic.Curve) int { return (c.Params().N.BitLen() + 7) / 8 }

// Curve returns the JWK name of the curve of an EC key, "" for other keys.
func Curve(k Public) string {
	switch k := k.(type) {
	case ecPublic:
		for _, c := range nistCurves {
			if c.Curve == k.Curve {
				return c.name
			}
		}
	case secp256k1Public:
		return "secp256k1"
	}
	return ""
}

// rs is a signature of DSA and its relatives.
type rs struct{ R, S *big.Int }

// rawSignature turns a DER signature into r and s of a fixed size.
func rawSignature(der []byte, size int) ([]byte, error) {
	var v rs
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil, err
	}
	out := make([]byte, 2*size)
	v.R.FillBytes(out[:size])
	v.S.FillBytes(out[size:])
	return out, nil
}

// derSignature is the opposite of rawSignature; nil if the length is wrong.
func derSignature(raw []byte, size int) []byte {
	if len(raw) != 2*size {
		return nil
	}
	der, err := asn1.Marshal(rs{new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:])})
	if err != nil {
		return nil
	}
	return der
}

func (k ecPrivate) Agree(peer Public) ([]byte, error) {
	p, ok := peer.(ecPublic)
	if !ok || p.Curve != k.Curve {
		return nil, errors.New("both keys must be on the same curve")
	}
	a, err := k.ECDH()
	if err != nil {
		return nil, err
	}
	b, err := p.ECDH()
	if err != nil {
		return nil, err
	}
	return a.ECDH(b)
}
