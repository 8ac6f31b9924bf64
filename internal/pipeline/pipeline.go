package pipeline

import (
	"fmt"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

type state uint8

const (
	created  state = iota
	starting       // onStart's promise is pending: input is queued
	stuck          // onStart failed: input is dropped
	running
	ended
)

// maxDepth bounds how deep pipelines are nested. One that leads back to itself would use up the stack.
const maxDepth = 500

// Pipeline is a running instance of a layout.
type Pipeline struct {
	layout    *Layout
	ctx       *script.Context
	filters   []Filter
	first     Input
	queue     Queue
	chain     *Chain
	state     state
	releasing bool
	depth     uint16 // how many pipelines it is nested in
	onResult  func(script.Value)
	source    Socketed
	onRun     func()
}

// Layout returns the layout the pipeline was made of.
func (p *Pipeline) Layout() *Layout { return p.layout }

// Context returns the pipeline's context.
func (p *Pipeline) Context() *script.Context { return p.ctx }

// Filters returns the pipeline's filters.
func (p *Pipeline) Filters() []Filter { return p.filters }

// Chain returns what follows the pipeline's own filters, or nil.
func (p *Pipeline) Chain() *Chain { return p.chain }

// SetChain sets what follows; before Start.
func (p *Pipeline) SetChain(c *Chain) { p.chain = c }

// SetSource says that the input comes straight from a socket: a connection that came in. A world that goes down waits for
// the end of such pipelines.
func (p *Pipeline) SetSource(s Socketed) {
	p.source = s
	p.layout.world.serving++
}

// Source returns the socket the input comes straight from, or nil.
func (p *Pipeline) Source() Socketed { return p.source }

// OnResult sets who is told the result of onEnd when the pipeline has ended.
func (p *Pipeline) OnResult(f func(script.Value)) { p.onResult = f }

// OnRun sets who is told, once, that the pipeline takes input: a source that is not to begin before. Before Start.
func (p *Pipeline) OnRun(f func()) { p.onRun = f }

// Running reports whether the pipeline takes input.
func (p *Pipeline) Running() bool { return p.state == running }

// Ended reports whether the pipeline has ended.
func (p *Pipeline) Ended() bool { return p.state == ended }

// Start starts the pipeline; args go to onStart. Input is queued until onStart is through.
func (p *Pipeline) Start(args ...script.Value) {
	if p.state != created {
		return
	}
	if p.depth > maxDepth {
		p.state = stuck
		p.queue.Clear()
		if n := len(p.filters); n > 0 {
			last := p.filters[n-1].base()
			last.Fail("pipelines are nested too deep: this one leads back to itself")
		}
		return
	}
	s := p.layout.onStart
	if s == nil {
		p.run()
		return
	}
	p.state = starting
	if s.fn == nil {
		p.begin(s.static.Value())
		return
	}
	v, err := p.layout.world.Realm.CallIn(p.ctx, s.fn.Value(), args...)
	if err != nil {
		p.layout.world.Report(err)
		p.state = stuck
		p.queue.Clear()
		p.first.Process(&stream.StreamEnd{Code: stream.RuntimeError})
		return
	}
	p.begin(v)
}

// begin feeds what onStart gave, then lets the input in.
func (p *Pipeline) begin(v script.Value) {
	w := p.layout.world
	r := w.Realm
	if r.IsPromise(v) {
		r.Then(v, func(ok bool, v script.Value) {
			switch {
			case p.state != starting:
			case ok:
				p.begin(v)
			default:
				p.state = stuck
				p.queue.Clear()
				e := &stream.StreamEnd{Code: stream.RuntimeError}
				if !v.IsUndefined() {
					e = event.StreamEnd(r, v)
				}
				if r.IsError(v) {
					w.Report(r.ErrorOf(v))
				}
				p.first.Process(e)
			}
		})
		return
	}
	if !event.Each(r, v, p.first.Process) {
		s := p.layout.onStart
		err := fmt.Errorf("onStart() at line %d column %d in %s: initial input is not or did not return events or messages. "+
			"Consider using void(...) if no initial input is intended", s.loc.Line, s.loc.Column, s.loc.File)
		w.Log.Errorf("%s", err)
		p.queue.Clear()
		p.first.Process(event.Failure(r, err))
	}
	p.run()
}

func (p *Pipeline) run() {
	if p.state == ended {
		return
	}
	p.queue.Drain(p.first.Process)
	if p.state == ended {
		return
	}
	p.state = running
	if p.onRun != nil {
		p.onRun()
	}
}

// Process implements Input.
func (p *Pipeline) Process(e stream.Event) {
	switch p.state {
	case running:
		p.first.Process(e)
	case created, starting:
		p.queue.Push(e)
	}
}

// Release lets the pipeline go. It ends at the end of the turn.
func (p *Pipeline) Release() {
	if p == nil || p.releasing {
		return
	}
	p.releasing = true
	w := p.layout.world
	w.releases = append(w.releases, p)
	if !w.Loop.InTurn() {
		w.Loop.Later(func() {})
	}
}

func (p *Pipeline) end() {
	if p.state == ended {
		return
	}
	w := p.layout.world
	result := script.Undefined
	if f := p.layout.onEnd; f != nil && p.state != created {
		v, err := w.Realm.CallIn(p.ctx, f.Value())
		if err != nil {
			w.Report(err)
		} else {
			result = v
		}
	}
	p.state = ended
	if p.onResult != nil {
		p.onResult(result)
	}
	for _, f := range p.filters {
		f.Reset()
	}
	p.queue.Clear()
	if p.source != nil {
		w.serving--
	}
	delete(w.pipelines, p)
	p.layout.active--
	p.ctx.Release()
}

func (p *Pipeline) shutdown() {
	for _, f := range p.filters {
		if s, ok := f.(Shutdowner); ok {
			s.Shutdown()
		}
	}
}
