package filter

import (
	"errors"
	"io/fs"
	"os"
	osexec "os/exec"
	"syscall"

	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// child is a process with its pipes. Its methods are called, and its functions are called back, on the loop. It keeps
// the loop alive until it is done or closed.
type child struct {
	loop     *reactor.Loop
	onOutput func(d *stream.Data)
	onError  func(d *stream.Data)
	onExit   func(code int)

	pid     int
	process *os.Process
	stdin   *os.File
	input   *stream.Data // to be written
	writing bool
	brake   reactor.Brake // of those who write more than is taken
	sources []*pipeline.FileSource
	left    int // what is to end yet: the process and its outputs
	code    int
	held    bool
	closed  bool
}

// maxInput is how much may wait for the child to read it before those who write are stopped.
const maxInput = 1 << 20

// notFound is the exit code of a command that does not exist, as shells have it.
const notFound = 127

// start runs a command. A missing executable is no error: the child exits at once.
func (c *child) start(args, env []string, pty bool) error {
	cmd := &osexec.Cmd{Path: args[0], Args: args, Env: env}
	if len(env) == 0 {
		cmd = osexec.Command(args[0], args[1:]...)
	}
	var ours, theirs []*os.File
	closeAll := func(files []*os.File) {
		for _, f := range files {
			f.Close()
		}
	}
	pipe := func() (r, w *os.File, err error) {
		if r, w, err = os.Pipe(); err != nil {
			closeAll(ours)
			closeAll(theirs)
		}
		return r, w, err
	}
	var out []*os.File
	if pty {
		master, slave, err := openPTY(cmd)
		if err != nil {
			return err
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		ours, theirs = []*os.File{master}, []*os.File{slave}
		c.stdin, out = master, ours
	} else {
		in, inW, err := pipe()
		if err != nil {
			return err
		}
		ours, theirs = append(ours, inW), append(theirs, in)
		outR, outW, err := pipe()
		if err != nil {
			return err
		}
		ours, theirs = append(ours, outR), append(theirs, outW)
		errR, errW, err := pipe()
		if err != nil {
			return err
		}
		ours, theirs = append(ours, errR), append(theirs, errW)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, outW, errW
		c.stdin, out = inW, []*os.File{outR, errR}
	}
	err := cmd.Start()
	closeAll(theirs)
	missing := errors.Is(err, osexec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
	if err != nil && !missing {
		closeAll(ours)
		return err
	}
	c.held = true
	c.loop.Hold()
	c.left = 1 + len(out)
	for i, file := range out {
		s := &pipeline.FileSource{Loop: c.loop, File: file, Left: -1, OnData: c.onOutput, OnEnd: func(error) { c.ended() }}
		if i == 1 {
			s.OnData = c.onError
		}
		c.sources = append(c.sources, s)
		s.Start()
	}
	if missing {
		c.loop.Later(func() { c.exited(notFound) })
		return nil
	}
	c.process, c.pid = cmd.Process, cmd.Process.Pid
	go func() {
		cmd.Wait()
		code := max(cmd.ProcessState.ExitCode(), 0) // -1 if it was killed by a signal
		c.loop.Post(func() { c.exited(code) })
	}()
	return nil
}

// write sends d to the child's standard input.
func (c *child) write(d *stream.Data) {
	if c.closed || c.stdin == nil {
		return
	}
	if c.input == nil {
		c.input = new(stream.Data)
	}
	c.input.PushOwned(d)
	if c.input.Size() > maxInput {
		c.brake.Engage(c.loop.CurrentTap())
	}
	c.flush()
}

// flush writes what is queued on a goroutine, since the child may take its time.
func (c *child) flush() {
	if c.writing || c.input == nil || c.input.Empty() {
		return
	}
	d, file := c.input, c.stdin
	c.input, c.writing = nil, true
	go func() {
		var err error
		for _, b := range d.Segments() {
			if _, err = file.Write(b); err != nil {
				break
			}
		}
		c.loop.Post(func() {
			c.writing = false
			if err != nil { // the child reads no more
				c.dropInput()
				return
			}
			c.brake.Release()
			c.flush()
		})
	}()
}

func (c *child) dropInput() {
	c.input = nil
	c.brake.Release()
	if c.stdin != nil && len(c.sources) > 0 && c.sources[0].File != c.stdin {
		c.stdin.Close()
	}
	c.stdin = nil
}

// terminate asks the child to end.
func (c *child) terminate() {
	if c.process == nil {
		return
	}
	if err := c.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.process.Kill() // where there are no signals
	}
}

func (c *child) exited(code int) {
	if c.closed {
		return
	}
	c.code, c.process = code, nil
	c.dropInput()
	c.ended()
}

func (c *child) ended() {
	if c.left--; c.left > 0 || c.closed {
		return
	}
	c.unhold()
	c.onExit(c.code)
}

func (c *child) unhold() {
	if c.held {
		c.held = false
		c.loop.Unhold()
	}
}

// close ends the child and forgets it.
func (c *child) close() {
	if c.closed {
		return
	}
	c.closed = true
	c.terminate()
	c.dropInput()
	for _, s := range c.sources {
		s.Close()
	}
	c.unhold()
}
