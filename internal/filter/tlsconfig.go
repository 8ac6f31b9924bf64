package filter

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"weir/internal/pipeline"
	"weir/internal/script"
)

// tlsDef declares acceptTLS or connectTLS.
type tlsDef struct {
	*tlsOptions
	server bool
	target *pipeline.Target
	base   *tls.Config
	// current is the session crypto/tls is running for. All sessions of a declaration share the configuration, whose
	// callbacks have to find out whom they are called for. There is one at a time: sessions run on the worker's goroutine,
	// and their coroutines in turns with it.
	current *tlsSession
	// configs are variants of base: by protocol for servers, by server name for clients.
	configs  map[string]*tls.Config
	sessions tls.ClientSessionCache
}

func buildTLS(b *pipeline.Build, server bool) (pipeline.Def, error) {
	o, err := readTLSOptions(b, 0, server)
	if err != nil {
		return nil, err
	}
	d := &tlsDef{tlsOptions: o, server: server, target: b.Target(), configs: map[string]*tls.Config{}}
	d.base = &tls.Config{
		MinVersion: o.minVersion, MaxVersion: o.maxVersion, CipherSuites: o.ciphers,
		// Records of full size from the start, as other servers send them: many small ones cost more than they gain.
		DynamicRecordSizingDisabled: true,
	}
	if server {
		d.setServer()
	} else {
		d.setClient()
	}
	return d, nil
}

func (d *tlsDef) setServer() {
	c := d.base
	c.GetConfigForClient = d.configFor
	if d.certificate != nil {
		c.Certificates = []tls.Certificate{*d.certificate}
	} else if d.onCertificate != nil {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return d.current.askCertificate(hello.ServerName)
		}
	}
	setTickets(c, d.setClientTrust(c, func(cs tls.ConnectionState) error { return d.current.verifyPeer(cs) }))
}

// setClientTrust has a server's configuration ask for client certificates, if there is something to check them against:
// with verify where crypto/tls alone cannot do it. It returns what tells these checks from others.
func (t *tlsOptions) setClientTrust(c *tls.Config, verify func(tls.ConnectionState) error) (id []byte) {
	h := sha256.New()
	fmt.Fprintln(h, t.trust != nil, t.onVerify != nil)
	if t.trust != nil {
		h.Write(t.trust.id[:])
		c.ClientCAs = t.trust.roots
		if !t.asksVerify() {
			c.ClientAuth = tls.RequireAndVerifyClientCert // whose alerts say more
		} else {
			c.ClientAuth = tls.RequireAnyClientCert
			c.VerifyConnection = verify
		}
	}
	return h.Sum(nil)
}

// asksVerify reports whether a server checks client certificates by itself.
func (t *tlsOptions) asksVerify() bool {
	return t.trust != nil && (t.onVerify != nil || len(t.trust.others) > 0)
}

// setTickets has a server's configuration give tickets that are good for sessions of the same id only.
func setTickets(c *tls.Config, id []byte) {
	c.WrapSession = func(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		s.Extra = append(s.Extra, ticketID(id, cs))
		return tickets.EncryptTicket(cs, s)
	}
	c.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		s, err := tickets.DecryptTicket(ticket, cs)
		if err != nil || s == nil || !slices.ContainsFunc(s.Extra, func(b []byte) bool { return bytes.Equal(b, ticketID(id, cs)) }) {
			return nil, err
		}
		return s, nil
	}
}

// tickets has the keys of the session tickets of all workers. crypto/tls makes a new one every day, and takes each for a
// week.
var tickets tls.Config

// ticketID says what a ticket is good for: a session with one list of trusted certificates must not be resumed where there
// is another, nor under another server name (RFC 6066 §3).
func ticketID(id []byte, cs tls.ConnectionState) []byte {
	return append(id[:len(id):len(id)], cs.ServerName...)
}

func (d *tlsDef) setClient() {
	c := d.base
	c.InsecureSkipVerify = true // because VerifyConnection does it
	c.VerifyConnection = func(cs tls.ConnectionState) error { return d.current.verifyPeer(cs) }
	c.NextProtos = d.alpn
	// The certificate is sent whatever issuers the server names.
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert := d.current.certificate; cert != nil {
			return cert, nil
		}
		return new(tls.Certificate), nil
	}
	d.sessions = tls.NewLRUClientSessionCache(maxConfigs)
	c.ClientSessionCache = d
}

