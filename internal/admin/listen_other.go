//go:build !linux

package admin

import (
	"net"
	"net/netip"
)

// listen opens a TCP port. The unspecified IPv6 address takes IPv4 too. Ports are not shared here.
func listen(addr netip.AddrPort, _ bool) (net.Listener, error) {
	return net.Listen("tcp", addr.String())
}
