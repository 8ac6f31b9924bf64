package metrics

import (
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"
)

// Format is a format of exposition.
type Format struct {
	ContentType string
	format      expfmt.Format
}

// The formats. OpenMetrics has counters by their names, as of unknown type unless they end in _total.
var (
	Text        = newFormat(expfmt.TypeTextPlain)
	OpenMetrics = newFormat(expfmt.TypeOpenMetrics)
)

func newFormat(t expfmt.FormatType) Format {
	f := expfmt.NewFormat(t)
	return Format{string(f), f}
}

// Negotiate returns the format for the accept header of a request.
func Negotiate(accept string) Format {
	h := http.Header{"Accept": {accept}}
	if expfmt.NegotiateAccept(h, OpenMetrics.format, Text.format).FormatType() == expfmt.TypeOpenMetrics {
		return OpenMetrics
	}
	return Text
}

// Write prints metrics. Characters that names and labels cannot have in the format become underscores. Metrics and nodes
// without a value are left out. Metrics of the same name and kind, of several processes, are printed as one.
func Write(w io.Writer, f Format, metrics []*Metric) error {
	enc := expfmt.NewEncoder(w, f.format)
	type key struct {
		name string
		kind Kind
	}
	byKey := map[key]*dto.MetricFamily{}
	var families []*dto.MetricFamily
	for _, m := range metrics {
		family := m.family()
		if len(family.Metric) == 0 {
			continue
		}
		k := key{m.Name, m.Kind}
		if same := byKey[k]; same != nil {
			same.Metric = append(same.Metric, family.Metric...)
			continue
		}
		family.Name = proto.String(m.Name)
		byKey[k] = family
		families = append(families, family)
	}
	nameFamilies(families, f)
	for _, family := range families {
		if err := enc.Encode(family); err != nil {
			return err
		}
	}
	if c, ok := enc.(expfmt.Closer); ok {
		return c.Close()
	}
	return nil
}

// nameFamilies makes the names ones that can be printed, and whose samples have names unlike those of others.
func nameFamilies(families []*dto.MetricFamily, f Format) {
	open := f.format.FormatType() == expfmt.TypeOpenMetrics
	taken := map[string]bool{}
	name := func(family *dto.MetricFamily) {
		n := printable(family.GetName())
		for slices.ContainsFunc(sampleNames(n, family.GetType(), open), func(s string) bool { return taken[s] }) {
			n += "_"
		}
		for _, s := range sampleNames(n, family.GetType(), open) {
			taken[s] = true
		}
		family.Name = &n
	}
	// The names of others give way to that of a counter, which is a counter only as long as it ends like this.
	isTotal := func(family *dto.MetricFamily) bool {
		return open && family.GetType() == dto.MetricType_COUNTER && strings.HasSuffix(family.GetName(), totalSuffix)
	}
	for _, first := range []bool{true, false} {
		for _, family := range families {
			if isTotal(family) == first {
				name(family)
			}
		}
	}
}

// totalSuffix is what samples of counters end in, in OpenMetrics, where the counter itself is called without it.
const totalSuffix = "_total"

// sampleNames returns the names that a metric takes up.
func sampleNames(name string, kind dto.MetricType, open bool) []string {
	switch {
	case kind == dto.MetricType_HISTOGRAM:
		return []string{name, name + "_bucket", name + "_count", name + "_sum"}
	case kind == dto.MetricType_COUNTER && open && strings.HasSuffix(name, totalSuffix):
		return []string{name, strings.TrimSuffix(name, totalSuffix)}
	}
	return []string{name}
}

// printable returns a name as metrics and labels can have it.
func printable(name string) string {
	if name = model.EscapeName(name, model.UnderscoreEscaping); name == "" {
		return "_"
	}
	return name
}

// unused returns a name as it can be printed, unlike those in taken, and adds it there.
func unused(taken map[string]bool, name string) string {
	name = printable(name)
	for taken[name] {
		name += "_"
	}
	taken[name] = true
	return name
}

var kindTypes = [...]dto.MetricType{dto.MetricType_COUNTER, dto.MetricType_GAUGE, dto.MetricType_HISTOGRAM}

func (m *Metric) family() *dto.MetricFamily {
	f := &dto.MetricFamily{Type: kindTypes[m.Kind].Enum()}
	if m.Help != "" {
		f.Help = proto.String(m.Help)
	}
	names := make([]*string, len(m.Labels))
	taken := map[string]bool{}
	if m.Kind == Histogram {
		taken["le"] = true
	}
	for i, l := range m.Labels {
		names[i] = proto.String(unused(taken, l))
	}
	order := ascending(m.Bounds)
	m.root.samples(nil, func(n *Node, labels []string) {
		s := n.sample(order)
		for i, l := range labels {
			s.Label = append(s.Label, &dto.LabelPair{Name: names[i], Value: proto.String(l)})
		}
		f.Metric = append(f.Metric, s)
	})
	return f
}

// samples calls f for every node with a value, depth first.
func (n *Node) samples(labels []string, f func(*Node, []string)) {
	if n.isSet {
		f(n, labels)
	}
	for _, s := range n.subs {
		s.samples(append(labels, s.label), f)
	}
}

// ascending returns the indexes of the bounds in ascending order: the format knows no other.
func ascending(bounds []float64) []int {
	order := make([]int, 0, len(bounds))
	for i, b := range bounds {
		if b == b {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case bounds[i] < bounds[j]:
			return -1
		case bounds[i] > bounds[j]:
			return 1
		}
		return 0
	})
	return order
}

func (n *Node) sample(order []int) *dto.Metric {
	switch n.metric.Kind {
	case Counter:
		return &dto.Metric{Counter: &dto.Counter{Value: &n.value}}
	case Gauge:
		return &dto.Metric{Gauge: &dto.Gauge{Value: &n.value}}
	}
	h := &dto.Histogram{SampleCount: &n.count, SampleSum: &n.value}
	var sum uint64
	for k, i := range order {
		sum += n.buckets[i]
		b := n.metric.Bounds[i]
		if k+1 < len(order) && n.metric.Bounds[order[k+1]] == b {
			continue // given twice
		}
		if math.IsInf(b, 1) {
			break // printed by itself, with the count of all samples
		}
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: proto.Float64(b), CumulativeCount: proto.Uint64(sum)})
	}
	return &dto.Metric{Histogram: h}
}
