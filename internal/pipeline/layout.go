package pipeline

import (
	"weir/internal/script"
)

// Layout is a declared pipeline: filters in order, and what to do at start and end. It is built once and shared by all its
// pipelines.
type Layout struct {
	world *World
	// Module and Name tell where the layout comes from, for dumps: the file, and the legacy name or the kind of root.
	Module, Name string

	nodes   []*node
	onStart *startDef
	onEnd   *script.Ref

	allocated, active int
}

// node is one filter of a layout.
type node struct {
	name    string
	loc     Location
	def     Def
	targets []*Target // the sub-pipelines it may start, as far as they are known beforehand
}

type startDef struct {
	fn     *script.Ref // nil if the events are static
	static *script.Ref
	loc    Location
}

// World returns the world the layout belongs to.
func (l *Layout) World() *World { return l.world }

// Len returns the number of filters.
func (l *Layout) Len() int { return len(l.nodes) }

// Def returns the i-th filter's declaration.
func (l *Layout) Def(i int) Def { return l.nodes[i].def }

// HasStart reports whether the layout has an onStart.
func (l *Layout) HasStart() bool { return l.onStart != nil }

// New returns a pipeline of the layout with a context. Its output goes to out. It must be started.
func (l *Layout) New(ctx *script.Context, out Input) *Pipeline {
	p := &Pipeline{layout: l, ctx: ctx}
	p.first = out
	if n := len(l.nodes); n > 0 {
		p.filters = make([]Filter, n)
		for i := n - 1; i >= 0; i-- {
			f := l.nodes[i].def.New()
			b := f.base()
			b.p, b.out, b.node = p, p.first, l.nodes[i]
			p.filters[i], p.first = f, f
		}
	}
	ctx.Retain()
	l.allocated++
	l.active++
	l.world.pipelines[p] = struct{}{}
	return p
}

// Chain is a list of layouts that follow a pipeline's own, for pipeNext and chain.
type Chain struct {
	Layouts []*Layout
	Args    []*script.Ref
}

// Target is where a joint filter's sub-pipeline comes from. A target given by name is resolved when all modules are loaded.
type Target struct {
	Layout *Layout
	Name   string
}
