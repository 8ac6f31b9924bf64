package keys

import (
	"crypto"
	"crypto/mlkem"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
)

// mlkemSet is one of the parameter sets of ML-KEM (FIPS 203; keys as in RFC 9935).
type mlkemSet struct {
	name, kind string
	oid        asn1.ObjectIdentifier
	decap      func(seed []byte) (decapsulationKey, error)
	encap      func(key []byte) (encapsulationKey, error)
}

type decapsulationKey interface {
	Bytes() []byte
	Decapsulate(ciphertext []byte) ([]byte, error)
}

type encapsulationKey interface {
	Bytes() []byte
	Encapsulate() (secret, ciphertext []byte)
}

type mlkemPrivate struct {
	*mlkemSet
	key    decapsulationKey
	public encapsulationKey
}

type mlkemPublic struct {
	*mlkemSet
	encapsulationKey
}

var (
	_ Decapsulator = mlkemPrivate{}
	_ Encapsulator = mlkemPublic{}
)

func init() {
	for _, m := range []*mlkemSet{
		{"ML-KEM-768", "ml-kem-768", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 2},
			func(b []byte) (decapsulationKey, error) { return mlkem.NewDecapsulationKey768(b) },
			func(b []byte) (encapsulationKey, error) { return mlkem.NewEncapsulationKey768(b) }},
		{"ML-KEM-1024", "ml-kem-1024", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 3},
			func(b []byte) (decapsulationKey, error) { return mlkem.NewDecapsulationKey1024(b) },
			func(b []byte) (encapsulationKey, error) { return mlkem.NewEncapsulationKey1024(b) }},
	} {
		kinds[m.oid.String()] = kind{
			private: func(_ asn1.RawValue, key []byte) (Private, error) {
				seed, expanded := pqPrivate(key)
				if seed == nil && expanded != nil {
					return nil, fmt.Errorf("%s private keys without their seed are not supported", m.name)
				}
				return m.fromSeed(seed)
			},
			public: func(_ asn1.RawValue, key []byte) (Public, error) {
				k, err := m.encap(key)
				if err != nil {
					return nil, fmt.Errorf("malformed %s public key", m.name)
				}
				return mlkemPublic{m, k}, nil
			},
		}
		generators[m.kind] = func(GenerateOptions) (Private, error) {
			seed := make([]byte, mlkem.SeedSize)
			rand.Read(seed)
			return m.fromSeed(seed)
		}
	}
}

func (m *mlkemSet) fromSeed(seed []byte) (Private, error) {
	k, err := m.decap(seed)
	if err != nil {
		return nil, fmt.Errorf("malformed %s private key", m.name)
	}
	switch k := k.(type) {
	case *mlkem.DecapsulationKey768:
		return mlkemPrivate{m, k, k.EncapsulationKey()}, nil
	case *mlkem.DecapsulationKey1024:
		return mlkemPrivate{m, k, k.EncapsulationKey()}, nil
	}
	panic("keys: unknown decapsulation key")
}

func (m *mlkemSet) Kind() string { return m.kind }

func (k mlkemPrivate) Public() Public         { return mlkemPublic{k.mlkemSet, k.public} }
func (k mlkemPrivate) Signer() crypto.Signer  { return nil }
func (k mlkemPrivate) PKCS8() ([]byte, error) { return marshalSeed(k.oid, k.key.Bytes()) }

func (k mlkemPrivate) Decapsulate(ciphertext []byte) ([]byte, error) {
	secret, err := k.key.Decapsulate(ciphertext)
	if err != nil {
		return nil, fmt.Errorf("not a ciphertext of %s", k.name)
	}
	return secret, nil
}

func (k mlkemPublic) SPKI() ([]byte, error) { return marshalSPKI(k.oid, asn1.RawValue{}, k.Bytes()) }
