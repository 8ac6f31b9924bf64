package algo

import "math"

// Percentile estimates percentiles of samples from counts in buckets.
type Percentile struct {
	bounds []float64
	counts []uint64
}

// NewPercentile returns a Percentile for ascending upper bounds. It keeps the slice.
func NewPercentile(bounds []float64) *Percentile {
	return PercentileOf(bounds, make([]uint64, len(bounds)))
}

// PercentileOf returns a Percentile for samples that somebody else counts, or counts too: counts has those of each bucket.
func PercentileOf(bounds []float64, counts []uint64) *Percentile { return &Percentile{bounds, counts} }

// Reset forgets all samples.
func (p *Percentile) Reset() {
	clear(p.counts)
}

// Observe counts a sample in the first bucket whose bound is not below it. A sample above all bounds is dropped.
func (p *Percentile) Observe(n float64) {
	for i, b := range p.bounds {
		if n <= b {
			p.counts[i]++
			return
		}
	}
}

// Calculate returns the value that percent of the samples do not exceed, interpolated within its bucket: 0 without samples,
// infinite if there are not so many.
func (p *Percentile) Calculate(percent int) float64 {
	var samples uint64
	for _, n := range p.counts {
		samples += n
	}
	if percent <= 0 || samples == 0 {
		return 0
	}
	want := math.Floor(float64(samples) * float64(percent) / 100)
	sum, low := 0.0, 0.0
	for i, b := range p.bounds {
		n := float64(p.counts[i])
		sum += n
		if sum >= want {
			if n == 0 {
				return 0
			}
			return b - (b-low)*(sum-want)/n
		}
		low = b
	}
	return math.Inf(1)
}
