package keys

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"weir/internal/api/crypto/digests"
)

var oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}

type ed25519Private struct{ ed25519.PrivateKey }
type ed25519Public struct{ ed25519.PublicKey }

var (
	_ Signer   = ed25519Private{}
	_ Verifier = ed25519Public{}
)

func init() {
	kinds[oidEd25519.String()] = kind{
		private: func(_ asn1.RawValue, key []byte) (Private, error) {
			seed, err := octets(key, ed25519.SeedSize, "Ed25519")
			if err != nil {
				return nil, err
			}
			return ed25519Private{ed25519.NewKeyFromSeed(seed)}, nil
		},
		public: func(_ asn1.RawValue, key []byte) (Public, error) { return NewEd25519(key) },
	}
	generators["ed25519"] = func(GenerateOptions) (Private, error) {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return ed25519Private{k}, nil
	}
}

// NewEd25519 makes a public key of its 32 bytes.
func NewEd25519(b []byte) (Public, error) {
	if len(b) != ed25519.PublicKeySize {
		return nil, errors.New("malformed Ed25519 public key")
	}
	return ed25519Public{ed25519.PublicKey(b)}, nil
}

func (ed25519Private) Kind() string            { return "ed25519" }
func (ed25519Public) Kind() string             { return "ed25519" }
func (k ed25519Private) Signer() crypto.Signer { return k.PrivateKey }

func (k ed25519Private) Public() Public {
	return ed25519Public{ed25519.PublicKey(k.PrivateKey[ed25519.SeedSize:])}
}

func (k ed25519Private) PKCS8() ([]byte, error) {
	return marshalOctets(oidEd25519, k.Seed())
}

func (k ed25519Public) SPKI() ([]byte, error) {
	return marshalSPKI(oidEd25519, asn1.RawValue{}, k.PublicKey)
}

func (ed25519Private) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidEd25519}
}

func (k ed25519Private) SignMessage(msg []byte, _ SignOptions) ([]byte, error) {
	return ed25519.Sign(k.PrivateKey, msg), nil
}

func (k ed25519Public) VerifyMessage(msg, sig []byte, _ SignOptions) (bool, error) {
	return ed25519.Verify(k.PublicKey, msg, sig), nil
}

func (ed25519Private) SignDigest(*digests.Algorithm, []byte, SignOptions) ([]byte, error) {
	return nil, errWholeMessage("Ed25519")
}

func (ed25519Public) VerifyDigest(*digests.Algorithm, []byte, []byte, SignOptions) (bool, error) {
	return false, errWholeMessage("Ed25519")
}
