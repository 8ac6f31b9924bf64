package pipy

import (
	"bytes"
	"errors"
	"os"
	osexec "os/exec"
	"syscall"

	"weir/internal/command"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// exec runs a program and waits for it.
func exec(c *script.Call) (script.Value, error) {
	var argv []string
	if s, ok := c.AsString(c.Arg(0)); ok {
		argv = command.Split(s)
	} else if c.IsArray(c.Arg(0)) {
		vs, err := c.Elements(c.Arg(0))
		if err != nil {
			return script.Undefined, err
		}
		for _, v := range vs {
			s, err := c.ToString(v)
			if err != nil {
				return script.Undefined, err
			}
			argv = append(argv, s)
		}
	} else {
		return script.Undefined, script.ArgError(0, "a string or an array")
	}
	if argv = command.CutNULs(argv); len(argv) == 0 {
		return script.Undefined, errors.New("exec() with no arguments")
	}
	o := c.Options(c.Arg(1))
	merge := o.Bool("stderr", false)
	onExit := o.Func("onExit")
	var stdin *stream.Data
	if v := o.Value("stdin"); !v.IsUndefined() {
		var ok bool
		if stdin, ok = event.DataOf(c.Realm, v); !ok {
			o.Fail("stdin", "a Data")
		}
	}
	env, err := command.Env(c.Realm, o.Value("env"))
	if err != nil {
		return script.Undefined, err
	}
	if err := o.Err(); err != nil {
		return script.Undefined, err
	}
	cmd := osexec.Command(argv[0], argv[1:]...)
	if env != nil {
		cmd.Path, cmd.Err, cmd.Env = argv[0], nil, env
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if merge {
		cmd.Stderr = &out
	}
	cmd.Stdin = os.Stdin
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin.AppendTo(nil))
	}
	code := ExitCode(cmd.Run())
	if onExit != nil {
		args := []script.Value{script.Int(code)}
		if !merge {
			args = append(args, event.NewData(c.Realm, stream.NewData(errs.Bytes())))
		}
		if _, err := c.Call(onExit.Value(), args...); err != nil {
			return script.Undefined, err
		}
	}
	return event.NewData(c.Realm, stream.NewData(out.Bytes())), nil
}

// ExitCode returns the exit code behind the error of running a program, as a shell would report it.
func ExitCode(err error) int {
	var exit *osexec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			return 128 + int(s.Signal())
		}
		return exit.ExitCode()
	}
	return 127
}
