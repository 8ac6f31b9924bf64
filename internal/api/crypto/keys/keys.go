// Package keys holds public and private keys of all kinds that scripts can use: reading and writing them (PEM, PKCS#8, PKCS#1,
// SEC 1, SubjectPublicKeyInfo), making new ones, and what each kind can do: sign, agree on a secret, encrypt, encapsulate.
//
// A kind is one file; it is found by the OID of its algorithm. What a kind can do beyond Public and Private it implements as
// one of the other interfaces. No error mentions the contents of a private key.
package keys

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	"weir/internal/api/crypto/digests"
)

// Public is a public key.
type Public interface {
	// Kind is the type of key, such as "rsa", "ec" or "ed25519".
	Kind() string
	// SPKI is the key as a SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).
	SPKI() ([]byte, error)
}

// Private is a private key.
type Private interface {
	Kind() string
	Public() Public
	// PKCS8 is the key as a PrivateKeyInfo in DER (RFC 5208).
	PKCS8() ([]byte, error)
	// Signer is the key for the standard library; nil if it cannot sign there.
	Signer() crypto.Signer
}

// SignOptions select a variant of a kind's signatures.
type SignOptions struct {
	// PSS signs with an RSA key by RSASSA-PSS instead of PKCS #1 v1.5.
	PSS bool
	// SaltLength is the length of PSS's salt, which is positive; -1 is the length of the digest.
	SaltLength int
	// ID is the user id of an SM2 signature over a message; nil is the usual 1234567812345678.
	ID []byte
	// Raw is for EC keys: a signature is r and s one after the other, each as long as the curve's order, instead of DER.
	Raw bool
}

// Signer is a private key that signs.
type Signer interface {
	Private
	// SignDigest signs a digest made by h.
	SignDigest(h *digests.Algorithm, sum []byte, o SignOptions) ([]byte, error)
	// SignMessage signs a message by the kind's default scheme, the one SignatureAlgorithm names if there are no options.
	SignMessage(msg []byte, o SignOptions) ([]byte, error)
	// SignatureAlgorithm is what certificates call the kind's default scheme.
	SignatureAlgorithm() pkix.AlgorithmIdentifier
}

// Verifier is a public key that verifies signatures. A signature that is not one of this key is false, whatever its form.
type Verifier interface {
	Public
	VerifyDigest(h *digests.Algorithm, sum, sig []byte, o SignOptions) (bool, error)
	VerifyMessage(msg, sig []byte, o SignOptions) (bool, error)
}

// Agreer is a private key that agrees on a secret with the public key of another party.
type Agreer interface {
	Private
	Agree(peer Public) ([]byte, error)
}

// Decrypter and Encrypter are the halves of a key pair that encrypts short messages.
type Decrypter interface {
	Private
	Decrypt(ciphertext []byte, o EncryptOptions) ([]byte, error)
}

// Encrypter is the public half.
type Encrypter interface {
	Public
	Encrypt(plaintext []byte, o EncryptOptions) ([]byte, error)
}

// EncryptOptions are for RSA-OAEP (RFC 8017 section 7.1).
type EncryptOptions struct {
	// Hash is the digest of OAEP and of its mask, SHA-1 if nil.
	Hash *digests.Algorithm
	// Label is bound to the message.
	Label []byte
}

// Encapsulator is a public key that makes a shared secret and the ciphertext that carries it.
type Encapsulator interface {
	Public
	Encapsulate() (secret, ciphertext []byte)
}

// Decapsulator is a private key that gets the shared secret out of a ciphertext.
type Decapsulator interface {
	Private
	Decapsulate(ciphertext []byte) ([]byte, error)
}

// kind reads the keys of one algorithm OID. params and key are as they stand in PrivateKeyInfo and SubjectPublicKeyInfo.
type kind struct {
	private func(params asn1.RawValue, key []byte) (Private, error)
	public  func(params asn1.RawValue, key []byte) (Public, error)
}

// kinds maps the dotted OIDs of algorithms. Each kind's file adds its own.
var kinds = map[string]kind{}

// generators make new keys, by the name of the type.
var generators = map[string]func(o GenerateOptions) (Private, error){}

// GenerateOptions tell what key to make.
type GenerateOptions struct {
	// Bits is the size of RSA and DSA keys.
	Bits int
	// Curve is the curve of EC keys: P-256 if empty.
	Curve string
}

// Generate makes a new key of one of the Types. An error is about an option and begins with its name.
func Generate(name string, o GenerateOptions) (Private, error) {
	g := generators[name]
	if g == nil {
		return nil, errors.New("type is not known")
	}
	return g(o)
}

// Types lists the types Generate knows, the most usual ones first.
var Types = []string{"rsa", "dsa", "ec", "ed25519", "ed448", "x25519", "x448", "sm2", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87",
	"ml-kem-768", "ml-kem-1024"}

// spki is SubjectPublicKeyInfo.
type spki struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

// pkcs8 is PrivateKeyInfo, or OneAsymmetricKey of RFC 5958, of which the rest is not looked at.
type pkcs8 struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	PublicKey  asn1.RawValue `asn1:"optional,tag:1"`
}

func marshalSPKI(oid asn1.ObjectIdentifier, params asn1.RawValue, key []byte) ([]byte, error) {
	return asn1.Marshal(spki{pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: params}, asn1.BitString{Bytes: key, BitLength: 8 * len(key)}})
}

func marshalPKCS8(oid asn1.ObjectIdentifier, params asn1.RawValue, key []byte) ([]byte, error) {
	return asn1.Marshal(struct {
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		PrivateKey []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: params}, key})
}

// marshalOctets is marshalPKCS8 for kinds that wrap their private key in an OCTET STRING.
func marshalOctets(oid asn1.ObjectIdentifier, key []byte) ([]byte, error) {
	inner, err := asn1.Marshal(key)
	if err != nil {
		return nil, err
	}
	return marshalPKCS8(oid, asn1.RawValue{}, inner)
}

// octets is the inner OCTET STRING some kinds wrap their private key in.
func octets(b []byte, size int, name string) ([]byte, error) {
	var key []byte
	if rest, err := asn1.Unmarshal(b, &key); err != nil || len(rest) > 0 || len(key) != size {
		return nil, fmt.Errorf("malformed %s private key", name)
	}
	return key, nil
}

// errWholeMessage is for kinds that have no signatures over a digest.
func errWholeMessage(kind string) error {
	return fmt.Errorf("%s keys sign whole messages, not digests: leave out the algorithm", kind)
}

// oidParams are algorithm parameters that are an OID: the curve of an EC key.
func oidParams(oid asn1.ObjectIdentifier) asn1.RawValue {
	b, err := asn1.Marshal(oid)
	if err != nil {
		panic(err) // a constant of this package
	}
	return asn1.RawValue{FullBytes: b}
}
