package algo

import (
	"errors"

	"weir/internal/script"
)

// weightedList is what roundRobin and leastWork have in common: targets with weights, and a target remembered for each key.
type weightedList struct {
	targetList
	remembered map[script.Identity]remembered
}

// remembered is the target of a key.
type remembered struct {
	target *legacyTarget
	key    *script.Ref // keeps the identity valid
}

func (l *weightedList) recall(r *script.Realm, key script.Value) *legacyTarget {
	if key.IsUndefined() || len(l.remembered) == 0 {
		return nil
	}
	return l.remembered[r.Identity(key)].target
}

func (l *weightedList) remember(r *script.Realm, key script.Value, t *legacyTarget) {
	if key.IsUndefined() {
		return
	}
	if l.remembered == nil {
		l.remembered = map[script.Identity]remembered{}
	}
	m := remembered{target: t}
	if key.IsObject() || key.IsSymbol() {
		m.key = r.Hold(key)
	}
	l.remembered[r.Identity(key)] = m
}

// least returns the first target with the lowest usage of those in good health, nil if there is none.
func (l *weightedList) least() (best *legacyTarget) {
	for _, t := range l.targets {
		if t.healthy && t.weight > 0 && (best == nil || t.usage() < best.usage()) {
			best = t
		}
	}
	return best
}

func (l *weightedList) find(id string) *legacyTarget { return l.byID[id] }

// weighing is a chooser whose targets have weights.
type weighing interface {
	chooser
	// setWeight adds a target or changes its weight.
	setWeight(r *script.Realm, id string, weight float64)
	// setTargets replaces the list.
	setTargets(r *script.Realm, list []weighted)
}

func newWeighing(c *script.Call, w weighing) (any, error) {
	if err := optionalObject(c, 0); err != nil {
		return nil, err
	}
	list, err := weightedTargets(c.Realm, c.Arg(0))
	if err != nil {
		return nil, err
	}
	w.setTargets(c.Realm, list)
	return newLegacyBalancer(c, w)
}

// setWeighing is the method set: (targets) or (target, weight).
func setWeighing(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	w := legacyOf[weighing](c)
	switch v := c.Arg(0); {
	case v.IsString():
		if err := c.Need(2); err != nil {
			return script.Undefined, err
		}
		n, err := c.Number(1)
		if err != nil {
			return script.Undefined, err
		}
		id, _ := c.AsString(v)
		w.setWeight(c.Realm, id, wholeWeight(n))
	case v.IsObject():
		list, err := weightedTargets(c.Realm, v)
		if err != nil {
			return script.Undefined, err
		}
		w.setTargets(c.Realm, list)
	default:
		return script.Undefined, errors.New("argument #1 expects a string or an object")
	}
	return script.Undefined, nil
}

// replace makes list the targets and returns the previous ones; those that were there before are the same ones.
func (l *weightedList) replace(r *script.Realm, list []weighted, entered func(t *legacyTarget, known bool, weight float64)) {
	old := l.byID
	l.targetList = targetList{byID: map[string]*legacyTarget{}}
	for _, w := range list {
		t := l.byID[w.id]
		known := t != nil
		if !known {
			if t = old[w.id]; t != nil {
				known = true
				l.byID[w.id] = t
				l.targets = append(l.targets, t)
			} else {
				t = l.add(r, w.id)
			}
		}
		entered(t, known, w.weight)
	}
}
