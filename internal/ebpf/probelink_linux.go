package ebpf

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
)

// linkAttr are the arguments of BPF_LINK_CREATE.
type linkAttr struct {
	program, target, attachType, flags uint32
	_                                  [4]uint32 // of netfilter, among others: a protocol that is none
}

// nowhere is the descriptor and the index of an interface that nothing has.
const nowhere = ^uint32(0)

// A linkProbe creates a link to a target that no kernel can link to. One that knows the type of link looks at the target, and
// answers with a number of its own; others answer EINVAL, as for everything they do not know.
type linkProbe struct {
	program    ebpf.ProgramType
	attachType ebpf.AttachType
	target     uint32
	flags      uint32
	answer     syscall.Errno
}

var linkProbes = map[string]linkProbe{
	"cgroup":     {program: ebpf.CGroupSKB, attachType: ebpf.AttachCGroupInetIngress, target: nowhere, answer: unix.EBADF},
	"netns":      {program: ebpf.FlowDissector, attachType: ebpf.AttachFlowDissector, target: nowhere, answer: unix.EBADF},
	"perf_event": {program: ebpf.PerfEvent, attachType: ebpf.AttachPerfEvent, target: nowhere, answer: unix.EBADF},
	"sockmap":    {program: ebpf.SkMsg, attachType: ebpf.AttachSkMsgVerdict, target: nowhere, answer: unix.EBADF},
	"tcx":        {program: ebpf.SchedCLS, attachType: ebpf.AttachTCXIngress, target: nowhere, answer: unix.ENODEV},
	"netkit":     {program: ebpf.SchedCLS, attachType: ebpf.AttachNetkitPrimary, target: nowhere, answer: unix.ENODEV},
	"netfilter":  {program: ebpf.Netfilter, attachType: ebpf.AttachNetfilter, answer: unix.EAFNOSUPPORT},
	// For an interface that is not there XDP answers EINVAL as well. The loopback interface is always the first, and has no
	// hardware that could run programs.
	"xdp": {program: ebpf.XDP, attachType: ebpf.AttachXDP, target: 1, flags: unix.XDP_FLAGS_HW_MODE, answer: unix.EOPNOTSUPP},
}

// probeLink reports whether the kernel has a type of link. Nothing is attached to anything that other processes use.
func probeLink(name string) (bool, error) {
	var err error
	switch name {
	case "kprobe_multi":
		err = features.HaveBPFLinkKprobeMulti()
	case "uprobe_multi":
		err = features.HaveBPFLinkUprobeMulti()
	case "kprobe_session":
		err = features.HaveBPFLinkKprobeSession()
	case "tracing":
		err = probeTrampolines()
	case "raw_tracepoint":
		err = probeRawTracepoint()
	case "iter":
		err = probeIterator()
	case "struct_ops":
		err = probeStructOps()
	default:
		p, ok := linkProbes[name]
		if !ok {
			return false, errors.New("unknown link type: " + name)
		}
		err = p.run()
	}
	return have(err)
}

// have makes an answer of what an attempt gave: that the kernel does not know the thing is one, that this process may not try is none.
func have(err error) (bool, error) {
	for _, unknown := range []error{ebpf.ErrNotSupported, unix.EINVAL, unix.E2BIG, unix.EOPNOTSUPP, ENOTSUPP} {
		if errors.Is(err, unknown) {
			return false, nil
		}
	}
	return err == nil, err
}

// expect is nil if an attempt ended with the number; what it opened unexpectedly is closed.
func expect(fd uintptr, err error, answer syscall.Errno) error {
	switch {
	case err == nil:
		unix.Close(int(fd))
		return errors.New("the kernel took what cannot be")
	case IsErrno(err, answer):
		return nil
	}
	return err
}

// attempt loads a program that does nothing and calls f with its descriptor.
func attempt(spec ebpf.ProgramSpec, f func(fd uint32) error) error {
	spec.License = "GPL"
	spec.Instructions = asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}
	p, err := ebpf.NewProgramWithOptions(&spec, ebpf.ProgramOptions{LogDisabled: true})
	if err != nil {
		return err
	}
	defer p.Close()
	return f(uint32(p.FD()))
}

func createLink(a *linkAttr) (uintptr, error) {
	return call(unix.BPF_LINK_CREATE, unsafe.Pointer(a), unsafe.Sizeof(*a))
}

func (l linkProbe) run() error {
	return attempt(ebpf.ProgramSpec{Type: l.program, AttachType: l.attachType}, func(program uint32) error {
		fd, err := createLink(&linkAttr{program: program, target: l.target, attachType: uint32(l.attachType), flags: l.flags})
		return expect(fd, err, l.answer)
	})
}

// openTracepoint is BPF_RAW_TRACEPOINT_OPEN. Without a name it attaches to what the program was loaded for. The name ends with
// a zero, and is on the heap.
func openTracepoint(name []byte, program uint32) (uintptr, error) {
	a := struct {
		name       uint64
		program, _ uint32
	}{name: address(name), program: program}
	fd, err := call(unix.BPF_RAW_TRACEPOINT_OPEN, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(name)
	return fd, err
}

// probeTrampolines attaches to a function that the kernel has for tests and calls in no other case. Loading does not tell:
// there are kernels that load such programs and cannot attach them.
func probeTrampolines() error {
	return attempt(ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, AttachTo: "bpf_fentry_test1"},
		func(program uint32) error {
			fd, err := openTracepoint(nil, program)
			if err == nil {
				unix.Close(int(fd))
			}
			return err
		})
}

var noTracepoint = []byte("no such trace point\x00")

// probeRawTracepoint asks for a trace point that is not there, and for links of any kind: there were raw trace points before.
func probeRawTracepoint() error {
	fd, err := createLink(&linkAttr{program: nowhere, target: nowhere})
	if err := expect(fd, err, unix.EBADF); err != nil {
		return err
	}
	return attempt(ebpf.ProgramSpec{Type: ebpf.RawTracepoint}, func(program uint32) error {
		fd, err := openTracepoint(noTracepoint, program)
		return expect(fd, err, unix.ENOENT)
	})
}

// probeIterator creates a link of an iterator: nothing runs until it is read.
func probeIterator() error {
	return attempt(ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "task"}, func(program uint32) error {
		fd, err := createLink(&linkAttr{program: program, attachType: uint32(ebpf.AttachTraceIter)})
		if err == nil {
			unix.Close(int(fd))
		}
		return err
	})
}

// probeStructOps asks for a table that is to be linked, of a type that has none: kernels without such links do not get as far
// as the type.
func probeStructOps() error {
	a := struct {
		mapType, keySize, valueSize, maxEntries, flags uint32
		_                                              [10]uint32
		valueType                                      uint32 // in the kernel's type information: a number
	}{mapType: uint32(ebpf.StructOpsMap), keySize: 4, valueSize: 4, maxEntries: 1, flags: unix.BPF_F_LINK, valueType: 1}
	fd, err := call(unix.BPF_MAP_CREATE, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return expect(fd, err, ENOTSUPP)
}

// probeToken asks for a token of a bpffs that is not there.
func probeToken() error {
	const create = 36 // BPF_TOKEN_CREATE
	a := struct{ flags, bpffs uint32 }{bpffs: nowhere}
	fd, err := call(create, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return expect(fd, err, unix.EBADF)
}
