package certs

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"weir/internal/api/crypto/keys"
)

// ParseRequest reads the first certificate request of PEM text, or DER if there is no PEM.
func ParseRequest(text []byte) (*x509.CertificateRequest, error) {
	if len(text) > maxText {
		return nil, errTooLarge
	}
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		return parseRequestDER(text)
	}
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type == "CERTIFICATE REQUEST" || b.Type == "NEW CERTIFICATE REQUEST" {
			return parseRequestDER(b.Bytes)
		}
	}
	return nil, errors.New("no certificate request in the PEM text")
}

func parseRequestDER(der []byte) (*x509.CertificateRequest, error) {
	r, err := smx509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("malformed certificate request: %w", err)
	}
	return r.ToX509(), nil
}

// RequestPEM writes a certificate request.
func RequestPEM(r *x509.CertificateRequest) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.Raw})
}

// CheckRequest reports whether a request was signed by the key it is for.
func CheckRequest(r *x509.CertificateRequest) bool {
	if (*smx509.CertificateRequest)(r).CheckSignature() == nil {
		return true
	}
	if r.SignatureAlgorithm != x509.UnknownSignatureAlgorithm {
		return false
	}
	// A key the libraries for certificates do not know: it signs messages in one way only.
	k, err := keys.ParseSPKI(r.RawSubjectPublicKeyInfo)
	if err != nil {
		return false
	}
	v, ok := k.(keys.Verifier)
	if !ok {
		return false
	}
	ok, err = v.VerifyMessage(r.RawTBSCertificateRequest, r.Signature, keys.SignOptions{})
	return ok && err == nil
}

// Harmless leaves out the extensions that only an authority decides on: who asks for a certificate must not get one that issues.
func Harmless(list []pkix.Extension) []pkix.Extension {
	reserved := []string{"basicConstraints", "nameConstraints", "policyConstraints", "inhibitAnyPolicy", "authorityKeyIdentifier"}
	return slices.DeleteFunc(slices.Clone(list), func(e pkix.Extension) bool {
		return slices.ContainsFunc(reserved, func(name string) bool { return extensionKinds[name].oid.Equal(e.Id) })
	})
}

var oidExtensionRequest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 14}

// Request makes a certificate request.
func Request(subject []Entry, key keys.Private, extensions []Extension) (*x509.CertificateRequest, error) {
	signer, ok := key.(keys.Signer)
	if !ok {
		return nil, ErrNotSigner
	}
	name, err := marshalName(subject)
	if err != nil {
		return nil, err
	}
	spki, err := key.Public().SPKI()
	if err != nil {
		return nil, err
	}
	x := extender{subject: spki, issuerKey: key.Public()}
	list, err := x.all(extensions)
	if err != nil {
		return nil, err
	}
	body := struct {
		Version    int
		Subject    asn1.RawValue
		PublicKey  asn1.RawValue
		Attributes asn1.RawValue
	}{0, asn1.RawValue{FullBytes: name}, asn1.RawValue{FullBytes: spki}, constructed(0, nil)}
	if len(list) > 0 {
		attribute, err := asn1.Marshal(struct {
			ID     asn1.ObjectIdentifier
			Values [][]pkix.Extension `asn1:"set"`
		}{oidExtensionRequest, [][]pkix.Extension{list}})
		if err != nil {
			return nil, err
		}
		body.Attributes = constructed(0, attribute)
	}
	der, err := sign(body, signer)
	if err != nil {
		return nil, err
	}
	return parseRequestDER(der)
}
