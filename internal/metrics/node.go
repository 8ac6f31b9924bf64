package metrics

import "slices"

// Node is the value of a metric for the labels that lead to it. Its methods make the value exist: a node that was never
// written to is not printed.
type Node struct {
	metric  *Metric
	label   string
	depth   int
	isSet   bool
	value   float64 // of a histogram the sum of the samples
	count   uint64
	buckets []uint64
	subs    []*Node
	index   map[string]*Node // of subs, once there are many
}

// manySubs is from how many sub-nodes on an index pays.
const manySubs = 8

func newNode(m *Metric, label string, depth int) *Node {
	n := &Node{metric: m, label: label, depth: depth}
	if m.Kind == Histogram {
		n.buckets = make([]uint64, len(m.Bounds))
	}
	return n
}

// Metric returns the metric the node is part of.
func (n *Node) Metric() *Metric { return n.metric }

// Label returns the value of the label that leads to the node; it is empty for the root.
func (n *Node) Label() string { return n.label }

// Root reports whether the node has no label.
func (n *Node) Root() bool { return n.depth == 0 }

// Leaf reports whether the node has values for all labels.
func (n *Node) Leaf() bool { return n.depth == len(n.metric.Labels) }

// Subs returns the nodes below, in the order they were made. The caller must not change the slice.
func (n *Node) Subs() []*Node { return n.subs }

// Sub returns the node below with a label, made if there is none. It must not be called on a Leaf.
func (n *Node) Sub(label string) *Node {
	if s := n.find(label); s != nil {
		return s
	}
	s := newNode(n.metric, label, n.depth+1)
	n.subs = append(n.subs, s)
	switch {
	case n.index != nil:
		n.index[label] = s
	case len(n.subs) > manySubs:
		n.index = make(map[string]*Node, 2*len(n.subs))
		for _, s := range n.subs {
			n.index[s.label] = s
		}
	}
	return s
}

// With returns the node for several labels.
func (n *Node) With(labels ...string) *Node {
	for _, l := range labels {
		n = n.Sub(l)
	}
	return n
}

func (n *Node) find(label string) *Node {
	if n.index != nil {
		return n.index[label]
	}
	for _, s := range n.subs {
		if s.label == label {
			return s
		}
	}
	return nil
}

// Add adds to the value of a counter or gauge.
func (n *Node) Add(x float64) {
	n.isSet = true
	n.value += x
}

// Set replaces the value of a counter or gauge.
func (n *Node) Set(x float64) {
	n.isSet = true
	n.value = x
}

// Observe counts a sample of a histogram, in the first bucket whose bound is not below it. One above all bounds is part of
// count and sum only; what is not a number is dropped.
func (n *Node) Observe(x float64) {
	if x != x {
		return
	}
	n.isSet = true
	n.count++
	n.value += x
	for i, b := range n.metric.Bounds {
		if x <= b {
			n.buckets[i]++
			return
		}
	}
}

// Zero sets the value to 0.
func (n *Node) Zero() {
	n.isSet = true
	n.reset()
}

// Clear makes the node as if it were new: without value and without nodes below.
func (n *Node) Clear() {
	n.isSet = false
	n.reset()
	n.subs, n.index = nil, nil
}

func (n *Node) reset() {
	n.value, n.count = 0, 0
	clear(n.buckets) // in place: others look at them
}

// IsSet reports whether the value was ever set.
func (n *Node) IsSet() bool { return n.isSet }

// Value returns the value of a counter or gauge, the sum of the samples of a histogram.
func (n *Node) Value() float64 { return n.value }

// Count returns how many samples a histogram has.
func (n *Node) Count() uint64 { return n.count }

// Buckets returns how many samples each bucket of a histogram has, those of lower buckets not included. The slice stays the
// same and is written to by the node.
func (n *Node) Buckets() []uint64 { return n.buckets }

// Cumulative returns how many samples are not above each bound.
func (n *Node) Cumulative() []uint64 {
	c := slices.Clone(n.buckets)
	for i := 1; i < len(c); i++ {
		c[i] += c[i-1]
	}
	return c
}

// add adds the values of o and of everything below it. The metrics have the same shape.
func (n *Node) add(o *Node) {
	n.addValue(o)
	for _, s := range o.subs {
		if !n.Leaf() {
			n.Sub(s.label).add(s)
		}
	}
}

func (n *Node) addValue(o *Node) {
	n.isSet = n.isSet || o.isSet
	n.value += o.value
	n.count += o.count
	for i, b := range o.buckets {
		n.buckets[i] += b
	}
}

// total adds to every node what is below it.
func (n *Node) total() {
	for _, s := range n.subs {
		s.total()
		n.addValue(s)
	}
}
