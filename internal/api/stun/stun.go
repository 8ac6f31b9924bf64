// Package stun is the object STUN: Binding requests and responses to bytes and back.
package stun

import (
	"errors"
	"fmt"
	"net/netip"

	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/plain"
	"weir/internal/proto/stun"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the global STUN.
var Namespace = &script.Namespace{
	Name: "STUN", Sig: "singleton object",
	Methods: []script.Method{
		{Name: "encode", Sig: "encode(msg: {type: 'BindingRequest' | 'BindingResponse', transactionId: Data, mappedAddress?: {ip, port}}): Data", Length: 1, Fn: encode},
		{Name: "decode", Sig: "decode(data: Data): object", Length: 1, Fn: decode},
	},
	Extra: []script.Row{
		{Path: "STUN:Message#type", Kind: "property", Signature: "'BindingRequest' | 'BindingResponse'"},
		{Path: "STUN:Message#transactionId", Kind: "property", Signature: "Data (12 bytes)"},
		{Path: "STUN:Message#mappedAddress", Kind: "property", Signature: "{ip, port, family} (optional)"},
		{Path: "STUN:MappedAddress#ip", Kind: "property", Signature: "string"},
		{Path: "STUN:MappedAddress#port", Kind: "property", Signature: "number"},
		{Path: "STUN:MappedAddress#family", Kind: "property", Signature: "'IPv4' | 'IPv6'"},
	},
}

const (
	request  = "BindingRequest"
	response = "BindingResponse"
)

// encode writes a request, or a response that has an address.
func encode(c *script.Call) (script.Value, error) {
	fail := func(text string) (script.Value, error) { return script.Undefined, errors.New("STUN encode: " + text) }
	v := c.Arg(0)
	if !v.IsObject() {
		return script.Undefined, errors.New("STUN.encode: argument must be an object")
	}
	kind, err := c.Get(v, "type")
	if err != nil {
		return script.Undefined, err
	}
	name, ok := c.AsString(kind)
	if !ok {
		return fail("type must be a string")
	}
	mapped, err := c.Get(v, "mappedAddress")
	if err != nil {
		return script.Undefined, err
	}
	m := stun.Message{Type: stun.BindingRequest}
	switch {
	case name == response && mapped.IsObject():
		m.Type = stun.BindingResponse
		if m.MappedAddress, ok = addressOf(c.Realm, mapped); !ok {
			return fail("mappedAddress must have an ip and a port")
		}
	case name != request:
		return fail("only BindingRequest is supported")
	}
	id, err := c.Get(v, "transactionId")
	if err != nil {
		return script.Undefined, err
	}
	d, ok := event.DataOf(c.Realm, id)
	if !ok {
		return fail("transactionId must be Data")
	}
	if d.Size() != stun.IDSize {
		return fail(fmt.Sprintf("transactionId must be %d bytes", stun.IDSize))
	}
	d.Peek(m.TransactionID[:])
	return event.NewData(c.Realm, stream.NewData(m.Append(nil))), nil
}

func addressOf(r *script.Realm, v script.Value) (a netip.AddrPort, ok bool) {
	text, err := r.Get(v, "ip")
	if err != nil {
		return a, false
	}
	s, _ := r.AsString(text)
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return a, false
	}
	number, err := r.Get(v, "port")
	if err != nil {
		return a, false
	}
	port, ok := r.NumberOf(number)
	return netip.AddrPortFrom(ip, uint16(port)), ok && port >= 0 && port <= 65535
}

func decode(c *script.Call) (script.Value, error) {
	d, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, errors.New("STUN.decode: argument must be Data")
	}
	m, err := stun.Parse(d.Bytes())
	if err != nil {
		return script.Undefined, fmt.Errorf("STUN decode: %w", err)
	}
	o := plain.Object{{Name: "type", Value: request}, {Name: "transactionId", Value: m.TransactionID[:]}}
	if m.Type == stun.BindingResponse {
		o[0].Value = response
	}
	if m.MappedAddress.IsValid() {
		ip, family := m.MappedAddress.Addr(), "IPv6"
		if ip.Is4() {
			family = "IPv4"
		}
		o = append(o, plain.Field{Name: "mappedAddress", Value: plain.Object{{Name: "ip", Value: ip.StringExpanded()},
			{Name: "port", Value: int(m.MappedAddress.Port())}, {Name: "family", Value: family}}})
	}
	return payload.ToScript(c.Realm, o), nil
}
