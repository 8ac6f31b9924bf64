package socks

import (
	"encoding/binary"
	"net/netip"
)

// Address is where a client wants to be connected to: an IP address, or the name of a host.
type Address struct {
	IP     netip.Addr
	Domain string // if IP is not valid
	Port   uint16
}

// Address types of SOCKS 5.
const (
	typeIPv4   = 1
	typeDomain = 3
	typeIPv6   = 4
)

// MaxName is the size of the longest domain name, user id, user name or password.
const MaxName = 255

// appendAddress appends an address as SOCKS 5 has it.
func appendAddress(b []byte, a Address) []byte {
	switch {
	case !a.IP.IsValid():
		b = append(append(b, typeDomain, byte(len(a.Domain))), a.Domain...)
	case a.IP.Is4():
		b = append(append(b, typeIPv4), a.IP.AsSlice()...)
	default:
		b = append(append(b, typeIPv6), a.IP.AsSlice()...)
	}
	return binary.BigEndian.AppendUint16(b, a.Port)
}

// parseAddress reads an address as SOCKS 5 has it and returns its size: 0 if b ends before it does. ok is false if there is
// no such type of address.
func parseAddress(b []byte) (a Address, n int, ok bool) {
	if len(b) == 0 {
		return a, 0, true
	}
	begin, size := 1, 0
	switch b[0] {
	case typeIPv4:
		size = 4
	case typeIPv6:
		size = 16
	case typeDomain:
		if len(b) < 2 {
			return a, 0, true
		}
		begin, size = 2, int(b[1])
	default:
		return a, 0, false
	}
	end := begin + size
	if len(b) < end+2 {
		return a, 0, true
	}
	if b[0] == typeDomain {
		a.Domain = string(b[begin:end])
	} else {
		a.IP, _ = netip.AddrFromSlice(b[begin:end])
		a.IP = a.IP.Unmap()
	}
	a.Port = binary.BigEndian.Uint16(b[end:])
	return a, end + 2, true
}
