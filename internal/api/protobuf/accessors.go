package protobuf

import (
	"math"
	"strings"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/plain"
	"weir/internal/proto/protobuf"
	"weir/internal/script"
	"weir/internal/stream"
)

// accessors are the methods of a message: a getter and a setter for each type, and for arrays of it.
func accessors() []script.Method {
	list := []script.Method{{Name: "getWireType", Sig: "getWireType(field: number): '' | 'VARINT' | 'I32' | 'I64' | 'LEN'", Length: 1,
		Fn: get(func(c *script.Call, m *protobuf.Message, field int) script.Value { return c.String(m.WireType(field)) })}}
	getter := func(name, result string, f func(*script.Call, *protobuf.Message, int) script.Value) {
		list = append(list, script.Method{Name: "get" + name, Sig: "get" + name + "(field: number): " + result, Length: 1, Fn: get(f)})
	}
	setter := func(name, value string, f func(*script.Call, *protobuf.Message, int) error) {
		list = append(list, script.Method{Name: "set" + name, Sig: "set" + name + "(field: number, " + value + "): this", Length: 2, Fn: set(f)})
	}
	for t := protobuf.Float; t <= protobuf.Bool; t++ {
		result, argument := "number", "number"
		switch {
		case t == protobuf.Bool:
			result, argument = "boolean", "boolean"
		case t.Wide():
			result, argument = "Int", "number | Int"
		}
		if !strings.Contains(strings.ToLower(t.String()), "fixed") { // those are read as integers
			getter(t.String(), result, func(c *script.Call, m *protobuf.Message, field int) script.Value {
				return number(c.Realm, t, m.Number(field, t))
			})
		}
		setter(t.String(), "value: "+argument, func(c *script.Call, m *protobuf.Message, field int) error {
			bits, err := numberArg(c, t)
			if err == nil {
				m.SetNumber(field, t, bits)
			}
			return err
		})
		getter(t.String()+"Array", result+"[] | null", func(c *script.Call, m *protobuf.Message, field int) script.Value {
			values, ok := m.Numbers(field, t)
			if !ok {
				return script.Null
			}
			return array(c.Realm, values, func(bits uint64) script.Value { return number(c.Realm, t, bits) })
		})
		setter(t.String()+"Array", "values: array", func(c *script.Call, m *protobuf.Message, field int) error {
			values, err := elements(c, func(x any, _ script.Value) uint64 { return bitsOf(t, x) })
			if err == nil {
				m.SetNumbers(field, t, values)
			}
			return err
		})
	}
	for _, t := range []struct {
		name, result string
		read         func(*script.Realm, []byte) script.Value
		none         script.Value
		argument     func(*script.Call) ([]byte, error)
		element      func(*script.Realm, any, script.Value) []byte
	}{
		{"String", "string | undefined", func(r *script.Realm, b []byte) script.Value { return r.StringBytes(b) }, script.Undefined, stringArg, stringBytes},
		{"Bytes", "Data | null", func(r *script.Realm, b []byte) script.Value { return event.NewData(r, stream.NewData(b)) }, script.Null,
			func(c *script.Call) ([]byte, error) { return dataArg(c, 1) }, dataBytes},
		{"Message", "protobuf.Message | null", newMessage, script.Null, messageBytesArg, messageBytes},
	} {
		value, _, _ := strings.Cut(t.result, " ")
		getter(t.name, t.result, func(c *script.Call, m *protobuf.Message, field int) script.Value {
			if b, ok := m.Bytes(field); ok {
				return t.read(c.Realm, b)
			}
			return t.none
		})
		setter(t.name, "value: "+value, func(c *script.Call, m *protobuf.Message, field int) error {
			b, err := t.argument(c)
			if err == nil {
				m.SetBytes(field, b)
			}
			return err
		})
		getter(t.name+"Array", value+"[] | null", func(c *script.Call, m *protobuf.Message, field int) script.Value {
			all := m.AllBytes(field)
			if t.name == "Message" {
				for _, b := range all {
					if protobuf.Parse(b) == nil {
						return script.Null
					}
				}
			}
			return array(c.Realm, all, func(b []byte) script.Value { return t.read(c.Realm, b) })
		})
		setter(t.name+"Array", "values: array", func(c *script.Call, m *protobuf.Message, field int) error {
			values, err := elements(c, func(x any, v script.Value) []byte { return t.element(c.Realm, x, v) })
			if err == nil {
				m.SetBytes(field, values...)
			}
			return err
		})
	}
	return list
}

