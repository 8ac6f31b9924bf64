package schema

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/internal/plain"
)

const (
	anyName = "google.protobuf.Any"
	anyType = "@type"
)

var errDeep = errors.New("messages are nested too deep")

// object returns the fields of a message that are there, by number.
func (s *Schema) object(m protoreflect.Message, depth int) (plain.Object, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if o, ok, err := s.unpack(m, depth); ok || err != nil {
		return o, err
	}
	o := plain.Object{}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) {
			continue
		}
		x, err := s.value(f, m.Get(f), depth)
		if err != nil {
			return nil, err
		}
		o = append(o, plain.Field{Name: string(f.Name()), Value: x})
	}
	return o, nil
}

// unpack returns what an Any has inside, if its type is known.
func (s *Schema) unpack(m protoreflect.Message, depth int) (plain.Object, bool, error) {
	d := m.Descriptor()
	if d.FullName() != anyName {
		return nil, false, nil
	}
	url := m.Get(d.Fields().ByNumber(1)).String()
	t, err := s.types.FindMessageByURL(url)
	if err != nil {
		return nil, false, nil
	}
	inner := t.New()
	if (proto.UnmarshalOptions{Resolver: s.types, RecursionLimit: maxDepth}).Unmarshal(m.Get(d.Fields().ByNumber(2)).Bytes(), inner.Interface()) != nil {
		return nil, false, nil
	}
	o, err := s.object(inner, depth+1)
	return append(plain.Object{{Name: anyType, Value: url}}, o...), true, err
}

func (s *Schema) value(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) (any, error) {
	switch {
	case f.IsMap():
		var o plain.Object
		var err error
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			var x any
			x, err = s.single(f.MapValue(), v, depth)
			o = append(o, plain.Field{Name: k.String(), Value: x})
			return err == nil
		})
		slices.SortFunc(o, func(a, b plain.Field) int { return strings.Compare(a.Name, b.Name) })
		return o, err
	case f.IsList():
		list := make([]any, v.List().Len())
		for i := range list {
			var err error
			if list[i], err = s.single(f, v.List().Get(i), depth); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return s.single(f, v, depth)
}

func (s *Schema) single(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) (any, error) {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return s.object(v.Message(), depth+1)
	case protoreflect.EnumKind:
		if e := f.Enum().Values().ByNumber(v.Enum()); e != nil {
			return string(e.Name()), nil
		}
		return float64(v.Enum()), nil
	}
	switch x := v.Interface().(type) {
	case int32:
		return float64(x), nil
	case uint32:
		return float64(x), nil
	case float32:
		return float64(x), nil
	case []byte:
		return append([]byte{}, x...), nil
	default: // bool, string, int64, uint64, float64
		return x, nil
	}
}

