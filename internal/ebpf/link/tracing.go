//go:build linux

package link

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Tracing is the function a program was loaded for: fentry, fexit, fmod_ret or a trace point by type.
type Tracing struct{}

func (t Tracing) attach(p Program, o Options) (handle, error) {
	if err := o.allow(true, false, false); err != nil {
		return nil, err
	}
	return link.AttachTracing(link.TracingOptions{Program: p.Program, AttachType: p.AttachType, Cookie: o.Cookie})
}

func (t Tracing) hook(Program) (string, bool) { return "", false }
func (t Tracing) call() (string, string)      { return "BPF_LINK_CREATE", "tracing by trampolines" }

// LSM is the security hook a program was loaded for.
type LSM struct{}

func (t LSM) attach(p Program, o Options) (handle, error) {
	if err := o.allow(true, false, false); err != nil {
		return nil, err
	}
	return link.AttachLSM(link.LSMOptions{Program: p.Program, Cookie: o.Cookie})
}

func (t LSM) hook(Program) (string, bool) { return "", false }
func (t LSM) call() (string, string)      { return "BPF_LINK_CREATE", "LSM programs" }

// Freplace is a global function of another program.
type Freplace struct {
	Program  *ebpf.Program
	Function string
}

func (t Freplace) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, false, false); err != nil {
		return nil, err
	}
	return link.AttachFreplace(t.Program, t.Function, p.Program)
}

func (t Freplace) hook(Program) (string, bool) { return "", false }
func (t Freplace) call() (string, string)      { return "BPF_LINK_CREATE", "freplace" }

// Iterator is a list of objects of the kernel, which the program prints. The kind is fixed when it is loaded.
type Iterator struct {
	Map    *ebpf.Map // whose elements, for iterators of these
	Cgroup string    // path: which cgroup and those below, for iterators of these
	Task   int       // process, for iterators of tasks; 0 is all
}

func (t Iterator) attach(p Program, o Options) (handle, error) {
	if err := o.allow(false, false, false); err != nil {
		return nil, err
	}
	// union bpf_iter_link_info
	info := new([4]uint32)
	var pin runtime.Pinner
	pin.Pin(info)
	defer pin.Unpin()
	n := 0
	switch {
	case t.Map != nil:
		info[0], n = uint32(t.Map.FD()), 4
	case t.Cgroup != "":
		fd, err := unix.Open(t.Cgroup, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("cannot open cgroup %s: %v", t.Cgroup, err)
		}
		defer unix.Close(fd)
		const descendantsPre = 2
		info[0], info[1], n = descendantsPre, uint32(fd), 16
	case t.Task != 0:
		info[1], n = uint32(t.Task), 12
	}
	if n == 0 {
		it, err := link.AttachIter(link.IterOptions{Program: p.Program})
		if err != nil {
			return nil, err
		}
		return it, nil
	}
	attr := struct {
		prog, target, attach, flags uint32
		info                        uint64
		size, _                     uint32
	}{prog: uint32(p.FD()), attach: uint32(ebpf.AttachTraceIter), info: uint64(uintptr(unsafe.Pointer(info))), size: uint32(n)}
	fd, err := bpf(unix.BPF_LINK_CREATE, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err != nil {
		return nil, err
	}
	l, err := link.NewFromFD(fd)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return l, nil
}

func (t Iterator) hook(Program) (string, bool) { return "", false }
func (t Iterator) call() (string, string)      { return "BPF_LINK_CREATE", "iterators" }

// StructOps is a table of functions that the kernel calls, such as a congestion control.
type StructOps struct{ Map *ebpf.Map }

// attach needs no program: a table has several.
func (t StructOps) attach(_ Program, o Options) (handle, error) {
	if err := o.allow(false, false, false); err != nil {
		return nil, err
	}
	return link.AttachStructOps(link.StructOpsOptions{Map: t.Map})
}

func (t StructOps) hook(Program) (string, bool) { return "", false }
func (t StructOps) call() (string, string)      { return "BPF_LINK_CREATE", "struct_ops links" }
