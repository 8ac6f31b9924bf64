package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/internal/plain"
	"weir/internal/proto/token"
)

// reader makes plain data of a message and of what is packed in it.
type reader struct {
	*Schema
	left    int // memory that messages may still take
	limited bool
}

// What messages and fields take in memory besides their bytes, about.
const (
	messageSize = 256
	fieldSize   = 64
	elementSize = 32
	// harmless is how many bytes take no more than token.MaxDecoded whatever is in them.
	harmless = 1 << 20
)

func (r *reader) unmarshal(b []byte, m protoreflect.Message) (err error) {
	defer func() {
		if p := recover(); p != nil { // the library does that when a key of a map comes again with another wire type
			err = fmt.Errorf("the library cannot read it: %v", p)
		}
	}()
	if r.limited {
		if err := r.weigh(m.Descriptor(), b, 0); err != nil {
			return err
		}
	}
	return proto.UnmarshalOptions{Resolver: r.types, RecursionLimit: maxDepth}.Unmarshal(b, m.Interface())
}

// weigh counts what a message takes in memory. What is malformed it leaves to others to find.
func (r *reader) weigh(d protoreflect.MessageDescriptor, b []byte, depth int) error {
	if r.left -= messageSize; r.left < 0 {
		return token.ErrDecoded
	}
	for len(b) > 0 && depth <= maxDepth {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
			return nil
		}
		record := b[:n]
		b = b[n:]
		if r.left -= fieldSize; r.left < 0 {
			return token.ErrDecoded
		}
		f := d.Fields().ByNumber(number)
		if x, err := r.types.FindExtensionByNumber(d.FullName(), number); f == nil && err == nil {
			f = x.TypeDescriptor()
		}
		if f == nil || wire != protowire.BytesType && wire != protowire.StartGroupType {
			continue
		}
		content := record
		if wire == protowire.BytesType {
			content, _ = protowire.ConsumeBytes(record)
		}
		if m := f.Message(); m != nil {
			if err := r.weigh(m, content, depth+1); err != nil {
				return err
			}
		} else if f.IsList() && f.Kind() != protoreflect.StringKind && f.Kind() != protoreflect.BytesKind {
			size := map[protowire.Type]int{protowire.Fixed32Type: 4, protowire.Fixed64Type: 8, protowire.VarintType: 1}[wireType(f.Kind())]
			r.left -= elementSize * (len(content) / size)
		}
	}
	return nil
}

// object returns the fields of a message that are there, by number, then its extensions by number and what the type does not
// have.
func (r *reader) object(m protoreflect.Message, depth int) (plain.Object, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if o, ok, err := r.unpack(m, depth); ok || err != nil {
		return o, err
	}
	o := plain.Object{}
	add := func(name string, f protoreflect.FieldDescriptor) error {
		x, err := r.value(f, m.Get(f), depth)
		o = append(o, plain.Field{Name: name, Value: x})
		return err
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); m.Has(f) {
			if err := add(string(f.Name()), f); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range extensions(m) {
		if err := add("["+string(f.FullName())+"]", f); err != nil {
			return nil, err
		}
	}
	if b := m.GetUnknown(); len(b) > 0 {
		o = append(o, plain.Field{Name: unknownName, Value: append([]byte{}, b...)})
	}
	return o, nil
}

// extensions lists the extensions that a message has.
func extensions(m protoreflect.Message) (list []protoreflect.FieldDescriptor) {
	if m.Descriptor().ExtensionRanges().Len() == 0 {
		return nil
	}
	m.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if f.IsExtension() {
			list = append(list, f)
		}
		return true
	})
	slices.SortFunc(list, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	return list
}

// unpack returns what an Any has inside, if that is of a known type and no Any, and if there is nothing else in it.
func (r *reader) unpack(m protoreflect.Message, depth int) (plain.Object, bool, error) {
	d := m.Descriptor()
	if d.FullName() != anyName || len(m.GetUnknown()) > 0 {
		return nil, false, nil
	}
	url := m.Get(d.Fields().ByNumber(1)).String()
	t, err := r.types.FindMessageByURL(url)
	if err != nil || t.Descriptor().FullName() == anyName {
		return nil, false, nil
	}
	inner := t.New()
	if err := r.unmarshal(m.Get(d.Fields().ByNumber(2)).Bytes(), inner); err != nil {
		if err == token.ErrDecoded {
			return nil, false, err
		}
		return nil, false, nil
	}
	o, err := r.object(inner, depth+1)
	return append(plain.Object{{Name: anyType, Value: url}}, o...), true, err
}

func (r *reader) value(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) (any, error) {
	switch {
	case f.IsMap():
		var o plain.Object
		var err error
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			var x any
			x, err = r.single(f.MapValue(), v, depth)
			o = append(o, plain.Field{Name: k.String(), Value: x})
			return err == nil
		})
		slices.SortFunc(o, func(a, b plain.Field) int { return strings.Compare(a.Name, b.Name) })
		return o, err
	case f.IsList():
		list := make([]any, v.List().Len())
		for i := range list {
			var err error
			if list[i], err = r.single(f, v.List().Get(i), depth); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return r.single(f, v, depth)
}

func (r *reader) single(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) (any, error) {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return r.object(v.Message(), depth+1)
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
