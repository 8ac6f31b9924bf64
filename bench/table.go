//go:build linux

package main

import (
	"errors"
	"slices"
	"time"
)

// table is the outcome of one case.
type table struct {
	id, title string
	bytes     bool  // samples count bytes
	cpus      []int // CPUs of the server, nil for the usual one
	rows      []*row
	err       error // why nothing could be measured
}

// row is the outcome of one peer.
type row struct {
	name    string
	err     error
	samples []sample
	before  int64 // resident bytes, cases e and i
	after   int64
	latency []attacked // case k
	end     string     // how the last attack was ended
	lost    int        // events, case n3
}

// sample is one measurement.
type sample struct {
	count
	server time.Duration // CPU time of the server
}

// without notes that a case could not be measured at all.
func (t *table) without(err error) error {
	if errors.Is(err, errMissing) || errors.Is(err, errOneCPU) {
		t.err = err
		return nil
	}
	return err
}

func (t *table) row(name string) *row {
	for _, r := range t.rows {
		if r.name == name {
			return r
		}
	}
	return nil
}

// figure is a quantity of a sample.
type figure func(sample) float64

func rate(s sample) float64 { return s.done / s.seconds }

// perCore is what the server does per second of its own CPU time.
func perCore(s sample) float64 { return s.done / s.server.Seconds() }

func serverMicros(s sample) float64 { return s.server.Seconds() * 1e6 / s.done }

func serverUse(s sample) float64 { return s.server.Seconds() / s.seconds }

func loadUse(s sample) float64 { return s.cpu.Seconds() / s.seconds }

func (r *row) values(f figure) []float64 {
	list := make([]float64, len(r.samples))
	for i, s := range r.samples {
		list[i] = f(s)
	}
	return list
}

func (r *row) median(f figure) float64 { return median(r.values(f)) }

// median returns 0 for an empty list.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratio is the median of the ratios round by round: what slows a whole round down cancels out.
func (t *table) ratio(of, to string, f figure) (value float64, ok bool) {
	a, b := t.row(of), t.row(to)
	if a == nil || b == nil {
		return 0, false
	}
	x, y := a.values(f), b.values(f)
	var list []float64
	for i := range min(len(x), len(y)) {
		list = append(list, x[i]/y[i])
	}
	return median(list), len(list) > 0
}

// limitedByLoad tells that the server had CPU time left, so its rate says more about the load generator.
func (t *table) limitedByLoad(r *row) bool {
	return len(t.cpus) == 0 && len(r.samples) > 0 && r.median(serverUse) < 0.9
}

func tableByID(tables []*table, id string) *table {
	for _, t := range tables {
		if t.id == id {
			return t
		}
	}
	return nil
}
