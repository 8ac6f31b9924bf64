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

func (t XDP) attach(p Program, o Options) (handle, error) {
	mode, ok := xdpModes[t.Mode]
	if !ok {
		return nil, fmt.Errorf("mode is %q: use generic, native or offload", t.Mode)
	}
	if err := o.allow(false, false, true); err != nil {
		return nil, err
	}
	return link.AttachXDP(link.XDPOptions{Program: p.Program, Interface: t.Interface, Flags: mode | link.XDPAttachFlags(o.Flags)})
}

func (t XDP) hook(Program) (string, bool) {
	return fmt.Sprintf("xdp/%d/%s", t.Interface, t.Mode), false
}
func (t XDP) call() (string, string) { return "BPF_LINK_CREATE", "XDP links" }

// TCX is a hook of the traffic control layer, from Linux 6.6.
type TCX struct {
	Interface int
	Egress    bool
}

func (t TCX) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, true, true); err != nil {
		return nil, err
	}
	at := ebpf.AttachTCXIngress
	if t.Egress {
		at = ebpf.AttachTCXEgress
	}
	return link.AttachTCX(link.TCXOptions{
		Interface: t.Interface, Program: p.Program, Attach: at,
		Anchor: o.Anchor, ExpectedRevision: o.ExpectedRevision, Flags: o.Flags,
	})
}

func (t TCX) hook(Program) (string, bool) {
	return fmt.Sprintf("tcx/%d/%t", t.Interface, t.Egress), true
}
func (t TCX) call() (string, string) { return "BPF_LINK_CREATE", "TCX" }

// Netkit is a hook of a netkit device, from Linux 6.7. Interface is the primary one of the pair.
type Netkit struct {
	Interface int
	Peer      bool
}

func (t Netkit) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, true, true); err != nil {
		return nil, err
	}
	at := ebpf.AttachNetkitPrimary
	if t.Peer {
		at = ebpf.AttachNetkitPeer
	}
	return link.AttachNetkit(link.NetkitOptions{
		Interface: t.Interface, Program: p.Program, Attach: at,
		Anchor: o.Anchor, ExpectedRevision: o.ExpectedRevision, Flags: o.Flags,
	})
}

func (t Netkit) hook(Program) (string, bool) {
	return fmt.Sprintf("netkit/%d/%t", t.Interface, t.Peer), true
}
func (t Netkit) call() (string, string) { return "BPF_LINK_CREATE", "netkit" }
