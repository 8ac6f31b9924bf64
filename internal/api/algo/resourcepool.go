package algo

import "weir/internal/script"

// resourcePool is the Go value of an algo.ResourcePool.
type resourcePool struct {
	allocator *script.Ref
	free      map[script.Identity][]*pooled // by tag, the oldest first
	known     map[script.Identity]*pooled   // everything allocated, by resource
}

// pooled is a resource. The pool owns it for good, so that its identity stays its own.
type pooled struct {
	value *script.Ref
	tag   script.Identity
	users int // how many allocate calls returned it without a free since
	keep  *script.Ref
}

var resourcePoolClass = &script.Class{
	Name: "ResourcePool", Path: "algo.ResourcePool", Sig: "(allocator: (tag) => any)", Length: 1, Bound: true,
	New: func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		f, err := c.Function(0)
		if err != nil {
			return nil, err
		}
		return &resourcePool{c.Hold(f), map[script.Identity][]*pooled{}, map[script.Identity]*pooled{}}, nil
	},
	Methods: []script.Method{
		{Name: "allocate", Sig: "(tag?: any) => any", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			return script.This[*resourcePool](c).allocate(c.Realm, c.Arg(0))
		}},
		{Name: "free", Sig: "(resource: any) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			script.This[*resourcePool](c).release(c.Identity(c.Arg(0)))
			return script.Undefined, nil
		}},
	},
}

// allocate returns the resource of a tag that is free for the longest time, or a new one.
func (p *resourcePool) allocate(r *script.Realm, tag script.Value) (script.Value, error) {
	t := r.Identity(tag)
	if q := p.free[t]; len(q) > 0 {
		x := q[0]
		if p.free[t] = q[1:]; len(q) == 1 {
			delete(p.free, t)
		}
		x.users++
		return x.value.Value(), nil
	}
	v, err := r.Call(p.allocator.Value(), tag)
	if err != nil {
		return script.Undefined, err
	}
	id := r.Identity(v)
	x := p.known[id]
	if x == nil {
		x = &pooled{value: r.Hold(v)}
		p.known[id] = x
	}
	x.users++
	if x.tag = t; tag.IsObject() {
		x.keep = r.Hold(tag)
	}
	return v, nil
}

// release puts a resource back to the free ones of its tag. What is free already, or not the pool's, is left alone.
func (p *resourcePool) release(id script.Identity) {
	if x := p.known[id]; x != nil && x.users > 0 {
		x.users--
		p.free[x.tag] = append(p.free[x.tag], x)
	}
}
