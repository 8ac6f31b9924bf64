//go:build linux

package link

import (
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	core "weir/internal/ebpf"
)

type attachAttr struct {
	target, program, kind, flags, replace, relative uint32
	revision                                        uint64
}

func attrOf(r core.Raw) *attachAttr {
	return &attachAttr{uint32(r.Target), uint32(r.Program), r.Type, r.Flags, uint32(r.Replace), uint32(r.Relative), r.Revision}
}

// AttachRaw implements ebpf.Links.
func (Kernel) AttachRaw(r core.Raw) error {
	a := attrOf(r)
	_, err := bpf(unix.BPF_PROG_ATTACH, unsafe.Pointer(a), unsafe.Sizeof(*a))
	return rawError("BPF_PROG_ATTACH", err)
}

// DetachRaw implements ebpf.Links.
func (Kernel) DetachRaw(r core.Raw) error {
	a := attrOf(r)
	_, err := bpf(unix.BPF_PROG_DETACH, unsafe.Pointer(a), unsafe.Sizeof(*a))
	return rawError("BPF_PROG_DETACH", err)
}

func updateMap(link, table int) error {
	attr := &struct{ link, table, flags, old uint32 }{uint32(link), uint32(table), 0, 0}
	_, err := bpf(unix.BPF_LINK_UPDATE, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
	return rawError("BPF_LINK_UPDATE", err)
}

func openIterator(link int) (io.ReadCloser, error) {
	attr := &struct{ link, flags uint32 }{uint32(link), 0}
	fd, err := bpf(unix.BPF_ITER_CREATE, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "bpf_iter"), nil
}
