//go:build linux

package test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"weir/test/harness"
)

// pki has certificates of all kinds, made once: "ca" issued "server" (localhost), "a", "b", "client" and "expired";
// "other" is another authority, "stranger" one of its certificates.
type pki struct {
	certs map[string]*x509.Certificate
	keys  map[string]crypto.Signer
	files map[string]string // NAME.crt and NAME.key
}

var certificates = sync.OnceValue(func() *pki {
	p := &pki{map[string]*x509.Certificate{}, map[string]crypto.Signer{}, map[string]string{}}
	for i, c := range []struct {
		name, issuer string
		host         string
		expired      bool
	}{
		{"ca", "", "", false}, {"other", "", "", false}, {"server", "ca", "localhost", false}, {"a", "ca", "a.test", false},
		{"b", "ca", "b.test", false}, {"client", "ca", "", false}, {"stranger", "other", "localhost", false}, {"expired", "ca", "localhost", true},
	} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		t := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: c.name},
			NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour)}
		if c.expired {
			t.NotAfter = time.Now().Add(-24 * time.Hour)
		}
		parent, signer := t, crypto.Signer(key)
		if c.issuer == "" {
			t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
		} else {
			parent, signer = p.certs[c.issuer], p.keys[c.issuer]
		}
		if c.host != "" {
			t.DNSNames, t.IPAddresses = []string{c.host}, []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
		if err != nil {
			panic(err)
		}
		if p.certs[c.name], err = x509.ParseCertificate(der); err != nil {
			panic(err)
		}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			panic(err)
		}
		p.keys[c.name] = key
		p.files[c.name+".crt"] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		p.files[c.name+".key"] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	}
	return p
})

// identity returns a certificate with its key for Go's own TLS.
func (p *pki) identity(name string) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.certs[name].Raw}, PrivateKey: p.keys[name]}
}

func (p *pki) pool(names ...string) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, n := range names {
		pool.AddCert(p.certs[n])
	}
	return pool
}

// write puts all files into a folder of the test and returns its name.
func (p *pki) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range p.files {
		harness.WriteFile(t, dir+"/"+name, text)
	}
	return dir
}

// tlsPrelude gives scripts cert(name), key(name) and id(name).
const tlsPrelude = `
var cert = n => new crypto.Certificate(os.readFile(n + '.crt'))
var key = n => new crypto.PrivateKey(os.readFile(n + '.key'))
var id = n => ({ cert: cert(n), key: key(n) })
`

// startTLS runs a script that has the prelude and the files of all certificates.
func startTLS(t *testing.T, script string, listen ...int) *harness.Weir {
	t.Helper()
	return startTLSFlags(t, nil, script, listen...)
}

func startTLSFlags(t *testing.T, flags []string, script string, listen ...int) *harness.Weir {
	t.Helper()
	files := map[string]string{"main.js": tlsPrelude + script}
	for name, text := range certificates().files {
		files[name] = text
	}
	return harness.Start(t, harness.Config{Files: files, Flags: flags, Listen: listen})
}

// dialTLS connects with Go's own TLS.
func dialTLS(t *testing.T, port int, config *tls.Config) *tls.Conn {
	t.Helper()
	if config == nil {
		config = &tls.Config{RootCAs: certificates().pool("ca"), ServerName: "localhost"}
	}
	tcp, err := net.Dial("tcp", harness.Addr(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	tcp.SetDeadline(time.Now().Add(harness.Patience))
	c := tls.Client(tcp, config)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c
}
