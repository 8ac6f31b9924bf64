package clayout

import (
	"errors"
	"fmt"
)

// MaxSize bounds the bytes of a layout, and the values in it: a few nested layouts of no size could have very many.
const MaxSize = 16 << 20

// maxDepth bounds how deep layouts are nested.
const maxDepth = 100

// Rules tell where fields lie.
type Rules uint8

const (
	// Compat is what scripts rely on. Scalars lie as in C. A nested layout is aligned by its size as a scalar would be, and
	// takes a multiple of 4 bytes. Nothing follows the last field.
	Compat Rules = iota
	// C is the ABI: nested layouts are aligned as their fields need, and the end is padded.
	C
	// Packed leaves no gaps.
	Packed
)

// Field is a field of a layout.
type Field struct {
	Name   string
	Type   Type
	Layout *Layout // of a Nested field
	Offset int
	Size   int // of an element

	// Dims, of an array of arrays, are its lengths from the outermost; their product is Type.Count.
	Dims []int
	// Bits, if not 0, are how many bits of the integer at Offset are the field, from Shift.
	Bits, Shift uint8

	// Anonymous: the fields of Layout, a union, appear among those of the layout around it.
	Anonymous bool
}

// end is where the field's last byte has been.
func (f *Field) end() int { return f.Offset + f.Size*f.Type.Count }

// Layout is a struct, or a union. Make one with New and Add; it must not be changed once it is in use.
type Layout struct {
	Union  bool
	Size   int
	Fields []Field

	rules  Rules
	align  int // by the rules of C
	values int // how many decoding makes
	depth  int
	filled int // where the last byte of a field is
}

// New returns an empty struct or union.
func New(union bool, rules Rules) *Layout {
	return &Layout{Union: union, rules: rules, align: 1, values: 1, depth: 1}
}

// Add appends a field of a scalar type, or an array of them.
func (l *Layout) Add(name string, t Type) error {
	size := kinds[t.Kind].size
	return l.place(Field{Name: name, Type: t, Size: size}, size, size*t.Count)
}

// Nest appends a field with a layout. An anonymous one must be a union.
func (l *Layout) Nest(name string, inner *Layout, anonymous bool) error {
	if anonymous && !inner.Union {
		return fmt.Errorf("anonymous field of non-union type is not allowed: %s", name)
	}
	align, room := inner.align, inner.Size
	if l.rules == Compat {
		align = sizeClass(inner.Size)
		if !anonymous && !l.Union {
			room = roundUp(room, 4)
		}
	}
	return l.place(Field{Name: name, Type: Type{Kind: Nested, Count: 1}, Layout: inner, Size: inner.Size, Anonymous: anonymous},
		align, room)
}

// PlaceField appends a field whose offset is known, as debug information has it. Its Size is set from its type. A nested
// field may be an array.
func (l *Layout) PlaceField(f Field) error {
	if f.Size = f.Type.Kind.Size(); f.Layout != nil {
		f.Size = f.Layout.Size
	}
	if f.Offset < 0 || f.Offset > MaxSize {
		return errTooLarge
	}
	return l.put(f, f.Offset+f.Size*f.Type.Count)
}

// Pad sets the size, which debug information has, too. Fields must not lie beyond it.
func (l *Layout) Pad(size int) error {
	if size < l.filled || size > MaxSize {
		return errors.New("a field lies outside of its struct")
	}
	l.Size = size
	return nil
}

func (l *Layout) place(f Field, align, room int) error {
	if l.rules == Packed {
		align = 1
	}
	if !l.Union {
		// The end of the fields, without the padding a struct has in C.
		end := l.Size
		if l.rules == C {
			end = l.filled
		}
		f.Offset = roundUp(end, align)
	}
	l.align = max(l.align, align)
	return l.put(f, f.Offset+room)
}

var errTooLarge = errors.New("the layout is too large")

func (l *Layout) put(f Field, end int) error {
	values, depth := f.Type.Count, l.depth
	if f.Type.Kind == Char {
		values = 1
	}
	if f.Layout != nil {
		if f.Type.Count > 0 && f.Layout.values > MaxSize/f.Type.Count {
			return errTooLarge
		}
		values, depth = f.Layout.values*f.Type.Count, max(depth, f.Layout.depth+1)
	}
	if f.Type.Count > MaxSize || end > MaxSize || l.values+values > MaxSize || depth > maxDepth {
		return errTooLarge
	}
	l.values += values
	l.depth = depth
	l.filled = max(l.filled, end)
	l.Size = max(l.Size, end)
	if l.rules == C {
		l.Size = roundUp(l.Size, l.align)
	}
	l.Fields = append(l.Fields, f)
	return nil
}

// Each calls f with every field and its offset from the start of l, those of anonymous unions in their places.
func (l *Layout) Each(f func(*Field, int)) { l.each(0, f) }

func (l *Layout) each(base int, f func(*Field, int)) {
	for i := range l.Fields {
		if x := &l.Fields[i]; x.Anonymous {
			x.Layout.each(base+x.Offset, f)
		} else {
			f(x, base+x.Offset)
		}
	}
}

// sizeClass is the alignment of a scalar of n bytes.
func sizeClass(n int) int {
	switch {
	case n <= 1:
		return 1
	case n <= 2:
		return 2
	case n <= 4:
		return 4
	}
	return 8
}

func roundUp(n, align int) int { return (n + align - 1) / align * align }
