package metrics

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Shared is a counter of the process, for what happens outside of workers. It may be used from any goroutine.
type Shared struct {
	n                  atomic.Uint64
	name, help         string
	labelNames, labels []string
}

var shared struct {
	sync.Mutex
	byKey map[string]*Shared
	list  []*Shared
}

// SharedCounter returns the counter with a name and labels, made by the first call. It stays for the life of the process.
func SharedCounter(name, help string, labelNames []string, labels ...string) *Shared {
	key := name + "\x00" + strings.Join(labels, "\x00")
	shared.Lock()
	defer shared.Unlock()
	if s := shared.byKey[key]; s != nil {
		return s
	}
	if shared.byKey == nil {
		shared.byKey = map[string]*Shared{}
	}
	s := &Shared{name: name, help: help, labelNames: labelNames, labels: labels}
	shared.byKey[key] = s
	shared.list = append(shared.list, s)
	return s
}

// Add counts n more.
func (s *Shared) Add(n int) { s.n.Add(uint64(n)) }

// Value returns the count.
func (s *Shared) Value() uint64 { return s.n.Load() }

// sharedMetrics returns the counters of the process as metrics.
func sharedMetrics() []*Metric {
	shared.Lock()
	defer shared.Unlock()
	byName := map[string]*Metric{}
	var list []*Metric
	for _, s := range shared.list {
		m := byName[s.name]
		if m == nil {
			m = New(Counter, s.name, s.labelNames, nil)
			m.Help = s.help
			byName[s.name] = m
			list = append(list, m)
		}
		m.root.With(s.labels...).Set(float64(s.Value()))
	}
	return list
}
