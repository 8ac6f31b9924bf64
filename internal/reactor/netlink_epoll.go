//go:build linux && !portable

package reactor

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

var errNetlinkFamily = errors.New("open: Protocol not supported") //lint:ignore ST1005 the message scripts know

// DialNetlink is Dial for a netlink socket of the given family (NETLINK_ROUTE is 0) that talks to the kernel. What the kernel
// does not take ends the connection with WriteError; datagrams that were lost because nobody read them do not.
func (l *Loop) DialNetlink(family int, bind NetlinkAddr, o DialOptions, h Handler) *Conn {
	c := l.dialing(o, h)
	c.set(isDatagram | isNetlink)
	var sa unix.RawSockaddrAny
	size := putNetlink(&sa, NetlinkAddr{})
	c.start(o, unix.AF_NETLINK, unix.SOCK_RAW, family, func() error { return c.bindNetlink(bind) }, &sa, size)
	return c
}

func putNetlink(sa *unix.RawSockaddrAny, a NetlinkAddr) uintptr {
	*(*unix.RawSockaddrNetlink)(unsafe.Pointer(sa)) = unix.RawSockaddrNetlink{
		Family: unix.AF_NETLINK, Pid: a.PID, Groups: a.Groups,
	}
	return unix.SizeofSockaddrNetlink
}

func (c *Conn) bindNetlink(a NetlinkAddr) error {
	var sa unix.RawSockaddrAny
	size := putNetlink(&sa, a)
	if _, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(c.fd), uintptr(unsafe.Pointer(&sa)), size); errno != 0 {
		return fmt.Errorf("bind pid=%d;groups=%d: %w", a.PID, a.Groups, errno)
	}
	return nil
}

// isPassing reports whether reading a netlink socket goes on after an error. ENOBUFS says that datagrams were lost.
func isPassing(errno unix.Errno) bool {
	return errno == unix.ENOBUFS || errno == unix.EINTR
}
