package bpf

import (
	"errors"

	"weir/internal/clayout"
	"weir/internal/ebpf"
	"weir/internal/script"
)

var mapOptionNames = []string{"name", "type", "keyType", "keySize", "valueType", "valueSize", "maxEntries", "flags", "inner", "numaNode",
	"extra", "entries", "pin"}

// constructMap makes and creates a map. Without arguments it gives null, as it always did.
func constructMap(c *script.Call) (script.Value, error) {
	if len(c.Args) == 0 {
		return script.Null, nil
	}
	v, err := c.Object(0)
	if err != nil {
		return script.Undefined, err
	}
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	d, err := describe(c.Realm, v, "options", true)
	if err != nil {
		return script.Undefined, err
	}
	m := ebpf.NewMap(s.Gen, d)
	if err := m.Create(); err != nil {
		return script.Undefined, err
	}
	obj := NewMap(c.Realm, m)
	entries := c.Options(v).Value("entries")
	if entries.IsUndefined() {
		return obj, nil
	}
	if err := fill(c, obj, entries); err != nil {
		m.Close()
		return script.Undefined, err
	}
	return obj, nil
}

func fill(c *script.Call, obj, entries script.Value) error {
	if !c.IsArray(entries) {
		return errors.New("options.entries expects an array of [key, value]")
	}
	m, _ := script.As[*Map](c.Realm, obj)
	for i := range c.Len(entries) {
		end := c.Scope()
		err := func() error {
			e, err := c.GetIndex(entries, i)
			if err != nil {
				return err
			}
			if !c.IsArray(e) || c.Len(e) != 2 {
				return errors.New("options.entries expects an array of [key, value]")
			}
			k, err := c.GetIndex(e, 0)
			if err != nil {
				return err
			}
			x, err := c.GetIndex(e, 1)
			if err != nil {
				return err
			}
			return m.set(c, k, x, 0)
		}()
		end()
		if err != nil {
			return err
		}
	}
	return nil
}

// describe reads the options of a map, or of the maps in it.
func describe(r *script.Realm, v script.Value, prefix string, outer bool) (ebpf.MapDescription, error) {
	var d ebpf.MapDescription
	if err := checkKeys(r, v, prefix, mapOptionNames...); err != nil {
		return d, err
	}
	o := r.Options(v)
	d.Name, d.Pin = o.Str("name", ""), o.Str("pin", "")
	switch t := o.Value("type"); {
	case t.IsString():
		name, _ := r.AsString(t)
		n, ok := ebpf.ParseMapType(name)
		if !ok {
			return d, errors.New("unknown bpf_map_type")
		}
		d.Type = n
	case t.IsUndefined():
		return d, errors.New(prefix + ".type is missing")
	default:
		d.Type = uint32(o.Int("type", 0))
	}
	size := func(typeName, sizeName string) (*clayout.Layout, uint32) {
		if t := o.Value(typeName); !t.IsUndefined() {
			l, ok := script.As[*clayout.Layout](r, t)
			if !ok {
				o.Fail(typeName, "a CStruct", "a CUnion")
				return nil, 0
			}
			return l, uint32(o.Int(sizeName, l.Size))
		}
		return nil, uint32(o.Int(sizeName, 0))
	}
	d.KeyType, d.KeySize = size("keyType", "keySize")
	d.ValueType, d.ValueSize = size("valueType", "valueSize")
	d.MaxEntries, d.Flags = uint32(o.Int("maxEntries", 0)), uint32(o.Int("flags", 0))
	if n := optionalUint(o, "numaNode"); n != nil {
		d.NUMANode = n
	}
	d.Extra = uint64(o.Int("extra", 0))
	if inner := o.Value("inner"); !inner.IsUndefined() && o.Err() == nil {
		if !outer {
			return d, errors.New("maps of maps cannot be nested")
		}
		if m, ok := MapOf(r, inner); ok {
			d.Inner = m.Describe()
		} else {
			in, err := describe(r, inner, prefix+".inner", false)
			if err != nil {
				return d, err
			}
			d.Inner = &in
		}
	}
	return d, o.Err()
}
