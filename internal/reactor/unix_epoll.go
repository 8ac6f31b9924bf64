//go:build linux && !portable

package reactor

import (
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (l *Loop) listenUnix(path string, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	var sa unix.RawSockaddrAny
	size, err := putUnix(&sa, path)
	if err != nil {
		return nil, err
	}
	removeStale(path, &sa, size)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ln := &Listener{loop: l, fd: fd, opts: o, accept: accept, path: path, unix: true}
	err = func() error {
		if _, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&sa)), size); errno != 0 {
			return fmt.Errorf("bind: %w", errno)
		}
		if o.UnixMode != 0 && path[0] != '@' {
			if err := os.Chmod(path, o.UnixMode.Perm()); err != nil {
				return err
			}
		}
		if err := unix.Listen(fd, backlog(o.Backlog)); err != nil {
			return err
		}
		return ln.join()
	}()
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return ln, nil
}

func removeStale(path string, sa *unix.RawSockaddrAny, size uintptr) {
	if st, err := os.Lstat(path); err != nil || st.Mode()&fs.ModeSocket == 0 {
		return
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if _, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(sa)), size); errno == unix.ECONNREFUSED {
		_ = os.Remove(path)
	}
}

func putUnix(sa *unix.RawSockaddrAny, path string) (uintptr, error) {
	u := (*unix.RawSockaddrUnix)(unsafe.Pointer(sa))
	if path == "" || len(path) >= len(u.Path) {
		return 0, fmt.Errorf("unix socket path %q: must have 1 to %d bytes", path, len(u.Path)-1)
	}
	u.Family = unix.AF_UNIX
	for i := range len(path) {
		u.Path[i] = int8(path[i])
	}
	if path[0] == '@' {
		u.Path[0] = 0
		return uintptr(2 + len(path)), nil
	}
	return uintptr(2 + len(path) + 1), nil
}
