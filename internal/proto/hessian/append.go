package hessian

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"weir/internal/plain"
	"weir/internal/stream"
)

// Encoder writes values that share their references and class definitions. The zero Encoder is ready.
type Encoder struct {
	refs    map[*Collection]int
	classes map[string]int
	fields  [][]string // of the classes
}

var errType = errors.New("an object has no type")

// Append appends a value. Undefined is nothing at all. At what cannot be written it stops, and returns what it wrote so far.
func (e *Encoder) Append(b []byte, v any) ([]byte, error) {
	if v == (plain.Undefined{}) {
		return b, nil
	}
	return e.value(b, v, 0)
}

func (e *Encoder) value(b []byte, v any, depth int) ([]byte, error) {
	if depth > maxNesting {
		return b, errDeep
	}
	switch v := v.(type) {
	case nil, plain.Undefined:
		return append(b, 'N'), nil
	case bool:
		if v {
			return append(b, 'T'), nil
		}
		return append(b, 'F'), nil
	case plain.Int32:
		return appendInt(b, int32(v)), nil
	case int64:
		return appendLong(b, v), nil
	case uint64:
		return appendLong(b, int64(v)), nil
	case float64:
		return appendDouble(b, v), nil
	case time.Time:
		return binary.BigEndian.AppendUint64(append(b, 'J'), uint64(v.UnixMilli())), nil
	case string:
		return appendText(b, v), nil
	case *stream.Data:
		return appendBytes(b, v.Bytes()), nil
	case *Collection:
		return e.collection(b, v, depth)
	}
	return b, fmt.Errorf("a %T cannot be written", v)
}

func appendInt(b []byte, i int32) []byte {
	switch {
	case i >= -16 && i < 48:
		return append(b, byte(0x90+i))
	case i >= -1<<11 && i < 1<<11:
		return append(b, byte(0xc8+i>>8), byte(i))
	case i >= -1<<18 && i < 1<<18:
		return append(b, byte(0xd4+i>>16), byte(i>>8), byte(i))
	}
	return binary.BigEndian.AppendUint32(append(b, 'I'), uint32(i))
}

func appendLong(b []byte, i int64) []byte {
	switch {
	case i >= -8 && i < 16:
		return append(b, byte(0xe0+i))
	case i >= -1<<11 && i < 1<<11:
		return append(b, byte(0xf8+i>>8), byte(i))
	case i >= -1<<18 && i < 1<<18:
		return append(b, byte(0x3c+i>>16), byte(i>>8), byte(i))
	case i >= math.MinInt32 && i <= math.MaxInt32:
		return binary.BigEndian.AppendUint32(append(b, 'Y'), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(b, 'L'), uint64(i))
}

func appendDouble(b []byte, f float64) []byte {
	if f == math.Trunc(f) && (f != 0 || !math.Signbit(f)) {
		switch {
		case f == 0:
			return append(b, 0x5b)
		case f == 1:
			return append(b, 0x5c)
		case f >= math.MinInt8 && f <= math.MaxInt8:
			return append(b, 0x5d, byte(int8(f)))
		case f >= math.MinInt16 && f <= math.MaxInt16:
			return append(b, 0x5e, byte(int16(f)>>8), byte(int16(f)))
		}
	}
	return binary.BigEndian.AppendUint64(append(b, 'D'), math.Float64bits(f))
}

// maxChunk is how many characters or bytes a piece has.
const maxChunk = 0xffff

func appendText(b []byte, s string) []byte {
	n := utf8.RuneCountInString(s)
	for n > maxChunk {
		size := 0
		for range maxChunk {
			_, k := utf8.DecodeRuneInString(s[size:])
			size += k
		}
		b = append(b, 'R', maxChunk>>8, maxChunk&0xff)
		b = append(b, s[:size]...)
		s, n = s[size:], n-maxChunk
	}
	switch {
	case n < 32:
		b = append(b, byte(n))
	case n < 1024:
		b = append(b, byte(0x30+n>>8), byte(n))
	default:
		b = append(b, 'S', byte(n>>8), byte(n))
	}
	return append(b, s...)
}

func appendBytes(b, data []byte) []byte {
	for len(data) > maxChunk {
		b = append(b, 'A', maxChunk>>8, maxChunk&0xff)
		b = append(b, data[:maxChunk]...)
		data = data[maxChunk:]
	}
	switch n := len(data); {
	case n < 16:
		b = append(b, byte(0x20+n))
	case n < 1024:
		b = append(b, byte(0x34+n>>8), byte(n))
	default:
		b = append(b, 'B', byte(n>>8), byte(n))
	}
	return append(b, data...)
}

func (e *Encoder) collection(b []byte, c *Collection, depth int) (_ []byte, err error) {
	if n, ok := e.refs[c]; ok {
		return appendInt(append(b, 'Q'), int32(n)), nil
	}
	if e.refs == nil {
		e.refs = map[*Collection]int{}
	}
	e.refs[c] = len(e.refs)
	switch c.Kind {
	case List:
		if c.Type == nil {
			b = append(b, 'X')
		} else {
			b = appendText(append(b, 'V'), *c.Type)
		}
		b = appendInt(b, int32(len(c.Elements)))
		for _, v := range c.Elements {
			if b, err = e.value(b, v, depth+1); err != nil {
				return b, err
			}
		}
		return b, nil
	case Map:
		if c.Type == nil {
			b = append(b, 'H')
		} else {
			b = appendText(append(b, 'M'), *c.Type)
		}
		for _, p := range c.Pairs {
			if b, err = e.value(b, p.Key, depth+1); err == nil {
				b, err = e.value(b, p.Value, depth+1)
			}
			if err != nil {
				return b, err
			}
		}
		return append(b, 'Z'), nil
	case Object:
		return e.object(b, c, depth)
	}
	return b, errors.New("a class definition is no value")
}

func (e *Encoder) object(b []byte, c *Collection, depth int) (_ []byte, err error) {
	if c.Type == nil {
		return b, errType
	}
	n, ok := e.classes[*c.Type]
	if !ok {
		if e.classes == nil {
			e.classes = map[string]int{}
		}
		n = len(e.classes)
		e.classes[*c.Type] = n
		var names []string
		b = appendText(append(b, 'C'), *c.Type)
		b = appendInt(b, int32(len(c.Fields)))
		for _, f := range c.Fields {
			b = appendText(b, f.Name)
			names = append(names, f.Name)
		}
		e.fields = append(e.fields, names)
	}
	if n < 16 {
		b = append(b, byte(0x60+n))
	} else {
		b = appendInt(append(b, 'O'), int32(n))
	}
	for i, name := range e.fields[n] {
		if b, err = e.value(b, c.field(i, name), depth+1); err != nil {
			return b, err
		}
	}
	return b, nil
}

// field returns the value of a field, which is the i-th in objects with all fields in order.
func (c *Collection) field(i int, name string) any {
	if i < len(c.Fields) && c.Fields[i].Name == name {
		return c.Fields[i].Value
	}
	for _, f := range c.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}
