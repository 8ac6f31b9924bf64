package crypto

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"

	"weir/internal/api/crypto/certs"
	"weir/internal/api/crypto/keys"
	"weir/internal/script"
)

// certificateRequest is the Go value of crypto.CertificateRequest.
type certificateRequest struct{ req *x509.CertificateRequest }

var certificateRequestClass = &script.Class{
	Name: "CertificateRequest", Path: "crypto.CertificateRequest", Sig: "(src: string | Data | {subject, privateKey, extensions}) [beyond]",
	Length: 1,
	New:    newCertificateRequest,
	Methods: []script.Method{
		{Name: "toPEM", Sig: "() => Data [beyond]", Fn: func(c *script.Call) (script.Value, error) {
			return newData(c, certs.RequestPEM(script.This[*certificateRequest](c).req)), nil
		}},
		{Name: "verify", Sig: "() => boolean [beyond]", Fn: func(c *script.Call) (script.Value, error) {
			return script.Bool(certs.CheckRequest(script.This[*certificateRequest](c).req)), nil
		}},
	},
	Props: []script.Prop{
		{Name: "subject", Sig: "object [beyond]", Get: func(c *script.Call) (script.Value, error) {
			return nameObject(c.Realm, script.This[*certificateRequest](c).req.Subject), nil
		}},
		{Name: "subjectAltNames", Sig: "string[] [beyond]", Get: func(c *script.Call) (script.Value, error) {
			return c.FromGo(script.This[*certificateRequest](c).req.DNSNames), nil
		}},
		{Name: "publicKey", Sig: "PublicKey [beyond]", Get: func(c *script.Call) (script.Value, error) {
			return newPublicKeyObject(c, script.This[*certificateRequest](c).req.RawSubjectPublicKeyInfo)
		}},
	},
}

func newCertificateRequest(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	v := c.Arg(0)
	if text, ok := bytesOf(c.Realm, v); ok {
		if len(text) == 0 {
			return nil, errEmpty
		}
		r, err := certs.ParseRequest(bytes.Clone(text))
		if err != nil {
			return nil, about(0, err)
		}
		return &certificateRequest{r}, nil
	}
	if !v.IsObject() {
		return nil, script.ArgError(0, "a string or an object")
	}
	o := c.Options(v)
	subject, err := subjectOption(c.Realm, o)
	if err != nil {
		return nil, err
	}
	if subject == nil {
		o.Fail("subject", "an object")
	}
	key := privateKeyOption(c.Realm, o)
	extensions, err := extensionsOption(c.Realm, o)
	if err != nil {
		return nil, err
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	r, err := certs.Request(subject, key, extensions)
	if errors.Is(err, certs.ErrNotSigner) {
		return nil, fmt.Errorf("options.privateKey: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return &certificateRequest{r}, nil
}

// newPublicKeyObject returns the script object of a SubjectPublicKeyInfo.
func newPublicKeyObject(c *script.Call, spki []byte) (script.Value, error) {
	k, err := keys.ParseSPKI(spki)
	if err != nil {
		return script.Undefined, err
	}
	return c.NewObjectOf(publicKeyClass, &PublicKey{k}), nil
}
