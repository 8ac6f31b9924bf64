package bpf

import (
	"encoding/binary"
	"errors"

	"weir/internal/api/cstruct"
	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
)

var order = binary.NativeEndian

// room returns a buffer of n zero bytes in the place of the last one.
func room(b *[]byte, n int) []byte {
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	*b = (*b)[:n]
	clear(*b)
	return *b
}

var errUntyped = errors.New("the map has no type for this object: give Data, or open it with a CStruct")

// encodeKey writes a key into the buffer of keys. ok is false for no key: null, and what cannot be encoded without a type.
func (m *Map) encodeKey(c *script.Call, i int, v script.Value) (key []byte, ok bool, err error) {
	if m.Keyless() {
		return nil, true, nil
	}
	if v.IsNullish() {
		if v.IsUndefined() {
			return nil, false, script.ArgError(i, "an object")
		}
		return nil, false, nil
	}
	b := room(&m.key, int(m.KeySize))
	if !v.IsObject() {
		if ok, err := m.primitiveKey(c.Realm, v, b); ok || err != nil {
			return b, ok, err
		}
		return nil, false, script.ArgError(i, "an object")
	}
	if d, ok := event.DataOf(c.Realm, v); ok {
		d.Peek(b)
		return b, true, nil
	}
	if x, ok := script.As[FD](c.Realm, v); ok && len(b) == 4 {
		order.PutUint32(b, uint32(x.FD()))
		return b, true, nil
	}
	if m.keyCodec == nil {
		return nil, false, nil
	}
	return b, true, encode(c.Realm, m.keyCodec, v, b)
}

// primitiveKey writes a number, if the key is one, or the path of a cgroup.
func (m *Map) primitiveKey(r *script.Realm, v script.Value, b []byte) (bool, error) {
	t, _ := ebpf.ParseMapType("cgrp_storage")
	if s, ok := r.AsString(v); ok && m.Type == t && len(b) == 4 {
		fd, err := StateOf(r).directory(s)
		order.PutUint32(b, uint32(fd))
		return err == nil, err
	}
	f, ok := v.Float()
	if !ok {
		return false, nil
	}
	if t, _ := ebpf.ParseMapType("task_storage"); m.Type == t {
		fd, err := StateOf(r).process(script.Truncate(f))
		order.PutUint32(b, uint32(fd))
		return err == nil, err
	}
	return putNumber(b, f), nil
}

func putNumber(b []byte, f float64) bool {
	switch n := uint64(int64(f)); len(b) {
	case 1:
		b[0] = byte(n)
	case 2:
		order.PutUint16(b, uint16(n))
	case 4:
		order.PutUint32(b, uint32(n))
	case 8:
		order.PutUint64(b, n)
	default:
		return false
	}
	return true
}

// held are the descriptors that stand for keys: of a cgroup, of a process.
func (s *State) hold(fd int, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	s.Gen.Own(&descriptor{s.Gen.Backend, fd})
	return fd, nil
}

func (s *State) directory(path string) (int, error) {
	fd, ok := s.keys[path]
	if ok {
		return fd, nil
	}
	fd, err := s.hold(s.Gen.Backend.OpenPath(path))
	if err == nil {
		s.remember(path, fd)
	}
	return fd, err
}

func (s *State) process(pid int) (int, error) {
	fd, ok := s.keys[pid]
	if ok {
		return fd, nil
	}
	fd, err := s.hold(s.Gen.Backend.OpenProcess(pid))
	if err == nil {
		s.remember(pid, fd)
	}
	return fd, err
}

func (s *State) remember(key any, fd int) {
	if s.keys == nil {
		s.keys = map[any]int{}
	}
	s.keys[key] = fd
}

// encode writes an object with a layout, cut or filled up to the buffer's size.
func encode(r *script.Realm, k *cstruct.Codec, v script.Value, b []byte) error {
	if k.Layout.Size <= len(b) {
		_, err := k.Encode(r, v, b[:k.Layout.Size])
		return err
	}
	all := make([]byte, k.Layout.Size)
	_, err := k.Encode(r, v, all)
	copy(b, all)
	return err
}

func decode(r *script.Realm, k *cstruct.Codec, b []byte) script.Value {
	if k == nil {
		return data(r, b)
	}
	if len(b) < k.Layout.Size {
		b = append(make([]byte, 0, k.Layout.Size), b...)[:k.Layout.Size]
	}
	return k.Decode(r, b)
}

func (m *Map) decodeKey(r *script.Realm, b []byte) script.Value { return decode(r, m.keyCodec, b) }

