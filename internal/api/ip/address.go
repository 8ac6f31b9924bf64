package ip

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Address is the Go value of an IP object. IPv6 addresses have no zone, and an IPv4 address mapped into IPv6 stays IPv6.
type Address struct{ netip.Addr }

var errNotation = errors.New("invalid IP address notation")

// ParseAddress reads four decimal octets, of which empty ones count as 0, or an IPv6 address, whose zone is ignored.
func ParseAddress(s string) (Address, error) {
	if strings.Contains(s, ":") {
		s, _, _ = strings.Cut(s, "%")
		a, err := netip.ParseAddr(s)
		if err != nil {
			return Address{}, errNotation
		}
		return Address{a}, nil
	}
	octets := strings.Split(s, ".")
	if len(octets) != 4 || s == "..." {
		return Address{}, errNotation
	}
	var b [4]byte
	for i, o := range octets {
		if o == "" {
			continue
		}
		n, err := strconv.ParseUint(o, 10, 8)
		if err != nil || len(o) > 1 && o[0] == '0' || o[0] == '+' {
			return Address{}, errNotation
		}
		b[i] = byte(n)
	}
	return Address{netip.AddrFrom4(b)}, nil
}

// addressOf makes an IPv6 address of more than 4 bytes, otherwise an IPv4 address; missing bytes are 0.
func addressOf(b []byte) Address {
	if len(b) > 4 {
		var a [16]byte
		copy(a[:], b)
		return Address{netip.AddrFrom16(a)}
	}
	var a [4]byte
	copy(a[:], b)
	return Address{netip.AddrFrom4(a)}
}

// Version returns 4 or 6.
func (a Address) Version() int {
	if a.Is4() {
		return 4
	}
	return 6
}

// String returns the usual notation; IPv6 in groups only, with the longest run of zeros shortened.
func (a Address) String() string {
	if !a.Is4In6() {
		return a.Addr.String()
	}
	b := a.As16()
	group := func(i int) string { return strconv.FormatUint(uint64(b[i])<<8|uint64(b[i+1]), 16) }
	return "::ffff:" + group(12) + ":" + group(14)
}

// decompose returns the octets of IPv4 or the 16-bit groups of IPv6.
func (a Address) decompose() []int {
	b := a.AsSlice()
	if a.Is4() {
		return ints(b)
	}
	groups := make([]int, 8)
	for i := range groups {
		groups[i] = int(b[2*i])<<8 | int(b[2*i+1])
	}
	return groups
}

func ints(b []byte) []int {
	n := make([]int, len(b))
	for i, c := range b {
		n[i] = int(c)
	}
	return n
}
