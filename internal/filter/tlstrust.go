package filter

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	"weir/internal/pipeline"
	"weir/internal/script"
)

// tlsTrust is what a peer's certificate is checked against.
type tlsTrust struct {
	roots   *x509.CertPool
	others  []*x509.Certificate // not self-signed: part of chains, but no end of one
	checked bool                // host names are checked
	id      [sha256.Size]byte   // of the list
}

// trustOnly trusts the self-signed ones of a list. Host names do not matter.
func trustOnly(list []*x509.Certificate) *tlsTrust {
	t := &tlsTrust{roots: x509.NewCertPool()}
	t.add(list)
	return t
}

// trustSystem trusts the system's roots, and those of a list besides. Host names are checked.
func trustSystem(list []*x509.Certificate) (*tlsTrust, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's root certificates cannot be read: %w", err)
	}
	t := &tlsTrust{roots: roots, checked: true}
	t.add(list)
	return t, nil
}

func (t *tlsTrust) add(list []*x509.Certificate) {
	h := sha256.New()
	for _, c := range list {
		h.Write(c.Raw)
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			t.roots.AddCert(c)
		} else {
			t.others = append(t.others, c)
		}
	}
	h.Sum(t.id[:0])
}

// verify checks a chain as the peer sent it, the leaf first. It returns the chain up to the root, or the one that was sent.
func (t *tlsTrust) verify(sent []*x509.Certificate, usage x509.ExtKeyUsage, host string) ([]*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, c := range append(sent[1:len(sent):len(sent)], t.others...) {
		between.AddCert(c)
	}
	chains, err := sent[0].Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{usage}})
	if err != nil {
		return sent, err
	}
	if t.checked {
		if host == "" {
			return chains[0], errors.New("no host name to check: give options.sni")
		}
		if err := sent[0].VerifyHostname(host); err != nil {
			return chains[0], err
		}
	}
	return chains[0], nil
}

// culprit returns the certificate of a chain that an error of verify is about.
func culprit(chain []*x509.Certificate, err error) *x509.Certificate {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown) && unknown.Cert != nil:
		return unknown.Cert
	case errors.As(err, &invalid) && invalid.Cert != nil:
		return invalid.Cert
	}
	return chain[0]
}

// verifyPeer is called during the handshake, as the coroutine.
func (s *tlsSession) verifyPeer(cs tls.ConnectionState) error {
	trust, server, certs := s.f.def.trust, s.f.def.server, cs.PeerCertificates
	if trust == nil {
		return s.do(s.warnUnverified)
	}
	if len(certs) == 0 {
		return errors.New("tls: peer didn't provide a certificate")
	}
	var chain []*x509.Certificate
	var err error
	if doErr := s.do(func() {
		usage, host := x509.ExtKeyUsageServerAuth, ""
		if server {
			usage = x509.ExtKeyUsageClientAuth
		} else if trust.checked {
			host = s.peerName()
		}
		chain, err = trust.verify(certs, usage, host)
		if s.f.def.onVerify != nil {
			err = s.f.def.askVerify(s.f.World(), s.f.Context(), chain, err)
		}
	}); doErr != nil {
		return doErr
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
	}
	return nil
}

// askVerify asks the callback about every certificate from the root to the leaf. It is the callback that decides.
func (t *tlsOptions) askVerify(w *pipeline.World, ctx *script.Context, chain []*x509.Certificate, err error) error {
	r := w.Realm
	ask := func(ok bool, c *x509.Certificate) bool {
		v, callErr := r.CallIn(ctx, t.onVerify.Value(), script.Bool(ok), WrapCertificate(r, c))
		if callErr != nil {
			w.Report(callErr)
			err = callErr
			return false
		}
		return r.Truthy(v)
	}
	if err != nil && !ask(false, culprit(chain, err)) {
		return err
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if !ask(true, chain[i]) {
			if err == nil {
				err = errors.New("rejected by options.verify")
			}
			return err
		}
	}
	return nil
}

// unverified has the targets about which a warning was logged.
var unverified struct {
	sync.Mutex
	seen map[string]bool
}

// maxUnverified bounds it: later targets are not warned about.
const maxUnverified = 1000

func (s *tlsSession) warnUnverified() {
	name := s.peerName()
	if name == "" {
		name = "the target of " + s.f.Where()
	}
	unverified.Lock()
	warn := !unverified.seen[name] && len(unverified.seen) < maxUnverified
	if warn {
		if unverified.seen == nil {
			unverified.seen = map[string]bool{}
		}
		unverified.seen[name] = true
	}
	unverified.Unlock()
	if warn {
		s.f.World().Log.Warnf("[tls] the certificate of %s is not verified: use options.trusted, verify: 'system' or --tls-verify", name)
	}
}
