package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"weir/internal/pipeline"
	"weir/internal/proto/netlink"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	rows := []script.Row{
		{Path: "option:connect.protocol", Kind: "option", Signature: `"tcp"|"udp"|"netlink" = "tcp"`},
		{Path: "option:connect.netlinkFamily", Kind: "option", Signature: "int = 0"},
		{Path: "option:connect.bind", Kind: "option", Signature: "string | ()=>string|undefined"},
		{Path: "option:connect.transparent", Kind: "option", Signature: "boolean = false: bind may be a foreign address (TPROXY) [beyond]"},
		{Path: "option:connect.freeBind", Kind: "option", Signature: "boolean = false: bind may be an address that is not here yet [beyond]"},
		{Path: "option:connect.retryCount", Kind: "option", Signature: "int = 0"},
		{Path: "option:connect.retryDelay", Kind: "option", Signature: "seconds = 0"},
		{Path: "option:connect.connectTimeout", Kind: "option", Signature: "seconds = 0"},
		{Path: "option:connect.onState", Kind: "callback", Signature: "(outbound: Outbound) => any"},
		{Path: "callback:connect.onState", Kind: "callback", Signature: "(outbound: Outbound) => any"},
	}
	pipeline.Register(pipeline.Spec{
		Name: "connect", Length: 2,
		Sig:   "connect(target: string|IPEndpoint|(()=>string|IPEndpoint), options?: object|(()=>object))",
		Rows:  append(rows, pipeline.SocketRows("connect")...),
		Build: buildConnect,
	})
}

// connectDef declares connect(target, options).
type connectDef struct {
	target  pipeline.Param
	options pipeline.Param
	fixed   *ConnectOptions // nil if the options come from a function
}

// ConnectOptions are the options of connect.
type ConnectOptions struct {
	Protocol string
	// NetlinkFamily is the protocol of a netlink socket: NETLINK_ROUTE is 0.
	NetlinkFamily int
	Bind          pipeline.Param
	HasBind       bool
	// Transparent and FreeBind allow Bind to be an address that is not this host's.
	Transparent, FreeBind bool
	RetryCount            int
	RetryDelay            time.Duration
	Timeout               time.Duration
	Socket                reactor.SocketOptions
	OnState               *script.Ref
}

func buildConnect(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	d := &connectDef{target: b.Param(0), options: b.Param(1)}
	if v := b.Arg(1); !d.options.IsFunction() {
		if !v.IsNullish() && !v.IsObject() {
			return nil, script.ArgError(1, "an object or a function")
		}
		o, err := ReadConnectOptions(b.Realm, v)
		if err != nil {
			return nil, err
		}
		d.fixed = o
	}
	return d, nil
}

// ReadConnectOptions reads an options object.
func ReadConnectOptions(r *script.Realm, v script.Value) (*ConnectOptions, error) {
	o := r.Options(v)
	c := &ConnectOptions{
		Protocol:      o.Enum("protocol", "tcp", "netlink", "tcp", "udp"),
		NetlinkFamily: o.Int("netlinkFamily", 0),
		Transparent:   o.Bool("transparent", false),
		FreeBind:      o.Bool("freeBind", false),
		RetryCount:    o.Int("retryCount", 0),
		RetryDelay:    o.Duration("retryDelay", 0),
		Timeout:       o.Duration("connectTimeout", 0),
		Socket:        pipeline.SocketOptions(o),
		OnState:       o.Func("onState"),
	}
	if c.Protocol == "netlink" { // the kernel is always there, and may be silent
		c.RetryCount, c.Timeout, c.Socket = 0, 0, reactor.SocketOptions{}
	}
	if v := o.Value("bind"); !v.IsUndefined() {
		if !v.IsString() && !r.IsFunction(v) {
			o.Fail("bind", "a string", "a function")
		}
		c.Bind, c.HasBind = pipeline.NewParam(r, v), true
	}
	return c, o.Err()
}

