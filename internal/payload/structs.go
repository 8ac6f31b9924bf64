package payload

import (
	"math"
	"reflect"
	"sync"
	"sync/atomic"

	"weir/internal/event"
	"weir/internal/plain"
	"weir/internal/script"
)

// kind is how a field is read.
type kind uint8

const (
	other kind = iota // by its interface value
	boolean
	integer
	text
	optionalText // *string
	enumeration
)

type structField struct {
	plain.StructField
	kind  kind
	names []script.Key // of an enumeration; noName for values that have none
}

const noName script.Key = -1

// structType is a struct type as scripts see it.
type structType struct {
	of     reflect.Type
	fields []structField
	names  script.Names // of all fields
	omits  bool         // fields may be left out
}

var (
	structTypes sync.Map                   // reflect.Type → *structType
	lastType    atomic.Pointer[structType] // most messages are of one kind
)

func structTypeOf(t reflect.Type) *structType {
	if s := lastType.Load(); s != nil && s.of == t {
		return s
	}
	if s, ok := structTypes.Load(t); ok {
		lastType.Store(s.(*structType))
		return s.(*structType)
	}
	s := &structType{of: t}
	var names []string
	for _, f := range plain.Fields(t) {
		s.fields = append(s.fields, fieldOf(t.Field(f.Index).Type, f))
		s.omits = s.omits || f.OmitEmpty
		names = append(names, f.Name)
	}
	s.names = script.NewNames(names...)
	actual, _ := structTypes.LoadOrStore(t, s)
	return actual.(*structType)
}

func fieldOf(t reflect.Type, f plain.StructField) structField {
	if e, ok := reflect.Zero(t).Interface().(plain.Enum); ok {
		names := make([]script.Key, len(e.EnumNames()))
		for i, name := range e.EnumNames() {
			if names[i] = noName; name != "" {
				names[i] = script.NewKey(name)
			}
		}
		return structField{f, enumeration, names}
	}
	switch {
	case t == reflect.TypeFor[bool]():
		return structField{f, boolean, nil}
	case t == reflect.TypeFor[int]():
		return structField{f, integer, nil}
	case t == reflect.TypeFor[string]():
		return structField{f, text, nil}
	case t == reflect.TypeFor[*string]():
		return structField{f, optionalText, nil}
	}
	return structField{f, other, nil}
}

// name returns the key of an enumeration's value, false if that has no name.
func (f *structField) name(v reflect.Value) (script.Key, bool) {
	if n := v.Uint(); n < uint64(len(f.names)) {
		return f.names[n], f.names[n] != noName
	}
	return noName, false
}

func pushStruct(r *script.Realm, p *script.Parts, v reflect.Value) {
	s := structTypeOf(v.Type())
	if s.omits {
		set := s.set(v)
		for _, f := range set {
			f.push(r, p, v.Field(f.Index))
		}
		p.FieldsNamed(len(set), func(i int) string { return set[i].Name })
		return
	}
	for i := range s.fields {
		f := &s.fields[i]
		f.push(r, p, v.Field(f.Index))
	}
	p.Fields(s.names)
}

// set returns the fields that are not left out.
func (s *structType) set(v reflect.Value) []*structField {
	list := make([]*structField, 0, len(s.fields))
	for i := range s.fields {
		if f := &s.fields[i]; !f.OmitEmpty || !v.Field(f.Index).IsZero() {
			list = append(list, f)
		}
	}
	return list
}

func (f *structField) push(r *script.Realm, p *script.Parts, v reflect.Value) {
	switch f.kind {
	case boolean:
		p.Push(script.Bool(v.Bool()))
	case integer:
		p.Push(script.Int(int(v.Int())))
	case text:
		p.String(v.String())
	case optionalText:
		if v.IsNil() {
			p.Push(script.Undefined)
			return
		}
		p.String(v.Elem().String())
	case enumeration:
		if k, ok := f.name(v); ok {
			p.Name(k)
			return
		}
		p.Push(script.Int(int(v.Uint())))
	default:
		if nothing(v) {
			p.Push(script.Null)
			return
		}
		push(r, p, v.Interface())
	}
}

// nothing reports whether a field is nil, which scripts see as null.
func nothing(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Interface:
		return v.IsNil()
	}
	return false
}

// same reports whether v is what push made of x, and nothing in it was changed. It may be wrong about what was not: it knows data of
// the kinds that heads are made of.
func same(r *script.Realm, v script.Value, x any) bool {
	switch x := x.(type) {
	case nil:
		return v.IsNull()
	case plain.Undefined:
		return v.IsUndefined()
	case bool:
		return v == script.Bool(x)
	case string:
		return r.TextIs(v, x)
	case float64:
		f, ok := v.Float()
		return ok && math.Float64bits(f) == math.Float64bits(x)
	case int:
		return v == script.Int(x)
	case []byte:
		d, ok := event.DataOf(r, v)
		return ok && x != nil && d.Is(x) || x == nil && v.IsNull()
	case []any:
		list, ok := r.ElementsInPlace(v)
		if !ok || len(list) != len(x) || x == nil {
			return x == nil && v.IsNull()
		}
		for i, e := range list {
			if !same(r, e, x[i]) {
				return false
			}
		}
		return true
	case plain.Object:
		if x == nil {
			return v.IsNull()
		}
		list, ok := r.FieldsNamed(v, len(x), func(i int) string { return x[i].Name })
		for i := 0; ok && i < len(x); i++ {
			ok = same(r, list[i], x[i].Value)
		}
		return ok
	}
	s := reflect.ValueOf(x)
	if s.Kind() == reflect.Pointer && s.IsNil() {
		return v.IsNull() || v.IsUndefined()
	}
	if _, ok := x.(plainer); ok {
		return false
	}
	switch {
	case s.Kind() == reflect.Struct:
		return sameStruct(r, v, s)
	case s.Kind() == reflect.Pointer && s.Elem().Kind() == reflect.Struct:
		return sameStruct(r, v, s.Elem())
	case s.Kind() == reflect.Slice && s.IsNil():
		return v.IsNull()
	case s.Kind() == reflect.Slice:
		list, ok := r.ElementsInPlace(v)
		ok = ok && len(list) == s.Len()
		for i := 0; ok && i < len(list); i++ {
			ok = same(r, list[i], s.Index(i).Interface())
		}
		return ok
	}
	return false
}

func sameStruct(r *script.Realm, v script.Value, x reflect.Value) bool {
	s := structTypeOf(x.Type())
	if s.omits || len(s.fields) == 0 {
		return false
	}
	list, ok := r.Fields(v, s.names)
	for i := 0; ok && i < len(s.fields); i++ {
		ok = s.fields[i].same(r, list[i], x.Field(s.fields[i].Index))
	}
	return ok
}

func (f *structField) same(r *script.Realm, v script.Value, x reflect.Value) bool {
	switch f.kind {
	case boolean:
		return v == script.Bool(x.Bool())
	case integer:
		return v == script.Int(int(x.Int()))
	case text:
		return r.TextIs(v, x.String())
	case optionalText:
		if x.IsNil() {
			return v.IsUndefined()
		}
		return r.TextIs(v, x.Elem().String())
	case enumeration:
		if k, ok := f.name(x); ok {
			return r.NameIs(v, k)
		}
		return v == script.Int(int(x.Uint()))
	}
	if nothing(x) {
		return v.IsNull()
	}
	return same(r, v, x.Interface())
}
