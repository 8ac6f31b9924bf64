//go:build linux

package link

import (
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Raw are the arguments of BPF_PROG_ATTACH and BPF_PROG_DETACH, by descriptors that somebody else owns.
type Raw struct {
	Target, Program int
	Type            uint32
	Flags           uint32
	Replace         int // program to replace, with BPF_F_REPLACE
	Relative        int // program or link before or after which, with BPF_F_BEFORE or BPF_F_AFTER
	Revision        uint64
}

type attachAttr struct {
	target, program, kind, flags, replace, relative uint32
	revision                                        uint64
}

func (r Raw) attr() *attachAttr {
	return &attachAttr{uint32(r.Target), uint32(r.Program), r.Type, r.Flags, uint32(r.Replace), uint32(r.Relative), r.Revision}
}

// AttachRaw attaches until somebody detaches, beyond the end of the process if the target lives on.
func AttachRaw(r Raw) error {
	a := r.attr()
	_, err := bpf(unix.BPF_PROG_ATTACH, unsafe.Pointer(a), unsafe.Sizeof(*a))
	return rawError("BPF_PROG_ATTACH", err)
}

// DetachRaw undoes AttachRaw.
func DetachRaw(r Raw) error {
	a := r.attr()
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
