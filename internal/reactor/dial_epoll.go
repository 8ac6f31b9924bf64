//go:build linux && !portable

package reactor

import (
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"weir/internal/stream"
)

// Dial connects to addr. It never fails at once: what goes wrong is told by OnEnd and OnClose in a later turn, success
// by OnOpen. What is written before is kept. The codes: ConnectionRefused for whatever the network answers,
// ConnectionTimeout, ConnectionAborted if OnSocket fails, RuntimeError if the socket cannot be made or bound.
func (l *Loop) Dial(addr netip.AddrPort, o DialOptions, h Handler) *Conn {
	c := l.dialing(o, h)
	if !addr.IsValid() {
		c.fail(stream.RuntimeError, fmt.Errorf("connect: no address"))
		return c
	}
	c.remote = addr
	kind := unix.SOCK_STREAM
	if o.UDP {
		kind = unix.SOCK_DGRAM
		c.set(isDatagram)
	}
	var sa unix.RawSockaddrAny
	size := putSockaddr(&sa, addr)
	c.start(o, family(addr), kind, 0, func() error { return c.bind(o) }, &sa, size)
	return c
}

// DialUnix is Dial for a Unix stream socket. A path that begins with @ is in the abstract name space.
func (l *Loop) DialUnix(path string, o DialOptions, h Handler) *Conn {
	c := l.dialing(o, h)
	c.set(isUnix)
	var sa unix.RawSockaddrAny
	size, err := putUnix(&sa, path)
	if err != nil {
		c.fail(stream.RuntimeError, err)
		return c
	}
	c.start(o, unix.AF_UNIX, unix.SOCK_STREAM, 0, func() error { return nil }, &sa, size)
	return c
}

func (l *Loop) dialing(o DialOptions, h Handler) *Conn {
	c := l.newConn(l.shareOptions(o.Socket))
	c.fd = -1
	c.handler = h
	c.set(isConnecting)
	return c
}

func (c *Conn) start(o DialOptions, family, kind, protocol int, bind func() error, sa *unix.RawSockaddrAny, size uintptr) {
	l := c.loop
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		if c.has(isNetlink) && err == unix.EPROTONOSUPPORT {
			err = errNetlinkFamily
		} else {
			err = fmt.Errorf("make a socket: %w", err)
		}
		c.fail(stream.RuntimeError, err)
		return
	}
	// Not in the epoll set yet: an unconnected socket reports a hang-up.
	c.fd, c.place = int32(fd), l.reserve(source{conn: c})
	c.applyOptions()
	if o.OnSocket != nil {
		if err := o.OnSocket(c); err != nil {
			c.fail(stream.ConnectionAborted, err)
			return
		}
		if c.has(isClosed) {
			return
		}
	}
	if err := bind(); err != nil {
		c.fail(stream.RuntimeError, err)
		return
	}
	if o.Timeout > 0 {
		c.dial = &dial{timeout: l.AfterFunc(o.Timeout, func() {
			c.lose(stream.ConnectionTimeout, unix.ETIMEDOUT)
		})}
	}
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(sa)), size)
		if errno == unix.EINTR {
			// The attempt goes on; asking again says so.
			continue
		}
		if errno != 0 && errno != unix.EINPROGRESS && errno != unix.EALREADY && errno != unix.EISCONN {
			c.fail(connectCode(errno), fmt.Errorf("connect: %w", errno))
			return
		}
		break
	}
	c.armed = evWrite
	if errno := l.ctl(unix.EPOLL_CTL_ADD, fd, c.place, evWrite); errno != 0 {
		c.fail(stream.RuntimeError, fmt.Errorf("connect: epoll_ctl: %w", errno))
	}
}

func connectCode(errno unix.Errno) stream.ErrorCode {
	if errno == unix.ETIMEDOUT {
		return stream.ConnectionTimeout
	}
	return stream.ConnectionRefused
}

func (c *Conn) connectDone() {
	v, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && v != 0 {
		err = unix.Errno(v)
	}
	if err != nil {
		errno, _ := err.(unix.Errno)
		c.lose(connectCode(errno), fmt.Errorf("connect: %w", err))
		return
	}
	if c.dial != nil {
		c.dial.stop()
		c.dial = nil
	}
	l := c.loop
	l.enter(nil)
	c.opened()
	l.leave()
	c.updateInterest()
}

func (c *Conn) bind(o DialOptions) error {
	if !o.Bind.IsValid() {
		return nil
	}
	if o.Transparent {
		if err := setTransparent(int(c.fd), family(c.remote)); err != nil {
			return fmt.Errorf("bind %s: IP_TRANSPARENT (needs CAP_NET_ADMIN): %w", o.Bind, err)
		}
	}
	if o.FreeBind {
		if err := setFreeBind(int(c.fd), family(c.remote)); err != nil {
			return fmt.Errorf("bind %s: IP_FREEBIND: %w", o.Bind, err)
		}
	}
	_ = unix.SetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if o.Bind.Port() == 0 {
		// The port is chosen when connecting, when the peer is known: far more connections fit.
		_ = unix.SetsockoptInt(int(c.fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}
	return bindFd(int(c.fd), o.Bind)
}

func bindFd(fd int, a netip.AddrPort) error {
	var sa unix.RawSockaddrAny
	size := putSockaddr(&sa, a)
	if _, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&sa)), size); errno != 0 {
		return fmt.Errorf("bind %s: %w", a, errno)
	}
	return nil
}

// Bind binds a socket that is not connected yet; for OnSocket. A netlink socket has no such address: nothing happens.
func (c *Conn) Bind(a netip.AddrPort) error {
	if c.has(isNetlink) {
		return nil
	}
	if c.fd < 0 {
		return unix.EBADF
	}
	return bindFd(int(c.fd), a)
}
