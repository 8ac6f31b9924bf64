package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"

	"weir/internal/api/crypto/digests"
)

// mldsa is one of the parameter sets of ML-DSA (FIPS 204; in certificates and keys RFC 9881).
type mldsa struct {
	sign.Scheme
	kind string
	oid  asn1.ObjectIdentifier
}

// mldsaPrivate has a seed unless the key was read in its expanded form.
type mldsaPrivate struct {
	*mldsa
	key  sign.PrivateKey
	seed []byte
}

type mldsaPublic struct {
	*mldsa
	key sign.PublicKey
}

var (
	_ Signer   = mldsaPrivate{}
	_ Verifier = mldsaPublic{}
)

func init() {
	for _, m := range []*mldsa{
		{mldsa44.Scheme(), "ml-dsa-44", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 17}},
		{mldsa65.Scheme(), "ml-dsa-65", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}},
		{mldsa87.Scheme(), "ml-dsa-87", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 19}},
	} {
		kinds[m.oid.String()] = kind{
			private: func(_ asn1.RawValue, key []byte) (Private, error) { return m.parse(key) },
			public: func(_ asn1.RawValue, key []byte) (Public, error) {
				k, err := m.UnmarshalBinaryPublicKey(key)
				if err != nil {
					return nil, fmt.Errorf("malformed %s public key", m.Name())
				}
				return mldsaPublic{m, k}, nil
			},
		}
		generators[m.kind] = func(GenerateOptions) (Private, error) {
			seed := make([]byte, m.SeedSize())
			rand.Read(seed)
			return m.fromSeed(seed), nil
		}
	}
}

func (m *mldsa) fromSeed(seed []byte) Private {
	_, k := m.DeriveKey(seed)
	return mldsaPrivate{m, k, seed}
}

// parse reads the choice of RFC 9881 section 6: the seed, the expanded key, or both, of which the seed is used.
func (m *mldsa) parse(der []byte) (Private, error) {
	seed, expanded := pqPrivate(der)
	switch {
	case len(seed) == m.SeedSize():
		return m.fromSeed(seed), nil
	case seed == nil && expanded != nil:
		if k, err := m.UnmarshalBinaryPrivateKey(expanded); err == nil {
			return mldsaPrivate{m, k, nil}, nil
		}
	}
	return nil, fmt.Errorf("malformed %s private key", m.Name())
}

func (m *mldsa) Kind() string { return m.kind }

func (k mldsaPrivate) Public() Public        { return mldsaPublic{k.mldsa, k.key.Public().(sign.PublicKey)} }
func (k mldsaPrivate) Signer() crypto.Signer { return nil }

func (k mldsaPrivate) PKCS8() ([]byte, error) {
	if k.seed != nil {
		return marshalSeed(k.oid, k.seed)
	}
	b, err := k.key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return marshalOctets(k.oid, b)
}

func (k mldsaPublic) SPKI() ([]byte, error) {
	b, err := k.key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return marshalSPKI(k.oid, asn1.RawValue{}, b)
}

func (k mldsaPrivate) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: k.oid}
}

func (k mldsaPrivate) SignMessage(msg []byte, _ SignOptions) ([]byte, error) {
	return k.Sign(k.key, msg, nil), nil
}

func (k mldsaPublic) VerifyMessage(msg, sig []byte, _ SignOptions) (bool, error) {
	return len(sig) == k.SignatureSize() && k.Verify(k.key, msg, sig, nil), nil
}

func (k mldsaPrivate) SignDigest(*digests.Algorithm, []byte, SignOptions) ([]byte, error) {
	return nil, errWholeMessage(k.Name())
}

func (k mldsaPublic) VerifyDigest(*digests.Algorithm, []byte, []byte, SignOptions) (bool, error) {
	return false, errWholeMessage(k.Name())
}

// pqPrivate reads the private key of a post-quantum algorithm: seed [0], expandedKey, or a sequence of both.
func pqPrivate(der []byte) (seed, expanded []byte) {
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 {
		return nil, nil
	}
	switch {
	case v.Class == asn1.ClassContextSpecific && v.Tag == 0 && !v.IsCompound:
		return v.Bytes, nil
	case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString:
		return nil, v.Bytes
	case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSequence:
		var both struct{ Seed, Expanded []byte }
		if rest, err := asn1.Unmarshal(der, &both); err == nil && len(rest) == 0 {
			return both.Seed, both.Expanded
		}
	}
	return nil, nil
}

func marshalSeed(oid asn1.ObjectIdentifier, seed []byte) ([]byte, error) {
	key, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: seed})
	if err != nil {
		return nil, err
	}
	return marshalPKCS8(oid, asn1.RawValue{}, key)
}
