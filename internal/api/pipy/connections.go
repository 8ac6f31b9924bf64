package pipy

import (
	"errors"
	"net/netip"
	"strconv"
	"syscall"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/filter"
	"weir/internal/inbound"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	inbound.Wrap = func(r *script.Realm, in *inbound.Inbound) script.Value {
		return r.NewObjectOf(inboundClass, &inboundObject{in, true})
	}
	filter.WrapOutbound = func(r *script.Realm, ob *filter.Outbound) script.Value {
		return r.NewObjectOf(outboundClass, ob)
	}
}

// InboundValue returns the object of a context's inbound connection, as legacy scripts see it in __inbound: its properties
// stay readable after the connection is gone.
func InboundValue(r *script.Realm, x any) script.Value {
	in, ok := x.(*inbound.Inbound)
	if !ok {
		return script.Null
	}
	return r.NewObjectOf(inboundClass, &inboundObject{in, false})
}

type inboundObject struct {
	in   *inbound.Inbound
	weak bool
}

func inboundProp(name, sig string, get func(r *script.Realm, in *inbound.Inbound) script.Value) script.Prop {
	return script.Prop{Name: name, Sig: sig, Get: func(c *script.Call) (script.Value, error) {
		o := script.This[*inboundObject](c)
		if o.weak && o.in.Closed() {
			return script.Undefined, nil
		}
		return get(c.Realm, o.in), nil
	}}
}

func addrText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr().String()
}

// unixText is the address of a Unix socket: with the scheme it is given with, and without a path for a client, which
// rarely has one.
func unixText(path string) string { return "unix:" + path }

// peerText is the address of whoever connected.
func peerText(in *inbound.Inbound) string {
	if in.UnixPath() != "" {
		return unixText("")
	}
	return addrText(in.RemoteAddr())
}

func localText(in *inbound.Inbound) string {
	if path := in.UnixPath(); path != "" {
		return unixText(path)
	}
	return addrText(in.LocalAddr())
}

// targetText is the address an outbound connection goes to.
func targetText(ob *filter.Outbound) string {
	if path := ob.UnixPath(); path != "" {
		return unixText(path)
	}
	return addrText(ob.RemoteAddr())
}

// credentials tell which process is behind a connection to a Unix socket.
func credentials(r *script.Realm, in *inbound.Inbound) script.Value {
	conn := in.Conn()
	if conn == nil {
		return script.Null
	}
	cred, ok := conn.PeerCred()
	if !ok {
		return script.Null
	}
	return r.FromGo(script.Object{{Name: "pid", Value: cred.PID}, {Name: "uid", Value: cred.UID}, {Name: "gid", Value: cred.GID}})
}

var inboundClass = &script.Class{
	Name: "Inbound",
	Props: []script.Prop{
		inboundProp("id", "Int (u64) (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return lang.NewUint(r, in.ID())
		}),
		inboundProp("localAddress", "string (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return r.String(localText(in))
		}),
		inboundProp("localPort", "number (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return script.Int(int(in.LocalAddr().Port()))
		}),
		inboundProp("remoteAddress", "string (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return r.String(peerText(in))
		}),
		inboundProp("remotePort", "number (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return script.Int(int(in.RemoteAddr().Port()))
		}),
		inboundProp("destinationAddress", "string (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return r.String(addrText(in.Destination()))
		}),
		inboundProp("destinationPort", "number (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			return script.Int(int(in.Destination().Port()))
		}),
		inboundProp("peerCredentials", "{pid, uid, gid}|null (read-only), of a Unix socket's peer [beyond]", credentials),
		inboundProp("socket", "Socket|undefined (read-only)", func(r *script.Realm, in *inbound.Inbound) script.Value {
			if in.Conn() == nil {
				return script.Undefined // several connections of QUIC share one
			}
			return r.NewObjectOf(socketClass, &socket{func() *reactor.Conn { return in.Conn() }})
		}),
	},
}

func outboundProp(name, sig string, get func(r *script.Realm, ob *filter.Outbound) script.Value) script.Prop {
	return script.Prop{Name: name, Sig: sig, Get: func(c *script.Call) (script.Value, error) {
		return get(c.Realm, script.This[*filter.Outbound](c)), nil
	}}
}

var outboundClass = &script.Class{
	Name: "Outbound",
	Methods: []script.Method{{Name: "close", Sig: "close(): undefined", Fn: func(c *script.Call) (script.Value, error) {
		script.This[*filter.Outbound](c).Close()
		return script.Undefined, nil
	}}},
	Props: []script.Prop{
		outboundProp("state", `"idle"|"open"|"resolving"|"connecting"|"connected"|"closed" (read-only)`,
			func(r *script.Realm, ob *filter.Outbound) script.Value { return r.String(ob.State()) }),
		outboundProp("socket", "Socket (read-only)", func(r *script.Realm, ob *filter.Outbound) script.Value {
			return r.NewObjectOf(socketClass, &socket{ob.Conn})
		}),
		outboundProp("localAddress", "string (read-only)", func(r *script.Realm, ob *filter.Outbound) script.Value {
			if ob.Netlink() {
				return r.String("localhost")
			}
			return r.String(addrText(ob.LocalAddr()))
		}),
		outboundProp("localPort", "number (read-only)", func(r *script.Realm, ob *filter.Outbound) script.Value {
			return script.Int(int(ob.LocalAddr().Port()))
		}),
		outboundProp("remoteAddress", "string (read-only)", func(r *script.Realm, ob *filter.Outbound) script.Value {
			return r.String(targetText(ob))
		}),
		outboundProp("remotePort", "number (read-only)", func(r *script.Realm, ob *filter.Outbound) script.Value {
			return script.Int(int(ob.RemoteAddr().Port()))
		}),
	},
}

