package certs

import (
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"weir/internal/api/crypto/keys"
)

// extender makes the extensions of one certificate or request.
type extender struct {
	subject   []byte            // SubjectPublicKeyInfo
	issuer    *x509.Certificate // nil if it is the certificate itself
	issuerKey keys.Public
}

// ce is an OID under id-ce of RFC 5280.
func ce(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, n} }

var (
	oidAuthorityInfo  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	oidTLSFeature     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}
	oidOCSPNoCheck    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidNetscapeType   = asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1}
	oidNetscapeRemark = asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 13}
)

// extensionKind is what an extension is called and how its text is read.
type extensionKind struct {
	oid  asn1.ObjectIdentifier
	read func(x *extender, text string) (any, bool)
}

var extensionKinds = map[string]extensionKind{
	"subjectAltName":         {ce(17), readAltNames},
	"issuerAltName":          {ce(18), readAltNames},
	"basicConstraints":       {ce(19), readBasicConstraints},
	"keyUsage":               {ce(15), func(_ *extender, s string) (any, bool) { return readBits(s, keyUsages) }},
	"extendedKeyUsage":       {ce(37), readExtendedKeyUsage},
	"subjectKeyIdentifier":   {ce(14), (*extender).readSubjectKeyID},
	"authorityKeyIdentifier": {ce(35), (*extender).readAuthorityKeyID},
	"crlDistributionPoints":  {ce(31), readDistributionPoints},
	"certificatePolicies":    {ce(32), readPolicies},
	"nameConstraints":        {ce(30), readNameConstraints},
	"policyConstraints":      {ce(36), readPolicyConstraints},
	"inhibitAnyPolicy":       {ce(54), readSkip},
	"authorityInfoAccess":    {oidAuthorityInfo, readAuthorityInfo},
	"tlsfeature":             {oidTLSFeature, readTLSFeature},
	"noCheck":                {oidOCSPNoCheck, func(*extender, string) (any, bool) { return asn1.NullRawValue, true }},
	"nsCertType":             {oidNetscapeType, func(_ *extender, s string) (any, bool) { return readBits(s, netscapeTypes) }},
	"nsComment":              {oidNetscapeRemark, readIA5},
}

// extensionAliases are the long names of OpenSSL.
var extensionAliases = map[string]string{
	"X509v3 Subject Alternative Name": "subjectAltName", "X509v3 Basic Constraints": "basicConstraints",
	"X509v3 Key Usage": "keyUsage", "X509v3 Extended Key Usage": "extendedKeyUsage",
	"X509v3 Subject Key Identifier": "subjectKeyIdentifier", "X509v3 Authority Key Identifier": "authorityKeyIdentifier",
	"X509v3 CRL Distribution Points": "crlDistributionPoints", "X509v3 Certificate Policies": "certificatePolicies",
	"X509v3 Name Constraints": "nameConstraints", "Authority Information Access": "authorityInfoAccess",
	"X509v3 Issuer Alternative Name": "issuerAltName", "Netscape Comment": "nsComment", "Netscape Cert Type": "nsCertType",
}

// all makes the extensions; the error names the one that is wrong.
func (x *extender) all(list []Extension) ([]pkix.Extension, error) {
	var out []pkix.Extension
	for _, e := range list {
		p, ok := x.one(e)
		if !ok {
			return nil, fmt.Errorf("invalid extension: %s", e.Name)
		}
		out = append(out, p)
	}
	return out, nil
}

func (x *extender) one(e Extension) (p pkix.Extension, ok bool) {
	name := e.Name
	if n, ok := extensionAliases[name]; ok {
		name = n
	}
	k, ok := extensionKinds[name]
	if !ok {
		return p, false
	}
	text := strings.TrimSpace(e.Value)
	if rest, ok := strings.CutPrefix(text, "critical"); ok && strings.HasPrefix(strings.TrimSpace(rest), ",") {
		p.Critical = true
		text = strings.TrimSpace(strings.TrimSpace(rest)[1:])
	}
	v, ok := k.read(x, text)
	if !ok {
		return p, false
	}
	value, err := asn1.Marshal(v)
	if err != nil {
		return p, false
	}
	p.Id, p.Value = k.oid, value
	return p, true
}

// values splits a comma-separated list of name:value; it fails on an empty item.
func values(text string) ([][2]string, bool) {
	var out [][2]string
	for item := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(item, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if name == "" {
			return nil, false
		}
		out = append(out, [2]string{name, value})
	}
	return out, true
}

