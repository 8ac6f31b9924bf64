package inbound

import (
	"fmt"

	quic "github.com/quic-go/quic-go"

	"weir/internal/metrics"
)

// Measure has the connections counted in r. It must be called before there are any.
func (p *Ports) Measure(r *metrics.Registry) {
	p.metrics = r
	r.OnCollect(func() {
		for in := range p.live {
			in.traffic.Sample(in.flow())
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
	case "quic":
		return fmt.Sprintf("[%s]:%d/QUIC", k.Addr.Addr(), k.Addr.Port())
	}
	return fmt.Sprintf("[%s]:%d/TCP", k.Addr.Addr(), k.Addr.Port())
}

// trafficOf returns where a connection to the port is counted.
func (port *Port) trafficOf(in *Inbound) *metrics.Traffic {
	if port.cur.opts.PeerStats {
		if peer := in.RemoteAddr(); peer.IsValid() {
			return port.ports.metrics.Inbound(port.key.label(), peer.Addr().String())
		}
	}
	if port.traffic == nil {
		port.traffic = port.ports.metrics.Inbound(port.key.label(), "")
	}
	return port.traffic
}

// flow returns the counts of the connection's bytes.
func (in *Inbound) flow() metrics.Flow {
	if in.quic != nil {
		return quicFlow{in.quic}
	}
	return in.conn
}

// quicFlow counts the bytes of a connection of QUIC: those of its datagrams.
type quicFlow struct{ conn *quic.Conn }

func (f quicFlow) BytesIn() uint64  { return f.conn.ConnectionStats().BytesReceived }
func (f quicFlow) BytesOut() uint64 { return f.conn.ConnectionStats().BytesSent }

// Buffered returns 0: what waits to be sent waits in the streams' queues.
func (f quicFlow) Buffered() int { return 0 }
