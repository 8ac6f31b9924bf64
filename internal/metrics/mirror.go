package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Limits of what another process may make this one keep.
const (
	maxMirrored = 100_000 // nodes of a mirror
	maxDepth    = 32      // labels of a metric
)

// ErrNotNext means that an incremental report does not follow the last one that was accepted: a complete one is needed.
var ErrNotNext = errors.New("the report does not follow the last one")

// Mirror has the metrics of another process as its Reporter tells them. It belongs to one goroutine.
type Mirror struct {
	version float64
	known   bool
	metrics []*Metric
	nodes   int
}

// Apply takes a report in. If it cannot be taken whole, nothing of it is.
func (m *Mirror) Apply(report []byte) error {
	var r struct {
		Version float64
		Last    *float64
		Roots   []any
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if r.Last == nil {
		fresh := Mirror{version: r.Version, known: true}
		if err := fresh.apply(r.Roots); err != nil {
			return err
		}
		*m = fresh
		return nil
	}
	if !m.known || *r.Last != m.version {
		return ErrNotNext
	}
	// What was accepted before stays as it is if the report turns out to be bad.
	next := Mirror{version: r.Version, known: true, nodes: m.nodes}
	for _, o := range m.metrics {
		next.metrics = append(next.metrics, o.copy())
	}
	if err := next.apply(r.Roots); err != nil {
		return err
	}
	*m = next
	return nil
}

// Metrics returns copies of all metrics. With a label name they have one label more, the first one, of the given value.
func (m *Mirror) Metrics(labelName, label string) []*Metric {
	list := make([]*Metric, len(m.metrics))
	for i, o := range m.metrics {
		if labelName == "" {
			list[i] = o.copy()
			continue
		}
		c := New(o.Kind, o.Name, append([]string{labelName}, o.Labels...), o.Bounds)
		c.root.Sub(label).add(o.root)
		list[i] = c
	}
	return list
}

func (m *Mirror) apply(roots []any) error {
	if len(roots) < len(m.metrics) {
		return fmt.Errorf("metrics: %d nodes for %d known ones", len(roots), len(m.metrics))
	}
	names := make(map[string]bool, len(roots))
	for _, o := range m.metrics {
		names[o.Name] = true
	}
	known := len(m.metrics)
	for i, v := range roots {
		if i < known {
			if err := m.update(m.metrics[i].root, v); err != nil {
				return err
			}
			continue
		}
		o, err := newMirrored(v)
		if err != nil {
			return err
		}
		if names[o.Name] {
			return fmt.Errorf("metrics: %.100q is there twice", o.Name)
		}
		names[o.Name] = true
		m.metrics = append(m.metrics, o)
		m.nodes++
		if err := m.update(o.root, v); err != nil {
			return err
		}
	}
	return nil
}

func newMirrored(v any) (*Metric, error) {
	fields, _ := v.(map[string]any)
	name, ok1 := fields["k"].(string)
	kind, ok2 := fields["t"].(string)
	if !ok1 || !ok2 {
		return nil, errors.New("metrics: a new metric without name or type")
	}
	k, bounds, err := parseType(kind)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	var labels []string
	if l, _ := fields["l"].(string); l != "" {
		labels = strings.Split(l, "/")
	}
	if len(labels) > maxDepth {
		return nil, fmt.Errorf("metrics: %.100q has more than %d labels", name, maxDepth)
	}
	return New(k, name, labels, bounds), nil
}

// update sets a node, and what is below it, to what a report says.
func (m *Mirror) update(n *Node, v any) error {
	var subs []any
	if fields, ok := v.(map[string]any); ok {
		v = fields["v"]
		subs, _ = fields["s"].([]any)
	}
	if err := n.assign(v); err != nil {
		return err
	}
	if len(subs) > 0 && n.Leaf() {
		return fmt.Errorf("metrics: %.100q has more levels than labels", n.metric.Name)
	}
	known := len(n.subs)
	for i, v := range subs {
		var sub *Node
		if i < known {
			sub = n.subs[i]
		} else {
			fields, _ := v.(map[string]any)
			label, ok := fields["k"].(string)
			switch {
			case !ok:
				return fmt.Errorf("metrics: a new node of %.100q without label", n.metric.Name)
			case n.find(label) != nil:
				return fmt.Errorf("metrics: label %.100q of %.100q is there twice", label, n.metric.Name)
			case m.nodes >= maxMirrored:
				return fmt.Errorf("metrics: more than %d values", maxMirrored)
			}
			m.nodes++
			sub = n.Sub(label)
		}
		if err := m.update(sub, v); err != nil {
			return err
		}
	}
	return nil
}

// assign sets a value as it is in a report.
func (n *Node) assign(v any) error {
	n.isSet = false
	n.reset()
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		if n.metric.Kind != Histogram {
			n.Set(v)
			return nil
		}
	case []any:
		if n.metric.Kind == Histogram && len(v) == len(n.buckets)+2 {
			for i := range n.buckets {
				n.buckets[i] = toCount(v[i])
			}
			n.count = toCount(v[len(v)-2])
			n.value, _ = v[len(v)-1].(float64)
			n.isSet = true
			return nil
		}
	}
	return fmt.Errorf("metrics: the value of %.100q does not fit its type %.100s", n.metric.Name, n.metric.Type())
}

func toCount(v any) uint64 {
	f, _ := v.(float64)
	if f >= 0 && f < math.MaxUint64 {
		return uint64(f)
	}
	return 0
}
