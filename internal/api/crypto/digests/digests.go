// Package digests finds hash functions by the names OpenSSL gives them.
package digests

import (
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/asn1"
	"hash"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	//lint:ignore SA1019 scripts may ask for it
	"golang.org/x/crypto/ripemd160"
	legacy "golang.org/x/crypto/sha3"
)

// Algorithm is a hash function.
type Algorithm struct {
	// Name is the usual name, in lower case.
	Name string
	// New returns a hash in its first state.
	New func() hash.Hash
	// OID names it in signatures; nil if it has none of its own.
	OID asn1.ObjectIdentifier
	// Std is its number in the standard library; 0 if it has none.
	Std crypto.Hash
	// XOF: an extendable-output function, of which New gives the default length. It cannot be keyed by HMAC.
	XOF bool
}

var (
	nist  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2}
	rsaDS = asn1.ObjectIdentifier{1, 2, 840, 113549, 2}
)

func under(arc asn1.ObjectIdentifier, n int) asn1.ObjectIdentifier {
	return append(arc[:len(arc):len(arc)], n)
}

// The digests that key types use by default.
var (
	SHA256 = &Algorithm{Name: "sha256", New: sha256.New, OID: under(nist, 1), Std: crypto.SHA256}
	SHA384 = &Algorithm{Name: "sha384", New: sha512.New384, OID: under(nist, 2), Std: crypto.SHA384}
	SHA512 = &Algorithm{Name: "sha512", New: sha512.New, OID: under(nist, 3), Std: crypto.SHA512}
	SHA1   = &Algorithm{Name: "sha1", New: sha1.New, OID: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, Std: crypto.SHA1}
	SM3    = &Algorithm{Name: "sm3", New: sm3.New, OID: asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 401}}
)

// all has each algorithm with its other names.
var all = []struct {
	*Algorithm
	aliases string
}{
	{&Algorithm{Name: "md5", New: md5.New, OID: under(rsaDS, 5), Std: crypto.MD5}, "rsa-md5 md5withrsaencryption ssl3-md5"},
	{SHA1, "sha-1 rsa-sha1 rsa-sha1-2 sha1withrsaencryption sha1withrsa ssl3-sha1"},
	{&Algorithm{Name: "sha224", New: sha256.New224, OID: under(nist, 4), Std: crypto.SHA224},
		"sha-224 sha2-224 rsa-sha224 sha224withrsaencryption"},
	{SHA256, "sha-256 sha2-256 rsa-sha256 sha256withrsaencryption"},
	{SHA384, "sha-384 sha2-384 rsa-sha384 sha384withrsaencryption"},
	{SHA512, "sha-512 sha2-512 rsa-sha512 sha512withrsaencryption"},
	{&Algorithm{Name: "sha512-224", New: sha512.New512_224, OID: under(nist, 5), Std: crypto.SHA512_224},
		"sha-512/224 sha2-512/224 rsa-sha512/224 sha512-224withrsaencryption"},
	{&Algorithm{Name: "sha512-256", New: sha512.New512_256, OID: under(nist, 6), Std: crypto.SHA512_256},
		"sha-512/256 sha2-512/256 rsa-sha512/256 sha512-256withrsaencryption"},
	{&Algorithm{Name: "sha3-224", New: func() hash.Hash { return sha3.New224() }, OID: under(nist, 7), Std: crypto.SHA3_224},
		"rsa-sha3-224 id-rsassa-pkcs1-v1_5-with-sha3-224"},
	{&Algorithm{Name: "sha3-256", New: func() hash.Hash { return sha3.New256() }, OID: under(nist, 8), Std: crypto.SHA3_256},
		"rsa-sha3-256 id-rsassa-pkcs1-v1_5-with-sha3-256"},
	{&Algorithm{Name: "sha3-384", New: func() hash.Hash { return sha3.New384() }, OID: under(nist, 9), Std: crypto.SHA3_384},
		"rsa-sha3-384 id-rsassa-pkcs1-v1_5-with-sha3-384"},
	{&Algorithm{Name: "sha3-512", New: func() hash.Hash { return sha3.New512() }, OID: under(nist, 10), Std: crypto.SHA3_512},
		"rsa-sha3-512 id-rsassa-pkcs1-v1_5-with-sha3-512"},
	{&Algorithm{Name: "shake128", New: func() hash.Hash { return &xof{sha3.NewSHAKE128(), sha3.NewSHAKE128, 16} }, OID: under(nist, 11), XOF: true},
		"shake-128"},
	{&Algorithm{Name: "shake256", New: func() hash.Hash { return &xof{sha3.NewSHAKE256(), sha3.NewSHAKE256, 32} }, OID: under(nist, 12), XOF: true},
		"shake-256"},
	{&Algorithm{Name: "keccak-256", New: legacy.NewLegacyKeccak256}, "keccak256"},
	{&Algorithm{Name: "keccak-512", New: legacy.NewLegacyKeccak512}, "keccak512"},
	{&Algorithm{Name: "blake2b512", New: newBlake2b, OID: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1722, 12, 2, 1, 16},
		Std: crypto.BLAKE2b_512}, "blake2b-512"},
	{&Algorithm{Name: "blake2s256", New: newBlake2s, OID: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1722, 12, 2, 2, 8},
		Std: crypto.BLAKE2s_256}, "blake2s-256"},
	{&Algorithm{Name: "ripemd160", New: ripemd160.New, OID: asn1.ObjectIdentifier{1, 3, 36, 3, 2, 1}, Std: crypto.RIPEMD160},
		"ripemd ripemd-160 rmd160 rsa-ripemd160 ripemd160withrsa"},
	{SM3, "rsa-sm3 sm3withrsaencryption"},
	{&Algorithm{Name: "md5-sha1", New: func() hash.Hash { return &pair{md5.New(), sha1.New()} }, Std: crypto.MD5SHA1}, ""},
}

