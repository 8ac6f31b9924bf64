package crypto

import (
	"bytes"
	"crypto/x509"

	"weir/internal/api/crypto/certs"
	"weir/internal/script"
)

// CertificateChain is the Go value of crypto.CertificateChain.
type CertificateChain struct{ certs []*x509.Certificate }

// Chain returns the certificates in the order of the text, which is leaf first. They must not be changed.
func (c *CertificateChain) Chain() []*x509.Certificate { return c.certs }

var certificateChainClass = &script.Class{
	Name: "CertificateChain", Path: "crypto.CertificateChain", Sig: "(pem: string | Data)", Length: 1,
	New: func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		text, err := bytesArg(c, 0)
		if err != nil {
			return nil, err
		}
		chain, err := certs.ParseChain(bytes.Clone(text))
		if err != nil {
			return nil, about(0, err)
		}
		return &CertificateChain{chain}, nil
	},
}
