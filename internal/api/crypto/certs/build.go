package certs

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"

	"weir/internal/api/crypto/keys"
)

// Template tells what certificate to issue.
type Template struct {
	Subject []Entry
	// RawSubject is a whole Name that is used instead of Subject.
	RawSubject []byte
	// Issuer signs; nil means the certificate is its own issuer.
	Issuer *x509.Certificate
	// PublicKey is whom the certificate is for.
	PublicKey keys.Public
	// Key signs.
	Key       keys.Private
	NotBefore time.Time
	NotAfter  time.Time
	// Extensions in order; without any the certificate is of version 1.
	Extensions []Extension
	// Copied are more extensions, taken over from a request unless Extensions has one of the kind.
	Copied []pkix.Extension
}

// Extension is the name and the text of an extension, in the syntax of OpenSSL's configuration files.
type Extension struct{ Name, Value string }

// ErrNotSigner is a key that cannot sign.
var ErrNotSigner = errors.New("a key of this type cannot sign")

type validity struct{ NotBefore, NotAfter time.Time }

type tbsCertificate struct {
	Version    int `asn1:"optional,explicit,default:0,tag:0"`
	Serial     *big.Int
	Algorithm  pkix.AlgorithmIdentifier
	Issuer     asn1.RawValue
	Validity   validity
	Subject    asn1.RawValue
	PublicKey  asn1.RawValue
	Extensions []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
}

// signed is what certificates and requests have in common.
type signed struct {
	Body      asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// Issue makes a certificate.
func Issue(t *Template) (*x509.Certificate, error) {
	signer, ok := t.Key.(keys.Signer)
	if !ok {
		return nil, ErrNotSigner
	}
	subject := t.RawSubject
	var err error
	if subject == nil {
		if subject, err = marshalName(t.Subject); err != nil {
			return nil, err
		}
	}
	issuer := subject
	if t.Issuer != nil {
		issuer = t.Issuer.RawSubject
	}
	spki, err := t.PublicKey.SPKI()
	if err != nil {
		return nil, err
	}
	// 159 random bits are never more than 20 bytes, which is all a serial number may have.
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159))
	if err != nil {
		return nil, err
	}
	tbs := tbsCertificate{
		Serial:    serial.Add(serial, big.NewInt(1)),
		Algorithm: signer.SignatureAlgorithm(),
		Issuer:    asn1.RawValue{FullBytes: issuer},
		Validity:  validity{t.NotBefore.UTC(), t.NotAfter.UTC()},
		Subject:   asn1.RawValue{FullBytes: subject},
		PublicKey: asn1.RawValue{FullBytes: spki},
	}
	x := extender{subject: spki, issuer: t.Issuer, issuerKey: signer.Public()}
	if tbs.Extensions, err = x.all(t.Extensions); err != nil {
		return nil, err
	}
	for _, e := range t.Copied {
		if !slices.ContainsFunc(tbs.Extensions, func(have pkix.Extension) bool { return have.Id.Equal(e.Id) }) {
			tbs.Extensions = append(tbs.Extensions, e)
		}
	}
	if len(tbs.Extensions) > 0 {
		tbs.Version = 2
	}
	der, err := sign(tbs, signer)
	if err != nil {
		return nil, err
	}
	return parseDER(der)
}

func sign(body any, k keys.Signer) ([]byte, error) {
	raw, err := asn1.Marshal(body)
	if err != nil {
		return nil, err
	}
	sig, err := k.SignMessage(raw, keys.SignOptions{})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(signed{asn1.RawValue{FullBytes: raw}, k.SignatureAlgorithm(), asn1.BitString{Bytes: sig, BitLength: 8 * len(sig)}})
}
