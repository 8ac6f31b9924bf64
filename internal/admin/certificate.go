package admin

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"weir/internal/certfiles"
)

// certificate is the service's certificate with the ones it trusts, from files that may be renewed while it runs.
type certificate struct {
	cert, key string
	trusted   []string

	mu      sync.Mutex
	checked time.Time
	stamp   string // of the files that were read
	current *tls.Config
}

// checkEvery is how often the files are looked at, at most.
const checkEvery = 5 * time.Second

func openCertificate(cert, key string, trusted []string) (*certificate, error) {
	c := &certificate{cert: cert, key: key, trusted: trusted, checked: time.Now()}
	stamp, err := c.stamps()
	if err != nil {
		return nil, err
	}
	c.stamp = stamp
	c.current, err = c.load()
	return c, err
}

// config returns the configuration for a connection: from the files if they have changed and can be used, else the one before.
func (c *certificate) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) < checkEvery {
		return c.current, nil
	}
	c.checked = time.Now()
	if stamp, err := c.stamps(); err == nil && stamp != c.stamp {
		if fresh, err := c.load(); err == nil { // else the files are being written
			c.stamp, c.current = stamp, fresh
		}
	}
	return c.current, nil
}

func (c *certificate) load() (*tls.Config, error) {
	pair, err := certfiles.Pair(c.cert, c.key)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if len(c.trusted) == 0 {
		return conf, nil
	}
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	conf.ClientCAs, err = certfiles.Pool(c.trusted)
	return conf, err
}

// stamps tells states of the files apart.
func (c *certificate) stamps() (string, error) {
	files, err := certfiles.Files(c.trusted)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, f := range append([]string{c.cert, c.key}, files...) {
		info, err := os.Stat(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, f, info.Size(), info.ModTime().UnixNano())
	}
	return b.String(), nil
}
