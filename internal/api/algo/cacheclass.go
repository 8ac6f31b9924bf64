package algo

import (
	"time"

	"weir/internal/script"
)

// CacheClass is the class of algo.Cache; its Go value is a *Cache.
var CacheClass = &script.Class{
	Name: "Cache", Path: "algo.Cache", Sig: "(onAllocate?, onFree?, options?)", Length: 3, Bound: true,
	New: newCache,
	Methods: []script.Method{
		{Name: "get", Sig: "(key) => any", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			return script.This[*Cache](c).Get(c.Realm, c.Arg(0))
		}},
		{Name: "set", Sig: "(key, value) => void", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(2); err != nil {
				return script.Undefined, err
			}
			return script.Undefined, script.This[*Cache](c).Set(c.Realm, c.Arg(0), c.Arg(1))
		}},
		{Name: "has", Sig: "(key) => boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			_, ok, err := findCached(c)
			return script.Bool(ok), err
		}},
		{Name: "find", Sig: "(key) => any", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			v, _, err := findCached(c)
			return v, err
		}},
		{Name: "remove", Sig: "(key) => boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			ok, err := script.This[*Cache](c).Remove(c.Realm, c.Arg(0))
			return script.Bool(ok), err
		}},
		{Name: "clear", Sig: "() => void", Fn: func(c *script.Call) (script.Value, error) {
			return script.Undefined, script.This[*Cache](c).Clear(c.Realm)
		}},
	},
}

func findCached(c *script.Call) (script.Value, bool, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, false, err
	}
	v, ok := script.This[*Cache](c).Find(c.Identity(c.Arg(0)))
	return v, ok, nil
}

// newCache takes (onAllocate, onFree, options?), (onAllocate, options?) or (options?); a callback can be null.
func newCache(c *script.Call) (any, error) {
	k := &Cache{entries: newLRU[script.Identity, cached](), now: time.Now}
	if clock := clockOf(c.Realm); clock != nil {
		k.now = clock.Now
	}
	options := script.Undefined
	switch first, second := c.Arg(0), c.Arg(1); {
	case c.IsFunction(first) || first.IsNull():
		if !first.IsNull() {
			k.onAllocate = c.Hold(first)
		}
		switch {
		case c.IsFunction(second):
			k.onFree = c.Hold(second)
			options = c.Arg(2)
		case second.IsNull():
			options = c.Arg(2)
		case second.IsUndefined():
		case second.IsObject():
			options = second
		default:
			return nil, script.ArgError(1, "a function or an object")
		}
		if !options.IsNullish() && !options.IsObject() {
			return nil, script.ArgError(2, "an object")
		}
	case first.IsUndefined():
	case first.IsObject():
		options = first
	default:
		return nil, script.ArgError(0, "a function or an object")
	}
	o := c.Options(options)
	k.size = max(o.Int("size", 0), 0)
	k.ttl = o.Duration("ttl", 0)
	return k, o.Err()
}
