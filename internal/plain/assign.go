package plain

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// Assign sets the fields of the struct dst points to from an object, by name. What the object lacks stays as it is. Values
// are converted:
//
//   - to a bool by their truth; to an int as Int does; to text as Text does, null and undefined to "" or a nil *string;
//   - to an Enum by name; an unknown name or a value that is no text changes nothing; a number counts as itself;
//   - to a struct, or a slice of structs, from objects; elements that are no objects are left out;
//   - to anything else only if they are of that very type; otherwise the field becomes nil.
//
// A src that is no Object, or a pointer to a struct of dst's type, is ignored; such a pointer is copied.
func Assign(dst, src any) {
	d := reflect.ValueOf(dst).Elem()
	if s, ok := AsObject(src); ok {
		for _, f := range Fields(d.Type()) {
			if v, ok := s.Get(f.Name); ok {
				set(d.Field(f.Index), v)
			}
		}
		return
	}
	if p := reflect.ValueOf(src); p.IsValid() && p.Type() == reflect.TypeOf(dst) && !p.IsNil() {
		d.Set(p.Elem())
	}
}

func set(d reflect.Value, v any) {
	if e, ok := d.Interface().(Enum); ok {
		setEnum(d, e, v)
		return
	}
	switch d.Kind() {
	case reflect.Bool:
		d.SetBool(Bool(v))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		d.SetInt(int64(int32(Integer(v))))
	case reflect.Int64:
		d.SetInt(int64(Integer(v)))
	case reflect.Uint64:
		d.SetUint(Integer(v))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		d.SetUint(Integer(v) & (1<<d.Type().Bits() - 1))
	case reflect.String:
		s, _ := Text(v)
		d.SetString(s)
	case reflect.Pointer:
		setPointer(d, v)
	case reflect.Slice:
		setSlice(d, v)
	case reflect.Interface:
		if v == nil {
			d.SetZero()
			return
		}
		d.Set(reflect.ValueOf(v))
	}
}

func setEnum(d reflect.Value, e Enum, v any) {
	n := -1
	switch v := v.(type) {
	case string:
		if v != "" {
			for i, name := range e.EnumNames() {
				if name == v {
					n = i
				}
			}
		}
	case float64:
		n = int(Integer(v))
	}
	if n >= 0 && !d.OverflowUint(uint64(n)) {
		d.SetUint(uint64(n))
	}
}

func setPointer(d reflect.Value, v any) {
	elem := d.Type().Elem()
	switch {
	case elem.Kind() == reflect.String:
		d.SetZero()
		if s, ok := Text(v); ok {
			d.Set(reflect.ValueOf(&s))
		}
	case v != nil && reflect.TypeOf(v) == d.Type():
		d.Set(reflect.ValueOf(v))
	case elem.Kind() == reflect.Struct:
		d.SetZero()
		if o, ok := AsObject(v); ok && len(Fields(elem)) > 0 {
			p := newStruct(elem)
			Assign(p.Interface(), o)
			d.Set(p)
		}
	}
}

// newStruct returns a pointer to a struct with its defaults.
func newStruct(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	if x, ok := p.Interface().(interface{ SetDefaults() }); ok {
		x.SetDefaults()
	}
	return p
}

func setSlice(d reflect.Value, v any) {
	if v != nil && reflect.TypeOf(v) == d.Type() {
		d.Set(reflect.ValueOf(v))
		return
	}
	d.SetZero()
	list, ok := Elements(v)
	if !ok || d.Type() == reflect.TypeFor[Object]() {
		return
	}
	elem := d.Type().Elem()
	s := reflect.MakeSlice(d.Type(), 0, len(list))
	for _, x := range list {
		e := reflect.New(elem).Elem()
		if elem.Kind() == reflect.Struct {
			if _, ok := AsObject(x); !ok {
				continue
			}
			p := newStruct(elem)
			Assign(p.Interface(), x)
			e = p.Elem()
		} else {
			set(e, x)
		}
		s = reflect.Append(s, e)
	}
	d.Set(s)
}

// Elements returns the elements of an array.
func Elements(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *List:
		return v.Elements, true
	}
	return nil, false
}

// Bool is the truth of a value as in an if statement.
func Bool(v any) bool {
	switch v := v.(type) {
	case nil, Undefined:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && v == v
	case string:
		return v != ""
	case *big.Int:
		return v.Sign() != 0
	}
	return true
}

// Number is the number a value counts as; what is no number, or text of one, is NaN.
func Number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	case nil:
		return 0
	case Int32:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case string:
		if v = strings.TrimSpace(v); v == "" {
			return 0
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f
		}
		if i, err := strconv.ParseInt(v, 0, 64); err == nil {
			return float64(i)
		}
	}
	return math.NaN()
}

// Integer is the integer a value counts as, modulo 2^64: numbers are truncated, those of 64 bits are exact; NaN is 0.
func Integer(v any) uint64 {
	switch v := v.(type) {
	case Int32:
		return uint64(int64(v))
	case int64:
		return uint64(v)
	case uint64:
		return v
	case *big.Int:
		return new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	}
	f := math.Trunc(Number(v))
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return 0
	case math.Abs(f) < 1<<63:
		return uint64(int64(f))
	case f < 0:
		return -uint64(math.Mod(-f, 1<<64))
	}
	return uint64(math.Mod(f, 1<<64))
}

// Text is a value as text; ok is false for null and undefined, which have none.
func Text(v any) (s string, ok bool) {
	switch v := v.(type) {
	case nil, Undefined:
		return "", false
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return numberText(v), true
	case Int32:
		return strconv.FormatInt(int64(v), 10), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case error:
		return "Error: " + v.Error(), true
	case interface{ String() string }: // big integers, times, prefixes
		return v.String(), true
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i], _ = Text(e)
		}
		return strings.Join(parts, ","), true
	}
	return "[object Object]", true
}

// numberText writes a number as scripts do.
func numberText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1), "+")
	case f == 0:
		return "0"
	case math.Abs(f) >= 1e-6 && math.Abs(f) < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	m, e, _ := strings.Cut(s, "e")
	return m + "e" + e[:1] + strings.TrimLeft(e[1:], "0")
}
