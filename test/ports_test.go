//go:build linux

package test

import (
	"net"
	"time"

	"weir/test/harness"
)

// listening reports whether somebody accepts connections on a port.
func listening(port int) bool {
	c, err := net.DialTimeout("tcp", harness.Addr(port), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}
