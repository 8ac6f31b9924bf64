package metrics

import "math"

// engine has the metrics that weir itself keeps, made when they are first needed.
type engine struct {
	registry  *Registry
	metrics   map[string]*Metric
	inbound   trafficTable
	outbound  trafficTable
	http2     [2]*Node
	snapshots []*Metric // gauges that are written anew whenever metrics are collected
}

// metric returns an engine's metric, registered by the first call.
func (e *engine) metric(kind Kind, name, help string, labels []string, bounds []float64) *Metric {
	if m := e.metrics[name]; m != nil {
		return m
	}
	if e.metrics == nil {
		e.metrics = map[string]*Metric{}
	}
	m := New(kind, name, labels, bounds)
	m.Help, m.totals = help, true
	e.metrics[name] = m
	e.registry.Register(m, e, nil)
	return m
}

// begin makes everything ready for the hooks of a collection.
func (e *engine) begin() {
	e.inbound.begin()
	e.outbound.begin()
	for _, m := range e.snapshots {
		m.root.Clear()
	}
}

// Snapshot returns the root of a gauge that is empty at the beginning of each collection, for a hook to fill. A node includes
// what is below it.
func (r *Registry) Snapshot(name, help string, labels ...string) *Node {
	e := &r.engine
	m := e.metrics[name]
	if m == nil {
		m = e.metric(Gauge, name, help, labels, nil)
		e.snapshots = append(e.snapshots, m)
	}
	return m.root
}

// Tally is Snapshot for a counter: the hook sets how much there was since the start.
func (r *Registry) Tally(name, help string, labels ...string) *Node {
	return r.engine.metric(Counter, name, help, labels, nil).root
}

// HTTP2Streams returns the gauge of open HTTP/2 streams, of servers or of clients.
func (r *Registry) HTTP2Streams(client bool) *Node {
	i, label := 0, "Server"
	if client {
		i, label = 1, "Client"
	}
	e := &r.engine
	if e.http2[i] == nil {
		e.http2[i] = e.metric(Gauge, "pipy_http2_stream_count", "Open HTTP/2 streams.", []string{"type"}, nil).root.Sub(label)
	}
	return e.http2[i]
}

// connTimeBounds are the buckets of the time a connection takes to come about, in milliseconds: the powers of 1.5.
var connTimeBounds = func() []float64 {
	var b []float64
	for k := 1; k <= 20; k++ {
		b = append(b, math.Floor(math.Pow(1.5, float64(k))))
	}
	return append(b, math.Inf(1))
}()
