package stats

import (
	"weir/internal/api/algo"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// metric is the Go value of a metric object: a node of the tree.
type metric struct {
	node *metrics.Node
	// subs has the objects of nodes below, by label. They are kept: the same labels give the same object.
	subs       map[string]*script.Ref
	percentile *script.Ref
}

// wrap makes the object of a node.
func wrap(r *script.Realm, n *metrics.Node) script.Value {
	return r.NewObjectOf(classes[n.Metric().Kind], &metric{node: n})
}

// classes are the classes of the kinds. They make objects of each other: as an initial value this would be a cycle.
var classes [3]*script.Class

func init() {
	classes = [...]*script.Class{metrics.Counter: counterClass, metrics.Gauge: gaugeClass, metrics.Histogram: histogramClass}
}

// sub returns the object for a label. The node is not a leaf.
func (m *metric) sub(r *script.Realm, label string) script.Value {
	if o := m.subs[label]; o != nil {
		return o.Value()
	}
	v := wrap(r, m.node.Sub(label))
	if m.subs == nil {
		m.subs = map[string]*script.Ref{}
	}
	m.subs[label] = r.Hold(v)
	return v
}

// clear drops everything below. Objects scripts still have count for nobody.
func (m *metric) clear() {
	m.node.Clear()
	m.subs = nil
}

// percentiles returns the algo.Percentile over the buckets of a histogram.
func (m *metric) percentiles(r *script.Realm) script.Value {
	if m.percentile == nil {
		p := algo.PercentileOf(m.node.Metric().Bounds, m.node.Buckets())
		m.percentile = r.Hold(r.NewObjectOf(algo.PercentileClass, p))
	}
	return m.percentile.Value()
}

// owner is a world that registers metrics: those that have their name now.
type owner struct {
	byName map[string]*metrics.Registration
}

type ownerKey struct{}

func ownerOf(w *pipeline.World) *owner {
	return pipeline.Extra(w, ownerKey{}, func() *owner {
		o := &owner{map[string]*metrics.Registration{}}
		w.OnClose(func() {
			for _, r := range o.byName {
				r.End()
			}
		})
		return o
	})
}

// register makes a metric known by its name and returns its object. onCollect, if it is a function, is called with the object.
func register(c *script.Call, m *metrics.Metric, onCollect script.Value) script.Value {
	w := pipeline.WorldOf(c.Realm)
	v := wrap(c.Realm, m.Root())
	var collect func()
	if c.IsFunction(onCollect) {
		f, object := c.Hold(onCollect), c.Hold(v)
		collect = func() {
			if _, err := w.Realm.Call(f.Value(), object.Value()); err != nil {
				w.Report(err)
			}
		}
	}
	o := ownerOf(w)
	o.byName[m.Name] = w.Metrics.Register(m, o, collect)
	return v
}
