package bpf

import (
	"bytes"
	"errors"
	"syscall"

	"weir/internal/ebpf"
	"weir/internal/script"
)

var walkMethods = []script.Method{
	{Name: "keys", Sig: "keys(options?: { limit?, prefix? }): (object | Data)[] | null", Fn: mapKeys},
	{Name: "entries", Sig: "entries(options?: { batch?, limit?, prefix?, sum? }): [key, value][] | null", Fn: mapEntries},
	{Name: "clear", Sig: "clear(): undefined", Fn: mapClear},
	{Name: "size", Sig: "size(): number", Fn: mapSize},
	{Name: "updateAll", Sig: "updateAll(entries: [key, value][], flags?): number", Length: 1, Fn: mapUpdateAll},
	{Name: "deleteAll", Sig: "deleteAll(keys: (object | Data)[]): number", Length: 1, Fn: mapDeleteAll},
	{Name: "takeAll", Sig: "takeAll(options?: { batch?, limit?, sum? }): [key, value][]", Fn: mapTakeAll},
}

type walkOptions struct {
	batch, limit int
	prefix       []byte // of an LPM trie
	sum          string
}

const (
	defaultBatch = 256
	maxBatch     = 1 << 16
	maxBatchSize = 16 << 20 // bytes
)

func (m *Map) walkOptions(c *script.Call) (o walkOptions, err error) {
	v := c.Arg(0)
	if err := checkKeys(c.Realm, v, "options", "batch", "limit", "prefix", "sum"); err != nil {
		return o, err
	}
	opts := c.Options(v)
	o.batch = min(max(opts.Int("batch", 0), 0), maxBatch)
	o.limit = opts.Int("limit", 0)
	o.sum = opts.Str("sum", "")
	if p := opts.Value("prefix"); !p.IsUndefined() && opts.Err() == nil {
		if ebpf.MapTypeName(m.Type) != "lpm_trie" {
			return o, errors.New("options.prefix is for maps of type lpm_trie")
		}
		key, ok, err := m.encodeKey(c, 0, p)
		if err != nil || !ok {
			return o, err
		}
		o.prefix = bytes.Clone(key)
	}
	return o, opts.Err()
}

// within reports whether an LPM key lies in a prefix: both are a length in bits and an address.
func within(key, prefix []byte) bool {
	if len(key) < 4 || len(prefix) < 4 {
		return true
	}
	n := int(order.Uint32(prefix))
	if int(order.Uint32(key)) < n || n > 8*(len(prefix)-4) {
		return false
	}
	a, b := key[4:], prefix[4:]
	if !bytes.Equal(a[:n/8], b[:n/8]) {
		return false
	}
	return n%8 == 0 || (a[n/8]^b[n/8])>>(8-n%8) == 0
}

// eachKey calls f with the keys in the kernel's order until it returns false. When the key that was last seen goes
// meanwhile, the kernel starts again: keys it repeats cannot be told, but the walk ends.
func (m *Map) eachKey(prefix []byte, f func(key []byte) bool) error {
	h := m.Handle()
	current, next := make([]byte, m.KeySize), make([]byte, m.KeySize)
	var from []byte
	limit := 2*int(m.MaxEntries) + 1024
	for n := 0; n < limit; n++ {
		if err := h.Next(from, next); err != nil {
			if missing(err) {
				return nil
			}
			return err
		}
		if (prefix == nil || within(next, prefix)) && !f(next) {
			return nil
		}
		current, next = next, current
		from = current
	}
	return nil
}

