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

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/internal/plain"
)

const (
	anyName     = "google.protobuf.Any"
	anyType     = "@type"
	unknownName = "@unknown"
)

var errDeep = errors.New("messages are nested too deep")

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
		if x.Name == unknownName {
			if err := setUnknown(m, x.Value); err != nil {
				return err
			}
			continue
		}
		f := s.field(d, x.Name)
		if f == nil {
			return fmt.Errorf("%s has no field %s", d.FullName(), x.Name)
		}
		if err := s.set(m, f, x.Value); err != nil {
			return err
		}
	}
	return nil
}

// field finds a field by its name, by the one it has in JSON, or an extension by its full name in brackets.
func (s *Schema) field(d protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if f := d.Fields().ByName(protoreflect.Name(name)); f != nil {
		return f
	}
	if f := d.Fields().ByJSONName(name); f != nil {
		return f
	}
	inner, ok := strings.CutPrefix(name, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed {
		return nil
	}
	x, err := s.types.FindExtensionByName(protoreflect.FullName(inner))
	if err != nil || x.TypeDescriptor().ContainingMessage().FullName() != d.FullName() {
		return nil
	}
	return x.TypeDescriptor()
}

// setUnknown adds records of fields that the type does not have.
func setUnknown(m protoreflect.Message, x any) error {
	d, ok := x.(interface{ Bytes() []byte })
	if !ok {
		return fmt.Errorf("%s.%s expects a Data", m.Descriptor().FullName(), unknownName)
	}
	for b := d.Bytes(); len(b) > 0; {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return fmt.Errorf("%s.%s: %w", m.Descriptor().FullName(), unknownName, protowire.ParseError(n))
		}
		b = b[n:]
	}
	m.SetUnknown(slices.Clone(d.Bytes()))
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
	if err := proto.CheckInitialized(inner.Interface()); err != nil {
		return err
	}
	m.Set(m.Descriptor().Fields().ByNumber(1), protoreflect.ValueOfString(name))
	m.Set(m.Descriptor().Fields().ByNumber(2), protoreflect.ValueOfBytes(appendMessage(nil, inner)))
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
