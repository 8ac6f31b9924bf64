package ebpf

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// cannotOpen begins with a capital letter, as scripts know it.
const cannotOpen = "Cannot open cgroup"

// OpenDirectory opens a cgroup for its descriptor.
func OpenDirectory(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("%s %s", cannotOpen, path)
	}
	return fd, nil
}

// OpenProcess returns a descriptor for a process.
func OpenProcess(pid int) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0, &Error{Call: "pidfd_open", Errno: err.(syscall.Errno)}
	}
	return fd, nil
}
