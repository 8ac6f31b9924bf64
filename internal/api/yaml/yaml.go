// Package yaml offers the global YAML.
//
// Parsing keeps Pipy's rule that every scalar is a string, whatever it looks like: port: 80 gives '80', and an empty value
// gives ”. Tags are ignored, << is an ordinary key. Writing keeps types apart: numbers, booleans and null are written
// plainly, and strings that would read as something else are quoted, so other programs read back what was meant.
package yaml

import (
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the object YAML.
var Namespace = &script.Namespace{
	Name: "YAML",
	Sig:  "singleton object",
	Methods: []script.Method{
		{Name: "parse", Sig: "parse(text: string, reviver?: function): any", Length: 2, Fn: parse},
		{Name: "decode", Sig: "decode(data: Data | null, reviver?: function): any", Length: 2, Fn: decode},
		{Name: "stringify", Sig: "stringify(value: any, replacer?: function): string", Length: 2, Fn: stringify},
		{Name: "encode", Sig: "encode(value: any, replacer?: function): Data", Length: 2, Fn: encode},
	},
}

// optionalFunction returns the second argument; undefined if it is absent.
func optionalFunction(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil || !c.Has(1) {
		return script.Undefined, err
	}
	return c.Function(1)
}

func parse(c *script.Call) (script.Value, error) {
	reviver, err := optionalFunction(c)
	if err != nil {
		return script.Undefined, err
	}
	s, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	return Parse(c.Realm, s, reviver)
}

func decode(c *script.Call) (script.Value, error) {
	reviver, err := optionalFunction(c)
	if err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	d, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	return Parse(c.Realm, string(d.Bytes()), reviver)
}

func stringify(c *script.Call) (script.Value, error) {
	replacer, err := optionalFunction(c)
	if err != nil {
		return script.Undefined, err
	}
	s, ok, err := Stringify(c.Realm, c.Arg(0), replacer)
	if err != nil || !ok {
		return script.Undefined, err
	}
	return c.String(s), nil
}

func encode(c *script.Call) (script.Value, error) {
	replacer, err := optionalFunction(c)
	if err != nil {
		return script.Undefined, err
	}
	s, ok, err := Stringify(c.Realm, c.Arg(0), replacer)
	if err != nil || !ok {
		return script.Undefined, err
	}
	return event.NewData(c.Realm, stream.NewString(s)), nil
}
