package metrics

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

var kindNames = [...]string{"Counter", "Gauge", "Histogram"}

// unusual are the bounds that are written as names.
var unusual = map[string]float64{`"Inf"`: math.Inf(1), `"-Inf"`: math.Inf(-1), `"NaN"`: math.NaN()}

// Type returns the kind of a metric as scripts and reports have it: Counter, Gauge, or Histogram with its bounds in brackets.
func (m *Metric) Type() string {
	if m.Kind != Histogram {
		return kindNames[m.Kind]
	}
	bounds := make([]string, len(m.Bounds))
	for i, b := range m.Bounds {
		switch {
		case math.IsInf(b, 1):
			bounds[i] = `"Inf"`
		case math.IsInf(b, -1):
			bounds[i] = `"-Inf"`
		case math.IsNaN(b):
			bounds[i] = `"NaN"`
		default:
			bounds[i] = strconv.FormatFloat(b, 'f', -1, 64)
		}
	}
	return "Histogram[" + strings.Join(bounds, ",") + "]"
}

// maxBounds is how many buckets a histogram of another process may have.
const maxBounds = 1000

// parseType reads what Type returns.
func parseType(s string) (kind Kind, bounds []float64, err error) {
	switch s {
	case "Counter":
		return Counter, nil, nil
	case "Gauge":
		return Gauge, nil, nil
	}
	list, ok := strings.CutPrefix(s, "Histogram[")
	if ok {
		list, ok = strings.CutSuffix(list, "]")
	}
	if !ok || strings.Count(list, ",") >= maxBounds {
		return 0, nil, fmt.Errorf("unknown type of metric %.100q", s)
	}
	if list == "" {
		return Histogram, nil, nil
	}
	for b := range strings.SplitSeq(list, ",") {
		b = strings.TrimSpace(b)
		f, ok := unusual[b]
		if !ok {
			if f, err = strconv.ParseFloat(b, 64); err != nil {
				return 0, nil, fmt.Errorf("bound %.100q of a histogram is no number", b)
			}
		}
		bounds = append(bounds, f)
	}
	return Histogram, bounds, nil
}
