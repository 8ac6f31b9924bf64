package metrics

import "slices"

// Kind is the type of a metric.
type Kind uint8

// The kinds of metrics.
const (
	Counter Kind = iota
	Gauge
	Histogram
)

// Metric is a named tree of values. It belongs to one goroutine.
type Metric struct {
	Name   string
	Kind   Kind
	Labels []string  // names of the labels, one for each level below the root
	Bounds []float64 // of a Histogram: upper bounds of its buckets, ascending
	Help   string    // what is counted, for people; may be empty

	root   *Node
	totals bool // copies have the sum of a node and everything below it
}

// New returns a metric without values. It keeps the slices.
func New(kind Kind, name string, labels []string, bounds []float64) *Metric {
	m := &Metric{Name: name, Kind: kind, Labels: labels, Bounds: bounds}
	m.root = newNode(m, "", 0)
	return m
}

// Root returns the node of the whole metric.
func (m *Metric) Root() *Node { return m.root }

// copy returns a metric with copies of all nodes.
func (m *Metric) copy() *Metric {
	c := *m
	c.totals = false
	c.root = newNode(&c, "", 0)
	c.root.add(m.root)
	if m.totals {
		c.root.total()
	}
	return &c
}

// sameShape reports whether values of two metrics can be added.
func (m *Metric) sameShape(o *Metric) bool {
	return m.Kind == o.Kind && slices.Equal(m.Bounds, o.Bounds)
}