// fill sets the fields of a message from an object.
func (s *Schema) fill(m protoreflect.Message, o plain.Object) error {
	d := m.Descriptor()
	if url, ok := o.Get(anyType); ok && d.FullName() == anyName {
		return s.pack(m, url, o)
	}
	for _, x := range o {
		if x.Value == nil || x.Value == (plain.Undefined{}) {
			continue
		}
		f := d.Fields().ByName(protoreflect.Name(x.Name))
		if f == nil {
			f = d.Fields().ByJSONName(x.Name)
		}
		if f == nil {
			return fmt.Errorf("%s has no field %s", d.FullName(), x.Name)
		}
		if err := s.set(m, f, x.Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) pack(m protoreflect.Message, url any, o plain.Object) error {
	name, _ := url.(string)
	t, err := s.types.FindMessageByURL(name)
	if err != nil {
		return fmt.Errorf("unknown message type: %v", url)
	}
	inner := t.New()
	if err := s.fill(inner, slices.DeleteFunc(slices.Clone(o), func(f plain.Field) bool { return f.Name == anyType })); err != nil {
		return err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(inner.Interface())
	if err != nil {
		return err
	}
	m.Set(m.Descriptor().Fields().ByNumber(1), protoreflect.ValueOfString(name))
	m.Set(m.Descriptor().Fields().ByNumber(2), protoreflect.ValueOfBytes(b))
	return nil
}

func (s *Schema) set(m protoreflect.Message, f protoreflect.FieldDescriptor, x any) error {
	switch {
	case f.IsMap():
		o, ok := plain.AsObject(x)
		if !ok {
			return wrong(f, "an object")
		}
		values := m.Mutable(f).Map()
		for _, e := range o {
			key, err := s.scalar(f.MapKey(), keyOf(f.MapKey(), e.Name))
			if err != nil {
				return err
			}
			v, err := s.element(f.MapValue(), e.Value, values.NewValue)
			if err != nil {
				return err
			}
			values.Set(key.MapKey(), v)
		}
		return nil
	case f.IsList():
		list, ok := plain.Elements(x)
		if !ok {
			return wrong(f, "an array")
		}
		values := m.Mutable(f).List()
		for _, e := range list {
			v, err := s.element(f, e, values.NewElement)
			if err != nil {
				return err
			}
			values.Append(v)
		}
		return nil
	}
	v, err := s.element(f, x, func() protoreflect.Value { return m.NewField(f) })
	if err == nil {
		m.Set(f, v)
	}
	return err
}

// keyOf returns a map's key as a value: names of properties are texts.
func keyOf(f protoreflect.FieldDescriptor, name string) any {
	switch f.Kind() {
	case protoreflect.StringKind:
		return name
	case protoreflect.BoolKind:
		return name == "true"
	}
	if i, err := strconv.ParseInt(name, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(name, 10, 64); err == nil {
		return u
	}
	return name
}

func isNumber(x any) bool {
	switch x.(type) {
	case float64, plain.Int32, int64, uint64, *big.Int:
		return true
	}
	return false
}

func (s *Schema) element(f protoreflect.FieldDescriptor, x any, make func() protoreflect.Value) (protoreflect.Value, error) {
	if f.Kind() != protoreflect.MessageKind && f.Kind() != protoreflect.GroupKind {
		return s.scalar(f, x)
	}
	o, ok := plain.AsObject(x)
	if !ok {
		return protoreflect.Value{}, wrong(f, "an object")
	}
	v := make()
	return v, s.fill(v.Message(), o)
}

func wrong(f protoreflect.FieldDescriptor, what string) error {
	return fmt.Errorf("%s expects %s", f.FullName(), what)
}

func (s *Schema) scalar(f protoreflect.FieldDescriptor, x any) (v protoreflect.Value, err error) {
	switch f.Kind() {
	case protoreflect.BoolKind:
		if b, ok := x.(bool); ok {
			return protoreflect.ValueOfBool(b), nil
		}
		return v, wrong(f, "a boolean")
	case protoreflect.StringKind:
		if s, ok := x.(string); ok && utf8.ValidString(s) {
			return protoreflect.ValueOfString(s), nil
		}
		return v, wrong(f, "a string")
	case protoreflect.BytesKind:
		if d, ok := x.(interface{ Bytes() []byte }); ok {
			return protoreflect.ValueOfBytes(slices.Clone(d.Bytes())), nil
		}
		return v, wrong(f, "a Data")
	case protoreflect.EnumKind:
		if name, ok := x.(string); ok {
			if e := f.Enum().Values().ByName(protoreflect.Name(name)); e != nil {
				return protoreflect.ValueOfEnum(e.Number()), nil
			}
			return v, wrong(f, "a name of "+string(f.Enum().FullName()))
		}
	}
	if !isNumber(x) {
		return v, wrong(f, "a number")
	}
	bits, n := plain.Integer(x), plain.Number(x)
	switch f.Kind() {
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(n)), nil
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(n), nil
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(int64(bits)), nil
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(bits), nil
	}
	if n != math.Trunc(n) {
		return v, wrong(f, "an integer")
	}
	switch f.Kind() {
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		if n < 0 || n > math.MaxUint32 {
			return v, wrong(f, "an integer of 32 bits")
		}
		return protoreflect.ValueOfUint32(uint32(bits)), nil
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return v, wrong(f, "an integer of 32 bits")
	}
	if f.Kind() == protoreflect.EnumKind {
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(bits)), nil
	}
	return protoreflect.ValueOfInt32(int32(bits)), nil
}
