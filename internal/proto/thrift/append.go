package thrift

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"weir/internal/plain"
	"weir/internal/proto/token"
	"weir/internal/stream"
)

// Append appends a message. Values may also be plain data from scripts: objects in place of Field, List and Map, numbers of
// any type; what does not fit its type is as good as 0, empty or false.
func Append(b []byte, m *Message) ([]byte, error) {
	start := len(b)
	if m.Framed {
		b = append(b, 0, 0, 0, 0)
	}
	name := ""
	if m.Name != nil {
		name = *m.Name
	}
	w := writer{b: b, compact: m.Protocol == Compact}
	switch m.Protocol {
	case Compact:
		w.b = append(w.b, 0x82, byte(m.Type)<<5|1)
		w.varint(uint64(uint32(m.SeqID)))
		w.text(name)
	case Binary:
		w.b = append(w.b, 0x80, 1, 0, byte(m.Type))
		w.text(name)
		w.uint32(uint32(m.SeqID))
	case Old:
		w.text(name)
		w.b = append(w.b, byte(m.Type))
		w.uint32(uint32(m.SeqID))
	}
	w.fields(m.Fields, 1)
	if m.Framed {
		binary.BigEndian.PutUint32(w.b[start:], uint32(len(w.b)-start-4))
	}
	return w.b, w.err
}

type writer struct {
	b       []byte
	compact bool
	err     error
}

func (w *writer) uint32(u uint32) { w.b = binary.BigEndian.AppendUint32(w.b, u) }
func (w *writer) varint(u uint64) { w.b = binary.AppendUvarint(w.b, u) }

func zigzag(i int64) uint64 { return uint64(i<<1) ^ uint64(i>>63) }

func (w *writer) size(n int) {
	if w.compact {
		w.varint(uint64(n))
	} else {
		w.uint32(uint32(n))
	}
}

func (w *writer) text(s string) {
	w.size(len(s))
	w.b = append(w.b, s...)
}

// code is the number of a type; one says that a boolean of a compact container is 1.
func (w *writer) code(t Type, one bool) byte {
	switch {
	case w.compact && one && t == Bool:
		return 1
	case w.compact:
		return compactCodes[t]
	}
	return binaryCodes[t]
}

func (w *writer) fields(fields []Field, depth int) {
	if depth > token.MaxNesting {
		w.err = fmt.Errorf("values are nested more than %d deep", token.MaxNesting)
		return
	}
	last := 0
	for _, f := range fields {
		id := int(int16(f.ID))
		if !w.compact {
			w.b = append(w.b, binaryCodes[f.Type], byte(id>>8), byte(id))
			w.value(f.Type, f.Value, depth)
			continue
		}
		c := compactCodes[f.Type]
		if f.Type == Bool && plain.Bool(f.Value) {
			c = 1
		}
		if delta := id - last; delta > 0 && delta < 16 {
			w.b = append(w.b, byte(delta)<<4|c)
		} else {
			w.b = append(w.b, c)
			w.varint(zigzag(int64(id)))
		}
		last = id
		if f.Type != Bool {
			w.value(f.Type, f.Value, depth)
		}
	}
	w.b = append(w.b, 0)
}

func (w *writer) value(t Type, v any, depth int) {
	switch t {
	case Bool:
		c := byte(0)
		if plain.Bool(v) {
			c = 1
		} else if w.compact {
			c = 2
		}
		w.b = append(w.b, c)
	case I8:
		w.b = append(w.b, byte(plain.Integer(v)))
	case I16:
		if n := int16(plain.Integer(v)); w.compact {
			w.varint(zigzag(int64(n)))
		} else {
			w.b = append(w.b, byte(n>>8), byte(n))
		}
	case I32:
		if n := int32(plain.Integer(v)); w.compact {
			w.varint(zigzag(int64(n)))
		} else {
			w.uint32(uint32(n))
		}
	case I64:
		if n := int64(plain.Integer(v)); w.compact {
			w.varint(zigzag(n))
		} else {
			w.b = binary.BigEndian.AppendUint64(w.b, uint64(n))
		}
	case Double:
		bits := math.Float64bits(plain.Number(v))
		if w.compact {
			w.b = binary.LittleEndian.AppendUint64(w.b, bits)
		} else {
			w.b = binary.BigEndian.AppendUint64(w.b, bits)
		}
	case Bytes:
		w.bytes(v)
	case UUID:
		w.uuid(v)
	case Struct:
		w.fields(fieldsOf(v), depth+1)
	case MapType:
		w.mapping(v, depth+1)
	default:
		w.list(v, depth+1)
	}
	if len(w.b) > math.MaxInt32 && w.err == nil {
		w.err = errors.New("the message is larger than 2 GiB")
	}
}

func (w *writer) bytes(v any) {
	if d, ok := v.(*stream.Data); ok && d != nil {
		w.size(d.Size())
		w.b = d.AppendTo(w.b)
		return
	}
	s, _ := v.(string)
	w.text(s)
}

func (w *writer) uuid(v any) {
	s, _ := v.(string)
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != 16 {
		raw = make([]byte, 16)
	}
	w.b = append(w.b, raw...)
}

// fieldsOf returns the fields of a struct; what is no object is left out.
func fieldsOf(v any) []Field {
	if f, ok := v.([]Field); ok {
		return f
	}
	list, _ := plain.Elements(v)
	fields := make([]Field, 0, len(list))
	for _, e := range list {
		if o, ok := plain.AsObject(e); ok {
			f := Field{Type: I32}
			plain.Assign(&f, o)
			f.Type = known(f.Type)
			fields = append(fields, f)
		}
	}
	return fields
}

// known returns t, I32 if there is no such type.
func known(t Type) Type {
	if t < Bool || t > UUID {
		return I32
	}
	return t
}

func (w *writer) mapping(v any, depth int) {
	m, ok := v.(*Map)
	if !ok {
		m = &Map{KeyType: I32, ValueType: I32}
		plain.Assign(m, v)
		m.KeyType, m.ValueType = known(m.KeyType), known(m.ValueType)
	}
	switch n := len(m.Pairs); {
	case !w.compact:
		w.b = append(w.b, binaryCodes[m.KeyType], binaryCodes[m.ValueType])
		w.uint32(uint32(n))
	case n == 0:
		w.b = append(w.b, 0)
	default:
		w.varint(uint64(n))
		w.b = append(w.b, w.code(m.KeyType, m.oneKey)<<4|w.code(m.ValueType, m.oneValue))
	}
	for _, p := range m.Pairs {
		var pair [2]any
		list, _ := plain.Elements(p)
		copy(pair[:], list)
		w.value(m.KeyType, pair[0], depth)
		w.value(m.ValueType, pair[1], depth)
	}
}

func (w *writer) list(v any, depth int) {
	l, ok := v.(*List)
	if !ok {
		l = &List{ElementType: I32}
		plain.Assign(l, v)
		l.ElementType = known(l.ElementType)
	}
	n := len(l.Elements)
	c := w.code(l.ElementType, l.one)
	switch {
	case !w.compact:
		w.b = append(w.b, c)
		w.uint32(uint32(n))
	case n < 15:
		w.b = append(w.b, byte(n)<<4|c)
	default:
		w.b = append(w.b, 0xf0|c)
		w.varint(uint64(n))
	}
	for _, e := range l.Elements {
		w.value(l.ElementType, e, depth)
	}
}
