package pipy

import (
	"fmt"

	"weir/internal/pipeline"
	"weir/internal/script"
)

// Module is a legacy module: a file whose value is a configuration.
type Module struct {
	env     *Env
	file    string
	conf    *Configuration
	loading bool
	err     error
	onBound []func() error
}

// Entrance implements pipeline.Module.
func (m *Module) Entrance() *pipeline.Layout {
	if m.conf == nil || m.conf.entrance == nil {
		return nil
	}
	return m.conf.entrance.Layout()
}

// Named implements pipeline.Module.
func (m *Module) Named(name string) *pipeline.Layout {
	if m.conf == nil {
		return nil
	}
	return m.conf.names.Layouts[name]
}

// OnBound implements pipeline.Module.
func (m *Module) OnBound(f func() error) { m.onBound = append(m.onBound, f) }

// LoadModule implements pipeline.ModuleLoader: it evaluates a legacy file, once.
func (e *Env) LoadModule(c *script.Call, file string) (pipeline.Module, error) {
	file = e.Code.Normalize(file)
	if m := e.modules[file]; m != nil {
		return m, m.err
	}
	src, err := e.Code.Read(file)
	if err != nil {
		e.World.Log.Errorf("[pjs] Cannot open script at %s", file)
		m := &Module{env: e, file: file, err: err}
		e.modules[file] = m
		return m, err
	}
	m, _, err := e.evaluate(file, string(src))
	if err != nil {
		e.World.Report(err)
	}
	return m, err
}

// evaluate runs a file and keeps its configuration, if it has one.
func (e *Env) evaluate(file, src string) (*Module, *script.Result, error) {
	m := &Module{env: e, file: file, loading: true}
	e.modules[file] = m
	res, err := e.World.Realm.Run(file, src)
	m.loading = false
	if err != nil {
		m.err = err
		return m, nil, err
	}
	if conf, ok := script.As[*Configuration](e.World.Realm, res.Value); ok {
		m.conf = conf
		if err := conf.finish(); err != nil {
			m.err = fmt.Errorf("[config] %w", err)
			return m, res, m.err
		}
		e.order = append(e.order, m)
	}
	return m, res, nil
}

// Load runs the entry file of the program and puts the legacy modules it led to into effect. Ports are prepared; they
// are served when the caller commits them.
func (e *Env) Load(file, src string) (*script.Result, error) {
	_, res, err := e.evaluate(file, src)
	if err != nil {
		return nil, err
	}
	e.World.Realm.RunJobs()
	return res, e.bind()
}

// IsConfiguration reports whether a file's value is a legacy configuration.
func IsConfiguration(r *script.Realm, v script.Value) bool {
	_, ok := script.As[*Configuration](r, v)
	return ok
}

// bind takes the modules through their four passes: exports, imports, pipelines, filters.
func (e *Env) bind() error {
	r := e.World.Realm
	for _, m := range e.order {
		seen := map[string]bool{}
		for _, v := range m.conf.vars {
			if seen[v.name] {
				return fmt.Errorf("duplicated variable name %s", v.name)
			}
			seen[v.name] = true
			if v.ns != "" {
				key := v.ns + "\x00" + v.name
				if f, dup := e.exports[key]; dup {
					return fmt.Errorf("duplicated variable exporting name %s from %s", v.name, f)
				}
				e.exports[key] = m.file
			}
			r.DeclareLegacy(m.file, v.ns, v.name, v.value.Value())
		}
	}
	for _, m := range e.order {
		for _, v := range m.conf.imports {
			if _, ok := e.exports[v.ns+"\x00"+v.name]; !ok {
				return fmt.Errorf("cannot import variable %s in %s", v.name, m.file)
			}
		}
	}
	for _, m := range e.order {
		for _, root := range m.conf.roots {
			if err := root.bind(root.builder.Layout()); err != nil {
				return err
			}
		}
	}
	for _, m := range e.order {
		if err := m.conf.names.Bind(); err != nil {
			return err
		}
		for _, f := range m.onBound {
			if err := f(); err != nil {
				return err
			}
		}
		e.World.Log.Infof("[config] Module loaded: %s", m.file)
	}
	return nil
}

// Start begins what the program has declared to run by itself: tasks and watches.
func (e *Env) Start() {
	for _, t := range e.tasks {
		t.start()
	}
}

// Exit runs exit callbacks and exit pipelines, and calls done when all have come to their end.
func (e *Env) Exit(done func()) {
	if e.exiting {
		return
	}
	e.exiting = true
	e.drained = done
	e.pending = 1
	r := e.World.Realm
	for _, x := range e.exits {
		ctx := r.NewContext(nil)
		v, err := r.CallIn(ctx, x.fn.Value())
		ctx.Free()
		if err != nil {
			e.World.Report(err)
			break
		}
		if r.IsPromise(v) {
			e.pending++
			r.Then(v, func(bool, script.Value) { e.exited() })
		}
	}
	for _, l := range e.exitLayouts {
		e.pending++
		_, result := l.Run(r.NewContext(nil))
		r.Then(result, func(bool, script.Value) { e.exited() })
	}
	e.exited()
}

func (e *Env) exited() {
	if e.pending--; e.pending == 0 {
		e.drained()
	}
}

// Replaced runs the callbacks for a reload, after the new version has taken over: what this one holds is open as long as
// one of them, or a promise it returned, is at work. The failure of one does not keep the others from running.
func (e *Env) Replaced() {
	r := e.World.Realm
	for _, fn := range e.reloads {
		ctx := r.NewContext(nil)
		v, err := r.CallIn(ctx, fn.Value())
		ctx.Free()
		if err != nil {
			e.World.Report(err)
			continue
		}
		if r.IsPromise(v) {
			e.World.Keep()
			r.Then(v, func(ok bool, v script.Value) {
				if !ok {
					e.World.Report(r.ErrorOf(v))
				}
				e.World.Unkeep()
			})
		}
	}
	e.reloads = nil
}

// Stop ends what goes on by itself: tasks, watches. Connections live on.
func (e *Env) Stop() {
	for _, t := range e.tasks {
		t.stop()
	}
	for w := range e.watches {
		e.unwatch(w)
	}
}
