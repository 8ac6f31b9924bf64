package metrics

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Hub has the registries of all workers of a program. It may be used from any goroutine.
type Hub struct {
	mu         sync.Mutex
	registries []*Registry
}

// NewHub returns a hub without registries.
func NewHub() *Hub { return new(Hub) }

// Add returns a registry for a worker. post has the worker run a function as a turn of its own.
func (h *Hub) Add(post func(func())) *Registry {
	r := &Registry{hub: h, post: post, entries: map[string]*Registration{}}
	r.engine.registry = r
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registries = append(h.registries, r)
	return r
}

// Collect has done called with the sums over all workers and the counts of the process, sorted by name, once all workers
// have answered. It returns at once; done runs on a goroutine of its own and may do as it likes with the metrics.
func (h *Hub) Collect(done func([]*Metric)) {
	h.mu.Lock()
	registries := slices.Clone(h.registries)
	h.mu.Unlock()
	parts := make([][]*Metric, len(registries))
	if len(registries) == 0 {
		go func() { done(sum([][]*Metric{sharedMetrics()})) }()
		return
	}
	asked := time.Now()
	var waiting atomic.Int64
	waiting.Store(int64(len(registries)))
	for i, r := range registries {
		r.post(func() {
			r.lag = time.Since(asked)
			parts[i] = r.copies()
			if waiting.Add(-1) == 0 {
				go func() { done(sum(append(parts, sharedMetrics()))) }()
			}
		})
	}
}

// sum adds up metrics of the same name, and sorts them by name. It takes the metrics over. Of metrics that differ in kind or
// buckets the first one counts.
func sum(parts [][]*Metric) []*Metric {
	byName := map[string]*Metric{}
	var list []*Metric
	for _, part := range parts {
		for _, m := range part {
			switch o := byName[m.Name]; {
			case o == nil:
				byName[m.Name] = m
				list = append(list, m)
			case o.sameShape(m):
				o.root.add(m.root)
			}
		}
	}
	slices.SortFunc(list, func(a, b *Metric) int { return strings.Compare(a.Name, b.Name) })
	return list
}
