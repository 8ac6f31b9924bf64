package pipy

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"weir/internal/inbound"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// listen is pipy.listen(address[, protocol][, options], handler).
func listen(c *script.Call) (script.Value, error) {
	e := envOf(c.Realm)
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	key, err := portArg(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	i := 1
	if s, ok := c.AsString(c.Arg(i)); ok {
		if s != "tcp" && s != "udp" && s != "quic" {
			return script.Undefined, errors.New("unknown protocol")
		}
		if key.Protocol != "unix" {
			key.Protocol = s
		}
		i++
	}
	optArg := script.Undefined
	if len(c.Args) > i+1 {
		if v := c.Arg(i); v.IsNullish() || v.IsObject() {
			optArg = v
			i++
		}
	}
	opts, err := inbound.ReadOptions(pipeline.WorldOf(c.Realm), c.Options(optArg))
	if err != nil {
		return script.Undefined, err
	}
	if opts.Protocol == "quic" && key.Protocol == "tcp" {
		key.Protocol = "quic"
	}
	if e.World.Stopping { // the ports belong to the next version, or to nobody
		return script.Undefined, nil
	}
	if c.Arg(i).IsNull() {
		e.Ports.Close(key)
		return script.Undefined, nil
	}
	l, ok, err := pipeline.LayoutOf(c.Realm, c.Arg(i), "listen "+key.String())
	if err != nil {
		return script.Undefined, err
	}
	if !ok {
		return script.Undefined, script.ArgError(i, "a function or a pipeline template")
	}
	if err := e.Ports.Listen(key, l, opts); err != nil {
		return script.Undefined, err
	}
	return c.Realm.NewObjectOf(listenerClass, &listener{e.Ports, key}), nil
}

// listener is a port that a script listens on, for what takes listening sockets: maps and programs in the kernel.
type listener struct {
	ports *inbound.Ports
	key   inbound.Key
}

// FD returns the descriptor of the socket, 0 while there is none.
func (l *listener) FD() int { return l.ports.FD(l.key) }

var listenerClass = &script.Class{
	Name: "Listener",
	Props: []script.Prop{
		{Name: "fd", Sig: "number (read-only), 0 if there is no socket", Get: func(c *script.Call) (script.Value, error) {
			return script.Int(script.This[*listener](c).FD()), nil
		}},
	},
}

// portArg reads a port: a number, "8080", "ip:port", "[ipv6]:port" or "unix:path".
func portArg(c *script.Call, i int) (inbound.Key, error) {
	v := c.Arg(i)
	if s, ok := c.AsString(v); ok {
		return parsePort(s)
	}
	f, ok := c.NumberOf(v)
	if !ok {
		return inbound.Key{}, script.ArgError(i, "a number or a string")
	}
	n := script.Truncate(f)
	if n < 1 || n > 65535 || float64(n) != f {
		return inbound.Key{}, errors.New("port out of range")
	}
	return inbound.Key{Protocol: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(n))}, nil
}

func parsePort(s string) (inbound.Key, error) {
	k := inbound.Key{Protocol: "tcp"}
	if path, ok := strings.CutPrefix(s, "unix:"); ok && path != "" {
		k.Protocol, k.Path = "unix", path
		return k, nil
	}
	host, port := "", s
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i+1:]
		if host == "" {
			return k, errors.New("invalid 'address:port' form")
		}
	}
	addr := netip.IPv4Unspecified()
	if host != "" {
		a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		if err != nil {
			return k, errors.New("invalid IP address")
		}
		addr = a
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return k, errors.New("invalid port number")
	}
	k.Addr = netip.AddrPortFrom(addr, uint16(n))
	return k, nil
}
