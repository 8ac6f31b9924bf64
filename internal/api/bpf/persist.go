package bpf

import (
	"errors"

	"weir/internal/ebpf"
	"weir/internal/script"
)

// Wrap returns the script object of something shared; ok is false if it is of another kind.
type Wrap func(r *script.Realm, s ebpf.Shared) (v script.Value, ok bool)

// wraps are those of maps, programs and object files, and of what other files of this package add.
var wraps = []Wrap{func(r *script.Realm, s ebpf.Shared) (script.Value, bool) {
	switch s := s.(type) {
	case *ebpf.Map:
		return NewMap(r, s), true
	case *ebpf.Program:
		return NewProgram(r, s), true
	case *ebpf.Object:
		return newObject(r, s), true
	}
	return script.Undefined, false
}}

// sharer is implemented by Go values of script objects that stand for something shared.
type sharer interface{ Shared() ebpf.Shared }

// Shared implements sharer.
func (m *Map) Shared() ebpf.Shared { return m.Map }

// Shared implements sharer.
func (o *objectFile) Shared() ebpf.Shared { return o.Object }

// named and listed are what a factory may give besides: objects and arrays.
type (
	named struct {
		names  []string
		values []any
	}
	listed []any
)

const maxPersistDepth = 16

var errPersist = errors.New("the factory must return a Map, Program, ObjectFile or Link, or an object or array of such")

func persist(c *script.Call, s *State, key string) (script.Value, error) {
	factory, err := c.Function(1)
	if err != nil {
		return script.Undefined, err
	}
	s.persistent().Lock(s.Gen)
	defer s.persistent().Unlock()
	if x, ok := s.persistent().Get(key); ok && compatible(c, x, c.Arg(2)) {
		return s.restore(c.Realm, x)
	}
	v, err := c.Call(factory)
	if err != nil {
		return script.Undefined, err
	}
	gen := &ebpf.Generation{Backend: s.Gen.Backend, Log: s.Gen.Log}
	x, err := keep(c.Realm, v, gen, 0)
	if err != nil {
		gen.Close()
		return script.Undefined, err
	}
	s.persistent().Put(key, x, gen)
	return v, nil
}

// compatible reports whether what is stored can stand for what the script describes, if it does.
func compatible(c *script.Call, stored any, like script.Value) bool {
	if m, ok := MapOf(c.Realm, like); ok {
		old, ok := stored.(*ebpf.Map)
		return ok && old.Compatible(m) == nil
	}
	if o, ok := script.As[*objectFile](c.Realm, like); ok {
		old, ok := stored.(*ebpf.Object)
		return ok && old.Compatible(o.Object) == nil
	}
	return true
}

// keep makes a tree of handles of the registry's own.
func keep(r *script.Realm, v script.Value, gen *ebpf.Generation, depth int) (any, error) {
	if depth > maxPersistDepth {
		return nil, errPersist
	}
	switch x := r.Opaque(v).(type) {
	case ebpf.Shared:
		return x.Share(gen)
	case sharer:
		return x.Shared().Share(gen)
	case nil:
	default:
		return nil, errPersist
	}
	if r.IsArray(v) {
		var list listed
		for i := range r.Len(v) {
			e, err := r.GetIndex(v, i)
			if err != nil {
				return nil, err
			}
			x, err := keep(r, e, gen, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	}
	if !v.IsObject() || r.IsFunction(v) {
		if depth > 0 && !v.IsObject() {
			return r.ToGo(v), nil
		}
		return nil, errPersist
	}
	o := &named{}
	err := r.Each(v, func(name string, e script.Value) error {
		x, err := keep(r, e, gen, depth+1)
		o.names, o.values = append(o.names, name), append(o.values, x)
		return err
	})
	return o, err
}

// restore makes script objects of a tree, with handles of the realm's own.
func (s *State) restore(r *script.Realm, x any) (script.Value, error) {
	switch x := x.(type) {
	case ebpf.Shared:
		h, err := x.Share(s.Gen)
		if err != nil {
			return script.Undefined, err
		}
		for _, w := range wraps {
			if v, ok := w(r, h); ok {
				return v, nil
			}
		}
		return script.Undefined, errPersist
	case listed:
		a := r.NewArray()
		for i, e := range x {
			v, err := s.restore(r, e)
			if err != nil {
				return script.Undefined, err
			}
			r.SetIndex(a, i, v)
		}
		return a, nil
	case *named:
		o := r.NewObject()
		for i, e := range x.values {
			v, err := s.restore(r, e)
			if err != nil {
				return script.Undefined, err
			}
			if err := r.Set(o, x.names[i], v); err != nil {
				return script.Undefined, err
			}
		}
		return o, nil
	}
	return r.FromGo(x), nil
}

func forget(c *script.Call, s *State, key string) (script.Value, error) {
	s.persistent().Lock(s.Gen)
	defer s.persistent().Unlock()
	return script.Bool(s.persistent().Forget(key)), nil
}
