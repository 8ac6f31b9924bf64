package ip

import "net/netip"

// Endpoint tells the connect filter where to go.
func (e *Endpoint) Endpoint() (addr netip.Addr, port int, protocol string) {
	return e.addr.Addr, e.port, e.protocol
}
