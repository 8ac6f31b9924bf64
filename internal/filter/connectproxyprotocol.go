package filter

import (
	"cmp"
	"errors"
	"net/netip"
	"strings"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/proto/proxyproto"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "connectProxyProtocol", Length: 1, Joint: true,
		Sig: "connectProxyProtocol(info: object|(()=>object)).to(...)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			return &connectProxyProtocolDef{info: b.Param(0), target: b.Target()}, nil
		},
	})
}

// connectProxyProtocolDef declares connectProxyProtocol(info).to(target).
type connectProxyProtocolDef struct {
	info   pipeline.Param
	target *pipeline.Target
}

// New implements pipeline.Def.
func (d *connectProxyProtocolDef) New() pipeline.Filter { return &connectProxyProtocol{def: d} }

// connectProxyProtocol puts the header of the PROXY protocol in front of a stream.
type connectProxyProtocol struct {
	pipeline.Base
	def   *connectProxyProtocolDef
	sub   *pipeline.Pipeline
	ended bool
}

// Process implements pipeline.Filter.
func (f *connectProxyProtocol) Process(e stream.Event) {
	if f.ended {
		return
	}
	if f.sub == nil {
		header, ok := f.header()
		if !ok {
			f.ended = true
			return
		}
		f.sub = f.Sub(f.def.target.Layout, f.Out())
		f.sub.Start()
		f.sub.Process(stream.NewData(header))
	}
	f.sub.Process(e)
}

// header evaluates what the script says and encodes it.
func (f *connectProxyProtocol) header() ([]byte, bool) {
	v, ok := f.def.info.Value(&f.Base)
	if !ok {
		return nil, false
	}
	if !v.IsObject() || f.Realm().IsFunction(v) {
		f.Fail("an object containing source/target addresses is expected")
		return nil, false
	}
	i := &proxyInfo{r: f.Realm(), object: v}
	header, err := i.encode()
	if err != nil {
		f.Fail(err.Error())
		return nil, false
	}
	return header, true
}

// Reset implements pipeline.Filter.
func (f *connectProxyProtocol) Reset() { f.sub.Release() }

// proxyInfo reads what a script says about a connection. The first error sticks.
type proxyInfo struct {
	r      *script.Realm
	object script.Value
	err    error
}

func (i *proxyInfo) get(name string) script.Value {
	v, err := i.r.Get(i.object, name)
	if err != nil && i.err == nil {
		i.err = err
	}
	return v
}

// text reads a field as text, empty if there is none.
func (i *proxyInfo) text(name string) string {
	v := i.get(name)
	if v.IsNullish() {
		return ""
	}
	s, err := i.r.ToString(v)
	if err != nil && i.err == nil {
		i.err = err
	}
	return s
}

func (i *proxyInfo) encode() ([]byte, error) {
	source, target := i.text("sourceAddress"), i.text("targetAddress")
	sourcePort, targetPort := i.text("sourcePort"), i.text("targetPort")
	name := i.text("protocol")
	protocol, known := proxyproto.ProtocolByName(name)
	version2 := i.text("version") == "2"
	if i.err != nil {
		return nil, i.err
	}
	if name == "" {
		protocol, known = proxyproto.TCP4, true
		if isIPv6(source) || isIPv6(target) {
			protocol = proxyproto.TCP6
		}
	}
	if !version2 {
		if !known {
			return nil, errors.New("the PROXY protocol has no protocol " + name)
		}
		if protocol != proxyproto.Unknown || source+target != "" {
			anywhere := "0.0.0.0"
			if protocol.V6() {
				anywhere = "::"
			}
			source, target = cmp.Or(source, anywhere), cmp.Or(target, anywhere)
			sourcePort, targetPort = cmp.Or(sourcePort, "0"), cmp.Or(targetPort, "0")
		}
		return proxyproto.AppendV1(nil, protocol, source, target, sourcePort, targetPort)
	}
	if !known {
		protocol = proxyproto.TCP4
	}
	h := &proxyproto.Header{Local: i.text("command") == "LOCAL", Protocol: protocol,
		Source: i.endpoint(source, "sourcePort"), Target: i.endpoint(target, "targetPort"),
		SourcePath: source, TargetPath: target, TLVs: i.tlvs(), Checksum: i.r.Truthy(i.get("checksum"))}
	if i.err != nil {
		return nil, i.err
	}
	return proxyproto.AppendV2(nil, h)
}

// isIPv6 reports whether an address can only be written as an IPv6 one.
func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && !a.Unmap().Is4()
}

func (i *proxyInfo) endpoint(address, port string) netip.AddrPort {
	a, _ := netip.ParseAddr(strings.Trim(address, "[]"))
	n, _ := i.r.ToNumber(i.get(port))
	if n < 0 || n > 65535 {
		n = 0
	}
	return netip.AddrPortFrom(a, uint16(script.Truncate(n)))
}

// tlvs reads the fields to send after the addresses.
func (i *proxyInfo) tlvs() []proxyproto.TLV {
	list := i.get("tlvs")
	if list.IsNullish() {
		return nil
	}
	bad := errors.New("tlvs expects an array of {type: number, value: Data or string}")
	if !i.r.IsArray(list) {
		i.err = bad
		return nil
	}
	var tlvs []proxyproto.TLV
	for n := range i.r.Len(list) {
		x, err := i.r.GetIndex(list, n)
		if err == nil && !x.IsObject() {
			err = bad
		}
		if err != nil {
			i.err = err
			return nil
		}
		field := &proxyInfo{r: i.r, object: x}
		kind, ok := i.r.NumberOf(field.get("type"))
		value, isText := i.r.AsBytes(field.get("value"))
		if d, isData := event.DataOf(i.r, field.get("value")); isData {
			value, isText = d.Bytes(), true
		}
		if !ok || !isText || kind != float64(uint8(kind)) {
			i.err = bad
			return nil
		}
		tlvs = append(tlvs, proxyproto.TLV{Type: uint8(kind), Value: value})
	}
	return tlvs
}
