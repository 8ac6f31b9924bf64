package ip

import (
	"strconv"

	"weir/internal/script"
)

// MaskClass is the class IPMask. Its Go value is a *Mask.
var MaskClass = &script.Class{
	Name: "IPMask", Path: "IPMask", Sig: "(cidr: string) | (bits: int, bytes: number[])", Length: 1,
	New: newMaskObject,
	Props: []script.Prop{
		{Name: "version", Sig: "number", Get: func(c *script.Call) (script.Value, error) {
			return script.Int(script.This[*Mask](c).addr.Version()), nil
		}},
		maskText("ip", func(m *Mask) Address { return m.addr }),
		{Name: "bitmask", Sig: "number", Get: func(c *script.Call) (script.Value, error) {
			return script.Int(script.This[*Mask](c).bits), nil
		}},
		maskText("base", (*Mask).base),
		maskText("mask", (*Mask).netmask),
		maskText("hostmask", (*Mask).hostmask),
		maskText("broadcast", (*Mask).broadcast),
		{Name: "size", Sig: "number", Get: func(c *script.Call) (script.Value, error) {
			return script.Number(script.This[*Mask](c).size()), nil
		}},
		maskText("first", (*Mask).first),
		maskText("last", (*Mask).last),
	},
	Methods: []script.Method{
		{Name: "decompose", Sig: "() => number[]", Fn: func(c *script.Call) (script.Value, error) {
			return numbers(c.Realm, script.This[*Mask](c).addr.decompose()), nil
		}},
		{Name: "toBytes", Sig: "() => number[]", Fn: func(c *script.Call) (script.Value, error) {
			return numbers(c.Realm, ints(script.This[*Mask](c).addr.AsSlice())), nil
		}},
		{Name: "contains", Sig: "(addr: string) => boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			m := script.This[*Mask](c)
			if a, ok := AddressOf(c.Realm, c.Arg(0)); ok {
				return script.Bool(m.Contains(a.Addr)), nil
			}
			s, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			a, err := ParseAddress(s)
			return script.Bool(err == nil && m.Contains(a.Addr)), nil
		}},
		{Name: "next", Sig: "() => string", Fn: func(c *script.Call) (script.Value, error) {
			if a, ok := script.This[*Mask](c).Next(); ok {
				return c.String(a.String()), nil
			}
			return c.String(""), nil
		}},
		{Name: "toString", Sig: "() => string", Fn: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*Mask](c).text), nil
		}},
	},
}

func maskText(name string, get func(*Mask) Address) script.Prop {
	return script.Prop{Name: name, Sig: "string", Get: func(c *script.Call) (script.Value, error) {
		return c.String(get(script.This[*Mask](c)).String()), nil
	}}
}

func newMaskObject(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	if s, ok := c.AsString(c.Arg(0)); ok {
		m, err := ParseMask(s)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	bits, err := c.Int(0)
	if err != nil {
		return nil, script.ArgError(0, "a number or a string")
	}
	arr, err := c.Array(1)
	if err != nil {
		return nil, err
	}
	b, err := byteArray(c.Realm, arr)
	if err != nil {
		return nil, err
	}
	a := addressOf(b)
	m, err := newMask(a, bits, a.String()+"/"+strconv.Itoa(bits))
	if err != nil {
		return nil, err
	}
	return m, nil
}

// MaskOf returns the Go value of an IPMask object.
func MaskOf(r *script.Realm, v script.Value) (*Mask, bool) { return script.As[*Mask](r, v) }