func (d *connectDef) New() pipeline.Filter { return &connect{def: d} }

// connect sends its input to a peer and outputs what comes back.
type connect struct {
	pipeline.Base
	def *connectDef
	ob  *Outbound
}

// Process implements pipeline.Filter.
func (f *connect) Process(e stream.Event) {
	if f.ob == nil {
		if e.Kind() == stream.KindStreamEnd {
			f.Output(e)
			return
		}
		if !f.open() {
			return
		}
	}
	f.ob.process(e)
}

// Reset implements pipeline.Filter.
func (f *connect) Reset() {
	if f.ob != nil {
		f.ob.abandon()
		f.ob = nil
	}
}

// open evaluates the parameters and begins to connect.
func (f *connect) open() bool {
	opts := f.def.fixed
	if opts == nil {
		v, ok := f.def.options.Value(&f.Base)
		if !ok {
			return false
		}
		if !v.IsObject() {
			f.Fail("invalid options")
			return false
		}
		var err error
		if opts, err = ReadConnectOptions(f.Realm(), v); err != nil {
			f.Fail(err.Error())
			return false
		}
	}
	v, ok := f.def.target.Value(&f.Base)
	if !ok {
		return false
	}
	t, err := parseTarget(f.Realm(), v, opts.Protocol)
	if err != nil {
		f.Fail(err.Error())
		return false
	}
	ob := &Outbound{f: f, opts: opts, target: t}
	f.ob = ob
	outbounds(f.World()).add(ob)
	ob.begin()
	return f.ob != nil
}

// target is where to connect to.
type target struct {
	host     string // a name to resolve, if addr is not valid
	addr     netip.Addr
	port     uint16
	path     string // of a Unix socket
	protocol string
}

// labels returns protocol and peer for metrics.
func (t target) labels() (protocol, peer string) {
	if t.path != "" {
		return "TCP", "unix:" + t.path
	}
	if t.protocol == "netlink" {
		return "Netlink", "[]:0"
	}
	host := t.host
	if host == "" {
		host = t.addr.String()
	}
	return strings.ToUpper(t.protocol), "[" + host + "]:" + strconv.Itoa(int(t.port))
}

// Endpoint is implemented by the Go value behind IPEndpoint.
type Endpoint interface {
	Endpoint() (addr netip.Addr, port int, protocol string)
}

// parseTarget reads a target of a protocol; an IPEndpoint may name another one. The target of netlink is the kernel,
// whatever it says.
func parseTarget(r *script.Realm, v script.Value, protocol string) (target, error) {
	if protocol == "netlink" {
		s, ok := r.AsString(v)
		if !ok {
			return target{}, errors.New("invalid target")
		}
		_, err := netlink.ParseAddr(s)
		return target{protocol: protocol}, err
	}
	if e, ok := script.As[Endpoint](r, v); ok {
		addr, port, own := e.Endpoint()
		if !addr.IsValid() {
			return target{}, errors.New("invalid IP address")
		}
		if own != "" {
			protocol = own
		}
		return target{addr: addr, port: uint16(port), protocol: protocol}, nil
	}
	s, ok := r.AsString(v)
	if !ok {
		return target{}, errors.New("invalid target")
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok && path != "" {
		return target{path: path, protocol: protocol}, nil
	}
	host, port, err := splitHostPort(s)
	if err != nil {
		return target{}, err
	}
	t := target{host: host, port: port, protocol: protocol}
	if host == "localhost" {
		t.addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	} else if a, err := netip.ParseAddr(host); err == nil {
		t.addr = a
	}
	return t, nil
}

// splitHostPort cuts at the last colon, so that an unbracketed IPv6 address works.
func splitHostPort(s string) (string, uint16, error) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return "", 0, fmt.Errorf("invalid address format: %s", s)
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("invalid address format: %s", s)
	}
	host := s[:i]
	if host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	return host, uint16(n), nil
}
