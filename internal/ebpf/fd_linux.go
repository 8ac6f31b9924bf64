package ebpf

import (
	"net"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func (kernel) OpenPath(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, noCgroup(path)
	}
	return fd, nil
}

func (kernel) OpenProcess(pid int) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0, &Error{Call: "pidfd_open", Errno: err.(syscall.Errno)}
	}
	return fd, nil
}

func (kernel) Interface(name string) (int, error) {
	if i, err := net.InterfaceByName(name); err == nil {
		return i.Index, nil
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		if _, err := net.InterfaceByIndex(n); err == nil {
			return n, nil
		}
	}
	return 0, noInterface(name)
}
