//go:build linux

package link

import (
	"fmt"
	"net"
	"strconv"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Program is a loaded program and what a hook has to know of it.
type Program struct {
	*ebpf.Program
	Name       string
	AttachType ebpf.AttachType // the expected attach type it was loaded with
}

// Target is a hook.
type Target interface {
	// attach attaches to the hook. Errors are those of the library or of a system call.
	attach(p Program, o Options) (handle, error)
	// hook names the place for taking it over; empty if its program cannot be exchanged. With many, several programs may
	// be attached to it.
	hook(p Program) (place string, many bool)
	// call and what are the command of the kernel and the feature, for errors.
	call() (call, what string)
}

// Options are common to all targets; a target that knows nothing of one refuses it.
type Options struct {
	Cookie           uint64 // for bpf_get_attach_cookie
	Flags            uint32 // of the command
	Anchor           link.Anchor
	ExpectedRevision uint64
}

// allow reports options that were given but have no meaning.
func (o Options) allow(cookie, anchor, flags bool) error {
	switch {
	case o.Cookie != 0 && !cookie:
		return fmt.Errorf("options.cookie has no meaning for this target")
	case (o.Anchor != nil || o.ExpectedRevision != 0) && !anchor:
		return fmt.Errorf("options.anchor and options.expectedRevision are for tcx and netkit")
	case o.Flags != 0 && !flags:
		return fmt.Errorf("options.flags has no meaning for this target")
	}
	return nil
}

// handle is what is attached. Those of the kernel are the library's links.
type handle interface {
	Close() error
	Update(p *ebpf.Program) error
}

// Interface finds an interface of the current network namespace by name or index.
func Interface(name string) (int, error) {
	if i, err := net.InterfaceByName(name); err == nil {
		return i.Index, nil
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		if _, err := net.InterfaceByIndex(n); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no interface %s: see ip link", name)
}