func get(f func(*script.Call, *protobuf.Message, int) script.Value) script.Func {
	return func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		field, err := c.Int(0)
		if err != nil {
			return script.Undefined, err
		}
		return f(c, script.This[*protobuf.Message](c), field), nil
	}
}

func set(f func(*script.Call, *protobuf.Message, int) error) script.Func {
	return func(c *script.Call) (script.Value, error) {
		if err := c.Need(2); err != nil {
			return script.Undefined, err
		}
		n, err := c.Number(0)
		if err != nil {
			return script.Undefined, err
		}
		if !protobuf.ValidField(n) {
			return script.Undefined, script.ArgError(0, "a field number from 1 to 536870911")
		}
		return c.This, f(c, script.This[*protobuf.Message](c), int(n))
	}
}

// number returns the value of bits: integers of 64 bits as Int.
func number(r *script.Realm, t protobuf.Type, bits uint64) script.Value {
	switch {
	case t == protobuf.Float:
		return script.Number(float64(math.Float32frombits(uint32(bits))))
	case t == protobuf.Double:
		return script.Number(math.Float64frombits(bits))
	case t == protobuf.Bool:
		return script.Bool(bits != 0)
	case t.Wide() && t.Unsigned():
		return lang.NewUint(r, bits)
	case t.Wide():
		return lang.NewInt(r, int64(bits))
	}
	return script.Number(float64(int64(bits)))
}

// bitsOf converts plain data, as arrays have it.
func bitsOf(t protobuf.Type, x any) uint64 {
	switch t {
	case protobuf.Float:
		return uint64(math.Float32bits(float32(plain.Number(x))))
	case protobuf.Double:
		return math.Float64bits(plain.Number(x))
	case protobuf.Bool:
		if plain.Bool(x) {
			return 1
		}
		return 0
	}
	return plain.Integer(x)
}

// numberArg reads the second argument.
func numberArg(c *script.Call, t protobuf.Type) (uint64, error) {
	if t == protobuf.Bool {
		b, err := c.Boolean(1)
		return bitsOf(t, b), err
	}
	v := c.Arg(1)
	if _, ok := c.NumberOf(v); !ok && !v.IsBigInt() {
		return 0, script.ArgError(1, "a number")
	}
	x, err := payload.FromScript(c.Realm, v)
	return bitsOf(t, x), err
}

func stringArg(c *script.Call) ([]byte, error) {
	s, err := c.Str(1)
	return []byte(s), err
}

func messageBytesArg(c *script.Call) ([]byte, error) {
	m, err := messageArg(c, 1)
	if err != nil {
		return nil, err
	}
	return m.Append(nil), nil
}

func stringBytes(r *script.Realm, x any, v script.Value) []byte {
	if s, ok := plain.Text(x); ok {
		return []byte(s)
	}
	s, _ := r.ToString(v)
	return []byte(s)
}

func dataBytes(_ *script.Realm, x any, _ script.Value) []byte {
	if d, ok := x.(*stream.Data); ok {
		return d.AppendTo(nil)
	}
	return nil
}

func messageBytes(r *script.Realm, _ any, v script.Value) []byte {
	if m, ok := script.As[*protobuf.Message](r, v); ok {
		return m.Append(nil)
	}
	return nil
}

// elements reads the array that is the second argument.
func elements[T any](c *script.Call, convert func(x any, v script.Value) T) ([]T, error) {
	a, err := c.Array(1)
	if err != nil {
		return nil, err
	}
	list := make([]T, c.Len(a))
	for i := range list {
		end := c.Scope()
		v, err := c.GetIndex(a, i)
		if err == nil {
			var x any
			x, err = payload.FromScript(c.Realm, v)
			list[i] = convert(x, v)
		}
		end()
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func array[T any](r *script.Realm, list []T, value func(T) script.Value) script.Value {
	a := r.NewArray()
	for i, x := range list {
		end := r.Scope()
		r.SetIndex(a, i, value(x))
		end()
	}
	return a
}
