package ebpf

import (
	"errors"
	"sync"

	"github.com/cilium/ebpf"
)

// Shared is something in the kernel of which each generation can have a handle of its own.
type Shared interface {
	// Share returns a handle that g owns.
	Share(g *Generation) (Shared, error)
	Close() error
}

var (
	_ Shared = (*Map)(nil)
	_ Shared = (*Program)(nil)
	_ Shared = (*Object)(nil)
)

// Registry holds what outlives generations, by name. The values are trees that their user makes. It is for concurrent use.
type Registry struct {
	mu      sync.Mutex // guards holder, depth
	free    *sync.Cond
	holder  *Generation
	depth   int
	entries map[string]entry
}

type entry struct {
	value any
	gen   *Generation
}

// Persistent is the registry of the process.
var Persistent = NewRegistry()

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	r := &Registry{entries: map[string]entry{}}
	r.free = sync.NewCond(&r.mu)
	return r
}

// Lock keeps other generations out until Unlock: what is made for the registry is made once. It can be taken again by the
// same generation.
func (r *Registry) Lock(g *Generation) {
	r.mu.Lock()
	for r.holder != nil && r.holder != g {
		r.free.Wait()
	}
	r.holder = g
	r.depth++
	r.mu.Unlock()
}

// Unlock takes back a Lock.
func (r *Registry) Unlock() {
	r.mu.Lock()
	if r.depth--; r.depth == 0 {
		r.holder = nil
		r.free.Signal()
	}
	r.mu.Unlock()
}

// Get returns the value of a name. The registry must be locked.
func (r *Registry) Get(name string) (any, bool) {
	e, ok := r.entries[name]
	return e.value, ok
}

// Put stores a value whose handles gen owns, and closes the one before. The registry must be locked.
func (r *Registry) Put(name string, value any, gen *Generation) {
	r.Forget(name)
	r.entries[name] = entry{value, gen}
}

// Forget removes a name and closes what it stands for; other handles stay. The registry must be locked.
func (r *Registry) Forget(name string) bool {
	e, ok := r.entries[name]
	if ok {
		delete(r.entries, name)
		e.gen.Close()
	}
	return ok
}

// Share implements Shared. Maps that are not created are created.
func (m *Map) Share(g *Generation) (Shared, error) { return m.share(g) }

func (m *Map) share(g *Generation) (*Map, error) {
	if err := m.Create(); err != nil {
		return nil, err
	}
	h, err := m.handle.Clone()
	if err != nil {
		return nil, err
	}
	c := &Map{Name: m.Name, Type: m.Type, Flags: m.Flags, MaxEntries: m.MaxEntries, KeySize: m.KeySize, ValueSize: m.ValueSize,
		KeyType: m.KeyType, ValueType: m.ValueType, inner: m.inner, gen: g, spec: m.spec, handle: h, id: m.id, pinned: m.pinned}
	g.Own(c)
	return c, nil
}

// Share implements Shared.
func (p *Program) Share(g *Generation) (Shared, error) {
	if p.handle == nil {
		return nil, errNotLoaded
	}
	return p.share(g, nil)
}

func (p *Program) share(g *Generation, o *Object) (*Program, error) {
	c := *p
	c.gen, c.obj, c.handle = g, o, nil
	if p.handle == nil {
		return &c, nil
	}
	h, err := p.handle.Clone()
	if err != nil {
		return nil, err
	}
	c.handle = h
	g.Own(&c)
	return &c, nil
}

// Share implements Shared. The programs that are not loaded can be loaded later, each time anew.
func (o *Object) Share(g *Generation) (s Shared, err error) {
	c := &Object{License: o.License, Sections: o.Sections, gen: g, options: o.options, types: o.types, spec: o.spec.Copy(), all: map[string]*Map{}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	for name, m := range o.all {
		if name == kconfig || m.Type == uint32(ebpf.StructOpsMap) {
			continue
		}
		x, err := m.share(g)
		if err != nil {
			return nil, err
		}
		x.obj = c
		c.all[name] = x
	}
	for _, m := range o.Maps {
		if x := c.all[m.Name]; x != nil {
			c.Maps = append(c.Maps, x)
		}
	}
	for _, p := range o.Programs {
		x, err := p.share(g, c)
		if err != nil {
			return nil, err
		}
		x.spec = c.spec.Programs[p.Name]
		c.Programs = append(c.Programs, x)
	}
	for _, v := range o.Variables {
		if c.all[v.Section] != nil {
			c.Variables = append(c.Variables, newVariable(c, c.spec.Variables[v.Name]))
		}
	}
	g.Own(c)
	return c, nil
}

// Compatible reports why o cannot stand for another object: a map of the same name is different.
func (o *Object) Compatible(other *Object) error {
	var errs []error
	for _, m := range other.Maps {
		if mine := o.all[m.Name]; mine == nil {
			errs = append(errs, errors.New("there is no map "+m.Name))
		} else if err := mine.Compatible(m); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
