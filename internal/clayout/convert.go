package clayout

import (
	"bytes"
	"encoding/binary"
	"math"

	"weir/internal/plain"
)

// Encode returns the bytes of an object. Missing fields and gaps are zero. Of a union the first field the object has, and
// that is not undefined, is written. A struct with Compat rules ends after its last field, everything else has Size bytes.
// Numbers are truncated and keep their low bits; texts are cut, and filled up with zeros. An array of int8 or uint8 may be
// given as bytes. Values of a wrong kind are zeros.
func (l *Layout) Encode(o plain.Object) []byte {
	b := make([]byte, l.Size)
	l.fill(b, o)
	if n := len(l.Fields); n > 0 && l.rules == Compat && !l.Union && !l.Fields[n-1].Anonymous {
		return b[:l.Fields[n-1].end()]
	}
	return b
}

// fill writes an object's fields and reports whether there was any.
func (l *Layout) fill(b []byte, o plain.Object) (any bool) {
	for i := range l.Fields {
		f := &l.Fields[i]
		if f.Anonymous {
			any = f.Layout.fill(b[f.Offset:f.end()], o) || any
		} else if v, ok := o.Get(f.Name); ok && v != (plain.Undefined{}) {
			f.Write(b[f.Offset:f.end()], v)
			any = true
		}
		if any && l.Union {
			break
		}
	}
	return any
}

// byter is data in bytes.
type byter interface{ Bytes() []byte }

// Write sets the field's bytes, which are zero but for the fields before, to a value.
func (f *Field) Write(b []byte, v any) {
	switch {
	case f.Bits != 0:
		f.putBits(b, plain.Integer(v))
	case f.Type.Array && (f.Type.Kind != Char || len(f.Dims) > 1):
		dims := f.Dims
		if dims == nil {
			dims = []int{f.Type.Count}
		}
		f.writeArray(b, v, dims)
	default:
		f.writeOne(b, v)
	}
}

func (f *Field) writeOne(b []byte, v any) {
	switch {
	case f.Layout != nil:
		if o, ok := plain.AsObject(v); ok {
			f.Layout.fill(b, o)
		}
	case f.Type.Kind == Char:
		if s, ok := v.(string); ok {
			copy(b, s)
		} else if d, ok := v.(byter); ok {
			copy(b, d.Bytes())
		}
	default:
		f.Type.Kind.put(b, v)
	}
}

// writeArray writes an array of the given lengths. Texts are arrays themselves.
func (f *Field) writeArray(b []byte, v any, dims []int) {
	if d, ok := v.(byter); ok && f.Size == 1 && f.Layout == nil {
		copy(b, d.Bytes())
		return
	}
	if f.Type.Kind == Char && len(dims) == 1 || len(dims) == 0 {
		f.writeOne(b, v)
		return
	}
	list, _ := plain.Elements(v)
	n := min(len(list), dims[0])
	if n == 0 {
		return
	}
	step := len(b) / dims[0]
	for i := range n {
		f.writeArray(b[i*step:(i+1)*step], list[i], dims[1:])
	}
}

// unit is the integer that bits are part of.
func (f *Field) unit(b []byte) uint64 {
	switch f.Size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	}
	return binary.NativeEndian.Uint64(b)
}

func (f *Field) putBits(b []byte, v uint64) {
	mask := (uint64(1)<<f.Bits - 1) << f.Shift
	v = f.unit(b)&^mask | v<<f.Shift&mask
	switch f.Size {
	case 1:
		b[0] = byte(v)
	case 2:
		binary.NativeEndian.PutUint16(b, uint16(v))
	case 4:
		binary.NativeEndian.PutUint32(b, uint32(v))
	default:
		binary.NativeEndian.PutUint64(b, v)
	}
}

func (f *Field) bits(b []byte) any {
	v := f.unit(b) >> f.Shift << (64 - f.Bits)
	if f.Type.Kind.Unsigned() {
		if v >>= 64 - f.Bits; f.Size == 8 {
			return v
		}
		return float64(v)
	}
	i := int64(v) >> (64 - f.Bits)
	if f.Size == 8 {
		return i
	}
	return float64(i)
}

func (k Kind) put(b []byte, v any) {
	if v == (plain.Undefined{}) {
		return
	}
	switch k {
	case Int8, Uint8:
		b[0] = byte(plain.Integer(v))
	case Int16, Uint16:
		binary.NativeEndian.PutUint16(b, uint16(plain.Integer(v)))
	case Int32, Uint32:
		binary.NativeEndian.PutUint32(b, uint32(plain.Integer(v)))
	case Int64, Uint64:
		binary.NativeEndian.PutUint64(b, plain.Integer(v))
	case Float:
		binary.NativeEndian.PutUint32(b, math.Float32bits(float32(plain.Number(v))))
	case Double:
		binary.NativeEndian.PutUint64(b, math.Float64bits(plain.Number(v)))
	}
}

// Decode returns the object in bytes. What they lack is zero, what they have more is ignored. A union gives all its fields.
// Integers of 64 bits are int64 or uint64, other numbers float64; a text ends before its first zero byte.
func (l *Layout) Decode(b []byte) plain.Object {
	if len(b) < l.Size {
		b = append(make([]byte, 0, l.Size), b...)[:l.Size]
	}
	return l.decode(b, make(plain.Object, 0, len(l.Fields)))
}

func (l *Layout) decode(b []byte, o plain.Object) plain.Object {
	for i := range l.Fields {
		f := &l.Fields[i]
		p := b[f.Offset:f.end()]
		if f.Anonymous {
			o = f.Layout.decode(p, o)
		} else {
			o = append(o, plain.Field{Name: f.Name, Value: f.Read(p)})
		}
	}
	return o
}

// Read returns the value in the field's bytes.
func (f *Field) Read(b []byte) any {
	switch {
	case f.Bits != 0:
		return f.bits(b)
	case f.Type.Array && (f.Type.Kind != Char || len(f.Dims) > 1):
		dims := f.Dims
		if dims == nil {
			dims = []int{f.Type.Count}
		}
		return f.readArray(b, dims)
	}
	return f.readOne(b)
}

func (f *Field) readOne(b []byte) any {
	switch {
	case f.Layout != nil:
		return f.Layout.decode(b, make(plain.Object, 0, len(f.Layout.Fields)))
	case f.Type.Kind == Char:
		if i := bytes.IndexByte(b, 0); i >= 0 {
			b = b[:i]
		}
		return string(b)
	}
	return f.Type.Kind.get(b)
}

func (f *Field) readArray(b []byte, dims []int) any {
	if f.Type.Kind == Char && len(dims) == 1 || len(dims) == 0 {
		return f.readOne(b)
	}
	list := make([]any, dims[0])
	if len(list) == 0 {
		return list
	}
	step := len(b) / dims[0]
	for i := range list {
		list[i] = f.readArray(b[i*step:(i+1)*step], dims[1:])
	}
	return list
}

func (k Kind) get(b []byte) any {
	switch k {
	case Int8:
		return float64(int8(b[0]))
	case Uint8:
		return float64(b[0])
	case Int16:
		return float64(int16(binary.NativeEndian.Uint16(b)))
	case Uint16:
		return float64(binary.NativeEndian.Uint16(b))
	case Int32:
		return float64(int32(binary.NativeEndian.Uint32(b)))
	case Uint32:
		return float64(binary.NativeEndian.Uint32(b))
	case Int64:
		return int64(binary.NativeEndian.Uint64(b))
	case Uint64:
		return binary.NativeEndian.Uint64(b)
	case Float:
		return float64(math.Float32frombits(binary.NativeEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.NativeEndian.Uint64(b))
}
