//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"weir/test/harness/proc"
)

var errOneCPU = errors.New("needs two CPUs")

// method is how a server is checked once and then measured, again and again.
type method struct {
	verify  func(port int) error // nil where every measurement verifies what it receives
	measure func(port int) (count, error)
}

// contestant is a peer that runs.
type contestant struct {
	*row
	process *proc.Process
	port    int
}

// compare starts all peers, lets them take turns for e.runs rounds and fills the table. A peer that is missing or
// fails gets a row that says so; only an interrupt is an error.
func (e *env) compare(t *table, peers []peer, backends [3]int, m method) error {
	cpus := e.serverCPU
	if t.cpus != nil {
		cpus = t.cpus
	}
	var running []*contestant
	for _, pr := range peers {
		if !e.wanted(pr.name) {
			continue
		}
		c := &contestant{row: &row{name: pr.name}}
		t.rows = append(t.rows, c.row)
		port, release, err := proc.ReservePort()
		if err != nil {
			return err
		}
		defer release()
		c.port = port
		c.process, c.err = e.start(pr, ports{port, backends}, cpus)
		if c.err == nil {
			defer stop(c.process)
			if m.verify != nil {
				c.err = m.verify(port)
			}
		}
		if c.err != nil {
			fmt.Fprintf(os.Stderr, "  %s: %v\n", c.name, c.err)
			continue
		}
		running = append(running, c)
	}
	for range e.runs {
		for _, c := range running {
			if c.err == nil {
				c.err = c.measure(m)
			}
			if e.ctx.Err() != nil {
				return e.ctx.Err()
			}
			if c.err != nil {
				fmt.Fprintf(os.Stderr, "  %s: %v\n", c.name, c.err)
			}
		}
	}
	return nil
}

func (c *contestant) measure(m method) error {
	before, err := proc.CPU(c.process.PID)
	if err != nil {
		return err
	}
	n, err := m.measure(c.port)
	if err != nil {
		return err
	}
	after, err := proc.CPU(c.process.PID)
	if err != nil {
		return err
	}
	c.samples = append(c.samples, sample{count: n, server: after - before})
	return nil
}

// reserve takes three ports for backends.
func reserve() (list [3]int, release func(), err error) {
	var releases []func()
	release = func() {
		for _, f := range releases {
			f()
		}
	}
	for i := range list {
		port, free, err := proc.ReservePort()
		if err != nil {
			release()
			return list, nil, err
		}
		list[i] = port
		releases = append(releases, free)
	}
	return list, release, nil
}

func iperfServer() peer {
	return peer{"iperf3 server", func(_ *env, p ports) (proc.Command, error) {
		if _, err := exec.LookPath("iperf3"); err != nil {
			return proc.Command{}, fmt.Errorf("%w: iperf3", errMissing)
		}
		return proc.Command{Name: "iperf3", Args: []string{"-s", "-B", "127.0.0.1", "-p", strconv.Itoa(p.server)}}, nil
	}}
}

func measureIdle(e *env, pr peer, r *row, url urlOf, flags ...string) error {
	port, release, err := proc.ReservePort()
	if err != nil {
		return err
	}
	defer release()
	server, err := e.start(pr, ports{server: port}, e.serverCPU)
	if err != nil {
		return err
	}
	defer stop(server)
	if err := verify(url(port, "/"), staticBody); err != nil {
		return err
	}
	if r.before, err = proc.RSS(server.PID); err != nil {
		return err
	}
	load, err := proc.Start(proc.Command{Name: e.load, CPUs: e.loadCPU,
		Args: append([]string{"idle", "-addr", loopback(port), "-conns", strconv.Itoa(idleConnections)}, flags...)})
	if err != nil {
		return err
	}
	defer load.Stop(syscall.SIGKILL, 5*time.Second) //nolint:errcheck // nothing is left to do about it
	if err := load.Await("ready", time.Minute); err != nil {
		return errors.New(firstLines(err.Error(), 4))
	}
	time.Sleep(settle)
	r.after, err = proc.RSS(server.PID)
	return err
}
