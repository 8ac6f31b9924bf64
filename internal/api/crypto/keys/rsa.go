package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"weir/internal/api/crypto/digests"
)

var (
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA256WithRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

// Bounds of the size of new RSA keys: below it is not safe, above it takes too long.
const minRSA, maxRSA = 1024, 8192

type rsaPrivate struct{ *rsa.PrivateKey }
type rsaPublic struct{ *rsa.PublicKey }

var (
	_ Signer    = rsaPrivate{}
	_ Verifier  = rsaPublic{}
	_ Decrypter = rsaPrivate{}
	_ Encrypter = rsaPublic{}
)

func init() {
	kinds[oidRSA.String()] = kind{
		private: func(_ asn1.RawValue, key []byte) (Private, error) { return parsePKCS1(key) },
		public:  func(_ asn1.RawValue, key []byte) (Public, error) { return parsePKCS1Public(key) },
	}
	generators["rsa"] = func(o GenerateOptions) (Private, error) {
		if o.Bits < minRSA || o.Bits > maxRSA {
			return nil, fmt.Errorf("bits expects %d to %d", minRSA, maxRSA)
		}
		k, err := rsa.GenerateKey(rand.Reader, o.Bits)
		if err != nil {
			return nil, err
		}
		return rsaPrivate{k}, nil
	}
}

// maxPKCS1 is more than the private key of 16384 bits in DER: checking larger ones takes too long.
const maxPKCS1 = 10 << 10

// parsePKCS1Public reads an RSAPublicKey.
func parsePKCS1Public(der []byte) (Public, error) {
	if len(der) > maxPKCS1 {
		return nil, errors.New("the RSA public key is too large")
	}
	k, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		return nil, errors.New("malformed RSA public key")
	}
	if k.N.BitLen() < minRSA {
		return nil, fmt.Errorf("RSA keys of less than %d bits are not safe", minRSA)
	}
	return rsaPublic{k}, nil
}

// parsePKCS1 reads an RSAPrivateKey.
func parsePKCS1(der []byte) (Private, error) {
	if len(der) > maxPKCS1 {
		return nil, errors.New("the RSA private key is too large")
	}
	k, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, errors.New("malformed RSA private key, or one of less than 1024 bits")
	}
	return rsaPrivate{k}, nil
}

func (rsaPrivate) Kind() string             { return "rsa" }
func (rsaPublic) Kind() string              { return "rsa" }
func (k rsaPrivate) Public() Public         { return rsaPublic{&k.PublicKey} }
func (k rsaPrivate) PKCS8() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.PrivateKey) }
func (k rsaPublic) SPKI() ([]byte, error)   { return x509.MarshalPKIXPublicKey(k.PublicKey) }
func (k rsaPrivate) Signer() crypto.Signer  { return k.PrivateKey }

func (rsaPrivate) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidSHA256WithRSA, Parameters: asn1.NullRawValue}
}

func (k rsaPrivate) SignMessage(msg []byte, o SignOptions) ([]byte, error) {
	return k.SignDigest(digests.SHA256, digests.SHA256.Sum(msg), o)
}

func (k rsaPublic) VerifyMessage(msg, sig []byte, o SignOptions) (bool, error) {
	return k.VerifyDigest(digests.SHA256, digests.SHA256.Sum(msg), sig, o)
}

func (k rsaPrivate) SignDigest(h *digests.Algorithm, sum []byte, o SignOptions) ([]byte, error) {
	if o.PSS {
		if h.Std == 0 || !h.Std.Available() {
			return nil, fmt.Errorf("PSS with %s is not supported", h.Name)
		}
		return rsa.SignPSS(rand.Reader, k.PrivateKey, h.Std, sum, pss(o))
	}
	info, err := digestInfo(h, sum)
	if err != nil {
		return nil, err
	}
	return rsa.SignPKCS1v15(rand.Reader, k.PrivateKey, 0, info)
}

func (k rsaPublic) VerifyDigest(h *digests.Algorithm, sum, sig []byte, o SignOptions) (bool, error) {
	if o.PSS {
		if h.Std == 0 || !h.Std.Available() {
			return false, fmt.Errorf("PSS with %s is not supported", h.Name)
		}
		return rsa.VerifyPSS(k.PublicKey, h.Std, sum, sig, pss(o)) == nil, nil
	}
	info, err := digestInfo(h, sum)
	if err != nil {
		return false, err
	}
	return rsa.VerifyPKCS1v15(k.PublicKey, 0, info, sig) == nil, nil
}

func pss(o SignOptions) *rsa.PSSOptions {
	if o.SaltLength < 0 {
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	}
	return &rsa.PSSOptions{SaltLength: o.SaltLength}
}

// digestInfo is what PKCS #1 v1.5 signs (RFC 8017 section 9.2): the standard library knows fewer digests.
func digestInfo(h *digests.Algorithm, sum []byte) ([]byte, error) {
	if h.Std == crypto.MD5SHA1 {
		return sum, nil
	}
	if h.OID == nil {
		return nil, fmt.Errorf("RSA signatures with %s are not defined", h.Name)
	}
	return asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: h.OID, Parameters: asn1.NullRawValue}, sum})
}

func oaepHash(o EncryptOptions) hash.Hash {
	if o.Hash == nil {
		return digests.SHA1.New()
	}
	return o.Hash.New()
}

func (k rsaPublic) Encrypt(plaintext []byte, o EncryptOptions) ([]byte, error) {
	return rsa.EncryptOAEP(oaepHash(o), rand.Reader, k.PublicKey, plaintext, o.Label)
}

func (k rsaPrivate) Decrypt(ciphertext []byte, o EncryptOptions) ([]byte, error) {
	return rsa.DecryptOAEP(oaepHash(o), nil, k.PrivateKey, ciphertext, o.Label)
}
