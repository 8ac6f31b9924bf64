package reactor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// routeTimeout is far beyond what the kernel needs to answer.
const routeTimeout = 5 * time.Second

// RouteRequest sends one rtnetlink(7) message, which asks for an acknowledgement, to the kernel's routing layer in the network
// namespace of the calling thread, and waits for it. The error of the kernel is a unix.Errno. The kernel answers at once, so
// that a worker may call this.
func RouteRequest(message []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	limit := unix.NsecToTimeval(int64(routeTimeout))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 8192)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		}
		const header, numberEnd = 16, 20
		if n < numberEnd {
			return fmt.Errorf("rtnetlink: an answer of %d bytes", n)
		}
		if binary.NativeEndian.Uint16(buf[4:]) != unix.NLMSG_ERROR {
			continue // a notification
		}
		if code := int32(binary.NativeEndian.Uint32(buf[header:])); code != 0 {
			return unix.Errno(-code)
		}
		return nil
	}
}
