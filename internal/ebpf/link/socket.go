//go:build linux

package link

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	core "weir/internal/ebpf"
)

// SocketMap is a sockmap or sockhash, whose sockets a sk_skb or sk_msg program serves. It becomes a link from Linux 6.10 on.
type SocketMap struct{ Map core.MapHandle }

func (t SocketMap) about() traits {
	return traits{kind: "sockmap", place: t.Map, what: "programs on maps of sockets"}
}

func (t SocketMap) attach(p program, o Options) (handle, error) {
	l, err := rawLink(link.RawLinkOptions{Target: t.Map.FD(), Program: p.Program, Attach: p.at})
	if err == nil || !errors.Is(err, unix.EINVAL) && !errors.Is(err, ebpf.ErrNotSupported) {
		return l, err
	}
	err = link.RawAttachProgram(link.RawAttachProgramOptions{Target: t.Map.FD(), Program: p.Program, Attach: p.at})
	if err != nil {
		return nil, err
	}
	m, err := t.Map.Kernel().Clone()
	if err != nil {
		return nil, err
	}
	q, err := p.Clone()
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return &mapAttachment{m, q, p.at}, nil
}

func (t SocketMap) hook(p Program) (string, bool) {
	info, err := t.Map.Info()
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("map/%d/%d", info.ID, p.AttachType), false
}

// mapAttachment is what stands for a link on older kernels. The map holds the program only as long as the map is open.
type mapAttachment struct {
	to *ebpf.Map
	p  *ebpf.Program
	at ebpf.AttachType
}

func (a *mapAttachment) Update(p *ebpf.Program) error {
	q, err := p.Clone()
	if err != nil {
		return err
	}
	err = link.RawAttachProgram(link.RawAttachProgramOptions{Target: a.to.FD(), Program: q, Attach: a.at})
	if err != nil {
		return errors.Join(err, q.Close())
	}
	old := a.p
	a.p = q
	return old.Close()
}

func (a *mapAttachment) Close() error {
	err := link.RawDetachProgram(link.RawDetachProgramOptions{Target: a.to.FD(), Program: a.p, Attach: a.at})
	return errors.Join(err, a.p.Close(), a.to.Close())
}

// Socket is a socket that a filter watches, or with Reuseport, a member of the group of sockets that share a port, which a
// program chooses from. FD is the socket's, open as long as it is attached.
type Socket struct {
	FD        int
	Reuseport bool
}

func (t Socket) about() traits {
	a := traits{kind: "socket", call: "setsockopt", what: "programs on sockets"}
	if t.Reuseport {
		a.kind = "reuseport"
	}
	return a
}

func (t Socket) attach(p program, o Options) (handle, error) {
	s := &socketAttachment{t.FD, unix.SO_ATTACH_BPF, unix.SO_DETACH_BPF}
	if t.Reuseport {
		s.attach, s.detach = unix.SO_ATTACH_REUSEPORT_EBPF, unix.SO_DETACH_REUSEPORT_BPF
	}
	return s, s.Update(p.Program)
}

func (t Socket) hook(Program) (string, bool) { return "", false } // descriptors are used again

type socketAttachment struct{ fd, attach, detach int }

func (a *socketAttachment) Update(p *ebpf.Program) error {
	return unix.SetsockoptInt(a.fd, unix.SOL_SOCKET, a.attach, p.FD())
}

func (a *socketAttachment) Close() error {
	return unix.SetsockoptInt(a.fd, unix.SOL_SOCKET, a.detach, 0)
}
