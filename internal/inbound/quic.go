package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	quic "github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"weir/internal/filter"
	"weir/internal/reactor"
)

// Ports for QUIC. A port has one socket in the process, whichever worker serves a connection: a client may change its address,
// and the system would hand its datagrams to another worker's socket. quic-go reads the socket, and does the handshakes; each
// connection belongs to one worker from its first datagram on.

// quicSockets are the sockets of the process.
type quicSockets struct {
	mu sync.Mutex
	m  map[Key]*quicSocket
}

// quicSocket is the socket of a port. It stays open as long as a worker has the port, or a connection of it is alive.
type quicSocket struct {
	all       *quicSockets
	key       Key
	udp       net.PacketConn
	transport *quic.Transport
	stop      context.CancelFunc // ends accepting

	// Guarded by all.mu.
	refs    int
	shares  []*quicShare // of the workers that serve the port
	next    int
	serving bool
}

// quicShare is a worker's share of a port: the port's listener. Its methods are called on the worker.
type quicShare struct {
	port    *Port
	socket  *quicSocket
	cur     atomic.Pointer[binding] // what new connections get
	full    atomic.Bool             // paused, for others to see
	paused  bool
	closed  bool
	waiting []*quic.Conn // accepted while paused
}

// quicBacklog is how many connections of a worker wait while it has as many as allowed.
const quicBacklog = 128

// quicAttempt is what a connection carries in its context.
type quicAttempt struct{ share *quicShare }

type quicAttemptKey struct{}

var errNobodyServes = errors.New("nobody serves the port")

// open returns a new share of a port for a worker, and opens the socket if it is not open. Nothing is accepted yet.
func (all *quicSockets) open(port *Port) (listener, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	s := all.m[port.key]
	if s == nil {
		udp, err := reactor.ListenPacket(port.key.Addr)
		if err != nil {
			return nil, err
		}
		s = &quicSocket{all: all, key: port.key, udp: udp}
		s.transport = &quic.Transport{Conn: udp, ConnContext: s.assign}
		if all.m == nil {
			all.m = map[Key]*quicSocket{}
		}
		all.m[port.key] = s
	}
	s.refs++
	port.ports.Loop.Hold()
	return &quicShare{port: port, socket: s}, nil
}

// release takes a reference back. The last one closes the socket.
func (s *quicSocket) release() {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return
	}
	delete(s.all.m, s.key)
	if s.stop != nil {
		s.stop()
	}
	s.udp.Close()          // so that the port is free from now on
	go s.transport.Close() // which waits for handshakes, and those perhaps for a worker
}

func (s *quicSocket) retain() {
	s.all.mu.Lock()
	s.refs++
	s.all.mu.Unlock()
}

// assign gives a new connection to a worker, on a goroutine of quic-go: in turns, but to one that accepts if there is any.
func (s *quicSocket) assign(ctx context.Context, _ *quic.ClientInfo) (context.Context, error) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	var chosen *quicShare
	for range s.shares {
		s.next++
		if share := s.shares[s.next%len(s.shares)]; chosen == nil || !share.full.Load() {
			chosen = share
			if !share.full.Load() {
				break
			}
		}
	}
	if chosen == nil {
		return nil, errNobodyServes
	}
	return context.WithValue(ctx, quicAttemptKey{}, &quicAttempt{chosen}), nil
}

// configFor returns the configuration of a new connection. All workers have the same.
func (s *quicSocket) configFor(*quic.ClientInfo) (*quic.Config, error) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	if len(s.shares) == 0 {
		return nil, errNobodyServes
	}
	return s.shares[0].cur.Load().quic, nil
}

// tlsFor returns the configuration of a handshake, on the goroutine of its connection.
func (s *quicSocket) tlsFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	ctx := hello.Context()
	share := ctx.Value(quicAttemptKey{}).(*quicAttempt).share
	t := share.cur.Load().opts.TLS
	if t.Static() {
		return t.Config(ctx), nil
	}
	result := make(chan *tls.Config, 1)
	share.port.ports.Loop.Post(func() {
		if share.closed {
			result <- nil
			return
		}
		result <- share.cur.Load().opts.TLS.Config(ctx)
	})
	timer := time.NewTimer(maxHandshake(t))
	defer timer.Stop()
	select {
	case c := <-result:
		if c == nil {
			return nil, errNobodyServes
		}
		return c, nil
	case <-timer.C:
		return nil, errors.New("the worker is busy")
	}
}

// maxHandshake returns a limit for what has one only if the script says so.
func maxHandshake(t *filter.QUICTLS) time.Duration {
	if d := t.Timeout(); d > 0 {
		return d
	}
	return time.Hour
}

