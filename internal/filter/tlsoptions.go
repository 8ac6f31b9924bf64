package filter

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// VerifyTLS makes every connectTLS without trusted check the server against the system's roots (--tls-verify). It is set
// before scripts are loaded.
var VerifyTLS bool

// certificateObject, chainObject and keyObject are what the filters need of crypto.Certificate, crypto.CertificateChain and
// crypto.PrivateKey.
type (
	certificateObject interface{ X509() *x509.Certificate }
	chainObject       interface{ Chain() []*x509.Certificate } // the leaf first
	keyObject         interface{ Signer() crypto.Signer }
)

// WrapCertificate makes the script object of a certificate. It is set by the package that owns the class.
var WrapCertificate func(r *script.Realm, c *x509.Certificate) script.Value

// tlsOptions are the options of acceptTLS and connectTLS.
type tlsOptions struct {
	minVersion, maxVersion uint16
	ciphers                []uint16         // for TLS 1.2 and below; nil for the default
	certificate            *tls.Certificate // nil if there is none or a callback gives it
	onCertificate          *script.Ref
	trust                  *tlsTrust // nil: the peer is not verified
	onVerify               *script.Ref
	onHandshake            *script.Ref
	onState                *script.Ref
	timeout                time.Duration // of the handshake; 0 for none

	alpn   []string
	onALPN *script.Ref    // server only
	sni    pipeline.Param // client only
}

const defaultHandshakeTimeout = 30 * time.Second

// tlsRows lists the options for the surface.
func tlsRows(name string) []script.Row {
	var rows []script.Row
	add := func(option, kind, sig string) {
		rows = append(rows, script.Row{Path: "option:" + name + "." + option, Kind: kind, Signature: sig})
	}
	add("minVersion", "option", `"TLS1"|"TLS1.1"|"TLS1.2"|"TLS1.3" = "TLS1.2"`)
	add("maxVersion", "option", `"TLS1"|"TLS1.1"|"TLS1.2"|"TLS1.3" = "TLS1.3"`)
	add("ciphers", "option", "string")
	add("certificate", "option", "{cert: Certificate|CertificateChain, key: PrivateKey} | (sni?: string)=>that|Promise<that>|null")
	add("trusted", "option", "Certificate[]")
	add("ntls", "option", "boolean = false (not supported)")
	add("handshakeTimeout", "option", "seconds = 30 [beyond]")
	add("verify", "callback", "(ok: boolean, cert: Certificate) => boolean")
	add("onVerify", "callback", "(ok: boolean, cert: Certificate) => boolean")
	add("handshake", "callback", "(info: {alpn: string}) => any")
	add("onState", "callback", "(session: TLSSession) => any")
	return rows
}

// readTLSOptions reads the options of a filter.
func readTLSOptions(b *pipeline.Build, arg int, server bool) (*tlsOptions, error) {
	o, err := options(b, arg)
	if err != nil {
		return nil, err
	}
	return readTLS(b.World(), o, server)
}

// readTLS reads the options of one side of TLS.
func readTLS(w *pipeline.World, o *script.Options, server bool) (*tlsOptions, error) {
	r := w.Realm
	t := &tlsOptions{
		minVersion:  tlsVersion(o, "minVersion", "TLS1.2"),
		maxVersion:  tlsVersion(o, "maxVersion", "TLS1.3"),
		onHandshake: o.Func("handshake"),
		onState:     o.Func("onState"),
		onVerify:    o.Func("onVerify"),
		timeout:     o.Duration("handshakeTimeout", defaultHandshakeTimeout),
	}
	if t.minVersion > t.maxVersion {
		return nil, errors.New("options.minVersion is above options.maxVersion")
	}
	if o.Bool("ntls", false) {
		return nil, errors.New("options.ntls: Chinese TLS (NTLS) is not supported")
	}
	if list := o.Str("ciphers", ""); list != "" {
		var unknown []string
		if t.ciphers, unknown = parseCiphers(list); len(unknown) > 0 {
			w.Log.Warnf("[tls] options.ciphers: ignored %q", unknown)
		}
	}
	system := false
	if v := o.Value("verify"); !v.IsUndefined() {
		s, _ := r.AsString(v)
		switch {
		case !server && s == "system":
			system = true
		case !r.IsFunction(v) && server:
			o.Fail("verify", "a function")
		case !r.IsFunction(v):
			o.Fail("verify", "a function", "'system'")
		case t.onVerify == nil:
			t.onVerify = r.Hold(v)
		}
	}
	trusted, err := readTrusted(r, o)
	if err != nil {
		return nil, err
	}
	if system || !server && VerifyTLS && trusted == nil {
		t.trust, err = trustSystem(trusted)
	} else if trusted != nil {
		t.trust = trustOnly(trusted)
	}
	if err != nil {
		return nil, err
	}
	if v := o.Value("certificate"); r.IsFunction(v) {
		t.onCertificate = r.Hold(v)
	} else if !v.IsUndefined() {
		if !v.IsObject() {
			o.Fail("certificate", "an object", "a function")
		} else if t.certificate, err = readCertificate(r, v); err != nil {
			return nil, err
		}
	}
	if err := t.readALPN(r, o, server); err != nil {
		return nil, err
	}
	if server {
		readDHParam(r, o)
	} else if v := o.Value("sni"); v.IsUndefined() || v.IsString() || r.IsFunction(v) {
		t.sni = pipeline.NewParam(r, v)
	} else {
		o.Fail("sni", "a string", "a function")
	}
	return t, o.Err()
}

