package pipy

import (
	"fmt"
	"net/netip"

	"weir/internal/inbound"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// listenerArray is a ListenerArray: a set of ports that scripts change while they are served.
type listenerArray struct {
	defaults *script.Ref
	ports    []arrayPort
	taken    bool // given to a listen() of a configuration
	env      *Env
	layout   *pipeline.Layout // set once it is listened on
}

type arrayPort struct {
	key  inbound.Key
	opts inbound.Options
}

var listenerArrayClass = &script.Class{
	Name: "ListenerArray", Length: 2,
	Sig: "new ListenerArray(listeners?: (number|string|{port,...options})[], defaultOptions?: object)",
	New: func(c *script.Call) (any, error) {
		la := &listenerArray{defaults: c.Hold(c.Arg(1))}
		if _, err := inbound.ReadOptions(pipeline.WorldOf(c.Realm), c.Options(c.Arg(1))); err != nil {
			return nil, err
		}
		if c.Has(0) {
			if err := la.set(c); err != nil {
				return nil, err
			}
		}
		return la, nil
	},
	Methods: []script.Method{
		{Name: "set", Sig: "set(listeners: Array): undefined", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			return script.Undefined, script.This[*listenerArray](c).set(c)
		}},
		{Name: "add", Sig: "add(port: number|string, options?: object): undefined", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			la := script.This[*listenerArray](c)
			p, err := la.port(c, c.Arg(0), c.Arg(1))
			if err != nil {
				return script.Undefined, err
			}
			la.ports = append(la.ports, p)
			return script.Undefined, la.serve(p)
		}},
		{Name: "remove", Sig: "remove(port: number|string, options?: object): undefined", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			la := script.This[*listenerArray](c)
			p, err := la.port(c, c.Arg(0), c.Arg(1))
			if err != nil {
				return script.Undefined, err
			}
			for i, q := range la.ports {
				if q.key == p.key {
					la.ports = append(la.ports[:i], la.ports[i+1:]...)
					if la.layout != nil && !la.env.World.Stopping {
						la.env.Ports.Close(p.key)
					}
					break
				}
			}
			return script.Undefined, nil
		}},
	},
}

// port reads a port with its options; without any, the array's default options count.
func (la *listenerArray) port(c *script.Call, v, options script.Value) (p arrayPort, err error) {
	if options.IsNullish() {
		options = la.defaults.Value()
	}
	if p.opts, err = inbound.ReadOptions(pipeline.WorldOf(c.Realm), c.Options(options)); err != nil {
		return p, err
	}
	if s, ok := c.AsString(v); ok {
		p.key, err = addrPort(s)
	} else if f, ok := c.NumberOf(v); ok && f >= 1 && f <= 65535 {
		p.key = inbound.Key{Protocol: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(f))}
	} else if ok {
		err = fmt.Errorf("invalid 'ip:port' form: 0.0.0.0:%d", script.Truncate(f))
	} else {
		err = script.ArgError(0, "a number or string")
	}
	if p.key.Protocol != "unix" {
		p.key.Protocol = p.opts.Protocol
	}
	return p, err
}

// set replaces all ports by those of the first argument.
func (la *listenerArray) set(c *script.Call) error {
	arr, err := c.Array(0)
	if err != nil {
		return err
	}
	elems, err := c.Elements(arr)
	if err != nil {
		return err
	}
	var ports []arrayPort
	for i, v := range elems {
		var p arrayPort
		_, isNumber := c.NumberOf(v)
		switch {
		case isNumber || v.IsString():
			if p, err = la.port(c, v, script.Undefined); p.key.Protocol == "udp" {
				p.key.Protocol = "tcp" // as Pipy has it: only elements that are objects can choose
			}
		case v.IsObject():
			port, gerr := c.Get(v, "port")
			if gerr != nil {
				return gerr
			}
			if _, ok := c.NumberOf(port); !ok && !port.IsString() {
				return fmt.Errorf("invalid value type for the port property in element %d", i)
			}
			p, err = la.port(c, port, v)
		default:
			return fmt.Errorf("invalid value type for a listening port in element %d", i)
		}
		if err != nil {
			return err
		}
		ports = append(ports, p)
	}
	old := la.ports
	la.ports = ports
	if la.layout == nil || la.env.World.Stopping {
		return nil
	}
	keep := map[inbound.Key]bool{}
	for _, p := range ports {
		keep[p.key] = true
		if err := la.serve(p); err != nil {
			return err
		}
	}
	for _, p := range old {
		if !keep[p.key] {
			la.env.Ports.Close(p.key)
		}
	}
	return nil
}

func (la *listenerArray) serve(p arrayPort) error {
	if la.layout == nil || la.env.World.Stopping {
		return nil
	}
	return la.env.Ports.Listen(p.key, la.layout, p.opts)
}

// open begins to serve the ports.
func (la *listenerArray) open(e *Env, l *pipeline.Layout) error {
	la.env, la.layout = e, l
	for _, p := range la.ports {
		if err := la.serve(p); err != nil {
			return err
		}
	}
	return nil
}
