//go:build linux

package test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl runs the openssl command in dir and returns what it printed.
func openssl(t *testing.T, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("openssl %s: %v\n%s%s", strings.Join(args, " "), err, &out, &errs)
	}
	return out.Bytes()
}

// cryptoScript runs a script whose paths are within dir, and decodes what it prints as JSON.
func cryptoScript(t *testing.T, dir, script string, result any) {
	t.Helper()
	main := filepath.Join(dir, "main.js")
	prelude := fmt.Sprintf("var DIR = %q, load = n => os.read(DIR + n), save = (n, b) => os.write(DIR + n, b);\n", dir+"/")
	if err := os.WriteFile(main, []byte(prelude+script), 0o600); err != nil {
		t.Fatal(err)
	}
	r := weir(t, main)
	if r.Code != 0 || strings.Contains(r.Stderr, "[ERR]") {
		t.Fatalf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	if result != nil {
		if err := json.Unmarshal([]byte(r.Stdout), result); err != nil {
			t.Fatalf("%v: %s", err, r.Stdout)
		}
	}
}

var opensslDigests = strings.Fields("md5 sha1 sha224 sha256 sha384 sha512 sha512-224 sha512-256 sha3-224 sha3-256 sha3-384 sha3-512 " +
	"shake128 shake256 blake2b512 blake2s256 ripemd160 sm3 md5-sha1")

func TestCryptoDigests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var got map[string][2]string
	names, _ := json.Marshal(opensslDigests)
	cryptoScript(t, dir, fmt.Sprintf(`
		var out = {};
		%s.forEach(name => {
			var h = new crypto.Hash(name.toUpperCase())
			h.update('some '); h.update(new Data('text')); h.update('IQ==', 'base64')
			var m = name.startsWith('shake') ? null : new crypto.Hmac(name, 'a key')
			if (m) m.update('some text!')
			out[name] = [h.digest('hex'), m ? m.digest().toString('hex') : '']
		})
		print(JSON.stringify(out))
	`, names), &got)
	for _, name := range opensslDigests {
		want := openssl(t, dir, []byte("some text!"), "dgst", "-"+name, "-binary")
		if got[name][0] != hex.EncodeToString(want) {
			t.Errorf("%s: %s, want %x", name, got[name][0], want)
		}
		if strings.HasPrefix(name, "shake") {
			continue
		}
		want = openssl(t, dir, []byte("some text!"), "dgst", "-"+name, "-hmac", "a key", "-binary")
		if got[name][1] != hex.EncodeToString(want) {
			t.Errorf("HMAC-%s: %s, want %x", name, got[name][1], want)
		}
	}
}