// socket is a connection's system socket, for options the engine has no name for.
type socket struct{ conn func() *reactor.Conn }

func (s *socket) open() (*reactor.Conn, error) {
	if c := s.conn(); c != nil && !c.Closed() {
		return c, nil
	}
	return nil, errors.New("socket is gone")
}

// FD returns the descriptor, for what takes sockets by their numbers; 0 if the socket is gone.
func (s *socket) FD() int {
	c, err := s.open()
	if err != nil {
		return 0
	}
	return c.FD()
}

var socketClass = &script.Class{
	Name: "Socket",
	Methods: []script.Method{
		{Name: "getRawOption", Sig: "getRawOption(level: number, option: number, data: Data): number", Length: 3,
			Fn: rawOption(func(c *reactor.Conn, level, option int, d *stream.Data) error {
				b := make([]byte, 256)
				n, err := c.GetsockoptBytes(level, option, b)
				if err == nil {
					d.Append(b[:n])
				}
				return err
			})},
		{Name: "setRawOption", Sig: "setRawOption(level: number, option: number, data: Data): number", Length: 3,
			Fn: rawOption(func(c *reactor.Conn, level, option int, d *stream.Data) error {
				return c.SetsockoptBytes(level, option, d.AppendTo(nil))
			})},
		{Name: "bind", Sig: "bind(ipPort: string) | bind(ip: string, port: number): undefined", Length: 2, Fn: socketBind},
	},
}

func rawOption(f func(c *reactor.Conn, level, option int, d *stream.Data) error) script.Func {
	return func(c *script.Call) (script.Value, error) {
		if err := c.Need(3); err != nil {
			return script.Undefined, err
		}
		level, err := c.Int(0)
		if err != nil {
			return script.Undefined, err
		}
		option, err := c.Int(1)
		if err != nil {
			return script.Undefined, err
		}
		d, ok := event.DataOf(c.Realm, c.Arg(2))
		if !ok {
			return script.Undefined, script.ArgError(2, "a non-null Data")
		}
		conn, err := script.This[*socket](c).open()
		if err != nil {
			return script.Undefined, err
		}
		err = f(conn, level, option, d)
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return script.Int(int(errno)), nil
		}
		return script.Int(0), err
	}
}

func socketBind(c *script.Call) (script.Value, error) {
	s, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	if len(c.Args) > 1 {
		port, err := c.Int(1)
		if err != nil {
			return script.Undefined, err
		}
		if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
			s = "[" + s + "]"
		}
		s += ":" + strconv.Itoa(port)
	}
	addr, err := netip.ParseAddrPort(s)
	if err != nil || len(c.Args) == 1 && addr.Port() == 0 {
		return script.Undefined, errors.New("Invalid [ip]:port format") //lint:ignore ST1005 the message scripts know
	}
	conn, err := script.This[*socket](c).open()
	if err != nil {
		return script.Undefined, nil
	}
	return script.Undefined, conn.Bind(addr)
}

var inboundsClass = &script.Class{
	Name: "Inbounds",
	Methods: []script.Method{{Name: "forEach", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		fn, err := c.Function(0)
		if err != nil {
			return script.Undefined, err
		}
		script.This[*Env](c).Ports.Each(func(in *inbound.Inbound) bool {
			_, err = c.Call(fn, inbound.Wrap(c.Realm, in))
			return err == nil
		})
		return script.Undefined, err
	}}},
	Props: []script.Prop{{Name: "count", Get: func(c *script.Call) (script.Value, error) {
		return script.Int(script.This[*Env](c).Ports.Count()), nil
	}}},
}

var outboundsClass = &script.Class{
	Name: "Outbounds",
	Methods: []script.Method{{Name: "forEach", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		fn, err := c.Function(0)
		if err != nil {
			return script.Undefined, err
		}
		for _, ob := range filter.Outbounds(pipeline.WorldOf(c.Realm)) {
			if _, err := c.Call(fn, filter.WrapOutbound(c.Realm, ob)); err != nil {
				return script.Undefined, err
			}
		}
		return script.Undefined, nil
	}}},
	Props: []script.Prop{{Name: "count", Get: func(c *script.Call) (script.Value, error) {
		return script.Int(len(filter.Outbounds(pipeline.WorldOf(c.Realm)))), nil
	}}},
}
