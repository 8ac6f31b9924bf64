//go:build linux

package link

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// XDP is the hook in or before the driver of an interface.
type XDP struct {
	Interface int
	Mode      string // generic, native, offload; empty: native if the driver can, else generic
}

var xdpModes = map[string]link.XDPAttachFlags{
	"": 0, "generic": link.XDPGenericMode, "native": link.XDPDriverMode, "offload": link.XDPOffloadMode,
}

func (t XDP) about() traits {
	return traits{kind: "xdp", place: t.Interface, err: oneOf("mode", t.Mode, xdpModes), what: "XDP links", flags: true}
}

func (t XDP) attach(p program, o Options) (handle, error) {
	return link.AttachXDP(link.XDPOptions{
		Program: p.Program, Interface: t.Interface, Flags: xdpModes[t.Mode] | link.XDPAttachFlags(o.Flags),
	})
}

func (t XDP) hook(Program) (string, bool) {
	return fmt.Sprintf("xdp/%d/%s", t.Interface, t.Mode), false
}

// TCX is a hook of the traffic control layer, from Linux 6.6.
type TCX struct {
	Interface int
	Egress    bool
}

func (t TCX) about() traits {
	return traits{kind: "tcx", place: t.Interface, at: t.direction(), what: "TCX", anchor: true, flags: true}
}

func (t TCX) attach(p program, o Options) (handle, error) {
	return link.AttachTCX(link.TCXOptions{
		Interface: t.Interface, Program: p.Program, Attach: t.direction(),
		Anchor: anchorOf(o.Anchor), ExpectedRevision: o.ExpectedRevision, Flags: o.Flags,
	})
}

func (t TCX) direction() ebpf.AttachType {
	if t.Egress {
		return ebpf.AttachTCXEgress
	}
	return ebpf.AttachTCXIngress
}

func (t TCX) hook(Program) (string, bool) {
	return fmt.Sprintf("tcx/%d/%t", t.Interface, t.Egress), true
}

// Netkit is a hook of a netkit device, from Linux 6.7. Interface is the primary one of the pair.
type Netkit struct {
	Interface int
	Peer      bool
}

func (t Netkit) about() traits {
	return traits{kind: "netkit", place: t.Interface, at: t.end(), what: "netkit", anchor: true, flags: true}
}

func (t Netkit) attach(p program, o Options) (handle, error) {
	return link.AttachNetkit(link.NetkitOptions{
		Interface: t.Interface, Program: p.Program, Attach: t.end(),
		Anchor: anchorOf(o.Anchor), ExpectedRevision: o.ExpectedRevision, Flags: o.Flags,
	})
}

func (t Netkit) end() ebpf.AttachType {
	if t.Peer {
		return ebpf.AttachNetkitPeer
	}
	return ebpf.AttachNetkitPrimary
}

func (t Netkit) hook(Program) (string, bool) {
	return fmt.Sprintf("netkit/%d/%t", t.Interface, t.Peer), true
}
