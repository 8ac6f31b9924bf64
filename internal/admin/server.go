package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/repo"
	"weir/internal/status"
)

// Options configure a Server.
type Options struct {
	Addr      netip.AddrPort // where to listen
	ReusePort bool           // other processes may listen there as well
	Log       *logs.Logger
	Host      status.Host

	TLSCert, TLSKey string   // PEM files; both or none. They are read again when they have changed
	TLSTrusted      []string // PEM files, or directories of them: clients must have a certificate these vouch for
	Tokens          Tokens
	Anyone          bool // nobody is asked for a token or a certificate, whatever the address

	AuditLog string       // file that requests that change something are written to; "" for none
	UI       http.Handler // pages for browsers; nil for none

	// Repo is served below /repo, /api/v1/repo, /api/v1/repo-files and /api/v1/dump-store; nil without a store.
	Repo *repo.Repo
	// Settings are the process's options; nil if they are not shown.
	Settings Settings
	// UUID is that of this process.
	UUID string
}

// Settings are the options of the process. Their methods may be called from any goroutine.
type Settings interface {
	// Line lists the options in effect, without secrets, separated by spaces.
	Line() string
	// Apply changes those that can be changed while the process runs.
	Apply(args []string) error
}

// Limits of what a client may take.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	bodyTimeout    = time.Minute     // for a request's body
	answerTimeout  = 3 * time.Minute // for reading and answering a request; a repo may let one wait for a minute
	maxHeader      = 64 << 10
	maxBody        = 64 << 20 // of a file; a repo has its own
	maxSmallBody   = 1 << 20  // of everything else
	customTimeout  = 30 * time.Second
	healthPatience = time.Second
)

// Server is the admin service. It can be started and stopped many times.
type Server struct {
	opts    Options
	cert    *certificate // nil without TLS
	audit   *audit
	history *metrics.History
	cross   *http.CrossOriginProtection
	guard   guard
	repo    *repo.Handler // nil without a store
	custom  sync.Mutex    // requests to custom paths are served one at a time

	mu   sync.Mutex
	http *http.Server // nil unless started
	stop func()
	busy sync.WaitGroup
}

// New returns a service that does not listen yet. It refuses options under which strangers could control the process.
func New(o Options) (*Server, error) {
	if !o.Anyone && o.Tokens.none() && len(o.TLSTrusted) == 0 && !o.Addr.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("the admin service at %s could be reached from other machines without a password: "+
			"it needs a token or trusted client certificates, or a loopback address", o.Addr)
	}
	s := &Server{opts: o, history: new(metrics.History), cross: http.NewCrossOriginProtection()}
	s.guard = newGuard(o)
	if o.TLSCert != "" {
		var err error
		if s.cert, err = openCertificate(o.TLSCert, o.TLSKey, o.TLSTrusted); err != nil {
			return nil, fmt.Errorf("admin service: %w", err)
		}
	} else if len(o.TLSTrusted) > 0 {
		return nil, errors.New("admin service: client certificates can be asked for only with a certificate of its own")
	}
	var err error
	if s.audit, err = openAudit(o.AuditLog, o.Log); err != nil {
		return nil, err
	}
	if o.Repo != nil {
		s.repo = &repo.Handler{Repo: o.Repo}
	}
	return s, nil
}

// Start begins to listen. It does nothing if the service listens already.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return nil
	}
	s.opts.Log.Infof("[admin] Starting admin service...")
	l, err := listen(s.opts.Addr, s.opts.ReusePort)
	if err != nil {
		s.opts.Log.Errorf("[listener] Cannot start listening on TCP port %d at %s: %v", s.opts.Addr.Port(), s.opts.Addr.Addr(), err)
		return fmt.Errorf("admin service: %w", err)
	}
	s.opts.Log.Infof("[listener] Listening on TCP port %d at %s", s.opts.Addr.Port(), s.opts.Addr.Addr())
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.http = newHTTP(ctx, s, s.opts.Log, s.cert)
	s.busy.Go(func() { s.sample(ctx) })
	s.busy.Go(func() { serve(s.http, l, s.opts.Log) })
	return nil
}

// newHTTP returns a server with the limits of this package. Its requests end with the context.
func newHTTP(ctx context.Context, h http.Handler, log *logs.Logger, cert *certificate) *http.Server {
	x := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog:    stdlog.New(debugWriter{log}, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
		Protocols:   new(http.Protocols),
	}
	x.Protocols.SetHTTP1(true)
	x.Protocols.SetHTTP2(true)
	x.Protocols.SetUnencryptedHTTP2(true)
	if cert != nil {
		x.TLSConfig = &tls.Config{GetConfigForClient: cert.config, MinVersion: tls.VersionTLS12}
	}
	return x
}

func serve(x *http.Server, l net.Listener, log *logs.Logger) {
	if x.TLSConfig != nil {
		l = newTLSListener(l, x.TLSConfig.Clone()) // net/http changes its own
	} else {
		l = plainListener{l}
	}
	if err := x.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Errorf("[admin] %v", err)
	}
}

// Running reports whether the service listens.
func (s *Server) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.http != nil
}

// Stop closes the port and all connections. It does nothing if the service does not listen.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return
	}
	s.stop()
	_ = s.http.Close() // an error is one of closing sockets: they are gone
	s.http = nil
	s.opts.Log.Infof("[listener] Stopped listening on TCP port %d at %s", s.opts.Addr.Port(), s.opts.Addr.Addr())
	s.opts.Log.Infof("[admin] Admin service stopped on port %d", s.opts.Addr.Port())
	s.busy.Wait()
}

// Close stops the service for good.
func (s *Server) Close() {
	s.Stop()
	s.audit.close()
}

// sample keeps the history of the metrics while the service runs.
func (s *Server) sample(ctx context.Context) {
	tick := time.NewTicker(metrics.HistoryInterval)
	defer tick.Stop()
	for {
		s.history.Add(s.opts.Host.Metrics())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// debugWriter has net/http's complaints about clients in the log where somebody debugs connections.
type debugWriter struct{ log *logs.Logger }

func (d debugWriter) Write(b []byte) (int, error) {
	d.log.Debugf(logs.Inbound, "[admin] %s", b)
	return len(b), nil
}
