//go:build linux

package link

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bpf makes the system call that the library has no public call for. attr must point to the heap or stay on the stack of
// the caller, as must what it points to.
func bpf(command int, attr unsafe.Pointer, size uintptr) (int, error) {
	for {
		r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(attr), size)
		runtime.KeepAlive(attr)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR, unix.EAGAIN:
			continue
		}
		return -1, errno
	}
}
