package ebpf

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"weir/internal/script"
)

// ErrPlatform is the failure of everything on platforms without eBPF.
var ErrPlatform = errors.New("BPF not supported")

// ErrClosed is the failure of operations on what was closed.
var ErrClosed = errors.New("this BPF object has been closed")

// ENOTSUPP is the number the kernel gives for some of what it cannot do, besides ENOTSUP. User space has no name for it.
const ENOTSUPP syscall.Errno = 524

// Error is a failure the kernel reported, or would have.
type Error struct {
	Call  string        // the command, such as BPF_PROG_LOAD
	Errno syscall.Errno // 0 if there is none
	Log   []string      // lines of the verifier, if any
	// Unsupported, if not empty, is what this kernel lacks.
	Unsupported string
	// Subject, if not empty, is what the call was about, such as the name of a trace point, or why it failed.
	Subject string
}

var _ script.Detailed = (*Error)(nil)

// Error implements error. The text of the number is that of the C library.
func (e *Error) Error() string {
	if e.Unsupported != "" {
		text := "not supported by this kernel: " + e.Unsupported
		if e.Errno != 0 {
			text += fmt.Sprintf(" (errno = %d: %s)", int(e.Errno), ErrnoText(e.Errno))
		}
		return text
	}
	text := fmt.Sprintf("syscall %s failed with errno = %d: %s", e.Call, int(e.Errno), ErrnoText(e.Errno))
	if e.Subject != "" {
		text += " (" + e.Subject + ")"
	}
	return text
}

// Unwrap lets errors.Is find the number.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// ErrorFields implements script.Detailed.
func (e *Error) ErrorFields() script.Object {
	o := script.Object{{Name: "errno", Value: int(e.Errno)}, {Name: "call", Value: e.Call}}
	if len(e.Log) > 0 {
		o = append(o, script.Pair{Name: "log", Value: e.Log})
	}
	return o
}

// ErrnoText is the C library's message for a number.
func ErrnoText(n syscall.Errno) string {
	text := n.Error()
	if strings.HasPrefix(text, "errno ") {
		return fmt.Sprintf("Unknown error %d", int(n))
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// Fail makes an *Error of what a call returned; nil stays nil. What says what was attempted, for kernels that lack it.
// Failures without a number keep their text.
func Fail(call, what string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	e = &Error{Call: call}
	var v *ebpf.VerifierError
	if errors.As(err, &v) {
		e.Log = v.Log
	}
	errors.As(err, &e.Errno)
	switch {
	case errors.Is(err, ebpf.ErrNotSupported):
		e.Unsupported = what
	case e.Errno != 0:
	case errors.Is(err, ebpf.ErrKeyNotExist):
		e.Errno = syscall.ENOENT
	case errors.Is(err, ebpf.ErrKeyExist):
		e.Errno = syscall.EEXIST
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	// The kernel makes one number of all reasons for which a program must not be attached.
	if e.Errno == syscall.EPERM || e.Errno == syscall.EINVAL && call == "BPF_PROG_ATTACH" {
		e.Subject = lacking()
	}
	return e
}

// noCgroup begins with a capital letter, as scripts know it.
func noCgroup(path string) error { return errors.New("Cannot open cgroup " + path) }

func noInterface(name string) error { return fmt.Errorf("no interface %s: see ip link", name) }

// IsErrno reports whether err carries a number.
func IsErrno(err error, n syscall.Errno) bool { return err != nil && errors.Is(err, n) }
