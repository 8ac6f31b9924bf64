// Package bgp is the object BGP: messages of BGP-4 to bytes and back.
package bgp

import (
	"strings"

	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/proto/bgp"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the global BGP.
var Namespace = &script.Namespace{
	Name: "BGP", Sig: "singleton object",
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(data: Data, enableAS4?: boolean = false): Message[]", Length: 2, Fn: decode},
		{Name: "encode", Sig: "encode(message: object, enableAS4?: boolean = false): Data", Length: 2, Fn: encode},
	},
	Extra: rows(),
}

const objects = `BGP:Message#type	string | number = 'KEEPALIVE' (non-enumerable)
BGP:Message#body	object | null
BGP:MessageOpen#version	int = 4
BGP:MessageOpen#myAS	int = 0
BGP:MessageOpen#holdTime	int = 0
BGP:MessageOpen#identifier	string
BGP:MessageOpen#parameters	OptionalParameter[] | null
BGP:MessageUpdate#withdrawnRoutes	(IPMask | string)[] | null
BGP:MessageUpdate#pathAttributes	PathAttribute[] | null
BGP:MessageUpdate#destinations	(IPMask | string)[] | null
BGP:MessageNotification#errorCode	int = 0
BGP:MessageNotification#errorSubcode	int = 0
BGP:MessageNotification#data	Data | null
BGP:MessageRouteRefresh#afi	int = 0
BGP:MessageRouteRefresh#safi	int = 0
BGP:OptionalParameter#name	string
BGP:OptionalParameter#value	any
BGP:OptionalParameter#code	int = 0
BGP:Capability#code	int = 0
BGP:Capability#value	Data
BGP:PathAttribute#name	string
BGP:PathAttribute#value	any
BGP:PathAttribute#code	int = 0
BGP:PathAttribute#optional	boolean = false
BGP:PathAttribute#transitive	boolean = false
BGP:PathAttribute#partial	boolean = false
`

func rows() (list []script.Row) {
	for line := range strings.Lines(objects) {
		path, sig, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, script.Row{Path: path, Kind: "property", Signature: sig})
	}
	constants := func(prefix string, names ...string) {
		for _, n := range names {
			list = append(list, script.Row{Path: prefix + n, Kind: "constant", Signature: "'" + n + "'"})
		}
	}
	constants("BGP:MessageType.", bgp.TypeNames[1:]...)
	constants("BGP:PathAttribute.", bgp.AttributeNames()...)
	constants("BGP:OptionalParameter.", "Capabilities")
	return list
}

// decode returns the complete messages at the beginning of a Data, up to the first that is none.
func decode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	data, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	d := bgp.NewDecoder()
	var err error
	if d.AS4, err = as4(c); err != nil {
		return script.Undefined, err
	}
	list := c.NewArray()
	i := 0
	for p := data.Bytes(); len(p) > 0; i++ {
		n, done, err := d.Feed(p)
		if err != nil || !done {
			break
		}
		p = p[n:]
		end := c.Scope()
		err = c.SetIndex(list, i, payload.ToScript(c.Realm, d.Message()))
		end()
		if err != nil {
			return script.Undefined, err
		}
	}
	return list, nil
}

func encode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if v := c.Arg(0); !v.IsNull() && !v.IsObject() {
		return script.Undefined, script.ArgError(0, "an object")
	}
	wide, err := as4(c)
	if err != nil {
		return script.Undefined, err
	}
	x, err := payload.FromScript(c.Realm, c.Arg(0))
	if err != nil {
		return script.Undefined, err
	}
	m := bgp.FromPlain(x)
	if m == nil {
		m = &bgp.Message{Type: bgp.TypeKeepalive}
	}
	return event.NewData(c.Realm, stream.NewData(bgp.Append(nil, m, wide))), nil
}

// as4 reads the argument enableAS4.
func as4(c *script.Call) (bool, error) {
	if !c.Has(1) {
		return false, nil
	}
	return c.Boolean(1)
}
