//go:build linux && !portable

package reactor

import (
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

type addrPort = netip.AddrPort

func family(a addrPort) int {
	if a.Addr().Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// putSockaddr fills in sa and returns its length.
func putSockaddr(sa *unix.RawSockaddrAny, a addrPort) uintptr {
	port := [2]byte{byte(a.Port() >> 8), byte(a.Port())}
	if a.Addr().Is4() {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		*in = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: a.Addr().As4()}
		*(*[2]byte)(unsafe.Pointer(&in.Port)) = port
		return unix.SizeofSockaddrInet4
	}
	in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
	*in = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: a.Addr().As16(), Scope_id: scope(a.Addr().Zone())}
	*(*[2]byte)(unsafe.Pointer(&in.Port)) = port
	return unix.SizeofSockaddrInet6
}

func scope(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	return interfaceIndex(zone)
}

// withScope adds the number of an interface, if there is one, to an IPv6 address.
func withScope(ip netip.Addr, scope uint32) netip.Addr {
	if scope == 0 {
		return ip
	}
	return ip.WithZone(strconv.Itoa(int(scope)))
}

// getSockaddr is invalid for families other than IP.
func getSockaddr(sa *unix.RawSockaddrAny) (a addrPort) {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		p := *(*[2]byte)(unsafe.Pointer(&in.Port))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(p[0])<<8|uint16(p[1]))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		p := *(*[2]byte)(unsafe.Pointer(&in.Port))
		ip := withScope(netip.AddrFrom16(in.Addr), in.Scope_id)
		return netip.AddrPortFrom(ip, uint16(p[0])<<8|uint16(p[1]))
	}
	return a
}

func sockname(fd int) (a addrPort) {
	var sa unix.RawSockaddrAny
	n := uint32(unix.SizeofSockaddrAny)
	_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&n)))
	if errno != 0 {
		return a
	}
	return getSockaddr(&sa)
}
