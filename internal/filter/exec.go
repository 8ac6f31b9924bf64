package filter

import (
	"sort"

	"weir/internal/command"
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "exec", Length: 1, Sig: "exec(command: string|string[]|fn, options?) (L,N)",
		Rows: []script.Row{
			{Path: "option:exec.stderr", Kind: "option", Signature: "bool = false"},
			{Path: "option:exec.pty", Kind: "option", Signature: "bool = false"},
			{Path: "option:exec.env", Kind: "option", Signature: "object | fn() -> object"},
			{Path: "option:exec.onStart", Kind: "option", Signature: "fn(pid)"},
			{Path: "option:exec.onExit", Kind: "option", Signature: "fn(exitCode, stderr?: Data) -> EventsLike"},
			{Path: "callback:exec.onStart", Kind: "callback", Signature: "(pid)"},
			{Path: "callback:exec.onExit", Kind: "callback", Signature: "(exitCode, stderr?: Data) -> EventsLike"},
		},
		Build: buildExec,
	})
}

type execDef struct {
	command         pipeline.Param
	env             pipeline.Param
	stderr, pty     bool
	onStart, onExit *script.Ref
}

func buildExec(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	if v := b.Arg(0); !v.IsString() && !b.IsArray(v) && !b.IsFunction(v) {
		return nil, script.ArgError(0, "a string, an array or a function")
	}
	o, err := options(b, 1)
	if err != nil {
		return nil, err
	}
	env := o.Value("env")
	if !env.IsUndefined() && !env.IsObject() {
		o.Fail("env", "an object", "a function")
	}
	return &execDef{
		command: b.Param(0), env: b.ParamOf(env),
		stderr: o.Bool("stderr", false), pty: o.Bool("pty", false),
		onStart: o.Func("onStart"), onExit: o.Func("onExit"),
	}, o.Err()
}

func (d *execDef) New() pipeline.Filter { return &exec{def: d} }

// exec runs a child process: Data goes to its standard input, what it prints comes out.
type exec struct {
	pipeline.Base
	def     *execDef
	child   *child
	started bool
	errors  collector // what the child prints to stderr
}

// maxStderr is how much of stderr is kept for onExit.
const maxStderr = 1 << 20

func (f *exec) Process(e stream.Event) {
	if !f.started {
		f.started = true
		f.start()
	}
	if f.child == nil {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		f.child.write(e)
	case *stream.StreamEnd:
		f.child.terminate()
	}
}

func (f *exec) start() {
	v, ok := f.def.command.Value(&f.Base)
	if !ok {
		return
	}
	r := f.Realm()
	args, ok := commandOf(r, v)
	if !ok {
		f.Fail("command is not or did not return a string or an array")
		return
	}
	if args = command.CutNULs(args); len(args) == 0 || args[0] == "" {
		f.Fail("exec() with no arguments")
		return
	}
	env, ok := f.environment()
	if !ok {
		return
	}
	c := &child{loop: f.World().Loop, onExit: f.exited,
		onOutput: func(d *stream.Data) { f.Output(d) },
		onError: func(d *stream.Data) {
			if f.def.stderr {
				f.Output(d)
			} else {
				f.errors.add(r, d, maxStderr)
			}
		},
	}
	if err := c.start(args, env, f.def.pty); err != nil {
		f.Fail("unable to fork: " + err.Error())
		return
	}
	f.child = c
	if f.def.onStart != nil && c.pid > 0 {
		f.Call(f.def.onStart, script.Int(c.pid))
	}
}

// environment returns the child's variables, nil to inherit them.
func (f *exec) environment() (env []string, ok bool) {
	v, ok := f.def.env.Value(&f.Base)
	if !ok || v.IsUndefined() && !f.def.env.IsFunction() {
		return nil, ok
	}
	if !v.IsObject() {
		f.Fail("options.env didn't return an object")
		return nil, false
	}
	r := f.Realm()
	err := r.Each(v, func(name string, x script.Value) error {
		s, err := r.ToString(x)
		env = append(env, name+"="+s)
		return err
	})
	if err != nil {
		f.Output(f.World().Failure(err))
		return nil, false
	}
	sort.Strings(env)
	return env, true
}

// exited is called when the child has exited and all it printed was read.
func (f *exec) exited(code int) {
	if f.def.onExit == nil {
		f.Output(&stream.StreamEnd{})
		return
	}
	args := []script.Value{script.Int(code)}
	if !f.def.stderr {
		args = append(args, event.NewData(f.Realm(), f.errors.take()))
	}
	if v, ok := f.Call(f.def.onExit, args...); ok && !event.Each(f.Realm(), v, f.Output) {
		f.Fail("onExit didn't return an event or Message or an array of those")
	}
}

func (f *exec) Reset() {
	f.errors.reset()
	if f.child != nil {
		f.child.close()
	}
}