func tlsVersion(o *script.Options, name, def string) uint16 {
	switch o.Enum(name, def, "TLS1", "TLS1.1", "TLS1.2", "TLS1.3") {
	case "TLS1":
		return tls.VersionTLS10
	case "TLS1.1":
		return tls.VersionTLS11
	case "TLS1.2":
		return tls.VersionTLS12
	}
	return tls.VersionTLS13
}

// readTrusted returns nil if there is no such option.
func readTrusted(r *script.Realm, o *script.Options) ([]*x509.Certificate, error) {
	v := o.Value("trusted")
	if v.IsUndefined() {
		return nil, nil
	}
	if !r.IsArray(v) {
		o.Fail("trusted", "an array")
		return nil, nil
	}
	list := make([]*x509.Certificate, r.Len(v))
	for i := range list {
		e, err := r.GetIndex(v, i)
		if err != nil {
			return nil, err
		}
		c, ok := script.As[certificateObject](r, e)
		if !ok {
			return nil, fmt.Errorf("options.trusted[%d] expects an object of type crypto.Certificate", i)
		}
		list[i] = c.X509()
	}
	return list, nil
}

// readCertificate reads a {cert, key}.
func readCertificate(r *script.Realm, v script.Value) (*tls.Certificate, error) {
	cert, err := r.Get(v, "cert")
	if err != nil {
		return nil, err
	}
	key, err := r.Get(v, "key")
	if err != nil {
		return nil, err
	}
	k, ok := script.As[keyObject](r, key)
	if !ok {
		return nil, errors.New("certificate.key requires a PrivateKey object")
	}
	t := &tls.Certificate{PrivateKey: k.Signer()}
	if c, ok := script.As[certificateObject](r, cert); ok {
		t.Leaf = c.X509()
		t.Certificate = [][]byte{t.Leaf.Raw}
	} else if c, ok := script.As[chainObject](r, cert); ok {
		chain := c.Chain()
		if len(chain) == 0 {
			return nil, errors.New("empty certificate chain")
		}
		t.Leaf = chain[0]
		for _, c := range chain {
			t.Certificate = append(t.Certificate, c.Raw)
		}
	} else {
		return nil, errors.New("certificate.cert requires a Certificate or a CertificateChain object")
	}
	if k.Signer() == nil {
		return nil, errors.New("certificate.key is of a kind that TLS cannot use")
	}
	if public, ok := t.Leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(k.Signer().Public()) {
		return nil, errors.New("certificate.key does not belong to certificate.cert")
	}
	return t, nil
}

func (t *tlsOptions) readALPN(r *script.Realm, o *script.Options, server bool) error {
	v := o.Value("alpn")
	switch {
	case v.IsUndefined():
	case server && r.IsFunction(v):
		t.onALPN = r.Hold(v)
	case r.IsArray(v):
		for i := range r.Len(v) {
			e, err := r.GetIndex(v, i)
			if err != nil {
				return err
			}
			s, ok := r.AsString(e)
			if !ok {
				return fmt.Errorf("options.alpn[%d] expects a string", i)
			}
			if err := t.addProtocol(s); err != nil {
				return err
			}
		}
	case v.IsString() && !server:
		s, _ := r.AsString(v)
		return t.addProtocol(s)
	case server:
		o.Fail("alpn", "an array", "a function")
	default:
		o.Fail("alpn", "a string", "an array")
	}
	return nil
}

func (t *tlsOptions) addProtocol(name string) error {
	if len(name) < 1 || len(name) > 255 {
		return fmt.Errorf("protocol name is empty or too long for ALPN: %s", name)
	}
	t.alpn = append(t.alpn, name)
	return nil
}

// readDHParam checks the option and forgets it: key exchange with finite fields is not done any more.
func readDHParam(r *script.Realm, o *script.Options) {
	v := o.Value("dhparam")
	if v.IsUndefined() {
		return
	}
	text, ok := r.AsString(v)
	if d, isData := event.DataOf(r, v); isData {
		text, ok = string(d.Bytes()), true
	}
	if ok && text != "auto" {
		block, _ := pem.Decode([]byte(text))
		ok = block != nil
	}
	if !ok {
		o.Fail("dhparam", "'auto'", "a string or a Data in PEM format")
	}
}
