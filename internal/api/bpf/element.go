package bpf

import (
	"errors"
	"fmt"
	"syscall"

	"weir/internal/api/lang"
	"weir/internal/clayout"
	"weir/internal/ebpf"
	"weir/internal/script"
)

// lookupOptions are { flags, sum }, or the flags.
func lookupOptions(c *script.Call, i int) (flags uint64, sum string, err error) {
	v := c.Arg(i)
	if f, ok := v.Float(); ok {
		return uint64(int64(f)), "", nil
	}
	if v.IsNullish() {
		return 0, "", nil
	}
	if err := checkKeys(c.Realm, v, "options", "flags", "sum"); err != nil {
		return 0, "", err
	}
	o := c.Options(v)
	return uint64(o.Int("flags", 0)), o.Str("sum", ""), o.Err()
}

// keyOf reads the key, the first argument of a call of n at least. ok is false if there is nothing to do: no map, no key.
func (m *Map) keyOf(c *script.Call, n int) (key []byte, ok bool, err error) {
	if err := c.Need(n); err != nil {
		return nil, false, err
	}
	key, ok, err = m.encodeKey(c, 0, c.Arg(0))
	if err == nil && ok {
		ok, err = m.Ready()
	}
	return key, ok, err
}

// get looks a key up. ok is false if there is nothing to look up: no map, no key.
func (m *Map) get(c *script.Call, call func(h ebpf.MapHandle, key, value []byte, flags uint64) error) (v script.Value, ok bool, err error) {
	key, ok, err := m.keyOf(c, 1)
	if err != nil || !ok {
		return script.Undefined, false, err
	}
	flags, sum, err := lookupOptions(c, 1)
	if err != nil {
		return script.Undefined, false, err
	}
	value := room(&m.value, m.Room())
	if err := call(m.Handle(), key, value, flags); err != nil {
		return script.Undefined, true, err
	}
	v, err = m.decodeValue(c.Realm, value, sum)
	return v, true, err
}

func mapLookup(c *script.Call) (script.Value, error) {
	v, ok, err := script.This[*Map](c).get(c, ebpf.MapHandle.Lookup)
	if err != nil {
		return script.Undefined, err
	}
	if !ok {
		return script.Null, nil
	}
	return v, nil
}

// missing turns the failure for a key that is not there into success.
func missing(err error) bool { return ebpf.IsErrno(err, syscall.ENOENT) }

func mapFind(c *script.Call) (script.Value, error) {
	v, _, err := script.This[*Map](c).get(c, ebpf.MapHandle.Lookup)
	if missing(err) {
		return script.Undefined, nil
	}
	return v, err
}

func mapHas(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	key, ok, err := m.keyOf(c, 1)
	if err != nil || !ok {
		return script.Bool(false), err
	}
	err = m.Handle().Lookup(key, room(&m.value, m.Room()), 0)
	if missing(err) {
		return script.Bool(false), nil
	}
	return script.Bool(err == nil), err
}

// mapTake looks a key up and removes it at once, or in two steps where the kernel cannot.
func mapTake(c *script.Call) (script.Value, error) {
	v, _, err := script.This[*Map](c).get(c, takeElement)
	if missing(err) {
		return script.Undefined, nil
	}
	return v, err
}

func takeElement(h ebpf.MapHandle, key, value []byte, flags uint64) error {
	err := h.Take(key, value, flags)
	if ebpf.IsErrno(err, syscall.EINVAL) || ebpf.IsErrno(err, syscall.ENOTSUP) || ebpf.IsErrno(err, ebpf.ENOTSUPP) {
		if err = h.Lookup(key, value, flags); err == nil {
			err = h.Delete(key)
		}
	}
	return err
}

var updateFlags = map[string]uint64{"any": 0, "noexist": 1, "exist": 2, "lock": 4}

func flagsArg(c *script.Call, i int) (uint64, error) {
	v := c.Arg(i)
	if v.IsNullish() {
		return 0, nil
	}
	if f, ok := c.NumberOf(v); ok {
		return uint64(script.Truncate(f)), nil
	}
	s, ok := c.AsString(v)
	if !ok {
		return 0, script.ArgError(i, "a number or a string")
	}
	f, ok := updateFlags[s]
	if !ok {
		return 0, script.EnumError(i)
	}
	return f, nil
}

