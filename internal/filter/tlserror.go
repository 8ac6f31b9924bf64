package filter

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"

	"weir/internal/coroutine"
)

// reasonEOF is the error of a connection that ends without close_notify.
const reasonEOF = "unexpected eof while reading"

// tlsReasons are the words OpenSSL has for what crypto/tls says in its own.
var tlsReasons = []struct{ text, reason string }{
	{"no cipher suite supported by both", "no shared cipher"},
	{"server chose an unconfigured cipher suite", "wrong cipher returned"},
	{"only unsupported versions", "unsupported protocol"},
	{"unsupported protocol version", "unsupported protocol"},
	{"unsupported versions", "unsupported protocol"},
	{"unsupported application protocols", "no application protocol"},
	{"didn't provide a certificate", "peer did not return a certificate"},
	{"no certificates configured", "no certificate for this server name"},
	{"bad record MAC", "decryption failed or bad record mac"},
	{"clientHelloMsg when waiting for *tls.helloRequestMsg", "renegotiation refused"},
}

// tlsReason says what went wrong: first the words of OpenSSL, as far as it has some.
func tlsReason(err error) string {
	var header tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	var op *net.OpError
	var crash *coroutine.PanicError
	switch text := err.Error(); {
	case errors.As(err, &crash):
		return "internal error: " + text
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return reasonEOF
	case errors.As(err, &header):
		switch string(header.RecordHeader[:4]) {
		case "GET ", "POST", "HEAD", "PUT ", "OPTI", "DELE", "PATC":
			return "http request: the client does not speak TLS"
		case "HTTP":
			return "wrong version number: the server answers in plain HTTP"
		}
		return "wrong version number: " + text
	case errors.As(err, &verify):
		return "certificate verify failed: " + verify.Err.Error()
	case errors.As(err, &op) && op.Op == "remote error":
		return "alert from the peer: " + strings.TrimPrefix(op.Err.Error(), "tls: ")
	default:
		for _, r := range tlsReasons {
			if strings.Contains(text, r.text) {
				return r.reason + ": " + strings.TrimPrefix(text, "tls: ")
			}
		}
		return strings.TrimPrefix(text, "tls: ")
	}
}