// eachEntry calls f with the elements until it returns false; those that go meanwhile are left out.
func (m *Map) eachEntry(o walkOptions, f func(key, value []byte) (bool, error)) error {
	if o.batch > 0 {
		if done, err := m.eachBatch(o, false, f); done || err != nil {
			return err
		}
	}
	var failed error
	err := m.eachKey(o.prefix, func(key []byte) bool {
		value := room(&m.value, m.Room())
		if err := m.Handle().Lookup(key, value, 0); err != nil {
			if !missing(err) {
				failed = err
			}
			return failed == nil
		}
		more, err := f(key, value)
		failed = err
		return more && err == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// unbatched reports whether a map has no batch calls.
func unbatched(err error) bool {
	return ebpf.IsErrno(err, syscall.ENOTSUP) || ebpf.IsErrno(err, ebpf.ENOTSUPP) || ebpf.IsErrno(err, syscall.EINVAL)
}

// eachBatch is eachEntry by batches. done is false if the map has none, and nothing has been done.
func (m *Map) eachBatch(o walkOptions, take bool, f func(key, value []byte) (bool, error)) (done bool, err error) {
	ks, vs := int(m.KeySize), m.Room()
	n := max(min(o.batch, maxBatchSize/(ks+vs+1)), 1)
	if take && o.limit > 0 {
		n = min(n, o.limit)
	}
	var cursor ebpf.Cursor
	keys, values := make([]byte, n*ks), make([]byte, n*vs)
	for begun := false; ; begun = true {
		count, err := m.Handle().LookupBatch(&cursor, keys, values, n, take)
		switch {
		case err == nil || missing(err):
		case ebpf.IsErrno(err, syscall.ENOSPC) && n < maxBatch && 2*n*(ks+vs) <= maxBatchSize:
			n *= 2 // a bucket of the table did not fit
			keys, values = make([]byte, n*ks), make([]byte, n*vs)
			continue
		case !begun && unbatched(err):
			return false, nil
		default:
			return true, err
		}
		for i := range min(count, n) {
			key := keys[i*ks : (i+1)*ks]
			if o.prefix != nil && !within(key, o.prefix) {
				continue
			}
			if more, ferr := f(key, values[i*vs:(i+1)*vs]); ferr != nil || !more && !take {
				return true, ferr
			}
		}
		if err != nil || count == 0 {
			return true, nil
		}
		if take && o.limit > 0 {
			if o.limit -= count; o.limit <= 0 {
				return true, nil
			}
			n = min(n, o.limit)
		}
	}
}

func mapKeys(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if ok, err := m.Ready(); !ok {
		return script.Null, err
	}
	o, err := m.walkOptions(c)
	if err != nil {
		return script.Undefined, err
	}
	a, n := c.NewArray(), 0
	err = m.eachKey(o.prefix, func(key []byte) bool {
		end := c.Scope()
		c.SetIndex(a, n, m.decodeKey(c.Realm, key))
		end()
		n++
		return n != o.limit
	})
	return a, err
}

// collector returns the function that appends elements to an array.
func (m *Map) collector(c *script.Call, a script.Value, o walkOptions) func(key, value []byte) (bool, error) {
	n := 0
	return func(key, value []byte) (bool, error) {
		defer c.Scope()()
		v, err := m.decodeValue(c.Realm, value, o.sum)
		if err != nil {
			if missing(err) { // an inner map went
				return true, nil
			}
			return false, err
		}
		c.SetIndex(a, n, c.NewArray(m.decodeKey(c.Realm, key), v))
		n++
		return n != o.limit, nil
	}
}

func mapEntries(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if ok, err := m.Ready(); !ok {
		return script.Null, err
	}
	o, err := m.walkOptions(c)
	if err != nil {
		return script.Undefined, err
	}
	a := c.NewArray()
	return a, m.eachEntry(o, m.collector(c, a, o))
}

// allKeys copies the keys one after the other.
func (m *Map) allKeys() ([]byte, error) {
	var all []byte
	err := m.eachKey(nil, func(key []byte) bool {
		all = append(all, key...)
		return true
	})
	return all, err
}

// fixed reports whether elements cannot be deleted, only set to zero.
func (m *Map) fixed() bool {
	switch ebpf.MapTypeName(m.Type) {
	case "array", "percpu_array":
		return true
	}
	return false
}

func mapClear(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if ok, err := m.Ready(); !ok {
		return script.Undefined, err
	}
	if m.Keyless() {
		for value := make([]byte, m.Room()); ; {
			if err := m.Handle().Take(nil, value, 0); err != nil {
				if missing(err) {
					err = nil
				}
				return script.Undefined, err
			}
		}
	}
	keys, err := m.allKeys()
	if err != nil {
		return script.Undefined, err
	}
	if m.fixed() {
		zero := make([]byte, m.Room())
		for ks := int(m.KeySize); len(keys) > 0; keys = keys[ks:] {
			if err := m.Handle().Update(keys[:ks], zero, 0); err != nil {
				return script.Undefined, err
			}
		}
		return script.Undefined, nil
	}
	_, err = m.deleteKeys(keys)
	return script.Undefined, err
}

func mapSize(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	n := 0
	if ok, err := m.Ready(); !ok {
		return script.Int(0), err
	}
	if m.Keyless() {
		return script.Undefined, errors.New("the kernel does not tell how many elements a map without keys has")
	}
	if m.fixed() {
		return script.Int(int(m.MaxEntries)), nil
	}
	err := m.eachKey(nil, func([]byte) bool { n++; return true })
	return script.Int(n), err
}

// deleteKeys deletes as many of the keys as there are.
func (m *Map) deleteKeys(keys []byte) (int, error) {
	ks := int(m.KeySize)
	if ks == 0 {
		return 0, errors.New("the map has no keys")
	}
	total := 0
	for len(keys) >= ks && !m.noBatch {
		n := min(len(keys)/ks, maxBatch)
		count, err := m.Handle().DeleteBatch(keys[:n*ks], n)
		if unbatched(err) {
			m.noBatch = true
			break
		}
		count = min(count, n)
		total += count
		keys = keys[count*ks:]
		switch {
		case missing(err) && len(keys) >= ks:
			keys = keys[ks:] // the one that is not there
		case err != nil:
			return total, err
		case count == 0:
			return total, nil
		}
	}
	for ; len(keys) >= ks; keys = keys[ks:] {
		switch err := m.Handle().Delete(keys[:ks]); {
		case err == nil:
			total++
		case !missing(err):
			return total, err
		}
	}
	return total, nil
}

func mapDeleteAll(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	list, err := c.Array(0)
	if err != nil {
		return script.Undefined, err
	}
	if err := m.Need(); err != nil {
		return script.Undefined, err
	}
	var keys []byte
	for i := range c.Len(list) {
		end := c.Scope()
		v, err := c.GetIndex(list, i)
		var key []byte
		var ok bool
		if err == nil {
			key, ok, err = m.encodeKey(c, 0, v)
		}
		end()
		if err != nil {
			return script.Undefined, err
		}
		if ok {
			keys = append(keys, key...)
		}
	}
	n, err := m.deleteKeys(keys)
	return script.Int(n), err
}

func mapUpdateAll(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	list, err := c.Array(0)
	if err != nil {
		return script.Undefined, err
	}
	flags, err := flagsArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	if err := m.Need(); err != nil {
		return script.Undefined, err
	}
	var keys, values []byte
	for i := range c.Len(list) {
		end := c.Scope()
		err := m.appendEntry(c, list, i, &keys, &values)
		end()
		if err != nil {
			return script.Undefined, err
		}
	}
	n, err := m.updateEntries(keys, values, flags)
	return script.Int(n), err
}

func (m *Map) appendEntry(c *script.Call, list script.Value, i int, keys, values *[]byte) error {
	e, err := c.GetIndex(list, i)
	if err != nil {
		return err
	}
	if !c.IsArray(e) || c.Len(e) != 2 {
		return script.ArgError(0, "an array of [key, value]")
	}
	k, err := c.GetIndex(e, 0)
	if err != nil {
		return err
	}
	v, err := c.GetIndex(e, 1)
	if err != nil {
		return err
	}
	key, ok, err := m.encodeKey(c, 0, k)
	if err != nil {
		return err
	}
	if !ok {
		return errUntyped
	}
	*keys = append(*keys, key...)
	value, err := m.encodeValue(c.Realm, v)
	if err == nil && m.after != nil {
		m.after()
		m.after = nil
		err = errors.New("updateAll() does not take paths: use update()")
	}
	*values = append(*values, value...)
	return err
}

// updateEntries writes elements and returns how many it wrote.
func (m *Map) updateEntries(keys, values []byte, flags uint64) (int, error) {
	ks, vs := int(m.KeySize), m.Room()
	if ks == 0 {
		return 0, errors.New("the map has no keys")
	}
	total := 0
	for len(keys) > 0 && !m.noBatch && flags&^updateFlags["lock"] == 0 { // batches know no other flag
		n := min(len(keys)/ks, maxBatch)
		count, err := m.Handle().UpdateBatch(keys, values, n, flags)
		if unbatched(err) && count == 0 || err != nil && total == 0 && unbatched(err) {
			m.noBatch = true
			break
		}
		count = min(count, n)
		total, keys, values = total+count, keys[count*ks:], values[count*vs:]
		if err != nil || count == 0 {
			return total, err
		}
	}
	for ; len(keys) > 0; keys, values = keys[ks:], values[vs:] {
		if err := m.Handle().Update(keys[:ks], values[:vs], flags); err != nil {
			return total, err
		}
		total++
	}
	return total, nil
}

func mapTakeAll(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if err := m.Need(); err != nil {
		return script.Undefined, err
	}
	o, err := m.walkOptions(c)
	if err != nil {
		return script.Undefined, err
	}
	if o.prefix != nil {
		return script.Undefined, errors.New("takeAll() has no option prefix")
	}
	if o.batch == 0 {
		o.batch = defaultBatch
	}
	a := c.NewArray()
	collect := m.collector(c, a, o)
	if m.Keyless() {
		return a, m.takeQueue(c, a, o)
	}
	done, err := m.eachBatch(o, true, collect)
	if done || err != nil {
		return a, err
	}
	keys, err := m.allKeys()
	if err != nil {
		return script.Undefined, err
	}
	for ks := int(m.KeySize); len(keys) >= ks; keys = keys[ks:] {
		value := room(&m.value, m.Room())
		if err := takeElement(m.Handle(), keys[:ks], value, 0); err != nil {
			if missing(err) {
				continue
			}
			return script.Undefined, err
		}
		if more, err := collect(keys[:ks], value); err != nil || !more {
			return a, err
		}
	}
	return a, nil
}

// takeQueue takes all elements of a queue or stack, with null for keys.
func (m *Map) takeQueue(c *script.Call, a script.Value, o walkOptions) error {
	for n := 0; o.limit <= 0 || n < o.limit; n++ {
		value := room(&m.value, m.Room())
		if err := m.Handle().Take(nil, value, 0); err != nil {
			if missing(err) {
				return nil
			}
			return err
		}
		v, err := m.decodeValue(c.Realm, value, o.sum)
		if err != nil {
			return err
		}
		c.SetIndex(a, n, c.NewArray(script.Null, v))
	}
	return nil
}
