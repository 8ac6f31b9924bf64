//go:build linux

package examples

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// issuer makes tokens with Go's library, and the key set that tells their keys.
type issuer struct {
	*testing.T
	set  []map[string]any
	sign map[string]func(text []byte) []byte // by kid, which is the algorithm but for what follows a blank
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (i *issuer) add(kid string, jwk map[string]any, sign func(text []byte) []byte) {
	alg, _, _ := strings.Cut(kid, " ")
	jwk["kid"], jwk["alg"] = kid, alg
	i.set = append(i.set, jwk)
	i.sign[kid] = sign
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{T: t, sign: map[string]func([]byte) []byte{}}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(text []byte) []byte { s := sha256.Sum256(text); return s[:] }
	must := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	public := func() map[string]any {
		return map[string]any{"kty": "RSA", "n": encode(private.N.Bytes()), "e": "AQAB"}
	}
	i.add("RS256", public(), func(text []byte) []byte {
		return must(rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum(text)))
	})
	i.add("PS256", public(), func(text []byte) []byte {
		return must(rsa.SignPSS(rand.Reader, private, crypto.SHA256, sum(text), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
	})
	pub, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.add("EdDSA", map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode(pub)}, func(text []byte) []byte { return ed25519.Sign(edKey, text) })
	i.addEC("ES256", elliptic.P256(), sum)
	i.addEC("ES384", elliptic.P384(), func(text []byte) []byte { s := sha512.Sum384(text); return s[:] })
	// Keys that are of no use here do no harm.
	i.set = append(i.set, map[string]any{"kty": "oct", "k": "AA", "kid": "oct", "alg": "HS256"}, map[string]any{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "EC", "alg": "ES256"},
		map[string]any{"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "X", "alg": "ECDH-ES", "use": "enc"}, map[string]any{"kty": "new"})

	// What an attacker can do who knows only the key set.
	der, _ := x509.MarshalPKIXPublicKey(&private.PublicKey)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	i.sign["HS256"] = func(b []byte) []byte { m := hmac.New(sha256.New, text); m.Write(b); return m.Sum(nil) }
	i.sign["none"] = func([]byte) []byte { return nil }
	return i
}

// addEC adds a key on a curve; signatures are r and s.
func (i *issuer) addEC(kid string, curve elliptic.Curve, sum func([]byte) []byte) {
	i.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		i.Fatal(err)
	}
	size := (curve.Params().BitSize + 7) / 8
	jwk := map[string]any{"kty": "EC", "crv": curve.Params().Name, "x": encode(key.X.FillBytes(make([]byte, size))), "y": encode(key.Y.FillBytes(make([]byte, size)))}
	i.add(kid, jwk, func(text []byte) []byte {
		r, s, err := ecdsa.Sign(rand.Reader, key, sum(text))
		if err != nil {
			i.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	})
}

// token makes a token with claims that are right but for those given; a nil claim is left out.
func (i *issuer) token(kid string, header, claims map[string]any) string {
	i.Helper()
	alg, _, _ := strings.Cut(kid, " ")
	h := map[string]any{"alg": alg, "kid": kid}
	c := map[string]any{"iss": "https://issuer.example", "aud": "gateway", "sub": "alice", "exp": time.Now().Unix() + 300}
	maps.Copy(h, header)
	maps.Copy(c, claims)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	head, _ := json.Marshal(h)
	body, _ := json.Marshal(c)
	text := encode(head) + "." + encode(body)
	return text + "." + encode(i.sign[kid]([]byte(text)))
}

func (i *issuer) write(dir string) {
	i.Helper()
	b, _ := json.Marshal(map[string]any{"keys": i.set})
	harness.WriteFile(i, filepath.Join(dir, "jwks.json"), string(b))
}

// Tokens of another library are let through with each kind of key; those that are not right are refused.
func TestJWTGateway(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "jwt-gateway")
	i := newIssuer(t)
	i.write(s.dir)
	s.start("DEMO=1 bin/weir examples/jwt-gateway/main.js").WaitLog("Listening")
	ask := func(token string, args ...string) string {
		t.Helper()
		return harness.Curl(t, append(args, "-H", "authorization: Bearer "+token, "http://"+harness.Addr(s.ports["8000"])+"/x")...)
	}
	claims := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for k := 0; k < len(pairs); k += 2 {
			m[pairs[k].(string)] = pairs[k+1]
		}
		return m
	}
	for _, kid := range []string{"RS256", "PS256", "EdDSA", "ES256", "ES384"} {
		if got := ask(i.token(kid, nil, nil), "-H", "x-auth-subject: root"); got != "/x for alice\n" {
			t.Errorf("%s: %q", kid, got)
		}
		parts := strings.Split(i.token(kid, nil, nil), ".")
		parts[1] = strings.Split(i.token(kid, nil, claims("sub", "mallory")), ".")[1]
		if got := ask(strings.Join(parts, ".")); got != "The signature is not valid.\n" {
			t.Errorf("%s, another text: %q", kid, got)
		}
	}
	now := time.Now().Unix()
	for what, c := range map[string]struct{ token, want string }{
		"several audiences":          {i.token("ES256", nil, claims("aud", []string{"a", "gateway"})), "/x for alice"},
		"no key":                     {i.token("HS256", map[string]any{"kid": "RS256"}, nil), "The signature is not valid."},
		"the public key as a secret": {i.token("HS256", map[string]any{"kid": "RS256", "alg": "RS256"}, nil), "The signature is not valid."},
		"no signature":               {i.token("none", map[string]any{"kid": "RS256"}, nil), "The token is malformed."},
		"a key for something else":   {i.token("RS256", map[string]any{"kid": "PS256"}, nil), "The signature is not valid."},
		"another key":                {i.token("ES256", map[string]any{"kid": "ES384", "alg": "ES384"}, nil), "The signature is not valid."},
		"unknown key":                {i.token("ES256", map[string]any{"kid": "ES257"}, nil), "The signature is not valid."},
		"extension":                  {i.token("ES256", map[string]any{"crit": []string{"exp"}}, nil), "The token is malformed."},
		"expired":                    {i.token("ES256", nil, claims("exp", now-60)), "The token has expired."},
		"no end":                     {i.token("ES256", nil, claims("exp", nil)), "The token has expired."},
		"end that is no number":      {i.token("ES256", nil, claims("exp", "never")), "The token has expired."},
		"not yet":                    {i.token("ES256", nil, claims("nbf", now+600)), "The token is not valid yet."},
		"other issuer":               {i.token("ES256", nil, claims("iss", "x")), "The token is of another issuer."},
		"other audience":             {i.token("ES256", nil, claims("aud", []string{"gateways"})), "The token is for another audience."},
		"subject with a line end":    {i.token("ES256", nil, claims("sub", "a\r\nx-admin: 1")), "The token has no usable subject."},
		"no subject":                 {i.token("ES256", nil, claims("sub", nil)), "The token has no usable subject."},
	} {
		if got := strings.TrimSpace(ask(c.token)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	// A new key is found, whatever is wrong with the file in between.
	i.addEC("ES256 new", elliptic.P256(), func(text []byte) []byte { sum := sha256.Sum256(text); return sum[:] })
	token := i.token("ES256 new", nil, nil)
	if got := ask(token); got != "The signature is not valid.\n" {
		t.Errorf("a key that is not in the file: %q", got)
	}
	i.write(s.dir)
	harness.Eventually(t, "the new key to be used", func() bool { return ask(token) == "/x for alice\n" })
	if got := ask(i.token("RS256", nil, nil)); got != "/x for alice\n" {
		t.Errorf("an old key: %q", got)
	}
}
