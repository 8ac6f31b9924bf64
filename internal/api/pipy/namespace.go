package pipy

import (
	"errors"
	"io"
	"os"
	"time"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

var started = time.Now()

// Namespace declares pipy.
var Namespace = namespace("pipy")

// Alias declares the same under weir's own name.
var Alias = &script.Namespace{Setup: func(r *script.Realm) error {
	p, err := r.Get(r.Global(), "pipy")
	if err == nil {
		r.DefineHidden(r.Global(), "weir", p)
	}
	return err
}}

func namespace(name string) *script.Namespace {
	ro := func(name, sig string, get func(e *Env, r *script.Realm) script.Value) script.Prop {
		return script.Prop{Name: name, Sig: sig, Get: func(c *script.Call) (script.Value, error) {
			return get(envOf(c.Realm), c.Realm), nil
		}}
	}
	return &script.Namespace{
		Name: name, Call: configure, CallSig: "pipy(contextPrototype?: object | (() => object)): Configuration",
		Props: []script.Prop{
			ro("version", "{tag: string, commit: string, date: string}", func(e *Env, r *script.Realm) script.Value {
				i := e.Process.Info()
				return r.FromGo(script.Object{{Name: "tag", Value: i.Tag}, {Name: "commit", Value: i.Commit}, {Name: "date", Value: i.Date}})
			}),
			ro("pid", "number", func(e *Env, r *script.Realm) script.Value { return script.Int(os.Getpid()) }),
			ro("since", "number", func(e *Env, r *script.Realm) script.Value { return script.Number(float64(started.UnixMilli())) }),
			ro("source", "string", func(e *Env, r *script.Realm) script.Value { return r.String(e.Process.Info().Source) }),
			ro("name", "string", func(e *Env, r *script.Realm) script.Value { return r.String(e.Process.Info().Name) }),
			ro("uuid", "string", func(e *Env, r *script.Realm) script.Value { return r.String(e.Process.Info().UUID) }),
			ro("argv", "string[]", func(e *Env, r *script.Realm) script.Value {
				if e.argv == nil {
					e.argv = r.Hold(r.FromGo(e.Process.Info().Argv))
				}
				return e.argv.Value()
			}),
			ro("thread", "{id: number, concurrency: number}", func(e *Env, r *script.Realm) script.Value { return threadInfo(e, r) }),
			ro("tty", "{raw: boolean}", func(e *Env, r *script.Realm) script.Value { return r.NewObjectOf(ttyClass, ttyObject{}) }),
			ro("inbound", "{count: number, forEach(cb: (inbound: Inbound) => any)}", func(e *Env, r *script.Realm) script.Value {
				return r.NewObjectOf(inboundsClass, e)
			}),
			ro("outbound", "{count: number, forEach(cb: (outbound: Outbound) => any)}", func(e *Env, r *script.Realm) script.Value {
				return r.NewObjectOf(outboundsClass, e)
			}),
			ro("performance", "{timeOrigin: number, now(): number}", func(e *Env, r *script.Realm) script.Value {
				o := r.NewObject()
				r.Set(o, "timeOrigin", script.Number(float64(started.UnixMilli())))
				r.Set(o, "now", r.NewFunction("now", 0, now))
				return o
			}),
		},
		Methods: []script.Method{
			{Name: "now", Sig: "now(): number", Fn: now},
			{Name: "load", Sig: "load(filename: string): Data | null", Length: 1, Fn: load},
			{Name: "patch", Sig: "patch(filename: string, content: string | Data): undefined", Length: 2, Fn: patch},
			{Name: "list", Sig: "list(path: string): string[]", Length: 1, Fn: list},
			{Name: "watch", Sig: "watch(path: string): Promise<string[]>", Length: 1, Fn: watchFiles},
			{Name: "solve", Sig: "solve(filename: string): any", Length: 1, Fn: solve},
			{Name: "import", Sig: "import(path: string): object", Length: 1, Fn: importModule},
			{Name: "mount", Sig: "mount(name: string, dirname: string): undefined", Length: 2, Fn: mount},
			{Name: "unmount", Sig: "unmount(name: string): undefined", Length: 1, Fn: unmount},
			{Name: "exec", Sig: "exec(command: string | any[], options?: object): Data", Length: 2, Fn: exec},
			{Name: "exit", Sig: "exit(exitCode?: number): undefined | exit(callback: () => any): undefined", Length: 1, Fn: exit},
			{Name: "reload", Sig: "reload(callback: () => any): undefined", Length: 1, Fn: onReload},
			{Name: "restart", Sig: "restart(): undefined", Fn: restart},
			{Name: "fork", Sig: "fork(func: () => T): T", Length: 1, Fn: fork},
			{Name: "listen", Sig: "listen(port: number | string, protocol?: string, options?: object, pipeline: (($)=>any) | Pipeline | null): Listener | undefined", Length: 4, Fn: listen},
			{Name: "read", Sig: "read(pathname: string, pipeline: (($)=>any) | Pipeline, startArg?: any): Promise<any>", Length: 3, Fn: read},
		},
		Extra: surface(),
	}
}

// Globals declares what goes with pipy but has names of its own.
var Globals = &script.Namespace{
	Props: []script.Prop{{Name: "__thread", Sig: "{id: number, concurrency: number}", Get: func(c *script.Call) (script.Value, error) {
		return threadInfo(envOf(c.Realm), c.Realm), nil
	}}},
	Classes: []*script.Class{TimeoutClass, listenerArrayClass},
}

func threadInfo(e *Env, r *script.Realm) script.Value {
	return r.FromGo(script.Object{{Name: "id", Value: e.World.Thread()}, {Name: "concurrency", Value: e.Process.Info().Threads}})
}

func now(c *script.Call) (script.Value, error) {
	return script.Number(float64(time.Since(started).Microseconds()) / 1000), nil
}

func exit(c *script.Call) (script.Value, error) {
	e := envOf(c.Realm)
	switch v := c.Arg(0); {
	case len(c.Args) == 0 || v.IsNullish():
		e.Process.Exit(0)
	case c.IsFunction(v):
		e.exits = append(e.exits, exitCallback{c.Hold(v)})
	default:
		n, ok := c.NumberOf(v)
		if !ok {
			return script.Undefined, script.ArgError(0, "a number or a function")
		}
		e.Process.Exit(script.Truncate(n))
	}
	return script.Undefined, nil
}

// onReload registers what to do when a reload has replaced this version of the program.
func onReload(c *script.Call) (script.Value, error) {
	fn, err := c.Function(0)
	if err != nil {
		return script.Undefined, err
	}
	e := envOf(c.Realm)
	e.reloads = append(e.reloads, c.Hold(fn))
	return script.Undefined, nil
}

func restart(c *script.Call) (script.Value, error) {
	envOf(c.Realm).Process.Restart()
	return script.Undefined, nil
}

func fork(c *script.Call) (script.Value, error) {
	fn, err := c.Function(0)
	if err != nil {
		return script.Undefined, err
	}
	ctx := c.Current()
	if ctx == nil {
		ctx = c.NewContext(nil)
	} else {
		ctx = ctx.Clone()
	}
	defer ctx.Free() // promises made in it keep its variables
	return c.CallIn(ctx, fn)
}

// read streams a file of the system through a pipeline.
func read(c *script.Call) (script.Value, error) {
	path, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	l, ok, err := pipeline.LayoutOf(c.Realm, c.Arg(1), "read "+path)
	if err != nil {
		return script.Undefined, err
	}
	if !ok {
		return script.Undefined, script.ArgError(1, "a function or a pipeline template")
	}
	w := pipeline.WorldOf(c.Realm)
	promise, resolver := c.NewPromise()
	startArg := c.Hold(c.Arg(2))
	w.Loop.Hold()
	opened := func(f *os.File, err error) {
		defer w.Loop.Unhold()
		if w.Realm.Closed() {
			if err == nil {
				f.Close()
			}
			return
		}
		if err != nil {
			resolver.Reject(w.Realm.ErrorValue(errors.New("cannot open file: " + path)))
			return
		}
		p, result := l.Run(w.Realm.NewContext(nil), startArg.Value())
		w.Realm.Then(result, func(ok bool, v script.Value) { resolver.Resolve(v) })
		readFile(w, f, p)
	}
	if path == "-" {
		w.Loop.Later(func() { opened(os.Stdin, nil) })
		return promise, nil
	}
	go func() {
		f, err := os.Open(path)
		w.Loop.Post(func() { opened(f, err) })
	}()
	return promise, nil
}

// readFile feeds a file into a pipeline, a chunk at a time, each in its own turn, at the pace of what the pipeline feeds.
func readFile(w *pipeline.World, f *os.File, p *pipeline.Pipeline) {
	s := &pipeline.FileSource{Loop: w.Loop, File: f, Left: -1}
	if f == os.Stdin {
		s.File = io.NopCloser(f)
	}
	w.Loop.Hold()
	s.OnData = func(d *stream.Data) {
		if p.Ended() {
			s.Close()
			w.Loop.Unhold()
			return
		}
		p.Process(d)
	}
	s.OnEnd = func(err error) {
		w.Loop.Unhold()
		end := &stream.StreamEnd{}
		if err != nil {
			end.Code = stream.ReadError
		}
		p.Process(end)
	}
	s.Start()
}

func dataOrString(c *script.Call, i int) ([]byte, bool) {
	if s, ok := c.AsString(c.Arg(i)); ok {
		return []byte(s), true
	}
	if d, ok := event.DataOf(c.Realm, c.Arg(i)); ok {
		return d.AppendTo(nil), true
	}
	return nil, false
}