// TestCryptoCiphers encrypts and decrypts with weir what openssl enc encrypts.
func TestCryptoCiphers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	type entry struct {
		Name    string
		Key, IV int
		Want    string
	}
	var list []entry
	for _, f := range []struct {
		name, sizes string
		modes       string
		iv          int
	}{
		{"aes", "128 192 256", "cbc ecb ctr cfb cfb1 cfb8 ofb", 16},
		{"aria", "128 192 256", "cbc ecb ctr cfb cfb1 cfb8 ofb", 16},
		{"camellia", "128 192 256", "cbc ecb ctr cfb cfb1 cfb8 ofb", 16},
	} {
		for _, size := range strings.Fields(f.sizes) {
			var bits int
			fmt.Sscan(size, &bits)
			list = append(list, entry{Name: f.name + size, Key: bits / 8, IV: f.iv})
			for _, mode := range strings.Fields(f.modes) {
				list = append(list, entry{Name: f.name + "-" + size + "-" + mode, Key: bits / 8, IV: f.iv})
			}
		}
	}
	for _, name := range strings.Fields("sm4-cbc sm4-ecb sm4-ctr sm4-cfb sm4-ofb") {
		list = append(list, entry{Name: name, Key: 16, IV: 16})
	}
	for _, name := range strings.Fields("des3 des-ede3 des-ede3-cbc des-ede3-ecb des-ede3-cfb des-ede3-cfb1 des-ede3-cfb8 des-ede3-ofb") {
		list = append(list, entry{Name: name, Key: 24, IV: 8})
	}
	list = append(list, entry{Name: "chacha20", Key: 32, IV: 16})
	text := []byte(strings.Repeat("0123456789abcde", 7) + "!")
	for i := range list {
		e := &list[i]
		if strings.HasSuffix(e.Name, "-ecb") || e.Name == "des-ede3" {
			e.IV = 0
		}
		args := []string{"enc", "-" + e.Name, "-K", strings.Repeat("0123456789abcdeffedcba9876543210", 2)[:2*e.Key]}
		if e.IV > 0 {
			args = append(args, "-iv", strings.Repeat("00112233445566778899aabbccddeeff", 2)[:2*e.IV])
		}
		e.Want = hex.EncodeToString(openssl(t, dir, text, args...))
	}
	in, _ := json.Marshal(list)
	var got map[string][2]string
	cryptoScript(t, dir, fmt.Sprintf(`
		var text = '0123456789abcde'.repeat(7) + '!', out = {};
		%s.forEach(e => {
			var o = {
				key: new Data('0123456789abcdeffedcba9876543210'.repeat(2).substring(0, 2 * e.Key), 'hex'),
				iv: new Data('00112233445566778899aabbccddeeff'.repeat(2).substring(0, 2 * e.IV), 'hex'),
			}
			var run = (c, data) => {
				var all = new Data
				while (data.size > 0) all.push(c.update(data.shift(7)))
				all.push(c.final())
				return all
			}
			out[e.Name] = [
				run(new crypto.Cipher(e.Name, o), new Data(text)).toString('hex'),
				run(new crypto.Decipher(e.Name, o), new Data(e.Want, 'hex')).toString() === text ? 'same' : 'differs',
			]
		})
		print(JSON.stringify(out))
	`, in), &got)
	for _, e := range list {
		if g := got[e.Name]; g[0] != e.Want || g[1] != "same" {
			t.Errorf("%s: encrypted %s, want %s; decrypted %s", e.Name, g[0], e.Want, g[1])
		}
	}
}