// contextual is a value with an implicit tag of its context.
func contextual(tag int, b []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: b}
}

func constructed(tag int, b []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: b}
}

// generalName reads one name of an alternative name. mask: IP addresses are subnets.
func generalName(kind, value string, mask bool) (asn1.RawValue, bool) {
	var none asn1.RawValue
	switch strings.ToLower(kind) {
	case "email":
		return contextual(1, []byte(value)), value != "" && value != "copy" && value != "move" && ascii(value)
	case "dns":
		return contextual(2, []byte(value)), (value != "" || mask) && ascii(value)
	case "uri":
		return contextual(6, []byte(value)), value != "" && ascii(value)
	case "ip":
		if mask {
			return subnet(value)
		}
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return none, false
		}
		return contextual(7, a.AsSlice()), true
	case "rid":
		oid, ok := parseOID(value)
		if !ok {
			return none, false
		}
		b, err := asn1.Marshal(oid)
		return asn1.RawValue{FullBytes: append([]byte{0x88}, b[1:]...)}, err == nil
	case "othername":
		return otherName(value)
	}
	return none, false
}

// otherName reads OID;UTF8:text.
func otherName(text string) (none asn1.RawValue, ok bool) {
	id, rest, _ := strings.Cut(text, ";")
	kind, value, _ := strings.Cut(rest, ":")
	oid, ok := parseOID(strings.TrimSpace(id))
	tag := map[string]int{"UTF8": asn1.TagUTF8String, "UTF8String": asn1.TagUTF8String, "IA5": asn1.TagIA5String,
		"IA5STRING": asn1.TagIA5String, "PRINTABLESTRING": asn1.TagPrintableString}[kind]
	if !ok || tag == 0 {
		return none, false
	}
	name, err := asn1.Marshal(oid)
	if err != nil {
		return none, false
	}
	v, err := asn1.Marshal(asn1.RawValue{Tag: tag, Bytes: []byte(value)})
	if err != nil {
		return none, false
	}
	inner, err := asn1.Marshal(constructed(0, v))
	return constructed(0, append(name, inner...)), err == nil
}

