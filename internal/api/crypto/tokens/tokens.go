// Package tokens reads JSON Web Tokens in their compact form and verifies their signatures (RFC 7515, RFC 7518, RFC 7519,
// RFC 8037).
package tokens

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"strings"

	"weir/internal/api/crypto/digests"
	"weir/internal/api/crypto/keys"
)

// algorithm is a value of the header parameter "alg".
type algorithm struct {
	kind   string // of the key: "oct", "rsa", "ec" or "ed25519"
	digest *digests.Algorithm
	curve  string
	pss    bool
}

// algorithms are the ones that are known. "none" is not, and never will be.
var algorithms = map[string]algorithm{
	"HS256": {kind: "oct", digest: digests.SHA256},
	"HS384": {kind: "oct", digest: digests.SHA384},
	"HS512": {kind: "oct", digest: digests.SHA512},
	"RS256": {kind: "rsa", digest: digests.SHA256},
	"RS384": {kind: "rsa", digest: digests.SHA384},
	"RS512": {kind: "rsa", digest: digests.SHA512},
	"PS256": {kind: "rsa", digest: digests.SHA256, pss: true},
	"PS384": {kind: "rsa", digest: digests.SHA384, pss: true},
	"PS512": {kind: "rsa", digest: digests.SHA512, pss: true},
	"ES256": {kind: "ec", digest: digests.SHA256, curve: "P-256"},
	"ES384": {kind: "ec", digest: digests.SHA384, curve: "P-384"},
	"ES512": {kind: "ec", digest: digests.SHA512, curve: "P-521"},
	"EdDSA": {kind: "ed25519"},
}

// Object is a JSON object, in the order of its text. Values are nil, bool, float64, string, []any or Object.
type Object []Member

// Member is a name and its value.
type Member struct {
	Name  string
	Value any
}

// Token is a token that was read, as far as that was possible.
type Token struct {
	// Header and Payload are the JSON objects; nil if they were not reached.
	Header, Payload Object
	signed          string
	signature       []byte
	algorithm       algorithm
	valid           bool
}

// maxToken bounds the size of a token: a server's header limits are a tenth of it.
const maxToken = 1 << 20

// Parse reads a token. It never fails: see Valid.
func Parse(text string) *Token {
	t := new(Token)
	if len(text) > maxToken || strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return t
	}
	head, rest, ok := strings.Cut(text, ".")
	if !ok {
		return t
	}
	if t.Header = part(head); t.Header == nil {
		return t
	}
	payload, sig, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(sig, ".") {
		return t
	}
	if t.Payload = part(payload); t.Payload == nil {
		return t
	}
	var err error
	if t.signature, err = base64.RawURLEncoding.Strict().DecodeString(sig); err != nil {
		return t
	}
	t.signed = text[:len(head)+1+len(payload)]
	alg := ""
	for _, p := range t.Header { // of several members of one name the last counts, as in JSON.parse
		switch p.Name {
		case "alg":
			alg, _ = p.Value.(string)
		case "crit": // extensions that must be understood, of which none is
			return t
		}
	}
	t.algorithm, t.valid = algorithms[alg]
	return t
}

// part reads one of the two parts that are JSON objects; nil if it is not one.
func part(text string) Object {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	o, err := decodeObject(b)
	if err != nil {
		return nil
	}
	return o
}

// Valid reports whether the token has all its parts and an algorithm that is known.
func (t *Token) Valid() bool { return t.valid }

// Symmetric reports whether the token is signed by a shared secret.
func (t *Token) Symmetric() bool { return t.algorithm.kind == "oct" }

// VerifySecret reports whether the token was signed with a shared secret. The text of a public key is no secret: who takes it
// for one would accept tokens anybody can make.
func (t *Token) VerifySecret(secret []byte) bool {
	if !t.valid || !t.Symmetric() || len(secret) == 0 || bytes.Contains(secret, []byte("-----BEGIN ")) {
		return false
	}
	if _, err := keys.ParsePublic(secret); err == nil {
		return false
	}
	h := hmac.New(t.algorithm.digest.New, secret)
	h.Write([]byte(t.signed))
	return hmac.Equal(h.Sum(nil), t.signature)
}

// VerifyKey reports whether the token was signed by the private half of a key. A key of another type than the algorithm says
// never verifies.
func (t *Token) VerifyKey(k keys.Public) bool {
	a := t.algorithm
	v, ok := k.(keys.Verifier)
	if !t.valid || !ok || k.Kind() != a.kind || keys.Curve(k) != a.curve {
		return false
	}
	if a.digest == nil {
		ok, err := v.VerifyMessage([]byte(t.signed), t.signature, keys.SignOptions{})
		return ok && err == nil
	}
	ok, err := v.VerifyDigest(a.digest, a.digest.Sum([]byte(t.signed)), t.signature,
		keys.SignOptions{PSS: a.pss, SaltLength: -1, Raw: a.kind == "ec"})
	return ok && err == nil
}
