package ciphers

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"testing"

	gm "github.com/emmansun/gmsm/cipher"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// crypt runs a cipher over a message in pieces of n bytes.
func crypt(t testing.TB, name string, key, iv, aad, tag, msg []byte, decrypt bool, tagSize, n int) (out, outTag []byte, err error) {
	t.Helper()
	a := ByName(name)
	if a == nil {
		t.Fatalf("%s is not known", name)
	}
	c, err := a.New(key, iv, decrypt, tagSize)
	if err != nil {
		return nil, nil, err
	}
	auth, _ := c.(Authenticated)
	if auth != nil {
		auth.SetAAD(aad)
		if decrypt && tag != nil {
			auth.SetTag(tag)
		}
	}
	for len(msg) > 0 {
		k := min(n, len(msg))
		if out, err = c.Update(out, msg[:k]); err != nil {
			return nil, nil, err
		}
		msg = msg[k:]
	}
	if out, err = c.Final(out); err == nil && auth != nil {
		outTag = auth.Tag()
	}
	return out, outTag, err
}

// TestVectors compares with published values, whole and cut into pieces, in both directions.
func TestVectors(t *testing.T) {
	t.Parallel()
	const sp38aKey, sp38aText = "2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	const sp38aIV = "000102030405060708090a0b0c0d0e0f"
	const count = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	const countTo23 = "000102030405060708090a0b0c0d0e0f1011121314151617"
	const sunscreen = "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20" +
		"4966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c20" +
		"73756e73637265656e20776f756c642062652069742e"
	for _, v := range []struct {
		from, name, key, iv, aad, plain, want, tag string
		tagSize                                    int
	}{
		{from: "NIST SP 800-38A F.5.1", name: "aes-128-ctr", key: sp38aKey, iv: "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", plain: sp38aText,
			want: "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"},
		{from: "NIST SP 800-38A F.3.13", name: "aes-128-cfb", key: sp38aKey, iv: sp38aIV, plain: sp38aText,
			want: "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"},
		{from: "NIST SP 800-38A F.3.7", name: "aes-128-cfb8", key: sp38aKey, iv: sp38aIV, plain: "6bc1bee22e409f96e93d7e117393172aae2d",
			want: "3b79424c9c0dd436bace9e0ed4586a4f32b9"},
		{from: "NIST SP 800-38A F.3.1", name: "aes-128-cfb1", key: sp38aKey, iv: sp38aIV, plain: "6bc1", want: "68b3"},
		{from: "NIST SP 800-38A F.4.1", name: "aes-128-ofb", key: sp38aKey, iv: sp38aIV, plain: sp38aText,
			want: "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"},
		{from: "RFC 5794 A.1", name: "aria-128-ctr", key: sp38aIV, iv: "00112233445566778899aabbccddeeff",
			plain: "00000000000000000000000000000000", want: "d718fbd6ab644c739da95f3be6451778"},
		{from: "RFC 5794 A.2", name: "aria-192-ctr", key: countTo23, iv: "00112233445566778899aabbccddeeff",
			plain: "00000000000000000000000000000000", want: "26449c1805dbe7aa25a468ce263a9e79"},
		{from: "RFC 5794 A.3", name: "aria-256-ctr", key: count, iv: "00112233445566778899aabbccddeeff",
			plain: "00000000000000000000000000000000", want: "f92bd7c79fb72e2f2b8f80c1972d24fc"},
		{from: "RFC 3713 A", name: "camellia-128-ctr", key: "0123456789abcdeffedcba9876543210", iv: "0123456789abcdeffedcba9876543210",
			plain: "00000000000000000000000000000000", want: "67673138549669730857065648eabe43"},
		{from: "RFC 3713 A", name: "camellia-192-ctr", key: "0123456789abcdeffedcba98765432100011223344556677",
			iv: "0123456789abcdeffedcba9876543210", plain: "00000000000000000000000000000000", want: "b4993401b3e996f84ee5cee7d79b09b9"},
		{from: "RFC 3713 A", name: "camellia-256-ctr", key: "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
			iv: "0123456789abcdeffedcba9876543210", plain: "00000000000000000000000000000000", want: "9acc237dff16d76c20ef7c919e3a7509"},
		{from: "GB/T 32907 A.1", name: "sm4-ctr", key: "0123456789abcdeffedcba9876543210", iv: "0123456789abcdeffedcba9876543210",
			plain: "00000000000000000000000000000000", want: "681edf34d206965e86b3e94f536e4246"},
		{from: "GCM spec test case 4", name: "aes-128-gcm", key: "feffe9928665731c6d6a8f9467308308", iv: "cafebabefacedbaddecaf888",
			aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
			plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
				"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
			want: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e" +
				"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
			tag: "5bc94fbc3221a5db94fae95ae7121a47"},
		{from: "RFC 3610 packet vector 1", name: "aes-128-ccm", key: "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", iv: "00000003020100a0a1a2a3a4a5",
			aad: "0001020304050607", plain: "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e", tagSize: 8,
			want: "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384", tag: "17e8d12cfdf926e0"},
		{from: "RFC 7253 A", name: "aes-128-ocb", key: sp38aIV, iv: "bbaa99887766554433221101", aad: "0001020304050607",
			plain: "0001020304050607", want: "6820b3657b6f615a", tag: "5725bda0d3b4eb3a257c9af1f8f03009"},
		{from: "RFC 7253 A", name: "aes-128-ocb", key: sp38aIV, iv: "bbaa99887766554433221104", aad: "000102030405060708090a0b0c0d0e0f",
			plain: "000102030405060708090a0b0c0d0e0f", want: "571d535b60b277188be5147170a9a22c", tag: "3ad7a4ff3835b8c5701c1ccec8fc3358"},
		{from: "IEEE 1619 vector 2", name: "aes-128-xts", key: "1111111111111111111111111111111122222222222222222222222222222222",
			iv: "33333333330000000000000000000000", plain: "4444444444444444444444444444444444444444444444444444444444444444",
			want: "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"},
		{from: "IEEE 1619 vector 15", name: "aes-128-xts", key: "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
			iv: "9a785634120000000000000000000000", plain: "000102030405060708090a0b0c0d0e0f10",
			want: "6c1625db4671522d3d7599601de7ca09ed"},
		{from: "RFC 8439 2.4.2", name: "chacha20", key: count, iv: "01000000000000000000004a00000000", plain: sunscreen,
			want: "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b357" +
				"1639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736" +
				"5af90bbf74a35be6b40b8eedf2785e42874d"},
		{from: "RFC 8439 2.8.2", name: "chacha20-poly1305", key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
			iv: "070000004041424344454647", aad: "50515253c0c1c2c3c4c5c6c7", plain: sunscreen,
			want: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b" +
				"1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
				"3ff4def08e4b7a9de576d26586cec64b6116",
			tag: "1ae10b594f09e26a7e902ecbd0600691"},
	} {
		key, iv, aad, plain, want := unhex(t, v.key), unhex(t, v.iv), unhex(t, v.aad), unhex(t, v.plain), unhex(t, v.want)
		for n := 1; n <= len(plain); n++ {
			got, tag, err := crypt(t, v.name, key, iv, aad, nil, plain, false, v.tagSize, n)
			if err != nil || !bytes.Equal(got, want) || hex.EncodeToString(tag) != v.tag {
				t.Errorf("%s %s, pieces of %d: %x %x %v, want %x %s", v.from, v.name, n, got, tag, err, want, v.tag)
				break
			}
			back, _, err := crypt(t, v.name, key, iv, aad, tag, want, true, v.tagSize, n)
			if err != nil || !bytes.Equal(back, plain) {
				t.Errorf("%s %s back, pieces of %d: %x %v", v.from, v.name, n, back, err)
				break
			}
		}
	}
}

