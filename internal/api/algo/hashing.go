package algo

import "weir/internal/script"

// hashing chooses by the hash of the key modulo the number of targets.
type hashing struct{ targetList }

var hashingClass = &script.Class{
	Name: "HashingLoadBalancer", Path: "algo.HashingLoadBalancer", Sig: "(targets?: string[] | object, unhealthy?: Cache)",
	Length: 2, Bound: true, Parent: legacyClass,
	New: func(c *script.Call) (any, error) {
		if err := optionalObject(c, 0); err != nil {
			return nil, err
		}
		h := &hashing{}
		if err := h.set(c.Realm, c.Arg(0)); err != nil {
			return nil, err
		}
		return newLegacyBalancer(c, h)
	},
	Methods: []script.Method{
		{Name: "set", Sig: "(targets) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			if err := optionalObject(c, 0); err != nil {
				return script.Undefined, err
			}
			return script.Undefined, legacyOf[*hashing](c).set(c.Realm, c.Arg(0))
		}},
		{Name: "add", Sig: "(target: string) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			id, err := c.Str(0)
			if err == nil {
				legacyOf[*hashing](c).append(c.Realm, id)
			}
			return script.Undefined, err
		}},
	},
}

// set replaces the targets by the elements of an array or the keys of an object; nullish changes nothing.
func (h *hashing) set(r *script.Realm, v script.Value) error {
	if v.IsNullish() {
		return nil
	}
	var ids []string
	if r.IsArray(v) {
		list, err := weightedTargets(r, v)
		if err != nil {
			return err
		}
		for _, w := range list {
			ids = append(ids, w.id)
		}
	} else {
		var err error
		if ids, err = r.Keys(v); err != nil {
			return err
		}
	}
	old := h.targetList
	h.targetList = targetList{byID: map[string]*legacyTarget{}}
	for _, id := range ids {
		if t := old.byID[id]; t != nil {
			h.byID[id] = t
		}
		h.append(r, id)
	}
	return nil
}

// append adds a target at the end. One that is in the list already gets a second share.
func (h *hashing) append(r *script.Realm, id string) {
	if t := h.byID[id]; t != nil {
		h.targets = append(h.targets, t)
		return
	}
	h.add(r, id)
}

func (h *hashing) choose(r *script.Realm, key script.Value, healthy func(*legacyTarget) bool) *legacyTarget {
	if len(h.targets) == 0 {
		return nil
	}
	t := h.targets[hashOf(r, key)%uint64(len(h.targets))]
	if !healthy(t) {
		return nil
	}
	return t
}

func (h *hashing) release(*legacyTarget) {}

func (h *hashing) find(id string) *legacyTarget { return h.byID[id] }