// encodeValue writes a value into the buffer of values.
func (m *Map) encodeValue(r *script.Realm, v script.Value) ([]byte, error) {
	if !m.PerCPU() {
		b := room(&m.value, int(m.ValueSize))
		return b, m.encodeOne(r, v, b)
	}
	slot, n := m.Slot(), m.CPUs()
	b := room(&m.value, m.Room())
	if !r.IsArray(v) {
		if err := m.encodeOne(r, v, b[:m.ValueSize]); err != nil {
			return nil, err
		}
		for i := 1; i < n; i++ {
			copy(b[i*slot:], b[:m.ValueSize])
		}
		return b, nil
	}
	if r.Len(v) > n {
		return nil, errors.New("there are more values than CPUs")
	}
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil {
			return nil, err
		}
		if e.IsNullish() {
			continue
		}
		if err := m.encodeOne(r, e, b[i*slot:i*slot+int(m.ValueSize)]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (m *Map) encodeOne(r *script.Realm, v script.Value, b []byte) error {
	if d, ok := event.DataOf(r, v); ok {
		d.Peek(b)
		return nil
	}
	if x, ok := script.As[FD](r, v); ok {
		fd := x.FD()
		if fd == 0 {
			return errors.New("the value has no descriptor: it is not loaded, not created, or closed")
		}
		return m.putFD(b, fd)
	}
	if s, ok := r.AsString(v); ok {
		return m.putNamed(b, s)
	}
	if f, ok := v.Float(); ok && (m.valueCodec == nil || m.single()) && putNumber(b, f) {
		return nil
	}
	if !v.IsObject() {
		return script.ArgError(1, "an object")
	}
	if handled, err := m.deviceValue(r, v, b); handled || err != nil {
		return err
	}
	if m.valueCodec == nil {
		return errUntyped
	}
	return encode(r, m.valueCodec, v, b)
}

func (m *Map) single() bool {
	l := m.ValueType
	return l != nil && len(l.Fields) == 1 && l.Fields[0].Type.Kind.Integral() && !l.Fields[0].Type.Array
}

func (m *Map) putFD(b []byte, fd int) error {
	if len(b) < 4 || !putNumber(b[:min(len(b), 8)], float64(fd)) {
		return errors.New("the values of the map are no descriptors")
	}
	return nil
}

// putNamed writes the index of a network interface, or the descriptor of a cgroup.
func (m *Map) putNamed(b []byte, name string) error {
	back := m.Generation().Backend
	switch ebpf.MapTypeName(m.Type) {
	case "devmap", "devmap_hash":
		i, err := back.Interface(name)
		if err != nil {
			return err
		}
		return m.putFD(b[:4], i)
	case "cgroup_array":
		fd, err := back.OpenPath(name)
		if err != nil {
			return err
		}
		m.after = func() error { return back.CloseFD(fd) } // the map takes a reference of its own
		return m.putFD(b, fd)
	}
	return script.ArgError(1, "an object")
}

// deviceValue writes { interface, program } of a device map, and { size, program } of a CPU map.
func (m *Map) deviceValue(r *script.Realm, v script.Value, b []byte) (bool, error) {
	name := ""
	switch ebpf.MapTypeName(m.Type) {
	case "devmap", "devmap_hash":
		name = "interface"
	case "cpumap":
		name = "size"
	default:
		return false, nil
	}
	first, err := r.Get(v, name)
	if err != nil || first.IsUndefined() {
		return false, err
	}
	if s, ok := r.AsString(first); ok {
		if err := m.putNamed(b, s); err != nil {
			return true, err
		}
	} else if f, ok := first.Float(); ok && len(b) >= 4 {
		putNumber(b[:4], f)
	}
	p, err := r.Get(v, "program")
	if err != nil || p.IsNullish() {
		return true, err
	}
	fd, ok := FDOf(r, p)
	if !ok || len(b) < 8 {
		return true, errors.New("program expects a Program, and a map with values of 8 bytes")
	}
	putNumber(b[4:8], float64(fd))
	return true, nil
}

// decodeValue returns the value in b. Of a per-CPU map it is an array, or, if the name of a field to sum up is given, one
// object with the sums.
func (m *Map) decodeValue(r *script.Realm, b []byte, sum string) (script.Value, error) {
	switch ebpf.MapTypeName(m.Type) {
	case "array_of_maps", "hash_of_maps":
		if len(b) == 4 {
			inner, err := ebpf.OpenMap(m.Generation(), order.Uint32(b))
			if err != nil {
				return script.Undefined, err
			}
			inner.InheritTypes(m.Map)
			return NewMap(r, inner), nil
		}
	case "prog_array":
		if m.valueCodec == nil && len(b) == 4 {
			return script.Number(float64(order.Uint32(b))), nil
		}
	}
	if !m.PerCPU() {
		return decode(r, m.valueCodec, b), nil
	}
	slot, n, size := m.Slot(), m.CPUs(), int(m.ValueSize)
	if sum != "" {
		return m.sum(r, b, sum)
	}
	a := r.NewArray()
	for i := range n {
		end := r.Scope()
		r.SetIndex(a, i, decode(r, m.valueCodec, b[i*slot:i*slot+size]))
		end()
	}
	return a, nil
}
