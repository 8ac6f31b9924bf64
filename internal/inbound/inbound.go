package inbound

import (
	"net/netip"
	"sync/atomic"

	quic "github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

var lastID atomic.Uint64

// Inbound is a connection that came in, with the pipeline that serves it. Pipelines of its context have it as their
// origin; it is the default key of mux sessions.
type Inbound struct {
	id      uint64
	conn    *reactor.Conn // nil for quic
	quic    *quic.Conn
	port    *Port
	p       *pipeline.Pipeline
	bound   *binding
	traffic *metrics.Traffic
	closed  bool
	onEnd   []func()
}

// Wrap makes the script object given to onStart. It is set by the package that owns the class.
var Wrap func(r *script.Realm, in *Inbound) script.Value

// accept is called by the listener for each connection.
func (port *Port) accept(c *reactor.Conn) reactor.Handler {
	return handler{port.admit(&Inbound{conn: c})}
}

// admit makes in a connection of the port.
func (port *Port) admit(in *Inbound) *Inbound {
	in.id, in.port, in.bound = lastID.Add(1), port, port.cur
	in.traffic = port.trafficOf(in)
	in.traffic.Open()
	port.ports.live[in] = struct{}{}
	port.counted(1)
	in.debug("accepted")
	return in
}

// counted notes that a connection has come or gone.
func (port *Port) counted(change int) {
	port.count += change
	n := int(port.total.n.Add(int64(change)))
	o := &port.cur.opts
	if o.MaxConnections >= 0 || o.MaxPortConnections >= 0 {
		port.limit()
	}
	if full := o.MaxPortConnections; full >= 0 && (n == full || n == full-1) {
		port.total.tell(port)
	}
}

// ID returns a number that is unique in the process.
func (in *Inbound) ID() uint64 { return in.id }

// Key names the port the connection came in by.
func (in *Inbound) Key() Key { return in.port.key }

// Buffered returns how many bytes wait to be sent.
func (in *Inbound) Buffered() int { return in.flow().Buffered() }

// UnixPath returns the path of the Unix socket the connection came in by, "" if it came in otherwise.
func (in *Inbound) UnixPath() string { return in.port.key.Path }

// Conn implements pipeline.Socketed. It is nil for a connection of QUIC, which has no socket of its own.
func (in *Inbound) Conn() *reactor.Conn { return in.conn }

// LocalAddr returns the local address.
func (in *Inbound) LocalAddr() netip.AddrPort {
	if in.quic != nil {
		return addrPort(in.quic.LocalAddr())
	}
	return in.conn.LocalAddr()
}

// RemoteAddr returns the client's address: for QUIC the one it has now.
func (in *Inbound) RemoteAddr() netip.AddrPort {
	if in.quic != nil {
		return addrPort(in.quic.RemoteAddr())
	}
	return in.conn.RemoteAddr()
}

// Destination returns where a redirected connection was going to; it is invalid if that is not known.
func (in *Inbound) Destination() netip.AddrPort {
	if in.conn == nil || !in.bound.opts.Transparent {
		return netip.AddrPort{}
	}
	a, _ := in.conn.OriginalDst()
	return a
}

// TakesBytesOnly implements pipeline.ByteSink: a socket has no use for the marks of messages.
func (in *Inbound) TakesBytesOnly() {}

// CopyBytes implements pipeline.ByteCopier.
func (in *Inbound) CopyBytes(b []byte) bool { return in.conn.WriteCopy(b) }

// Closed reports whether the connection is gone.
func (in *Inbound) Closed() bool { return in.closed }

// OnEnd calls f when the connection is gone.
func (in *Inbound) OnEnd(f func()) { in.onEnd = append(in.onEnd, f) }

// OnOpen implements reactor.Handler.
func (in *Inbound) OnOpen(c *reactor.Conn) {
	in.makePipeline()
	in.start()
}

// debug writes a line on what has become of the connection.
func (in *Inbound) debug(what string) {
	topics := logs.Inbound
	switch in.port.key.Protocol {
	case "tcp":
		topics |= logs.TCP
	case "udp", "quic":
		topics |= logs.UDP
	}
	if log := in.port.ports.Log; log.DebugEnabled(topics) {
		log.Debugf(topics, "[inbound] %s -> %s #%d %s", in.RemoteAddr(), in.LocalAddr(), in.id, what)
	}
}

// abort closes the connection at once.
func (in *Inbound) abort() {
	if in.quic != nil {
		go in.quic.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "") // which waits for the connection
		return
	}
	in.conn.Abort()
}

func (in *Inbound) makePipeline() {
	l := in.bound.layout
	in.p = l.New(l.World().Realm.NewContext(in), in)
	in.p.SetSource(in)
}

func (in *Inbound) start() {
	if l := in.bound.layout; l.HasStart() {
		in.p.Start(Wrap(l.World().Realm, in))
	} else {
		in.p.Start()
	}
}

// OnData implements reactor.Handler.
func (in *Inbound) OnData(c *reactor.Conn, d *stream.Data) { in.p.Process(d) }

// OnEnd of reactor.Handler, by way of handler.
func (in *Inbound) ended(code stream.ErrorCode) {
	if log := in.port.ports.Log; log.DebugEnabled(logs.Socket) {
		log.Debugf(logs.Socket, "[socket] inbound %d: the peer has ended: %s", in.id, code)
	}
	if in.p != nil {
		in.p.Process(&stream.StreamEnd{Code: code})
	}
}

func (in *Inbound) gone() {
	in.closed = true
	in.debug("closed")
	delete(in.port.ports.live, in)
	in.port.counted(-1)
	in.traffic.Close()
	in.traffic.Gone(in.flow())
	in.p.Release()
	for _, f := range in.onEnd {
		f()
	}
	in.onEnd, in.p = nil, nil
}

// Process implements pipeline.Input: the pipeline's output goes to the peer.
func (in *Inbound) Process(e stream.Event) {
	if in.conn == nil {
		return // what serves a connection of QUIC ends it by itself
	}
	switch e := e.(type) {
	case *stream.Data:
		if !e.Empty() {
			in.conn.Write(e)
		}
	case *stream.StreamEnd:
		in.conn.End(e.Code)
	}
}

// handler gives Inbound the reactor's method names without making them part of its own API.
type handler struct{ *Inbound }

func (h handler) OnEnd(c *reactor.Conn, code stream.ErrorCode) { h.ended(code) }
func (h handler) OnClose(c *reactor.Conn)                      { h.gone() }
