package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"weir/internal/event"
	"weir/internal/script"
)

// Builder builds one layout. Both builder APIs, the function argument $ and the legacy configuration, are faces of it.
type Builder struct {
	layout *Layout
	style  Style
	// Names resolves legacy pipeline names of the module; nil in the modern style.
	names   *Names
	pending *Target // of a joint filter that waits for .to()
	closed  bool
}

// Names are the named pipelines of a legacy module, and the targets that wait for them.
type Names struct {
	File    string
	Layouts map[string]*Layout
	waiting []waiting
	links   map[*Layout][]*Layout // the sub-pipelines each pipeline may start
}

type waiting struct {
	from   *Layout
	target *Target
	where  string
}

// NewNames returns the names of a module that has none yet.
func NewNames(file string) *Names {
	return &Names{File: file, Layouts: map[string]*Layout{}, links: map[*Layout][]*Layout{}}
}

// wait registers a target of a filter in from, to be resolved by Bind.
func (n *Names) wait(from *Layout, t *Target, where string) {
	n.waiting = append(n.waiting, waiting{from, t, where})
}

// Bind resolves the targets given by name. A pipeline that leads back to itself is an error: it would never come to an end.
func (n *Names) Bind() error {
	for _, w := range n.waiting {
		if w.target.Name == "" {
			return fmt.Errorf("%s: empty pipeline name", w.where)
		}
		l := n.Layouts[w.target.Name]
		if l == nil {
			return fmt.Errorf("%s: pipeline not found with name: %s", w.where, w.target.Name)
		}
		w.target.Layout = l
		n.links[w.from] = append(n.links[w.from], l)
	}
	n.waiting = nil
	done := map[*Layout]bool{}
	for _, name := range slices.Sorted(maps.Keys(n.Layouts)) {
		if n.recursive(n.Layouts[name], done, map[*Layout]bool{}) {
			return fmt.Errorf("recursive pipeline: %s", name)
		}
	}
	for _, l := range n.Layouts {
		if peers := l.world.Peers; peers != nil {
			peers.add(l.world, n)
		}
		break
	}
	return nil
}

// recursive reports whether a pipeline of l starts one of l again, by way of others.
func (n *Names) recursive(l *Layout, done, path map[*Layout]bool) bool {
	if path[l] {
		return true
	}
	if done[l] {
		return false
	}
	path[l] = true
	for _, sub := range n.links[l] {
		if n.recursive(sub, done, path) {
			return true
		}
	}
	delete(path, l)
	done[l] = true
	return false
}

// NewBuilder returns a builder of a new layout. names is nil in the modern style.
func NewBuilder(w *World, style Style, names *Names, name string) *Builder {
	l := &Layout{world: w, Name: name}
	if names != nil {
		l.Module = names.File
	}
	return &Builder{layout: l, style: style, names: names}
}

// Layout returns the layout being built.
func (b *Builder) Layout() *Layout { return b.layout }

// Names returns the legacy names, or nil.
func (b *Builder) Names() *Names { return b.names }

// Style returns which of the builders this is.
func (b *Builder) Style() Style { return b.style }

// Finish closes the builder.
func (b *Builder) Finish() error {
	b.closed = true
	if b.pending != nil {
		return errors.New("missing .to(...) for the last filter")
	}
	return nil
}

// add is a call of a filter's method.
func (b *Builder) add(c *script.Call, spec *Spec) error {
	if b.closed {
		return errors.New("pipeline layout is already built")
	}
	if b.pending != nil {
		return errors.New("missing .to(...) for the last filter")
	}
	loc := at(c.Realm)
	build := &Build{Call: c, Builder: b, name: spec.Name}
	if spec.Joint {
		build.target = &Target{}
		build.targets = []*Target{build.target}
	}
	named := false
	if b.style == Legacy && spec.NameFirst && c.Arg(0).IsString() &&
		(!spec.StringFirst || c.Arg(1).IsString() || c.IsFunction(c.Arg(1))) {
		build.target.Name, _ = c.AsString(c.Arg(0))
		build.Call = &script.Call{Realm: c.Realm, This: c.This, Args: c.Args[1:]}
		named = true
	}
	def, err := spec.Build(build)
	if err != nil {
		return err
	}
	if def == nil {
		return nil
	}
	if b.layout.Module == "" {
		b.layout.Module = loc.File
	}
	b.layout.nodes = append(b.layout.nodes, &node{name: spec.Name, loc: loc, def: def, targets: build.targets})
	if named {
		b.names.wait(b.layout, build.target, describe(loc, spec.Name))
	} else if spec.Joint {
		b.pending = build.target
	}
	return nil
}

