//go:build linux

// Package proc starts, watches and ends child processes for the end-to-end tests and the benchmark:
// pinned to a CPU if asked, output captured, stopped by process id, never left behind.
// It works on Linux only, because it reads /proc.
package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command says what to start.
type Command struct {
	Name string   // program, looked up in PATH
	Args []string // arguments without the program name
	Dir  string   // working directory, "" for the current one
	Env  []string // variables added to the environment of this process
	CPUs []int    // CPUs the process may run on, nil for all
}

// Process is a started child. All methods may be called from any goroutine.
type Process struct {
	PID    int
	Stdout Output
	Stderr Output

	name  string
	cmd   *exec.Cmd
	done  chan struct{} // closed once the child was waited for
	state *os.ProcessState
}

// Start runs the command. The child is killed by the kernel when this process dies.
func Start(c Command) (*Process, error) {
	p := &Process{name: c.Name, done: make(chan struct{})}
	p.cmd = exec.Command(c.Name, c.Args...)
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdout = &p.Stdout
	p.cmd.Stderr = &p.Stderr
	// A grandchild that keeps the pipes open must not make Wait hang.
	p.cmd.WaitDelay = 2 * time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	err := onCPUs(c.CPUs, p.cmd.Start)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p.PID = p.cmd.Process.Pid
	go func() {
		_ = p.cmd.Wait() // the exit status is read from ProcessState
		p.state = p.cmd.ProcessState
		p.Stdout.close()
		p.Stderr.close()
		close(p.done)
	}()
	return p, nil
}

// onCPUs runs start on a thread that is pinned to cpus, so that the child inherits the pinning
// before its first instruction (a Go child sizes GOMAXPROCS by it).
func onCPUs(cpus []int, start func() error) error {
	if len(cpus) == 0 {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, pinned unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("read CPU affinity: %w", err)
	}
	for _, cpu := range cpus {
		pinned.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &pinned); err != nil {
		return fmt.Errorf("pin to CPUs %v: %w", cpus, err)
	}
	err := start()
	return errors.Join(err, unix.SchedSetaffinity(0, &before))
}

// CPUs lists the CPUs this process may run on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("read CPU affinity: %w", err)
	}
	var list []int
	for cpu := 0; len(list) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			list = append(list, cpu)
		}
	}
	return list, nil
}

// Exited returns a channel that is closed when the process has ended and its output is complete.
func (p *Process) Exited() <-chan struct{} { return p.done }

// ExitCode returns the exit code, or 128 plus the signal that ended the process.
// It must be called only after Exited was closed.
func (p *Process) ExitCode() int {
	status, ok := p.state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return p.state.ExitCode()
}

// CPUTime returns the user and system time the process used, its waited-for children included.
// It must be called only after Exited was closed.
func (p *Process) CPUTime() time.Duration { return p.state.UserTime() + p.state.SystemTime() }

// Signal sends a signal to the process. A process that has ended already is no error.
func (p *Process) Signal(sig os.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Wait waits for the process to end.
func (p *Process) Wait(timeout time.Duration) error {
	select {
	case <-p.done:
		return nil
	case <-time.After(timeout):
		return fmt.Errorf("%s (pid %d) did not end within %v", p.name, p.PID, timeout)
	}
}

// Stop sends sig, waits, and kills the process when it has not ended within the timeout,
// which is reported as an error.
func (p *Process) Stop(sig os.Signal, timeout time.Duration) error {
	if err := p.Signal(sig); err != nil {
		return fmt.Errorf("signal %s (pid %d): %w", p.name, p.PID, err)
	}
	err := p.Wait(timeout)
	if err != nil {
		// Children of a server (nginx's workers) would outlive a killed master.
		for _, pid := range Descendants(p.PID) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = p.Signal(syscall.SIGKILL)
		_ = p.Wait(5 * time.Second)
	}
	return err
}

// Await waits until the text appears on standard error. It fails at once when the process ends first;
// the error holds everything the process wrote.
func (p *Process) Await(text string, timeout time.Duration) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		changed := p.Stderr.changed()
		if strings.Contains(p.Stderr.String(), text) {
			return nil
		}
		select {
		case <-changed:
		case <-p.done:
			if strings.Contains(p.Stderr.String(), text) {
				return nil
			}
			return fmt.Errorf("%s ended with code %d before it wrote %q\n%s", p.name, p.ExitCode(), text, p.transcript())
		case <-deadline.C:
			return fmt.Errorf("%s did not write %q within %v\n%s", p.name, text, timeout, p.transcript())
		}
	}
}

func (p *Process) transcript() string {
	return "--- stdout\n" + p.Stdout.String() + "--- stderr\n" + p.Stderr.String()
}
