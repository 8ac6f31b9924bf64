package keys

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/asn1"
	"errors"
)

var oidX25519 = asn1.ObjectIdentifier{1, 3, 101, 110}

type x25519Private struct{ *ecdh.PrivateKey }
type x25519Public struct{ *ecdh.PublicKey }

var _ Agreer = x25519Private{}

func init() {
	kinds[oidX25519.String()] = kind{
		private: func(_ asn1.RawValue, key []byte) (Private, error) {
			b, err := octets(key, 32, "X25519")
			if err != nil {
				return nil, err
			}
			k, err := ecdh.X25519().NewPrivateKey(b)
			if err != nil {
				return nil, errors.New("malformed X25519 private key")
			}
			return x25519Private{k}, nil
		},
		public: func(_ asn1.RawValue, key []byte) (Public, error) {
			k, err := ecdh.X25519().NewPublicKey(key)
			if err != nil {
				return nil, errors.New("malformed X25519 public key")
			}
			return x25519Public{k}, nil
		},
	}
	generators["x25519"] = func(GenerateOptions) (Private, error) {
		k, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return x25519Private{k}, nil
	}
}

func (x25519Private) Kind() string             { return "x25519" }
func (x25519Public) Kind() string              { return "x25519" }
func (k x25519Private) Public() Public         { return x25519Public{k.PublicKey()} }
func (k x25519Private) Signer() crypto.Signer  { return nil }
func (k x25519Private) PKCS8() ([]byte, error) { return marshalOctets(oidX25519, k.Bytes()) }

func (k x25519Public) SPKI() ([]byte, error) {
	return marshalSPKI(oidX25519, asn1.RawValue{}, k.Bytes())
}

func (k x25519Private) Agree(peer Public) ([]byte, error) {
	p, ok := peer.(x25519Public)
	if !ok {
		return nil, errors.New("both keys must be on the same curve")
	}
	return k.ECDH(p.PublicKey)
}
