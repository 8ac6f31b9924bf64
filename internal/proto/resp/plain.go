package resp

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"weir/internal/plain"
	"weir/internal/stream"
)

// Plain returns a value as plain data: strings as text if simple and as Data otherwise, a verbatim one without its format;
// numbers; errors; arrays; nil; for version 3 also booleans, big integers, Map, Set, and a List of type "push". Attributes
// are left out.
func (v *Value) Plain() any {
	if v.Null {
		return nil
	}
	switch v.Kind {
	case SimpleString:
		return string(v.Text)
	case SimpleError, BulkError:
		return errors.New(string(v.Text))
	case Integer:
		f, _ := strconv.ParseFloat(string(v.Text), 64)
		return f
	case Double:
		f, _ := parseDouble(v.Text)
		return f
	case BulkString:
		return v.Text
	case VerbatimString:
		return v.Text[4:]
	case Boolean:
		return string(v.Text) == "t"
	case BigNumber:
		n, _ := new(big.Int).SetString(string(v.Text), 10)
		return n
	case Map:
		m := make(plain.Map, len(v.Elems)/2)
		for i := range m {
			m[i] = [2]any{v.Elems[2*i].Plain(), v.Elems[2*i+1].Plain()}
		}
		return m
	case Array:
		return elements(v)
	case Set:
		return plain.Set(elements(v))
	case Push:
		return &plain.List{Type: "push", Elements: elements(v)}
	case Attribute:
		return v.Elems[len(v.Elems)-1].Plain()
	}
	return nil
}

func elements(v *Value) []any {
	a := make([]any, len(v.Elems))
	for i := range v.Elems {
		a[i] = v.Elems[i].Plain()
	}
	return a
}

// From returns plain data as a value of protocol version 2 or 3. What is the same as in old, a decoded value or nil, becomes
// what it was there.
//
//	data               version 2                        version 3
//	text               +, or $ if it has line ends      the same
//	number             :, truncated                     , if it is no integer of 53 bits
//	Data, array        $, *                             the same
//	error              -                                -
//	null, undefined    $-1                              _
//	boolean            + true or false                  #
//	Int, BigInt        + digits                         : and (
//	Map, Set           * of all keys and values, *      %, ~
//	List type push     *                                >
//	other object       + and its text                   % of its properties
func From(x any, old *Value, version int) Value {
	if old != nil {
		switch {
		case old.Kind == Attribute:
			last := len(old.Elems) - 1
			v := Value{Kind: Attribute, Elems: append([]Value(nil), old.Elems...)}
			v.Elems[last] = From(x, &old.Elems[last], version)
			return v
		case same(x, old):
			return *old
		}
	}
	v3 := version >= 3 || old != nil && (old.Kind == Map || old.Kind == Set || old.Kind == Push)
	switch x := x.(type) {
	case nil, plain.Undefined:
		if v3 {
			return Value{Kind: Null}
		}
		return Value{Kind: BulkString, Null: true}
	case bool:
		switch {
		case v3 && x:
			return Value{Kind: Boolean, Text: []byte("t")}
		case v3:
			return Value{Kind: Boolean, Text: []byte("f")}
		}
	case float64:
		return number(x, v3)
	case error:
		return Value{Kind: SimpleError, Text: []byte(oneLine(x.Error()))}
	case *stream.Data:
		return Value{Kind: BulkString, Text: x.Bytes()}
	case []byte:
		return Value{Kind: BulkString, Text: x}
	case []any:
		return collection(Array, x, old, version)
	case *plain.List:
		if v3 && x.Type == "push" {
			return collection(Push, x.Elements, old, version)
		}
		return collection(Array, x.Elements, old, version)
	case plain.Set:
		if v3 {
			return collection(Set, x, old, version)
		}
		return collection(Array, x, old, version)
	case plain.Map:
		list := make([]any, 0, 2*len(x))
		for _, e := range x {
			list = append(list, e[0], e[1])
		}
		if v3 {
			return collection(Map, list, old, version)
		}
		return collection(Array, list, old, version)
	case plain.Object:
		if v3 {
			list := make([]any, 0, 2*len(x))
			for _, f := range x {
				list = append(list, f.Name, f.Value)
			}
			return collection(Map, list, old, version)
		}
	case *big.Int:
		if v3 {
			return Value{Kind: BigNumber, Text: []byte(x.String())}
		}
	case plain.Int32, int64, uint64:
		if v3 {
			s, _ := plain.Text(x)
			return Value{Kind: Integer, Text: []byte(s)}
		}
	}
	s, _ := plain.Text(x)
	if strings.ContainsAny(s, "\r\n") {
		return Value{Kind: BulkString, Text: []byte(s)}
	}
	return Value{Kind: SimpleString, Text: []byte(s)}
}

// oneLine puts blanks in place of line ends, which would begin another value.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ").Replace(s)
}

func number(f float64, v3 bool) Value {
	if v3 && (f != math.Trunc(f) || math.Abs(f) > 1<<53) {
		var s string
		switch {
		case math.IsNaN(f):
			s = "nan"
		case math.IsInf(f, 1):
			s = "inf"
		case math.IsInf(f, -1):
			s = "-inf"
		default:
			s = strconv.FormatFloat(f, 'g', -1, 64)
		}
		return Value{Kind: Double, Text: []byte(s)}
	}
	n := int64(math.MinInt64) // as Pipy writes what is no integer
	if f >= math.MinInt64 && f < math.MaxInt64 {
		n = int64(f)
	}
	return Value{Kind: Integer, Text: strconv.AppendInt(nil, n, 10)}
}

func collection(k Kind, elems []any, old *Value, version int) Value {
	v := Value{Kind: k, Elems: make([]Value, len(elems))}
	if old != nil && !isCollection(old.Kind) {
		old = nil
	}
	v.Streamed = old != nil && old.Kind == k && old.Streamed
	for i, e := range elems {
		var o *Value
		if old != nil && i < len(old.Elems) {
			o = &old.Elems[i]
		}
		v.Elems[i] = From(e, o, version)
	}
	return v
}

func isCollection(k Kind) bool { return k == Array || k == Map || k == Set || k == Push }

// same reports whether x is what Plain gives for a value that is no collection.
func same(x any, v *Value) bool {
	if isCollection(v.Kind) && !v.Null {
		return false
	}
	switch p := v.Plain().(type) {
	case nil:
		return x == nil
	case bool:
		b, ok := x.(bool)
		return ok && b == p
	case string:
		s, ok := x.(string)
		return ok && s == p
	case float64:
		f, ok := x.(float64)
		return ok && (f == p || f != f && p != p)
	case *big.Int:
		n, ok := x.(*big.Int)
		return ok && n.Cmp(p) == 0
	case error:
		e, ok := x.(error)
		return ok && e.Error() == p.Error()
	case []byte:
		if d, ok := x.(*stream.Data); ok {
			return d.Is(p)
		}
		b, ok := x.([]byte)
		return ok && bytes.Equal(b, p)
	}
	return false
}
