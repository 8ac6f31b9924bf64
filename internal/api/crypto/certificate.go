package crypto

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math"
	"time"

	"weir/internal/api/crypto/certs"
	"weir/internal/api/crypto/keys"
	"weir/internal/script"
)

// Certificate is the Go value of crypto.Certificate.
type Certificate struct{ cert *x509.Certificate }

// X509 returns the certificate, which must not be changed.
func (c *Certificate) X509() *x509.Certificate { return c.cert }

// NewCertificate returns a script object for a certificate.
func NewCertificate(r *script.Realm, c *x509.Certificate) script.Value {
	return r.NewObjectOf(certificateClass, &Certificate{c})
}

var certificateClass = &script.Class{
	Name: "Certificate", Path: "crypto.Certificate", Sig: "(src: string | Data | options)", Length: 1,
	New: newCertificate,
	Methods: []script.Method{{Name: "toPEM", Sig: "() => Data", Fn: func(c *script.Call) (script.Value, error) {
		return newData(c, certs.PEM(script.This[*Certificate](c).cert)), nil
	}}},
	Props: []script.Prop{
		certificateProp("issuer", "object", func(r *script.Realm, c *x509.Certificate) script.Value { return nameObject(r, c.Issuer) }),
		certificateProp("subject", "object", func(r *script.Realm, c *x509.Certificate) script.Value { return nameObject(r, c.Subject) }),
		certificateProp("subjectAltNames", "string[]", func(r *script.Realm, c *x509.Certificate) script.Value {
			return r.FromGo(c.DNSNames)
		}),
		certificateProp("notBefore", "number (ms)", func(_ *script.Realm, c *x509.Certificate) script.Value {
			return script.Number(float64(c.NotBefore.UnixMilli()))
		}),
		certificateProp("notAfter", "number (ms)", func(_ *script.Realm, c *x509.Certificate) script.Value {
			return script.Number(float64(c.NotAfter.UnixMilli()))
		}),
		certificateProp("serialNumber", "string (hex) [beyond]", func(r *script.Realm, c *x509.Certificate) script.Value {
			return r.String(fmt.Sprintf("%X", c.SerialNumber))
		}),
		{Name: "publicKey", Sig: "PublicKey [beyond]", Get: func(c *script.Call) (script.Value, error) {
			return newPublicKeyObject(c, script.This[*Certificate](c).cert.RawSubjectPublicKeyInfo)
		}},
	},
}

func certificateProp(name, sig string, get func(*script.Realm, *x509.Certificate) script.Value) script.Prop {
	return script.Prop{Name: name, Sig: sig, Get: func(c *script.Call) (script.Value, error) {
		return get(c.Realm, script.This[*Certificate](c).cert), nil
	}}
}

// nameObject maps the long names of a name's entries to their texts; of entries of the same name the last one counts.
func nameObject(r *script.Realm, n pkix.Name) script.Value {
	o := r.NewObject()
	for _, e := range certs.Entries(n) {
		r.Set(o, e.Type, r.String(e.Value))
	}
	return o
}

