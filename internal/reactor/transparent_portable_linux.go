//go:build portable

package reactor

import "golang.org/x/sys/unix"

func setTransparent(fd uintptr) error {
	if unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_TRANSPARENT, 1) == nil {
		return nil
	}
	return unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1)
}

func setFreeBind(fd uintptr) error {
	if unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1) == nil {
		return nil
	}
	return unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_FREEBIND, 1)
}
