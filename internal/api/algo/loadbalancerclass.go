package algo

import "weir/internal/script"

// loadBalancerClass is the class of algo.LoadBalancer; its Go value is a *loadBalancer.
var loadBalancerClass = &script.Class{
	Name: "LoadBalancer", Path: "algo.LoadBalancer", Sig: "(targets?: any[], options?)", Length: 2, Bound: true,
	New: newLoadBalancer,
	Methods: []script.Method{
		{Name: "provision", Sig: "(targets: any[] | null) => void", Length: 1, Fn: provisionTargets},
		{Name: "schedule", Sig: "(size: int, validator?: (target) => boolean) => any[]", Length: 2, Fn: scheduleTargets},
		{Name: "allocate", Sig: "(key?: any, validator?: (target) => boolean) => Resource | null", Length: 2,
			Fn: func(c *script.Call) (script.Value, error) {
				validator, err := optionalFunction(c, 1)
				if err != nil {
					return script.Undefined, err
				}
				return script.This[*loadBalancer](c).allocate(c.Realm, c.Arg(0), validator)
			}},
	},
}

// resourceClass is the class of what allocate returns. Its objects are not Bound: that would have them live until the
// engine's next cycle collection, and they are to be gone when the last reference is.
var resourceClass = &script.Class{
	Name:     "Resource",
	Finalize: func(v any) { x := v.(*resource); x.target.resources.remove(x) },
	Methods: []script.Method{{Name: "free", Fn: func(c *script.Call) (script.Value, error) {
		script.This[*resource](c).free()
		return script.Undefined, nil
	}}},
	Props: []script.Prop{{Name: "target", Get: func(c *script.Call) (script.Value, error) {
		return script.This[*resource](c).target.target.Value(), nil
	}}},
}

func newLoadBalancer(c *script.Call) (any, error) {
	if c.Has(0) {
		if _, err := c.Array(0); err != nil {
			return nil, err
		}
	}
	if err := optionalObject(c, 1); err != nil {
		return nil, err
	}
	b := &loadBalancer{}
	o := c.Options(c.Arg(1))
	b.leastLoad = o.Enum("algorithm", "round-robin", "round-robin", "least-load") == "least-load"
	b.keyOf = o.Func("key")
	b.weightOf = o.Func("weight")
	switch v := o.Value("capacity"); {
	case c.IsFunction(v):
		b.limitOf = c.Hold(v)
	case v.IsObject():
		if _, ok := c.NumberOf(v); !ok {
			o.Fail("capacity", "a number", "a function")
		}
		fallthrough
	default:
		b.limit = max(o.Int("capacity", 0), 0)
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	return b, b.provision(c.Realm, c.Arg(0))
}

func provisionTargets(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Has(0) {
		if _, err := c.Array(0); err != nil {
			return script.Undefined, err
		}
	}
	return script.Undefined, script.This[*loadBalancer](c).provision(c.Realm, c.Arg(0))
}

// scheduleTargets returns an array of picked targets, with holes where none was found.
func scheduleTargets(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	size, err := c.Int(0)
	if err != nil {
		return script.Undefined, err
	}
	validator, err := optionalFunction(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	if size < 0 {
		return script.Null, nil
	}
	b := script.This[*loadBalancer](c)
	list := c.NewArray()
	if err := c.Set(list, "length", script.Int(size)); err != nil {
		return script.Undefined, err
	}
	for i := range size {
		t, err := b.pick(c.Realm, validator)
		if err != nil {
			return script.Undefined, err
		}
		if t == nil && validator.IsUndefined() {
			break
		}
		if t != nil {
			if err := c.SetIndex(list, i, t.target.Value()); err != nil {
				return script.Undefined, err
			}
		}
	}
	return list, nil
}