// keyRecipes make a key of each kind with openssl.
var keyRecipes = map[string][]string{
	"rsa":       {"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	"p224":      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"},
	"p256":      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"},
	"p384":      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp384r1"},
	"p521":      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp521r1"},
	"secp256k1": {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
	"sm2":       {"genpkey", "-algorithm", "SM2"},
	"ed25519":   {"genpkey", "-algorithm", "ED25519"},
	"ed448":     {"genpkey", "-algorithm", "ED448"},
	"x25519":    {"genpkey", "-algorithm", "X25519"},
	"x448":      {"genpkey", "-algorithm", "X448"},
}

// TestCryptoKeys reads each format openssl writes, and has openssl read what weir writes and makes.
func TestCryptoKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var names []string
	for name, recipe := range keyRecipes {
		names = append(names, name)
		openssl(t, dir, nil, append(recipe, "-out", name+".pem")...)
		openssl(t, dir, nil, "pkey", "-in", name+".pem", "-pubout", "-out", name+".pub")
		openssl(t, dir, nil, "pkey", "-in", name+".pem", "-outform", "DER", "-out", name+".der")
		openssl(t, dir, nil, "pkey", "-in", name+".pem", "-pubout", "-outform", "DER", "-out", name+".pub.der")
		openssl(t, dir, nil, "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", name+".pem", "-passout", "pass:secret", "-out", name+".enc")
		openssl(t, dir, nil, "pkcs8", "-topk8", "-scrypt", "-in", name+".pem", "-passout", "pass:secret", "-out", name+".scrypt")
	}
	openssl(t, dir, nil, "pkey", "-in", "rsa.pem", "-traditional", "-out", "rsa.old")
	openssl(t, dir, nil, "pkey", "-in", "rsa.pem", "-traditional", "-aes128", "-passout", "pass:secret", "-out", "rsa.oldenc")
	openssl(t, dir, nil, "ecparam", "-name", "prime256v1", "-genkey", "-out", "p256.old")
	openssl(t, dir, nil, "dsaparam", "-genkey", "-out", "dsa.old", "1024")
	list, _ := json.Marshal(names)
	var wrong []string
	cryptoScript(t, dir, fmt.Sprintf(`
		var wrong = []
		var check = (name, f) => { try { if (!f()) wrong.push(name) } catch (e) { wrong.push(name + ': ' + e.message) } }
		var same = (a, b) => a.toString() === b.toString();
		%s.forEach(name => {
			var pem = load(name + '.pem'), pub = load(name + '.pub')
			var k = new crypto.PrivateKey(pem)
			check(name + ' PEM', () => same(new crypto.PrivateKey(k.toPEM()).toPEM(), k.toPEM()))
			check(name + ' DER', () => same(new crypto.PrivateKey(load(name + '.der')).toPEM(), k.toPEM()))
			check(name + ' encrypted', () => same(new crypto.PrivateKey(load(name + '.enc'), {passphrase: 'secret'}).toPEM(), k.toPEM()))
			check(name + ' scrypt', () => same(new crypto.PrivateKey(load(name + '.scrypt'), {passphrase: 'secret'}).toPEM(), k.toPEM()))
			check(name + ' public', () => same(new crypto.PublicKey(pub).toPEM(), pub))
			check(name + ' public DER', () => same(new crypto.PublicKey(load(name + '.pub.der')).toPEM(), pub))
			check(name + ' public half', () => same(new crypto.PublicKey(k).toPEM(), pub))
			save(name + '.back', k.toPEM())
		})
		check('PKCS #1', () => same(new crypto.PrivateKey(load('rsa.old')).toPEM(), load('rsa.pem')))
		;['p256.old', 'dsa.old'].forEach(n => check(n, () => (save(n + '.back', new crypto.PrivateKey(load(n).toString()).toPEM()), true)))
		var fails = (name, f, message) => check(name, () => { try { f() } catch (e) { if (e.message === message) return true; throw e } })
		fails('no passphrase', () => new crypto.PrivateKey(load('rsa.enc')), 'argument #1: the key is encrypted: give options.passphrase')
		fails('wrong passphrase', () => new crypto.PrivateKey(load('rsa.enc'), {passphrase: 'x'}),
			'argument #1: the passphrase is wrong, or the encrypted private key is damaged')
		fails('old encryption', () => new crypto.PrivateKey(load('rsa.oldenc'), {passphrase: 'secret'}),
			'argument #1: the key is encrypted in the old PEM way: convert it with openssl pkcs8 -topk8')
		;[{type: 'rsa', bits: 2048}, {type: 'ec'}, {type: 'ec', curve: 'secp384r1'}, {type: 'ec', curve: 'P-521'}, {type: 'ec', curve: 'secp256k1'},
			{type: 'sm2'}, {type: 'ed25519'}, {type: 'ed448'}, {type: 'x25519'}, {type: 'x448'}, {type: 'dsa', bits: 1024}].forEach((o, i) => {
			var k = new crypto.PrivateKey(o)
			save('new' + i + '.pem', k.toPEM())
			save('new' + i + '.pub', new crypto.PublicKey(k).toPEM())
		})
		print(JSON.stringify(wrong))
	`, list), &wrong)
	for _, w := range wrong {
		t.Error(w)
	}
	for _, name := range names {
		pub := openssl(t, dir, nil, "pkey", "-in", name+".back", "-pubout")
		if want := openssl(t, dir, nil, "pkey", "-in", name+".pem", "-pubout"); !bytes.Equal(pub, want) {
			t.Errorf("%s written by weir:\n%s\nwant\n%s", name, pub, want)
		}
	}
	for _, name := range []string{"p256.old", "dsa.old"} {
		got := openssl(t, dir, nil, "pkey", "-in", name+".back")
		if want := openssl(t, dir, nil, "pkey", "-in", name); !bytes.Equal(got, want) {
			t.Errorf("%s written by weir:\n%s\nwant\n%s", name, got, want)
		}
	}
	for i := range 11 {
		name := fmt.Sprintf("new%d", i)
		pub := openssl(t, dir, nil, "pkey", "-in", name+".pem", "-pubout")
		if want, _ := os.ReadFile(filepath.Join(dir, name+".pub")); !bytes.Equal(pub, want) {
			t.Errorf("%s: openssl derives\n%s\nweir\n%s", name, pub, want)
		}
	}
}

