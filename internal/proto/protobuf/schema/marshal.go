package schema

import (
	"cmp"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// appendMessage writes a message: fields by number, as most implementations do, entries of maps by key, and at the end what
// the type does not have.
func appendMessage(b []byte, m protoreflect.Message) []byte {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		fields = append(fields, f)
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	for _, f := range fields {
		switch v := m.Get(f); {
		case f.IsMap():
			b = appendMap(b, f, v.Map())
		case f.IsList():
			b = appendList(b, f, v.List())
		default:
			b = appendField(b, f, v)
		}
	}
	return append(b, m.GetUnknown()...)
}

func appendMap(b []byte, f protoreflect.FieldDescriptor, m protoreflect.Map) []byte {
	var keys []protoreflect.MapKey
	m.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int {
		switch x := a.Interface().(type) {
		case bool:
			return cmp.Compare(a.String(), b.String()) // false before true
		case string:
			return cmp.Compare(x, b.String())
		case uint32, uint64:
			return cmp.Compare(a.Uint(), b.Uint())
		}
		return cmp.Compare(a.Int(), b.Int())
	})
	for _, k := range keys {
		entry := appendField(nil, f.MapKey(), k.Value())
		entry = appendField(entry, f.MapValue(), m.Get(k))
		b = protowire.AppendBytes(protowire.AppendTag(b, f.Number(), protowire.BytesType), entry)
	}
	return b
}

func appendList(b []byte, f protoreflect.FieldDescriptor, list protoreflect.List) []byte {
	if !f.IsPacked() {
		for i := range list.Len() {
			b = appendField(b, f, list.Get(i))
		}
		return b
	}
	var packed []byte
	for i := range list.Len() {
		packed = appendNumber(packed, f.Kind(), list.Get(i))
	}
	return protowire.AppendBytes(protowire.AppendTag(b, f.Number(), protowire.BytesType), packed)
}

// appendField writes one record.
func appendField(b []byte, f protoreflect.FieldDescriptor, v protoreflect.Value) []byte {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protowire.AppendString(protowire.AppendTag(b, f.Number(), protowire.BytesType), v.String())
	case protoreflect.BytesKind:
		return protowire.AppendBytes(protowire.AppendTag(b, f.Number(), protowire.BytesType), v.Bytes())
	case protoreflect.MessageKind:
		return protowire.AppendBytes(protowire.AppendTag(b, f.Number(), protowire.BytesType), appendMessage(nil, v.Message()))
	case protoreflect.GroupKind:
		b = appendMessage(protowire.AppendTag(b, f.Number(), protowire.StartGroupType), v.Message())
		return protowire.AppendTag(b, f.Number(), protowire.EndGroupType)
	}
	return appendNumber(protowire.AppendTag(b, f.Number(), wireType(f.Kind())), f.Kind(), v)
}

// wireType is how single numbers of a kind are written.
func wireType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	}
	return protowire.VarintType
}

func appendNumber(b []byte, k protoreflect.Kind, v protoreflect.Value) []byte {
	switch k {
	case protoreflect.BoolKind:
		return protowire.AppendVarint(b, protowire.EncodeBool(v.Bool()))
	case protoreflect.EnumKind:
		return protowire.AppendVarint(b, uint64(v.Enum()))
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return protowire.AppendVarint(b, uint64(v.Int()))
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		return protowire.AppendVarint(b, v.Uint())
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return protowire.AppendVarint(b, protowire.EncodeZigZag(v.Int()))
	case protoreflect.Fixed32Kind:
		return protowire.AppendFixed32(b, uint32(v.Uint()))
	case protoreflect.Fixed64Kind:
		return protowire.AppendFixed64(b, v.Uint())
	case protoreflect.Sfixed32Kind:
		return protowire.AppendFixed32(b, uint32(v.Int()))
	case protoreflect.Sfixed64Kind:
		return protowire.AppendFixed64(b, uint64(v.Int()))
	case protoreflect.FloatKind:
		return protowire.AppendFixed32(b, math.Float32bits(float32(v.Float())))
	}
	return protowire.AppendFixed64(b, math.Float64bits(v.Float()))
}
