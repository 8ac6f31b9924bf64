// Package dns converts DNS messages (RFC 1035) to plain data and back, in the shape scripts know: the fields of the header,
// and the sections as arrays of questions and records. Messages are written without compression.
package dns

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// typeNames are the types scripts see by name; all others are numbers, and their rdata is in hexadecimal.
var typeNames = []struct {
	Name string
	Type uint16
}{
	{"A", dns.TypeA}, {"NS", dns.TypeNS}, {"CNAME", dns.TypeCNAME}, {"SOA", dns.TypeSOA}, {"PTR", dns.TypePTR},
	{"MX", dns.TypeMX}, {"TXT", dns.TypeTXT}, {"AAAA", dns.TypeAAAA}, {"SRV", dns.TypeSRV}, {"OPT", dns.TypeOPT},
}

// EachType calls f with the types that have names.
func EachType(f func(name string, number uint16)) {
	for _, t := range typeNames {
		f(t.Name, t.Type)
	}
}

const headerSize = 12

// flags are the fields of the header's second word, from the highest bit on.
var flags = []struct {
	name  string
	shift int
	mask  uint16
}{
	{"qr", 15, 1}, {"opcode", 11, 15}, {"aa", 10, 1}, {"tc", 9, 1}, {"rd", 8, 1}, {"ra", 7, 1}, {"zero", 4, 7}, {"rcode", 0, 15},
}

var sections = []string{"question", "answer", "authority", "additional"}

var errName = errors.New("malformed name")

// name reads a name and returns where it ends. It has no dot at the end; dots and backslashes within labels, and control
// characters, are escaped as in zone files.
func name(msg []byte, at int) (string, int, error) {
	s, end, err := dns.UnpackDomainName(msg, at)
	if err != nil {
		return "", 0, err
	}
	s = strings.TrimSuffix(s, ".")
	if !strings.Contains(s, `\`) {
		return s, end, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c != '\\':
			b.WriteByte(c)
		case s[i+1] >= '0' && s[i+1] <= '9':
			if n := (s[i+1]-'0')*100 + (s[i+2]-'0')*10 + s[i+3] - '0'; n > 127 {
				b.WriteByte(n)
			} else {
				b.WriteString(s[i : i+4])
			}
			i += 3
		default:
			if i++; s[i] == '.' || s[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[i])
		}
	}
	if !utf8.ValidString(b.String()) {
		return s, end, nil // all bytes escaped that need it
	}
	return b.String(), end, nil
}

// appendName writes a name, with or without the dot at the end.
func appendName(b []byte, s string) ([]byte, error) {
	if s = dns.Fqdn(s); !dns.IsFqdn(s) {
		return nil, errName // ends with half an escape
	}
	var buf [255]byte
	n, err := dns.PackDomainName(s, buf[:], 0, nil, false)
	if err != nil {
		return nil, errName
	}
	return append(b, buf[:n]...), nil
}
