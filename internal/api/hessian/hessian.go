// Package hessian is the object Hessian: values of Hessian 2.0 to bytes and back.
package hessian

import (
	"errors"

	"weir/internal/api/cstruct"
	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/proto/hessian"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the global Hessian.
var Namespace = &script.Namespace{
	Name: "Hessian", Sig: "singleton object",
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(data: Data | null, options?: {maxStringSize?: number}): array | null", Length: 1, Fn: decode},
		{Name: "encode", Sig: "encode(value: any): Data", Length: 1, Fn: encode},
	},
	Extra: []script.Row{
		{Path: "option:Hessian.decode.maxStringSize", Kind: "option", Signature: "number = -1 (unlimited)"},
		{Path: "Hessian:Collection#kind", Kind: "property", Signature: "enum list|map|class_def|object = 'list'"},
		{Path: "Hessian:Collection#type", Kind: "property", Signature: "string"},
		{Path: "Hessian:Collection#elements", Kind: "property", Signature: "array | object | null"},
	},
}

var (
	keyKind     = script.NewKey("kind")
	keyType     = script.NewKey("type")
	keyElements = script.NewKey("elements")
)

// decode returns the values at the beginning of a Data, up to the first that is incomplete or malformed.
func decode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	long := cstruct.LongStrings(-1)
	if c.Has(1) {
		v, err := c.Object(1)
		if err != nil {
			return script.Undefined, err
		}
		o := c.Options(v)
		long.Read(o)
		if o.Err() != nil {
			return script.Undefined, o.Err()
		}
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	data, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	values, _ := hessian.Decode(data.Bytes())
	w := writer{c.Realm, long, map[*hessian.Collection]script.Value{}}
	return w.array(len(values), func(i int) script.Value { return w.value(values[i]) }), nil
}

// writer makes script values. Collections that are the same become the same object: they stay borrowed until the call ends.
type writer struct {
	*script.Realm
	long cstruct.LongStrings
	made map[*hessian.Collection]script.Value
}

func (w writer) array(n int, element func(int) script.Value) script.Value {
	a := w.NewArray()
	for i := range n {
		w.SetIndex(a, i, element(i))
	}
	return a
}

func (w writer) value(x any) script.Value {
	if s, ok := x.(string); ok {
		return w.long.String(w.Realm, s)
	}
	c, ok := x.(*hessian.Collection)
	if !ok {
		return payload.ToScript(w.Realm, x)
	}
	if o, ok := w.made[c]; ok {
		return o
	}
	o := w.NewObject()
	w.made[c] = o
	w.SetKey(o, keyKind, payload.ToScript(w.Realm, c.Kind))
	w.SetKey(o, keyType, payload.ToScript(w.Realm, c.Type))
	elements := script.Null
	switch {
	case len(c.Elements) > 0:
		elements = w.array(len(c.Elements), func(i int) script.Value { return w.value(c.Elements[i]) })
	case len(c.Pairs) > 0:
		elements = w.array(len(c.Pairs), func(i int) script.Value {
			return w.NewArray(w.value(c.Pairs[i].Key), w.value(c.Pairs[i].Value))
		})
	case len(c.Fields) > 0:
		elements = w.NewObject()
		for _, f := range c.Fields {
			w.Set(elements, f.Name, w.value(f.Value))
		}
	}
	w.SetKey(o, keyElements, elements)
	return o
}

// encode writes the elements of an array one after the other, or one value. It stops at what cannot be written.
func encode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	values := []script.Value{c.Arg(0)}
	if c.IsArray(c.Arg(0)) {
		var err error
		if values, err = c.Elements(c.Arg(0)); err != nil {
			return script.Undefined, err
		}
	}
	r := reader{c.Realm, map[script.Identity]*hessian.Collection{}}
	var e hessian.Encoder
	var b []byte
	for _, v := range values {
		x, err := r.value(v, 0)
		if err == nil {
			b, err = e.Append(b, x)
		}
		if err != nil {
			break
		}
	}
	return event.NewData(c.Realm, stream.NewData(b)), nil
}

// reader reads script values. An object that comes again is the same collection.
type reader struct {
	*script.Realm
	seen map[script.Identity]*hessian.Collection
}

var errDeep = errors.New("values are nested too deep")

func (r reader) value(v script.Value, depth int) (any, error) {
	if !v.IsObject() || r.IsFunction(v) {
		return payload.FromScript(r.Realm, v)
	}
	if depth > 500 {
		return nil, errDeep
	}
	if r.Opaque(v) != nil || r.isDate(v) {
		return payload.FromScript(r.Realm, v)
	}
	id := r.Identity(v)
	if c := r.seen[id]; c != nil {
		return c, nil
	}
	c := new(hessian.Collection)
	r.seen[id] = c
	return c, r.collection(c, v, depth)
}

func (r reader) isDate(v script.Value) bool {
	k, err := r.Get(r.Global(), "Date")
	return err == nil && r.InstanceOf(v, k)
}

// collection reads an object with kind, type and elements. What has none of them is an empty list.
func (r reader) collection(c *hessian.Collection, v script.Value, depth int) error {
	kind, err := r.GetKey(v, keyKind)
	if err != nil {
		return err
	}
	name, _ := r.AsString(kind)
	for i, n := range c.Kind.EnumNames() {
		if n == name {
			c.Kind = hessian.Kind(i)
		}
	}
	t, err := r.GetKey(v, keyType)
	if err != nil {
		return err
	}
	if !t.IsNullish() {
		s, err := r.ToString(t)
		if err != nil {
			return err
		}
		c.Type = &s
	}
	elements, err := r.GetKey(v, keyElements)
	if err != nil || !elements.IsObject() {
		return err
	}
	if c.Kind == hessian.Object {
		return r.Each(elements, func(name string, v script.Value) error {
			x, err := r.value(v, depth+1)
			c.Fields = append(c.Fields, hessian.Field{Name: name, Value: x})
			return err
		})
	}
	if !r.IsArray(elements) {
		return nil
	}
	for i := range r.Len(elements) {
		e, err := r.GetIndex(elements, i)
		if err != nil {
			return err
		}
		if c.Kind == hessian.List {
			x, err := r.value(e, depth+1)
			if err != nil {
				return err
			}
			c.Elements = append(c.Elements, x)
			continue
		}
		if !r.IsArray(e) {
			return errors.New("an entry of a map is no array")
		}
		var pair [2]any
		for j := range pair {
			x, err := r.GetIndex(e, j)
			if err == nil {
				pair[j], err = r.value(x, depth+1)
			}
			if err != nil {
				return err
			}
		}
		c.Pairs = append(c.Pairs, hessian.Pair{Key: pair[0], Value: pair[1]})
	}
	return nil
}
