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

	core "weir/internal/ebpf"
)

// Tracing is the function a program was loaded for: fentry, fexit, fmod_ret or a trace point by type.
type Tracing struct{}

func (t Tracing) about() traits {
	return traits{kind: "tracing", what: "tracing by trampolines", cookie: true}
}

func (t Tracing) attach(p program, o Options) (handle, error) {
	return link.AttachTracing(link.TracingOptions{Program: p.Program, AttachType: p.at, Cookie: o.Cookie})
}

func (t Tracing) hook(Program) (string, bool) { return "", false }

// LSM is the security hook a program was loaded for.
type LSM struct{}

func (t LSM) about() traits {
	return traits{kind: "tracing", what: "LSM programs", cookie: true}
}

func (t LSM) attach(p program, o Options) (handle, error) {
	return link.AttachLSM(link.LSMOptions{Program: p.Program, Cookie: o.Cookie})
}

func (t LSM) hook(Program) (string, bool) { return "", false }

// Freplace is a global function of another program.
type Freplace struct {
	Program  core.ProgramHandle
	Function string
}

func (t Freplace) about() traits {
	return traits{kind: "tracing", what: "freplace"}
}

func (t Freplace) attach(p program, o Options) (handle, error) {
	return link.AttachFreplace(t.Program.Kernel(), t.Function, p.Program)
}

func (t Freplace) hook(Program) (string, bool) { return "", false }

// Iterator is a list of objects of the kernel, which the program prints. The kind is fixed when it is loaded.
type Iterator struct {
	Map    core.MapHandle // whose elements, for iterators of these
	Cgroup string         // path: which cgroup and those below, for iterators of these
	Task   int            // process, for iterators of tasks; 0 is all
}

func (t Iterator) about() traits {
	return traits{kind: "iter", what: "iterators"}
}

func (t Iterator) attach(p program, o Options) (handle, error) {
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

// StructOps is a table of functions that the kernel calls, such as a congestion control.
type StructOps struct{ Map core.MapHandle }

// attach needs no program: a table has several.
func (t StructOps) about() traits {
	return traits{kind: "struct_ops", what: "struct_ops links"}
}

func (t StructOps) attach(program, Options) (handle, error) {
	return link.AttachStructOps(link.StructOpsOptions{Map: t.Map.Kernel()})
}

func (t StructOps) hook(Program) (string, bool) { return "", false }
