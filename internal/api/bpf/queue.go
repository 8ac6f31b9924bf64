package bpf

import (
	"errors"

	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

var queueMethods = []script.Method{
	{Name: "push", Sig: "push(value: object | Data, options?: { exist?: boolean }): undefined", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		if err := checkKeys(c.Realm, c.Arg(1), "options", "exist"); err != nil {
			return script.Undefined, err
		}
		var flags uint64
		if o := c.Options(c.Arg(1)); o.Bool("exist", false) {
			flags = 2 // a full queue loses its oldest element
		}
		return script.Undefined, script.This[*Map](c).put(c, flags)
	}},
	{Name: "pop", Sig: "pop(): object | Data | undefined", Fn: func(c *script.Call) (script.Value, error) {
		return script.This[*Map](c).head(c, ebpf.MapHandle.Take)
	}},
	{Name: "peek", Sig: "peek(): object | Data | undefined", Fn: func(c *script.Call) (script.Value, error) {
		return script.This[*Map](c).head(c, ebpf.MapHandle.Lookup)
	}},
	{Name: "add", Sig: "add(value: object | Data): undefined", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		return script.Undefined, script.This[*Map](c).put(c, 0)
	}},
	{Name: "test", Sig: "test(value: object | Data): boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		m := script.This[*Map](c)
		value, err := m.keylessValue(c)
		if err != nil {
			return script.Undefined, err
		}
		err = m.Handle().Lookup(nil, value, 0)
		if missing(err) {
			return script.Bool(false), nil
		}
		return script.Bool(err == nil), err
	}},
	{Name: "memory", Sig: "memory(options?: { offset?, length? }): Data", Length: 1, Fn: mapMemory},
	{Name: "poke", Sig: "poke(offset: number, data: Data): undefined", Length: 2, Fn: mapPoke},
}

var errKeyed = errors.New("the elements of this map have keys: use lookup() and update()")

// keylessValue encodes the first argument for a map without keys.
func (m *Map) keylessValue(c *script.Call) ([]byte, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	if !m.Keyless() {
		return nil, errKeyed
	}
	if err := m.Need(); err != nil {
		return nil, err
	}
	b := room(&m.value, int(m.ValueSize))
	if v := c.Arg(0); !v.IsObject() {
		if f, ok := v.Float(); ok && (m.valueCodec == nil || m.single()) && putNumber(b, f) {
			return b, nil
		}
		return nil, script.ArgError(0, "an object")
	}
	return b, m.encodeOne(c.Realm, c.Arg(0), b)
}

func (m *Map) put(c *script.Call, flags uint64) error {
	value, err := m.keylessValue(c)
	if err != nil {
		return err
	}
	return m.Handle().Update(nil, value, flags)
}

func (m *Map) head(c *script.Call, call func(h ebpf.MapHandle, key, value []byte, flags uint64) error) (script.Value, error) {
	if !m.Keyless() {
		return script.Undefined, errKeyed
	}
	if err := m.Need(); err != nil {
		return script.Undefined, err
	}
	value := room(&m.value, m.Room())
	if err := call(m.Handle(), nil, value, 0); err != nil {
		if missing(err) {
			err = nil
		}
		return script.Undefined, err
	}
	return m.decodeValue(c.Realm, value, "")
}

// maxMemory bounds what memory() copies at once.
const maxMemory = 64 << 20

func mapMemory(c *script.Call) (script.Value, error) {
	if err := checkKeys(c.Realm, c.Arg(0), "options", "offset", "length"); err != nil {
		return script.Undefined, err
	}
	mm, err := script.This[*Map](c).Memory()
	if err != nil {
		return script.Undefined, err
	}
	o := c.Options(c.Arg(0))
	offset := o.Size("offset", 0)
	length := o.Size("length", max(int64(mm.Size())-offset, 0))
	if o.Err() != nil {
		return script.Undefined, o.Err()
	}
	if length > maxMemory || offset > int64(mm.Size()) || length > int64(mm.Size())-offset {
		return script.Undefined, errors.New("options.offset and options.length lie outside of the map, or over 64 MiB are asked for")
	}
	b := make([]byte, length)
	if len(b) > 0 {
		if _, err := mm.ReadAt(b, offset); err != nil {
			return script.Undefined, err
		}
	}
	return event.NewData(c.Realm, stream.NewData(b)), nil
}

func mapPoke(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	offset, err := c.Int(0)
	if err != nil {
		return script.Undefined, err
	}
	d, ok := event.DataOf(c.Realm, c.Arg(1))
	if !ok {
		return script.Undefined, script.ArgError(1, "an instance of pipy::Data")
	}
	mm, err := script.This[*Map](c).Memory()
	if err != nil {
		return script.Undefined, err
	}
	b := d.Bytes()
	if offset < 0 || int64(offset)+int64(len(b)) > int64(mm.Size()) {
		return script.Undefined, errors.New("the data lies outside of the map")
	}
	if len(b) == 0 {
		return script.Undefined, nil
	}
	_, err = mm.WriteAt(b, int64(offset))
	return script.Undefined, err
}
