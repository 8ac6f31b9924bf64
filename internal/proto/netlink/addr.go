package netlink

import (
	"fmt"
	"strings"
)

// Addr is the address of a netlink socket.
type Addr struct {
	PID    uint32 // port; 0 is the kernel, or a port of the kernel's choice for a socket that is bound to it
	Groups uint32 // multicast groups, a bit each: 1 to 32
}

// ParseAddr reads an address like "pid=0;groups=1". Blanks do not matter, nor does what follows the digits of a number; an
// empty part ends the list.
func ParseAddr(s string) (a Addr, err error) {
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			break
		}
		key, value, _ := strings.Cut(part, "=")
		switch key = strings.TrimSpace(key); key {
		case "pid":
			a.PID = number(value)
		case "groups":
			a.Groups = number(value)
		default:
			return Addr{}, fmt.Errorf("invalid address field for Netlink: %s", key)
		}
	}
	return a, nil
}

// number reads the decimal number s begins with, modulo 2^32. Ports read as negative numbers where they have no sign.
func number(s string) (n uint32) {
	s = strings.TrimSpace(s)
	digits, negative := strings.CutPrefix(s, "-")
	for i := 0; i < len(digits) && '0' <= digits[i] && digits[i] <= '9'; i++ {
		n = n*10 + uint32(digits[i]-'0')
	}
	if negative {
		return -n
	}
	return n
}
