package inbound

import (
	"fmt"

	"weir/internal/metrics"
	"weir/internal/reactor"
)

// Measure has the connections counted in r. It must be called before there are any.
func (p *Ports) Measure(r *metrics.Registry) {
	p.metrics = r
	r.OnCollect(func() {
		for in := range p.live {
			in.traffic.Sample(in.conn)
		}
	})
}

// label is the name of a port in metrics.
func (k Key) label() string {
	switch k.Protocol {
	case "unix":
		return "unix:" + k.Path
	case "udp":
		return fmt.Sprintf("[%s]:%d/UDP", k.Addr.Addr(), k.Addr.Port())
	}
	return fmt.Sprintf("[%s]:%d/TCP", k.Addr.Addr(), k.Addr.Port())
}

// trafficOf returns where a connection to the port is counted.
func (port *Port) trafficOf(c *reactor.Conn) *metrics.Traffic {
	if port.cur.opts.PeerStats && c.RemoteAddr().IsValid() {
		return port.ports.metrics.Inbound(port.key.label(), c.RemoteAddr().Addr().String())
	}
	if port.traffic == nil {
		port.traffic = port.ports.metrics.Inbound(port.key.label(), "")
	}
	return port.traffic
}
