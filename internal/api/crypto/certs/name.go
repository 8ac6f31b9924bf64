package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
)

// attribute is a type of name entry.
type attribute struct {
	short, long string
	oid         asn1.ObjectIdentifier
	tag         int // type of string; 0 is UTF8String
}

var dnArc = asn1.ObjectIdentifier{2, 5, 4}

func dn(n int) asn1.ObjectIdentifier { return append(dnArc[:len(dnArc):len(dnArc)], n) }

// attributes are OpenSSL's names of name entries.
var attributes = []attribute{
	{"CN", "commonName", dn(3), 0},
	{"SN", "surname", dn(4), 0},
	{"serialNumber", "serialNumber", dn(5), asn1.TagPrintableString},
	{"C", "countryName", dn(6), asn1.TagPrintableString},
	{"L", "localityName", dn(7), 0},
	{"ST", "stateOrProvinceName", dn(8), 0},
	{"street", "streetAddress", dn(9), 0},
	{"O", "organizationName", dn(10), 0},
	{"OU", "organizationalUnitName", dn(11), 0},
	{"title", "title", dn(12), 0},
	{"description", "description", dn(13), 0},
	{"businessCategory", "businessCategory", dn(15), 0},
	{"postalCode", "postalCode", dn(17), 0},
	{"telephoneNumber", "telephoneNumber", dn(20), asn1.TagPrintableString},
	{"name", "name", dn(41), 0},
	{"GN", "givenName", dn(42), 0},
	{"initials", "initials", dn(43), 0},
	{"generationQualifier", "generationQualifier", dn(44), 0},
	{"x500UniqueIdentifier", "x500UniqueIdentifier", dn(45), asn1.TagBitString},
	{"dnQualifier", "dnQualifier", dn(46), asn1.TagPrintableString},
	{"pseudonym", "pseudonym", dn(65), 0},
	{"role", "role", dn(72), 0},
	{"organizationIdentifier", "organizationIdentifier", dn(97), 0},
	{"emailAddress", "emailAddress", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, asn1.TagIA5String},
	{"unstructuredName", "unstructuredName", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 2}, 0},
	{"UID", "userId", asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, 0},
	{"DC", "domainComponent", asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, asn1.TagIA5String},
	{"jurisdictionL", "jurisdictionLocalityName", asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 1}, 0},
	{"jurisdictionST", "jurisdictionStateOrProvinceName", asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 2}, 0},
	{"jurisdictionC", "jurisdictionCountryName", asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3}, asn1.TagPrintableString},
}

// findAttribute finds a name entry by short name, long name or dotted OID.
func findAttribute(name string) (attribute, bool) {
	for _, a := range attributes {
		if a.short == name || a.long == name || a.oid.String() == name {
			return a, true
		}
	}
	if oid, ok := parseOID(name); ok {
		return attribute{oid: oid}, true
	}
	return attribute{}, false
}

// Entry is one part of a name: its type, by any of its names, and its text.
type Entry struct{ Type, Value string }

// marshalName makes a Name with an RDN for each entry, in order. Entries of an unknown type are left out.
func marshalName(entries []Entry) ([]byte, error) {
	name := pkix.RDNSequence{}
	for _, e := range entries {
		a, ok := findAttribute(e.Type)
		if !ok {
			continue
		}
		v, err := attributeText(a.tag, e.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Type, err)
		}
		name = append(name, pkix.RelativeDistinguishedNameSET{{Type: a.oid, Value: v}})
	}
	return asn1.Marshal(name)
}

func attributeText(tag int, text string) (asn1.RawValue, error) {
	v := asn1.RawValue{Tag: tag, Bytes: []byte(text)}
	switch tag {
	case 0:
		v.Tag = asn1.TagUTF8String
	case asn1.TagBitString:
		v.Bytes = append([]byte{0}, v.Bytes...)
	case asn1.TagPrintableString:
		if !printable(text) {
			return v, fmt.Errorf("%q has characters that are not allowed there", text)
		}
	case asn1.TagIA5String:
		for i := range len(text) {
			if text[i] >= 0x80 {
				return v, fmt.Errorf("%q has characters that are not allowed there", text)
			}
		}
	}
	return v, nil
}

// printable reports whether a text is a PrintableString of X.680.
func printable(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(" '()+,-./:=?", c)) {
			return false
		}
	}
	return true
}

// Entries describes a name: each entry with its long name (its OID if it has none) and text, in order.
func Entries(n pkix.Name) []Entry {
	var out []Entry
	for _, v := range n.Names {
		e := Entry{Type: v.Type.String(), Value: fmt.Sprint(v.Value)}
		for _, a := range attributes {
			if a.oid.Equal(v.Type) {
				e.Type = a.long
			}
		}
		out = append(out, e)
	}
	return out
}

// parseOID reads a dotted OID.
func parseOID(s string) (asn1.ObjectIdentifier, bool) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 64 {
		return nil, false
	}
	oid := make(asn1.ObjectIdentifier, len(parts))
	for i, p := range parts {
		n, ok := smallNumber(p)
		if !ok {
			return nil, false
		}
		oid[i] = n
	}
	if oid[0] > 2 || oid[0] < 2 && oid[1] > 39 {
		return nil, false
	}
	return oid, true
}

// smallNumber reads a decimal number of at most nine digits.
func smallNumber(s string) (int, bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
