//go:build linux

package link

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	core "weir/internal/ebpf"
)

// streamPoll is how long a stream of a program is left alone after it was empty: the kernel tells nobody of new output.
const streamPoll = 50 * time.Millisecond

// programStreamRead is the command BPF_PROG_STREAM_READ_BY_FD, of Linux 6.17.
const programStreamRead = 37

// output reads what a program prints by bpf_stream_printk.
type output struct {
	mu     sync.Mutex // of the descriptor, which is closed with closed
	fd     int
	closed chan struct{}
}

// Output implements ebpf.Links.
func (Kernel) Output(p core.ProgramHandle) (io.ReadCloser, error) {
	fd, err := unix.FcntlInt(uintptr(p.FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, failCall("fcntl", "", err)
	}
	o := &output{fd: fd, closed: make(chan struct{})}
	if _, err := o.take(make([]byte, 0)); err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.EINVAL) {
			err = fmt.Errorf("%w: %w", ebpf.ErrNotSupported, err)
		}
		return nil, failCall("BPF_PROG_STREAM_READ_BY_FD", "output streams of programs", err)
	}
	return o, nil
}

func (o *output) take(b []byte) (int, error) {
	const stdout = 1
	attr := &struct {
		buf          uint64
		size, stream uint32
		program, _   uint32
	}{size: uint32(len(b)), stream: stdout, program: uint32(o.fd)}
	if len(b) > 0 {
		var pin runtime.Pinner
		pin.Pin(&b[0])
		defer pin.Unpin()
		attr.buf = uint64(uintptr(unsafe.Pointer(&b[0])))
	}
	return bpf(programStreamRead, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
}

// Read implements io.Reader.
func (o *output) Read(b []byte) (int, error) {
	for {
		n, err := o.poll(b)
		if n > 0 || err != nil {
			return max(n, 0), err
		}
		select {
		case <-o.closed:
		case <-time.After(streamPoll):
		}
	}
}

func (o *output) poll(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-o.closed:
		return 0, io.EOF
	default:
		return o.take(b)
	}
}

// Close ends the Read that runs.
func (o *output) Close() error {
	close(o.closed)
	o.mu.Lock()
	defer o.mu.Unlock()
	return unix.Close(o.fd)
}

// Trace implements ebpf.Links.
func (Kernel) Trace() (io.ReadCloser, error) {
	for _, dir := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		if f, err := os.OpenFile(dir+"/trace_pipe", os.O_RDONLY|unix.O_NONBLOCK, 0); err == nil {
			return f, nil
		}
	}
	return nil, errors.New("tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing")
}