// Get implements tls.ClientSessionCache: sessions are found by target besides the server name.
func (d *tlsDef) Get(name string) (*tls.ClientSessionState, bool) {
	return d.sessions.Get(d.sessionKey(name))
}

// Put implements tls.ClientSessionCache.
func (d *tlsDef) Put(name string, s *tls.ClientSessionState) { d.sessions.Put(d.sessionKey(name), s) }

func (d *tlsDef) sessionKey(name string) string { return name + " " + d.current.targetName() }

// maxConfigs bounds the variants of the configuration that are kept.
const maxConfigs = 256

// variant returns the configuration with something changed, which is kept under a key.
func (d *tlsDef) variant(key string, change func(*tls.Config)) *tls.Config {
	if c := d.configs[key]; c != nil {
		return c
	}
	c := d.base.Clone()
	change(c)
	if len(d.configs) < maxConfigs {
		d.configs[key] = c
	}
	return c
}

// clientConfig returns the configuration for a server name, which may be empty.
func (d *tlsDef) clientConfig(name string) *tls.Config {
	if name == "" {
		return d.base
	}
	return d.variant(name, func(c *tls.Config) { c.ServerName = name })
}

// noProtocol is in no client's list.
const noProtocol = "\x00"

// configFor notes the server name and chooses the protocol (RFC 7301 §3.2).
func (d *tlsDef) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	s := d.current
	s.hostname = hello.ServerName
	names := hello.SupportedProtos
	if len(names) == 0 || d.alpn == nil && d.onALPN == nil {
		return nil, nil
	}
	chosen := noProtocol
	if d.onALPN == nil {
		if i := slices.IndexFunc(names, func(n string) bool { return slices.Contains(d.alpn, n) }); i >= 0 {
			chosen = names[i]
		}
	} else {
		if err := s.do(func() {
			if i, ok := s.askALPN(names); ok {
				chosen = names[i]
			}
		}); err != nil {
			return nil, err
		}
	}
	return d.variant(chosen, func(c *tls.Config) { c.NextProtos = []string{chosen} }), nil
}

// askALPN asks the callback which of the client's protocols to use.
func (s *tlsSession) askALPN(names []string) (int, bool) {
	r := s.f.Realm()
	v, err := r.CallIn(s.f.Context(), s.f.def.onALPN.Value(), r.FromGo(names))
	if err != nil {
		s.failure = s.f.World().Failure(err)
		return 0, false
	}
	n, ok := r.NumberOf(v)
	if i := script.Truncate(n); ok && i >= 0 && i < len(names) {
		return i, true
	}
	return 0, false
}

// askCertificate asks the callback for a certificate, and waits if it gives a promise. nil means that there is none. It is
// called as the coroutine.
func (s *tlsSession) askCertificate(name string) (cert *tls.Certificate, err error) {
	f := s.f
	r := f.Realm()
	settled := false
	take := func(v script.Value) {
		settled = true
		switch {
		case v.IsNullish():
		case !v.IsObject():
			err = errors.New("certificate callback did not return an object")
		default:
			cert, err = readCertificate(r, v)
		}
		if err != nil {
			s.failure = f.Failure(err.Error())
		}
	}
	doErr := s.do(func() {
		arg := script.Undefined
		if name != "" {
			arg = r.String(name)
		}
		var v script.Value
		v, err = r.CallIn(f.Context(), f.def.onCertificate.Value(), arg)
		switch {
		case err != nil:
			settled = true
			s.failure = f.World().Failure(err)
		case r.IsPromise(v):
			s.asking = true
			f.Then(v, func(ok bool, v script.Value) {
				if s.over {
					return
				}
				s.asking = false
				if ok {
					take(v)
				} else {
					settled, err = true, errors.New("certificate callback failed")
					s.failure = f.Rejection(v)
				}
				s.step()
			})
		default:
			take(v)
		}
	})
	if doErr != nil {
		return nil, doErr
	}
	for !settled {
		if err := s.co.Wait(); err != nil {
			return nil, err
		}
	}
	return cert, err
}
