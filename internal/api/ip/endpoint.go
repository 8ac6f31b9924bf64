package ip

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"weir/internal/script"
)

// Endpoint is the Go value of an IPEndpoint object, whose fields scripts see as own properties.
type Endpoint struct {
	addr     Address
	object   *script.Ref // the IP object the script sees
	port     int
	protocol string
	extras   script.Extras
}

var _ script.Record = (*Endpoint)(nil)

// EndpointClass is the class IPEndpoint.
var EndpointClass = &script.Class{
	Name: "IPEndpoint", Path: "IPEndpoint", Sig: `(addr: string | IP, port?: int, protocol = "tcp")`, Length: 1,
	Record: true,
	New:    newEndpoint,
	Methods: []script.Method{{Name: "toString", Sig: "() => string", Fn: func(c *script.Call) (script.Value, error) {
		return c.String(script.This[*Endpoint](c).String()), nil
	}}},
}

// EndpointOf returns what an IPEndpoint object points to. Port is 0 if it has none; protocol is "tcp" or "udp".
func EndpointOf(r *script.Realm, v script.Value) (addr netip.Addr, port int, protocol string, ok bool) {
	e, ok := script.As[*Endpoint](r, v)
	if !ok {
		return netip.Addr{}, 0, "", false
	}
	return e.addr.Addr, e.port, e.protocol, true
}

// NewEndpoint returns an IPEndpoint object.
func NewEndpoint(r *script.Realm, addr netip.Addr, port int, protocol string) script.Value {
	return r.NewObjectOf(EndpointClass, &Endpoint{addr: Address{addr.WithZone("")}, port: port, protocol: protocol})
}

// String returns address:port, an IPv6 address in brackets; the address alone if there is no port.
func (e *Endpoint) String() string {
	switch {
	case e.port == 0:
		return e.addr.String()
	case e.addr.Is4():
		return e.addr.String() + ":" + strconv.Itoa(e.port)
	}
	return "[" + e.addr.String() + "]:" + strconv.Itoa(e.port)
}

var errPort = errors.New("port number out of range")

func newEndpoint(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	e := &Endpoint{protocol: "tcp"}
	text := ""
	if a, ok := AddressOf(c.Realm, c.Arg(0)); ok {
		e.addr, e.object = a, c.Hold(c.Arg(0))
	} else if text, ok = c.AsString(c.Arg(0)); !ok {
		return nil, errors.New("argument #1 expects a string or an IP instance")
	}
	if c.Has(1) {
		port, err := c.Int(1)
		if err != nil {
			return nil, err
		}
		if port < 0 || port > 65535 {
			return nil, errPort
		}
		e.port = port
	}
	if e.object == nil {
		host := text
		if !c.Has(1) {
			var err error
			if host, e.port, err = splitPort(text); err != nil {
				return nil, err
			}
		}
		var err error
		if e.addr, err = ParseAddress(host); err != nil {
			return nil, err
		}
	}
	if c.Has(2) {
		s, err := c.Str(2)
		if err != nil {
			return nil, err
		}
		if s != "tcp" && s != "udp" {
			return nil, script.EnumError(2)
		}
		e.protocol = s
	}
	return e, nil
}

// splitPort splits ip:port and [ipv6]:port; a text with several colons and no brackets is an address alone.
func splitPort(s string) (host string, port int, err error) {
	digits := ""
	if rest, ok := strings.CutPrefix(s, "["); ok {
		if host, digits, ok = strings.Cut(rest, "]"); !ok || digits != "" && digits[0] != ':' || !strings.Contains(host, ":") {
			return "", 0, errNotation
		}
		if digits == "" {
			return host, 0, nil
		}
		digits = digits[1:]
	} else if strings.Count(s, ":") == 1 {
		host, digits, _ = strings.Cut(s, ":")
	} else {
		return s, 0, nil
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", 0, errNotation
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return "", 0, errPort
	}
	return host, int(n), nil
}

// Fields implements script.Record.
func (e *Endpoint) Fields() []string {
	return append([]string{"ip", "port", "protocol"}, e.extras.Names()...)
}

// GetField implements script.Record.
func (e *Endpoint) GetField(r *script.Realm, name string) (script.Value, bool, error) {
	switch name {
	case "ip":
		if e.object == nil {
			e.object = r.Hold(NewAddress(r, e.addr))
		}
		return e.object.Value(), true, nil
	case "port":
		return script.Int(e.port), true, nil
	case "protocol":
		return r.String(e.protocol), true, nil
	}
	v, ok := e.extras.Get(name)
	return v, ok, nil
}

// SetField implements script.Record.
func (e *Endpoint) SetField(r *script.Realm, name string, v script.Value) error {
	switch name {
	case "ip":
		a, ok := AddressOf(r, v)
		if !ok {
			s, isString := r.AsString(v)
			if !isString {
				return errors.New("ip expects an IP or a string")
			}
			var err error
			if a, err = ParseAddress(s); err != nil {
				return err
			}
			v = NewAddress(r, a)
		}
		e.object.Free()
		e.addr, e.object = a, r.Hold(v)
	case "port":
		f, ok := r.NumberOf(v)
		if !ok {
			return errors.New("port expects a number")
		}
		if f = float64(script.Truncate(f)); f < 0 || f > 65535 {
			return errPort
		}
		e.port = int(f)
	case "protocol":
		if s, _ := r.AsString(v); s == "tcp" || s == "udp" {
			e.protocol = s
		}
	default:
		e.extras.Set(r, name, v)
	}
	return nil
}

// DeleteField implements script.Record. The three fields stay.
func (e *Endpoint) DeleteField(_ *script.Realm, name string) { e.extras.Delete(name) }
