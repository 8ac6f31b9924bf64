// Package certs reads, makes and describes X.509 certificates and requests for them (RFC 5280, RFC 2986), with the names and
// the extension syntax of OpenSSL's configuration files.
package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/smx509"
)

// maxText bounds what is parsed: a bundle of all public authorities is a hundredth of it.
const maxText = 32 << 20

var errTooLarge = errors.New("more than 32 MiB of certificates")

// Parse reads the first certificate of PEM text, or DER if there is no PEM.
func Parse(text []byte) (*x509.Certificate, error) {
	if len(text) > maxText {
		return nil, errTooLarge
	}
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		return parseDER(text)
	}
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if isCertificate(b) {
			return parseDER(b.Bytes)
		}
	}
	return nil, errors.New("no certificate in the PEM text")
}

func isCertificate(b *pem.Block) bool { return b.Type == "CERTIFICATE" || b.Type == "X509 CERTIFICATE" }

// parseDER reads what the standard library knows, and SM2.
func parseDER(der []byte) (*x509.Certificate, error) {
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("malformed certificate: %w", err)
	}
	return c.ToX509(), nil
}

var beginCertificate = []byte("-----BEGIN CERTIFICATE-----")

// ParseChain reads every CERTIFICATE block that begins at the start of a line. Other text is passed over; a broken block is
// an error.
func ParseChain(text []byte) ([]*x509.Certificate, error) {
	if len(text) > maxText {
		return nil, errTooLarge
	}
	var chain []*x509.Certificate
	for {
		i := nextBlock(text)
		if i < 0 {
			return chain, nil
		}
		text = text[i:]
		b, rest := pem.Decode(text)
		// Decode skips what is broken and goes on to the next block: it must have taken the one at the front.
		if b == nil || nextBlock(text[len(beginCertificate):len(text)-len(rest)]) >= 0 {
			return nil, fmt.Errorf("certificate #%d is no proper PEM block", len(chain)+1)
		}
		c, err := parseDER(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate #%d: %w", len(chain)+1, err)
		}
		chain = append(chain, c)
		text = rest
	}
}

// nextBlock finds the next begin line.
func nextBlock(text []byte) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], beginCertificate)
		if i < 0 {
			return -1
		}
		i += from
		if i == 0 || text[i-1] == '\n' {
			return i
		}
		from = i + 1
	}
}

// PEM writes a certificate.
func PEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
