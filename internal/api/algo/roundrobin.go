package algo

import "weir/internal/script"

// roundRobin gives each target as many picks per round as its weight says.
type roundRobin struct{ weightedList }

var roundRobinClass = &script.Class{
	Name: "RoundRobinLoadBalancer", Path: "algo.RoundRobinLoadBalancer",
	Sig:    "(targets?: string[] | {id: weight}, unhealthy?: Cache)",
	Length: 2, Bound: true, Parent: legacyClass,
	New: func(c *script.Call) (any, error) { return newWeighing(c, &roundRobin{}) },
	Methods: []script.Method{
		{Name: "set", Sig: "(targets) => void | (target: string, weight: int) => void", Length: 2, Fn: setWeighing},
	},
}

func (b *roundRobin) choose(r *script.Realm, key script.Value, healthy func(*legacyTarget) bool) *legacyTarget {
	if t := b.recall(r, key); t != nil {
		return t
	}
	b.examine(healthy)
	t := b.least()
	if t == nil {
		return nil
	}
	t.hits++
	b.endRound()
	b.remember(r, key, t)
	return t
}

// examine looks at the health of all targets. One that recovered joins where the others are, not with a backlog.
func (b *roundRobin) examine(healthy func(*legacyTarget) bool) {
	var recovered []*legacyTarget
	for _, t := range b.targets {
		now := healthy(t)
		if now && !t.healthy {
			recovered = append(recovered, t)
		} else {
			t.healthy = now
		}
	}
	if len(recovered) == 0 {
		return
	}
	low := b.minimum()
	for _, t := range recovered {
		t.healthy, t.hits = true, low*t.weight
	}
}

// endRound begins a new round once every healthy target had its picks.
func (b *roundRobin) endRound() {
	hits, weight := 0.0, 0.0
	for _, t := range b.targets {
		if t.healthy {
			hits += t.hits
			weight += t.weight
		}
	}
	if hits < weight {
		return
	}
	for _, t := range b.targets {
		t.hits = 0
	}
}

func (b *roundRobin) release(*legacyTarget) {}

func (b *roundRobin) setWeight(r *script.Realm, id string, weight float64) {
	low := b.minimum()
	t, known := b.target(r, id)
	b.weigh(t, known, weight, low)
}

func (b *roundRobin) weigh(t *legacyTarget, known bool, weight, low float64) {
	if !known || t.weight != weight {
		t.weight, t.hits = weight, low*weight
	}
}

func (b *roundRobin) setTargets(r *script.Realm, list []weighted) {
	low := b.minimum()
	b.replace(r, list, func(t *legacyTarget, known bool, weight float64) { b.weigh(t, known, weight, low) })
	for id, m := range b.remembered {
		if b.byID[m.target.id] == nil {
			delete(b.remembered, id)
		}
	}
}
