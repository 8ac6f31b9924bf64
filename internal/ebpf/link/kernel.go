//go:build linux

package link

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	core "weir/internal/ebpf"
)

// Kernel is the links of the kernel this process runs on.
type Kernel struct{}

var _ core.Links = Kernel{}

// Attach implements ebpf.Links. The hook is a Target.
func (Kernel) Attach(a *core.Attachment) (core.LinkHandle, error) {
	p := program{name: a.Name, at: ebpf.AttachType(a.AttachType)}
	if a.Program != nil {
		p.Program = a.Program.Kernel()
	}
	h, err := a.Hook.(Target).attach(p, a.LinkOptions)
	if err != nil {
		return nil, err
	}
	return &kernelLink{h, a.Type}, nil
}

// kernelLink is a link of the kernel, or what stands for one.
type kernelLink struct {
	h    handle
	kind string // empty for one that was found
}

func (k *kernelLink) Close() error { return k.h.Close() }

func (k *kernelLink) FD() int {
	if f, ok := k.h.(interface{ FD() int }); ok {
		return f.FD()
	}
	return 0
}

func (k *kernelLink) Info() (core.LinkInfo, error) {
	err := error(ebpf.ErrNotSupported)
	var info *link.Info
	if i, ok := k.h.(interface{ Info() (*link.Info, error) }); ok {
		info, err = i.Info()
	}
	if errors.Is(err, ebpf.ErrNotSupported) {
		return core.LinkInfo{Type: k.kind}, nil
	}
	if err != nil {
		return core.LinkInfo{}, failCall("BPF_OBJ_GET_INFO_BY_FD", "information about links", err)
	}
	return describe(info), nil
}

func (k *kernelLink) name() string {
	if info, err := k.Info(); err == nil {
		return info.Type
	}
	return k.kind
}

func (k *kernelLink) Update(p, old core.ProgramHandle) error {
	raw, ok := k.h.(interface {
		UpdateArgs(link.RawLinkUpdateOptions) error
	})
	var err error
	switch {
	case old == nil:
		err = k.h.Update(p.Kernel())
	case ok:
		err = raw.UpdateArgs(link.RawLinkUpdateOptions{New: p.Kernel(), Old: old.Kernel(), Flags: unix.BPF_F_REPLACE})
	default:
		err = fmt.Errorf("options.old has no meaning for %s", k.name())
	}
	return failCall("BPF_LINK_UPDATE", "exchange of this kind of link; attach the new program, then close the old link", err)
}

func (k *kernelLink) UpdateMap(m core.MapHandle) error {
	if k.kind != "struct_ops" {
		return fmt.Errorf("%s takes a program, not a map", k.name())
	}
	return updateMap(k.FD(), m.FD())
}

func (k *kernelLink) Pin(path string) error {
	p, ok := k.h.(interface{ Pin(string) error })
	if !ok {
		return fmt.Errorf("%s cannot be pinned", k.name())
	}
	err := error(unix.EEXIST)
	if _, missing := os.Lstat(path); missing != nil {
		err = p.Pin(path)
	}
	return failCall("BPF_OBJ_PIN", "pins of links", err)
}

func (k *kernelLink) Unpin() error {
	if p, ok := k.h.(interface{ Unpin() error }); ok {
		return p.Unpin()
	}
	return nil
}

func (k *kernelLink) Detach() error {
	d, ok := k.h.(interface{ Detach() error })
	if !ok {
		return errors.New("this target is left by close")
	}
	return failCall("BPF_LINK_DETACH", "detaching this kind of link; close it", d.Detach())
}

func (k *kernelLink) Read() (r io.ReadCloser, err error) {
	switch it := k.h.(type) {
	case *link.Iter:
		r, err = it.Open()
	case interface{ FD() int }:
		r, err = openIterator(it.FD())
	default:
		err = unix.EINVAL
	}
	return r, failCall("BPF_ITER_CREATE", "iterators", err)
}
