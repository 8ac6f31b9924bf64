package pipeline

import (
	"fmt"
	"strings"
	"sync"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

func thisBuilder(c *script.Call) (*Builder, error) { return script.This[*Builder](c), nil }

// builderMethods are the methods every builder has besides the filters.
func builderMethods() []script.Method {
	chained := func(f func(*Builder, *script.Call) error) script.Func {
		return func(c *script.Call) (script.Value, error) { return c.This, f(script.This[*Builder](c), c) }
	}
	return []script.Method{
		{Name: "onStart", Length: 1, Fn: chained((*Builder).OnStart)},
		{Name: "onEnd", Length: 1, Fn: chained((*Builder).OnEnd)},
		{Name: "to", Length: 1, Fn: chained((*Builder).To)},
	}
}

// The classes of $ in pipeline($ => ...) and in a legacy .to($ => ...). Their methods are the registered filters.
var builderClass, legacyBuilderClass func() *script.Class

func init() {
	builderClass = sync.OnceValue(func() *script.Class {
		return &script.Class{Name: "PipelineBuilder", Missing: UnknownFilter, Methods: append(builderMethods(), Methods(Modern, thisBuilder)...)}
	})
	legacyBuilderClass = sync.OnceValue(func() *script.Class {
		return &script.Class{Name: "FilterConfigurator", Missing: UnknownFilter, Methods: append(builderMethods(), Methods(Legacy, thisBuilder)...)}
	})
}

var layoutClass = &script.Class{
	Name: "Pipeline",
	Methods: []script.Method{
		{Name: "spawn", Sig: "spawn(...args: any): Promise<any>", Fn: spawn},
		{Name: "process", Sig: "process(input: events | (() => events | Promise<events>) | Hub): Promise<any>", Length: 1, Fn: process},
	},
}

// Namespace declares pipeline(builder) and what belongs to it.
var Namespace = &script.Namespace{
	Name: "pipeline", Call: newPipeline, CallSig: "pipeline(builder: ($)=>any): Pipeline",
	Classes: []*script.Class{HubClass},
	Extra: []script.Row{
		{Path: "pipeline", Kind: "global", Signature: "pipeline(builder: ($) => any): Pipeline"},
		{Path: "Pipeline#spawn", Kind: "function", Signature: "spawn(...args: any): Promise<any>"},
		{Path: "Pipeline#process", Kind: "function", Signature: "process(input: events | (() => events | Promise<events>) | Hub): Promise<any>"},
		{Path: "pipeline()#spawn", Kind: "function", Signature: "spawn(...args: any): Promise<any>"},
		{Path: "pipeline()#process", Kind: "function", Signature: "process(input: events | (() => events | Promise<events>) | Hub): Promise<any>"},
		{Path: "$#onStart", Kind: "function", Signature: "onStart(events | (...startArgs: any) => events | Promise<events>): $"},
		{Path: "$#onEnd", Kind: "function", Signature: "onEnd(() => any): $"},
		{Path: "$#to", Kind: "function", Signature: "to(($) => any | Pipeline): $"},
		{Path: "callback:onStart", Kind: "callback", Signature: "(...startArgs: any) => events | Promise<events>"},
		{Path: "callback:onEnd", Kind: "callback", Signature: "() => any: the result of the pipeline"},
	},
}

// UnknownFilter is the error for a builder method that does not exist. It names one that is spelled alike.
func UnknownFilter(name string) error {
	best, dist := "", 3
	for _, n := range append(filterNames(), "onStart", "onEnd", "to") {
		if d := distance(strings.ToLower(n), strings.ToLower(name)); d < dist {
			best, dist = n, d
		}
	}
	if best != "" {
		return fmt.Errorf("unknown filter: %s (did you mean %s?)", name, best)
	}
	return fmt.Errorf("unknown filter: %s", name)
}

// distance is the number of letters to change, insert or delete to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diag
			if a[i] != b[j] {
				d++
			}
			diag = row[j+1]
			row[j+1] = min(d, row[j]+1, diag+1)
		}
	}
	return row[len(b)]
}

func newPipeline(c *script.Call) (script.Value, error) {
	fn, err := c.Function(0)
	if err != nil {
		return script.Undefined, err
	}
	l, err := BuildLayout(c.Realm, Modern, nil, fn, "")
	if err != nil {
		return script.Undefined, err
	}
	return c.NewObjectOf(layoutClass, l), nil
}

// NewLayoutObject returns the script object of a layout.
func NewLayoutObject(r *script.Realm, l *Layout) script.Value { return r.NewObjectOf(layoutClass, l) }

// Run starts a pipeline nobody reads from; it ends when it outputs a StreamEnd. The promise gives its result.
func (l *Layout) Run(ctx *script.Context, args ...script.Value) (*Pipeline, script.Value) {
	r := l.world.Realm
	promise, resolver := r.NewPromise()
	w := &watcher{}
	p := l.New(ctx, w)
	w.p = p
	l.world.Loop.Hold()
	l.world.runs[p] = struct{}{}
	p.OnResult(func(v script.Value) {
		delete(l.world.runs, p)
		l.world.Loop.Unhold()
		resolver.Resolve(v)
	})
	p.Start(args...)
	return p, promise
}

// watcher ends a pipeline at its StreamEnd.
type watcher struct{ p *Pipeline }

func (w *watcher) Process(e stream.Event) {
	if e.Kind() == stream.KindStreamEnd && w.p != nil {
		w.p.Release()
	}
}

func spawn(c *script.Call) (script.Value, error) {
	l := script.This[*Layout](c)
	_, promise := l.Run(c.NewContext(nil), c.Args...)
	return promise, nil
}

func process(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	l, in := script.This[*Layout](c), c.Arg(0)
	_, isHub := script.As[*Hub](c.Realm, in)
	isFn := c.IsFunction(in)
	if !isHub && !isFn && !event.IsStatic(c.Realm, in) {
		return script.Undefined, script.ArgError(0, "events, a function or a hub")
	}
	p, promise := l.Run(c.NewContext(nil))
	switch {
	case isHub:
	case isFn:
		g := &generator{p: p, fn: c.Hold(in)}
		g.run()
	default:
		event.Each(c.Realm, in, p.Process)
	}
	return promise, nil
}

// generator feeds a pipeline with what a function returns, until it returns something else, throws, or the pipeline ends.
type generator struct {
	p  *Pipeline
	fn *script.Ref
}

// burst bounds how many events are generated in a row: a function that never stops must not stop the world.
const burst = 1000

func (g *generator) run() {
	r := g.p.layout.world.Realm
	for range burst {
		if g.p.releasing || g.p.state == ended {
			return
		}
		end := r.Scope()
		v, err := r.CallIn(g.p.ctx, g.fn.Value())
		if err != nil {
			g.p.layout.world.Report(err)
			end()
			return
		}
		if r.IsPromise(v) {
			r.Then(v, func(ok bool, v script.Value) {
				if ok && event.Each(r, v, g.p.Process) {
					g.run()
				}
			})
			end()
			return
		}
		ok := event.Each(r, v, g.p.Process)
		end()
		if !ok {
			return
		}
	}
	g.p.layout.world.Loop.Later(g.run)
}
