// Package certfiles reads the certificates that are named on the command line.
package certfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Pair reads a certificate with its chain and its key from PEM files.
func Pair(cert, key string) (tls.Certificate, error) {
	for _, file := range []string{cert, key} {
		f, err := os.Open(file)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("cannot open file: %s", file)
		}
		f.Close()
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot use the certificate %s with the key %s: %w", cert, key, err)
	}
	return pair, nil
}

// Client returns a configuration for connections to servers. They are checked against the certificates of trusted, by the rules
// of Pool, or against the system's roots if there are none. A certificate of the client's own is read again for each connection
// that asks for it, so that it may be renewed; "" for none.
func Client(cert, key string, trusted []string) (*tls.Config, error) {
	config := &tls.Config{}
	if cert != "" {
		if _, err := Pair(cert, key); err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := Pair(cert, key)
			return &pair, err
		}
	}
	if len(trusted) > 0 {
		pool, err := Pool(trusted)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	return config, nil
}

// Pool reads PEM files, and all files of directories but those that start with a dot.
func Pool(paths []string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			pem, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("cannot open file: %s", file)
			}
			if !pool.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("no certificates in %s", file)
			}
		}
	}
	return pool, nil
}

// Files lists the files that Pool reads.
func Files(paths []string) ([]string, error) {
	var all []string
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("file or directory not found: %s", path)
	case err != nil:
		return nil, fmt.Errorf("cannot open file: %s", path)
	case !info.IsDir():
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read directory: %s", path)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}
