package filter

import (
	"errors"
	"net/netip"

	"weir/internal/pipeline"
	"weir/internal/proto/socks"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "connectSOCKS", Length: 2, Joint: true, NameFirst: true, StringFirst: true,
		Sig: "connectSOCKS(target: string|(()=>string), options?: object).to(...)",
		Rows: []script.Row{
			{Path: "option:connectSOCKS.version", Kind: "option", Signature: `5|4|"4a" = 5 [beyond]`},
			{Path: "option:connectSOCKS.username", Kind: "option", Signature: "string | ()=>string [beyond]"},
			{Path: "option:connectSOCKS.password", Kind: "option", Signature: "string | ()=>string [beyond]"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			d := &connectSOCKSDef{target: b.Param(0), tunnel: b.Target()}
			var ok bool
			if d.version, ok = socksVersion(b.Realm, o.Value("version")); !ok {
				o.Fail("version", "4", `"4a"`, "5")
			}
			d.username, d.password = nameParam(b, o, "username"), nameParam(b, o, "password")
			return d, o.Err()
		},
	})
}

func socksVersion(r *script.Realm, v script.Value) (socks.Version, bool) {
	if v.IsUndefined() {
		return socks.V5, true
	}
	switch s, _ := r.ToString(v); s {
	case "5":
		return socks.V5, true
	case "4":
		return socks.V4, true
	case "4a":
		return socks.V4a, true
	}
	return 0, false
}

// nameParam reads an option that is a string or a function.
func nameParam(b *pipeline.Build, o *script.Options, name string) pipeline.Param {
	v := o.Value(name)
	if !v.IsUndefined() && !v.IsString() && !b.IsFunction(v) {
		o.Fail(name, "a string", "a function")
	}
	return b.ParamOf(v)
}

// connectSOCKSDef declares connectSOCKS(target, options).to(tunnel).
type connectSOCKSDef struct {
	target             pipeline.Param
	version            socks.Version
	username, password pipeline.Param
	tunnel             *pipeline.Target
}

// New implements pipeline.Def.
func (d *connectSOCKSDef) New() pipeline.Filter {
	return &connectSOCKS{def: d, socks: socks.Client{Version: d.version}}
}

// connectSOCKS asks a SOCKS proxy behind its sub-pipeline for a connection and lets everything through once that is there.
type connectSOCKS struct {
	pipeline.Base
	def    *connectSOCKSDef
	socks  socks.Client
	client tunnelClient
	in     stream.Data // from the proxy, not understood
}

// Process implements pipeline.Filter.
func (f *connectSOCKS) Process(e stream.Event) {
	if f.client.state == tunnelIdle && !f.begin() {
		f.client.state = tunnelEnded
	}
	f.client.send(&f.Base, e)
}

// begin greets the proxy.
func (f *connectSOCKS) begin() bool {
	var ok, hasPassword bool
	if f.socks.Username, f.socks.HasUser, ok = f.name(f.def.username, "username"); !ok {
		return false
	}
	if f.socks.Password, hasPassword, ok = f.name(f.def.password, "password"); !ok {
		return false
	}
	f.socks.HasUser = f.socks.HasUser || hasPassword
	out := new(stream.Data)
	if err := f.socks.Start(out); err != nil {
		f.Fail(err.Error())
		return false
	}
	f.client.begin(f.Sub(f.def.tunnel.Layout, pipeline.InputFunc(f.receive)))
	f.send(out)
	f.negotiate()
	return true
}

// name evaluates an option for a user name or password.
func (f *connectSOCKS) name(p pipeline.Param, option string) (s string, given, ok bool) {
	v, ok := p.Value(&f.Base)
	if !ok || v.IsNullish() {
		return "", false, ok
	}
	if s, ok = f.Realm().AsString(v); !ok {
		f.Fail("options." + option + " is not or did not return a string")
	}
	return s, true, ok
}

func (f *connectSOCKS) send(out *stream.Data) {
	if !out.Empty() {
		f.client.sub.Process(out)
	}
}

// receive takes what comes from the proxy.
func (f *connectSOCKS) receive(e stream.Event) {
	if f.client.passes(&f.Base, e) {
		return
	}
	if d, ok := e.(*stream.Data); ok {
		f.in.Push(d)
		f.negotiate()
		f.in.Own()
	}
}

func (f *connectSOCKS) negotiate() {
	for f.client.state == tunnelWaiting {
		out := new(stream.Data)
		progress, err := f.socks.Next(&f.in, out)
		f.send(out)
		switch {
		case err != nil:
			logPeer(&f.Base, err)
			f.client.end(&f.Base, new(stream.StreamEnd))
		case progress == socks.AskTarget:
			f.request()
		case progress == socks.Connected:
			if !f.in.Empty() { // the server at the far end speaks first
				f.Output(f.in.Shift(f.in.Size()))
			}
			f.client.open()
		default:
			return
		}
	}
}

// request tells the proxy where to connect to.
func (f *connectSOCKS) request() {
	v, ok := f.def.target.Value(&f.Base)
	if !ok {
		f.client.reset()
		return
	}
	out := new(stream.Data)
	s, ok := f.Realm().AsString(v)
	err := errors.New("target is not or did not return a string")
	if ok {
		var a socks.Address
		if a, err = socksAddress(s); err == nil {
			err = f.socks.Request(out, a)
		}
	}
	if err != nil {
		f.client.end(&f.Base, f.Failure(err.Error()))
		return
	}
	f.send(out)
}

func socksAddress(s string) (socks.Address, error) {
	host, port, err := splitHostPort(s)
	if err != nil || host == "" {
		return socks.Address{}, errors.New("invalid target: " + s)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return socks.Address{IP: ip, Port: port}, nil
	}
	return socks.Address{Domain: host, Port: port}, nil
}

// Reset implements pipeline.Filter.
func (f *connectSOCKS) Reset() {
	f.client.reset()
	f.in.Clear()
}