// TestAgainstLibraries compares the authenticated modes in pieces with those of libraries for whole messages.
func TestAgainstLibraries(t *testing.T) {
	t.Parallel()
	key, iv := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, 12)
	b, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(b)
	ccm, err := gm.NewCCM(b)
	if err != nil {
		t.Fatal(err)
	}
	msg := make([]byte, 300)
	for i := range msg {
		msg[i] = byte(i * 7)
	}
	for name, lib := range map[string]cipher.AEAD{"aes-256-gcm": gcm, "aes-256-ccm": ccm} {
		for n := range msg {
			aad := msg[:n%50]
			got, tag, err := crypt(t, name, key, iv, aad, nil, msg[:n], false, 0, 37)
			want := lib.Seal(nil, iv, msg[:n], aad)
			if err != nil || !bytes.Equal(append(got, tag...), want) {
				t.Fatalf("%s of %d bytes: %x %x %v, want %x", name, n, got, tag, err, want)
			}
		}
	}
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for name, a := range algorithms {
		key := make([]byte, a.KeySize)
		for i := range key {
			key[i] = byte(i)
		}
		iv := bytes.Repeat([]byte{5}, a.IVSize)
		for _, size := range []int{16, 17, 31, 32, 33, 47, 100} {
			msg := bytes.Repeat([]byte("x1"), size)[:size]
			enc, tag, err := crypt(t, name, key, iv, []byte("aad"), nil, msg, false, 0, 5)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			dec, _, err := crypt(t, name, key, iv, []byte("aad"), tag, enc, true, 0, 7)
			if err != nil || !bytes.Equal(dec, msg) {
				t.Errorf("%s of %d bytes: %q %v", name, size, dec, err)
			}
			if !a.AEAD {
				continue
			}
			enc[0] ^= 1
			if _, _, err := crypt(t, name, key, iv, []byte("aad"), tag, enc, true, 0, 7); err != ErrAuth {
				t.Errorf("%s with a changed byte: %v", name, err)
			}
			if _, _, err := crypt(t, name, key, iv, []byte("aad"), nil, enc, true, 0, 7); err != ErrNoTag {
				t.Errorf("%s without tag: %v", name, err)
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	key, iv := make([]byte, 16), make([]byte, 16)
	enc, _, _ := crypt(t, "aes-128-cbc", key, iv, nil, nil, []byte("hello"), false, 0, 99)
	for n, want := range map[int]error{0: ErrFinalLength, 15: ErrFinalLength, 16: nil} {
		if _, _, err := crypt(t, "aes-128-cbc", key, iv, nil, nil, enc[:n], true, 0, 99); err != want {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	key[0] = 1
	if _, _, err := crypt(t, "aes-128-cbc", key, iv, nil, nil, enc, true, 0, 99); err != ErrBadDecrypt {
		t.Errorf("wrong key: %v", err)
	}
	if _, _, err := crypt(t, "aes-128-xts", make([]byte, 32), iv, nil, nil, enc, true, 0, 99); err != ErrSameKeys {
		t.Errorf("XTS: %v", err)
	}
	xtsKey := append(make([]byte, 16), key...)
	if _, _, err := crypt(t, "aes-128-xts", xtsKey, iv, nil, nil, enc[:15], true, 0, 99); err != ErrTooShort {
		t.Errorf("XTS: %v", err)
	}
	if _, err := ByName("AES-128-GCM").New(key, iv[:12], false, 3); err != ErrTagSize {
		t.Errorf("tag of 3 bytes: %v", err)
	}
}

// TestChaChaCarry is about the counter: at its end it carries into the nonce, as with OpenSSL.
func TestChaChaCarry(t *testing.T) {
	t.Parallel()
	key := make([]byte, 32)
	got, _, err := crypt(t, "chacha20", key, unhex(t, "ffffffff000000000000000000000000"), nil, nil, make([]byte, 128), false, 0, 50)
	want, _, _ := crypt(t, "chacha20", key, unhex(t, "00000000010000000000000000000000"), nil, nil, make([]byte, 64), false, 0, 64)
	if err != nil || !bytes.Equal(got[64:], want) {
		t.Errorf("%x, want %x: %v", got[64:], want, err)
	}
}

func BenchmarkGCM(b *testing.B) {
	msg := make([]byte, 16384)
	c, _ := ByName("aes-128-gcm").New(make([]byte, 16), make([]byte, 12), false, 0)
	b.SetBytes(int64(len(msg)))
	var out []byte
	for b.Loop() {
		out, _ = c.Update(out[:0], msg)
	}
}
