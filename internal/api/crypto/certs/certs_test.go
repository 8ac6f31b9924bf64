package certs

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/internal/api/crypto/keys"
)

func key(t testing.TB, kind, curve string) keys.Private {
	t.Helper()
	k, err := keys.Generate(kind, keys.GenerateOptions{Bits: 1024, Curve: curve})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func issue(t testing.TB, k keys.Private, extensions ...Extension) (*x509.Certificate, error) {
	t.Helper()
	now := time.Now()
	return Issue(&Template{Subject: []Entry{{"CN", "x"}}, PublicKey: k.Public(), Key: k, NotBefore: now, NotAfter: now.Add(time.Hour), Extensions: extensions})
}

func TestVersion(t *testing.T) {
	t.Parallel()
	k := key(t, "ec", "")
	for want, list := range map[int][]Extension{1: nil, 3: {{"basicConstraints", "CA:TRUE"}}} {
		c, err := issue(t, k, list...)
		if err != nil || c.Version != want || c.SerialNumber.BitLen() > 160 || c.SerialNumber.Sign() <= 0 {
			t.Errorf("%v: %+v %v", list, c, err)
		}
		if err == nil && (c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil || !bytes.Equal(c.RawIssuer, c.RawSubject)) {
			t.Errorf("%v: not signed by itself", list)
		}
	}
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	k := key(t, "ec", "")
	for _, e := range []struct {
		name, value string
		ok          bool
	}{
		{"subjectAltName", "DNS:a.com, IP:127.0.0.1,IP:::1,email:a@b.c,URI:http://a/,RID:1.2.3", true},
		{"subjectAltName", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example", true},
		{"X509v3 Subject Alternative Name", "DNS:a.com", true},
		{"subjectAltName", "DNS:", false},
		{"subjectAltName", "", false},
		{"subjectAltName", "DNS:a,,DNS:b", false},
		{"subjectAltName", "IP:1.2.3", false},
		{"subjectAltName", "IP:fe80::1%eth0", false},
		{"subjectAltName", "DNS:ü", false},
		{"subjectAltName", "RID:9.9", false},
		{"subjectAltName", "RID:1.2.99999999999", false},
		{"subjectAltName", "otherName:1.2.3;X:y", false},
		{"subjectAltName", "dirName:x", false},
		{"subjectAltName", "email:copy", false},
		{"issuerAltName", "URI:http://a/", true},
		{"basicConstraints", "CA:true", true},
		{"basicConstraints", "critical, CA:TRUE, pathlen:3", true},
		{"basicConstraints", "CA:maybe", false},
		{"basicConstraints", "pathlen:x", false},
		{"basicConstraints", "", false},
		{"keyUsage", "digitalSignature, keyEncipherment,decipherOnly", true},
		{"keyUsage", "Digital Signature", true},
		{"keyUsage", "what", false},
		{"extendedKeyUsage", "serverAuth,clientAuth,1.2.3.4", true},
		{"extendedKeyUsage", "serverauth", false},
		{"subjectKeyIdentifier", "hash", true},
		{"subjectKeyIdentifier", "01:02:AB", true},
		{"subjectKeyIdentifier", "x", false},
		{"authorityKeyIdentifier", "keyid:always,issuer", true},
		{"authorityKeyIdentifier", "what", false},
		{"crlDistributionPoints", "URI:http://a/x.crl", true},
		{"crlDistributionPoints", "a", false},
		{"certificatePolicies", "1.2.3,anyPolicy", true},
		{"certificatePolicies", "x", false},
		{"nameConstraints", "permitted;DNS:a.com,excluded;IP:10.0.0.0/255.0.0.0,permitted;IP:10.0.0.0/8", true},
		{"nameConstraints", "DNS:a.com", false},
		{"nameConstraints", "permitted;IP:10.0.0.0/99", false},
		{"policyConstraints", "requireExplicitPolicy:1,inhibitPolicyMapping:0", true},
		{"policyConstraints", "what:1", false},
		{"inhibitAnyPolicy", "2", true},
		{"inhibitAnyPolicy", "-1", false},
		{"authorityInfoAccess", "OCSP;URI:http://a/,caIssuers;URI:http://b/", true},
		{"authorityInfoAccess", "URI:http://a/", false},
		{"tlsfeature", "status_request", true},
		{"tlsfeature", "x", false},
		{"noCheck", "ignored", true},
		{"nsCertType", "client,server", true},
		{"nsComment", "a remark", true},
		{"nsComment", "ü", false},
		{"unknown", "x", false},
		{"1.2.3", "DER:00", false},
	} {
		c, err := issue(t, k, Extension{e.name, e.value})
		switch {
		case e.ok && err != nil:
			t.Errorf("%s = %s: %v", e.name, e.value, err)
		case !e.ok && (err == nil || err.Error() != "invalid extension: "+e.name):
			t.Errorf("%s = %s: %v", e.name, e.value, err)
		case e.ok && c.Extensions[0].Critical != strings.HasPrefix(e.value, "critical"):
			t.Errorf("%s = %s: critical is %v", e.name, e.value, c.Extensions[0].Critical)
		}
	}
	c, err := issue(t, k, Extension{"basicConstraints", "CA:TRUE,pathlen:0"}, Extension{"keyUsage", "keyCertSign,decipherOnly"},
		Extension{"subjectAltName", "DNS:a.com,IP:::1,URI:http://a/"}, Extension{"nameConstraints", "permitted;IP:10.0.0.0/8,excluded;DNS:b.com"},
		Extension{"authorityInfoAccess", "OCSP;URI:http://o/"}, Extension{"crlDistributionPoints", "URI:http://c/"})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.IsCA, c.MaxPathLen, c.KeyUsage, c.DNSNames, c.IPAddresses, c.URIs, c.PermittedIPRanges, c.ExcludedDNSDomains, c.OCSPServer, c.CRLDistributionPoints)
	want := fmt.Sprint(true, 0, x509.KeyUsageCertSign|x509.KeyUsageDecipherOnly) + " [a.com] [::1] [http://a/] [10.0.0.0/8] [b.com] [http://o/] [http://c/]"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	k := key(t, "ec", "")
	c, err := Issue(&Template{Subject: []Entry{{"C", "CH"}, {"commonName", "ü"}, {"nonsense", "x"}, {"2.5.4.5", "1"}, {"1.2.3.4", "y"}, {"OU", "a"}, {"OU", "b"}, {"DC", "example"}},
		PublicKey: k.Public(), Key: k, NotBefore: time.Now(), NotAfter: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want := "[{countryName CH} {commonName ü} {serialNumber 1} {1.2.3.4 y} {organizationalUnitName a} {organizationalUnitName b} {domainComponent example}]"
	if got := fmt.Sprint(Entries(c.Subject)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, e := range []Entry{{"C", "ü"}, {"emailAddress", "ü@x"}} {
		_, err := Issue(&Template{Subject: []Entry{e}, PublicKey: k.Public(), Key: k})
		if err == nil || !strings.HasPrefix(err.Error(), e.Type+": ") {
			t.Errorf("%v: %v", e, err)
		}
	}
	if _, err := Issue(&Template{PublicKey: k.Public(), Key: key(t, "x25519", "")}); err != ErrNotSigner {
		t.Error(err)
	}
}

// TestKinds issues and requests with every type of key that signs.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rsa", "ec", "ed25519", "ed448", "sm2", "ml-dsa-44", "ml-dsa-65"} {
		k := key(t, name, "")
		c, err := issue(t, k, Extension{"subjectAltName", "DNS:a.com"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if back, err := Parse(PEM(c)); err != nil || !back.Equal(c) {
			t.Errorf("%s: %v", name, err)
		}
		r, err := Request([]Entry{{"CN", "x"}}, k, []Extension{{"subjectAltName", "DNS:a.com"}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, err = ParseRequest(RequestPEM(r))
		if err != nil || !CheckRequest(r) || fmt.Sprint(r.DNSNames) != "[a.com]" {
			t.Errorf("%s: %+v %v", name, r, err)
			continue
		}
		changed := bytes.Clone(r.Raw)
		changed[len(changed)-1] ^= 1
		if r, err := ParseRequest(changed); err == nil && CheckRequest(r) {
			t.Errorf("%s: a changed request verifies", name)
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	k := key(t, "ec", "")
	a, err := issue(t, k)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := issue(t, k)
	one, two := string(PEM(a)), string(PEM(b))
	for _, c := range []struct {
		name, text string
		n          int
		err        string
	}{
		{"none", "text", 0, ""},
		{"empty", "", 0, ""},
		{"two", one + two, 2, ""},
		{"text between", "x\n" + one + "# comment -----BEGIN CERTIFICATE-----\n" + two + "end", 2, ""},
		{"not at a line start", " " + one, 0, ""},
		{"lines with CR", strings.ReplaceAll(one+two, "\n", "\r\n"), 2, ""},
		{"a key between", one + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + two, 2, ""},
		{"cut short", one + two[:len(two)/2], 0, "certificate #2 is no proper PEM block"},
		{"first broken", strings.Replace(one, "\n", "\n!", 1) + two, 0, "certificate #1 is no proper PEM block"},
		{"bad DER", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0, "certificate #1: malformed certificate: "},
	} {
		chain, err := ParseChain([]byte(c.text))
		if (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) || len(chain) != c.n && c.err == "" {
			t.Errorf("%s: %d %v", c.name, len(chain), err)
		}
	}
	for n := 0; n < len(a.Raw); n += 7 {
		if _, err := Parse(a.Raw[:n]); err == nil {
			t.Errorf("%d of %d bytes are a certificate", n, len(a.Raw))
		}
	}
	for _, parse := range []func([]byte) error{
		func(b []byte) error { _, err := Parse(b); return err },
		func(b []byte) error { _, err := ParseChain(b); return err },
		func(b []byte) error { _, err := ParseRequest(b); return err },
	} {
		if err := parse(make([]byte, maxText+1)); err != errTooLarge {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	k := key(f, "ec", "")
	c, err := issue(f, k, Extension{"subjectAltName", "DNS:a.com"})
	if err != nil {
		f.Fatal(err)
	}
	r, err := Request([]Entry{{"CN", "x"}}, k, nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{c.Raw, PEM(c), r.Raw, RequestPEM(r)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := Parse(b); err == nil {
			Entries(c.Subject)
			PEM(c)
		}
		if r, err := ParseRequest(b); err == nil {
			CheckRequest(r)
		}
		ParseChain(b)
	})
}

func FuzzExtension(f *testing.F) {
	for name := range extensionKinds {
		f.Add(name, "DNS:a,CA:TRUE")
	}
	k := key(f, "ec", "")
	spki, _ := k.Public().SPKI()
	f.Fuzz(func(t *testing.T, name, value string) {
		x := extender{subject: spki, issuerKey: k.Public()}
		x.one(Extension{name, value})
	})
}

// TestHarmless has a request ask to be an authority.
func TestHarmless(t *testing.T) {
	t.Parallel()
	k := key(t, "ec", "")
	r, err := Request([]Entry{{"CN", "x"}}, k, []Extension{{"basicConstraints", "CA:TRUE"}, {"subjectAltName", "DNS:a.com"}, {"keyUsage", "keyCertSign"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Issue(&Template{RawSubject: r.RawSubject, PublicKey: k.Public(), Key: k, NotBefore: time.Now(), NotAfter: time.Now(),
		Extensions: []Extension{{"keyUsage", "digitalSignature"}}, Copied: Harmless(r.Extensions)})
	if err != nil || c.IsCA || c.BasicConstraintsValid || len(c.DNSNames) != 1 || c.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("%+v %v", c, err)
	}
}
