package ip

import (
	"weir/internal/script"
)

// Class is the class IP. Its Go value is an Address.
var Class = &script.Class{
	Name: "IP", Path: "IP", Sig: "(text: string | bytes: number[])", Length: 1,
	New: func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		if s, ok := c.AsString(c.Arg(0)); ok {
			return parsed(s)
		}
		if !c.IsArray(c.Arg(0)) {
			return nil, script.ArgError(0, "a string or an array")
		}
		b, err := byteArray(c.Realm, c.Arg(0))
		return addressOf(b), err
	},
	Statics: []script.Method{isVersion("isV4", 4), isVersion("isV6", 6)},
	Props: []script.Prop{{Name: "version", Sig: "4 | 6", Get: func(c *script.Call) (script.Value, error) {
		return script.Int(script.This[Address](c).Version()), nil
	}}},
	Methods: []script.Method{
		{Name: "decompose", Sig: "() => number[]", Fn: func(c *script.Call) (script.Value, error) {
			return numbers(c.Realm, script.This[Address](c).decompose()), nil
		}},
		{Name: "toBytes", Sig: "() => number[]", Fn: func(c *script.Call) (script.Value, error) {
			return numbers(c.Realm, ints(script.This[Address](c).AsSlice())), nil
		}},
		{Name: "toString", Sig: "() => string", Fn: addressText},
		{Name: "toJSON", Sig: "() => string", Fn: addressText},
	},
}

func addressText(c *script.Call) (script.Value, error) {
	return c.String(script.This[Address](c).String()), nil
}

func parsed(s string) (any, error) {
	a, err := ParseAddress(s)
	if err != nil {
		return nil, err
	}
	return a, nil
}

func isVersion(name string, version int) script.Method {
	return script.Method{Name: name, Sig: "(s: string) => boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		s, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		a, err := ParseAddress(s)
		return script.Bool(err == nil && a.Version() == version), nil
	}}
}

// byteArray reads an array of numbers, of which the low 8 bits count.
func byteArray(r *script.Realm, arr script.Value) ([]byte, error) {
	b := make([]byte, min(r.Len(arr), 16))
	for i := range b {
		v, err := r.GetIndex(arr, i)
		if err != nil {
			return nil, err
		}
		f, _ := r.NumberOf(v)
		b[i] = byte(script.Truncate(f))
	}
	return b, nil
}

func numbers(r *script.Realm, n []int) script.Value {
	a := r.NewArray()
	for i, x := range n {
		r.SetIndex(a, i, script.Int(x))
	}
	return a
}

// AddressOf returns the address of an IP object.
func AddressOf(r *script.Realm, v script.Value) (Address, bool) { return script.As[Address](r, v) }

// NewAddress returns an IP object.
func NewAddress(r *script.Realm, a Address) script.Value { return r.NewObjectOf(Class, a) }
