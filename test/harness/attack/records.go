package attack

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// sealer makes records of TLS 1.3, with AES-128 and SHA-256 (RFC 8446 §5.2, §7.3).
type sealer struct {
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func expand(secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := fmt.Sprintf("%c%c%c%s\x00", n>>8, n, len(label), label)
	b, err := hkdf.Expand(sha256.New, secret, info, n)
	if err != nil {
		panic(err)
	}
	return b
}

func (s *sealer) use(secret []byte) {
	block, err := aes.NewCipher(expand(secret, "key", 16))
	if err == nil {
		s.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		panic(err)
	}
	s.secret, s.iv, s.seq = secret, expand(secret, "iv", 12), 0
}

// update goes on to the next keys.
func (s *sealer) update() { s.use(expand(s.secret, "traffic upd", 32)) }

func (s *sealer) seal(kind byte, content string) []byte {
	nonce := append([]byte(nil), s.iv...)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^s.seq)
	s.seq++
	plain := append([]byte(content), kind)
	n := len(plain) + s.aead.Overhead()
	header := []byte{23, 3, 3, byte(n >> 8), byte(n)}
	return s.aead.Seal(header, nonce, plain, header)
}

// records is an attack with records that mean nothing, after a handshake.
func records(next func(s *sealer) []byte) func(context.Context, Target) (string, error) {
	return func(ctx context.Context, t Target) (string, error) {
		var log strings.Builder
		c, done, err := secure(ctx, t.Secure, &tls.Config{KeyLogWriter: &log, MinVersion: tls.VersionTLS13})
		if err != nil {
			return "", err
		}
		defer done()
		if id := c.ConnectionState().CipherSuite; id != tls.TLS_AES_128_GCM_SHA256 {
			return "", fmt.Errorf("cipher suite %s", tls.CipherSuiteName(id))
		}
		_, secret, _ := strings.Cut(log.String(), "CLIENT_TRAFFIC_SECRET_0 ")
		secret, _, _ = strings.Cut(secret, "\n")
		raw, err := hex.DecodeString(secret[strings.IndexByte(secret, ' ')+1:])
		if err != nil {
			return "", err
		}
		s := new(sealer)
		s.use(raw)
		go func() {
			w := bufio.NewWriter(c.NetConn())
			for ctx.Err() == nil {
				if _, err := w.Write(next(s)); err != nil {
					return
				}
			}
		}()
		_, err = io.Copy(io.Discard, c)
		var op *net.OpError
		switch {
		case ctx.Err() != nil:
			return "", ErrStopped
		case errors.As(err, &op) && op.Op == "remote error":
			return strings.TrimPrefix(op.Err.Error(), "tls: "), nil
		case err == nil || isReset(err):
			return "EOF", nil
		}
		return "", err
	}
}

// keyUpdate asks for new keys, which are to be answered with new keys.
func keyUpdate(s *sealer) []byte {
	b := s.seal(22, "\x18\x00\x00\x01\x01")
	s.update()
	return b
}

func emptyRecord(s *sealer) []byte { return s.seal(23, "") }

func brokenRecord(s *sealer) []byte { s.seq++; return s.seal(23, "x") }