func newCertificate(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	v := c.Arg(0)
	if text, ok := bytesOf(c.Realm, v); ok {
		if len(text) == 0 {
			return nil, errEmpty
		}
		cert, err := certs.Parse(bytes.Clone(text))
		if err != nil {
			return nil, about(0, err)
		}
		return &Certificate{cert}, nil
	}
	if !v.IsObject() {
		return nil, script.ArgError(0, "a string or an object")
	}
	t, err := certificateTemplate(c.Realm, c.Options(v))
	if err != nil {
		return nil, err
	}
	cert, err := certs.Issue(t)
	if errors.Is(err, certs.ErrNotSigner) {
		return nil, fmt.Errorf("options.privateKey: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return &Certificate{cert}, nil
}

func certificateTemplate(r *script.Realm, o *script.Options) (*certs.Template, error) {
	t := new(certs.Template)
	var err error
	if t.Subject, err = subjectOption(r, o); err != nil {
		return nil, err
	}
	if t.Subject == nil && o.Value("request").IsUndefined() {
		o.Fail("subject", "an object")
	}
	t.Key = privateKeyOption(r, o)
	if k := objectOption[*PublicKey](r, o, "publicKey", "PublicKey"); k != nil {
		t.PublicKey = k.Key
	}
	if q := objectOption[*certificateRequest](r, o, "request", "CertificateRequest"); q != nil {
		if err := useRequest(t, q.req, o.Bool("copyExtensions", false)); err != nil {
			return nil, err
		}
	}
	if i := objectOption[*Certificate](r, o, "issuer", "Certificate"); i != nil {
		t.Issuer = i.cert
	}
	days := o.Int("days", 30)
	offset := o.Number("timeOffset", 0)
	if t.Extensions, err = extensionsOption(r, o); err != nil {
		return nil, err
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	if err := setTimes(t, days, offset); err != nil {
		return nil, err
	}
	if t.PublicKey == nil {
		if t.Issuer == nil {
			return nil, errors.New("missing public key")
		}
		k, err := keys.ParseSPKI(t.Issuer.RawSubjectPublicKeyInfo)
		if err != nil {
			return nil, fmt.Errorf("options.issuer: %w", err)
		}
		t.PublicKey = k
	}
	return t, nil
}

// maxDays is what brings any date to the end of those that can be written.
const maxDays = 4_000_000

// setTimes sets when a certificate begins, which is offset seconds from now, and when it ends.
func setTimes(t *certs.Template, days int, offset float64) error {
	fits := func(d time.Time) bool { return d.Year() >= 1 && d.Year() <= 9999 }
	if math.Abs(offset) <= maxDays*86400 { // false for NaN
		t.NotBefore = time.Unix(time.Now().Unix()+int64(offset), 0).UTC()
	}
	if t.NotBefore.IsZero() || !fits(t.NotBefore) {
		return errors.New("options.timeOffset expects a date before the year 10000")
	}
	t.NotAfter = t.NotBefore.AddDate(0, 0, min(max(days, -maxDays), maxDays))
	if !fits(t.NotAfter) {
		return errors.New("options.days expects a date before the year 10000")
	}
	return nil
}

// privateKeyOption reads the required option privateKey.
func privateKeyOption(r *script.Realm, o *script.Options) keys.Private {
	k := objectOption[*PrivateKey](r, o, "privateKey", "PrivateKey")
	if k == nil {
		o.Fail("privateKey", "a PrivateKey")
		return nil
	}
	return k.Key
}

// useRequest takes from a request whom the certificate is for, and its extensions if copy is set, but for those that would make
// it an authority. What else is in the template comes first.
func useRequest(t *certs.Template, q *x509.CertificateRequest, copy bool) error {
	if !certs.CheckRequest(q) {
		return errors.New("options.request: the signature is not that of its key")
	}
	if t.Subject == nil {
		t.RawSubject = q.RawSubject
	}
	if t.PublicKey == nil {
		k, err := keys.ParseSPKI(q.RawSubjectPublicKeyInfo)
		if err != nil {
			return fmt.Errorf("options.request: %w", err)
		}
		t.PublicKey = k
	}
	if copy {
		t.Copied = certs.Harmless(q.Extensions)
	}
	return nil
}

// subjectOption reads the option subject; nil if it is not given.
func subjectOption(r *script.Realm, o *script.Options) (entries []certs.Entry, err error) {
	pairs, err := pairsOption(r, o, "subject")
	if pairs != nil {
		entries = []certs.Entry{}
	}
	for _, p := range pairs {
		entries = append(entries, certs.Entry{Type: p[0], Value: p[1]})
	}
	return entries, err
}

func extensionsOption(r *script.Realm, o *script.Options) (list []certs.Extension, err error) {
	pairs, err := pairsOption(r, o, "extensions")
	for _, p := range pairs {
		list = append(list, certs.Extension{Name: p[0], Value: p[1]})
	}
	return list, err
}

// pairsOption reads an option that is an object of names and texts, in order; nil if it is not given.
func pairsOption(r *script.Realm, o *script.Options, name string) (pairs [][2]string, err error) {
	v := o.Value(name)
	if v.IsUndefined() {
		return nil, nil
	}
	if !v.IsObject() {
		o.Fail(name, "an object")
		return nil, nil
	}
	pairs = [][2]string{}
	err = r.Each(v, func(name string, f script.Value) error {
		text, err := r.ToString(f)
		pairs = append(pairs, [2]string{name, text})
		return err
	})
	return pairs, err
}
