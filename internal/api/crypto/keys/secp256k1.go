package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"weir/internal/api/crypto/digests"
)

var oidSecp256k1 = asn1.ObjectIdentifier{1, 3, 132, 0, 10}

type secp256k1Private struct{ *secp256k1.PrivateKey }
type secp256k1Public struct{ *secp256k1.PublicKey }

var (
	_ Signer   = secp256k1Private{}
	_ Verifier = secp256k1Public{}
	_ Agreer   = secp256k1Private{}
)

func generateSecp256k1() (Private, error) {
	k, err := secp256k1.GeneratePrivateKeyFromRand(rand.Reader)
	if err != nil {
		return nil, err
	}
	return secp256k1Private{k}, nil
}

func parseSecp256k1(key []byte) (Private, error) {
	var s secp256k1.ModNScalar
	if b := scalar(key, 32); len(b) != 32 || s.SetByteSlice(b) || s.IsZero() {
		return nil, errors.New("malformed EC private key")
	}
	return secp256k1Private{secp256k1.NewPrivateKey(&s)}, nil
}

func parseSecp256k1Public(point []byte) (Public, error) {
	k, err := secp256k1.ParsePubKey(point)
	if err != nil {
		return nil, errors.New("malformed EC public key")
	}
	return secp256k1Public{k}, nil
}

func (secp256k1Private) Kind() string            { return "ec" }
func (secp256k1Public) Kind() string             { return "ec" }
func (k secp256k1Private) Public() Public        { return secp256k1Public{k.PubKey()} }
func (k secp256k1Private) Signer() crypto.Signer { return nil }

func (k secp256k1Private) PKCS8() ([]byte, error) {
	return marshalSEC1(oidSecp256k1, k.Serialize(), k.PubKey().SerializeUncompressed())
}

func (k secp256k1Public) SPKI() ([]byte, error) {
	return marshalSPKI(oidEC, oidParams(oidSecp256k1), k.SerializeUncompressed())
}

func (secp256k1Private) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
}

func (k secp256k1Private) SignMessage(msg []byte, o SignOptions) ([]byte, error) {
	return k.SignDigest(digests.SHA256, digests.SHA256.Sum(msg), o)
}

func (k secp256k1Public) VerifyMessage(msg, sig []byte, o SignOptions) (bool, error) {
	return k.VerifyDigest(digests.SHA256, digests.SHA256.Sum(msg), sig, o)
}

func (k secp256k1Private) SignDigest(_ *digests.Algorithm, sum []byte, o SignOptions) ([]byte, error) {
	sig := ecdsa.Sign(k.PrivateKey, truncate(sum)).Serialize()
	if o.Raw {
		return rawSignature(sig, 32)
	}
	return sig, nil
}

func (k secp256k1Public) VerifyDigest(_ *digests.Algorithm, sum, sig []byte, o SignOptions) (bool, error) {
	if o.Raw {
		sig = derSignature(sig, 32)
	}
	s, err := ecdsa.ParseDERSignature(sig)
	return err == nil && s.Verify(truncate(sum), k.PublicKey), nil
}

// truncate takes of a digest what the order of the curve, 256 bits, can use, padded to that size.
func truncate(sum []byte) []byte {
	if len(sum) > 32 {
		return sum[:32]
	}
	return scalar(sum, 32)
}

func (k secp256k1Private) Agree(peer Public) ([]byte, error) {
	p, ok := peer.(secp256k1Public)
	if !ok {
		return nil, errors.New("both keys must be on the same curve")
	}
	return secp256k1.GenerateSharedSecret(k.PrivateKey, p.PublicKey), nil
}
