package inbound

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	quic "github.com/quic-go/quic-go"

	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/reactor"
)

// Key names a port: protocol and address, or the path of a Unix socket.
type Key struct {
	Protocol string // tcp, udp, quic or unix
	Addr     netip.AddrPort
	Path     string
}

// String is the form of log lines: "TCP port 8000 at 0.0.0.0".
func (k Key) String() string {
	switch k.Protocol {
	case "unix":
		return "Unix socket " + k.Path
	case "udp":
		return fmt.Sprintf("UDP port %d at %s", k.Addr.Port(), k.Addr.Addr())
	case "quic":
		return fmt.Sprintf("QUIC port %d at %s", k.Addr.Port(), k.Addr.Addr())
	}
	return fmt.Sprintf("TCP port %d at %s", k.Addr.Port(), k.Addr.Addr())
}

// Ports are the open ports of one worker.
type Ports struct {
	Loop       *reactor.Loop
	Log        *logs.Logger
	ReusePort  bool
	ForceStart bool // a port that cannot be bound is logged, not an error
	Shared     *Counters
	// Quiet workers leave the log lines about ports to the first one.
	Quiet bool
	// DryRun accepts every port and opens none.
	DryRun bool

	table   map[Key]*Port
	loading bool
	reload  bool
	closed  bool
	live    map[*Inbound]struct{}
	metrics *metrics.Registry
}

// NewPorts returns an empty table. Its metrics are its own until Measure.
func NewPorts(loop *reactor.Loop, log *logs.Logger) *Ports {
	return &Ports{Loop: loop, Log: log, Shared: new(Counters), table: map[Key]*Port{}, live: map[*Inbound]struct{}{},
		metrics: metrics.NewHub().Add(loop.Post)}
}

// Counters is what workers have in common: the numbers of connections of their ports, and the sockets of QUIC.
type Counters struct {
	m    sync.Map
	quic quicSockets
}

func (c *Counters) of(k Key) *counter {
	v, _ := c.m.LoadOrStore(k, &counter{ports: map[*Port]struct{}{}})
	return v.(*counter)
}

// counter counts the connections of one port, and knows the workers' shares of it.
type counter struct {
	n     atomic.Int64
	mu    sync.Mutex
	ports map[*Port]struct{}
}

func (c *counter) join(p *Port) {
	c.mu.Lock()
	c.ports[p] = struct{}{}
	c.mu.Unlock()
}

func (c *counter) leave(p *Port) {
	c.mu.Lock()
	delete(c.ports, p)
	c.mu.Unlock()
}

// tell has the other workers look whether they may accept.
func (c *counter) tell(from *Port) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.ports {
		if p != from {
			p.ports.Loop.Post(p.limit)
		}
	}
}

// binding is what serves a port.
type binding struct {
	layout *pipeline.Layout
	opts   Options
	quic   *quic.Config // of connections of QUIC
}

// Port is one open port.
type Port struct {
	ports *Ports
	key   Key
	ln    listener
	cur   *binding // nil until the load that opened the port is committed
	next  *binding // of the version being loaded
	count int
	total *counter

	traffic *metrics.Traffic // nil before the first connection
}

// listener is what accepts the connections of a port, as reactor.Listener does.
type listener interface {
	Start()
	Pause()
	Resume()
	SetOptions(o reactor.ListenOptions)
	Close()
}

// Begin opens a transaction: until Commit or Rollback, Listen prepares ports without changing what is served.
func (p *Ports) Begin(reload bool) { p.loading, p.reload = true, reload }

// Reloading reports whether the load that Begin was called for is a reload.
func (p *Ports) Reloading() bool { return p.reload }

// Listen serves a port with a layout, from now on or from the commit of the load. It does nothing once the worker has
// stopped listening for good.
func (p *Ports) Listen(k Key, l *pipeline.Layout, o Options) error {
	b := &binding{layout: l, opts: o}
	if err := b.forQUIC(k); err != nil {
		return err
	}
	port, err := p.bind(k, o)
	if err != nil || port == nil {
		return err
	}
	if p.loading {
		port.next = b
		return nil
	}
	port.serve(b)
	return nil
}

// Close stops serving a port.
func (p *Ports) Close(k Key) {
	port := p.table[k]
	switch {
	case port == nil:
	case p.loading && port.cur != nil:
		port.next = nil
	default:
		port.close()
	}
}

// FD returns the descriptor of the socket that listens on a port. It is 0 if the port is not open, or shares a socket (QUIC).
func (p *Ports) FD(k Key) int {
	port := p.table[k]
	if port == nil {
		return 0
	}
	ln, ok := port.ln.(interface{ FD() int })
	if !ok {
		return 0
	}
	return ln.FD()
}

