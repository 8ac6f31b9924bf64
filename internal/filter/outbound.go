package filter

import (
	"errors"
	"net/netip"
	"time"

	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/proto/netlink"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// Outbound is a connection a connect filter makes, over all its attempts.
type Outbound struct {
	f        *connect // nil once the pipeline has ended
	opts     *ConnectOptions
	target   target
	rest     []netip.Addr // addresses of the target that were not tried yet in this attempt
	deadline time.Time    // of the attempt, if there is one
	conn     *reactor.Conn
	state    string
	queue    pipeline.Queue
	queued   int64         // bytes in queue
	brake    reactor.Brake // sources that wait for the connection
	attempts int
	retry    *reactor.Timer
	timeout  *reactor.Timer
	resolve  func() // cancels
	retrying bool
	dead     bool
	last     *stream.StreamEnd // goes out when a netlink socket has sent what is queued
	peer     netip.AddrPort
	relays   []func()
	traffic  *metrics.Traffic
	began    time.Time // the attempt
}

// WrapOutbound makes the script object of an Outbound. It is set by the package that owns the class.
var WrapOutbound func(r *script.Realm, ob *Outbound) script.Value

// outboundSet has the live outbound connections of a world.
type outboundSet struct{ live map[*Outbound]struct{} }

type outboundKey struct{}

func outbounds(w *pipeline.World) *outboundSet {
	return pipeline.Extra(w, outboundKey{}, func() *outboundSet {
		s := &outboundSet{map[*Outbound]struct{}{}}
		hook := w.Metrics.OnCollect(s.sample)
		w.OnClose(func() { w.Metrics.Remove(hook) })
		return s
	})
}

func (s *outboundSet) add(ob *Outbound) {
	s.live[ob] = struct{}{}
	ob.traffic = ob.f.World().Metrics.Outbound(ob.target.labels())
	ob.traffic.Open()
}

func (s *outboundSet) remove(ob *Outbound) {
	delete(s.live, ob)
	ob.traffic.Close()
}

// sample adds what the sockets have counted to the metrics being collected.
func (s *outboundSet) sample() {
	for ob := range s.live {
		if ob.conn != nil {
			ob.traffic.Sample(ob.conn)
		}
	}
}

// Outbounds returns the live outbound connections of a world.
func Outbounds(w *pipeline.World) []*Outbound {
	set := outbounds(w).live
	list := make([]*Outbound, 0, len(set))
	for ob := range set {
		list = append(list, ob)
	}
	return list
}

// State returns the name of the connection's state.
func (ob *Outbound) State() string { return ob.state }

// Conn returns the socket, nil while there is none.
func (ob *Outbound) Conn() *reactor.Conn { return ob.conn }

// RemoteAddr returns the peer's address, as far as it is known.
func (ob *Outbound) RemoteAddr() netip.AddrPort { return ob.peer }

// UnixPath returns the path of the Unix socket the connection goes to, "" if it goes elsewhere.
func (ob *Outbound) UnixPath() string { return ob.target.path }

// Netlink tells whether the connection goes to the kernel.
func (ob *Outbound) Netlink() bool { return ob.target.protocol == "netlink" }

// LocalAddr returns the socket's own address, invalid before it is bound.
func (ob *Outbound) LocalAddr() netip.AddrPort {
	if ob.conn == nil {
		return netip.AddrPort{}
	}
	return ob.conn.LocalAddr()
}

// Close ends the connection with ConnectionAborted.
func (ob *Outbound) Close() {
	if !ob.dead {
		ob.finish(stream.ConnectionAborted)
	}
}

// process takes the filter's input.
func (ob *Outbound) process(e stream.Event) {
	if ob.dead {
		return
	}
	if ob.conn == nil || ob.state != "connected" {
		switch e := e.(type) {
		case *stream.Data:
			if limit := ob.opts.Socket.BufferLimit; limit > 0 && ob.queued >= limit {
				ob.finish(stream.BufferOverflow)
				return
			}
			if e.Empty() {
				return
			}
			ob.queue.Push(e.Clone())
			ob.queued += int64(e.Size())
			if limit := ob.opts.Socket.CongestionLimit; limit > 0 && ob.queued >= limit {
				ob.brake.Engage(ob.f.World().Loop.CurrentTap())
			}
		case *stream.StreamEnd:
			ob.queue.Push(e)
		}
		return
	}
	ob.send(e)
}

func (ob *Outbound) send(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !e.Empty() {
			ob.conn.Write(e)
		}
	case *stream.StreamEnd:
		switch ob.target.protocol {
		case "udp":
			ob.f.Output(e)
		case "netlink":
			ob.last = &stream.StreamEnd{}
			ob.conn.End(stream.ConnectionAborted)
		default:
			ob.conn.End(e.Code)
		}
	}
}

