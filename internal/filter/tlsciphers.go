package filter

import (
	"crypto/tls"
	"slices"
	"strings"
)

// tlsCipher is a suite of TLS 1.2 and below that crypto/tls has, with its name in OpenSSL.
type tlsCipher struct {
	id      uint16
	name    string // in OpenSSL
	iana    string
	words   []string // groups it belongs to
	exclude bool     // not by default
}

// tlsCiphers are in the order of preference of crypto/tls, which is the order they are used in, whatever the list says.
var tlsCiphers = []tlsCipher{
	{id: tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, name: "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{id: tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, name: "ECDHE-RSA-AES128-GCM-SHA256"},
	{id: tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, name: "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{id: tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, name: "ECDHE-RSA-AES256-GCM-SHA384"},
	{id: tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, name: "ECDHE-ECDSA-CHACHA20-POLY1305"},
	{id: tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, name: "ECDHE-RSA-CHACHA20-POLY1305"},
	{id: tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, name: "ECDHE-ECDSA-AES128-SHA"},
	{id: tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, name: "ECDHE-RSA-AES128-SHA"},
	{id: tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, name: "ECDHE-ECDSA-AES256-SHA"},
	{id: tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, name: "ECDHE-RSA-AES256-SHA"},
	{id: tls.TLS_RSA_WITH_AES_128_GCM_SHA256, name: "AES128-GCM-SHA256", exclude: true},
	{id: tls.TLS_RSA_WITH_AES_256_GCM_SHA384, name: "AES256-GCM-SHA384", exclude: true},
	{id: tls.TLS_RSA_WITH_AES_128_CBC_SHA, name: "AES128-SHA", exclude: true},
	{id: tls.TLS_RSA_WITH_AES_256_CBC_SHA, name: "AES256-SHA", exclude: true},
	{id: tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, name: "ECDHE-ECDSA-AES128-SHA256", exclude: true},
	{id: tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, name: "ECDHE-RSA-AES128-SHA256", exclude: true},
	{id: tls.TLS_RSA_WITH_AES_128_CBC_SHA256, name: "AES128-SHA256", exclude: true},
	{id: tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, name: "ECDHE-RSA-DES-CBC3-SHA", exclude: true},
	{id: tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, name: "DES-CBC3-SHA", exclude: true},
	{id: tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, name: "ECDHE-ECDSA-RC4-SHA", exclude: true},
	{id: tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, name: "ECDHE-RSA-RC4-SHA", exclude: true},
	{id: tls.TLS_RSA_WITH_RC4_128_SHA, name: "RC4-SHA", exclude: true},
}

// cipherWords are the words of OpenSSL lists (openssl-ciphers(1)) that name what no suite here has, so that excluding it is
// nothing to warn about.
var cipherWords = []string{"aNULL", "eNULL", "NULL", "EXPORT", "EXP", "LOW", "DES", "MD5", "PSK", "SRP", "DSS", "aDSS", "SEED",
	"IDEA", "CAMELLIA", "ARIA", "AESCCM", "AESCCM8", "ADH", "AECDH", "DH", "DHE", "EDH", "kDHE", "kEDH", "aECDH", "aPSK", "kPSK",
	"SSLv2", "RC2", "GOST", "kGOST", "aGOST", "COMPLEMENTOFALL"}

func init() {
	for i := range tlsCiphers {
		c := &tlsCiphers[i]
		c.iana = tls.CipherSuiteName(c.id)
		has := func(s string) bool { return strings.Contains(c.iana, s) }
		add := func(when bool, words ...string) {
			if when {
				c.words = append(c.words, words...)
			}
		}
		add(true, "ALL", "COMPLEMENTOFDEFAULT")
		add(!c.exclude, "DEFAULT")
		add(has("ECDHE"), "ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH")
		add(has("ECDSA"), "ECDSA", "aECDSA")
		add(has("_RSA_"), "aRSA")
		add(has("TLS_RSA"), "RSA", "kRSA")
		add(has("AES"), "AES")
		add(has("AES_128"), "AES128")
		add(has("AES_256"), "AES256")
		add(has("GCM"), "AESGCM")
		add(has("CHACHA20"), "CHACHA20")
		add(has("3DES"), "3DES", "MEDIUM")
		add(has("RC4"), "RC4", "MEDIUM")
		add(has("AES") || has("CHACHA20"), "HIGH")
		add(has("GCM") || has("CHACHA20") || strings.HasSuffix(c.iana, "CBC_SHA256"), "TLSv1.2")
		add(strings.HasSuffix(c.iana, "CBC_SHA") || has("RC4"), "SSLv3", "TLSv1")
		add(strings.HasSuffix(c.iana, "_SHA"), "SHA1", "SHA")
		add(has("SHA256"), "SHA256")
		add(has("SHA384"), "SHA384")
	}
}

// matches reports whether a word of a list, several joined by + included, means the suite.
func (c *tlsCipher) matches(word string) bool {
	for w := range strings.SplitSeq(word, "+") {
		if w != c.name && w != c.iana && !slices.Contains(c.words, w) {
			return false
		}
	}
	return true
}

// parseCiphers returns the suites of a list as OpenSSL has it, and the words that mean nothing. The suites are nil if none
// is left: the default is used then. Suites of TLS 1.3 are known, but cannot be chosen.
func parseCiphers(list string) (ids []uint16, unknown []string) {
	var in, out []uint16 // chosen, and excluded for good
	words := strings.FieldsFunc(list, func(c rune) bool { return strings.ContainsRune(":, ;", c) })
	for _, word := range words {
		op := byte(0)
		name := word
		if strings.IndexByte("!-+", word[0]) >= 0 {
			op, name = word[0], word[1:]
		}
		if strings.HasPrefix(name, "@") { // @STRENGTH, @SECLEVEL=n: the order is fixed
			continue
		}
		var found []uint16
		for i := range tlsCiphers {
			if tlsCiphers[i].matches(name) {
				found = append(found, tlsCiphers[i].id)
			}
		}
		if len(found) == 0 && !knownWord(name) {
			unknown = append(unknown, word)
			continue
		}
		switch op {
		case '!':
			out = append(out, found...)
			fallthrough
		case '-':
			in = slices.DeleteFunc(in, func(id uint16) bool { return slices.Contains(found, id) })
		case '+': // to the end of the list, whose order does not matter
		default:
			for _, id := range found {
				if !slices.Contains(in, id) && !slices.Contains(out, id) {
					in = append(in, id)
				}
			}
		}
	}
	return in, unknown
}

func isTLS13Cipher(name string) bool {
	for _, c := range tls.CipherSuites() {
		if c.Name == name && slices.Contains(c.SupportedVersions, tls.VersionTLS13) {
			return true
		}
	}
	return false
}

// knownWord reports whether a word that no suite here has is one of OpenSSL.
func knownWord(word string) bool {
	for w := range strings.SplitSeq(word, "+") {
		known := isTLS13Cipher(w) || slices.Contains(cipherWords, w)
		for i := range tlsCiphers {
			known = known || tlsCiphers[i].matches(w)
		}
		if !known {
			return false
		}
	}
	return true
}
