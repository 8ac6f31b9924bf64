//go:build linux && !portable

package reactor

import (
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// unixSocket is a listening descriptor.
type unixSocket = int

func dupUnix(fd unixSocket) (unixSocket, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

func (l *Loop) listenUnix(path string, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	file, fd, err := openUnixFile(path, l, o.ReusePort, func() (int, error) { return bindUnix(path, o) })
	if err != nil {
		return nil, err
	}
	ln := &Listener{loop: l, fd: fd, opts: o, accept: accept, path: path, unix: true, file: file}
	if err := ln.join(); err != nil {
		unix.Close(fd)
		file.release(l)
		return nil, err
	}
	return ln, nil
}

func bindUnix(path string, o ListenOptions) (int, error) {
	var sa unix.RawSockaddrAny
	size, err := putUnix(&sa, path)
	if err != nil {
		return -1, err
	}
	removeStale(path, &sa, size)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = func() error {
		if _, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&sa)), size); errno != 0 {
			return fmt.Errorf("bind: %w", errno)
		}
		// Nobody can connect before listen: the permissions are right in time.
		if o.UnixMode != 0 && !isAbstract(path) {
			if err := os.Chmod(path, o.UnixMode.Perm()); err != nil {
				return err
			}
		}
		return unix.Listen(fd, backlog(o.Backlog))
	}()
	if err != nil {
		unix.Close(fd)
	}
	return fd, err
}

// PeerCred returns who connected, false if c is not an accepted or connected Unix socket.
func (c *Conn) PeerCred() (PeerCred, bool) {
	if c.fd < 0 || !c.has(isUnix) {
		return PeerCred{}, false
	}
	u, err := unix.GetsockoptUcred(int(c.fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return PeerCred{}, false
	}
	return PeerCred{int(u.Pid), int(u.Uid), int(u.Gid)}, true
}

// removeStale removes a socket file that nobody listens on.
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
