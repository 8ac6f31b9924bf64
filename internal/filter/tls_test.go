package filter

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"weir/internal/script"
)

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// The identities of the tests: ca issued mid, server, client, expired and clientOnly; mid issued below; other issued
// stranger.
var pki = sync.OnceValue(func() map[string]*identity {
	m := map[string]*identity{}
	serial := int64(0)
	add := func(name, issuer string, change func(*x509.Certificate)) {
		serial++
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name + ".test"}}
		if change != nil {
			change(c)
		}
		parent, signer := c, crypto.Signer(key)
		if issuer != "" {
			parent, signer = m[issuer].cert, m[issuer].key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
		if err != nil {
			panic(err)
		}
		if c, err = x509.ParseCertificate(der); err != nil {
			panic(err)
		}
		m[name] = &identity{c, key}
	}
	ca := func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	add("ca", "", ca)
	add("other", "", ca)
	add("mid", "ca", ca)
	add("server", "ca", nil)
	add("client", "ca", nil)
	add("below", "mid", nil)
	add("stranger", "other", nil)
	add("self", "", nil)
	add("expired", "ca", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	add("clientOnly", "ca", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	return m
})

// certificate, chain and key stand for the classes of crypto.
type (
	testCert  struct{ *x509.Certificate }
	testChain []*x509.Certificate
	testKey   struct{ s crypto.Signer }
)

func (c testCert) X509() *x509.Certificate     { return c.Certificate }
func (c testChain) Chain() []*x509.Certificate { return c }
func (k testKey) Signer() crypto.Signer        { return k.s }

var (
	testCertClass = &script.Class{Name: "Certificate", Props: []script.Prop{{Name: "name", Get: func(c *script.Call) (script.Value, error) {
		return c.String(script.This[testCert](c).Subject.CommonName), nil
	}}}}
	testChainClass = &script.Class{Name: "CertificateChain"}
	testKeyClass   = &script.Class{Name: "PrivateKey"}
)

func init() {
	WrapCertificate = func(r *script.Realm, c *x509.Certificate) script.Value {
		return r.NewObjectOf(testCertClass, testCert{c})
	}
}

// testPKI gives scripts cert(name), key(name), chain(...names) and id(name), which is {cert, key}.
var testPKI = &script.Namespace{Methods: []script.Method{
	{Name: "cert", Fn: func(c *script.Call) (script.Value, error) {
		name, err := c.Str(0)
		return WrapCertificate(c.Realm, pki()[name].cert), err
	}},
	{Name: "key", Fn: func(c *script.Call) (script.Value, error) {
		name, err := c.Str(0)
		return c.NewObjectOf(testKeyClass, testKey{pki()[name].key}), err
	}},
	{Name: "oddKey", Fn: func(c *script.Call) (script.Value, error) { return c.NewObjectOf(testKeyClass, testKey{}), nil }},
	{Name: "chain", Fn: func(c *script.Call) (script.Value, error) {
		var list testChain
		for i := range c.Args {
			name, err := c.Str(i)
			if err != nil {
				return script.Undefined, err
			}
			list = append(list, pki()[name].cert)
		}
		return c.NewObjectOf(testChainClass, list), nil
	}},
	{Name: "id", Fn: func(c *script.Call) (script.Value, error) {
		name, err := c.Str(0)
		o := c.NewObject()
		c.Set(o, "cert", WrapCertificate(c.Realm, pki()[name].cert))
		c.Set(o, "key", c.NewObjectOf(testKeyClass, testKey{pki()[name].key}))
		return o, err
	}},
}}

// tlsPair is a script with a client and a server joined in memory: what goes in is echoed in capitals.
func tlsPair(client, server string) string {
	return `var echo = $ => $.replaceData(d => d.size ? new Data(d.toString().toUpperCase()) : undefined);
var state = who => s => test.log(who + ':' + s.state + (s.error ? '(' + s.error + ')' : ''));
pipeline($ => $.connectTLS({` + client + `}).to($ => $.acceptTLS({` + server + `}).to(echo)))`
}

func TestTLS(t *testing.T) {
	t.Parallel()
	const id = `certificate: id('server')`
	checkPrograms(t, []program{
		{"echo", tlsPair(``, id), `D"hello" | D"" D"you" D"!"`, `Data"" Data"HELLO" Data"YOU!"`, ""},
		{"markers are dropped", tlsPair(``, id), `S D"hello" E`, `Data"" Data"HELLO"`, ""},
		{"end passes through", tlsPair(`onState: state('c')`, id+`, onState: state('s')`), `D"hello" .`, `Data"" Data"HELLO" StreamEnd`,
			"c:handshake s:handshake c:connected s:connected s:closed c:closed"},
		{"half-close", `var later = $ => $.replaceStreamEnd(() => test.wait('x', [new Data('late'), new StreamEnd]));
pipeline($ => $.connectTLS().to($ => $.acceptTLS({` + id + `}).to(later)))`, `D"hello" . | !x`, `Data"" Data"hello" Data"late" StreamEnd`, ""},
		{"an end first", tlsPair(``, id), `.`, `StreamEnd`, ""},
		{"an error end is no close_notify", tlsPair(``, id+`, onState: state('s')`), `D"x" | .(ReadError)`, `Data"" Data"X" StreamEnd(ReadError)`,
			"s:handshake s:connected"},
		{"session", tlsPair(`sni: 'a.test', alpn: ['h2', 'x'], onState: s => test.log(s.state, s.hostname, s.protocol, s.peer?.name, s.error)`,
			id+`, alpn: ['y', 'x'], onState: s => test.log(s.state, s.hostname, s.protocol, s.peer, s.error)`), `D"x"`, `Data"" Data"X"`,
			"handshake a.test undefined undefined undefined handshake undefined undefined null undefined " +
				"connected a.test x server undefined connected a.test x null undefined"},
		{"handshake callback", tlsPair(`alpn: 'x', handshake: i => test.log(i)`, id+`, alpn: ['x'], handshake: i => test.log(i)`), `D"x"`, `Data"" Data"X"`,
			`{"alpn":"x"} {"alpn":"x"}`},
		{"handshake callback, no ALPN", tlsPair(`alpn: 'x', handshake: i => test.log(i)`, id), `D"x"`, `Data"" Data"X"`, `{"alpn":""}`},
		{"onState throws", tlsPair(`onState: () => { throw 1 }`, id+`, onState: () => { throw 1 }`), `D"x"`, `Data"" Data"X"`, ``},
		{"ALPN in the client's order", tlsPair(`alpn: ['a', 'b', 'c'], handshake: i => test.log(i.alpn)`, id+`, alpn: ['c', 'b']`), `D"x"`, `Data"" Data"X"`, `b`},
		{"ALPN without a match", tlsPair(`alpn: ['a'], onState: state('c')`, id+`, alpn: ['b'], onState: state('s')`), `D"x"`, `StreamEnd`,
			`c:handshake s:handshake c:closed(alert from the peer: no application protocol) s:closed(no application protocol: client requested unsupported application protocols (["a"]))`},
		{"ALPN not offered", tlsPair(`handshake: i => test.log(i)`, id+`, alpn: ['b']`), `D"x"`, `Data"" Data"X"`, `{"alpn":""}`},
		{"ALPN function", tlsPair(`alpn: ['a', 'b'], handshake: i => test.log(i)`, id+`, alpn: n => (test.log(n), 1)`), `D"x"`, `Data"" Data"X"`, `["a","b"] {"alpn":"b"}`},
		{"ALPN function, out of range", tlsPair(`alpn: ['a', 'b'], onState: state('c')`, id+`, alpn: n => 2`), `D"x"`, `StreamEnd`,
			`c:handshake c:closed(alert from the peer: no application protocol)`},
		{"ALPN function throws", tlsPair(`alpn: ['a', 'b']`, id+`, alpn: n => { throw new Error('bad') }`), `D"x"`, `StreamEnd`, ``},
		{"sni function", tlsPair(`sni: () => 1`, id+`, onState: s => test.log(s.hostname)`), `D"x"`, `Data"" Data"X"`, `undefined 1`},
		{"sni function of nothing", tlsPair(`sni: () => null`, id+`, onState: s => test.log(s.hostname)`), `D"x"`, `Data"" Data"X"`, `undefined undefined`},
		{"sni function throws", tlsPair(`sni: () => { throw new Error('bad') }`, id), `D"x"`, `StreamEnd(Error: bad)`, ``},
		{"certificate function", tlsPair(`sni: 'a.b'`, `certificate: n => (test.log(n), id('server'))`), `D"x"`, `Data"" Data"X"`, `a.b`},
		{"certificate function without sni", tlsPair(``, `certificate: n => (test.log(n), id('server'))`), `D"x"`, `Data"" Data"X"`, `undefined`},
		{"certificate promise", tlsPair(`onState: state('c')`, `certificate: n => test.wait('it', id('server'))`), `D"x" | D"y" | !it`, `Data"" Data"XY"`, `c:handshake c:connected`},
		{"certificate promise rejected", tlsPair(`onState: state('c')`, `certificate: n => test.wait('it', 'why')`), `D"x" | ~it`, `StreamEnd`,
			`c:handshake c:closed(alert from the peer: internal error)`},
		{"certificate promise and release", tlsPair(``, `certificate: n => test.never()`), `D"x" | release`, ``, ``},
		{"chain", tlsPair(`trusted: [cert('ca')]`, `certificate: {cert: chain('below', 'mid'), key: key('below')}`), `D"x"`, `Data"" Data"X"`, ``},
		{"trusted list with what is missing", tlsPair(`trusted: [cert('ca'), cert('mid')]`, `certificate: id('below')`), `D"x"`, `Data"" Data"X"`, ``},
		{"self-signed", tlsPair(`trusted: [cert('self')]`, `certificate: id('self')`), `D"x"`, `Data"" Data"X"`, ``},
		{"a listed leaf is no anchor", tlsPair(`trusted: [cert('server')], onState: state('c')`, id), `D"x"`, `StreamEnd`,
			`c:handshake c:closed(certificate verify failed: x509: certificate signed by unknown authority)`},
		{"client certificate", tlsPair(`certificate: id('client')`, id+`, trusted: [cert('ca')], onState: s => test.log(s.peer?.name)`), `D"x"`, `Data"" Data"X"`, `undefined client`},
		{"client certificate by function", tlsPair(`sni: 'q', certificate: n => (test.log(n), id('client'))`, id+`, trusted: [cert('ca')]`), `D"x"`, `Data"" Data"X"`, `q`},
		{"client certificate by promise", tlsPair(`certificate: n => test.wait('p', id('client'))`, id+`, trusted: [cert('ca')]`), `D"x" | D"y" . | !p`, `Data"" Data"XY" StreamEnd`, ``},
		{"no client certificate", tlsPair(`onState: state('c')`, id+`, trusted: [cert('ca')], onState: state('s')`), `D"x"`, `Data"" StreamEnd(ReadError)`,
			`c:handshake s:handshake c:connected c:closed(alert from the peer: certificate required) s:closed(peer did not return a certificate: client didn't provide a certificate)`},
		{"verify", tlsPair(`trusted: [cert('ca')], verify: (ok, c) => (test.log(ok, c.name), true)`, `certificate: {cert: chain('below', 'mid'), key: key('below')}`),
			`D"x"`, `Data"" Data"X"`, `true ca true mid true below`},
		{"verify rejects", tlsPair(`trusted: [cert('ca')], verify: (ok, c) => c.name != 'server', onState: state('c')`, id), `D"x"`, `StreamEnd`,
			`c:handshake c:closed(certificate verify failed: rejected by options.verify)`},
		{"verify overrides", tlsPair(`trusted: [cert('other')], verify: (ok, c) => (test.log(ok, c.name), true)`, id), `D"x"`, `Data"" Data"X"`, `false server true server`},
		{"onVerify wins", tlsPair(`trusted: [cert('ca')], verify: () => false, onVerify: () => true`, id), `D"x"`, `Data"" Data"X"`, ``},
		{"verify throws", tlsPair(`trusted: [cert('ca')], verify: () => { throw new Error('bad') }, onState: state('c')`, id), `D"x"`, `StreamEnd`,
			`c:handshake c:closed(certificate verify failed: bad)`},
		{"verify without trusted is not called", tlsPair(`verify: () => { test.log('called') }`, id), `D"x"`, `Data"" Data"X"`, ``},
		{"verify of a client", tlsPair(`certificate: id('stranger')`, id+`, trusted: [cert('ca')], verify: (ok, c) => (test.log(ok, c.name), true)`), `D"x"`, `Data"" Data"X"`, `false stranger true stranger`},
		{"session read while its lock is held", tlsPair(`certificate: id('client')`, id+`, trusted: [cert('ca')], onState: s => globalThis.it = s, verify: () => (test.log(it.protocol, it.peer, it.state), true)`),
			`D"x"`, `Data"" Data"X"`, `undefined null handshake undefined null handshake`},
		{"wrong CA", tlsPair(`trusted: [cert('ca')]`, `certificate: id('stranger'), onState: state('s')`), `D"x"`, `StreamEnd`,
			`s:handshake s:closed(alert from the peer: bad certificate)`},
		{"wrong CA of a client", tlsPair(`certificate: id('stranger'), onState: state('c')`, id+`, trusted: [cert('ca')]`), `D"x"`, `Data"" StreamEnd(ReadError)`,
			`c:handshake c:connected c:closed(alert from the peer: unknown certificate authority)`},
		{"expired", tlsPair(`trusted: [cert('ca')], onState: s => s.error && test.log(s.error.includes('expired'))`, `certificate: id('expired')`), `D"x"`, `StreamEnd`, `true`},
		{"a client's certificate", tlsPair(`trusted: [cert('ca')], onState: state('c')`, `certificate: id('clientOnly')`), `D"x"`, `StreamEnd`,
			`c:handshake c:closed(certificate verify failed: x509: certificate specifies an incompatible key usage)`},
		{"versions", tlsPair(`maxVersion: 'TLS1.2', onState: state('c')`, id+`, minVersion: 'TLS1.3', onState: state('s')`), `D"x"`, `StreamEnd`,
			`c:handshake s:handshake c:closed(alert from the peer: protocol version not supported) s:closed(unsupported protocol: client offered only unsupported versions: [303])`},
		{"TLS 1.0", tlsPair(`minVersion: 'TLS1', maxVersion: 'TLS1'`, id+`, minVersion: 'TLS1'`), `D"x"`, `Data"" Data"X"`, ``},
		{"TLS 1.1", tlsPair(`minVersion: 'TLS1', maxVersion: 'TLS1.1'`, id+`, minVersion: 'TLS1.1'`), `D"x"`, `Data"" Data"X"`, ``},
		{"TLS 1.2", tlsPair(`maxVersion: 'TLS1.2', certificate: id('client')`, id+`, trusted: [cert('ca')]`), `D"x" .`, `Data"" Data"X" StreamEnd`, ``},
		{"ciphers", tlsPair(`maxVersion: 'TLS1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', onState: state('c')`, id+`, ciphers: 'HIGH:!AES128', onState: state('s')`), `D"x"`, `StreamEnd`,
			`c:handshake s:handshake c:closed(alert from the peer: handshake failure) s:closed(no shared cipher: no cipher suite supported by both client and server; client offered: [c02b])`},
		{"no certificate", tlsPair(`onState: state('c')`, `onState: state('s')`), `D"x"`, `StreamEnd`,
			`c:handshake s:handshake c:closed(alert from the peer: unrecognized name) s:closed(no certificate for this server name: no certificates configured)`},
		{"no certificate for the name", tlsPair(`sni: 'z', onState: state('c')`, `certificate: () => null`), `D"x"`, `StreamEnd`,
			`c:handshake c:closed(alert from the peer: unrecognized name)`},
		{"DH parameters have no effect", tlsPair(``, id+`, dhparam: 'auto'`), `D"x"`, `Data"" Data"X"`, ``},
		{"legacy short forms", `test.legacy($ => $.connectTLS('down', {}), {down: $ => $.acceptTLS('in', {` + id + `}), in: $ => $.replaceData(d => d)})`,
			`D"x"`, `Data"" Data"x"`, ``},
		{"plain text from the client", `pipeline($ => $.acceptTLS({` + id + `, onState: s => s.error && test.log(s.error)}).to($ => $))`, `D"GET / HTTP/1.1\r\n"`,
			`StreamEnd`, `http request: the client does not speak TLS`},
		{"cut off in the handshake", `pipeline($ => $.acceptTLS({` + id + `, onState: s => s.error && test.log(s.error)}).to($ => $))`, `D"\x16\x03\x01\x00\x50" .`,
			`StreamEnd`, `unexpected eof while reading`},
		{"plain text from the server", `pipeline($ => $.connectTLS({onState: s => s.error && test.log(s.error)}).to($ => $.replaceData(() => new Data('HTTP/1.1 400\r\n'))))`, `D"x"`,
			`StreamEnd`, `wrong version number: the server answers in plain HTTP`},
	}, testPKI)
}
