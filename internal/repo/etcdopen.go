package repo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// etcdSpec is what etcd[s]://[USER@]HOST:PORT[,HOST:PORT…]/PREFIX says.
type etcdSpec struct {
	secure bool
	hosts  []string // HOST:PORT
	user   string
	prefix string
}

// parseEtcd does not repeat what it cannot read: there may be a password in it.
func parseEtcd(spec string) (etcdSpec, error) {
	scheme, rest, _ := strings.Cut(spec, "://")
	hosts, prefix, _ := strings.Cut(rest, "/")
	s := etcdSpec{secure: scheme == "etcds", prefix: strings.Trim(prefix, "/") + "/"}
	if i := strings.LastIndexByte(hosts, '@'); i >= 0 {
		s.user, hosts = hosts[:i], hosts[i+1:]
	}
	s.hosts = strings.Split(hosts, ",")
	good := !strings.Contains(s.user, ":")
	for _, h := range s.hosts {
		host, port, err := net.SplitHostPort(h)
		n, numberErr := strconv.ParseUint(port, 10, 16)
		good = good && err == nil && host != "" && numberErr == nil && n > 0
	}
	if !good {
		return s, errors.New("invalid store: want etcd://HOST:PORT[,HOST:PORT...]/PREFIX, or etcds:// for TLS; USER@ may come before the hosts")
	}
	return s, nil
}

func (s etcdSpec) String() string { return strings.Join(s.hosts, ",") }

func openEtcd(spec string, o StoreOptions) (Store, error) {
	s, err := parseEtcd(spec)
	if err != nil {
		return nil, err
	}
	if err := s.probe(o.TLS); err != nil {
		return nil, fmt.Errorf("cannot use etcd at %s: %w", s, err)
	}
	config := clientv3.Config{
		Username: s.user, Password: o.Password,
		DialTimeout: etcdTimeout, DialKeepAliveTime: 2 * time.Second, DialKeepAliveTimeout: 2 * time.Second,
		Logger: zap.NewNop(),
	}
	scheme := "http://"
	if s.secure {
		scheme, config.TLS = "https://", o.TLS
	}
	for _, h := range s.hosts {
		config.Endpoints = append(config.Endpoints, scheme+h)
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("cannot use etcd at %s: %w", s, err)
	}
	e := &etcd{client: client, prefix: s.prefix, turn: make(chan struct{}, 1)}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	ctx, cancel := context.WithTimeout(e.ctx, etcdTimeout)
	defer cancel()
	if _, err := e.get(ctx, e.seq()); err != nil {
		_ = e.Close()
		return nil, fmt.Errorf("cannot reach etcd at %s: %w", s, err)
	}
	return e, nil
}

// probe looks for members that can be talked to. Where there are none it returns what is wrong with one that answers: etcd's
// own client says no more than that time has run out. Members that are away, or behind something strange, are no error.
func (s etcdSpec) probe(config *tls.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), etcdPatience)
	defer cancel()
	type result struct {
		good bool
		told error
	}
	results := make(chan result, len(s.hosts))
	for _, host := range s.hosts {
		go func() {
			err := askVersion(ctx, config, s.secure, host)
			if err == nil {
				results <- result{good: true}
				return
			}
			told := explainTLS(err)
			if told == nil {
				told = otherScheme(ctx, s.secure, host)
			}
			results <- result{told: told}
		}()
	}
	var told error
	for range s.hosts {
		r := <-results
		if r.good {
			return nil
		}
		if r.told != nil {
			told = r.told
		}
	}
	return told
}

// askVersion makes a request that all members answer: with TLS 1.3 a server may refuse the client's certificate only then.
func askVersion(ctx context.Context, config *tls.Config, secure bool, host string) error {
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+host+"/version", nil)
	if err != nil {
		return err
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close() // nothing in it matters
	if res.StatusCode >= http.StatusBadRequest {
		return errors.New(res.Status)
	}
	return nil
}

// otherScheme returns an error if a member answers with TLS though it is asked for without, or the other way round.
func otherScheme(ctx context.Context, secure bool, host string) error {
	err := askVersion(ctx, &tls.Config{InsecureSkipVerify: true}, !secure, host) // it gets no secrets: who it is does not matter
	switch {
	case err != nil && explainTLS(err) == nil:
		return nil
	case secure:
		return errors.New("it serves no TLS: use etcd://")
	}
	return errors.New("it serves TLS: use etcds://")
}

// explainTLS says what to do about errors of TLS; it returns nil for others.
func explainTLS(err error) error {
	var verify *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &verify):
		return fmt.Errorf("its certificate is not accepted (see --store-tls-trusted): %w", err)
	case errors.As(err, &op) && op.Op == "remote error":
		return fmt.Errorf("it wants a certificate, or does not accept the one it was shown (see --store-tls-cert): %w", err)
	}
	return nil
}