var byName = func() map[string]*Algorithm {
	m := map[string]*Algorithm{}
	for _, a := range all {
		m[a.Name] = a.Algorithm
		for alias := range strings.FieldsSeq(a.aliases) {
			m[alias] = a.Algorithm
		}
	}
	return m
}()

// ByName finds an algorithm; case does not matter. It returns nil if there is none.
func ByName(name string) *Algorithm { return byName[strings.ToLower(name)] }

// Sum returns the digest of b.
func (a *Algorithm) Sum(b []byte) []byte {
	h := a.New()
	h.Write(b)
	return h.Sum(nil)
}

func newBlake2b() hash.Hash {
	h, _ := blake2b.New512(nil) // fails for long keys only
	return h
}

func newBlake2s() hash.Hash {
	h, _ := blake2s.New256(nil) // fails for long keys only
	return h
}

// xof is a SHAKE with a fixed length of output.
type xof struct {
	*sha3.SHAKE
	fresh func() *sha3.SHAKE
	size  int
}

func (x *xof) Size() int { return x.size }

// Sum leaves the state as it is: it reads from a copy.
func (x *xof) Sum(b []byte) []byte {
	state, err := x.MarshalBinary()
	c := x.fresh()
	if err == nil {
		err = c.UnmarshalBinary(state)
	}
	if err != nil {
		panic(err) // a state it wrote itself
	}
	out := make([]byte, x.size)
	c.Read(out)
	return append(b, out...)
}

// pair is MD5 followed by SHA-1, the digest of TLS before 1.2.
type pair struct{ md5, sha1 hash.Hash }

func (p *pair) Write(b []byte) (int, error) {
	p.md5.Write(b)
	return p.sha1.Write(b)
}

func (p *pair) Sum(b []byte) []byte { return p.sha1.Sum(p.md5.Sum(b)) }

func (p *pair) Reset() {
	p.md5.Reset()
	p.sha1.Reset()
}

func (p *pair) Size() int { return md5.Size + sha1.Size }

func (p *pair) BlockSize() int { return p.sha1.BlockSize() }