// setState tells the script; it returns false if that ended the attempt.
func (ob *Outbound) setState(s string) bool {
	ob.state = s
	if ob.opts.OnState == nil || ob.f == nil {
		return true
	}
	r := ob.f.Realm()
	if _, err := r.CallIn(ob.f.Context(), ob.opts.OnState.Value(), WrapOutbound(r, ob)); err != nil {
		e := ob.f.World().Failure(err)
		if s != "closed" {
			ob.end(e)
		}
		return false
	}
	return !ob.dead
}

// begin makes one attempt.
func (ob *Outbound) begin() {
	loop := ob.f.World().Loop
	ob.began = time.Now()
	if ob.opts.Timeout > 0 {
		ob.deadline = loop.Now().Add(ob.opts.Timeout)
		ob.timeout = loop.AfterFunc(ob.opts.Timeout, func() { ob.failed(stream.ConnectionTimeout) })
	}
	switch {
	case ob.Netlink():
		ob.dialNetlink()
		return
	case ob.target.path != "":
		ob.dialUnix()
		return
	}
	if ob.target.addr.IsValid() {
		ob.dial(ob.target.addr)
		return
	}
	if !ob.setState("resolving") {
		return
	}
	ob.resolve = loop.Resolve(ob.target.host, func(addrs []netip.Addr, err error) {
		ob.resolve = nil
		switch {
		case ob.dead:
		case err != nil || len(addrs) == 0:
			ob.failed(stream.CannotResolve)
		default:
			ob.rest = addrs
			ob.dialNext()
		}
	})
}

// dialNext tries the next address of the target.
func (ob *Outbound) dialNext() {
	addr := ob.rest[0]
	ob.rest = ob.rest[1:]
	ob.dial(addr)
}

// share is how long one of several addresses is tried before the next one gets its turn; the last may take all the time
// there is.
func (ob *Outbound) share() time.Duration {
	if ob.opts.Timeout <= 0 || len(ob.rest) == 0 {
		return 0
	}
	left := ob.deadline.Sub(ob.f.World().Loop.Now())
	return max(left/time.Duration(len(ob.rest)+1), time.Millisecond)
}

func (ob *Outbound) dialOptions() (o reactor.DialOptions, ok bool) {
	o = reactor.DialOptions{
		Socket: ob.opts.Socket, UDP: ob.target.protocol == "udp", Timeout: ob.share(),
		Transparent: ob.opts.Transparent, FreeBind: ob.opts.FreeBind,
	}
	o.OnSocket = func(c *reactor.Conn) error {
		ob.conn = c
		if !ob.setState("open") || ob.f == nil {
			return errors.New("cancelled")
		}
		return nil
	}
	v, ok := ob.bindValue()
	if !ok || v.IsNullish() {
		return o, ok
	}
	s, _ := ob.f.Realm().AsString(v)
	if a, err := netip.ParseAddr(s); err == nil {
		o.Bind = netip.AddrPortFrom(a, 0)
	} else if ap, err := netip.ParseAddrPort(s); err == nil {
		o.Bind = ap
	} else {
		ob.end(ob.f.Failure("invalid bind address"))
		return o, false
	}
	return o, true
}

// bindValue returns the option bind; ok is false if its function failed, or ended the connection.
func (ob *Outbound) bindValue() (v script.Value, ok bool) {
	if !ob.opts.HasBind {
		return script.Undefined, true
	}
	v, ok = ob.opts.Bind.Value(&ob.f.Base)
	if !ok || ob.dead {
		ob.drop()
		return v, false
	}
	return v, true
}

func (ob *Outbound) dial(addr netip.Addr) {
	o, ok := ob.dialOptions()
	if !ok {
		return
	}
	for o.Bind.IsValid() && addr.Is4() != o.Bind.Addr().Is4() && len(ob.rest) > 0 {
		addr, ob.rest = ob.rest[0], ob.rest[1:]
	}
	ob.peer = netip.AddrPortFrom(addr, ob.target.port)
	c := ob.f.World().Loop.Dial(ob.peer, o, ob)
	ob.dialing(c)
}

func (ob *Outbound) dialUnix() {
	o, ok := ob.dialOptions()
	if !ok {
		return
	}
	ob.dialing(ob.f.World().Loop.DialUnix(ob.target.path, o, ob))
}

// dialNetlink opens a netlink socket. Its script hears of it when it is ready to send.
func (ob *Outbound) dialNetlink() {
	v, ok := ob.bindValue()
	if !ok {
		return
	}
	var bind netlink.Addr
	if !v.IsNullish() {
		s, ok := ob.f.Realm().AsString(v)
		if !ok {
			ob.end(ob.f.Failure("invalid bind address"))
			return
		}
		var err error
		if bind, err = netlink.ParseAddr(s); err != nil {
			ob.end(ob.f.Failure(err.Error()))
			return
		}
	}
	ob.conn = ob.f.World().Loop.DialNetlink(ob.opts.NetlinkFamily, reactor.NetlinkAddr(bind), reactor.DialOptions{}, ob)
}

