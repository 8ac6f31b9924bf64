package algo

import "weir/internal/script"

// legacyTarget is a target of one of the legacy balancers.
type legacyTarget struct {
	id       string
	name     *script.Ref     // id as a script string
	identity script.Identity // and as a key of an unhealthy cache
	weight   float64         // a whole number, 0 or more
	hits     float64
	healthy  bool          // when it was last looked at
	free     []*script.Ref // resources nobody borrows
}

// usage is how much work the target has, by its weight.
func (t *legacyTarget) usage() float64 { return t.hits / t.weight }

// targetList is the targets of a legacy balancer in order. A target that is set again is the same one.
type targetList struct {
	targets []*legacyTarget
	byID    map[string]*legacyTarget
}

// add appends a target that is not there yet.
func (l *targetList) add(r *script.Realm, id string) *legacyTarget {
	name := r.String(id)
	t := &legacyTarget{id: id, name: r.Hold(name), identity: r.Identity(name), weight: 1, healthy: true}
	if l.byID == nil {
		l.byID = map[string]*legacyTarget{}
	}
	l.byID[id] = t
	l.targets = append(l.targets, t)
	return t
}

// target returns the target of an id, made if there is none, and whether it was there.
func (l *targetList) target(r *script.Realm, id string) (t *legacyTarget, found bool) {
	if t := l.byID[id]; t != nil {
		return t, true
	}
	return l.add(r, id), false
}

// minimum returns the lowest usage among healthy targets, 0 if there is none.
func (l *targetList) minimum() float64 {
	low := -1.0
	for _, t := range l.targets {
		if t.healthy && t.weight > 0 && (low < 0 || t.usage() < low) {
			low = t.usage()
		}
	}
	return max(low, 0)
}

// weighted is a target as scripts give it.
type weighted struct {
	id     string
	weight float64
}

// weightedTargets reads string[] or {id: weight}.
func weightedTargets(r *script.Realm, v script.Value) ([]weighted, error) {
	var list []weighted
	if r.IsArray(v) {
		elements, err := r.Elements(v)
		if err != nil {
			return nil, err
		}
		for _, e := range elements {
			id, err := r.ToString(e)
			if err != nil {
				return nil, err
			}
			list = append(list, weighted{id, 1})
		}
		return list, nil
	}
	err := r.Each(v, func(id string, v script.Value) error {
		n, err := r.ToNumber(v)
		list = append(list, weighted{id, wholeWeight(n)})
		return err
	})
	return list, err
}

func wholeWeight(n float64) float64 { return float64(max(script.Truncate(n), 0)) }
