package metrics

import "time"

// Registry has the metrics of one worker, by name. It belongs to the worker's goroutine.
type Registry struct {
	hub     *Hub
	post    func(func())
	entries map[string]*Registration
	hooks   []*Hook
	engine  engine
	lag     time.Duration
}

// Lag returns how long the collection under way waited for its turn: how late the worker is.
func (r *Registry) Lag() time.Duration { return r.lag }

// Hub returns the hub the registry is part of.
func (r *Registry) Hub() *Hub { return r.hub }

// Registration is a metric that has taken its name in a registry.
type Registration struct {
	registry  *Registry
	metric    *Metric
	owner     any
	onCollect func()
	before    *Registration // whose place it took, while that may come back
	ended     bool
}

// Register gives a metric its name, in place of the one that had it. onCollect, if there is one, is called whenever metrics
// are collected. owner is whoever will call End, compared by ==.
func (r *Registry) Register(m *Metric, owner any, onCollect func()) *Registration {
	n := &Registration{registry: r, metric: m, owner: owner, onCollect: onCollect}
	if old := r.entries[m.Name]; old != nil {
		if old.owner == owner {
			old, old.before = old.before, nil
		}
		if old != nil && !old.ended {
			n.before = old
		}
	}
	r.entries[m.Name] = n
	return n
}

// End says that nobody writes to the metric any more. It keeps its values until another takes its name; but if it had taken
// the name of one that is still in use (a new version of a program was loaded, and dropped), that gets it back.
func (n *Registration) End() {
	n.ended, n.onCollect = true, nil
	if n.before != nil && !n.before.ended && n.registry.entries[n.metric.Name] == n {
		n.registry.entries[n.metric.Name] = n.before
	}
	n.before = nil
}

// Hook is a function that is called before metrics are collected.
type Hook struct{ f func() }

// OnCollect has f called whenever metrics are collected, on the worker's goroutine in a turn of its own.
func (r *Registry) OnCollect(f func()) *Hook {
	h := &Hook{f}
	r.hooks = append(r.hooks, h)
	return h
}

// Remove takes a hook out.
func (r *Registry) Remove(h *Hook) {
	for i, o := range r.hooks {
		if o == h {
			r.hooks = append(r.hooks[:i:i], r.hooks[i+1:]...)
			return
		}
	}
}

// copies brings all metrics up to date and returns copies of them.
func (r *Registry) copies() []*Metric {
	r.engine.begin()
	for _, h := range r.hooks {
		h.f()
	}
	// Callbacks may register metrics.
	asked := make([]*Registration, 0, len(r.entries))
	for _, n := range r.entries {
		if n.onCollect != nil {
			asked = append(asked, n)
		}
	}
	for _, n := range asked {
		if n.onCollect != nil {
			n.onCollect()
		}
	}
	list := make([]*Metric, 0, len(r.entries))
	for _, n := range r.entries {
		list = append(list, n.metric.copy())
	}
	return list
}
