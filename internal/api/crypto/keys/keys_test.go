package keys

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"

	"weir/internal/api/crypto/digests"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// samples has a key of each type, made once.
var samples = sync.OnceValue(func() []Private {
	var out []Private
	for _, o := range []struct{ kind, curve string }{
		{"rsa", ""}, {"dsa", ""}, {"ec", "P-224"}, {"ec", ""}, {"ec", "secp384r1"}, {"ec", "P-521"}, {"ec", "secp256k1"}, {"ec", "SM2"}, {"ed25519", ""},
		{"ed448", ""}, {"x25519", ""}, {"x448", ""}, {"sm2", ""}, {"ml-dsa-44", ""}, {"ml-dsa-65", ""}, {"ml-dsa-87", ""}, {"ml-kem-768", ""},
		{"ml-kem-1024", ""},
	} {
		k, err := Generate(o.kind, GenerateOptions{Bits: 1024, Curve: o.curve})
		if err != nil {
			panic(o.kind + ": " + err.Error())
		}
		out = append(out, k)
	}
	return out
})

// TestRoundTrips writes and reads a key of each type, signs and verifies, and cuts its texts short.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, k := range samples() {
		name := k.Kind() + Curve(k.Public())
		text, err := PrivatePEM(k)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		back, err := ParsePrivate(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, _ := PrivatePEM(back)
		pub, _ := PublicPEM(k.Public())
		read, err := ParsePublic(pub)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pubAgain, _ := PublicPEM(read)
		derived, _ := PublicPEM(back.Public())
		if !bytes.Equal(text, again) || !bytes.Equal(pub, pubAgain) || !bytes.Equal(pub, derived) || k.Kind() != read.Kind() {
			t.Errorf("%s: differs after a round trip", name)
		}
		der, _ := k.PKCS8()
		spki, _ := k.Public().SPKI()
		step := max(1, len(der)/100)
		for n := 0; n < len(der); n += step {
			if _, err := ParsePrivate(der[:n], nil); err == nil {
				t.Errorf("%s: %d of %d bytes are a key", name, n, len(der))
			}
		}
		for n := 0; n < len(spki); n += step {
			if _, err := ParsePublic(spki[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are a public key", name, n, len(spki))
			}
		}
		signer, ok := k.(Signer)
		if !ok {
			continue
		}
		msg := []byte("message")
		sig, err := signer.SignMessage(msg, SignOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := read.(Verifier)
		if ok, err := v.VerifyMessage(msg, sig, SignOptions{}); !ok || err != nil {
			t.Errorf("%s: own signature: %v %v", name, ok, err)
		}
		for n := range sig {
			if n%max(1, len(sig)/40) != 0 {
				continue
			}
			bad := bytes.Clone(sig)
			bad[n] ^= 4
			for _, s := range [][]byte{bad, sig[:n], append(bytes.Clone(sig), 0)} {
				if ok, _ := v.VerifyMessage(msg, s, SignOptions{}); ok {
					t.Errorf("%s: accepts a changed signature (%d)", name, n)
				}
			}
		}
		if sig, err := signer.SignDigest(digests.SHA512, digests.SHA512.Sum(msg), SignOptions{Raw: true, SaltLength: -1}); err == nil {
			if ok, err := v.VerifyDigest(digests.SHA512, digests.SHA512.Sum(msg), sig, SignOptions{Raw: true, SaltLength: -1}); !ok || err != nil {
				t.Errorf("%s: own signature of a digest: %v %v", name, ok, err)
			}
		} else if !strings.Contains(err.Error(), "sign whole messages") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// spkiOf wraps a raw public key.
func spkiOf(t *testing.T, prefix, key string) Public {
	t.Helper()
	k, err := ParseSPKI(unhex(t, prefix+key))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const (
	prefixP256    = "3059301306072a8648ce3d020106082a8648ce3d030107034200"
	prefixEd25519 = "302a300506032b6570032100"
	prefixEd448   = "3043300506032b6571033a00"
	prefixK1      = "3056301006072a8648ce3d020106052b8104000a034200"
	prefixSM2     = "3059301306072a8648ce3d020106082a811ccf5501822d034200"
)

// TestSignatureVectors has published signatures, and what Wycheproof derives from such.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	rfc6979 := spkiOf(t, prefixP256, "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
	const r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
	const s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
	const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
	for _, v := range []struct {
		name, sig string
		raw, want bool
	}{
		{"RFC 6979 A.2.5, SHA-256, sample", "3046022100" + r + "022100" + s, false, true},
		{"the same, r and s", r + s, true, true},
		{"length in two bytes (Wycheproof BER)", "308146022100" + r + "022100" + s, false, false},
		{"indefinite length (Wycheproof BER)", "3080022100" + r + "022100" + s + "0000", false, false},
		{"trailing bytes (Wycheproof)", "3046022100" + r + "022100" + s + "00", false, false},
		{"negative r (Wycheproof missing zero)", "30440220" + r + "0220" + s, false, false},
		{"r = 0 and s = 0 (Wycheproof)", "3006020100020100", false, false},
		{"r = n and s = n (Wycheproof)", "3046022100" + order + "022100" + order, false, false},
		{"raw zeros (CVE-2022-21449)", strings.Repeat("00", 64), true, false},
		{"raw, a byte less", (r + s)[2:], true, false},
		{"empty", "", false, false},
	} {
		ok, err := rfc6979.(Verifier).VerifyDigest(digests.SHA256, digests.SHA256.Sum([]byte("sample")), unhex(t, v.sig), SignOptions{Raw: v.raw})
		if ok != v.want || err != nil {
			t.Errorf("%s: %v %v", v.name, ok, err)
		}
	}
	for _, v := range []struct {
		from   string
		key    Public
		msg    string
		sig    string
		accept bool
	}{
		{"RFC 8032 7.1 test 1", spkiOf(t, prefixEd25519, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b", true},
		{"RFC 8032 7.1 test 2", spkiOf(t, prefixEd25519, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", true},
		{"RFC 8032 7.1 test 2, S plus the order (Wycheproof)", spkiOf(t, prefixEd25519, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69daf52eb63e58783c1c5c2ced7ba6ed05b6387b2eaeb4302aeeb00d291612bb0c10", false},
		{"RFC 8032 7.4 blank", spkiOf(t, prefixEd448, "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180"), "",
			"533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980" +
				"ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600", true},
	} {
		ok, err := v.key.(Verifier).VerifyMessage(unhex(t, v.msg), unhex(t, v.sig), SignOptions{})
		if ok != v.accept || err != nil {
			t.Errorf("%s: %v %v", v.from, ok, err)
		}
	}
}

// TestAgreement has RFC 7748 section 5.2, RFC 5903 section 8.1, and points Wycheproof warns of.
func TestAgreement(t *testing.T) {
	t.Parallel()
	const x25519 = "302e020100300506032b656e04220420"
	const x25519Public = "302a300506032b656e032100"
	const p256 = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
	for _, v := range []struct{ name, private, public, want string }{
		{"X25519", x25519 + "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
			x25519Public + "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
			"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
		{"P-256", p256 + "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
			prefixP256 + "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
			"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
	} {
		k, err := ParsePKCS8(unhex(t, v.private))
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		got, err := k.(Agreer).Agree(spkiOf(t, "", v.public))
		if err != nil || hex.EncodeToString(got) != v.want {
			t.Errorf("%s: %x %v", v.name, got, err)
		}
	}
	k, _ := Generate("x25519", GenerateOptions{})
	if _, err := k.(Agreer).Agree(spkiOf(t, x25519Public, strings.Repeat("00", 32))); err == nil {
		t.Error("X25519 with the point 0 (Wycheproof: low order) gives a secret")
	}
	k, _ = Generate("x448", GenerateOptions{})
	if _, err := k.(Agreer).Agree(spkiOf(t, "3042300506032b656f033900", strings.Repeat("00", 56))); err == nil {
		t.Error("X448 with the point 0 (Wycheproof: low order) gives a secret")
	}
	if _, err := ParseSPKI(unhex(t, prefixP256+"04"+strings.Repeat("01", 64))); err == nil {
		t.Error("a point that is not on P-256 (Wycheproof: invalid curve) is a key")
	}
	for _, prefix := range []string{prefixK1, prefixSM2} {
		if _, err := ParseSPKI(unhex(t, prefix+"04"+strings.Repeat("01", 64))); err == nil {
			t.Error("a point that is not on the curve is a key")
		}
	}
	other, _ := Generate("ec", GenerateOptions{Curve: "P-384"})
	for _, k := range samples() {
		if a, ok := k.(Agreer); ok {
			peer := other.Public()
			if Curve(k.Public()) == "P-384" {
				peer = samples()[0].Public()
			}
			if _, err := a.Agree(peer); err == nil {
				t.Errorf("%s agrees with a key on another curve", k.Kind())
			}
		}
	}
}

func TestEncapsulation(t *testing.T) {
	t.Parallel()
	for _, k := range samples() {
		d, ok := k.(Decapsulator)
		if !ok {
			continue
		}
		secret, ciphertext := k.Public().(Encapsulator).Encapsulate()
		got, err := d.Decapsulate(ciphertext)
		if err != nil || !bytes.Equal(got, secret) {
			t.Errorf("%s: %x, want %x: %v", k.Kind(), got, secret, err)
		}
		ciphertext[0] ^= 1
		if got, err := d.Decapsulate(ciphertext); err != nil || bytes.Equal(got, secret) {
			t.Errorf("%s: a changed ciphertext gives the secret, or an error (%v)", k.Kind(), err)
		}
		if _, err := d.Decapsulate(ciphertext[1:]); err == nil {
			t.Errorf("%s: a short ciphertext is no error", k.Kind())
		}
	}
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	for _, k := range samples() {
		d, ok := k.(Decrypter)
		if !ok {
			continue
		}
		o := EncryptOptions{Hash: digests.SHA256, Label: []byte("label")}
		c, err := k.Public().(Encrypter).Encrypt([]byte("text"), o)
		if err != nil {
			t.Fatalf("%s: %v", k.Kind(), err)
		}
		if got, err := d.Decrypt(c, o); err != nil || string(got) != "text" {
			t.Errorf("%s: %q %v", k.Kind(), got, err)
		}
		c[len(c)-1] ^= 1
		if _, err := d.Decrypt(c, o); err == nil {
			t.Errorf("%s: a changed ciphertext is no error", k.Kind())
		}
		if _, err := d.Decrypt(nil, o); err == nil {
			t.Errorf("%s: no ciphertext is no error", k.Kind())
		}
	}
	if _, err := samples()[0].Public().(Encrypter).Encrypt(make([]byte, 100), EncryptOptions{Hash: digests.SHA256}); err == nil {
		t.Error("a message that is too long is no error")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	if _, err := ParsePrivate(make([]byte, maxText+1), nil); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if _, err := ParsePublic(make([]byte, maxText+1)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	pub, _ := PublicPEM(samples()[0].Public())
	private, _ := PrivatePEM(samples()[0])
	for _, c := range []struct{ text, private, public string }{
		{"garbage", "malformed private key", "malformed public key"},
		{"-----BEGIN X-----\n-----END X-----\n", "no private key in the PEM text", "no public key in the PEM text"},
		{string(pub), "no private key in the PEM text", ""},
		{string(private), "", "no public key in the PEM text"},
		{string(private[:len(private)/2]), "no private key in the PEM text", "no public key in the PEM text"},
	} {
		if _, err := ParsePrivate([]byte(c.text), nil); errText(err) != c.private {
			t.Errorf("%.30q: %v, want %s", c.text, err, c.private)
		}
		if _, err := ParsePublic([]byte(c.text)); errText(err) != c.public {
			t.Errorf("%.30q: %v, want %s", c.text, err, c.public)
		}
	}
	for kind, o := range map[string]GenerateOptions{"rsa": {Bits: 512}, "dsa": {Bits: 99}, "ec": {Curve: "P-1"}, "what": {}} {
		if _, err := Generate(kind, o); err == nil {
			t.Errorf("%s with %+v is no error", kind, o)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzParse(f *testing.F) {
	for _, k := range samples() {
		if strings.HasPrefix(k.Kind(), "ml-") {
			continue
		}
		der, _ := k.PKCS8()
		f.Add(der)
		text, _ := PrivatePEM(k)
		f.Add(text)
		spki, _ := k.Public().SPKI()
		f.Add(spki)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ParsePrivate(b, []byte("x")); err == nil {
			if _, err := k.PKCS8(); err != nil {
				t.Errorf("cannot write what was read: %v", err)
			}
			k.Public().SPKI()
		}
		if k, err := ParsePublic(b); err == nil {
			if _, err := k.SPKI(); err != nil {
				t.Errorf("cannot write what was read: %v", err)
			}
			if v, ok := k.(Verifier); ok {
				v.VerifyMessage(b, b, SignOptions{})
			}
		}
	})
}

// FuzzJWK reads keys from members of a JSON object.
func FuzzJWK(f *testing.F) {
	f.Add("RSA", "", "", "", "AQAB", "AQAB")
	f.Add("EC", "P-256", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "", "")
	f.Add("OKP", "Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "", "", "")
	f.Fuzz(func(t *testing.T, kty, crv, x, y, n, e string) {
		members := map[string]string{"kty": kty, "crv": crv, "x": x, "y": y, "n": n, "e": e}
		k, err := FromJWK(func(name string) (string, bool) { return members[name], true })
		if err != nil {
			return
		}
		if _, err := k.SPKI(); err != nil {
			t.Errorf("cannot write what was read: %v", err)
		}
		if v, ok := k.(Verifier); ok {
			v.VerifyMessage([]byte(x), []byte(y), SignOptions{})
		}
	})
}
