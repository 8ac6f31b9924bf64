package certfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issue writes a certificate of its own authority, with a serial number, and its key.
func issue(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	issue(t, cert, key, 1)
	config, err := Client(cert, key, []string{cert})
	if err != nil {
		t.Fatal(err)
	}
	if config.RootCAs == nil || config.InsecureSkipVerify {
		t.Error("servers are not checked against the certificates given")
	}
	for serial := int64(1); serial <= 2; serial++ {
		issue(t, cert, key, serial)
		pair, err := config.GetClientCertificate(nil)
		if err != nil || pair.Leaf.SerialNumber.Int64() != serial {
			t.Errorf("certificate %d: %v", serial, err)
		}
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := config.GetClientCertificate(nil); err == nil || err.Error() != "cannot open file: "+key {
		t.Errorf("without a key: %v", err)
	}

	if config, err := Client("", "", nil); err != nil || config.RootCAs != nil || config.GetClientCertificate != nil {
		t.Errorf("nothing given: %+v, %v", config, err)
	}
	for _, c := range []struct {
		cert, key string
		trusted   []string
		want      string
	}{
		{cert, key, nil, "cannot open file: " + key},
		{cert, cert, nil, "cannot use the certificate " + cert + " with the key " + cert},
		{"", "", []string{key}, "file or directory not found: " + key},
		{"", "", []string{dir, os.DevNull}, "no certificates in " + os.DevNull},
	} {
		if _, err := Client(c.cert, c.key, c.trusted); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %q %q: %v, want %q", c.cert, c.key, c.trusted, err, c.want)
		}
	}
}
