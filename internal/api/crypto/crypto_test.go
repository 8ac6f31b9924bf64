package crypto

import (
	"strings"
	"testing"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

// prelude has what the rows below use.
const prelude = `
var ec = new crypto.PrivateKey({type: 'ec'}), ecPublic = new crypto.PublicKey(ec)
var ed = new crypto.PrivateKey({type: 'ed25519'}), x = new crypto.PrivateKey({type: 'x25519'})
var data = (s, e) => new Data(s, e || 'utf8')
var sm2 = new crypto.PrivateKey({type: 'sm2'})
var self = o => new crypto.Certificate({subject: {CN: 'a'}, privateKey: ec, publicKey: ecPublic, ...o})
;`

type row struct{ src, want string }

func table(t *testing.T, rows []row) {
	t.Helper()
	for _, c := range rows {
		got := scripttest.Run(t, []*script.Namespace{event.Namespace, Namespace}, prelude+c.src)
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"crypto"}, Namespace)
}

func TestHashes(t *testing.T) {
	t.Parallel()
	table(t, []row{
		{"var h = new crypto.Hash('md5'); h.update('YWJj', 'base64'); h.digest('hex')", "900150983cd24fb0d6963f7d28e17f72"},
		{"var h = new crypto.Hash('md5'); h.update(data('a')); h.update('bc'); h.digest('base64')", "kAFQmDzST7DWlj99KOF/cg=="},
		{"new crypto.Hash('MD5').digest('base64url')", "1B2M2Y8AsgTpgAmY7PhCfg"},
		{"new crypto.Hash('sha1').digest().size", "20"},
		{"new crypto.Hash('sha1').update('x')", "undefined"},
		{"var m = new crypto.Hmac('sha256', data('Jefe')); m.update('what do ya want for nothing?'); m.digest('hex')",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"new crypto.Hash()", "error: requires 1 or more arguments"},
		{"new crypto.Hash(1)", "error: argument #1 expects a string"},
		{"new crypto.Hash('x')", "error: Unknown algorithm: x"},
		{"new crypto.Hash('md5').update()", "error: requires 1 or more arguments"},
		{"new crypto.Hash('md5').update(1)", "error: argument #1 expects a Data object or a string"},
		{"new crypto.Hash('md5').update('a', 'x')", "error: argument #2 has an invalid enum value"},
		{"new crypto.Hash('md5').update('a', 'hex')", "error: incomplete hex string"},
		{"new crypto.Hash('md5').digest('utf8')", "error: invalid encoding"},
		{"new crypto.Hash('md5').digest('x')", "error: unknown encoding"},
		{"new crypto.Hmac('md5')", "error: argument #2 expects a Data object or a string"},
		{"new crypto.Hmac('md5', 1)", "error: argument #2 expects a Data object or a string"},
		{"new crypto.Hmac('shake128', 'k')", "error: HMAC with shake128 is not defined"},
		{"new crypto.Hmac('x', 'k')", "error: Unknown algorithm: x"},
	})
}

