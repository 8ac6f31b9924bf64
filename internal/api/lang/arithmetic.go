package lang

import (
	"errors"

	"weir/internal/script"
)

// arithmetic are methods for what the engine's operators cannot do with an Int: exact 64-bit results. The other operand
// is an Int, a number or a BigInt; a number counts as an i64. The result has the promoted type and wraps.
var arithmetic = []script.Method{
	binary("add", func(a, b Int) (uint64, error) { return a.bits + b.bits, nil }),
	binary("sub", func(a, b Int) (uint64, error) { return a.bits - b.bits, nil }),
	binary("mul", func(a, b Int) (uint64, error) { return a.bits * b.bits, nil }),
	binary("div", func(a, b Int) (uint64, error) {
		if b.bits == 0 {
			return 0, errDivision
		}
		q, _ := a.divide(b)
		return q, nil
	}),
	binary("mod", func(a, b Int) (uint64, error) {
		if b.bits == 0 {
			return 0, errDivision
		}
		_, rem := a.divide(b)
		return rem, nil
	}),
	binary("and", func(a, b Int) (uint64, error) { return a.bits & b.bits, nil }),
	binary("or", func(a, b Int) (uint64, error) { return a.bits | b.bits, nil }),
	binary("xor", func(a, b Int) (uint64, error) { return a.bits ^ b.bits, nil }),
	shift("shl", func(i Int, n uint) uint64 { return i.bits << n }),
	shift("shr", func(i Int, n uint) uint64 {
		if i.kind.Unsigned() {
			return i.bits >> n
		}
		return uint64(int64(i.bits) >> n)
	}),
	shift("ushr", func(i Int, n uint) uint64 { return i.bits >> n }),
	unary("neg", func(b uint64) uint64 { return -b }),
	unary("not", func(b uint64) uint64 { return ^b }),
	{Name: "compare", Sig: "compare(other: Int | number): -1 | 0 | 1", Length: 1,
		Fn: func(c *script.Call) (script.Value, error) {
			o, err := operand(c)
			return script.Int(script.This[Int](c).compare(o)), err
		}},
	{Name: "equals", Sig: "equals(other: Int | number): boolean", Length: 1,
		Fn: func(c *script.Call) (script.Value, error) {
			o, err := operand(c)
			return script.Bool(script.This[Int](c).compare(o) == 0), err
		}},
}

var errDivision = errors.New("division by zero")

func operand(c *script.Call) (Int, error) {
	if err := c.Need(1); err != nil {
		return Int{}, err
	}
	v := c.Arg(0)
	if i, ok := script.As[Int](c.Realm, v); ok {
		return i, nil
	}
	b, ok := bitsOf(c.Realm, v)
	if !ok {
		return Int{}, script.ArgError(0, "a number")
	}
	if v.IsBigInt() {
		// Only an unsigned type holds what lies above the signed range.
		if s, _ := c.ToString(v); s[0] != '-' && int64(b) < 0 {
			return Int{U64, b}, nil
		}
	}
	return Int{I64, b}, nil
}

func binary(name string, f func(a, b Int) (uint64, error)) script.Method {
	return script.Method{Name: name, Sig: name + "(other: Int | number): Int", Length: 1,
		Fn: func(c *script.Call) (script.Value, error) {
			o, err := operand(c)
			if err != nil {
				return script.Undefined, err
			}
			i := script.This[Int](c)
			k := promote(i.kind, o.kind)
			b, err := f(k.wrap(i.bits), k.wrap(o.bits))
			if err != nil {
				return script.Undefined, err
			}
			return c.NewObjectOf(IntClass, k.wrap(b)), nil
		}}
}

func shift(name string, f func(Int, uint) uint64) script.Method {
	return script.Method{Name: name, Sig: name + "(count: number): Int", Length: 1,
		Fn: func(c *script.Call) (script.Value, error) {
			n, err := c.Int(0)
			if err != nil {
				return script.Undefined, err
			}
			i := script.This[Int](c)
			return c.NewObjectOf(IntClass, i.kind.wrap(f(i, uint(n)&63))), nil
		}}
}

func unary(name string, f func(uint64) uint64) script.Method {
	return script.Method{Name: name, Sig: name + "(): Int", Fn: func(c *script.Call) (script.Value, error) {
		i := script.This[Int](c)
		return c.NewObjectOf(IntClass, i.kind.wrap(f(i.bits))), nil
	}}
}
