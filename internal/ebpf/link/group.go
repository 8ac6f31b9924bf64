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

func (t Cgroup) about() traits {
	return traits{kind: "cgroup", place: t.Path, what: "cgroup links", flags: true}
}

func (t Cgroup) attach(p program, o Options) (handle, error) {
	fd, err := unix.Open(t.Path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open cgroup %s: %v", t.Path, err)
	}
	defer unix.Close(fd)
	return rawLink(link.RawLinkOptions{Target: fd, Program: p.Program, Attach: p.at, Flags: o.Flags})
}

func (t Cgroup) hook(p Program) (string, bool) {
	return fmt.Sprintf("cgroup/%s/%d", file(t.Path), p.AttachType), true
}

// Netns is a hook of a network namespace: flow dissector or socket lookup.
type Netns struct{ Path string }

func (t Netns) about() traits {
	return traits{kind: "netns", place: t.Path, what: "links to network namespaces"}
}

func (t Netns) attach(p program, o Options) (handle, error) {
	ns, err := os.Open(t.Path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the network namespace %s", t.Path)
	}
	defer ns.Close()
	return link.AttachNetNs(int(ns.Fd()), p.Program)
}

func (t Netns) hook(p Program) (string, bool) {
	info, err := p.Info()
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("netns/%s/%d", file(t.Path), info.Type), info.Type == uint32(ebpf.SkLookup)
}

// file tells a file by any of its names.
func file(path string) string {
	var st unix.Stat_t
	if unix.Stat(path, &st) == nil {
		return fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	}
	return path
}

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

func (t Netfilter) about() traits {
	return traits{kind: "netfilter", err: oneOf("hook", t.Hook, netfilterHooks), what: "netfilter links"}
}

func (t Netfilter) attach(p program, o Options) (handle, error) {
	n := link.NetfilterOptions{Program: p.Program, ProtocolFamily: link.NetfilterProtoIPv4, Hook: netfilterHooks[t.Hook], Priority: t.Priority}
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

func rawLink(o link.RawLinkOptions) (handle, error) {
	l, err := link.AttachRawLink(o)
	if err != nil {
		return nil, err // a nil *RawLink must not become a handle
	}
	return l, nil
}