// Append adds a filter that has no method of its own.
func (b *Builder) Append(name string, r *script.Realm, def Def) {
	b.layout.nodes = append(b.layout.nodes, &node{name: name, loc: at(r), def: def})
}

// Where describes the place of the running call, for errors found when everything is loaded.
func (b *Builder) Where(r *script.Realm, name string) string { return describe(at(r), name) }

// To is the method .to(target).
func (b *Builder) To(c *script.Call) error {
	if b.pending == nil {
		return errors.New("calling to() without a joint-filter")
	}
	t, ok, err := b.targetOf(c, c.Arg(0))
	if err != nil {
		return err
	}
	if !ok {
		if b.style == Legacy {
			return script.ArgError(0, "a string or a function")
		}
		return script.ArgError(0, "a function or a pipeline layout")
	}
	b.pending.Layout = t.Layout
	if t.Layout == nil {
		b.pending.Name = t.Name
		b.names.wait(b.layout, b.pending, describe(at(c.Realm), "to"))
	}
	b.pending = nil
	return nil
}

func (b *Builder) targetOf(c *script.Call, v script.Value) (t *Target, ok bool, err error) {
	if l, ok := script.As[*Layout](c.Realm, v); ok {
		return &Target{Layout: l}, true, nil
	}
	if name, ok := c.AsString(v); ok && b.style == Legacy {
		return &Target{Name: name}, true, nil
	}
	if !c.IsFunction(v) {
		return nil, false, nil
	}
	l, err := BuildLayout(c.Realm, b.style, b.names, v, "")
	if err != nil {
		return nil, false, err
	}
	if b.names != nil {
		b.names.links[b.layout] = append(b.names.links[b.layout], l)
	}
	return &Target{Layout: l}, true, nil
}

// WaitFor registers a target given by name, if it is one.
func (b *Build) WaitFor(t *Target) {
	if t.Layout == nil && b.Builder.names != nil {
		b.Builder.names.wait(b.Builder.layout, t, describe(at(b.Realm), b.name))
	}
}

// OnStart is the method .onStart(x).
func (b *Builder) OnStart(c *script.Call) error {
	prior, dup := "all filters", "duplicate onStart()"
	if b.style == Legacy {
		prior, dup = "filters", "duplicated onStart()"
	}
	if len(b.layout.nodes) > 0 || b.closed {
		return errors.New("onStart() is only allowed prior to " + prior)
	}
	if b.layout.onStart != nil {
		return errors.New(dup)
	}
	if err := c.Need(1); err != nil {
		return err
	}
	return b.SetStart(c, 0)
}

// SetStart takes the i-th argument as what to do at start.
func (b *Builder) SetStart(c *script.Call, i int) error {
	v := c.Arg(i)
	s := &startDef{loc: at(c.Realm)}
	switch {
	case c.IsFunction(v):
		s.fn = c.Hold(v)
	case event.IsStatic(c.Realm, v):
		s.static = c.Hold(v)
	default:
		return script.ArgError(i, "an Event, a Message, a function or an array")
	}
	b.layout.onStart = s
	return nil
}

// OnEnd is the method .onEnd(fn).
func (b *Builder) OnEnd(c *script.Call) error {
	if b.style == Legacy && len(b.layout.nodes) > 0 {
		return errors.New("onEnd() is only allowed prior to filters")
	}
	if b.layout.onEnd != nil {
		if b.style == Legacy {
			return errors.New("duplicated onEnd()")
		}
		return errors.New("duplicate onEnd()")
	}
	f, err := c.Function(0)
	if err != nil {
		return err
	}
	b.layout.onEnd = c.Hold(f)
	return nil
}

// BuildLayout runs a builder function and returns the layout it declared.
func BuildLayout(r *script.Realm, style Style, names *Names, fn script.Value, name string) (*Layout, error) {
	b := NewBuilder(WorldOf(r), style, names, name)
	class := builderClass()
	if style == Legacy {
		class = legacyBuilderClass()
	}
	if _, err := r.Call(fn, r.NewObjectOf(class, b)); err != nil {
		return nil, err
	}
	if err := b.Finish(); err != nil {
		return nil, err
	}
	return b.layout, nil
}

// LayoutOf returns the layout a value stands for: a pipeline object, or what a builder function declares.
func LayoutOf(r *script.Realm, v script.Value, name string) (l *Layout, ok bool, err error) {
	if l, ok := script.As[*Layout](r, v); ok {
		return l, true, nil
	}
	if !r.IsFunction(v) {
		return nil, false, nil
	}
	l, err = BuildLayout(r, Modern, nil, v, name)
	return l, err == nil, err
}
