package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"github.com/cloudflare/circl/sign/ed448"

	"weir/internal/api/crypto/digests"
)

var oidEd448 = asn1.ObjectIdentifier{1, 3, 101, 113}

type ed448Private struct{ ed448.PrivateKey }
type ed448Public struct{ ed448.PublicKey }

var (
	_ Signer   = ed448Private{}
	_ Verifier = ed448Public{}
)

func init() {
	kinds[oidEd448.String()] = kind{
		private: func(_ asn1.RawValue, key []byte) (Private, error) {
			seed, err := octets(key, ed448.SeedSize, "Ed448")
			if err != nil {
				return nil, err
			}
			return ed448Private{ed448.NewKeyFromSeed(seed)}, nil
		},
		public: func(_ asn1.RawValue, key []byte) (Public, error) {
			if len(key) != ed448.PublicKeySize {
				return nil, errors.New("malformed Ed448 public key")
			}
			return ed448Public{ed448.PublicKey(key)}, nil
		},
	}
	generators["ed448"] = func(GenerateOptions) (Private, error) {
		_, k, err := ed448.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return ed448Private{k}, nil
	}
}

func (ed448Private) Kind() string            { return "ed448" }
func (ed448Public) Kind() string             { return "ed448" }
func (k ed448Private) Signer() crypto.Signer { return nil }

func (k ed448Private) Public() Public {
	return ed448Public{ed448.PublicKey(k.PrivateKey[ed448.SeedSize:])}
}

func (k ed448Private) PKCS8() ([]byte, error) { return marshalOctets(oidEd448, k.Seed()) }

func (k ed448Public) SPKI() ([]byte, error) {
	return marshalSPKI(oidEd448, asn1.RawValue{}, k.PublicKey)
}

func (ed448Private) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidEd448}
}

func (k ed448Private) SignMessage(msg []byte, _ SignOptions) ([]byte, error) {
	return ed448.Sign(k.PrivateKey, msg, ""), nil
}

func (k ed448Public) VerifyMessage(msg, sig []byte, _ SignOptions) (bool, error) {
	return ed448.Verify(k.PublicKey, msg, sig, ""), nil
}

func (ed448Private) SignDigest(*digests.Algorithm, []byte, SignOptions) ([]byte, error) {
	return nil, errWholeMessage("Ed448")
}

func (ed448Public) VerifyDigest(*digests.Algorithm, []byte, []byte, SignOptions) (bool, error) {
	return false, errWholeMessage("Ed448")
}
