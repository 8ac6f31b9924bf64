package filtertest

import (
	"errors"

	"weir/internal/pipeline"
	"weir/internal/script"
)

type waiter struct {
	resolver *script.Resolver
	value    *script.Ref
}

// globals is what scripts have besides the event classes and pipeline:
//
//   - test.log(...values) notes values, see Rig.Notes
//   - test.wait(name, value?) is a promise that Feed settles with value: "!name" fulfils it, "~name" rejects it
//   - test.never() is a promise nobody settles
//   - test.legacy($ => ..., {name: $ => ...}?) builds a pipeline with the legacy builder, with named pipelines beside it
//   - test.module(file, {entrance: $ => ..., name: $ => ...}) is a module for use and chain
func (r *Rig) globals() *script.Namespace {
	return &script.Namespace{Name: "test", Methods: []script.Method{
		{Name: "log", Fn: func(c *script.Call) (script.Value, error) {
			for _, v := range c.Args {
				r.notes = append(r.notes, r.text(v))
			}
			return script.Undefined, nil
		}},
		{Name: "wait", Fn: func(c *script.Call) (script.Value, error) {
			name, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			p, resolver := c.NewPromise()
			r.waiting[name] = &waiter{resolver, c.Hold(c.Arg(1))}
			return p, nil
		}},
		{Name: "never", Fn: func(c *script.Call) (script.Value, error) {
			p, resolver := c.NewPromise()
			r.waiting[""] = &waiter{resolver: resolver}
			return p, nil
		}},
		{Name: "legacy", Fn: r.legacy},
		{Name: "module", Fn: r.module},
	}}
}

func (r *Rig) legacy(c *script.Call) (script.Value, error) {
	if err := r.nameAll(c, r.names, c.Arg(1)); err != nil {
		return script.Undefined, err
	}
	l, err := pipeline.BuildLayout(c.Realm, pipeline.Legacy, r.names, c.Arg(0), "")
	if err != nil {
		return script.Undefined, err
	}
	return pipeline.NewLayoutObject(c.Realm, l), nil
}

func (r *Rig) nameAll(c *script.Call, names *pipeline.Names, layouts script.Value) error {
	if layouts.IsUndefined() {
		return nil
	}
	return c.Each(layouts, func(name string, fn script.Value) error {
		l, err := pipeline.BuildLayout(c.Realm, pipeline.Legacy, names, fn, name)
		names.Layouts[name] = l
		return err
	})
}

func (r *Rig) module(c *script.Call) (script.Value, error) {
	file, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	m := &module{r, pipeline.NewNames(file)}
	r.modules[file] = m
	if err := r.nameAll(c, m.names, c.Arg(1)); err != nil {
		return script.Undefined, err
	}
	r.bound = append(r.bound, m.names.Bind)
	return script.Undefined, nil
}

// module is a legacy module without a file.
type module struct {
	rig   *Rig
	names *pipeline.Names
}

func (m *module) Entrance() *pipeline.Layout         { return m.names.Layouts["entrance"] }
func (m *module) Named(name string) *pipeline.Layout { return m.names.Layouts[name] }
func (m *module) OnBound(f func() error)             { m.rig.bound = append(m.rig.bound, f) }

type loader struct{ rig *Rig }

func (l loader) LoadModule(c *script.Call, file string) (pipeline.Module, error) {
	if m := l.rig.modules[file]; m != nil {
		return m, nil
	}
	return nil, errors.New("no such module")
}

func (r *Rig) settlePromise(name string, ok bool) {
	r.T.Helper()
	w := r.waiting[name]
	if w == nil {
		r.T.Fatalf("no promise waits for %q", name)
	}
	delete(r.waiting, name)
	r.Loop.Turn(func() {
		if ok {
			w.resolver.Resolve(w.value.Value())
		} else {
			w.resolver.Reject(w.value.Value())
		}
	})
}
