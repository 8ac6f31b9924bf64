// Package dns is the object DNS: messages to bytes and back, and names looked up as the system does.
package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/plain"
	"weir/internal/proto/dns"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the global DNS.
var Namespace = &script.Namespace{
	Name: "DNS", Sig: "singleton object",
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(data: Data | null): object | undefined", Length: 1, Fn: decode},
		{Name: "encode", Sig: "encode(msg: object): Data | undefined", Length: 1, Fn: encode},
		{Name: "resolve", Sig: "resolve(hostname: string): Promise<string[] | null>", Length: 1, Fn: resolve},
	},
	Extra: rows(),
}

const objects = `DNS:Message#id	number
DNS:Message#qr	number (absent when 0)
DNS:Message#opcode	number (absent when 0)
DNS:Message#aa	number (absent when 0)
DNS:Message#tc	number (absent when 0)
DNS:Message#rd	number (absent when 0)
DNS:Message#ra	number (absent when 0)
DNS:Message#zero	number (absent when 0)
DNS:Message#rcode	number (absent when 0)
DNS:Message#question	array (absent when empty)
DNS:Message#answer	array (absent when empty)
DNS:Message#authority	array (absent when empty)
DNS:Message#additional	array (absent when empty)
DNS:Record#name	string
DNS:Record#type	string | number
DNS:Record#class	number (absent when 1)
DNS:Record#ttl	number
DNS:Record#rdata	string | object
DNS:SOA#mname	string
DNS:SOA#rname	string
DNS:SOA#serial	number
DNS:SOA#refresh	number
DNS:SOA#retry	number
DNS:SOA#expire	number
DNS:SOA#minimum	number
DNS:SRV#priority	number
DNS:SRV#weight	number
DNS:SRV#port	number
DNS:SRV#target	string
DNS:MX#preference	number
DNS:MX#exchange	string
`

func rows() (list []script.Row) {
	for line := range strings.Lines(objects) {
		path, sig, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, script.Row{Path: path, Kind: "property", Signature: sig})
	}
	dns.EachType(func(name string, number uint16) {
		list = append(list, script.Row{Path: "DNS:type." + name, Kind: "constant", Signature: fmt.Sprintf("'%s' = %d", name, number)})
	})
	return list
}

func decode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Undefined, nil
	}
	d, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	o, err := dns.Decode(d.Bytes())
	if err != nil {
		return script.Undefined, err
	}
	return payload.ToScript(c.Realm, o), nil
}

func encode(c *script.Call) (script.Value, error) {
	switch v := c.Arg(0); {
	case v.IsNull():
		return script.Undefined, errors.New("dns encode # object is null")
	case !v.IsObject():
		return script.Undefined, nil
	}
	x, err := payload.FromScript(c.Realm, c.Arg(0))
	if err != nil {
		return script.Undefined, err
	}
	o, _ := plain.AsObject(x)
	b, err := dns.Encode(o)
	if err != nil {
		return script.Undefined, err
	}
	return event.NewData(c.Realm, stream.NewData(b)), nil
}

// resolve looks a name up on a goroutine of its own. The promise becomes null if the name has no address.
func resolve(c *script.Call) (script.Value, error) {
	host, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	promise, resolver := c.NewPromise()
	r := c.Realm
	pipeline.WorldOf(r).Loop.Resolve(host, func(addrs []netip.Addr, err error) {
		if r.Closed() {
			return
		}
		if err != nil || len(addrs) == 0 {
			resolver.Resolve(script.Null)
			return
		}
		texts := make([]string, len(addrs))
		for i, a := range addrs {
			texts[i] = a.String()
		}
		resolver.Resolve(r.FromGo(texts))
	})
	return promise, nil
}
