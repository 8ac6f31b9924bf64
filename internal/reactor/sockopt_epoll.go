//go:build linux && !portable

package reactor

import (
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

func interfaceIndex(name string) uint32 {
	if i, err := net.InterfaceByName(name); err == nil {
		return uint32(i.Index)
	}
	return 0
}

func setFlag(fd, level, option int, on bool) error {
	v := 0
	if on {
		v = 1
	}
	return unix.SetsockoptInt(fd, level, option, v)
}

func setTransparent(fd, family int) error {
	if family == unix.AF_INET6 {
		return unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1)
	}
	return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1)
}

func setFreeBind(fd, family int) error {
	if family == unix.AF_INET6 {
		return unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_FREEBIND, 1)
	}
	return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_FREEBIND, 1)
}

// applyOptions sets KeepAlive and NoDelay; sockets that have no such option do not mind.
func (c *Conn) applyOptions() {
	if c.fd < 0 || c.has(isDatagram|isUnix) {
		return
	}
	_ = setFlag(int(c.fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, c.opts.KeepAlive)
	_ = setFlag(int(c.fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, c.opts.NoDelay)
}

// GetsockoptBytes is getsockopt into buf. The error is a syscall.Errno.
func (c *Conn) GetsockoptBytes(level, opt int, buf []byte) (int, error) {
	fd := c.descriptor()
	if fd < 0 {
		return 0, unix.EBADF
	}
	n := uint32(len(buf))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(opt),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// SetsockoptBytes is setsockopt from buf. The error is a syscall.Errno.
func (c *Conn) SetsockoptBytes(level, opt int, buf []byte) error {
	fd := c.descriptor()
	if fd < 0 {
		return unix.EBADF
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(opt),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func (c *Conn) descriptor() int {
	if c.fd < 0 && c.listener != nil && !c.has(isClosed) {
		return c.listener.fd
	}
	return int(c.fd)
}

// FD returns the descriptor of the socket, which stays the Conn's; 0 if there is none.
func (c *Conn) FD() int { return max(c.descriptor(), 0) }

// OriginalDst returns where the client wanted to connect before netfilter redirected it here (SO_ORIGINAL_DST), or the
// local address if the listener is transparent (TPROXY keeps it). It is false if neither applies.
func (c *Conn) OriginalDst() (netip.AddrPort, bool) {
	const soOriginalDst = 80
	if c.fd >= 0 && !c.has(isUnix|isDatagram) {
		var sa unix.RawSockaddrAny
		b := unsafe.Slice((*byte)(unsafe.Pointer(&sa)), unix.SizeofSockaddrAny)
		for _, level := range [...]int{unix.SOL_IP, unix.SOL_IPV6} {
			if _, err := c.GetsockoptBytes(level, soOriginalDst, b); err == nil {
				if a := getSockaddr(&sa); a.IsValid() {
					return a, true
				}
			}
		}
	}
	if c.listener != nil && c.listener.opts.Transparent {
		a := c.LocalAddr()
		return a, a.IsValid()
	}
	return netip.AddrPort{}, false
}
