package metrics

// Traffic counts connections of one kind, such as those of a port, and their bytes. While connections live, sockets count
// their bytes themselves: whoever has the connections adds them with Sample when metrics are collected.
type Traffic struct {
	count, in, out  *Node
	chunks          *Node  // root of a Snapshot
	direction       string // the label there
	connTime        *Node  // outbound only
	goneIn, goneOut uint64
}

// Flow is what a socket tells about itself.
type Flow interface {
	BytesIn() uint64
	BytesOut() uint64
	Buffered() int // bytes waiting to be sent
}

// chunkSize is the unit in which buffered data is counted.
const chunkSize = 16 << 10

// Open counts a connection that has begun.
func (t *Traffic) Open() { t.count.Add(1) }

// Close counts a connection as gone.
func (t *Traffic) Close() { t.count.Add(-1) }

// Gone adds the bytes of a socket that is no longer sampled.
func (t *Traffic) Gone(f Flow) {
	t.goneIn += f.BytesIn()
	t.goneOut += f.BytesOut()
}

// Sample adds the bytes of a living socket, while metrics are collected.
func (t *Traffic) Sample(f Flow) {
	t.in.Add(float64(f.BytesIn()))
	t.out.Add(float64(f.BytesOut()))
	if n := f.Buffered(); n > 0 {
		t.chunks.Sub(t.direction).Add(float64((n + chunkSize - 1) / chunkSize))
	}
}

// Connected notes how long an outbound connection took to come about.
func (t *Traffic) Connected(milliseconds float64) { t.connTime.Observe(milliseconds) }

// MaxPeers is how many peers a worker counts one by one, inbound and outbound each. Strangers choose the peers of a forward
// proxy and of a public port: what comes beyond is counted as OtherPeers.
const MaxPeers = 1000

// OtherPeers is the label of the peers that are not counted one by one.
const OtherPeers = "other"

// trafficTable has the counts by the two labels they have.
type trafficTable struct {
	byLabels map[[2]string]*Traffic
	peers    int
}

// room returns the peer to count for: the given one, or OtherPeers.
func (t *trafficTable) room(peer string) string {
	switch {
	case peer == "" || peer == OtherPeers:
	case t.peers == MaxPeers:
		return OtherPeers
	default:
		t.peers++
	}
	return peer
}

func (t *trafficTable) add(name, peer string, n *Traffic) *Traffic {
	if t.byLabels == nil {
		t.byLabels = map[[2]string]*Traffic{}
	}
	t.byLabels[[2]string{name, peer}] = n
	return n
}

func (t *trafficTable) begin() {
	for _, n := range t.byLabels {
		n.in.Set(float64(n.goneIn))
		n.out.Set(float64(n.goneOut))
	}
}

// Inbound returns the counts of the connections to a port: listen is its name, peer the address of the other end, empty if
// that is not of interest.
func (r *Registry) Inbound(listen, peer string) *Traffic {
	e := &r.engine
	if t := e.inbound.byLabels[[2]string{listen, peer}]; t != nil {
		return t
	}
	if room := e.inbound.room(peer); room != peer {
		return r.Inbound(listen, room)
	}
	values := []string{listen}
	if peer != "" {
		values = append(values, peer)
	}
	node := func(kind Kind, name, help string) *Node {
		return e.metric(kind, name, help, []string{"listen", "peer"}, nil).root.With(values...)
	}
	return e.inbound.add(listen, peer, &Traffic{
		count:     node(Gauge, "pipy_inbound_count", "Open inbound connections."),
		in:        node(Counter, "pipy_inbound_in", "Bytes received on inbound connections."),
		out:       node(Counter, "pipy_inbound_out", "Bytes sent on inbound connections."),
		chunks:    r.chunks(),
		direction: "Inbound",
	})
}

// Outbound returns the counts of the connections to a peer.
func (r *Registry) Outbound(protocol, peer string) *Traffic {
	e := &r.engine
	if t := e.outbound.byLabels[[2]string{protocol, peer}]; t != nil {
		return t
	}
	if room := e.outbound.room(peer); room != peer {
		return r.Outbound(protocol, room)
	}
	node := func(kind Kind, name, help string, bounds []float64) *Node {
		return e.metric(kind, name, help, []string{"protocol", "peer"}, bounds).root.With(protocol, peer)
	}
	return e.outbound.add(protocol, peer, &Traffic{
		count:     node(Gauge, "pipy_outbound_count", "Outbound connections, those being made included.", nil),
		in:        node(Counter, "pipy_outbound_in", "Bytes received on outbound connections.", nil),
		out:       node(Counter, "pipy_outbound_out", "Bytes sent on outbound connections.", nil),
		chunks:    r.chunks(),
		direction: "Outbound",
		connTime:  node(Histogram, "pipy_outbound_conn_time", "Milliseconds until an outbound connection was open.", connTimeBounds),
	})
}

func (r *Registry) chunks() *Node {
	return r.Snapshot("pipy_chunk_count", "Data waiting to be sent, in chunks of 16 KiB.", "type")
}
