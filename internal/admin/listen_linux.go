package admin

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// listen opens a TCP port. The unspecified IPv6 address takes IPv4 too.
func listen(addr netip.AddrPort, reusePort bool) (net.Listener, error) {
	var c net.ListenConfig
	if reusePort {
		c.Control = func(_, _ string, raw syscall.RawConn) (err error) {
			return errors.Join(raw.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}), err)
		}
	}
	return c.Listen(context.Background(), "tcp", addr.String())
}
