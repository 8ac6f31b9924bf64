package algo

import "weir/internal/script"

// legacyClass has the methods that the legacy balancers have in common.
var legacyClass = &script.Class{
	Name: "LoadBalancerBase", Bound: true,
	Methods: []script.Method{
		{Name: "borrow", Sig: "(borrower?, key?, unhealthy?) => {id} | null", Length: 3, Fn: borrow},
		{Name: "next", Sig: "(borrower?, key?, unhealthy?) => {id} | null", Length: 3, Fn: borrow},
		{Name: "select", Sig: "(key?, unhealthy?) => string | undefined", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			more, err := optionalCache(c, 1)
			if err != nil {
				return script.Undefined, err
			}
			b := script.This[*legacyBalancer](c)
			t := b.choose(c.Realm, c.Arg(0), b.health(c.Realm, more))
			if t == nil {
				return script.Undefined, nil
			}
			return t.name.Value(), nil
		}},
		{Name: "deselect", Sig: "(target?: string) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if !c.Has(0) {
				return script.Undefined, nil
			}
			id, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			b := script.This[*legacyBalancer](c)
			if t := b.find(id); t != nil {
				b.release(t)
			}
			return script.Undefined, nil
		}},
	},
}

func borrow(c *script.Call) (script.Value, error) {
	if err := optionalObject(c, 0); err != nil {
		return script.Undefined, err
	}
	more, err := optionalCache(c, 2)
	if err != nil {
		return script.Undefined, err
	}
	return script.This[*legacyBalancer](c).borrow(c, c.Arg(0), c.Arg(1), more), nil
}

// legacyOf returns the chooser of the object a method was called on.
func legacyOf[T chooser](c *script.Call) T {
	ch, ok := script.This[*legacyBalancer](c).chooser.(T)
	if !ok {
		panic("method of another kind of balancer")
	}
	return ch
}
