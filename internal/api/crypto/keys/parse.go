package keys

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/pkcs"
)

// maxText bounds what is parsed as keys: the largest keys in use are a hundredth of it.
const maxText = 1 << 20

// Errors of the parsers.
var (
	ErrTooLarge   = errors.New("more than 1 MiB is no key")
	ErrPassphrase = errors.New("the key is encrypted: give options.passphrase")
)

// ParsePrivate reads a private key: the first PEM block that is one, or DER if there is no PEM. The passphrase is for
// encrypted PKCS#8.
func ParsePrivate(text, passphrase []byte) (Private, error) {
	if len(text) > maxText {
		return nil, ErrTooLarge
	}
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		return privateDER(text, passphrase)
	}
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Headers["DEK-Info"] != "" {
			return nil, errors.New("the key is encrypted in the old PEM way: convert it with openssl pkcs8 -topk8")
		}
		switch b.Type {
		case "PRIVATE KEY":
			return ParsePKCS8(b.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return encryptedPKCS8(b.Bytes, passphrase)
		case "RSA PRIVATE KEY":
			return parsePKCS1(b.Bytes)
		case "EC PRIVATE KEY", "SM2 PRIVATE KEY":
			return parseSEC1(b.Bytes)
		case "DSA PRIVATE KEY":
			return parseOldDSA(b.Bytes)
		}
	}
	return nil, errors.New("no private key in the PEM text")
}

func privateDER(der, passphrase []byte) (Private, error) {
	k, err := ParsePKCS8(der)
	if err == nil {
		return k, nil
	}
	for _, parse := range []func([]byte) (Private, error){parsePKCS1, parseSEC1, parseOldDSA} {
		if k, err := parse(der); err == nil {
			return k, nil
		}
	}
	var e encryptedInfo
	if rest, bad := asn1.Unmarshal(der, &e); bad == nil && len(rest) == 0 {
		return encryptedPKCS8(der, passphrase)
	}
	return nil, err
}

// ParsePKCS8 reads a PrivateKeyInfo.
func ParsePKCS8(der []byte) (Private, error) {
	var p pkcs8
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 {
		return nil, errors.New("malformed private key")
	}
	k, ok := kinds[p.Algorithm.Algorithm.String()]
	if !ok || k.private == nil {
		return nil, fmt.Errorf("private keys of the algorithm %s are not supported", p.Algorithm.Algorithm)
	}
	return k.private(p.Algorithm.Parameters, p.PrivateKey)
}

// encryptedInfo is EncryptedPrivateKeyInfo.
type encryptedInfo struct {
	Algorithm struct {
		OID    asn1.ObjectIdentifier
		Params asn1.RawValue
	}
	Data []byte
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
)

// maxIterations and maxScrypt bound the work a key asks for before its passphrase can be checked.
const (
	maxIterations = 10_000_000
	maxScrypt     = 1 << 28 // bytes
)

// checkWork refuses key derivations that would hold up the worker.
func checkWork(p pkcs.PBES2Params) error {
	switch kdf := p.KeyDerivationFunc; {
	case kdf.Algorithm.Equal(oidPBKDF2):
		var seq, salt asn1.RawValue
		var count int
		_, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &seq)
		rest := seq.Bytes
		if err == nil {
			rest, err = asn1.Unmarshal(rest, &salt)
		}
		if err == nil {
			_, err = asn1.Unmarshal(rest, &count)
		}
		if err != nil || count < 1 || count > maxIterations {
			return errors.New("the number of iterations is out of bounds")
		}
	case kdf.Algorithm.Equal(oidScrypt):
		var d struct {
			Salt      []byte
			N, R, P   int
			KeyLength int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &d); err != nil || d.N < 1 || d.R < 1 || d.P < 1 || d.N > maxScrypt ||
			d.R > 1<<10 || d.P > 1<<6 || 128*d.N*d.R > maxScrypt {
			return errors.New("the cost of scrypt is out of bounds")
		}
	}
	return nil
}

// encryptedPKCS8 decrypts an EncryptedPrivateKeyInfo (PBES2, RFC 8018).
func encryptedPKCS8(der, passphrase []byte) (Private, error) {
	if passphrase == nil {
		return nil, ErrPassphrase
	}
	var e encryptedInfo
	if rest, err := asn1.Unmarshal(der, &e); err != nil || len(rest) > 0 {
		return nil, errors.New("malformed encrypted private key")
	}
	if !e.Algorithm.OID.Equal(oidPBES2) {
		return nil, fmt.Errorf("keys encrypted by the scheme %s are not supported: use PBES2", e.Algorithm.OID)
	}
	var params pkcs.PBES2Params
	if rest, err := asn1.Unmarshal(e.Algorithm.Params.FullBytes, &params); err != nil || len(rest) > 0 {
		return nil, errors.New("malformed encrypted private key")
	}
	if err := checkWork(params); err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	plain, _, err := params.Decrypt(passphrase, e.Data)
	if err != nil {
		return nil, errors.New("the passphrase is wrong, or the encrypted private key is damaged")
	}
	k, err := ParsePKCS8(plain)
	if err != nil {
		return nil, errors.New("the passphrase is wrong, or the encrypted private key is damaged")
	}
	return k, nil
}

// ParsePublic reads a public key: the first PEM block that is one, or DER if there is no PEM.
func ParsePublic(text []byte) (Public, error) {
	if len(text) > maxText {
		return nil, ErrTooLarge
	}
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		k, err := ParseSPKI(text)
		if err != nil {
			if r, old := parsePKCS1Public(text); old == nil {
				return r, nil
			}
		}
		return k, err
	}
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		switch b.Type {
		case "PUBLIC KEY":
			return ParseSPKI(b.Bytes)
		case "RSA PUBLIC KEY":
			return parsePKCS1Public(b.Bytes)
		}
	}
	return nil, errors.New("no public key in the PEM text")
}

// ParseSPKI reads a SubjectPublicKeyInfo.
func ParseSPKI(der []byte) (Public, error) {
	var p spki
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 || p.PublicKey.BitLength%8 != 0 {
		return nil, errors.New("malformed public key")
	}
	k, ok := kinds[p.Algorithm.Algorithm.String()]
	if !ok || k.public == nil {
		return nil, fmt.Errorf("public keys of the algorithm %s are not supported", p.Algorithm.Algorithm)
	}
	return k.public(p.Algorithm.Parameters, p.PublicKey.Bytes)
}

// PrivatePEM writes a private key as unencrypted PKCS#8.
func PrivatePEM(k Private) ([]byte, error) {
	der, err := k.PKCS8()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// PublicPEM writes a public key as SubjectPublicKeyInfo.
func PublicPEM(k Public) ([]byte, error) {
	der, err := k.SPKI()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
