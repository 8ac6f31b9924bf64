package pipy

import (
	"errors"
	"fmt"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

func load(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	b, err := envOf(c.Realm).Code.Read(name)
	if err != nil {
		return script.Null, nil
	}
	return event.NewData(c.Realm, stream.NewData(b)), nil
}

func patch(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	b, ok := dataOrString(c, 1)
	if !ok {
		return script.Undefined, script.ArgError(1, "a string or a Data")
	}
	envOf(c.Realm).Code.Patch(name, b)
	return script.Undefined, nil
}

func list(c *script.Call) (script.Value, error) {
	path, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	return c.FromGo(envOf(c.Realm).Code.List(path)), nil
}

func mount(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	dir, err := c.Str(1)
	if err != nil {
		return script.Undefined, err
	}
	return script.Undefined, envOf(c.Realm).Code.Mount(name, dir)
}

func unmount(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	envOf(c.Realm).Code.Unmount(name)
	return script.Undefined, nil
}

// watch is a pending pipy.watch.
type watch struct{ cancel func() }

func watchFiles(c *script.Call) (script.Value, error) {
	path, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	promise, resolver := c.NewPromise()
	e := envOf(c.Realm)
	e.Watch(path, func(changed []string) bool {
		resolver.Resolve(e.World.Realm.FromGo(changed))
		return false
	})
	return promise, nil
}

// Watch calls f on the worker's goroutine when files of the codebase change, until f returns false or the world ends.
func (e *Env) Watch(path string, f func(changed []string) bool) {
	if e.Process.Info().NoReload {
		return
	}
	w := &watch{}
	loop := e.World.Loop
	loop.Hold()
	w.cancel = e.Code.Watch(path, func(changed []string) {
		loop.Post(func() {
			if _, live := e.watches[w]; live && !f(changed) {
				e.unwatch(w)
			}
		})
	})
	e.watches[w] = struct{}{}
}

func (e *Env) unwatch(w *watch) {
	delete(e.watches, w)
	w.cancel()
	e.World.Loop.Unhold()
}

// solve evaluates a file as one expression, once.
func solve(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	e := envOf(c.Realm)
	if v, ok := e.solved[name]; ok {
		return v.Value(), nil
	}
	if e.solving[name] {
		return script.Undefined, fmt.Errorf("recursive sovling file: %s", name)
	}
	src, err := e.Code.Read(name)
	if err != nil {
		return script.Undefined, fmt.Errorf("Cannot open script to solve: %s", name) //lint:ignore ST1005 the message scripts know
	}
	e.solving[name] = true
	defer delete(e.solving, name)
	v, err := c.Solve(e.Code.Normalize(name), string(src))
	if err != nil {
		e.World.Report(err)
		return script.Undefined, fmt.Errorf("Cannot solve script: %s", name) //lint:ignore ST1005 the message scripts know
	}
	e.solved[name] = c.Hold(v)
	return v, nil
}

func importModule(c *script.Call) (script.Value, error) {
	spec, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	e := envOf(c.Realm)
	fail := errors.New("cannot import module: " + spec)
	path, err := e.Code.Resolve(spec, c.Caller().File)
	if err != nil {
		return script.Undefined, fail
	}
	ns, err := c.Import(path)
	if err != nil {
		e.World.Report(err)
		return script.Undefined, fail
	}
	return ns, nil
}
