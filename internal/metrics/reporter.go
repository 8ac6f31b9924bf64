package metrics

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// collectPatience is how long a report waits for workers: one that is busy for longer goes without metrics.
const collectPatience = 5 * time.Second

// Reporter writes the metrics of a process for another one to mirror, first whole, then only the values. It belongs to one
// goroutine. A Mirror is the other side.
//
// A report is {"version":V,"last":L,"roots":[N…]}. A node is {"k":name,"t":type,"l":"label/label","v":value,"s":[N…]}, below the
// root {"k":label,"v":value,"s":[N…]}. In a complete report there is no "last" and the version is 0. In an incremental one
// "last" is the version of the report before it, nodes that were in there have neither k nor t nor l and are found by their
// position, and one with nothing below is its bare value. A value that is unset or not finite is null.
type Reporter struct {
	hub     *Hub
	version int64
	known   []*reported // roots in the order of the reports; nil before the first one
	now     func() time.Time
}

// reported is a node that the other side has.
type reported struct {
	metric *Metric // of a root: its name, type and labels
	label  string
	subs   []*reported
}

// NewReporter returns a reporter of the metrics of a hub.
func NewReporter(hub *Hub) *Reporter { return &Reporter{hub: hub, now: time.Now} }

// Report collects the metrics and returns the next report, a JSON object. full demands a complete one, as the first one is
// anyway: ask for it if the last report was not accepted. It returns nil if the workers do not answer within five seconds.
func (r *Reporter) Report(full bool) []byte {
	collected := make(chan []*Metric, 1)
	r.hub.Collect(func(metrics []*Metric) { collected <- metrics })
	timeout := time.NewTimer(collectPatience)
	defer timeout.Stop()
	select {
	case metrics := <-collected:
		return r.encode(metrics, full)
	case <-timeout.C:
		return nil
	}
}

func (r *Reporter) encode(metrics []*Metric, full bool) []byte {
	byName := make(map[string]*Metric, len(metrics))
	for _, m := range metrics {
		byName[m.Name] = m
	}
	if full || r.known == nil || !r.fits(byName) {
		return r.complete(metrics)
	}
	last := r.version
	r.version = max(r.now().UnixMilli(), last+1)
	b := append([]byte(`{"version":`), strconv.FormatInt(r.version, 10)...)
	b = append(b, `,"last":`...)
	b = strconv.AppendInt(b, last, 10)
	b = append(b, `,"roots":[`...)
	for i, k := range r.known {
		b = comma(b, i)
		if m := byName[k.metric.Name]; m != nil {
			b = k.append(b, m.root)
			delete(byName, m.Name)
		} else {
			b = k.append(b, nil)
		}
	}
	for _, m := range metrics {
		if byName[m.Name] != nil {
			b = comma(b, len(r.known))
			b = r.appendRoot(b, m)
		}
	}
	return append(b, "]}"...)
}

func (r *Reporter) complete(metrics []*Metric) []byte {
	r.version, r.known = 0, []*reported{}
	b := []byte(`{"version":0,"roots":[`)
	for i, m := range metrics {
		b = comma(b, i)
		b = r.appendRoot(b, m)
	}
	return append(b, "]}"...)
}

// fits reports whether the metrics can be told by positions: none has changed its type or labels, and not more than half of
// what the other side has is gone.
func (r *Reporter) fits(byName map[string]*Metric) bool {
	alive, gone := 0, 0
	for _, k := range r.known {
		m := byName[k.metric.Name]
		if m == nil {
			gone++
			continue
		}
		if !m.sameShape(k.metric) || !slices.Equal(m.Labels, k.metric.Labels) {
			return false
		}
		k.count(m.root, &alive, &gone)
	}
	return gone <= alive
}

func (k *reported) count(n *Node, alive, gone *int) {
	*alive++
	for _, s := range k.subs {
		if sub := n.find(s.label); sub != nil {
			s.count(sub, alive, gone)
		} else {
			*gone++
		}
	}
}

func (r *Reporter) appendRoot(b []byte, m *Metric) []byte {
	k := &reported{metric: m}
	r.known = append(r.known, k)
	b = append(b, `{"k":`...)
	b = appendString(b, m.Name)
	b = append(b, `,"t":`...)
	b = appendString(b, m.Type())
	b = append(b, `,"l":`...)
	b = appendString(b, strings.Join(m.Labels, "/"))
	b = append(b, ',')
	return k.appendRest(b, m.root)
}

// append writes a node that the other side has. It may be gone here: n is nil.
func (k *reported) append(b []byte, n *Node) []byte {
	if len(k.subs) == 0 && (n == nil || len(n.subs) == 0) {
		return appendValue(b, n)
	}
	return k.appendRest(append(b, '{'), n)
}

// appendRest writes the members that all nodes have.
func (k *reported) appendRest(b []byte, n *Node) []byte {
	b = appendValue(append(b, `"v":`...), n)
	written := 0
	next := func() {
		if written++; written == 1 {
			b = append(b, `,"s":[`...)
		} else {
			b = append(b, ',')
		}
	}
	old := make(map[string]bool, len(k.subs))
	for _, s := range k.subs {
		next()
		old[s.label] = true
		var sub *Node
		if n != nil {
			sub = n.find(s.label)
		}
		b = s.append(b, sub)
	}
	if n != nil {
		for _, sub := range n.subs {
			if old[sub.label] {
				continue
			}
			next()
			s := &reported{label: sub.label}
			k.subs = append(k.subs, s)
			b = appendString(append(b, `{"k":`...), sub.label)
			b = s.appendRest(append(b, ','), sub)
		}
	}
	if written > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func appendString(b []byte, s string) []byte {
	j, _ := json.Marshal(s) // strings can always be written
	return append(b, j...)
}

func appendValue(b []byte, n *Node) []byte {
	if n == nil || !n.isSet {
		return append(b, "null"...)
	}
	if n.metric.Kind != Histogram {
		return appendNumber(b, n.value)
	}
	b = append(b, '[')
	for _, c := range n.buckets {
		b = append(strconv.AppendUint(b, c, 10), ',')
	}
	b = append(strconv.AppendUint(b, n.count, 10), ',')
	return append(appendNumber(b, n.value), ']')
}

func appendNumber(b []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}
