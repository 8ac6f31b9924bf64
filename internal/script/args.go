package script

import (
	"fmt"
	"math"
)

// The checks of this file give scripts the messages spec/05 §0.2 lists. Arguments are never coerced.

// ArgError is a wrong argument; i counts from 0.
func ArgError(i int, what string) error { return fmt.Errorf("argument #%d expects %s", i+1, what) }

// EnumError is an argument that is not one of the allowed strings.
func EnumError(i int) error { return fmt.Errorf("argument #%d has an invalid enum value", i+1) }

// Need fails unless there are at least n arguments.
func (c *Call) Need(n int) error {
	if len(c.Args) < n {
		return fmt.Errorf("requires %d or more arguments", n)
	}
	return nil
}

// Has reports whether the i-th argument is given and not nullish.
func (c *Call) Has(i int) bool { return !c.Arg(i).IsNullish() }

// Numeric is implemented by Go values of script objects that count as numbers: Int.
type Numeric interface{ Number() float64 }

// NumberOf returns the number a value counts as where a number is expected: a primitive number, a Number object or an Int.
func (r *Realm) NumberOf(v Value) (float64, bool) {
	if f, ok := v.Float(); ok {
		return f, true
	}
	if !v.IsObject() {
		return 0, false
	}
	if n, ok := r.Opaque(v).(Numeric); ok {
		return n.Number(), true
	}
	if r.isBoxed(v, "Number") {
		f, err := r.ToNumber(v)
		return f, err == nil
	}
	return 0, false
}

func (r *Realm) isBoxed(v Value, class string) bool {
	ctor, err := r.Get(r.Global(), class)
	return err == nil && r.InstanceOf(v, ctor)
}

// Number returns the i-th argument, which must be a number.
func (c *Call) Number(i int) (float64, error) {
	if f, ok := c.NumberOf(c.Arg(i)); ok {
		return f, nil
	}
	return 0, ArgError(i, "a number")
}

// Int returns the i-th argument, a number, truncated.
func (c *Call) Int(i int) (int, error) {
	f, err := c.Number(i)
	return Truncate(f), err
}

// Truncate converts to an integer: toward zero, NaN to 0, clamped to the range of int.
func Truncate(f float64) int {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt:
		return math.MaxInt
	case f <= math.MinInt:
		return math.MinInt
	}
	return int(f)
}

// Str returns the i-th argument, which must be a string.
func (c *Call) Str(i int) (string, error) {
	if s, ok := c.AsString(c.Arg(i)); ok {
		return s, nil
	}
	return "", ArgError(i, "a string")
}

// Boolean returns the i-th argument, which must be a boolean.
func (c *Call) Boolean(i int) (bool, error) {
	if v := c.Arg(i); v.IsBool() {
		return c.Truthy(v), nil
	}
	return false, ArgError(i, "a boolean")
}

// Function returns the i-th argument, which must be a function.
func (c *Call) Function(i int) (Value, error) {
	if v := c.Arg(i); c.IsFunction(v) {
		return v, nil
	}
	return Undefined, ArgError(i, "a function")
}

// Object returns the i-th argument, which must be an object (arrays and functions are).
func (c *Call) Object(i int) (Value, error) {
	if v := c.Arg(i); v.IsObject() {
		return v, nil
	}
	return Undefined, ArgError(i, "an object")
}

// Array returns the i-th argument, which must be an array.
func (c *Call) Array(i int) (Value, error) {
	if v := c.Arg(i); c.IsArray(v) {
		return v, nil
	}
	return Undefined, ArgError(i, "an array")
}

// Elements returns the elements of an array.
func (r *Realm) Elements(arr Value) ([]Value, error) {
	n := r.Len(arr)
	vs := make([]Value, n)
	for i := range vs {
		v, err := r.GetIndex(arr, i)
		if err != nil {
			return nil, err
		}
		vs[i] = v
	}
	return vs, nil
}

// ArgAs returns the i-th argument, an object of a Go type; what describes it for the error, such as "an instance of pipy::Data".
func ArgAs[T any](c *Call, i int, what string) (T, error) {
	if t, ok := As[T](c.Realm, c.Arg(i)); ok {
		return t, nil
	}
	var zero T
	return zero, ArgError(i, what)
}