func mapUpdate(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	flags, err := flagsArg(c, 2)
	if err != nil {
		return script.Undefined, err
	}
	return script.Undefined, m.set(c, c.Arg(0), c.Arg(1), flags)
}

// set updates an element. Without a map or key it does nothing, as scripts expect.
func (m *Map) set(c *script.Call, k, v script.Value, flags uint64) error {
	key, ok, err := m.encodeKey(c, 0, k)
	if err != nil {
		return err
	}
	if !ok {
		if k.IsObject() {
			return errUntyped
		}
		return nil
	}
	if v.IsNull() {
		return nil
	}
	value, err := m.encodeValue(c.Realm, v)
	if m.after != nil {
		defer func() { m.after(); m.after = nil }()
	}
	if err != nil {
		return err
	}
	if ok, err := m.Ready(); !ok {
		return err
	}
	return m.Handle().Update(key, value, flags)
}

// mapMerge changes the named fields of an element. It is not atomic.
func mapMerge(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	part, err := c.Object(1)
	if err != nil {
		return script.Undefined, err
	}
	if m.valueCodec == nil || m.PerCPU() {
		return script.Undefined, errors.New("merge() needs a map with a type for its values, and one value for all CPUs")
	}
	if err := m.Need(); err != nil {
		return script.Undefined, err
	}
	key, ok, err := m.keyOf(c, 2)
	if err != nil || !ok {
		return script.Undefined, err
	}
	value := room(&m.value, max(int(m.ValueSize), m.valueCodec.Layout.Size))
	if err := m.Handle().Lookup(key, value[:m.ValueSize], 0); err != nil {
		return script.Undefined, err
	}
	if err := m.valueCodec.Merge(c.Realm, part, value[:m.valueCodec.Layout.Size]); err != nil {
		return script.Undefined, err
	}
	return script.Undefined, m.Handle().Update(key, value[:m.ValueSize], 2)
}

func mapDelete(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	key, ok, err := m.keyOf(c, 1)
	if err != nil || !ok {
		return script.Undefined, err
	}
	return script.Undefined, m.Handle().Delete(key)
}

func mapRemove(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	key, ok, err := m.keyOf(c, 1)
	if err != nil || !ok {
		return script.Bool(false), err
	}
	err = m.Handle().Delete(key)
	if missing(err) {
		return script.Bool(false), nil
	}
	return script.Bool(err == nil), err
}

// sum adds a field up over the CPUs. The other fields are those of the first.
func (m *Map) sum(r *script.Realm, b []byte, name string) (script.Value, error) {
	if m.valueCodec == nil {
		return script.Undefined, errUntyped
	}
	for i := range m.ValueType.Fields {
		f := &m.ValueType.Fields[i]
		if f.Name != name {
			continue
		}
		if f.Layout != nil || f.Type.Array || f.Bits != 0 || f.Type.Kind == clayout.Char {
			return script.Undefined, fmt.Errorf("options.sum: %s is not a number", name)
		}
		v := decode(r, m.valueCodec, b[:m.ValueSize])
		var total script.Value
		if f.Type.Kind.Integral() {
			var n uint64
			for cpu := range m.CPUs() {
				n += integer(f.Read(b[cpu*m.Slot()+f.Offset:][:f.Size]))
			}
			switch {
			case f.Size < 8 && f.Type.Kind.Unsigned():
				total = script.Number(float64(n))
			case f.Size < 8:
				total = script.Number(float64(int64(n)))
			case f.Type.Kind.Unsigned():
				total = lang.NewUint(r, n)
			default:
				total = lang.NewInt(r, int64(n))
			}
		} else {
			var n float64
			for cpu := range m.CPUs() {
				x, _ := f.Read(b[cpu*m.Slot()+f.Offset:][:f.Size]).(float64)
				n += x
			}
			total = script.Number(n)
		}
		return v, r.Set(v, name, total)
	}
	return script.Undefined, fmt.Errorf("options.sum: the value has no field %s", name)
}

func integer(x any) uint64 {
	switch x := x.(type) {
	case uint64:
		return x
	case int64:
		return uint64(x)
	case float64:
		return uint64(int64(x))
	}
	return 0
}
