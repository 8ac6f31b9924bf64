package keys

import (
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"

	"github.com/cloudflare/circl/dh/x448"
)

var oidX448 = asn1.ObjectIdentifier{1, 3, 101, 111}

type x448Private struct{ *x448.Key }
type x448Public struct{ *x448.Key }

var _ Agreer = x448Private{}

func init() {
	kinds[oidX448.String()] = kind{
		private: func(_ asn1.RawValue, key []byte) (Private, error) {
			b, err := octets(key, x448.Size, "X448")
			if err != nil {
				return nil, err
			}
			return x448Private{(*x448.Key)(b)}, nil
		},
		public: func(_ asn1.RawValue, key []byte) (Public, error) {
			if len(key) != x448.Size {
				return nil, errors.New("malformed X448 public key")
			}
			return x448Public{(*x448.Key)(key)}, nil
		},
	}
	generators["x448"] = func(GenerateOptions) (Private, error) {
		k := new(x448.Key)
		rand.Read(k[:])
		return x448Private{k}, nil
	}
}

func (x448Private) Kind() string            { return "x448" }
func (x448Public) Kind() string             { return "x448" }
func (k x448Private) Signer() crypto.Signer { return nil }

func (k x448Private) Public() Public {
	p := new(x448.Key)
	x448.KeyGen(p, k.Key)
	return x448Public{p}
}

func (k x448Private) PKCS8() ([]byte, error) { return marshalOctets(oidX448, k.Key[:]) }
func (k x448Public) SPKI() ([]byte, error)   { return marshalSPKI(oidX448, asn1.RawValue{}, k.Key[:]) }

func (k x448Private) Agree(peer Public) ([]byte, error) {
	p, ok := peer.(x448Public)
	if !ok {
		return nil, errors.New("both keys must be on the same curve")
	}
	var secret x448.Key
	if !x448.Shared(&secret, k.Key, p.Key) {
		return nil, errors.New("the public key is of low order")
	}
	return secret[:], nil
}
