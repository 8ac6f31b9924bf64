// Package cstruct is CStruct, CUnion and CString: C data for the kernel and for protocols that are defined in it.
package cstruct

import (
	"fmt"

	"weir/internal/clayout"
	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/plain"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace has the three globals.
var Namespace = &script.Namespace{
	Classes: []*script.Class{StructClass, UnionClass, stringClass},
	Extra:   rows(),
}

// StructClass is the class CStruct. Its Go value is a *clayout.Layout.
var StructClass = &script.Class{
	Name: "CStruct", Path: "CStruct", Sig: "new CStruct(fields: object | null, options?: {layout?: 'pipy' | 'c' | 'packed'})",
	Length: 1, New: maker(false), Methods: methods, Props: props,
}

// UnionClass is the class CUnion. Its Go value is a *clayout.Layout.
var UnionClass = &script.Class{
	Name: "CUnion", Path: "CUnion", Sig: "new CUnion(fields: object | null, options?: {layout?: 'pipy' | 'c' | 'packed'})",
	Length: 1, New: maker(true), Methods: methods, Props: props,
}

var methods = []script.Method{
	{Name: "encode", Sig: "encode(values: object | null): Data | null", Length: 1, Fn: encode},
	{Name: "decode", Sig: "decode(data: Data | null): object | null", Length: 1, Fn: decode},
	{Name: "reflect", Sig: "reflect(): {[name]: FieldReflection}", Fn: reflect},
}

var props = []script.Prop{{Name: "size", Sig: "number (read-only)", Get: func(c *script.Call) (script.Value, error) {
	return script.Int(script.This[*clayout.Layout](c).Size), nil
}}}

// reflection is what scripts see of a field.
type reflection struct {
	Offset     int  `js:"offset"`
	Size       int  `js:"size"`
	Count      int  `js:"count"`
	IsArray    bool `js:"isArray"`
	IsIntegral bool `js:"isIntegral"`
	IsUnsigned bool `js:"isUnsigned"`
}

func rows() (list []script.Row) {
	for _, n := range clayout.Names() {
		for _, prefix := range []string{"CStruct:type.", "CStruct:"} {
			list = append(list, script.Row{Path: prefix + n, Kind: "constant", Signature: fmt.Sprintf("'%s' or '%[1]s[N]'", n)})
		}
	}
	for _, class := range []string{"CStruct", "CUnion"} {
		list = append(list, script.Row{Path: "option:" + class + ".layout", Kind: "option", Signature: "'pipy' | 'c' | 'packed' = 'pipy' [beyond]"})
	}
	for _, p := range []string{"offset", "size", "count"} {
		list = append(list, script.Row{Path: "CStruct:FieldReflection#" + p, Kind: "property", Signature: "int"})
	}
	for _, p := range []string{"isArray", "isIntegral", "isUnsigned"} {
		list = append(list, script.Row{Path: "CStruct:FieldReflection#" + p, Kind: "property", Signature: "boolean"})
	}
	return list
}

var rules = map[string]clayout.Rules{"pipy": clayout.Compat, "c": clayout.C, "packed": clayout.Packed}

func maker(union bool) func(*script.Call) (any, error) {
	return func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		r := clayout.Compat
		if c.Has(1) {
			v, err := c.Object(1)
			if err != nil {
				return nil, err
			}
			o := c.Options(v)
			r = rules[o.Enum("layout", "pipy", "pipy", "c", "packed")]
			if o.Err() != nil {
				return nil, o.Err()
			}
		}
		l := clayout.New(union, r)
		if c.Arg(0).IsNull() {
			return l, nil
		}
		fields, err := c.Object(0)
		if err != nil {
			return nil, err
		}
		return l, c.Each(fields, func(name string, v script.Value) error { return add(c.Realm, l, name, v) })
	}
}

func add(r *script.Realm, l *clayout.Layout, name string, v script.Value) error {
	anonymous := name != "" && name[0] >= '0' && name[0] <= '9'
	if inner, ok := script.As[*clayout.Layout](r, v); ok {
		return l.Nest(name, inner, anonymous)
	}
	s, ok := r.AsString(v)
	switch {
	case !ok:
		return fmt.Errorf("invalid field type: %s", name)
	case anonymous:
		return fmt.Errorf("anonymous field of non-union type is not allowed: %s", name)
	}
	t, err := clayout.ParseType(s)
	if err != nil {
		return err
	}
	return l.Add(name, t)
}

func encode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	v, err := c.Object(0)
	if err != nil {
		return script.Undefined, err
	}
	x, err := payload.FromScript(c.Realm, v)
	if err != nil {
		return script.Undefined, err
	}
	o, _ := plain.AsObject(x)
	return event.NewData(c.Realm, stream.NewData(script.This[*clayout.Layout](c).Encode(o))), nil
}

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
	l := script.This[*clayout.Layout](c)
	b := make([]byte, l.Size)
	data.Peek(b)
	return payload.ToScript(c.Realm, l.Decode(b)), nil
}

func reflect(c *script.Call) (script.Value, error) {
	o := plain.Object{}
	script.This[*clayout.Layout](c).Each(func(f *clayout.Field, offset int) {
		k := f.Type.Kind
		o = append(o, plain.Field{Name: f.Name, Value: &reflection{offset, f.Size, f.Type.Count, f.Type.Array, k.Integral(), k.Unsigned()}})
	})
	return payload.ToScript(c.Realm, o), nil
}
