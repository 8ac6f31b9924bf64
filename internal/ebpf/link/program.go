//go:build linux

package link

import (
	"errors"

	"github.com/cilium/ebpf"

	core "weir/internal/ebpf"
)

// Of returns a loaded program for Attach.
func Of(p *core.Program) (Program, error) {
	k := p.Kernel()
	if k == nil {
		return Program{}, errors.New("the program is not loaded: call load() first")
	}
	return Program{k, p.Name, ebpf.AttachType(p.AttachType)}, nil
}

// QueryType is Query with the number of an attach type.
func QueryType(target int, at uint32) ([]Attached, uint64, error) {
	return Query(target, ebpf.AttachType(at))
}

// FD returns the descriptor of a link of the kernel; 0 if there is none.
func (l *Link) FD() (fd int) {
	_ = l.with(func(h handle) error {
		if f, ok := h.(interface{ FD() int }); ok {
			fd = f.FD()
		}
		return nil
	})
	return fd
}
