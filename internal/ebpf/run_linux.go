package ebpf

import (
	"bytes"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// runAttr are the arguments of BPF_PROG_TEST_RUN, and what it returns.
type runAttr struct {
	fd, retval             uint32
	dataSize, outSize      uint32
	data, out              uint64
	repeat, duration       uint32
	contextSize, afterSize uint32
	context, after         uint64
	flags, cpu, batch      uint32
	_                      uint32
}

// contextOnly reports whether the kernel runs programs of a type once, with a context and nothing else, not even a clock.
func contextOnly(t ebpf.ProgramType) bool {
	return t == ebpf.Syscall || t == ebpf.RawTracepoint || t == ebpf.RawTracepointWritable || t == ebpf.Tracing
}

// Run calls the kernel directly: the library keeps the duration to itself.
func (p kernelProgram) Run(o *RunOptions) (RunResult, error) {
	t := p.Type()
	a := runAttr{fd: uint32(p.FD()), repeat: o.Repeat, flags: o.Flags, batch: o.BatchSize}
	if o.CPU != nil {
		a.cpu = *o.CPU
		if t == ebpf.RawTracepoint || t == ebpf.RawTracepointWritable || t == ebpf.Tracing {
			a.flags |= 1 // BPF_F_TEST_RUN_ON_CPU
		}
	}
	if a.repeat == 1 {
		a.repeat = 0 // the same, and all that some types take
	}
	a.data, a.dataSize = address(o.Data), uint32(len(o.Data))
	out := make([]byte, o.DataOut)
	a.out, a.outSize = address(out), uint32(len(out))
	context := bytes.Clone(o.Context)
	a.context, a.contextSize = address(context), uint32(len(context))
	var after []byte
	switch {
	case t == ebpf.Syscall:
		after = context // the program's to change
	case !contextOnly(t):
		after = make([]byte, o.ContextOut)
		a.after, a.afterSize = address(after), uint32(len(after))
	}
	_, err := call(cmdTestRun, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(o.Data)
	runtime.KeepAlive(out)
	runtime.KeepAlive(context)
	runtime.KeepAlive(after)
	if err != nil {
		return RunResult{}, o.explain(t, &a, err)
	}
	r := RunResult{Retval: a.retval, Duration: time.Duration(a.duration)}
	if o.DataOut > 0 {
		r.Data = out[:min(int(a.outSize), len(out))]
	}
	if len(after) > 0 {
		r.Context = after
	}
	return r, nil
}

// explain says what the kernel may have had in mind.
func (o *RunOptions) explain(t ebpf.ProgramType, a *runAttr, err error) error {
	e := &Error{Call: commandNames[cmdTestRun]}
	switch {
	case IsErrno(err, ENOTSUPP):
		e.Errno, e.Unsupported = ENOTSUPP, "test runs of programs of type "+ProgramTypeName(uint32(t))
	case IsErrno(err, unix.ENOSPC) && int(a.outSize) > o.DataOut:
		e.Errno, e.Subject = unix.ENOSPC, fmt.Sprintf("options.dataOut is %d, the data has %d bytes", o.DataOut, a.outSize)
	case IsErrno(err, unix.ENOSPC):
		e.Errno, e.Subject = unix.ENOSPC, fmt.Sprintf("options.contextOut is %d, the context has more bytes", o.ContextOut)
	case IsErrno(err, unix.EINVAL) && contextOnly(t) && (o.Data != nil || a.repeat > 1 || o.BatchSize != 0):
		e.Errno, e.Subject = unix.EINVAL, "programs of type "+ProgramTypeName(uint32(t))+" take a context only, and run once"
	case IsErrno(err, unix.EINVAL) && frames[contextTypes[t]] && len(o.Data) < frameHeader:
		e.Errno, e.Subject = unix.EINVAL, fmt.Sprintf("options.data has %d bytes, a frame has at least %d", len(o.Data), frameHeader)
	default:
		return err
	}
	return e
}

// frames are the contexts of programs that run on an Ethernet frame, which begins with a header.
var frames = map[string]bool{"xdp_md": true, "__sk_buff": true, "bpf_flow_keys": true}

const frameHeader = 14
