package ebpf

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"weir/internal/clayout"
)

// SingleField is the field that holds a key or value that is not a struct.
const SingleField = "i"

// maxLayoutDepth bounds how deep types are nested.
const maxLayoutDepth = 64

// LayoutOf returns the layout of a type, with the offsets and sizes the compiler gave it. What is neither a struct nor a
// union is the field i of a struct.
func LayoutOf(t btf.Type) (*clayout.Layout, error) { return layoutOf(t, 0) }

// KernelLayout returns the layout of a type of the running kernel.
func KernelLayout(b Backend, name string) (*clayout.Layout, error) {
	t, err := b.KernelType(name)
	if err != nil {
		return nil, err
	}
	return LayoutOf(t)
}

func layoutOf(t btf.Type, depth int) (*clayout.Layout, error) {
	if depth > maxLayoutDepth {
		return nil, fmt.Errorf("BTF types are nested too deep")
	}
	switch u := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		return composite(false, u.Members, u.Size, depth)
	case *btf.Union:
		return composite(true, u.Members, u.Size, depth)
	case *btf.Datasec:
		return nil, nil
	}
	size, err := btf.Sizeof(t)
	if err != nil {
		return nil, unsupported(t)
	}
	l := clayout.New(false, clayout.C)
	f := clayout.Field{Name: SingleField}
	if err := fieldType(&f, t, depth); err != nil {
		return nil, err
	}
	if err := l.PlaceField(f); err != nil {
		return nil, err
	}
	return l, l.Pad(size)
}

func composite(union bool, members []btf.Member, size uint32, depth int) (*clayout.Layout, error) {
	l := clayout.New(union, clayout.C)
	for _, m := range members {
		f := clayout.Field{Name: m.Name, Offset: int(m.Offset.Bytes())}
		if err := fieldType(&f, m.Type, depth); err != nil {
			return nil, err
		}
		if m.BitfieldSize > 0 {
			if f.Layout != nil || f.Type.Array || f.Size == 0 {
				return nil, unsupported(m.Type)
			}
			// The field is read as its whole type, from where the bits are in it.
			bits := 8 * f.Size
			f.Offset = int(m.Offset) / bits * f.Size
			if f.Offset+f.Size > int(size) { // packed: the bits are in the last bytes
				f.Offset = max(int(size)-f.Size, 0)
			}
			shift := int(m.Offset) - 8*f.Offset
			if bigEndian {
				shift = bits - shift - int(m.BitfieldSize)
			}
			if shift < 0 || shift+int(m.BitfieldSize) > bits {
				return nil, fmt.Errorf("bit field %s crosses the bounds of its type", m.Name)
			}
			f.Bits, f.Shift = uint8(m.BitfieldSize), uint8(shift)
		}
		if err := l.PlaceField(f); err != nil {
			return nil, err
		}
	}
	return l, l.Pad(int(size))
}

func unsupported(t btf.Type) error { return fmt.Errorf("unsupported BTF type for maps: %v", t) }

// fieldType sets the type of a field.
func fieldType(f *clayout.Field, t btf.Type, depth int) error {
	f.Type.Count = 1
	u := btf.UnderlyingType(t)
	for {
		a, ok := u.(*btf.Array)
		if !ok {
			break
		}
		if f.Type.Array {
			if f.Dims == nil {
				f.Dims = []int{f.Type.Count}
			}
			f.Dims = append(f.Dims, int(a.Nelems))
			if len(f.Dims) > maxLayoutDepth {
				return unsupported(t)
			}
		}
		if a.Nelems > 0 && f.Type.Count > clayout.MaxSize/int(a.Nelems) {
			return fmt.Errorf("the array %s is too large", f.Name)
		}
		f.Type.Array = true
		f.Type.Count *= int(a.Nelems)
		u = btf.UnderlyingType(a.Type)
	}
	kind, err := scalar(u)
	if err != nil {
		return err
	}
	f.Type.Kind, f.Size = kind, kind.Size()
	if kind == clayout.Nested {
		f.Layout, err = layoutOf(u, depth+1)
	}
	return err
}

// scalar returns the kind of a type that is no array; Nested for structs and unions.
func scalar(t btf.Type) (clayout.Kind, error) {
	switch t := t.(type) {
	case *btf.Struct, *btf.Union:
		return clayout.Nested, nil
	case *btf.Int:
		if t.Encoding == btf.Char && t.Size == 1 {
			return clayout.Char, nil
		}
		return integer(t.Size, t.Encoding == btf.Signed || t.Encoding == btf.Char)
	case *btf.Enum:
		return integer(t.Size, t.Signed)
	case *btf.Pointer:
		return clayout.Uint64, nil
	case *btf.Float:
		switch t.Size {
		case 4:
			return clayout.Float, nil
		case 8:
			return clayout.Double, nil
		}
	}
	return 0, unsupported(t)
}

func integer(size uint32, signed bool) (clayout.Kind, error) {
	var k clayout.Kind
	switch size {
	case 1:
		k = clayout.Uint8
	case 2:
		k = clayout.Uint16
	case 4:
		k = clayout.Uint32
	case 8:
		k = clayout.Uint64
	default:
		return 0, fmt.Errorf("unsupported integer bitwidth %d", 8*size)
	}
	if signed {
		k -= clayout.Uint8 - clayout.Int8
	}
	return k, nil
}
