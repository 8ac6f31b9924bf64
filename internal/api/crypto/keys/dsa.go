package keys

import (
	"crypto"
	//lint:ignore SA1019 scripts may use old keys
	"crypto/dsa"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"

	"weir/internal/api/crypto/digests"
)

var (
	oidDSA           = asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}
	oidDSAWithSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 2}
)

type dsaPrivate struct{ *dsa.PrivateKey }
type dsaPublic struct{ *dsa.PublicKey }

var (
	_ Signer   = dsaPrivate{}
	_ Verifier = dsaPublic{}
)

type dsaParams struct{ P, Q, G *big.Int }

func init() {
	kinds[oidDSA.String()] = kind{
		private: func(params asn1.RawValue, key []byte) (Private, error) {
			p, err := parseDSAParams(params)
			if err != nil {
				return nil, err
			}
			x := new(big.Int)
			if rest, err := asn1.Unmarshal(key, &x); err != nil || len(rest) > 0 {
				return nil, errors.New("malformed DSA private key")
			}
			return newDSA(p, x)
		},
		public: func(params asn1.RawValue, key []byte) (Public, error) {
			p, err := parseDSAParams(params)
			if err != nil {
				return nil, err
			}
			y := new(big.Int)
			if rest, err := asn1.Unmarshal(key, &y); err != nil || len(rest) > 0 || y.Sign() <= 0 || y.Cmp(p.P) >= 0 {
				return nil, errors.New("malformed DSA public key")
			}
			return dsaPublic{&dsa.PublicKey{Parameters: p, Y: y}}, nil
		},
	}
	generators["dsa"] = generateDSA
}

func generateDSA(o GenerateOptions) (Private, error) {
	sizes, ok := map[int]dsa.ParameterSizes{1024: dsa.L1024N160, 2048: dsa.L2048N256, 3072: dsa.L3072N256}[o.Bits]
	if !ok {
		return nil, errors.New("bits expects 1024, 2048 or 3072 for a DSA key")
	}
	k := new(dsa.PrivateKey)
	if err := dsa.GenerateParameters(&k.Parameters, rand.Reader, sizes); err != nil {
		return nil, err
	}
	if err := dsa.GenerateKey(k, rand.Reader); err != nil {
		return nil, err
	}
	return dsaPrivate{k}, nil
}

func parseDSAParams(raw asn1.RawValue) (dsa.Parameters, error) {
	var p dsaParams
	if rest, err := asn1.Unmarshal(raw.FullBytes, &p); err != nil || len(rest) > 0 {
		return dsa.Parameters{}, errors.New("malformed DSA parameters")
	}
	return checkDSA(p)
}

// checkDSA refuses parameters that are not those of a DSA group, as far as can be told quickly.
func checkDSA(p dsaParams) (dsa.Parameters, error) {
	one := big.NewInt(1)
	if p.P.Sign() <= 0 || p.Q.Sign() <= 0 || p.P.BitLen() > 8192 || p.Q.BitLen() > 512 || p.Q.BitLen()%8 != 0 ||
		p.G.Cmp(one) <= 0 || p.G.Cmp(p.P) >= 0 || p.P.Bit(0) == 0 || new(big.Int).Mod(new(big.Int).Sub(p.P, one), p.Q).Sign() != 0 {
		return dsa.Parameters{}, errors.New("malformed DSA parameters")
	}
	return dsa.Parameters{P: p.P, Q: p.Q, G: p.G}, nil
}

func newDSA(p dsa.Parameters, x *big.Int) (Private, error) {
	if x.Sign() <= 0 || x.Cmp(p.Q) >= 0 {
		return nil, errors.New("malformed DSA private key")
	}
	y := new(big.Int).Exp(p.G, x, p.P)
	return dsaPrivate{&dsa.PrivateKey{PublicKey: dsa.PublicKey{Parameters: p, Y: y}, X: x}}, nil
}

// parseOldDSA reads OpenSSL's own format of DSA keys.
func parseOldDSA(der []byte) (Private, error) {
	var k struct {
		Version       int
		P, Q, G, Y, X *big.Int
	}
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 || k.Version != 0 {
		return nil, errors.New("malformed DSA private key")
	}
	p, err := checkDSA(dsaParams{k.P, k.Q, k.G})
	if err != nil {
		return nil, err
	}
	return newDSA(p, k.X)
}

func (dsaPrivate) Kind() string            { return "dsa" }
func (dsaPublic) Kind() string             { return "dsa" }
func (k dsaPrivate) Public() Public        { return dsaPublic{&k.PublicKey} }
func (k dsaPrivate) Signer() crypto.Signer { return nil }

func marshalDSAParams(p dsa.Parameters) (asn1.RawValue, error) {
	b, err := asn1.Marshal(dsaParams{p.P, p.Q, p.G})
	return asn1.RawValue{FullBytes: b}, err
}

func (k dsaPrivate) PKCS8() ([]byte, error) {
	params, err := marshalDSAParams(k.Parameters)
	if err != nil {
		return nil, err
	}
	x, err := asn1.Marshal(k.X)
	if err != nil {
		return nil, err
	}
	return marshalPKCS8(oidDSA, params, x)
}

func (k dsaPublic) SPKI() ([]byte, error) {
	params, err := marshalDSAParams(k.Parameters)
	if err != nil {
		return nil, err
	}
	y, err := asn1.Marshal(k.Y)
	if err != nil {
		return nil, err
	}
	return marshalSPKI(oidDSA, params, y)
}

func (dsaPrivate) SignatureAlgorithm() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidDSAWithSHA256}
}

func (k dsaPrivate) SignMessage(msg []byte, o SignOptions) ([]byte, error) {
	return k.SignDigest(digests.SHA256, digests.SHA256.Sum(msg), o)
}

func (k dsaPublic) VerifyMessage(msg, sig []byte, o SignOptions) (bool, error) {
	return k.VerifyDigest(digests.SHA256, digests.SHA256.Sum(msg), sig, o)
}

// dsaDigest takes the bytes of a digest that the subgroup can use.
func dsaDigest(p dsa.Parameters, sum []byte) []byte { return sum[:min(len(sum), p.Q.BitLen()/8)] }

func (k dsaPrivate) SignDigest(_ *digests.Algorithm, sum []byte, _ SignOptions) ([]byte, error) {
	r, s, err := dsa.Sign(rand.Reader, k.PrivateKey, dsaDigest(k.Parameters, sum))
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(rs{r, s})
}

func (k dsaPublic) VerifyDigest(_ *digests.Algorithm, sum, sig []byte, _ SignOptions) (bool, error) {
	var v rs
	if rest, err := asn1.Unmarshal(sig, &v); err != nil || len(rest) > 0 {
		return false, nil
	}
	return dsa.Verify(k.PublicKey, dsaDigest(k.Parameters, sum), v.R, v.S), nil
}
