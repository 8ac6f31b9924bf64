package ebpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"weir/internal/clayout"
)

// Variable is a global variable of an object file.
type Variable struct {
	Name     string
	Section  string
	Size     int
	Type     *clayout.Layout // nil if the object does not tell
	Scalar   bool            // the layout has the field i only
	Constant bool

	obj    *Object
	spec   *ebpf.VariableSpec
	offset int
}

func newVariable(o *Object, spec *ebpf.VariableSpec) *Variable {
	v := &Variable{Name: spec.Name, Section: spec.SectionName, Size: int(spec.Size()), Constant: spec.Constant(), obj: o, spec: spec,
		offset: int(spec.Offset)}
	if spec.Type != nil {
		if l, err := LayoutOf(spec.Type.Type); err == nil && l != nil && l.Size == v.Size {
			v.Type = l
			switch btf.UnderlyingType(spec.Type.Type).(type) {
			case *btf.Struct, *btf.Union:
			default:
				v.Scalar = true
			}
		}
	}
	return v
}

// Get returns the bytes of the variable: those in the object file until its section is in the kernel.
func (v *Variable) Get() ([]byte, error) {
	m := v.obj.all[v.Section]
	if m.handle == nil {
		if m.closed {
			return nil, ErrClosed
		}
		return append([]byte(nil), v.spec.Value...), nil
	}
	b := make([]byte, v.Size)
	if mm, err := m.Memory(); err == nil {
		_, err = mm.ReadAt(b, int64(v.offset))
		return b, err
	}
	all, err := v.whole(m)
	if err != nil {
		return nil, err
	}
	copy(b, all[v.offset:])
	return b, nil
}

// Set changes the variable; b has its size.
func (v *Variable) Set(b []byte) error {
	if len(b) != v.Size {
		return fmt.Errorf("the variable %s has %d bytes, not %d", v.Name, v.Size, len(b))
	}
	m := v.obj.all[v.Section]
	if m.handle == nil {
		if m.closed {
			return ErrClosed
		}
		v.spec.Value = append([]byte(nil), b...)
		return nil
	}
	if v.Constant {
		return fmt.Errorf("the constant %s cannot be changed any more: its object is loaded", v.Name)
	}
	if mm, err := m.Memory(); err == nil {
		_, err = mm.WriteAt(b, int64(v.offset))
		return err
	}
	// Without shared memory the whole section is written, with what programs changed meanwhile.
	all, err := v.whole(m)
	if err != nil {
		return err
	}
	copy(all[v.offset:], b)
	return m.handle.Update(word(0), all, 0)
}

func (v *Variable) whole(m *Map) ([]byte, error) {
	all := make([]byte, m.ValueSize)
	if err := m.handle.Lookup(word(0), all, 0); err != nil {
		return nil, err
	}
	if v.offset+v.Size > len(all) {
		return nil, errors.New("the variable lies outside of its section")
	}
	return all, nil
}
