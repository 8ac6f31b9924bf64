//go:build linux

package harness

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Netns is a network namespace that lasts until the end of the test. Addresses, routes and packet filters in it are the
// test's own.
type Netns struct {
	Name string
	t    testing.TB
}

var netnsCount atomic.Int32

// NewNetns makes a network namespace with its loopback up. Without the permission to make one the test is skipped.
func NewNetns(t testing.TB) *Netns {
	t.Helper()
	Need(t, "ip", "sysctl")
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	n := &Netns{fmt.Sprintf("weir-%d-%d", os.Getpid(), netnsCount.Add(1)), t}
	if r := Run(t, "ip", "netns", "add", n.Name); r.Code != 0 {
		t.Skipf("no network namespace: %s", r.Stderr)
	}
	t.Cleanup(func() { Run(t, "ip", "netns", "del", n.Name) })
	n.Must("ip", "link", "set", "lo", "up")
	// Addresses are usable at once.
	n.Must("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0")
	return n
}

// Link joins two namespaces by a pair of interfaces, named after the other side's letter, and gives them addresses with
// prefix lengths.
func (n *Netns) Link(o *Netns, name, other string, addrs, others []string) {
	n.t.Helper()
	n.Must("ip", "link", "add", name, "type", "veth", "peer", "name", other, "netns", o.Name)
	for _, end := range []struct {
		ns    *Netns
		name  string
		addrs []string
	}{{n, name, addrs}, {o, other, others}} {
		for _, a := range end.addrs {
			args := []string{"addr", "add", a, "dev", end.name}
			if strings.Contains(a, ":") {
				args = append(args, "nodad") // usable at once
			}
			end.ns.Must("ip", args...)
		}
		end.ns.Must("ip", "link", "set", end.name, "up")
	}
}

// Must runs a command in the namespace; its failure fails the test.
func (n *Netns) Must(name string, args ...string) string {
	n.t.Helper()
	r := n.Run(name, args...)
	if r.Code != 0 {
		n.t.Fatalf("%s %s: code %d\n%s%s", name, strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// Try runs a command that sets something up; if the kernel cannot do it, the test is skipped.
func (n *Netns) Try(name string, args ...string) {
	n.t.Helper()
	Need(n.t, name)
	if r := n.Run(name, args...); r.Code != 0 {
		n.t.Skipf("this kernel does not do %s %s: %s", name, strings.Join(args, " "), r.Stderr)
	}
}

// Run runs a command in the namespace.
func (n *Netns) Run(name string, args ...string) Result {
	n.t.Helper()
	return Run(n.t, "ip", append([]string{"netns", "exec", n.Name, name}, args...)...)
}

// Do calls f on a thread that is in the namespace: sockets made by f itself, not by goroutines it starts, belong to it.
func (n *Netns) Do(f func()) {
	n.t.Helper()
	// The thread has to go back: processes that were started from it end when it does.
	runtime.LockOSThread()
	home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	defer unix.Close(home)
	fd, err := unix.Open("/run/netns/"+n.Name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	err = unix.Setns(fd, unix.CLONE_NEWNET)
	unix.Close(fd)
	if err != nil {
		n.t.Fatalf("enter the network namespace: %v", err)
	}
	f()
	if err := unix.Setns(home, unix.CLONE_NEWNET); err != nil {
		panic(fmt.Sprintf("leave the network namespace: %v", err))
	}
	runtime.UnlockOSThread()
}

// Dial opens a connection from within the namespace to a literal address.
func (n *Netns) Dial(network, addr string) net.Conn { return n.DialFrom(0, network, addr) }

// DialFrom is Dial from a TCP port.
func (n *Netns) DialFrom(port int, network, addr string) net.Conn {
	n.t.Helper()
	dialer := net.Dialer{Timeout: Patience}
	if port > 0 {
		dialer.LocalAddr = &net.TCPAddr{Port: port}
	}
	var c net.Conn
	var err error
	n.Do(func() { c, err = dialer.Dial(network, addr) })
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(Patience))
	return c
}

// Binary returns a program that runs weir in the namespace, for Config.Binary. With resolv, that is its resolv.conf.
func (n *Netns) Binary(resolv string) string {
	n.t.Helper()
	dir := n.t.TempDir()
	file := filepath.Join(dir, "weir")
	mount := ""
	if resolv != "" {
		conf := filepath.Join(dir, "resolv.conf")
		WriteFile(n.t, conf, resolv)
		mount = "mount --bind " + conf + " /etc/resolv.conf && "
	}
	// ip gives the command a mount namespace of its own.
	script := "#!/bin/sh\nexec ip netns exec " + n.Name + " sh -c '" + mount + `exec "$0" "$@"' ` + Binary(n.t) + ` "$@"` + "\n"
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		n.t.Fatal(err)
	}
	return file
}
