package event

import (
	"errors"
	"math"
	"unicode/utf8"

	"weir/internal/script"
	"weir/internal/stream"
)

// DataClass is the class of byte containers.
var DataClass = &script.Class{
	Name: "Data", Sig: "new Data() | new Data(string, encoding?) | new Data(number[]) | new Data(Data)", Length: 2,
	Finalize: forget,
	Props: []script.Prop{typeProp("Data"), {Name: "size", Sig: "number (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return script.Int(script.This[*stream.Data](c).Size()), nil
	}}},
}

func newData(c *script.Call) (*stream.Data, error) {
	const kinds = "a string, an array or a Data"
	if len(c.Args) == 0 {
		return new(stream.Data), nil
	}
	v := c.Arg(0)
	if s, ok := c.AsString(v); ok {
		if len(c.Args) < 2 {
			return stream.NewString(s), nil
		}
		name, err := c.Str(1)
		if err != nil {
			return nil, err
		}
		enc, ok := stream.EncodingByName(name)
		if !ok {
			return nil, script.EnumError(1)
		}
		return stream.Decode(s, enc)
	}
	if d, ok := DataOf(c.Realm, v); ok {
		return d.Clone(), nil
	}
	if !c.IsArray(v) {
		return nil, script.ArgError(0, kinds)
	}
	b := make([]byte, c.Len(v))
	for i := range b {
		end := c.Scope()
		e, err := c.GetIndex(v, i)
		if err == nil {
			var f float64
			f, err = c.ToNumber(e)
			if f == f && !math.IsInf(f, 0) {
				b[i] = byte(int64(f))
			}
		}
		end()
		if err != nil {
			return nil, err
		}
	}
	return stream.NewData(b), nil
}

func dataFrom(c *script.Call) (script.Value, error) {
	s, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	enc := stream.UTF8
	if c.Has(1) {
		name, err := c.Str(1)
		if err != nil {
			return script.Undefined, err
		}
		var ok bool
		if enc, ok = stream.EncodingByName(name); !ok {
			return script.Undefined, script.EnumError(1)
		}
	}
	d, err := stream.Decode(s, enc)
	if err != nil {
		return script.Null, nil
	}
	return NewData(c.Realm, d), nil
}

func dataPush(c *script.Call) (script.Value, error) {
	d := script.This[*stream.Data](c)
	if s, ok := c.AsString(c.Arg(0)); ok {
		d.Append([]byte(s))
		return c.This, nil
	}
	o, ok := DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "a Data or a string")
	}
	if o.Transient() && !d.Transient() {
		c.AtTurnEnd((*borrower)(d))
	}
	d.Push(o)
	return c.This, nil
}

func cut(f func(*stream.Data, int) *stream.Data) script.Func {
	return func(c *script.Call) (script.Value, error) {
		n, err := c.Int(0)
		if err != nil {
			return script.Undefined, err
		}
		return NewData(c.Realm, f(script.This[*stream.Data](c), n)), nil
	}
}

func scan(f func(*stream.Data, func(byte) (bool, error)) (*stream.Data, error)) script.Func {
	return func(c *script.Call) (script.Value, error) {
		fn, err := c.Function(0)
		if err != nil {
			return script.Undefined, err
		}
		out, err := f(script.This[*stream.Data](c), func(b byte) (bool, error) {
			defer c.Scope()()
			v, err := c.Call(fn, script.Int(int(b)))
			return err == nil && c.Truthy(v), err
		})
		if err != nil {
			return script.Undefined, err
		}
		return NewData(c.Realm, out), nil
	}
}

func dataToArray(c *script.Call) (script.Value, error) {
	a := c.NewArray()
	i := 0
	for _, s := range script.This[*stream.Data](c).Segments() {
		for _, b := range s {
			if err := c.SetIndex(a, i, script.Int(int(b))); err != nil {
				return script.Undefined, err
			}
			i++
		}
	}
	return a, nil
}

// maxText is the longest text made of a Data, in bytes.
const maxText = 256 << 20

func dataToString(c *script.Call) (script.Value, error) {
	d := script.This[*stream.Data](c)
	enc := stream.UTF8
	if c.Has(0) {
		name, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		var ok bool
		if enc, ok = stream.EncodingByName(name); !ok {
			return script.Undefined, script.EnumError(0)
		}
	}
	if d.Size() > maxText {
		return script.Undefined, errors.New("data is too large for a string (over 256 MiB)")
	}
	b := d.Bytes()
	if enc == stream.UTF8 {
		if !validText(b) {
			return script.Undefined, nil
		}
		return c.StringBytes(b), nil
	}
	return c.String(stream.Encode(b, enc)), nil
}

// validText reports whether b is UTF-8, but for a sequence cut off at the very end.
func validText(b []byte) bool {
	if utf8.Valid(b) {
		return true
	}
	for i := 1; i <= min(3, len(b)); i++ {
		if t := b[len(b)-i:]; utf8.RuneStart(t[0]) {
			return !utf8.FullRune(t) && utf8.Valid(b[:len(b)-i])
		}
	}
	return false
}

// What makes new Data objects is set here, where no initialization cycle arises.
func init() {
	DataClass.Make = func(c *script.Call) (script.Value, error) {
		d, err := newData(c)
		if err != nil {
			return script.Undefined, err
		}
		return NewData(c.Realm, d), nil
	}
	DataClass.Statics = []script.Method{{Name: "from", Sig: "from(string, encoding?: string): Data | null", Length: 2, Fn: dataFrom}}
	DataClass.Methods = []script.Method{
		{Name: "push", Sig: "push(Data|string): this", Length: 1, Fn: dataPush},
		{Name: "shift", Sig: "shift(n: number): Data", Length: 1, Fn: cut((*stream.Data).Shift)},
		{Name: "pop", Sig: "pop(n: number): Data", Length: 1, Fn: cut((*stream.Data).Pop)},
		{Name: "shiftTo", Sig: "shiftTo(fn: (byte: number) => boolean): Data", Length: 1, Fn: scan((*stream.Data).ShiftTo)},
		{Name: "shiftWhile", Sig: "shiftWhile(fn: (byte: number) => boolean): Data", Length: 1, Fn: scan((*stream.Data).ShiftWhile)},
		{Name: "toArray", Sig: "toArray(): number[]", Fn: dataToArray},
		{Name: "toString", Sig: "toString(encoding?: string): string | undefined", Length: 1, Fn: dataToString},
	}
}
