package lang

import (
	"errors"

	"weir/internal/script"
)

// IntClass is the class of Int objects. Their Go value is an Int.
var IntClass = &script.Class{
	Name: "Int",
	Path: "Int",
	Sig: "new Int(type) | new Int(type, number|Int|string|Array) | new Int(type, low, high) | " +
		"new Int(number|string|Int|Array) | new Int(low, high)",
	Length: 1,
	New:    func(c *script.Call) (any, error) { return construct(c) },
	Props: []script.Prop{
		property("type", "type: string (read-only)", func(c *script.Call, i Int) script.Value { return c.String(i.kind.String()) }),
		property("width", "width: number (read-only)", func(_ *script.Call, i Int) script.Value { return script.Int(i.kind.Width()) }),
		property("low", "low: number (read-only)", func(_ *script.Call, i Int) script.Value {
			return script.Number(float64(uint32(i.bits)))
		}),
		property("high", "high: number (read-only)", func(_ *script.Call, i Int) script.Value {
			if i.kind.Unsigned() {
				return script.Number(float64(i.bits >> 32))
			}
			return script.Number(float64(int32(i.bits >> 32)))
		}),
		property("isUnsigned", "isUnsigned: boolean (read-only)", func(_ *script.Call, i Int) script.Value {
			return script.Bool(i.kind.Unsigned())
		}),
	},
}

// The methods make Ints themselves: as part of the declaration they would be a cycle.
func init() {
	IntClass.Statics = []script.Method{{Name: "parse", Sig: "parse(s: string, base = 10): Int | null", Length: 2,
		Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			s, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			base := 10
			if c.Has(1) {
				if base, err = c.Int(1); err != nil {
					return script.Undefined, err
				}
				if base < 2 || base > 36 {
					return script.Undefined, errors.New("invalid radix")
				}
			}
			i, ok := parseInt(s, base)
			if !ok {
				return script.Null, nil
			}
			return c.NewObjectOf(IntClass, i), nil
		}}}
	IntClass.Methods = append([]script.Method{
		{Name: "toBytes", Sig: "toBytes(): number[]", Fn: func(c *script.Call) (script.Value, error) {
			a := c.NewArray()
			for n, b := range script.This[Int](c).bytes() {
				c.SetIndex(a, n, script.Int(int(b)))
			}
			return a, nil
		}},
		{Name: "toString", Sig: "toString(): string", Fn: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[Int](c).String()), nil
		}},
		{Name: "valueOf", Sig: "valueOf(): number", Fn: func(c *script.Call) (script.Value, error) {
			return script.Number(script.This[Int](c).Number()), nil
		}},
		{Name: "toBigInt", Sig: "toBigInt(): bigint", Fn: func(c *script.Call) (script.Value, error) {
			f, err := c.Get(c.Global(), "BigInt")
			if err != nil {
				return script.Undefined, err
			}
			return c.Call(f, c.String(script.This[Int](c).String()))
		}},
	}, arithmetic...)
}

func property(name, sig string, get func(*script.Call, Int) script.Value) script.Prop {
	return script.Prop{Name: name, Sig: sig, Get: func(c *script.Call) (script.Value, error) {
		return get(c, script.This[Int](c)), nil
	}}
}

func construct(c *script.Call) (Int, error) {
	if err := c.Need(1); err != nil {
		return Int{}, err
	}
	if name, ok := c.AsString(c.Arg(0)); ok {
		if k, ok := kindOf(name); ok {
			switch {
			case len(c.Args) > 2 && c.Has(2):
				return halves(c, k, 1)
			case c.Has(1):
				return convert(c, k, 1)
			}
			return Int{kind: k}, nil
		}
		return I64.wrap(fromDigits(name)), nil
	}
	if c.Has(1) {
		return halves(c, I64, 0)
	}
	v := c.Arg(0)
	if i, ok := script.As[Int](c.Realm, v); ok {
		return i, nil
	}
	if c.IsArray(v) {
		return convert(c, I32, 0)
	}
	return convert(c, I64, 0)
}

// halves makes an Int of two 32-bit numbers, low first.
func halves(c *script.Call, k Kind, at int) (Int, error) {
	low, err := c.Number(at)
	if err != nil {
		return Int{}, err
	}
	high, err := c.Number(at + 1)
	if err != nil {
		return Int{}, err
	}
	return k.wrap(fromFloat(low)&0xffffffff | fromFloat(high)<<32), nil
}

func convert(c *script.Call, k Kind, at int) (Int, error) {
	v := c.Arg(at)
	if b, ok := bitsOf(c.Realm, v); ok {
		return k.wrap(b), nil
	}
	if s, ok := c.AsString(v); ok {
		return k.wrap(fromDigits(s)), nil
	}
	if !c.IsArray(v) {
		return Int{}, script.ArgError(at, "a number, a string or an array")
	}
	elems, err := c.Elements(v)
	if err != nil {
		return Int{}, err
	}
	var b uint64
	for n, e := range elems[:min(len(elems), k.Width()/8)] {
		f, _ := c.NumberOf(e)
		b |= (fromFloat(f) & 0xff) << (8 * n)
	}
	return k.wrap(b), nil
}

// bitsOf reads a number, an Int or a BigInt.
func bitsOf(r *script.Realm, v script.Value) (uint64, bool) {
	if v.IsBigInt() {
		s, err := r.ToString(v)
		if err != nil {
			return 0, false
		}
		return bigBits(s)
	}
	return IntOf(r, v)
}
