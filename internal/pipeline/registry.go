package pipeline

import (
	"fmt"
	"sort"

	"weir/internal/script"
)

// Spec declares a filter for the builders. Each filter registers its own from its own file.
type Spec struct {
	// Name is the builder method.
	Name string
	// Sig is the signature for the surface list, such as "handleData(fn: (data: Data, index: number) => any)"; empty for
	// what is listed by Rows only.
	Sig    string
	Length int
	// Joint filters must be followed by .to(...).
	Joint bool
	// NameFirst allows the legacy short form f('name', ...args) for f(...args).to('name').
	NameFirst bool
	// StringFirst says that the first argument may be a string itself: then the short form is one only if what follows the
	// name could be that argument.
	StringFirst bool
	// Only restricts the filter to one builder; empty means both.
	Only Style
	// Rows are the filter's options and callbacks for the surface list.
	Rows []script.Row
	// Build checks the arguments and returns the filter's declaration. A nil Def with no error adds no filter.
	Build func(b *Build) (Def, error)
}

// Style tells the two builders apart.
type Style string

// The builders: pipy({...}) and pipeline($ => ...).
const (
	Legacy Style = "legacy"
	Modern Style = "modern"
)

var specs = map[string][]*Spec{}

// Register adds a filter. It is called from init functions.
func Register(s Spec) {
	for _, o := range specs[s.Name] {
		if o.Only == s.Only || o.Only == "" || s.Only == "" {
			panic("pipeline: filter registered twice: " + s.Name)
		}
	}
	specs[s.Name] = append(specs[s.Name], &s)
}

func specOf(name string, style Style) *Spec {
	for _, s := range specs[name] {
		if s.Only == "" || s.Only == style {
			return s
		}
	}
	return nil
}

func filterNames() []string {
	names := make([]string, 0, len(specs))
	for n := range specs {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Surface lists the filters and their options.
func Surface() []script.Row {
	var rows []script.Row
	for _, n := range filterNames() {
		for _, s := range specs[n] {
			if s.Sig != "" {
				rows = append(rows, script.Row{Path: "filter:" + n, Kind: "filter", Signature: s.Sig})
			}
			rows = append(rows, s.Rows...)
		}
	}
	return rows
}

// Methods returns the builder methods for all filters of a style. builder finds the Builder an object stands for.
func Methods(style Style, builder func(c *script.Call) (*Builder, error)) []script.Method {
	var ms []script.Method
	for _, n := range filterNames() {
		spec := specOf(n, style)
		if spec == nil {
			continue
		}
		ms = append(ms, script.Method{Name: n, Length: spec.Length, Sig: spec.Sig, Fn: func(c *script.Call) (script.Value, error) {
			b, err := builder(c)
			if err != nil {
				return script.Undefined, err
			}
			return c.This, b.add(c, spec)
		}})
	}
	return ms
}

// Build is one call of a builder method, with the arguments of the filter (without the name of the short form).
type Build struct {
	*script.Call
	Builder *Builder
	name    string // of the filter
	target  *Target
	targets []*Target // those of TargetOf
}

// World returns the world the layout is for.
func (b *Build) World() *World { return b.Builder.layout.world }

// Target returns where the sub-pipeline of a joint filter comes from. Its Layout is set by the time pipelines are made.
func (b *Build) Target() *Target { return b.target }

// TargetOf returns the target a value names: a builder function, a layout object, or, in the legacy style, a name.
func (b *Build) TargetOf(v script.Value) (*Target, bool, error) {
	t, ok, err := b.Builder.targetOf(b.Call, v)
	if ok && err == nil {
		b.targets = append(b.targets, t)
	}
	return t, ok, err
}

// FunctionArg returns the i-th argument, which must be a function, held.
func (b *Build) FunctionArg(i int) (*script.Ref, error) {
	if err := b.Need(i + 1); err != nil {
		return nil, err
	}
	f, err := b.Function(i)
	if err != nil {
		return nil, err
	}
	return b.Hold(f), nil
}

// Param is a parameter that may be given as a function, called in the pipeline's context each time the value is needed.
type Param struct {
	ref *script.Ref
	fn  bool
}

// Param returns the i-th argument as a Param.
func (b *Build) Param(i int) Param { return b.ParamOf(b.Arg(i)) }

// ParamOf returns a value as a Param.
func (b *Build) ParamOf(v script.Value) Param { return NewParam(b.Realm, v) }

// NewParam returns a value as a Param.
func NewParam(r *script.Realm, v script.Value) Param { return Param{r.Hold(v), r.IsFunction(v)} }

// IsFunction reports whether the value comes from a callback.
func (p Param) IsFunction() bool { return p.fn }

// Static returns the value of a parameter that is no function.
func (p Param) Static() script.Value { return p.ref.Value() }

// Value returns the parameter's value for filter b. If its function throws, that is logged and output as StreamEnd, and ok
// is false.
func (p Param) Value(b *Base, args ...script.Value) (v script.Value, ok bool) {
	if !p.fn {
		return p.ref.Value(), true
	}
	return b.Call(p.ref, args...)
}

func describe(l Location, name string) string {
	return fmt.Sprintf("%s() at line %d column %d in %s", name, l.Line, l.Column, l.File)
}