// TestCryptoSignatures verifies with one what the other has signed.
func TestCryptoSignatures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "msg"), []byte("a message"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("rsa p256 p384 p521 secp256k1 sm2 ed25519 ed448") {
		openssl(t, dir, nil, append(keyRecipes[name], "-out", name+".pem")...)
		openssl(t, dir, nil, "pkey", "-in", name+".pem", "-pubout", "-out", name+".pub")
	}
	openssl(t, dir, nil, "dsaparam", "-genkey", "-out", "dsa.pem", "1024")
	openssl(t, dir, nil, "pkey", "-in", "dsa.pem", "-pubout", "-out", "dsa.pub")
	type row struct {
		Key, Digest, Padding string
		sign, verify         []string
	}
	var rows []row
	add := func(key, digest string, extra ...string) {
		r := row{Key: key, Digest: digest}
		if len(extra) > 0 {
			r.Padding = "pss"
		}
		sig := fmt.Sprintf("%s-%s%s", key, digest, r.Padding)
		r.sign = append([]string{"dgst", "-" + digest, "-sign", key + ".pem", "-out", sig + ".openssl"}, extra...)
		r.verify = append([]string{"dgst", "-" + digest, "-verify", key + ".pub", "-signature", sig + ".weir"}, extra...)
		rows = append(rows, r)
	}
	for _, d := range strings.Fields("md5 sha1 sha224 sha256 sha384 sha512 sha512-256 sha3-256 ripemd160") {
		add("rsa", d)
	}
	add("rsa", "sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1")
	add("rsa", "sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1")
	for _, k := range strings.Fields("p256 p384 p521 secp256k1 dsa") {
		add(k, "sha1")
		add(k, "sha256")
		add(k, "sha512")
	}
	for _, k := range []string{"ed25519", "ed448"} {
		rows = append(rows, row{k, "", "", []string{"pkeyutl", "-sign", "-inkey", k + ".pem", "-rawin", "-in", "msg", "-out", k + "-.openssl"},
			[]string{"pkeyutl", "-verify", "-pubin", "-inkey", k + ".pub", "-rawin", "-in", "msg", "-sigfile", k + "-.weir"}})
	}
	rows = append(rows, row{"sm2", "", "", []string{"pkeyutl", "-sign", "-inkey", "sm2.pem", "-rawin", "-digest", "sm3", "-in", "msg", "-out", "sm2-.openssl",
		"-pkeyopt", "distid:1234567812345678"},
		[]string{"pkeyutl", "-verify", "-pubin", "-inkey", "sm2.pub", "-rawin", "-digest", "sm3", "-in", "msg", "-sigfile", "sm2-.weir",
			"-pkeyopt", "distid:1234567812345678"}})
	for _, r := range rows {
		args := r.sign
		if r.Digest != "" {
			args = append(args, "msg")
		}
		openssl(t, dir, nil, args...)
	}
	list, _ := json.Marshal(rows)
	var wrong []string
	cryptoScript(t, dir, fmt.Sprintf(`
		var wrong = [];
		%s.forEach(r => {
			var file = r.Key + '-' + r.Digest + r.Padding, o = r.Padding ? {padding: 'pss'} : undefined
			try {
				var s = new crypto.Sign(r.Digest || null), v = new crypto.Verify(r.Digest || null), w = new crypto.Verify(r.Digest || null)
				s.update('a message'); v.update(load('msg')); w.update('a massage')
				save(file + '.weir', s.sign(new crypto.PrivateKey(load(r.Key + '.pem')), o))
				var pub = new crypto.PublicKey(load(r.Key + '.pub')), sig = load(file + '.openssl')
				if (v.verify(pub, sig, o) !== true) wrong.push(file + ' is not accepted')
				if (v.verify(pub, sig.toString('base64'), 'base64', o) !== true) wrong.push(file + ' in Base64 is not accepted')
				if (w.verify(pub, sig, o) !== false) wrong.push(file + ' of another message is accepted')
				if (v.verify(pub, new Data('x'), o) !== false) wrong.push(file + ': x is accepted')
			} catch (e) { wrong.push(file + ': ' + e.message) }
		})
		var own = new crypto.Sign, check = new crypto.Verify, key = new crypto.PrivateKey(load('sm2.pem'))
		own.update('a message'); check.update('a message')
		var id = {id: new Data('alice')}, sig = own.sign(key, id)
		save('sm2-alice.weir', sig)
		if (!check.verify(new crypto.PublicKey(key), sig, id) || check.verify(new crypto.PublicKey(key), sig)) wrong.push('the id of SM2 does not count')
		print(JSON.stringify(wrong))
	`, list), &wrong)
	for _, w := range wrong {
		t.Error(w)
	}
	for _, r := range rows {
		args := r.verify
		if r.Digest != "" {
			args = append(args, "msg")
		}
		openssl(t, dir, nil, args...)
	}
	openssl(t, dir, nil, "pkeyutl", "-verify", "-pubin", "-inkey", "sm2.pub", "-rawin", "-digest", "sm3", "-in", "msg",
		"-sigfile", "sm2-alice.weir", "-pkeyopt", "distid:alice")
}

