package crypto

import (
	"testing"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func run(t *testing.T, src string) string {
	t.Helper()
	return scripttest.Run(t, []*script.Namespace{event.Namespace, Namespace}, src)
}

func TestKeysAndCertificates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`var k = new crypto.PrivateKey({type:'ec'}); new crypto.PrivateKey(k.toPEM()).toPEM().toString() == k.toPEM().toString()`, "true"},
		{`var k = new crypto.PrivateKey({type:'ec'});
		  var c = new crypto.Certificate({subject: {CN: 'a', nonsense: 1, organizationName: 'ü'}, privateKey: k, publicKey: new crypto.PublicKey(k), extensions: {subjectAltName: 'DNS:a.com,IP:127.0.0.1,DNS:b.com', basicConstraints: 'CA:TRUE'}});
		  var d = new crypto.Certificate(c.toPEM());
		  JSON.stringify([d.subject, d.issuer, d.subjectAltNames, d.notAfter - d.notBefore])`,
			`[{"commonName":"a","organizationName":"ü"},{"commonName":"a","organizationName":"ü"},["a.com","b.com"],2592000000]`},
		{`new crypto.PrivateKey()`, "error: requires 1 or more arguments"},
		{`new crypto.PrivateKey({type:'x'})`, "error: options.type expects one of rsa, dsa, ec, ed25519, ed448, x25519, x448, sm2, ml-dsa-44, ml-dsa-65, ml-dsa-87, ml-kem-768, ml-kem-1024"},
	} {
		if got := run(t, c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}
