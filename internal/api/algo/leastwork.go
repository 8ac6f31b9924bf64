package algo

import "weir/internal/script"

// leastWork chooses the target with the least work under way, by weight.
type leastWork struct{ weightedList }

var leastWorkClass = &script.Class{
	Name: "LeastWorkLoadBalancer", Path: "algo.LeastWorkLoadBalancer",
	Sig:    "(targets?: string[] | {id: weight}, unhealthy?: Cache)",
	Length: 2, Bound: true, Parent: legacyClass,
	New: func(c *script.Call) (any, error) { return newWeighing(c, &leastWork{}) },
	Methods: []script.Method{
		{Name: "set", Sig: "(targets) => void | (target: string, weight: int) => void", Length: 2, Fn: setWeighing},
	},
}

func (b *leastWork) choose(r *script.Realm, key script.Value, healthy func(*legacyTarget) bool) *legacyTarget {
	t := b.recall(r, key)
	if t == nil {
		for _, t := range b.targets {
			t.healthy = healthy(t)
		}
		if t = b.least(); t == nil {
			return nil
		}
		b.remember(r, key, t)
	}
	t.hits++
	return t
}

func (b *leastWork) release(t *legacyTarget) { t.hits = max(t.hits-1, 0) }

func (b *leastWork) setWeight(r *script.Realm, id string, weight float64) {
	t, _ := b.target(r, id)
	t.weight = weight
}

func (b *leastWork) setTargets(r *script.Realm, list []weighted) {
	b.replace(r, list, func(t *legacyTarget, _ bool, weight float64) { t.weight = weight })
}
