//go:build linux

package link

import (
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Info is what is known about a link.
type Info struct {
	ID      uint32
	Type    string // such as tcx; see Types
	Program uint32 // id
	Target  []Field
}

// Field is a detail of a target, in the words of attach where there are some. Values are strings, uint32 or uint64.
type Field struct {
	Name  string
	Value any
}

// Types are the names of the kernel's kinds of links by number.
var Types = strings.Fields(`unspec raw_tracepoint tracing cgroup iter netns xdp perf_event kprobe_multi struct_ops netfilter tcx
	uprobe_multi netkit sockmap`)

// Type names the kind of link.
func (l *Link) Type() string {
	switch t := l.s.target.(type) {
	case TC:
		return "tc"
	case SocketMap:
		return "sockmap"
	case Socket:
		if t.Reuseport {
			return "reuseport"
		}
		return "socket"
	}
	if l.s.h == nil {
		return ""
	}
	info, err := l.kernelInfo(l.s.h)
	if err != nil {
		return ""
	}
	return typeName(info.Type)
}

func typeName(t link.Type) string {
	if int(t) < len(Types) {
		return Types[t]
	}
	return strconv.Itoa(int(t))
}

func (l *Link) kernelInfo(h handle) (*link.Info, error) {
	i, ok := h.(interface{ Info() (*link.Info, error) })
	if !ok {
		return nil, ebpf.ErrNotSupported
	}
	return i.Info()
}

// Info asks the kernel.
func (l *Link) Info() (info Info, err error) {
	err = l.with(func(h handle) error {
		k, err := l.kernelInfo(h)
		if errors.Is(err, ebpf.ErrNotSupported) {
			info.Type = l.Type()
			if p := l.s.held[len(l.s.held)-1]; p.open {
				if pi, err := p.p.Info(); err == nil {
					id, _ := pi.ID()
					info.Program = uint32(id)
				}
			}
			return nil
		}
		if err != nil {
			return failCall("BPF_OBJ_GET_INFO_BY_FD", "information about links", err)
		}
		info = describe(k)
		return nil
	})
	return info, err
}

func describe(k *link.Info) Info {
	i := Info{ID: uint32(k.ID), Type: typeName(k.Type), Program: uint32(k.Program)}
	add := func(name string, v any) { i.Target = append(i.Target, Field{name, v}) }
	device := func(index uint32) {
		add("ifindex", index)
		if d, err := net.InterfaceByIndex(int(index)); err == nil {
			add("interface", d.Name)
		}
	}
	if x := k.XDP(); x != nil {
		device(x.Ifindex)
	} else if x := k.TCX(); x != nil {
		device(x.Ifindex)
		add("attachType", uint32(x.AttachType))
	} else if x := k.Netkit(); x != nil {
		device(x.Ifindex)
		add("attachType", uint32(x.AttachType))
	} else if x := k.Cgroup(); x != nil {
		add("cgroup", x.CgroupId)
		add("attachType", uint32(x.AttachType))
	} else if x := k.NetNs(); x != nil {
		add("netns", x.NetnsInode)
		add("attachType", uint32(x.AttachType))
	} else if x := k.Netfilter(); x != nil {
		add("netfilter", map[bool]string{true: "ipv6", false: "ipv4"}[x.ProtocolFamily == link.NetfilterProtoIPv6])
		for name, n := range netfilterHooks {
			if n == x.Hook {
				add("hook", name)
			}
		}
		add("priority", int64(x.Priority))
	} else if x := k.Tracing(); x != nil {
		add("attachType", uint32(x.AttachType))
		add("targetBTF", uint32(x.TargetBtfId))
	} else if x := k.RawTracepoint(); x != nil {
		add("rawTracepoint", x.Name)
	}
	return i
}

// List describes every link of the kernel, by ascending id.
func List() ([]Info, error) {
	it := new(link.Iterator)
	defer it.Close()
	var list []Info
	for it.Next() {
		k, err := it.Link.Info()
		if err != nil {
			continue // it went while we looked
		}
		list = append(list, describe(k))
	}
	return list, failCall("BPF_LINK_GET_NEXT_ID", "lists of links", it.Err())
}

// ByID opens a link of the kernel for an owner. The link stays when this is closed as long as others hold it.
func ByID(id uint32, owner any) (*Link, error) {
	k, err := link.NewFromID(link.ID(id))
	if err != nil {
		return nil, failCall("BPF_LINK_GET_FD_BY_ID", "links", err)
	}
	return found(k, owner), nil
}

// ByPath opens a pinned link.
func ByPath(path string, owner any) (*Link, error) {
	k, err := link.LoadPinnedLink(path, nil)
	if err != nil {
		return nil, failCall("BPF_OBJ_GET", "links", err)
	}
	return found(k, owner), nil
}

func found(k link.Link, owner any) *Link {
	l := &Link{owner: owner}
	l.s = &slot{h: k, held: []holder{{l: l}}}
	return l
}

// Attached is a program at a hook.
type Attached struct{ Program, Link uint32 } // ids; Link is 0 without one

// Query lists the programs at a hook in the order in which they run. The target is a descriptor or an interface.
func Query(target int, at ebpf.AttachType) (list []Attached, revision uint64, err error) {
	r, err := link.QueryPrograms(link.QueryOptions{Target: target, Attach: at})
	if err != nil {
		return nil, 0, failCall("BPF_PROG_QUERY", "queries of this attach type", err)
	}
	for _, p := range r.Programs {
		id, _ := p.LinkID()
		list = append(list, Attached{uint32(p.ID), uint32(id)})
	}
	return list, r.Revision, nil
}