// serve begins to accept; all.mu is held.
func (s *quicSocket) serve() error {
	ln, err := s.transport.Listen(&tls.Config{GetConfigForClient: s.tlsFor, NextProtos: []string{http3.NextProtoH3}},
		&quic.Config{GetConfigForClient: s.configFor})
	if err != nil {
		return err
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go s.accept(ctx, ln)
	return nil
}

// accept hands connections to their workers. It is not further ahead of them than quicBacklog.
func (s *quicSocket) accept(ctx context.Context, ln *quic.Listener) {
	posted := make(chan struct{}, quicBacklog)
	for {
		conn, err := ln.Accept(ctx)
		if err != nil {
			return // the socket is closed
		}
		share := conn.Context().Value(quicAttemptKey{}).(*quicAttempt).share
		select {
		case posted <- struct{}{}:
		case <-ctx.Done():
			return
		}
		share.port.ports.Loop.Post(func() {
			<-posted
			share.accept(conn)
		})
	}
}

// bind sets what new connections get.
func (q *quicShare) bind(b *binding) { q.cur.Store(b) }

// Start implements listener.
func (q *quicShare) Start() {
	s := q.socket
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	s.shares = append(s.shares, q)
	if s.serving {
		return
	}
	s.serving = true
	if err := s.serve(); err != nil {
		q.port.ports.Log.Errorf("[listener] Cannot accept connections on %s: %v", q.port.key, err)
	}
}

// Pause implements listener: clients wait, after their handshake.
func (q *quicShare) Pause() {
	q.paused = true
	q.full.Store(true)
}

// Resume implements listener.
func (q *quicShare) Resume() {
	q.paused = false
	q.full.Store(false)
	if len(q.waiting) > 0 {
		q.port.ports.Loop.Later(q.admitWaiting)
	}
}

func (q *quicShare) admitWaiting() {
	for len(q.waiting) > 0 && !q.paused && !q.closed {
		conn := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		if conn.Context().Err() == nil {
			q.port.acceptQUIC(conn)
		}
	}
}

// SetOptions implements listener. There is nothing that concerns the socket.
func (q *quicShare) SetOptions(reactor.ListenOptions) {}

// Close implements listener. Connections live on.
func (q *quicShare) Close() {
	if q.closed {
		return
	}
	q.closed = true
	s := q.socket
	s.all.mu.Lock()
	for i, other := range s.shares {
		if other == q {
			s.shares = append(s.shares[:i:i], s.shares[i+1:]...)
			break
		}
	}
	s.all.mu.Unlock()
	for _, conn := range q.waiting {
		refuse(conn)
	}
	q.waiting = nil
	s.release()
	q.port.ports.Loop.Unhold()
}

// accept takes a connection whose handshake is complete.
func (q *quicShare) accept(conn *quic.Conn) {
	switch {
	case q.closed || len(q.waiting) >= quicBacklog:
		refuse(conn)
	case q.paused:
		waiting := q.waiting[:0]
		for _, c := range q.waiting {
			if c.Context().Err() == nil {
				waiting = append(waiting, c)
			}
		}
		q.waiting = append(waiting, conn)
	default:
		q.port.acceptQUIC(conn)
	}
}

// refuse closes a connection that is not served.
func refuse(conn *quic.Conn) {
	go conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeExcessiveLoad), "") // which waits for the connection
}

// acceptQUIC makes a connection an inbound one.
func (port *Port) acceptQUIC(conn *quic.Conn) {
	in := port.admit(&Inbound{quic: conn})
	s := port.ln.(*quicShare).socket
	s.retain()
	in.makePipeline()
	filter.ServeHTTP3(in.p, conn, func() {
		in.gone()
		s.release()
	})
	in.bound.opts.TLS.Handshaken(in.p.Context())
	in.start()
}

// forQUIC checks whether the binding can serve a port of this protocol, and works out what QUIC needs.
func (b *binding) forQUIC(k Key) error {
	t := b.opts.TLS
	if k.Protocol != "quic" {
		if t != nil {
			return errors.New("options.tls is for protocol quic; use acceptTLS for the others")
		}
		return nil
	}
	if t == nil {
		return errors.New("protocol quic needs a certificate in options.tls")
	}
	o, err := filter.HTTP3Of(b.layout)
	if err != nil {
		return err
	}
	b.quic = &quic.Config{
		HandshakeIdleTimeout:           maxHandshake(t),
		MaxIdleTimeout:                 b.opts.Socket.IdleTimeout,
		InitialStreamReceiveWindow:     uint64(min(o.StreamWindow, 512<<10)),
		MaxStreamReceiveWindow:         uint64(o.StreamWindow),
		InitialConnectionReceiveWindow: uint64(min(o.ConnectionWindow, 512<<10)),
		MaxConnectionReceiveWindow:     uint64(o.ConnectionWindow),
		MaxIncomingStreams:             int64(o.MaxStreams),
		MaxIncomingUniStreams:          maxUniStreams,
	}
	if b.quic.MaxIdleTimeout == 0 {
		b.quic.MaxIdleTimeout = forever
	}
	return nil
}

const (
	maxUniStreams = 16 // HTTP/3 has three: for control, and for both directions of QPACK
	forever       = 365 * 24 * time.Hour
)

func addrPort(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		ap := u.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}