// TestCryptoExchange agrees on secrets with openssl and exchanges RSA-OAEP and SM2 messages with it.
func TestCryptoExchange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	agreeing := strings.Fields("p256 p384 p521 secp256k1 x25519 x448")
	for _, name := range agreeing {
		for _, side := range []string{"a", "b"} {
			openssl(t, dir, nil, append(keyRecipes[name], "-out", name+side+".pem")...)
			openssl(t, dir, nil, "pkey", "-in", name+side+".pem", "-pubout", "-out", name+side+".pub")
		}
		openssl(t, dir, nil, "pkeyutl", "-derive", "-inkey", name+"a.pem", "-peerkey", name+"b.pub", "-out", name+".secret")
	}
	for _, name := range []string{"rsa", "sm2"} {
		openssl(t, dir, nil, append(keyRecipes[name], "-out", name+".pem")...)
		openssl(t, dir, nil, "pkey", "-in", name+".pem", "-pubout", "-out", name+".pub")
	}
	oaep := []string{"-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"}
	openssl(t, dir, []byte("hello"), append([]string{"pkeyutl", "-encrypt", "-pubin", "-inkey", "rsa.pub", "-out", "rsa.openssl"}, oaep...)...)
	openssl(t, dir, []byte("hello"), "pkeyutl", "-encrypt", "-pubin", "-inkey", "sm2.pub", "-out", "sm2.openssl")
	list, _ := json.Marshal(agreeing)
	var wrong []string
	cryptoScript(t, dir, fmt.Sprintf(`
		var wrong = [];
		%s.forEach(name => {
			var secret = crypto.diffieHellman({privateKey: new crypto.PrivateKey(load(name + 'b.pem')), publicKey: new crypto.PublicKey(load(name + 'a.pub'))})
			if (secret.toString('hex') !== load(name + '.secret').toString('hex')) wrong.push(name + ': another secret')
		})
		;['rsa', 'sm2'].forEach(name => {
			var o = {oaepHash: 'sha256'}
			var plain = crypto.privateDecrypt(new crypto.PrivateKey(load(name + '.pem')), load(name + '.openssl'), o)
			if (plain.toString() !== 'hello') wrong.push(name + ': ' + plain.toString('hex'))
			save(name + '.weir', crypto.publicEncrypt(new crypto.PublicKey(load(name + '.pub')), 'hi', o))
		})
		print(JSON.stringify(wrong))
	`, list), &wrong)
	for _, w := range wrong {
		t.Error(w)
	}
	if got := openssl(t, dir, nil, append([]string{"pkeyutl", "-decrypt", "-inkey", "rsa.pem", "-in", "rsa.weir"}, oaep...)...); string(got) != "hi" {
		t.Errorf("RSA-OAEP: %q", got)
	}
	if got := openssl(t, dir, nil, "pkeyutl", "-decrypt", "-inkey", "sm2.pem", "-in", "sm2.weir"); string(got) != "hi" {
		t.Errorf("SM2: %q", got)
	}
}

