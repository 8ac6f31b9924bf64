//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"weir/test/harness/proc"
)

// peer is one server of a case.
type peer struct {
	name    string
	command func(e *env, p ports) (proc.Command, error)
}

// The names that ratios and bars are computed from.
const (
	nameNginx   = "nginx"
	nameLua     = "nginx + Lua callback"
	nameHAProxy = "HAProxy"
	nameWeir    = "weir"

	nameReverseProxy = "Go ReverseProxy"
)

func nginx(name, conf string) peer {
	return peer{name, func(e *env, p ports) (proc.Command, error) {
		if _, err := exec.LookPath("nginx"); err != nil {
			return proc.Command{}, errMissing
		}
		path, err := e.render("nginx/"+conf, p)
		return proc.Command{Name: "nginx", Args: []string{"-p", filepath.Dir(path), "-c", path}}, err
	}}
}

func haproxy(name, cfg string) peer {
	return peer{name, func(e *env, p ports) (proc.Command, error) {
		if _, err := exec.LookPath("haproxy"); err != nil {
			return proc.Command{}, errMissing
		}
		path, err := e.render("haproxy/"+cfg, p)
		return proc.Command{Name: "haproxy", Args: []string{"-db", "-f", path}}, err
	}}
}

func gopeer(name, mode string, backends int) peer {
	return peer{name, func(e *env, p ports) (proc.Command, error) {
		args := append([]string{mode, loopback(p.server)}, targets(p, backends)...)
		return proc.Command{Name: e.gopeer, Args: args}, nil
	}}
}

func gopeerTLS(name string) peer {
	return peer{name, func(e *env, p ports) (proc.Command, error) {
		return proc.Command{Name: e.gopeer, Args: []string{"tls", loopback(p.server), e.identity.cert, e.identity.key}}, nil
	}}
}

func weir(name, script string, backends int, flags ...string) peer {
	return peer{name, func(e *env, p ports) (proc.Command, error) {
		if e.weirErr != nil {
			return proc.Command{}, errors.New("cmd/weir does not build")
		}
		path, err := e.render("weir/"+script, p)
		args := append(append([]string{}, flags...), path, "--args", strconv.Itoa(p.server))
		return proc.Command{Name: e.weir, Args: append(args, targets(p, backends)...)}, err
	}}
}

func targets(p ports, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = loopback(p.backends[i])
	}
	return list
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// start runs a peer pinned to cpus and waits until it accepts connections.
func (e *env) start(pr peer, p ports, cpus []int) (*proc.Process, error) {
	cmd, err := pr.command(e, p)
	if err != nil {
		return nil, err
	}
	cmd.CPUs = cpus
	server, err := proc.Start(cmd)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.DialTimeout("tcp", loopback(p.server), time.Second)
		if err == nil {
			c.Close()
			return server, nil
		}
		select {
		case <-server.Exited():
			return nil, fmt.Errorf("ended at start: %s", firstLines(server.Stderr.String(), 3))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) || e.ctx.Err() != nil {
			stop(server)
			return nil, fmt.Errorf("does not listen: %s", firstLines(server.Stderr.String(), 3))
		}
	}
}

// stop ends a server without waiting for its connections.
func stop(p *proc.Process) {
	if p.Signal(syscall.SIGINT) == nil && p.Wait(300*time.Millisecond) == nil {
		return
	}
	_ = p.Stop(syscall.SIGTERM, 2*time.Second)
}

// wanted reports whether the -peers option selects a peer.
func (e *env) wanted(name string) bool {
	for _, word := range e.peers {
		if strings.Contains(strings.ToLower(name), strings.ToLower(word)) {
			return true
		}
	}
	return len(e.peers) == 0
}
