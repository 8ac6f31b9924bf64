package tokens

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"weir/internal/api/crypto/keys"
)

func jwkKey(t testing.TB, text string) keys.Public {
	t.Helper()
	var m map[string]string
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	k, err := keys.FromJWK(func(name string) (string, bool) { return m[name], true })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The examples of RFC 7515 appendix A.1 to A.3, RFC 8037 appendix A.4 (whose payload is no JSON) and RFC 7519 section 6.1.
const (
	rfcPayload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	rfcHS256   = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + rfcPayload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcSecret  = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	rfcRS256   = "eyJhbGciOiJSUzI1NiJ9." + rfcPayload + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" +
		"AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07" +
		"Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy" +
		"wlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	rfcRSAKey = `{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR` +
		`T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg66` +
		`5xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`
	rfcES256   = "eyJhbGciOiJFUzI1NiJ9." + rfcPayload + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	rfcECKey   = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	rfcNone    = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	rfcEdDSA   = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	rfcEd25519 = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
)

// force makes a token of a text whose payload is no JSON, as some of the examples have it.
func force(text string) *Token {
	i := strings.LastIndexByte(text, '.')
	sig, _ := base64.RawURLEncoding.DecodeString(text[i+1:])
	head, _, _ := strings.Cut(text, ".")
	alg := ""
	for _, p := range part(head) {
		if p.Name == "alg" {
			alg = p.Value.(string)
		}
	}
	return &Token{signed: text[:i], signature: sig, algorithm: algorithms[alg], valid: true}
}

func TestRFCs(t *testing.T) {
	t.Parallel()
	secret, _ := base64.RawURLEncoding.DecodeString(rfcSecret)
	h := Parse(rfcHS256)
	if !h.Valid() || !h.VerifySecret(secret) || h.VerifySecret(secret[1:]) {
		t.Error("RFC 7515 A.1 does not verify")
	}
	want := Object{{Name: "iss", Value: "joe"}, {Name: "exp", Value: 1300819380.0}, {Name: "http://example.com/is_root", Value: true}}
	if len(h.Payload) != 3 || h.Payload[0] != want[0] || h.Payload[1] != want[1] || h.Payload[2] != want[2] {
		t.Errorf("payload %v", h.Payload)
	}
	signed := map[string]string{rfcRS256: rfcRSAKey, rfcES256: rfcECKey, rfcEdDSA: rfcEd25519}
	for text := range signed {
		tok := Parse(text)
		if !tok.Valid() {
			tok = force(text)
		}
		for other, key := range signed {
			if got, want := tok.VerifyKey(jwkKey(t, key)), other == text; got != want {
				t.Errorf("%.40s with %.60s: %v", text, key, got)
			}
		}
		tok.signature[len(tok.signature)-1] ^= 1
		if tok.VerifyKey(jwkKey(t, signed[text])) {
			t.Errorf("%.40s verifies with a changed signature", text)
		}
		if tok.VerifySecret(secret) {
			t.Errorf("%.40s verifies with a secret", text)
		}
	}
	if none := Parse(rfcNone); none.Valid() || none.Header == nil || none.Payload == nil || none.VerifySecret(nil) || none.VerifyKey(jwkKey(t, rfcECKey)) {
		t.Errorf("alg none: %+v", none)
	}
}

// TestConfusion signs tokens with public keys as if they were secrets.
func TestConfusion(t *testing.T) {
	t.Parallel()
	pem, err := keys.PublicPEM(jwkKey(t, rfcRSAKey))
	if err != nil {
		t.Fatal(err)
	}
	der, _ := jwkKey(t, rfcRSAKey).SPKI()
	for _, secret := range [][]byte{pem, der, {}} {
		tok := Parse(rfcHS256)
		tok.signature = hmacOf(tok, secret)
		if tok.VerifySecret(secret) {
			t.Errorf("%.40q counts as a secret", secret)
		}
	}
	tok := Parse(rfcHS256)
	tok.signature = hmacOf(tok, pem)
	if tok.VerifyKey(jwkKey(t, rfcRSAKey)) {
		t.Error("a symmetric token verifies with a public key")
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	b64 := base64.RawURLEncoding.EncodeToString
	head := b64([]byte(`{"alg":"HS256"}`))
	for _, text := range []string{
		"", ".", "..", "a.b.c", "....", head, head + ".", head + "." + b64([]byte("[]")) + ".", head + "." + b64([]byte("{}")),
		head + "." + b64([]byte("{}")) + ".!", head + "." + b64([]byte("{}")) + ".YQ.", head + "." + b64([]byte("{} x")) + ".YQ",
		head + "." + b64([]byte("{}")) + ".Y Q", head + "." + b64([]byte("{}")) + ".YQ==", head + "\n." + b64([]byte("{}")) + ".YQ",
		head + "." + b64([]byte("{}")) + ".YR", // bits left over
		b64([]byte(`{"alg":"none"}`)) + ".e30.YQ", b64([]byte(`{"alg":"NONE"}`)) + ".e30.YQ", b64([]byte(`{"alg":"hs256"}`)) + ".e30.YQ",
		b64([]byte(`{"alg":1}`)) + ".e30.YQ", b64([]byte(`{}`)) + ".e30.YQ", b64([]byte(`{"alg":"HS256","crit":["x"]}`)) + ".e30.YQ",
		head + "." + b64([]byte(strings.Repeat(`{"a":`, 200)+"1"+strings.Repeat("}", 200))) + ".YQ",
		head + "." + strings.Repeat("A", maxToken) + ".YQ",
	} {
		if tok := Parse(text); tok.Valid() || tok.VerifySecret([]byte("x")) {
			t.Errorf("%.80q is valid", text)
		}
	}
	tok := Parse(b64([]byte(`{"alg":"RS256","alg":"HS256","__proto__":{"x":1}}`)) + ".e30.YQ")
	if !tok.Valid() || !tok.Symmetric() || len(tok.Header) != 2 {
		t.Errorf("%+v", tok)
	}
}

func hmacOf(tok *Token, secret []byte) []byte {
	h := hmac.New(tok.algorithm.digest.New, secret)
	h.Write([]byte(tok.signed))
	return h.Sum(nil)
}

func TestEdDSA(t *testing.T) {
	t.Parallel()
	k := ed25519.NewKeyFromSeed(make([]byte, 32))
	pub, err := keys.NewEd25519(k.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	body := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"}`)) + ".e30"
	if !Parse(body + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k, []byte(body)))).VerifyKey(pub) {
		t.Error("does not verify")
	}
}

// TestECDSA signs often enough to meet values of r and s with a high first bit and with leading zeros.
func TestECDSA(t *testing.T) {
	t.Parallel()
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, _ := x509.MarshalPKIXPublicKey(&k.PublicKey)
		pub, err := keys.ParseSPKI(der)
		if err != nil {
			t.Fatal(err)
		}
		size := (curve.Params().BitSize + 7) / 8
		body := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`"}`)) + ".e30"
		high, short := 0, 0
		for i := 0; i < 4000 && (high < 5 || short < 2); i++ {
			r, s, err := ecdsa.Sign(rand.Reader, k, algorithms[alg].digest.Sum([]byte(body)))
			if err != nil {
				t.Fatal(err)
			}
			sig := make([]byte, 2*size)
			r.FillBytes(sig[:size])
			s.FillBytes(sig[size:])
			if sig[0] >= 0x80 || sig[0] == 1 {
				high++
			}
			if r.BitLen() <= 8*(size-1) || s.BitLen() <= 8*(size-1) {
				short++
			}
			text := body + "." + base64.RawURLEncoding.EncodeToString(sig)
			if !Parse(text).VerifyKey(pub) {
				t.Fatalf("%s does not verify: %x", alg, sig)
			}
			der, _ := asn1.Marshal(struct{ R, S *big.Int }{r, s})
			if Parse(body + "." + base64.RawURLEncoding.EncodeToString(der)).VerifyKey(pub) {
				t.Fatalf("%s verifies in DER", alg)
			}
		}
		if high == 0 || short == 0 {
			t.Errorf("%s: %d signatures with a high first byte, %d with a leading zero", alg, high, short)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rfcHS256)
	f.Add(rfcES256)
	f.Add(rfcNone)
	f.Fuzz(func(t *testing.T, text string) {
		tok := Parse(text)
		if tok.Valid() && (tok.Header == nil || tok.Payload == nil) {
			t.Error("valid without its parts")
		}
		tok.VerifySecret([]byte("secret"))
	})
}