// subnet reads ADDRESS/MASK or ADDRESS/BITS.
func subnet(text string) (none asn1.RawValue, ok bool) {
	addr, mask, ok := strings.Cut(text, "/")
	a, err := netip.ParseAddr(addr)
	if !ok || err != nil {
		return none, false
	}
	if m, err := netip.ParseAddr(mask); err == nil {
		return contextual(7, append(a.AsSlice(), m.AsSlice()...)), m.BitLen() == a.BitLen()
	}
	bits, ok := smallNumber(mask)
	if !ok || bits > a.BitLen() {
		return none, false
	}
	return contextual(7, append(a.AsSlice(), net.CIDRMask(bits, a.BitLen())...)), true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func readAltNames(_ *extender, text string) (any, bool) {
	list, ok := values(text)
	if !ok {
		return nil, false
	}
	var names []asn1.RawValue
	for _, v := range list {
		n, ok := generalName(v[0], v[1], false)
		if !ok {
			return nil, false
		}
		names = append(names, n)
	}
	return names, true
}

func readBasicConstraints(_ *extender, text string) (any, bool) {
	c := struct {
		CA      bool `asn1:"optional"`
		PathLen int  `asn1:"optional,default:-1"`
	}{PathLen: -1}
	list, ok := values(text)
	if !ok {
		return nil, false
	}
	for _, v := range list {
		switch v[0] {
		case "CA":
			switch strings.ToUpper(v[1]) {
			case "TRUE", "YES", "Y":
				c.CA = true
			case "FALSE", "NO", "N":
				c.CA = false
			default:
				return nil, false
			}
		case "pathlen":
			if c.PathLen, ok = smallNumber(v[1]); !ok {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return c, true
}

// The bits of these extensions, first name of each pair or second.
var (
	keyUsages = []string{"digitalSignature|Digital Signature", "nonRepudiation|Non Repudiation", "keyEncipherment|Key Encipherment",
		"dataEncipherment|Data Encipherment", "keyAgreement|Key Agreement", "keyCertSign|Certificate Sign", "cRLSign|CRL Sign",
		"encipherOnly|Encipher Only", "decipherOnly|Decipher Only"}
	netscapeTypes = []string{"client|SSL Client", "server|SSL Server", "email|S/MIME", "objsign|Object Signing", "reserved|Unused",
		"sslCA|SSL CA", "emailCA|S/MIME CA", "objCA|Object Signing CA"}
)

func readBits(text string, names []string) (any, bool) {
	var b asn1.BitString
	b.Bytes = make([]byte, 2)
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		found := false
		for i, pair := range names {
			short, long, _ := strings.Cut(pair, "|")
			if item == short || item == long || short == "nonRepudiation" && item == "contentCommitment" {
				b.Bytes[i/8] |= 0x80 >> (i % 8)
				b.BitLength = max(b.BitLength, i+1)
				found = true
			}
		}
		if !found {
			return nil, false
		}
	}
	b.Bytes = b.Bytes[:(b.BitLength+7)/8]
	return b, true
}

// purposes are the names of extended key usages.
var purposes = map[string]asn1.ObjectIdentifier{
	"anyExtendedKeyUsage": {2, 5, 29, 37, 0},
	"serverAuth":          {1, 3, 6, 1, 5, 5, 7, 3, 1},
	"clientAuth":          {1, 3, 6, 1, 5, 5, 7, 3, 2},
	"codeSigning":         {1, 3, 6, 1, 5, 5, 7, 3, 3},
	"emailProtection":     {1, 3, 6, 1, 5, 5, 7, 3, 4},
	"ipsecEndSystem":      {1, 3, 6, 1, 5, 5, 7, 3, 5},
	"ipsecTunnel":         {1, 3, 6, 1, 5, 5, 7, 3, 6},
	"ipsecUser":           {1, 3, 6, 1, 5, 5, 7, 3, 7},
	"timeStamping":        {1, 3, 6, 1, 5, 5, 7, 3, 8},
	"OCSPSigning":         {1, 3, 6, 1, 5, 5, 7, 3, 9},
	"ipsecIKE":            {1, 3, 6, 1, 5, 5, 7, 3, 17},
	"msCodeInd":           {1, 3, 6, 1, 4, 1, 311, 2, 1, 21},
	"msCodeCom":           {1, 3, 6, 1, 4, 1, 311, 2, 1, 22},
	"msCTLSign":           {1, 3, 6, 1, 4, 1, 311, 10, 3, 1},
	"msEFS":               {1, 3, 6, 1, 4, 1, 311, 10, 3, 4},
	"msSGC":               {1, 3, 6, 1, 4, 1, 311, 10, 3, 3},
	"nsSGC":               {2, 16, 840, 1, 113730, 4, 1},
}

func readExtendedKeyUsage(_ *extender, text string) (any, bool) {
	var list []asn1.ObjectIdentifier
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		oid, ok := purposes[item]
		if !ok {
			if oid, ok = parseOID(item); !ok {
				return nil, false
			}
		}
		list = append(list, oid)
	}
	return list, true
}

// keyID is the usual identifier of a key: SHA-1 of its bits (RFC 5280 section 4.2.1.2).
func keyID(spki []byte) ([]byte, bool) {
	var k struct {
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &k); err != nil {
		return nil, false
	}
	sum := sha1.Sum(k.PublicKey.Bytes)
	return sum[:], true
}

func (x *extender) readSubjectKeyID(text string) (any, bool) {
	if text == "hash" {
		return keyID(x.subject)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	return b, err == nil && len(b) > 0
}

// readAuthorityKeyID takes keyid, issuer, both, each with :always.
func (x *extender) readAuthorityKeyID(text string) (any, bool) {
	list, ok := values(text)
	if !ok {
		return nil, false
	}
	var fields []asn1.RawValue
	for _, v := range list {
		if v[1] != "" && v[1] != "always" {
			return nil, false
		}
		switch v[0] {
		case "keyid":
			var id []byte
			if x.issuer != nil {
				id = x.issuer.SubjectKeyId
			}
			if id == nil {
				spki, err := x.issuerKey.SPKI()
				if err != nil {
					return nil, false
				}
				if id, ok = keyID(spki); !ok {
					return nil, false
				}
			}
			fields = append(fields, contextual(0, id))
		case "issuer":
			if x.issuer == nil || v[1] == "" { // only the key is enough to find an issuer
				continue
			}
			name, err := asn1.Marshal(constructed(4, x.issuer.RawIssuer))
			if err != nil {
				return nil, false
			}
			serial, err := asn1.Marshal(x.issuer.SerialNumber)
			if err != nil {
				return nil, false
			}
			fields = append(fields, constructed(1, name), asn1.RawValue{FullBytes: append([]byte{0x82}, serial[1:]...)})
		default:
			return nil, false
		}
	}
	return fields, true
}

func readDistributionPoints(_ *extender, text string) (any, bool) {
	list, ok := values(text)
	if !ok {
		return nil, false
	}
	var points []any
	for _, v := range list {
		n, ok := generalName(v[0], v[1], false)
		if !ok {
			return nil, false
		}
		name, err := asn1.Marshal(n)
		if err != nil {
			return nil, false
		}
		full, err := asn1.Marshal(constructed(0, name))
		if err != nil {
			return nil, false
		}
		points = append(points, []asn1.RawValue{constructed(0, full)})
	}
	return rawSequence(points)
}

// rawSequence is a SEQUENCE OF values of any types.
func rawSequence(list []any) (any, bool) {
	out := make([]asn1.RawValue, len(list))
	for i, v := range list {
		b, err := asn1.Marshal(v)
		if err != nil {
			return nil, false
		}
		out[i].FullBytes = b
	}
	return out, true
}

func readPolicies(_ *extender, text string) (any, bool) {
	var list []any
	for item := range strings.SplitSeq(text, ",") {
		oid, ok := parseOID(strings.TrimSpace(item))
		if strings.TrimSpace(item) == "anyPolicy" {
			oid, ok = asn1.ObjectIdentifier{2, 5, 29, 32, 0}, true
		}
		if !ok {
			return nil, false
		}
		list = append(list, []asn1.ObjectIdentifier{oid})
	}
	return rawSequence(list)
}

// readNameConstraints reads permitted;KIND:value and excluded;KIND:value.
func readNameConstraints(_ *extender, text string) (any, bool) {
	var trees [2][]byte
	for item := range strings.SplitSeq(text, ",") {
		side, rest, _ := strings.Cut(strings.TrimSpace(item), ";")
		kind, value, _ := strings.Cut(rest, ":")
		n, ok := generalName(strings.TrimSpace(kind), strings.TrimSpace(value), true)
		if !ok {
			return nil, false
		}
		b, err := asn1.Marshal([]asn1.RawValue{n})
		if err != nil {
			return nil, false
		}
		switch side {
		case "permitted":
			trees[0] = append(trees[0], b...)
		case "excluded":
			trees[1] = append(trees[1], b...)
		default:
			return nil, false
		}
	}
	var fields []asn1.RawValue
	for i, b := range trees {
		if b != nil {
			fields = append(fields, constructed(i, b))
		}
	}
	return fields, true
}

func readPolicyConstraints(_ *extender, text string) (any, bool) {
	c := struct {
		RequireExplicit int `asn1:"optional,default:-1,tag:0"`
		InhibitMapping  int `asn1:"optional,default:-1,tag:1"`
	}{-1, -1}
	list, ok := values(text)
	if !ok {
		return nil, false
	}
	for _, v := range list {
		n, ok := smallNumber(v[1])
		if !ok {
			return nil, false
		}
		switch v[0] {
		case "requireExplicitPolicy":
			c.RequireExplicit = n
		case "inhibitPolicyMapping":
			c.InhibitMapping = n
		default:
			return nil, false
		}
	}
	return c, true
}

func readSkip(_ *extender, text string) (any, bool) {
	n, ok := smallNumber(text)
	return n, ok
}

func readAuthorityInfo(_ *extender, text string) (any, bool) {
	methods := map[string]asn1.ObjectIdentifier{
		"OCSP": {1, 3, 6, 1, 5, 5, 7, 48, 1}, "caIssuers": {1, 3, 6, 1, 5, 5, 7, 48, 2},
	}
	type access struct {
		Method   asn1.ObjectIdentifier
		Location asn1.RawValue
	}
	var list []access
	for item := range strings.SplitSeq(text, ",") {
		name, rest, _ := strings.Cut(strings.TrimSpace(item), ";")
		oid, ok := methods[name]
		if !ok {
			if oid, ok = parseOID(name); !ok {
				return nil, false
			}
		}
		kind, value, _ := strings.Cut(rest, ":")
		n, ok := generalName(kind, value, false)
		if !ok {
			return nil, false
		}
		list = append(list, access{oid, n})
	}
	return list, true
}

func readTLSFeature(_ *extender, text string) (any, bool) {
	var list []int
	for item := range strings.SplitSeq(text, ",") {
		switch item = strings.TrimSpace(item); item {
		case "status_request":
			list = append(list, 5)
		case "status_request_v2":
			list = append(list, 17)
		default:
			n, ok := smallNumber(item)
			if !ok {
				return nil, false
			}
			list = append(list, n)
		}
	}
	return list, true
}

func readIA5(_ *extender, text string) (any, bool) {
	return asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(text)}, ascii(text)
}
