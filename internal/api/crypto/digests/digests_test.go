package digests

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"strings"
	"testing"
)

// TestVectors has the digest of "abc" by each algorithm.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ from, name, want string }{
		{"RFC 1321", "MD5", "900150983cd24fb0d6963f7d28e17f72"},
		{"FIPS 180-4", "SHA1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"FIPS 180-4", "sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
		{"FIPS 180-4", "RSA-SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"FIPS 180-4", "sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
		{"FIPS 180-4", "sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{"FIPS 180-4", "sha512-224", "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
		{"FIPS 180-4", "SHA512-256", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
		{"FIPS 202", "sha3-224", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
		{"FIPS 202", "sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
		{"FIPS 202", "sha3-384", "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"},
		{"FIPS 202", "sha3-512", "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
		{"FIPS 202", "shake128", "5881092dd818bf5cf8a3ddb793fbcba7"},
		{"FIPS 202", "shake256", "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"},
		{"RFC 7693", "blake2b512", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
		{"RFC 7693", "blake2s256", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
		{"the authors of RIPEMD-160", "ripemd160", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
		{"GB/T 32905", "sm3", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
		{"RFC 1321 and FIPS 180-4", "md5-sha1", "900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"the authors of Keccak", "keccak-256", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
	} {
		a := ByName(v.name)
		if a == nil {
			t.Errorf("%s is not known", v.name)
			continue
		}
		h := a.New()
		h.Write([]byte("ab"))
		h.Sum(nil) // must leave the state as it is
		h.Write([]byte("c"))
		if got := hex.EncodeToString(h.Sum(nil)); got != v.want {
			t.Errorf("%s (%s): %s, want %s", v.name, v.from, got, v.want)
		}
		if h.Size() != len(v.want)/2 {
			t.Errorf("%s says its size is %d", v.name, h.Size())
		}
		h.Reset()
		h.Write([]byte("abc"))
		if !bytes.Equal(h.Sum(nil), a.Sum([]byte("abc"))) {
			t.Errorf("%s differs after a reset", v.name)
		}
	}
}

// TestHMAC has the cases 2 and 6 of RFC 2202 and RFC 4231.
func TestHMAC(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\xaa", 131)
	for _, v := range []struct{ name, key, text, want string }{
		{"md5", "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
		{"sha1", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"sha256", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"sha512", "Jefe", "what do ya want for nothing?",
			"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
		{"sha256", long, "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	} {
		h := hmac.New(ByName(v.name).New, []byte(v.key))
		h.Write([]byte(v.text))
		if got := hex.EncodeToString(h.Sum(nil)); got != v.want {
			t.Errorf("HMAC-%s: %s, want %s", v.name, got, v.want)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "sha", "sha257", "md4"} {
		if ByName(name) != nil {
			t.Errorf("%q is known", name)
		}
	}
}
