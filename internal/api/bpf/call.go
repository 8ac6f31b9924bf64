package bpf

import (
	"weir/internal/ebpf"
	"weir/internal/script"
)

// kernel is a function of n arguments at least that needs a kernel.
func kernel(n int, f func(c *script.Call, s *State) (script.Value, error)) script.Func {
	return func(c *script.Call) (script.Value, error) {
		if err := c.Need(n); err != nil {
			return script.Undefined, err
		}
		s, err := backend(c.Realm)
		if err != nil {
			return script.Undefined, err
		}
		return f(c, s)
	}
}

// path is a kernel function whose first argument is a string: a path or a key.
func path(n int, f func(c *script.Call, s *State, path string) (script.Value, error)) script.Func {
	return kernel(n, func(c *script.Call, s *State) (script.Value, error) {
		text, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		return f(c, s, text)
	})
}

// number is a kernel function whose first argument is the number of something in the kernel.
func number(f func(c *script.Call, s *State, id uint32) (script.Value, error)) script.Func {
	return kernel(1, func(c *script.Call, s *State) (script.Value, error) {
		id, err := c.Int(0)
		if err != nil {
			return script.Undefined, err
		}
		return f(c, s, uint32(id))
	})
}

// action is a method without arguments that returns nothing.
func action[T any](f func(T) error) script.Func {
	return func(c *script.Call) (script.Value, error) { return script.Undefined, f(script.This[T](c)) }
}

// pinning is a method whose argument is the path of a pin.
func pinning[T any](f func(t T, path string) error) script.Func {
	return func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		path, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		return script.Undefined, f(script.This[T](c), path)
	}
}

// listing makes an array of what a list in the kernel holds.
func listing[T any](list func(ebpf.Backend) ([]T, error), show func(*script.Realm, T) script.Value) script.Func {
	return kernel(0, func(c *script.Call, s *State) (script.Value, error) {
		all, err := list(s.Gen.Backend)
		if err != nil {
			return script.Undefined, err
		}
		a := c.NewArray()
		for i, x := range all {
			end := c.Scope()
			c.SetIndex(a, i, show(c.Realm, x))
			end()
		}
		return a, nil
	})
}
