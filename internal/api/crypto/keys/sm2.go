package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"github.com/emmansun/gmsm/sm2"

	"weir/internal/api/crypto/digests"
)

var (
	oidSM2        = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}
	oidSM2WithSM3 = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}
)

type sm2Private struct{ *sm2.PrivateKey }
type sm2Public struct{ *ecdsa.PublicKey }

var (
	_ Signer    = sm2Private{}
	_ Verifier  = sm2Public{}
	_ Agreer    = sm2Private{}
	_ Decrypter = sm2Private{}
	_ Encrypter = sm2Public{}
)

func init() {
	generators["sm2"] = func(GenerateOptions) (Private, error) { return generateSM2() }
	kinds[oidSM2.String()] = kind{ // some programs name the curve as the algorithm
		private: func(_ asn1.RawValue, key []byte) (Private, error) { return parseSEC1On(oidSM2, key) },
		public:  func(_ asn1.RawValue, key []byte) (Public, error) { return parseSM2Public(key) },
	}
}

func generateSM2() (Private, error) {
	k, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return sm2Private{k}, nil
}

func parseSM2(key []byte) (Private, error) {
	k, err := sm2.NewPrivateKey(scalar(key, 32))
	if err != nil {
		return nil, errors.New("malformed SM2 private key")
	}
	return sm2Private{k}, nil
}

func parseSM2Public(point []byte) (Public, error) {
	k, err := sm2.NewPublicKey(point)
	if err != nil {
		return nil, errors.New("malformed SM2 public key")
	}
	return sm2Public{k}, nil
}

func (sm2Private) Kind() string            { return "sm2" }
func (sm2Public) Kind() string             { return "sm2" }
func (k sm2Private) Public() Public        { return sm2Public{&k.PublicKey} }
func (k sm2Private) Signer() crypto.Signer { return k.PrivateKey }

func (k sm2Private) PKCS8() ([]byte, error) {
	public := sm2Public{&k.PublicKey}.point()
	return marshalSEC1(oidSM2, k.D.FillBytes(make([]byte, 32)), public)
}

func (k sm2Public) SPKI() ([]byte, error) { return marshalSPKI(oidEC, oidParams(oidSM2), k.point()) }

// point is the key as an uncompressed point.
func (k sm2Public) point() []byte {
	b := make([]byte, 65)
	b[0] = 4
	k.X.FillBytes(b[1:33])
	k.Y.FillBytes(b[33:])
	return b
}

func (sm2Private) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidSM2WithSM3}
}

// SignMessage signs as the standard says (GM/T 0003.2): SM3 over the user's id, the key and the message.
func (k sm2Private) SignMessage(msg []byte, o SignOptions) ([]byte, error) {
	return k.SignWithSM2(rand.Reader, o.ID, msg)
}

func (k sm2Public) VerifyMessage(msg, sig []byte, o SignOptions) (bool, error) {
	return sm2.VerifyASN1WithSM2(k.PublicKey, o.ID, msg, sig), nil
}

// SignDigest signs the digest as it is, without the id.
func (k sm2Private) SignDigest(_ *digests.Algorithm, sum []byte, _ SignOptions) ([]byte, error) {
	return sm2.SignASN1(rand.Reader, k.PrivateKey, sum, nil)
}

func (k sm2Public) VerifyDigest(_ *digests.Algorithm, sum, sig []byte, _ SignOptions) (bool, error) {
	return sm2.VerifyASN1(k.PublicKey, sum, sig), nil
}

func (k sm2Private) Agree(peer Public) ([]byte, error) {
	p, ok := peer.(sm2Public)
	if !ok {
		return nil, errors.New("both keys must be on the same curve")
	}
	a, err := k.ECDH()
	if err != nil {
		return nil, err
	}
	b, err := sm2.PublicKeyToECDH(p.PublicKey)
	if err != nil {
		return nil, err
	}
	return a.ECDH(b)
}

// Encrypt makes a ciphertext in DER (GM/T 0009); options do not apply.
func (k sm2Public) Encrypt(plaintext []byte, _ EncryptOptions) ([]byte, error) {
	return sm2.EncryptASN1(rand.Reader, k.PublicKey, plaintext)
}

func (k sm2Private) Decrypt(ciphertext []byte, _ EncryptOptions) ([]byte, error) {
	b, err := sm2.Decrypt(k.PrivateKey, ciphertext)
	if err != nil {
		return nil, errors.New("decryption error")
	}
	return b, nil
}
