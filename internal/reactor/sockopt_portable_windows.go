package reactor

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"
)

func setReusePort(uintptr) error {
	return errors.New("several threads cannot share a port on Windows: use one thread")
}

func getsockopt(fd uintptr, level, opt int, buf []byte) (int, error) {
	n := int32(len(buf))
	err := syscall.Getsockopt(syscall.Handle(fd), int32(level), int32(opt), unsafe.SliceData(buf), &n)
	return int(n), err
}

func setsockopt(fd uintptr, level, opt int, buf []byte) error {
	return syscall.Setsockopt(syscall.Handle(fd), int32(level), int32(opt), unsafe.SliceData(buf), int32(len(buf)))
}

func bindSocket(fd uintptr, a netip.AddrPort) error {
	var sa syscall.Sockaddr = &syscall.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if a.Addr().Is4() {
		sa = &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return os.NewSyscallError("bind", syscall.Bind(syscall.Handle(fd), sa))
}

func isBindError(err error) bool {
	var op *net.OpError
	var call *os.SyscallError
	return errors.As(err, &op) && errors.As(op.Err, &call) && (call.Syscall == "bind" || call.Syscall == "socket")
}
