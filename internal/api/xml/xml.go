// Package xml offers the global XML: documents as trees of XML.Node.
package xml

import (
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the object XML.
var Namespace = &script.Namespace{
	Name:    "XML",
	Sig:     "singleton object",
	Classes: []*script.Class{nodeClass},
	Methods: []script.Method{
		{Name: "parse", Sig: "parse(text: string): XML.Node | null", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			s, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			return Parse(c.Realm, []byte(s)), nil
		}},
		{Name: "decode", Sig: "decode(data: Data): XML.Node | null", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			if c.Arg(0).IsNull() {
				return script.Null, nil
			}
			d, ok := event.DataOf(c.Realm, c.Arg(0))
			if !ok {
				return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
			}
			return Parse(c.Realm, d.Bytes()), nil
		}},
		{Name: "stringify", Sig: "stringify(doc: XML.Node, space?: number = 0): string", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			s, err := write(c)
			return c.String(s), err
		}},
		{Name: "encode", Sig: "encode(doc: XML.Node | null, space?: number = 0): Data | null", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			s, err := write(c)
			if err != nil {
				return script.Undefined, err
			}
			if c.Arg(0).IsNull() {
				return script.Null, nil
			}
			return event.NewData(c.Realm, stream.NewString(s)), nil
		}},
	},
}

// node is the Go value of an XML.Node: its name. Attributes and children are properties of the object itself that scripts do
// not see, so that the engine's collector does.
type node struct{ name string }

const (
	attributesName = "__attributes"
	childrenName   = "__children"
)

var (
	attributesKey = script.NewKey(attributesName)
	childrenKey   = script.NewKey(childrenName)
)

var nodeClass = &script.Class{
	Name: "Node", Path: "XML.Node", Length: 3,
	Sig: "new XML.Node(name: string, attributes?: object | null, children?: array | null)",
	Props: []script.Prop{
		{Name: "name", Sig: "string (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*node](c).name), nil
		}},
		{Name: "attributes", Sig: "object | null (read-only)", Get: hidden(attributesKey)},
		{Name: "children", Sig: "(XML.Node | string)[] | null (read-only)", Get: hidden(childrenKey)},
	},
}

func hidden(k script.Key) script.Func {
	return func(c *script.Call) (script.Value, error) {
		script.This[*node](c)
		return c.GetKey(c.This, k)
	}
}

func init() { // the constructor makes objects of the class: as part of the declaration this would be a cycle
	nodeClass.Make = func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		name, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		attributes, children := script.Null, script.Null
		if c.Has(1) {
			if attributes, err = c.Object(1); err != nil {
				return script.Undefined, err
			}
		}
		if c.Has(2) {
			if children, err = c.Array(2); err != nil {
				return script.Undefined, err
			}
		}
		return newNode(c.Realm, name, attributes, children), nil
	}
}

func newNode(r *script.Realm, name string, attributes, children script.Value) script.Value {
	v := r.NewObjectOf(nodeClass, &node{name})
	r.DefineHidden(v, attributesName, attributes)
	r.DefineHidden(v, childrenName, children)
	return v
}
