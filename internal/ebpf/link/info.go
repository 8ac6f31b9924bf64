//go:build linux

package link

import (
	"net"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	core "weir/internal/ebpf"
)

// Types are the names of the kernel's kinds of links by number.
var Types = strings.Fields(`unspec raw_tracepoint tracing cgroup iter netns xdp perf_event kprobe_multi struct_ops netfilter tcx
	uprobe_multi netkit sockmap`)

func typeName(t link.Type) string {
	if int(t) < len(Types) {
		return Types[t]
	}
	return strconv.Itoa(int(t))
}

func describe(k *link.Info) core.LinkInfo {
	i := core.LinkInfo{ID: uint32(k.ID), Type: typeName(k.Type), Program: uint32(k.Program)}
	add := func(name string, v any) { i.Target = append(i.Target, core.Field{Name: name, Value: v}) }
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

// ListLinks implements ebpf.Links.
func (Kernel) ListLinks() ([]core.LinkInfo, error) {
	it := new(link.Iterator)
	defer it.Close()
	var list []core.LinkInfo
	for it.Next() {
		k, err := it.Link.Info()
		if err != nil {
			continue // it went while we looked
		}
		list = append(list, describe(k))
	}
	return list, failCall("BPF_LINK_GET_NEXT_ID", "lists of links", it.Err())
}

// LinkByID implements ebpf.Links.
func (Kernel) LinkByID(id uint32) (core.LinkHandle, error) {
	l, err := link.NewFromID(link.ID(id))
	return opened(l, "BPF_LINK_GET_FD_BY_ID", err)
}

// LinkByPath implements ebpf.Links.
func (Kernel) LinkByPath(path string) (core.LinkHandle, error) {
	l, err := link.LoadPinnedLink(path, nil)
	return opened(l, "BPF_OBJ_GET", err)
}

func opened(l link.Link, call string, err error) (core.LinkHandle, error) {
	if err != nil {
		return nil, failCall(call, "links", err)
	}
	return &kernelLink{h: l}, nil
}

// Query implements ebpf.Links.
func (Kernel) Query(target int, at uint32) (list []core.Attached, revision uint64, err error) {
	r, err := link.QueryPrograms(link.QueryOptions{Target: target, Attach: ebpf.AttachType(at)})
	if err != nil {
		return nil, 0, failCall("BPF_PROG_QUERY", "queries of this attach type", err)
	}
	for _, p := range r.Programs {
		id, _ := p.LinkID()
		list = append(list, core.Attached{Program: uint32(p.ID), Link: uint32(id)})
	}
	return list, r.Revision, nil
}
