package logging

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/logs/target"
	"weir/internal/script"
)

func toHTTP(c *script.Call) (script.Value, error) {
	address, err := firstText(c)
	if err != nil {
		return script.Undefined, err
	}
	o := c.Options(c.Arg(1))
	h := target.HTTPOptions{
		Method: o.Str("method", http.MethodPost),
		Limit:  int(min(max(o.Number("bufferLimit", target.Limit), 0), math.MaxInt/2)),
	}
	if h.Headers, err = headers(c, o.Value("headers"), o); err != nil {
		return script.Undefined, err
	}
	b := o.Sub("batch")
	h.BatchSize = max(b.Int("size", 1000), 1)
	h.BatchTimeout = max(b.Duration("timeout", 5*time.Second), time.Millisecond)
	h.BatchInterval = b.Duration("interval", 5*time.Second)
	h.BatchPrefix, h.BatchPostfix, h.Divide = b.Str("prefix", ""), b.Str("postfix", ""), b.Str("separator", "")
	b.Number("vacancy", 0.5)
	secure := o.Sub("tls")
	if err := errors.Join(o.Err(), b.Err()); err != nil {
		return script.Undefined, err
	}
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "https" {
		if h.TLS, err = tlsConfig(c, o.Value("tls"), secure, u.Host); err != nil {
			return script.Undefined, err
		}
	}
	t, err := target.HTTP(address, h)
	if err != nil {
		return script.Undefined, err
	}
	l := script.This[*logger](c)
	l.own = append(l.own, t)
	l.add(t.Name(), func() (*target.Target, error) { return t, nil })
	return c.This, nil
}

func headers(c *script.Call, v script.Value, o *script.Options) (http.Header, error) {
	h := http.Header{}
	if !v.IsUndefined() && !v.IsObject() {
		o.Fail("headers", "an object")
	}
	err := c.Each(v, func(name string, v script.Value) error {
		values := []script.Value{v}
		if c.IsArray(v) {
			var err error
			if values, err = c.Elements(v); err != nil {
				return err
			}
		}
		for _, v := range values {
			s, err := c.ToString(v)
			if err != nil {
				return err
			}
			h.Add(name, s)
		}
		return nil
	})
	return h, err
}

var tlsVersions = map[string]uint16{"TLS1": tls.VersionTLS10, "TLS1.1": tls.VersionTLS11, "TLS1.2": tls.VersionTLS12, "TLS1.3": tls.VersionTLS13}

// tlsConfig reads the options of connectTLS, as far as they make sense for a client that runs by itself.
func tlsConfig(c *script.Call, given script.Value, o *script.Options, host string) (*tls.Config, error) {
	names := []string{"TLS1", "TLS1.1", "TLS1.2", "TLS1.3"}
	conf := &tls.Config{
		MinVersion: tlsVersions[o.Enum("minVersion", "TLS1.2", names...)],
		MaxVersion: tlsVersions[o.Enum("maxVersion", "TLS1.3", names...)],
		ServerName: o.Str("sni", ""),
	}
	for _, name := range []string{"ciphers", "alpn", "handshake", "onState", "onVerify", "ntls"} {
		if !o.Value(name).IsUndefined() {
			logs.Warnf("[logging] option tls.%s has no effect on logs", name)
		}
	}
	system := false
	if v := o.Value("verify"); c.IsFunction(v) {
		logs.Warnf("[logging] option tls.verify can only be 'system' for logs: the function is not called")
	} else {
		system = o.Enum("verify", "", "system") == "system"
	}
	roots, err := trusted(c, o)
	if err != nil {
		return nil, err
	}
	if v := o.Value("certificate"); !v.IsUndefined() {
		if err := clientCertificate(c, conf, v); err != nil {
			return nil, err
		}
	}
	switch {
	case o.Err() != nil:
		return nil, o.Err()
	case roots != nil:
		conf.InsecureSkipVerify = true // host names are not checked: any certificate below the roots will do
		conf.VerifyConnection = func(s tls.ConnectionState) error {
			between := x509.NewCertPool()
			for _, cert := range s.PeerCertificates[1:] {
				between.AddCert(cert)
			}
			_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
			return err
		}
	case !system:
		conf.InsecureSkipVerify = true
		logs.Warnf("[logging] the certificate of %s is not verified: set tls.trusted, or tls.verify to 'system'", host)
	}
	return conf, nil
}

// trusted returns the certificates of the option, nil if it is not given.
func trusted(c *script.Call, o *script.Options) (*x509.CertPool, error) {
	v := o.Value("trusted")
	if v.IsUndefined() {
		return nil, nil
	}
	if !c.IsArray(v) {
		o.Fail("trusted", "an array")
		return nil, nil
	}
	list, err := c.Elements(v)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for i, e := range list {
		pem, err := pemOf(c, e)
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("options.tls.trusted[%d] expects a crypto.Certificate or PEM text", i)
		}
	}
	return pool, nil
}

func clientCertificate(c *script.Call, conf *tls.Config, v script.Value) error {
	const wants = "options.tls.certificate expects an object with cert and key, of crypto or as PEM text"
	if !v.IsObject() || c.IsFunction(v) {
		return errors.New(wants)
	}
	var parts [2][]byte
	for i, name := range []string{"cert", "key"} {
		part, err := c.Get(v, name)
		if err != nil {
			return err
		}
		if parts[i], err = pemOf(c, part); err != nil {
			return errors.New(wants)
		}
	}
	pair, err := tls.X509KeyPair(parts[0], parts[1])
	if err != nil {
		return fmt.Errorf("options.tls.certificate: %w", err)
	}
	conf.Certificates = []tls.Certificate{pair}
	return nil
}

// pemOf returns the text of a certificate or key: given as it is, or as an object with toPEM.
func pemOf(c *script.Call, v script.Value) ([]byte, error) {
	if s, ok := c.AsString(v); ok {
		return []byte(s), nil
	}
	if d, ok := event.DataOf(c.Realm, v); ok {
		return d.Bytes(), nil
	}
	if !v.IsObject() {
		return nil, errors.New("not an object")
	}
	f, err := c.Get(v, "toPEM")
	if err != nil || !c.IsFunction(f) {
		return nil, errors.New("no toPEM")
	}
	if v, err = c.CallMethod(f, v); err != nil {
		return nil, err
	}
	if d, ok := event.DataOf(c.Realm, v); ok {
		return d.Bytes(), nil
	}
	s, err := c.ToString(v)
	return []byte(strings.TrimSpace(s)), err
}
