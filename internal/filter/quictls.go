package filter

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	qh3 "github.com/quic-go/quic-go/http3"

	"weir/internal/pipeline"
	"weir/internal/script"
)

// QUICTLS is the TLS of a port for QUIC: the options of acceptTLS, in a configuration for handshakes on goroutines of their
// own. Callbacks are posted to the worker, and the handshake waits for them.
type QUICTLS struct {
	*tlsOptions
	world *pipeline.World
	base  *tls.Config
}

// ReadQUICTLS reads the options object. What QUIC fixes by itself (RFC 9001 §4.2), the version and the ciphers, is not of
// interest; the protocol is always h3.
func ReadQUICTLS(w *pipeline.World, o *script.Options) (*QUICTLS, error) {
	t, err := readTLS(w, o, true)
	if err != nil {
		return nil, err
	}
	switch {
	case t.maxVersion < tls.VersionTLS13:
		return nil, errors.New("options.tls.maxVersion: QUIC needs TLS 1.3")
	case t.certificate == nil && t.onCertificate == nil:
		return nil, errors.New("protocol quic needs a certificate in options.tls")
	case t.onState != nil:
		w.Log.Warnf("[quic] options.tls.onState is not called for QUIC")
	}
	q := &QUICTLS{tlsOptions: t, world: w}
	c := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{qh3.NextProtoH3}}
	if t.certificate != nil {
		c.Certificates = []tls.Certificate{*t.certificate}
	}
	id := t.setClientTrust(c, nil) // Config sets what verifies
	setTickets(c, append(id, "quic"...))
	q.base = c
	return q, nil
}

// Timeout returns how long a handshake may take, 0 if there is no limit.
func (q *QUICTLS) Timeout() time.Duration { return q.timeout }

// Static reports whether no callbacks are part of a handshake: then its configuration is the same for all, and may be used from
// any goroutine.
func (q *QUICTLS) Static() bool { return q.onCertificate == nil && !q.asksVerify() }

// Config returns the configuration for one handshake. If that has callbacks, it is to be called on the worker, and keeps the
// world until ctx, that of the connection, is done.
func (q *QUICTLS) Config(ctx context.Context) *tls.Config {
	if q.Static() {
		return q.base
	}
	h := &quicHandshake{q: q, ctx: q.world.Realm.NewContext(nil)}
	h.ctx.Retain()
	q.world.Keep()
	loop := q.world.Loop
	context.AfterFunc(ctx, func() {
		loop.Post(func() {
			h.over = true
			h.ctx.Release()
			q.world.Unkeep()
		})
	})
	c := q.base.Clone()
	if q.onCertificate != nil {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return h.certificate(hello.ServerName) }
	}
	if q.asksVerify() {
		c.VerifyConnection = h.verify
	}
	return c
}

// Handshaken tells the script, on the worker, that a connection is open.
func (q *QUICTLS) Handshaken(ctx *script.Context) {
	if q.onHandshake == nil {
		return
	}
	r := q.world.Realm
	info := r.FromGo(script.Object{{Name: "alpn", Value: qh3.NextProtoH3}})
	if _, err := r.CallIn(ctx, q.onHandshake.Value(), info); err != nil {
		q.world.Report(err)
	}
}

// quicHandshake is a handshake with callbacks.
type quicHandshake struct {
	q    *QUICTLS
	ctx  *script.Context
	over bool // the connection is gone; of the worker
}

var (
	errQUICCallback = errors.New("tls: a callback did not come to an end in time")
	errQUICGone     = errors.New("tls: the connection is gone")
)

// do runs f on the worker and waits until it, or something it has begun, calls done.
func (h *quicHandshake) do(f func(done func(error))) error {
	result := make(chan error, 1)
	done := func(err error) {
		select {
		case result <- err:
		default: // nobody waits any more
		}
	}
	h.q.world.Loop.Post(func() {
		if h.over {
			done(errQUICGone)
			return
		}
		f(done)
	})
	patience := h.q.timeout
	if patience <= 0 {
		patience = defaultHandshakeTimeout // quic-go does nothing else for the connection meanwhile
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case err := <-result:
		return err
	case <-t.C:
		return errQUICCallback
	}
}

// certificate asks the callback for a certificate. nil means that there is none.
func (h *quicHandshake) certificate(name string) (*tls.Certificate, error) {
	w := h.q.world
	r := w.Realm
	answer := make(chan *tls.Certificate, 1)
	err := h.do(func(done func(error)) {
		take := func(v script.Value) {
			switch {
			case v.IsNullish():
				done(errors.New("tls: no certificates configured"))
				return
			case !v.IsObject():
				done(h.fail(errors.New("certificate callback did not return an object")))
				return
			}
			cert, err := readCertificate(r, v)
			if err != nil {
				done(h.fail(err))
				return
			}
			answer <- cert
			done(nil)
		}
		arg := script.Undefined
		if name != "" {
			arg = r.String(name)
		}
		v, err := r.CallIn(h.ctx, h.q.onCertificate.Value(), arg)
		switch {
		case err != nil:
			w.Report(err)
			done(err)
		case r.IsPromise(v):
			r.Then(v, func(ok bool, v script.Value) {
				if ok {
					take(v)
					return
				}
				if r.IsError(v) {
					w.Report(r.ErrorOf(v))
				}
				done(errors.New("certificate callback failed"))
			})
		default:
			take(v)
		}
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

// fail logs an error of what a callback gave.
func (h *quicHandshake) fail(err error) error {
	h.q.world.Log.Errorf("[quic] %v", err)
	return err
}

// verify checks the client's certificate.
func (h *quicHandshake) verify(cs tls.ConnectionState) error {
	certs := cs.PeerCertificates
	if len(certs) == 0 {
		return errors.New("tls: peer didn't provide a certificate")
	}
	chain, err := h.q.trust.verify(certs, x509.ExtKeyUsageClientAuth, "")
	if h.q.onVerify != nil {
		chain, found := slices.Clone(chain), err
		err = h.do(func(done func(error)) { done(h.q.askVerify(h.q.world, h.ctx, chain, found)) })
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
	}
	return nil
}
