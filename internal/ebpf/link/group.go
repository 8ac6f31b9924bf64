//go:build linux

package link

import (
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Cgroup is a hook of a cgroup of version 2 and all below it. The program's attach type says which. A cgroup takes many links;
// it takes none where a program is attached exclusively.
type Cgroup struct{ Path string }

func (t Cgroup) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, false, true); err != nil {
		return nil, err
	}
	fd, err := unix.Open(t.Path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open cgroup %s: %v", t.Path, err)
	}
	defer unix.Close(fd)
	return rawLink(link.RawLinkOptions{Target: fd, Program: p.Program, Attach: p.AttachType, Flags: o.Flags})
}

func (t Cgroup) hook(p Program) (string, bool) {
	place := t.Path
	var st unix.Stat_t
	if unix.Stat(t.Path, &st) == nil {
		place = fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	}
	return fmt.Sprintf("cgroup/%s/%d", place, p.AttachType), true
}
func (t Cgroup) call() (string, string) { return "BPF_LINK_CREATE", "cgroup links" }

// Netns is a hook of a network namespace: flow dissector or socket lookup.
type Netns struct{ Path string }

func (t Netns) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, false, false); err != nil {
		return nil, err
	}
	ns, err := os.Open(t.Path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the network namespace %s", t.Path)
	}
	defer ns.Close()
	return link.AttachNetNs(int(ns.Fd()), p.Program)
}

func (t Netns) hook(p Program) (string, bool) {
	place := t.Path
	var st unix.Stat_t
	if unix.Stat(t.Path, &st) == nil {
		place = fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	}
	return fmt.Sprintf("netns/%s/%d", place, p.Type()), p.Type() == ebpf.SkLookup
}
func (t Netns) call() (string, string) { return "BPF_LINK_CREATE", "links to network namespaces" }

// Netfilter is a hook of the packet filter, from Linux 6.4.
type Netfilter struct {
	IPv6     bool
	Hook     string
	Priority int32
	Defrag   bool // fragments are put together before
}

var netfilterHooks = map[string]link.NetfilterInetHook{
	"prerouting": link.NetfilterInetPreRouting, "input": link.NetfilterInetLocalIn, "forward": link.NetfilterInetForward,
	"output": link.NetfilterInetLocalOut, "postrouting": link.NetfilterInetPostRouting,
}

func (t Netfilter) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, false, false); err != nil {
		return nil, err
	}
	hook, ok := netfilterHooks[t.Hook]
	if !ok {
		return nil, fmt.Errorf("hook is %q: use prerouting, input, forward, output or postrouting", t.Hook)
	}
	n := link.NetfilterOptions{Program: p.Program, ProtocolFamily: link.NetfilterProtoIPv4, Hook: hook, Priority: t.Priority}
	if t.IPv6 {
		n.ProtocolFamily = link.NetfilterProtoIPv6
	}
	if t.Defrag {
		n.NetfilterFlags = ipDefrag
	}
	return link.AttachNetfilter(n)
}

// ipDefrag is BPF_F_NETFILTER_IP_DEFRAG; the library's constant is 0.
const ipDefrag = 1

func (t Netfilter) hook(Program) (string, bool) { return "", false }
func (t Netfilter) call() (string, string)      { return "BPF_LINK_CREATE", "netfilter links" }

func rawLink(o link.RawLinkOptions) (handle, error) {
	l, err := link.AttachRawLink(o)
	if err != nil {
		return nil, err // a nil *RawLink must not become a handle
	}
	return l, nil
}