// bind returns the port, opening it if it is not open. Where the failure is only to be logged it returns nil.
func (p *Ports) bind(k Key, o Options) (*Port, error) {
	if p.DryRun || p.closed {
		return nil, nil
	}
	if port := p.table[k]; port != nil {
		return port, nil
	}
	port := &Port{ports: p, key: k, total: p.Shared.of(k)}
	lo := p.listenOptions(&o)
	var err error
	switch k.Protocol {
	case "udp":
		port.ln, err = p.Loop.ListenUDP(k.Addr, lo, port.accept)
	case "quic":
		port.ln, err = p.Shared.quic.open(port)
	case "unix":
		port.ln, err = p.Loop.ListenUnix(k.Path, lo, port.accept)
	default:
		port.ln, err = p.Loop.ListenTCP(k.Addr, lo, port.accept)
	}
	if err != nil {
		p.Log.Errorf("[listener] Cannot start listening on %s: %v", k, err)
		if !p.loading || p.reload || p.ForceStart {
			return nil, nil
		}
		if k.Protocol == "unix" {
			return nil, fmt.Errorf("unable to listen on %s: %w", k.Path, err)
		}
		return nil, fmt.Errorf("unable to listen on [%s]:%d: %w", k.Addr.Addr(), k.Addr.Port(), err)
	}
	p.table[k] = port
	port.total.join(port)
	return port, nil
}

func (p *Ports) listenOptions(o *Options) reactor.ListenOptions {
	return reactor.ListenOptions{
		ReusePort: p.ReusePort, Transparent: o.Transparent, FreeBind: o.FreeBind,
		KeepAlive: o.Socket.KeepAlive, NoDelay: o.Socket.NoDelay, Socket: o.Socket, UnixMode: o.Mode,
	}
}

// Commit makes the ports of the loaded version the ones that are served. Ports it does not serve are closed.
func (p *Ports) Commit() {
	p.loading = false
	for _, port := range p.table {
		next := port.next
		port.next = nil
		if next == nil {
			port.close()
			continue
		}
		port.serve(next)
	}
}

// Rollback forgets what was prepared.
func (p *Ports) Rollback() {
	p.loading = false
	for _, port := range p.table {
		port.next = nil
		if port.cur == nil {
			port.close()
		}
	}
}

// CloseAll closes all ports for good. Connections live on.
func (p *Ports) CloseAll() {
	p.closed = true
	for _, port := range p.table {
		port.close()
	}
}

// Closed reports whether CloseAll was called.
func (p *Ports) Closed() bool { return p.closed }

// Len returns the number of open ports.
func (p *Ports) Len() int { return len(p.table) }

// Each calls f for every live inbound connection until it returns false.
func (p *Ports) Each(f func(*Inbound) bool) {
	for in := range p.live {
		if !f(in) {
			return
		}
	}
}

// Abort closes the connections that pipelines of w serve, and returns how many.
func (p *Ports) Abort(w *pipeline.World) int {
	var doomed []*Inbound
	for in := range p.live {
		if in.bound.layout.World() == w {
			doomed = append(doomed, in)
		}
	}
	for _, in := range doomed {
		in.abort()
	}
	return len(doomed)
}

// EachPort calls f for every open port, with the number of its connections.
func (p *Ports) EachPort(f func(k Key, connections int)) {
	for k, port := range p.table {
		f(k, port.count)
	}
}

// Count returns the number of live inbound connections.
func (p *Ports) Count() int { return len(p.live) }

func (port *Port) serve(b *binding) {
	fresh := port.cur == nil
	port.cur = b
	if q, ok := port.ln.(*quicShare); ok {
		q.bind(b)
	}
	if !fresh {
		port.ln.SetOptions(port.ports.listenOptions(&b.opts))
	}
	if log := port.ports.Log; log.DebugEnabled(logs.Listener) {
		what := "new connections go to the new version"
		if fresh {
			what = "opened"
		}
		log.Debugf(logs.Listener, "[listener] %s: %s", port.key, what)
	}
	if fresh {
		port.ln.Start()
		if !port.ports.Quiet {
			port.ports.Log.Infof("[listener] Listening on %s", port.key)
		}
	}
	port.limit()
}

func (port *Port) close() {
	if ln, ok := port.ln.(interface{ AcceptWaiting() }); ok && port.cur != nil {
		ln.AcceptWaiting()
	}
	port.ln.Close()
	port.total.leave(port)
	delete(port.ports.table, port.key)
	if port.cur != nil && !port.ports.Quiet {
		port.ports.Log.Infof("[listener] Stopped listening on %s", port.key)
	}
}

// limit pauses accepting while there are as many connections as allowed.
func (port *Port) limit() {
	if port.cur == nil || port.ports.table[port.key] != port {
		return
	}
	o := &port.cur.opts
	if o.MaxConnections >= 0 && port.count >= o.MaxConnections ||
		o.MaxPortConnections >= 0 && port.total.n.Load() >= int64(o.MaxPortConnections) {
		port.ln.Pause()
		return
	}
	port.ln.Resume()
}
