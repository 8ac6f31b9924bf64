package reactor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// ListenPacket binds a UDP socket for a library that reads and writes it on goroutines of its own. It belongs to no loop; the
// caller closes it.
func ListenPacket(addr netip.AddrPort) (net.PacketConn, error) {
	pc, err := new(net.ListenConfig).ListenPacket(context.Background(), network("udp", addr), addr.String())
	if err != nil {
		return nil, fmt.Errorf("listen on udp %s: %w", addr, err)
	}
	return pc, nil
}

// network lets the wildcard address take IPv4 too, as systems do by default.
func network(proto string, a netip.AddrPort) string {
	switch {
	case a.Addr().Is4():
		return proto + "4"
	case a.Addr().IsUnspecified():
		return proto
	}
	return proto + "6"
}
