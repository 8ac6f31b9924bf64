package admin

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"weir/internal/logs"
)

// ProxyOptions configure a Proxy.
type ProxyOptions struct {
	Addr      netip.AddrPort // where to listen
	ReusePort bool
	Log       *logs.Logger
	Target    *url.URL     // the admin service that is forwarded to
	TLS       *tls.Config  // towards an https target
	UI        http.Handler // pages for browsers, served from here; nil for none
	// Token, if there is one, is sent to the target with requests that have none of their own.
	Token string
	// TLSCert, TLSKey, TLSTrusted, Tokens and Anyone are as in Options.
	TLSCert, TLSKey string
	TLSTrusted      []string
	Tokens          Tokens
	Anyone          bool
}

// Proxy serves the pages for browsers, and forwards their requests to another admin service.
type Proxy struct {
	opts    ProxyOptions
	guard   guard
	cert    *certificate
	cross   *http.CrossOriginProtection
	forward *httputil.ReverseProxy

	mu   sync.Mutex
	http *http.Server
	stop func()
	busy sync.WaitGroup
}

// NewProxy returns a proxy that does not listen yet.
func NewProxy(o ProxyOptions) (*Proxy, error) {
	so := Options{Addr: o.Addr, TLSCert: o.TLSCert, TLSKey: o.TLSKey, TLSTrusted: o.TLSTrusted, Tokens: o.Tokens, Anyone: o.Anyone, Log: o.Log}
	s, err := New(so) // for the same judgement of the options
	if err != nil {
		return nil, err
	}
	p := &Proxy{opts: o, guard: s.guard, cert: s.cert, cross: s.cross}
	transport := &http.Transport{
		TLSClientConfig: o.TLS, ForceAttemptHTTP2: false, DisableCompression: true, TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout: idleTimeout, MaxIdleConnsPerHost: 32,
	}
	p.forward = &httputil.ReverseProxy{
		Transport: transport, Rewrite: p.rewrite, FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			text(w, http.StatusBadGateway, fmt.Sprintf("%s cannot be reached: %v\n", o.Target.Host, err))
		},
	}
	return p, nil
}

// rewrite sends a request on as it is, to the target by its name. A page that came from here is one of the target's.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = p.opts.Target.Scheme, p.opts.Target.Host, p.opts.Target.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v := r.In.Header[name]; v != nil {
			r.Out.Header[name] = v
		}
	}
	if origin, err := url.Parse(r.In.Header.Get("origin")); err == nil && origin.Host == r.In.Host && origin.Host != "" {
		r.Out.Header.Set("origin", p.opts.Target.Scheme+"://"+p.opts.Target.Host)
	}
	if len(p.guard.tokens) > 0 {
		r.Out.Header.Del("authorization") // it is for this service
	}
	if p.opts.Token != "" && r.Out.Header.Get("authorization") == "" {
		r.Out.Header.Set("authorization", "Bearer "+p.opts.Token)
	}
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limitTime(w, r)
	defer drain(r.Body, r.ProtoMajor)
	if !p.guard.admit(w, r) {
		return
	}
	if err := p.cross.Check(r); err != nil {
		text(w, http.StatusForbidden, "requests of pages of other sites are not taken\n")
		return
	}
	path := r.URL.Path
	switch {
	case under(path, "/api"), under(path, "/repo"), under(path, "/metrics"):
		p.forward.ServeHTTP(w, r)
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case p.opts.UI == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		p.opts.UI.ServeHTTP(w, r)
	}
}

// Start begins to listen.
func (p *Proxy) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.http != nil {
		return nil
	}
	p.opts.Log.Infof("[admin] Starting admin proxy...")
	l, err := listen(p.opts.Addr, p.opts.ReusePort)
	if err != nil {
		p.opts.Log.Errorf("[listener] Cannot start listening on TCP port %d at %s: %v", p.opts.Addr.Port(), p.opts.Addr.Addr(), err)
		return fmt.Errorf("admin proxy: %w", err)
	}
	p.opts.Log.Infof("[listener] Listening on TCP port %d at %s", p.opts.Addr.Port(), p.opts.Addr.Addr())
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	p.http = newHTTP(ctx, p, p.opts.Log, p.cert)
	p.busy.Go(func() { serve(p.http, l, p.opts.Log) })
	return nil
}

// Stop closes the port and all connections.
func (p *Proxy) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.http == nil {
		return
	}
	p.stop()
	_ = p.http.Close() // an error is one of closing sockets: they are gone
	p.http = nil
	p.opts.Log.Infof("[listener] Stopped listening on TCP port %d at %s", p.opts.Addr.Port(), p.opts.Addr.Addr())
	p.opts.Log.Infof("[admin] Admin service stopped on port %d", p.opts.Addr.Port())
	p.busy.Wait()
}
