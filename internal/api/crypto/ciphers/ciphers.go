// Package ciphers finds symmetric ciphers by the names OpenSSL gives them and runs them piece by piece.
package ciphers

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"errors"
	"strconv"
	"strings"

	"github.com/emmansun/gmsm/sm4"
)

// Cipher encrypts or decrypts one message in pieces.
type Cipher interface {
	// Update appends to dst what can be said of the message so far.
	Update(dst, src []byte) ([]byte, error)
	// Final appends what is left. It must be called once, after which the cipher is used up.
	Final(dst []byte) ([]byte, error)
}

// Authenticated is a Cipher of an AEAD.
type Authenticated interface {
	Cipher
	// SetAAD gives the additional data, before the first Update.
	SetAAD(b []byte)
	// SetTag gives the tag that Final of a decryption checks.
	SetTag(tag []byte)
	// Tag returns the tag after Final of an encryption.
	Tag() []byte
}

// Algorithm is a cipher with its mode.
type Algorithm struct {
	Name string
	// KeySize and IVSize are the only lengths taken.
	KeySize, IVSize int
	// AEAD: New gives an Authenticated.
	AEAD bool
	new  func(key, iv []byte, decrypt bool, tagSize int) (Cipher, error)
}

// New starts a message. The lengths of key and iv must be right. tagSize is for AEAD: 0 is the usual 16.
func (a *Algorithm) New(key, iv []byte, decrypt bool, tagSize int) (Cipher, error) {
	return a.new(key, iv, decrypt, tagSize)
}

// Errors as OpenSSL has them.
var (
	ErrBadDecrypt  = errors.New("error:1C800064:Provider routines::bad decrypt")
	ErrFinalLength = errors.New("error:1C80006B:Provider routines::wrong final block length")
)

// Errors of authenticated ciphers.
var (
	ErrNoTag    = errors.New("no authentication tag: call setAuthTag before final")
	ErrAuth     = errors.New("authentication failed: the data, the tag, the key or the iv is wrong")
	ErrTagSize  = errors.New("options.authTagLength is not possible with this cipher")
	ErrTooLong  = errors.New("the message is too long for this cipher")
	ErrTooShort = errors.New("the message is shorter than a block")
	ErrSameKeys = errors.New("both halves of the key of an XTS cipher must differ")
)

var algorithms = map[string]*Algorithm{}

// ByName finds an algorithm; case does not matter. It returns nil if there is none.
func ByName(name string) *Algorithm { return algorithms[strings.ToLower(name)] }

// family is a block cipher with its key sizes in bits and the modes it is offered in.
type family struct {
	name  string
	bits  []int
	block func(key []byte) (cipher.Block, error)
	size  int
	modes string
}

var families = []family{
	{"aes", []int{128, 192, 256}, aes.NewCipher, 16, "ecb cbc cfb cfb1 cfb8 ofb ctr gcm ccm ocb"},
	{"aes", []int{128, 256}, aes.NewCipher, 16, "xts"},
	{"aria", []int{128, 192, 256}, newARIA, 16, "ecb cbc cfb cfb1 cfb8 ofb ctr gcm ccm"},
	{"camellia", []int{128, 192, 256}, newCamellia, 16, "ecb cbc cfb cfb1 cfb8 ofb ctr"},
	{"sm4", []int{128}, sm4.NewCipher, 16, "ecb cbc cfb ofb ctr gcm ccm"},
	{"des-ede3", []int{192}, des.NewTripleDESCipher, 8, "ecb cbc cfb cfb1 cfb8 ofb"},
	{"des-ede", []int{128}, newTwoKeyDES, 8, "ecb cbc cfb ofb"},
}

// newTwoKeyDES is triple DES whose third key is the first.
func newTwoKeyDES(key []byte) (cipher.Block, error) {
	return des.NewTripleDESCipher(append(key[:16:16], key[:8]...))
}

func init() {
	for _, f := range families {
		for _, bits := range f.bits {
			for mode := range strings.FieldsSeq(f.modes) {
				f.register(bits, mode)
			}
		}
	}
	algorithms["des3"] = algorithms["des-ede3-cbc"]
	algorithms["des-ede3"] = algorithms["des-ede3-ecb"]
	algorithms["des-ede"] = algorithms["des-ede-ecb"]
	algorithms["sm4"] = algorithms["sm4-cbc"]
	add(&Algorithm{Name: "chacha20", KeySize: 32, IVSize: 16, new: newChaCha20})
	add(&Algorithm{Name: "chacha20-poly1305", KeySize: 32, IVSize: 12, AEAD: true, new: newChaChaPoly})
}

func add(a *Algorithm) { algorithms[a.Name] = a }

func (f family) register(bits int, mode string) {
	prefix := f.name
	if len(f.bits) > 1 {
		prefix += "-" + strconv.Itoa(bits)
	}
	a := &Algorithm{Name: prefix + "-" + mode, KeySize: bits / 8, IVSize: f.size}
	withBlock := func(start func(b cipher.Block, iv []byte, decrypt bool, tagSize int) (Cipher, error)) {
		a.new = func(key, iv []byte, decrypt bool, tagSize int) (Cipher, error) {
			b, err := f.block(key)
			if err != nil {
				return nil, err
			}
			return start(b, iv, decrypt, tagSize)
		}
	}
	switch mode {
	case "ecb":
		a.IVSize = 0
		withBlock(newECB)
	case "cbc":
		withBlock(newCBC)
		if len(f.bits) > 1 {
			algorithms[f.name+strconv.Itoa(bits)] = a
		}
	case "cfb":
		withBlock(newCFB)
		algorithms[a.Name+strconv.Itoa(8*f.size)] = a
	case "cfb1":
		withBlock(newCFB1)
	case "cfb8":
		withBlock(newCFB8)
	case "ofb":
		withBlock(newOFB)
		algorithms[a.Name+strconv.Itoa(8*f.size)] = a
	case "ctr":
		withBlock(func(b cipher.Block, iv []byte, _ bool, _ int) (Cipher, error) {
			return stream{cipher.NewCTR(b, iv)}, nil
		})
	case "xts":
		a.KeySize = bits / 4
		a.new = func(key, iv []byte, decrypt bool, _ int) (Cipher, error) { return newXTS(f.block, key, iv, decrypt) }
	case "gcm", "ccm", "ocb":
		a.IVSize, a.AEAD = 12, true
		withBlock(map[string]func(cipher.Block, []byte, bool, int) (Cipher, error){"gcm": newGCM, "ccm": newCCM, "ocb": newOCB}[mode])
		if mode != "ocb" && len(f.bits) > 1 {
			algorithms["id-"+f.name+strconv.Itoa(bits)+"-"+mode] = a
		}
	}
	add(a)
}

// grow extends dst by n bytes and returns both the whole and the new part.
func grow(dst []byte, n int) (whole, part []byte) {
	whole = append(dst, make([]byte, n)...)
	return whole, whole[len(dst):]
}
