// Package ip offers the globals IP, IPMask (also called Netmask) and IPEndpoint.
package ip

import "weir/internal/script"

// Namespace declares the classes.
var Namespace = &script.Namespace{
	Classes: []*script.Class{Class, MaskClass, EndpointClass},
	Values: []script.Const{{Name: "Netmask", Kind: "constructor", Sig: MaskClass.Sig,
		Value: func(r *script.Realm) script.Value { return r.Class(MaskClass) }}},
	Extra: []script.Row{
		{Path: "IPEndpoint#protocol", Kind: "property", Signature: `"tcp" | "udp"`},
		{Path: "IPEndpoint#ip", Kind: "property", Signature: "IP"},
		{Path: "IPEndpoint#port", Kind: "property", Signature: "number"},
	},
}