func (ob *Outbound) dialing(c *reactor.Conn) {
	if ob.dead {
		c.Close()
		return
	}
	ob.conn = c
	ob.setState("connecting")
}

// OnOpen implements reactor.Handler.
func (ob *Outbound) OnOpen(c *reactor.Conn) {
	if ob.dead || c != ob.conn {
		return
	}
	ob.traffic.Connected(float64(time.Since(ob.began)) / float64(time.Millisecond))
	if ob.timeout != nil {
		ob.timeout.Stop()
	}
	if !ob.setState("connected") {
		return
	}
	ob.queue.Drain(ob.send)
	ob.brake.Release()
	ob.shortcut()
}

// shortcut joins the two sockets of a plain TCP proxy: a pipeline with nothing in it but this filter.
func (ob *Outbound) shortcut() {
	p := ob.f.Pipeline()
	if ob.conn.Datagram() || len(p.Filters()) != 1 || p.Source() == nil || !p.Running() {
		return
	}
	to, ok := ob.f.Out().(pipeline.Socketed)
	if !ok || to.Conn() != p.Source().Conn() || to.Conn().Closed() || to.Conn().Datagram() {
		return
	}
	ob.relays = append(ob.relays, ob.conn.Relay(to.Conn()), to.Conn().Relay(ob.conn))
}

// OnData implements reactor.Handler.
func (ob *Outbound) OnData(c *reactor.Conn, d *stream.Data) {
	if !ob.dead && c == ob.conn {
		ob.f.Output(d)
	}
}

// OnEnd implements reactor.Handler.
func (ob *Outbound) OnEnd(c *reactor.Conn, code stream.ErrorCode) {
	switch {
	case ob.dead || c != ob.conn:
	case ob.state == "connected":
		ob.f.Output(&stream.StreamEnd{Code: code})
	case code == stream.RuntimeError && c.Err() != nil: // the socket cannot be made or bound: no use trying again
		ob.end(ob.f.Failure(c.Err().Error()))
	case len(ob.rest) > 0:
		ob.conn = nil
		c.Close()
		ob.dialNext()
	case code == stream.ConnectionTimeout:
		ob.failed(code)
	default:
		ob.failed(stream.ConnectionRefused)
	}
}

// OnClose implements reactor.Handler.
func (ob *Outbound) OnClose(c *reactor.Conn) {
	switch {
	case ob.dead || c != ob.conn || ob.retrying:
	case ob.last != nil:
		ob.end(ob.last)
	default:
		ob.drop()
	}
}

// failed ends an attempt; another one follows if there are any left.
func (ob *Outbound) failed(code stream.ErrorCode) {
	if ob.dead {
		return
	}
	ob.stopAttempt()
	if ob.opts.RetryCount < 0 || ob.attempts < ob.opts.RetryCount {
		ob.attempts++
		ob.retrying = true
		if !ob.setState("idle") {
			return
		}
		ob.retry = ob.f.World().Loop.AfterFunc(ob.opts.RetryDelay, func() {
			ob.retry, ob.retrying = nil, false
			ob.begin()
		})
		return
	}
	ob.finish(code)
}

// stopAttempt drops the socket and whatever else an attempt has under way.
func (ob *Outbound) stopAttempt() {
	if ob.timeout != nil {
		ob.timeout.Stop()
	}
	if ob.resolve != nil {
		ob.resolve()
		ob.resolve = nil
	}
	ob.rest = nil
	if c := ob.conn; c != nil {
		ob.conn = nil
		ob.traffic.Gone(c)
		c.Close()
	}
}

// finish ends the connection with a code, telling the pipeline.
func (ob *Outbound) finish(code stream.ErrorCode) { ob.end(&stream.StreamEnd{Code: code}) }

func (ob *Outbound) end(e *stream.StreamEnd) {
	f := ob.f
	ob.drop()
	if f != nil {
		f.Output(e)
	}
}

// drop ends the connection without telling the pipeline.
func (ob *Outbound) drop() {
	if ob.dead {
		return
	}
	ob.dead = true
	ob.retrying = false
	if ob.retry != nil {
		ob.retry.Stop()
	}
	ob.queue.Clear()
	ob.brake.Release()
	ob.stopAttempt()
	outbounds(ob.f.World()).remove(ob)
	ob.setState("closed")
}

// abandon is called when the pipeline has ended.
func (ob *Outbound) abandon() {
	ob.drop()
	ob.f = nil
}

var _ reactor.Handler = (*Outbound)(nil)