// TestCryptoCertificates has openssl verify a chain and a request made by weir, and weir read and sign what openssl made.
func TestCryptoCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openssl(t, dir, nil, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "o.key", "-out", "o.crt", "-days", "7",
		"-subj", "/C=CH/O=Firm/OU=A/OU=B/CN=O/emailAddress=a@b.c", "-addext", "subjectAltName=DNS:one.example,IP:10.0.0.1,DNS:two.example")
	openssl(t, dir, nil, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "q.key", "-out", "q.csr",
		"-subj", "/CN=q.example", "-addext", "subjectAltName=DNS:q.example")
	var got struct {
		Subject, Issuer map[string]string
		Names           []string
		Days            float64
		Chain, Request  []string
		Verified        bool
	}
	cryptoScript(t, dir, `
		var make = (type, prefix) => {
			var rootKey = new crypto.PrivateKey(type), midKey = new crypto.PrivateKey(type), leafKey = new crypto.PrivateKey(type)
			var ca = {basicConstraints: 'critical,CA:TRUE', keyUsage: 'keyCertSign, cRLSign', subjectKeyIdentifier: 'hash'}
			var root = new crypto.Certificate({subject: {C: 'CH', O: 'Firm', CN: 'Root'}, privateKey: rootKey, publicKey: new crypto.PublicKey(rootKey), extensions: ca, days: 100})
			var mid = new crypto.Certificate({subject: {CN: 'Intermediate'}, issuer: root, privateKey: rootKey, publicKey: new crypto.PublicKey(midKey),
				extensions: {...ca, authorityKeyIdentifier: 'keyid', nameConstraints: 'permitted;DNS:example', basicConstraints: 'critical,CA:TRUE,pathlen:0',
					crlDistributionPoints: 'URI:http://crl.example/x', authorityInfoAccess: 'OCSP;URI:http://ocsp.example', certificatePolicies: '1.2.3.4'}})
			var leaf = new crypto.Certificate({subject: {CN: 'a.example'}, issuer: mid, privateKey: midKey, publicKey: new crypto.PublicKey(leafKey), timeOffset: -60,
				extensions: {subjectAltName: 'DNS:a.example,IP:127.0.0.1,IP:::1,email:a@b.c,URI:spiffe://x/y', extendedKeyUsage: 'serverAuth,1.2.3', keyUsage: 'digitalSignature'}})
			save(prefix + 'root.crt', root.toPEM()); save(prefix + 'mid.crt', mid.toPEM()); save(prefix + 'leaf.crt', leaf.toPEM())
			return [mid, midKey]
		}
		var kinds = {rsa: {type: 'rsa'}, ec: {type: 'ec', curve: 'P-384'}, ed25519: {type: 'ed25519'}, ed448: {type: 'ed448'}, sm2: {type: 'sm2'}}
		var made = {}
		Object.keys(kinds).forEach(k => made[k] = make(kinds[k], k + '-'))
		var o = new crypto.Certificate(load('o.crt')), q = new crypto.CertificateRequest(load('q.csr'))
		save('q.crt', new crypto.Certificate({request: q, copyExtensions: true, issuer: made.ec[0], privateKey: made.ec[1], extensions: {extendedKeyUsage: 'serverAuth'}}).toPEM())
		var key = new crypto.PrivateKey({type: 'ec'})
		save('w.csr', new crypto.CertificateRequest({subject: {CN: 'w.example', O: 'Ü'}, privateKey: key, extensions: {subjectAltName: 'DNS:w.example'}}).toPEM())
		save('chain.pem', new Data([made.rsa[0].toPEM(), load('o.crt')].map(d => d.toString()).join('text\n')))
		new crypto.CertificateChain(load('chain.pem'))
		print(JSON.stringify({Subject: o.subject, Issuer: o.issuer, Names: o.subjectAltNames, Days: (o.notAfter - o.notBefore) / 86400000,
			Chain: [made.ec[0].subject.commonName, made.ec[0].issuer.commonName, made.ec[0].issuer.countryName],
			Request: [q.subject.commonName, ...q.subjectAltNames], Verified: q.verify()}))
	`, &got)
	want := map[string]string{"countryName": "CH", "organizationName": "Firm", "organizationalUnitName": "B", "commonName": "O", "emailAddress": "a@b.c"}
	if fmt.Sprint(got.Subject) != fmt.Sprint(want) || fmt.Sprint(got.Issuer) != fmt.Sprint(want) || fmt.Sprint(got.Names) != "[one.example two.example]" ||
		got.Days != 7 || fmt.Sprint(got.Chain) != "[Intermediate Root CH]" || fmt.Sprint(got.Request) != "[q.example q.example]" || !got.Verified {
		t.Errorf("%+v", got)
	}
	for _, k := range strings.Fields("rsa ec ed25519 ed448") {
		out := openssl(t, dir, nil, "verify", "-show_chain", "-CAfile", k+"-root.crt", "-untrusted", k+"-mid.crt", "-verify_hostname", "a.example",
			"-purpose", "sslserver", k+"-leaf.crt")
		if !strings.Contains(string(out), "leaf.crt: OK") {
			t.Errorf("%s: %s", k, out)
		}
	}
	// The id of SM2 can be given for the last certificate of a chain only.
	for ca, cert := range map[string]string{"sm2-root.crt": "sm2-mid.crt", "sm2-mid.crt": "sm2-leaf.crt"} {
		openssl(t, dir, nil, "verify", "-partial_chain", "-vfyopt", "distid:1234567812345678", "-CAfile", ca, cert)
	}
	openssl(t, dir, nil, "verify", "-CAfile", "ec-root.crt", "-untrusted", "ec-mid.crt", "-verify_hostname", "q.example", "q.crt")
	text := string(openssl(t, dir, nil, "x509", "-in", "ec-leaf.crt", "-noout", "-text"))
	for _, line := range []string{"DNS:a.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, email:a@b.c, URI:spiffe://x/y",
		"TLS Web Server Authentication, 1.2.3", "Digital Signature", "Version: 3"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	text = string(openssl(t, dir, nil, "x509", "-in", "ec-mid.crt", "-noout", "-text"))
	for _, line := range []string{"CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "DNS:example", "URI:http://crl.example/x", "OCSP - URI:http://ocsp.example",
		"Policy: 1.2.3.4", "X509v3 Basic Constraints: critical"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	text = string(openssl(t, dir, nil, "req", "-in", "w.csr", "-noout", "-text", "-verify", "-nameopt", "utf8"))
	if !strings.Contains(text, "DNS:w.example") || !strings.Contains(text, "Ü") {
		t.Errorf("request: %s", text)
	}
}

// TestCryptoDerivation compares key derivation with openssl kdf.
func TestCryptoDerivation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var got []string
	cryptoScript(t, dir, `
		print(JSON.stringify([
			crypto.hkdfSync('sha256', 'secret', 'salt', 'info', 42),
			crypto.pbkdf2Sync('secret', 'salt', 1000, 42, 'sha512'),
			crypto.scryptSync('secret', 'salt', 42, {N: 1024, r: 8, p: 2}),
		].map(d => d.toString('hex'))))
	`, &got)
	for i, args := range [][]string{
		{"-kdfopt", "digest:SHA256", "-kdfopt", "key:secret", "-kdfopt", "salt:salt", "-kdfopt", "info:info", "HKDF"},
		{"-kdfopt", "digest:SHA512", "-kdfopt", "pass:secret", "-kdfopt", "salt:salt", "-kdfopt", "iter:1000", "PBKDF2"},
		{"-kdfopt", "pass:secret", "-kdfopt", "salt:salt", "-kdfopt", "n:1024", "-kdfopt", "r:8", "-kdfopt", "p:2", "SCRYPT"},
	} {
		want := hex.EncodeToString(openssl(t, dir, nil, append([]string{"kdf", "-binary", "-keylen", "42"}, args...)...))
		if got[i] != want {
			t.Errorf("%s: %s, want %s", args[len(args)-1], got[i], want)
		}
	}
}