func TestCiphers(t *testing.T) {
	t.Parallel()
	table(t, []row{
		{`var o = {key: '0123456789abcdef', iv: data('fedcba9876543210')}
		  var c = new crypto.Cipher('AES-128-CBC', o), d = new crypto.Decipher('aes128', o)
		  var e = c.update('hello '); e.push(c.update(data('world'))); e.push(c.final())
		  var p = d.update(e); p.push(d.final()); e.size + p.toString()`, "16hello world"},
		{`var c = new crypto.Cipher('aes-128-ecb', {key: '0123456789abcdef'}); c.update('').size + c.final().size`, "16"},
		{`var a = iv => new crypto.Cipher('aes-128-ctr', {key: '0123456789abcdef', iv}).update('x').toString('hex')
		  a() === a('') && a() === a(data('00'.repeat(16), 'hex')) && a() !== a('0'.repeat(16))`, "true"},
		{`var o = {key: '0123456789abcdef', iv: '0123456789ab'}
		  var c = new crypto.Cipher('aes-128-gcm', o).setAAD('more'), e = c.update('text'); e.push(c.final()); var tag = c.getAuthTag()
		  var open = (aad, tag) => { var d = new crypto.Decipher('aes-128-gcm', o).setAAD(aad); if (tag) d.setAuthTag(tag)
			var p = d.update(e); try { d.final(); return p.toString() } catch (e) { return e.message } };
		  [tag.size, open('more', tag), open('less', tag), open('more', tag.shift(15)), open('more')].join('|')`,
			"16|text|authentication failed: the data, the tag, the key or the iv is wrong|" +
				"authentication failed: the data, the tag, the key or the iv is wrong|no authentication tag: call setAuthTag before final"},
		{"new crypto.Cipher('aes-128-ccm', {key: '0123456789abcdef', authTagLength: 3})", "error: options.authTagLength is not possible with this cipher"},
		{"new crypto.Cipher()", "error: requires 1 or more arguments"},
		{"new crypto.Cipher('rot13', {key: ''})", "error: Unknown cipher: rot13"},
		{"new crypto.Cipher('sm4', null)", "error: options cannot be null"},
		{"new crypto.Cipher('sm4')", "error: options cannot be null"},
		{"new crypto.Cipher('sm4', 1)", "error: argument #2 expects an object"},
		{"new crypto.Cipher('sm4', {})", "error: options.key expects a string or a Data"},
		{"new crypto.Cipher('sm4', {key: 1})", "error: options.key expects a string or a Data"},
		{"new crypto.Cipher('sm4', {key: 'secret'})", "error: options.key expected to have a length of 16"},
		{"new crypto.Cipher('sm4', {key: 'secret'.repeat(20)})", "error: options.key is too long"},
		{"new crypto.Cipher('sm4', {key: '0123456789abcdef', iv: 'x'})", "error: options.iv expected to have a length of 16"},
		{"new crypto.Decipher('sm4', {key: '0123456789abcdef', iv: true})", "error: options.iv expects a string or a Data"},
		{"new crypto.Decipher('sm4', {key: '0123456789abcdef'}).update(1)", "error: argument #1 expects a Data object or a string"},
		{"new crypto.Decipher('sm4', {key: '0123456789abcdef'}).final()", "error: error:1C80006B:Provider routines::wrong final block length"},
		{"var d = new crypto.Decipher('sm4', {key: '0123456789abcdef'}); d.update('x'.repeat(16)); d.final()", "error: error:1C800064:Provider routines::bad decrypt"},
		{"var c = new crypto.Cipher('sm4', {key: '0123456789abcdef'}); c.final(); c.final()", "error: the cipher is finished: make a new one for another message"},
		{"var c = new crypto.Cipher('sm4', {key: '0123456789abcdef'}); c.final(); c.update('x')", "error: the cipher is finished: make a new one for another message"},
		{"new crypto.Cipher('sm4', {key: '0123456789abcdef'}).setAAD('x')", "error: this cipher has no authentication tag"},
		{"new crypto.Cipher('sm4-gcm', {key: '0123456789abcdef'}).getAuthTag()", "error: getAuthTag comes after final"},
		{"var c = new crypto.Cipher('sm4-gcm', {key: '0123456789abcdef'}); c.update('x'); c.setAAD('x')", "error: setAAD comes before the first update"},
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	table(t, []row{
		{"[ec.type, sm2.type, ecPublic.type, new crypto.PublicKey(ecPublic.toPEM()).toPEM().toString() === ecPublic.toPEM().toString()].join()", "ec,sm2,ec,true"},
		{"ec.toPEM().toString().split('\\n')[0] + ecPublic.toPEM().toString().split('\\n')[0]", "-----BEGIN PRIVATE KEY----------BEGIN PUBLIC KEY-----"},
		{"new crypto.PrivateKey()", "error: requires 1 or more arguments"},
		{"new crypto.PrivateKey(1)", "error: argument #1 expects a string or an object"},
		{"new crypto.PrivateKey(null)", "error: argument #1 expects a string or an object"},
		{"new crypto.PrivateKey('')", "error: Data size is zero"},
		{"new crypto.PrivateKey(new Data)", "error: Data size is zero"},
		{"new crypto.PrivateKey('secret')", "error: argument #1: malformed private key"},
		{"new crypto.PrivateKey(ecPublic.toPEM())", "error: argument #1: no private key in the PEM text"},
		{"new crypto.PrivateKey({})", "error: options.type expects one of rsa, dsa, ec, ed25519, ed448, x25519, x448, sm2, ml-dsa-44, ml-dsa-65, ml-dsa-87, ml-kem-768, ml-kem-1024"},
		{"new crypto.PrivateKey({type: 1})", "error: options.type expects a string"},
		{"new crypto.PrivateKey({type: 'rsa', bits: 512})", "error: options.bits expects 1024 to 8192"},
		{"new crypto.PrivateKey({type: 'rsa', bits: 1e9})", "error: options.bits expects 1024 to 8192"},
		{"new crypto.PrivateKey({type: 'rsa', bits: 'x'})", "error: options.bits expects a finite number"},
		{"new crypto.PrivateKey({type: 'ec', curve: 'x'})", "error: options.curve expects one of P-256, P-384, P-521, P-224, secp256k1, SM2"},
		{"new crypto.PublicKey(1)", "error: argument #1 expects a string or an object"},
		{"new crypto.PublicKey({})", "error: argument #1 expects a string or an object"},
		{"new crypto.PublicKey('')", "error: Data size is zero"},
		{"new crypto.PublicKey(ec.toPEM())", "error: argument #1: no public key in the PEM text"},
	})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	table(t, []row{
		{`var c = self({subject: {CN: 'a', nonsense: 1, organizationName: 'ü', OU: 'x', organizationalUnitName: 'y'}, timeOffset: -3600.5, days: 2,
			extensions: {subjectAltName: 'DNS:a.com,IP:127.0.0.1,DNS:b.com'}})
		  var d = new crypto.Certificate(c.toPEM().toString() + self().toPEM().toString()), now = Date.now()
		  JSON.stringify([d.subject, d.issuer, d.subjectAltNames, (d.notAfter - d.notBefore) / 86400e3, Math.abs(now - 3600e3 - d.notBefore) < 60e3,
			d.serialNumber === c.serialNumber, d.publicKey.toPEM().toString() === ecPublic.toPEM().toString()])`,
			`[{"commonName":"a","organizationName":"ü","organizationalUnitName":"y"},{"commonName":"a","organizationName":"ü","organizationalUnitName":"y"},` +
				`["a.com","b.com"],2,true,true,true]`},
		{"JSON.stringify(self().subjectAltNames)", "[]"},
		{`var root = self({subject: {CN: 'root'}}), leaf = new crypto.Certificate({subject: {CN: 'leaf'}, privateKey: ec, issuer: root})
		  leaf.issuer.commonName + leaf.subject.commonName + (leaf.publicKey.toPEM().toString() === ecPublic.toPEM().toString())`, "rootleaftrue"},
		{`var r = new crypto.CertificateRequest({subject: {CN: 'r'}, privateKey: sm2, extensions: {subjectAltName: 'DNS:r', basicConstraints: 'CA:TRUE'}})
		  r = new crypto.CertificateRequest(r.toPEM())
		  var c = new crypto.Certificate({request: r, issuer: self(), privateKey: ec, copyExtensions: true}), plain = new crypto.Certificate({request: r, subject: {CN: 's'}, issuer: self(), privateKey: ec})
		  JSON.stringify([r.verify(), r.subject, r.subjectAltNames, r.publicKey.type, c.subject, c.issuer, c.subjectAltNames, c.publicKey.type, plain.subject, plain.subjectAltNames])`,
			`[true,{"commonName":"r"},["r"],"sm2",{"commonName":"r"},{"commonName":"a"},["r"],"sm2",{"commonName":"s"},[]]`},
		{"new crypto.Certificate()", "error: requires 1 or more arguments"},
		{"new crypto.Certificate(1)", "error: argument #1 expects a string or an object"},
		{"new crypto.Certificate('')", "error: Data size is zero"},
		{"new crypto.Certificate(ec.toPEM())", "error: argument #1: no certificate in the PEM text"},
		{"new crypto.Certificate({})", "error: options.subject expects an object"},
		{"new crypto.Certificate({subject: {}})", "error: options.privateKey expects a PrivateKey"},
		{"self({privateKey: ecPublic})", "error: options.privateKey expects a PrivateKey"},
		{"self({privateKey: x})", "error: options.privateKey: a key of this type cannot sign"},
		{"self({publicKey: null})", "error: missing public key"},
		{"self({publicKey: ec})", "error: options.publicKey expects a PublicKey"},
		{"self({issuer: ec})", "error: options.issuer expects a Certificate"},
		{"self({days: 1e9})", "error: options.days expects a date before the year 10000"},
		{"self({days: 2e6}).notAfter > 1e14", "true"},
		{"self({days: 3e6})", "error: options.days expects a date before the year 10000"},
		{"self({timeOffset: Infinity})", "error: options.timeOffset expects a date before the year 10000"},
		{"self({extensions: 1})", "error: options.extensions expects an object"},
		{"self({extensions: {basicConstraints: true}})", "error: invalid extension: basicConstraints"},
		{"self({extensions: {what: 'x'}})", "error: invalid extension: what"},
		{"self({subject: {C: 'ü'}})", `error: C: "ü" has characters that are not allowed there`},
		{"self({subject: {CN: {toString() { throw new Error('mine') }}}})", "error: mine"},
		{"new crypto.CertificateRequest({subject: {CN: 'a'}})", "error: options.privateKey expects a PrivateKey"},
		{"new crypto.CertificateRequest({privateKey: ec})", "error: options.subject expects an object"},
		{"new crypto.CertificateRequest({subject: {}, privateKey: x})", "error: options.privateKey: a key of this type cannot sign"},
		{"new crypto.CertificateRequest('x')", "error: argument #1: malformed certificate request: asn1: syntax error: truncated tag or length"},
		{"new crypto.CertificateChain('no certificate') instanceof crypto.CertificateChain", "true"},
		{"new crypto.CertificateChain(1)", "error: argument #1 expects a Data object or a string"},
		{"new crypto.CertificateChain('-----BEGIN CERTIFICATE-----\\nx')", "error: argument #1: certificate #1 is no proper PEM block"},
	})
}

func TestGoValues(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, event.Namespace, Namespace)
	res, err := r.Run("/main.js", prelude+"var c = self(), pem = c.toPEM().toString(); [c, new crypto.CertificateChain(pem + pem), ec, x]")
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Elements(res.Value)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := script.As[*Certificate](r, v[0])
	chain, _ := script.As[*CertificateChain](r, v[1])
	key, _ := script.As[*PrivateKey](r, v[2])
	other, _ := script.As[*PrivateKey](r, v[3])
	if cert.X509().Subject.CommonName != "a" || len(chain.Chain()) != 2 || key.Signer() == nil || other.Signer() != nil {
		t.Error("the Go values do not give what other packages look for")
	}
	again, ok := script.As[*Certificate](r, NewCertificate(r, cert.X509()))
	if !ok || again.X509() != cert.X509() {
		t.Error("NewCertificate gives another certificate")
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	table(t, []row{
		{`var s = new crypto.Sign('sha256'), v = new crypto.Verify('SHA256'); s.update('6869', 'hex'); v.update(data('hi'));
		  [v.verify(ecPublic, s.sign(ec)), v.verify(ecPublic, s.sign(ec, 'hex'), 'hex'), v.verify(ecPublic, s.sign(ec, 'base64url', {}), 'base64url', {}),
		   v.verify(ecPublic, data('x')), v.verify(ecPublic, 'x'), v.verify(ecPublic, 'x', {}), s.sign(ec, {dsaEncoding: 'ieee-p1363'}).size].join()`,
			"true,true,true,false,false,false,64"},
		{`var s = new crypto.Sign, v = new crypto.Verify(null); s.update('hi'); v.update('hi'); v.verify(new crypto.PublicKey(ed), s.sign(ed))`, "true"},
		// The digest of SM2 is signed as it is, whatever the id.
		{`var s = new crypto.Sign('sm3'), v = new crypto.Verify('sm3'); s.update('hi'); v.update('hi')
		  v.verify(new crypto.PublicKey(sm2), s.sign(sm2, {id: data('1')}), {id: data('2')})`, "true"},
		{"new crypto.Sign('x')", "error: Unknown algorithm: x"},
		{"new crypto.Sign('sha1').sign()", "error: requires 1 or more arguments"},
		{"new crypto.Sign('sha1').sign(null)", "error: argument #1 expects a PrivateKey object"},
		{"new crypto.Sign('sha1').sign(ecPublic)", "error: argument #1 expects a PrivateKey object"},
		{"new crypto.Sign('sha1').sign(ec, 1)", "error: argument #2 expects a object or a string"},
		{"new crypto.Sign('sha1').sign(ec, 'utf8')", "error: invalid encoding"},
		{"new crypto.Sign('sha1').sign(ec, {id: 'x'})", "error: options.id expects a Data"},
		{"new crypto.Sign('sha1').sign(ec, {padding: 'x'})", "error: options.padding expects one of pkcs1, pss"},
		{"new crypto.Sign('sha1').sign(ec, {saltLength: 0})", "error: options.saltLength expects a positive number"},
		{"new crypto.Sign('sha1').sign(ed)", "error: Ed25519 keys sign whole messages, not digests: leave out the algorithm"},
		{"new crypto.Sign('sha1').sign(x)", "error: argument #1: x25519 keys cannot sign"},
		{"new crypto.Verify('sha1').verify(ecPublic)", "error: requires 2 or more arguments"},
		{"new crypto.Verify('sha1').verify(null, data('x'))", "error: argument #1 expects a PublicKey object"},
		{"new crypto.Verify('sha1').verify(ec, data('x'))", "error: argument #1 expects a PublicKey object"},
		{"new crypto.Verify('sha1').verify(ecPublic, 1)", "error: argument #2 expects a Data object or a string"},
		{"new crypto.Verify('sha1').verify(ecPublic, 'x', 'y')", "error: argument #3 has an invalid enum value"},
		{"new crypto.Verify('sha1').verify(new crypto.PublicKey(x), data('x'))", "error: argument #1: x25519 keys cannot verify signatures"},
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	const rsa = `n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ'`
	const ec = "x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'"
	const es256 = "'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'"
	table(t, []row{
		{"new crypto.JWK({kty: 'RSA', e: 'AQAB', " + rsa + "}).isValid", "true"},
		{"new crypto.JWK({kty: 'EC', crv: 'P-256', " + ec + "}).isValid", "true"},
		{"new crypto.JWK()", "error: requires 1 or more arguments"},
		{"new crypto.JWK('x')", "error: argument #1 expects an object"},
		{"new crypto.JWK({})", `error: missing "kty"`},
		{"new crypto.JWK({kty: 'oct'})", `error: unknown "kty"`},
		{"new crypto.JWK({kty: 1})", `error: unknown "kty"`},
		{"new crypto.JWK({kty: 'RSA'})", `error: missing "n"`},
		{"new crypto.JWK({kty: 'RSA', n: 1})", `error: invalid "n"`},
		{"new crypto.JWK({kty: 'RSA', n: '!', e: 'AQAB'})", `error: invalid "n"`},
		{"new crypto.JWK({kty: 'RSA', n: 'A'.repeat(1e6), e: 'AQAB'})", `error: invalid "n"`},
		{"new crypto.JWK({kty: 'RSA', " + rsa + "})", `error: missing "e"`},
		{"new crypto.JWK({kty: 'RSA', e: 'AQ', " + rsa + "})", `error: invalid "e"`},
		{"new crypto.JWK({kty: 'EC'})", `error: missing "crv"`},
		{"new crypto.JWK({kty: 'EC', crv: 'P-1', " + ec + "})", `error: unknown "crv"`},
		{"new crypto.JWK({kty: 'EC', crv: 'P-256'})", `error: missing "x"`},
		{"new crypto.JWK({kty: 'EC', crv: 'P-256', x: 'AA'})", `error: missing "y"`},
		{"new crypto.JWK({kty: 'EC', crv: 'P-256', x: 'AA', y: '!'})", `error: invalid "y"`},
		{"new crypto.JWK({kty: 'EC', crv: 'P-384', " + ec + "})", `error: invalid "x" or "y": not a point of the curve`},
		{"new crypto.JWK({kty: 'OKP', crv: 'Ed25519', x: 'AA'})", `error: invalid "x"`},
		{"new crypto.JWK({get kty() { throw new Error('mine') }})", "error: mine"},
		{`var j = new crypto.JWT(` + es256 + `), k = new crypto.JWK({kty: 'EC', crv: 'P-256', ` + ec + `});
		  [j.isValid, j.header.alg, j.payload.iss, j.payload === j.payload, j.verify(k), j.verify(ecPublic), j.verify(ecPublic.toPEM()), j.verify(null)].join()`,
			"true,ES256,joe,true,true,false,false,false"},
		{"new crypto.JWT(" + es256 + ").verify('x')", "error: argument #1: neither a public nor a private key: malformed public key"},
		{"new crypto.JWT(" + es256 + ").verify({})", "error: argument #1 expects a Data object or a string or a public key object"},
		{"new crypto.JWT(" + es256 + ").verify()", "error: requires 1 or more arguments"},
		{"var j = new crypto.JWT('x'); [j.isValid, j.header, j.payload, j.verify('k'), j.verify(ecPublic)].join()", "false,,,false,false"},
		{"new crypto.JWT(1)", "error: argument #1 expects a string"},
		{`var j = new crypto.JWT('eyJhbGciOiJIUzI1NiJ9.e30.' + (m => (m.update('eyJhbGciOiJIUzI1NiJ9.e30'), m.digest('base64url')))(new crypto.Hmac('sha256', 'k')));
		  [j.verify('k'), j.verify(data('k')), j.verify('l'), j.verify(ecPublic)].join()`, "true,true,false,false"},
		{`var pem = ecPublic.toPEM(), m = new crypto.Hmac('sha256', pem); m.update('eyJhbGciOiJIUzI1NiJ9.e30')
		  new crypto.JWT('eyJhbGciOiJIUzI1NiJ9.e30.' + m.digest('base64url')).verify(pem)`, "false"},
		{`var b = 'eyJhbGciOiJFUzI1NiJ9.e30', s = new crypto.Sign('sha256'); s.update(b)
		  var j = new crypto.JWT(b + '.' + s.sign(ec, 'base64url', {dsaEncoding: 'ieee-p1363'})); [j.verify(ec.toPEM()), j.verify(ecPublic), j.verify(ecPublic.toPEM().toString())].join()`,
			"true,true,true"},
	})
}

// TestFunctions has RFC 5869 A.1, RFC 6070 and RFC 7914 section 12.
func TestFunctions(t *testing.T) {
	t.Parallel()
	table(t, []row{
		{"[crypto.randomBytes(32).size, crypto.randomBytes(0).size, crypto.randomBytes(16).toString('hex') !== crypto.randomBytes(16).toString('hex')].join()", "32,0,true"},
		{"crypto.randomBytes()", "error: requires 1 or more arguments"},
		{"crypto.randomBytes(-1)", "error: argument #1 expects a number from 0 to 16777216"},
		{"crypto.randomBytes(1e12)", "error: argument #1 expects a number from 0 to 16777216"},
		{"[crypto.timingSafeEqual('a', data('a')), crypto.timingSafeEqual('a', 'b'), crypto.timingSafeEqual('a', 'ab'), crypto.timingSafeEqual('', '')].join()", "true,false,false,true"},
		{"crypto.timingSafeEqual('a', 1)", "error: argument #2 expects a Data object or a string"},
		{"crypto.hkdfSync('sha256', data('0b'.repeat(22), 'hex'), data('000102030405060708090a0b0c', 'hex'), data('f0f1f2f3f4f5f6f7f8f9', 'hex'), 42).toString('hex')",
			"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
		{"crypto.hkdfSync('sha256', 'x', '', '', 255 * 32 + 1)", "error: argument #5 expects a number from 0 to 8160"},
		{"crypto.hkdfSync('shake128', 'x', '', '', 1)", "error: HMAC with shake128 is not defined"},
		{"crypto.pbkdf2Sync('password', 'salt', 4096, 20, 'sha1').toString('hex')", "4b007901b765489abead49d926f721d065a429c1"},
		{"crypto.pbkdf2Sync('password', 'salt', 0, 20, 'sha1')", "error: argument #3 expects 1 to 10000000 rounds, for each 20 bytes of the key"},
		{"crypto.pbkdf2Sync('password', 'salt', 1e7, 60, 'sha1')", "error: argument #3 expects 1 to 10000000 rounds, for each 20 bytes of the key"},
		{"crypto.scryptSync('password', 'NaCl', 64, {N: 1024, r: 8, p: 16}).toString('hex')",
			"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
		{"crypto.scryptSync('password', 'NaCl', 64, {N: 1000})", "error: options.N expects a power of 2 up to 2097152: scrypt may use 256 MiB"},
		{"crypto.scryptSync('password', 'NaCl', 64, {N: 1 << 20, r: 8})", "error: options.r expects 1 to 2: scrypt may use 256 MiB"},
		{"crypto.scryptSync('password', 'NaCl', 64, {p: 100})", "error: options.p expects 1 to 64"},
		{`var y = new crypto.PrivateKey({type: 'x25519'}), p = k => new crypto.PublicKey(k)
		  crypto.diffieHellman({privateKey: x, publicKey: p(y)}).toString('hex') === crypto.diffieHellman({privateKey: y, publicKey: p(x)}).toString('hex')`, "true"},
		{"crypto.diffieHellman({privateKey: x, publicKey: ecPublic})", "error: both keys must be on the same curve"},
		{"crypto.diffieHellman({privateKey: ed, publicKey: ecPublic})", "error: options.privateKey: ed25519 keys cannot agree on a secret"},
		{"crypto.diffieHellman({privateKey: ec})", "error: options.publicKey expects a PublicKey"},
		{"crypto.publicEncrypt(ecPublic, 'x')", "error: argument #1: ec keys cannot encrypt"},
		{"crypto.privateDecrypt(ec, 'x')", "error: argument #1: ec keys cannot decrypt"},
		{"crypto.privateDecrypt(sm2, 'x')", "error: argument #2: decryption error"},
		{"crypto.publicEncrypt(new crypto.PublicKey(sm2), 'x', {oaepHash: 'y'})", "error: Unknown algorithm: y"},
		{`var k = new crypto.PrivateKey({type: 'ml-kem-768'}), e = crypto.encapsulate(new crypto.PublicKey(k));
		  [crypto.decapsulate(k, e.ciphertext).toString('hex') === e.sharedKey.toString('hex'), e.sharedKey.size, e.ciphertext.size].join()`, "true,32,1088"},
		{"crypto.encapsulate(ecPublic)", "error: argument #1: ec keys cannot encapsulate"},
		{"crypto.decapsulate(new crypto.PrivateKey({type: 'ml-kem-1024'}), 'x')", "error: argument #2: not a ciphertext of ML-KEM-1024"},
	})
}

// TestSecrets checks that keys do not get into messages.
func TestSecrets(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"new crypto.PrivateKey('hunter2hunter2')", "new crypto.PrivateKey('-----BEGIN PRIVATE KEY-----\\nhunter2hunter2\\n-----END PRIVATE KEY-----\\n')",
		"new crypto.Cipher('sm4', {key: 'hunter2', iv: 'hunter2'})", "new crypto.JWT('eyJhbGciOiJSUzI1NiJ9.e30.YQ').verify('hunter2')",
		"crypto.hkdfSync('sha256', 'hunter2', 'hunter2', 'hunter2', 1e9)", "new crypto.PublicKey('hunter2')", "new crypto.Certificate('hunter2')",
	} {
		got := scripttest.Run(t, []*script.Namespace{event.Namespace, Namespace}, src)
		if !strings.HasPrefix(got, "error: ") || strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", src, got)
		}
	}
}
