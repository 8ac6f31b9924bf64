package algo

import "weir/internal/script"

// sharedMapClass is the class of algo.SharedMap; its Go value is a *sharedMap.
var sharedMapClass = &script.Class{
	Name: "SharedMap", Path: "algo.SharedMap", Sig: "(name: string)", Length: 1, Bound: true,
	New: func(c *script.Call) (any, error) {
		if err := c.Need(1); err != nil {
			return nil, err
		}
		name, err := c.Str(0)
		if err != nil {
			return nil, err
		}
		return sharedMapOf(name), nil
	},
	Methods: []script.Method{
		{Name: "get", Sig: "(key: string) => any", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			m, key, err := sharedKey(c, 1)
			if err != nil {
				return script.Undefined, err
			}
			v, ok := m.get(key)
			if !ok {
				return script.Undefined, nil
			}
			return c.FromGo(v), nil
		}},
		{Name: "set", Sig: "(key: string, value) => void", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			m, key, err := sharedKey(c, 2)
			if err != nil {
				return script.Undefined, err
			}
			k := copier{Realm: c.Realm}
			v, err := k.copy(c.Arg(1))
			if err == nil {
				m.set(key, v)
			}
			return script.Undefined, err
		}},
		{Name: "has", Sig: "(key: string) => boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			m, key, err := sharedKey(c, 1)
			if err != nil {
				return script.Undefined, err
			}
			_, ok := m.get(key)
			return script.Bool(ok), nil
		}},
		{Name: "delete", Sig: "(key: string) => boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			m, key, err := sharedKey(c, 1)
			if err != nil {
				return script.Undefined, err
			}
			return script.Bool(m.delete(key)), nil
		}},
		{Name: "clear", Sig: "() => void", Fn: func(c *script.Call) (script.Value, error) {
			script.This[*sharedMap](c).clear()
			return script.Undefined, nil
		}},
		{Name: "add", Sig: "(key: string, n: number) => number", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			return addShared(c, 1)
		}},
		{Name: "sub", Sig: "(key: string, n: number) => number", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			return addShared(c, -1)
		}},
	},
	Props: []script.Prop{{Name: "size", Sig: "number", Get: func(c *script.Call) (script.Value, error) {
		return script.Int(script.This[*sharedMap](c).size()), nil
	}}},
}

// sharedKey returns the map and the first of n required arguments, a key.
func sharedKey(c *script.Call, n int) (*sharedMap, string, error) {
	if err := c.Need(n); err != nil {
		return nil, "", err
	}
	key, err := c.Str(0)
	return script.This[*sharedMap](c), key, err
}

func addShared(c *script.Call, sign float64) (script.Value, error) {
	m, key, err := sharedKey(c, 2)
	if err != nil {
		return script.Undefined, err
	}
	n, err := c.Number(1)
	if err != nil {
		return script.Undefined, err
	}
	return script.Number(m.add(key, sign*n)), nil
}
