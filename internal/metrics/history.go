package metrics

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// HistorySize is how many samples a History keeps, and HistoryInterval how far apart they are.
const (
	HistorySize     = 60
	HistoryInterval = 5 * time.Second
)

// maxHistory is how many values a history follows; those that appear later are left out.
const maxHistory = 10_000

var processStart = time.Now()

// History has the latest samples of metrics, for charts. It may be used from any goroutine.
type History struct {
	mu      sync.Mutex
	samples int // taken so far
	last    time.Duration
	roots   []*past
	byName  map[string]*past
	nodes   int
}

// past is a value over time.
type past struct {
	metric    *Metric // of a root
	label     string
	histogram bool
	at        int         // the latest sample it was part of; -1 for none
	values    [][]float64 // one slice for a number; for a histogram one for each bucket, then count and sum
	subs      []*past
	index     map[string]*past
}

// Add takes a sample.
func (h *History) Add(metrics []*Metric) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.samples++
	h.last = time.Since(processStart)
	if h.byName == nil {
		h.byName = map[string]*past{}
	}
	for _, m := range metrics {
		p := h.byName[m.Name]
		if p == nil || p.metric.Type() != m.Type() {
			if p == nil {
				if h.nodes >= maxHistory {
					continue
				}
				p = &past{at: -1}
				h.nodes++
				h.roots = append(h.roots, p)
				h.byName[m.Name] = p
			} else {
				*p = past{at: -1} // another metric has taken the name
			}
			p.metric = m
		}
		h.add(p, m.root)
	}
}

func (h *History) add(p *past, n *Node) {
	p.push(n, h.samples)
	for _, s := range n.subs {
		q := p.index[s.label]
		if q == nil {
			if h.nodes >= maxHistory {
				continue
			}
			h.nodes++
			q = &past{label: s.label, at: -1}
			if p.index == nil {
				p.index = map[string]*past{}
			}
			p.index[s.label] = q
			p.subs = append(p.subs, q)
		}
		h.add(q, s)
	}
}

// push appends what a node has to the samples, with zeros for those that were missed.
func (p *past) push(n *Node, sample int) {
	numbers := []float64{n.value}
	if n.metric.Kind == Histogram {
		numbers = numbers[:0]
		for _, c := range n.buckets {
			numbers = append(numbers, float64(c))
		}
		numbers = append(numbers, float64(n.count), n.value)
	}
	p.histogram = n.metric.Kind == Histogram
	if len(p.values) != len(numbers) {
		p.values = make([][]float64, len(numbers))
	}
	for i, x := range numbers {
		p.values[i] = appendSample(p.pad(p.values[i], sample-1), x)
	}
	p.at = sample
}

// pad returns samples of a value with zeros for what was missed up to a sample. Sample 0 is the zero before all others.
func (p *past) pad(v []float64, sample int) []float64 {
	for range min(sample-p.at, HistorySize) {
		v = appendSample(v, 0)
	}
	return v
}

func appendSample(v []float64, x float64) []float64 {
	if len(v) < HistorySize {
		return append(v, x)
	}
	copy(v, v[1:])
	v[len(v)-1] = x
	return v
}

// AppendJSON appends the history as a JSON object: of all metrics, without what is below their roots, or of one metric with
// everything. The oldest sample comes first; until there are HistorySize of them, a zero is before it.
func (h *History) AppendJSON(b []byte, name string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	b = append(b, `{"time":`...)
	b = strconv.AppendFloat(b, h.last.Seconds(), 'f', 3, 64)
	b = append(b, `,"metrics":[`...)
	if name == "" {
		for i, p := range h.roots {
			b = p.append(comma(b, i), h.samples, false)
		}
	} else if p := h.byName[name]; p != nil {
		b = p.append(b, h.samples, true)
	}
	return append(b, "]}"...)
}

func (p *past) append(b []byte, sample int, whole bool) []byte {
	b = append(b, `{"k":`...)
	if p.metric != nil {
		b = appendString(b, p.metric.Name)
		b = appendString(append(b, `,"t":`...), p.metric.Type())
		b = appendString(append(b, `,"l":`...), strings.Join(p.metric.Labels, "/"))
	} else {
		b = appendString(b, p.label)
	}
	for i, v := range p.values {
		p.values[i] = p.pad(v, sample)
	}
	p.at = sample
	b = append(b, `,"v":`...)
	if !p.histogram {
		b = appendNumbers(b, p.values[0])
	} else {
		b = append(b, '[')
		for i, v := range p.values {
			b = appendNumbers(comma(b, i), v)
		}
		b = append(b, ']')
	}
	if whole && len(p.subs) > 0 {
		b = append(b, `,"s":[`...)
		for i, s := range p.subs {
			b = s.append(comma(b, i), sample, true)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendNumbers(b []byte, v []float64) []byte {
	b = append(b, '[')
	for i, x := range v {
		b = appendNumber(comma(b, i), x)
	}
	return append(b, ']')
}
