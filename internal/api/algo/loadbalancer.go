package algo

import (
	"errors"
	"math"

	"weir/internal/script"
)

// loadBalancer is the Go value of an algo.LoadBalancer.
type loadBalancer struct {
	leastLoad bool
	keyOf     *script.Ref
	weightOf  *script.Ref
	limitOf   *script.Ref
	limit     int // resources per target if there is no limitOf; 0 = unlimited
	byKey     map[script.Identity]*target
	queue     queue[*target]
}

// target is one of the things a loadBalancer chooses from.
type target struct {
	*queued[*target]
	target    *script.Ref // what the script gave
	key       *script.Ref
	limit     int
	resources resourceSet
}

// provision replaces the targets. A target with the key of a previous one is that one, with new weight and limit. If a
// callback fails nothing changes.
func (b *loadBalancer) provision(r *script.Realm, array script.Value) error {
	var values []script.Value
	if !array.IsNullish() {
		var err error
		if values, err = r.Elements(array); err != nil {
			return err
		}
	}
	type offer struct {
		key    script.Value
		weight float64
		limit  int
	}
	offers := make([]offer, len(values))
	for i, v := range values {
		key, err := b.ask(r, b.keyOf, v, v)
		if err != nil {
			return err
		}
		weight, err := b.askNumber(r, b.weightOf, v, 1)
		if err != nil {
			return err
		}
		limit, err := b.askNumber(r, b.limitOf, v, float64(b.limit))
		if err != nil {
			return err
		}
		offers[i] = offer{key, max(weight, 0), max(script.Truncate(limit), 0)}
	}
	byKey := make(map[script.Identity]*target, len(offers))
	list := make([]*queued[*target], 0, len(offers))
	for i, o := range offers {
		id := r.Identity(o.key)
		t := byKey[id]
		if t == nil {
			if t = b.byKey[id]; t == nil {
				t = &target{queued: &queued[*target]{}, target: r.Hold(values[i]), key: r.Hold(o.key)}
				t.value = t
			}
			byKey[id] = t
			list = append(list, t.queued)
		}
		t.weight, t.limit = o.weight, o.limit
	}
	b.byKey = byKey
	b.queue.provision(list, !b.leastLoad)
	return nil
}

// ask calls an optional callback with a target.
func (b *loadBalancer) ask(r *script.Realm, f *script.Ref, v, def script.Value) (script.Value, error) {
	if f == nil {
		return def, nil
	}
	return r.Call(f.Value(), v)
}

func (b *loadBalancer) askNumber(r *script.Realm, f *script.Ref, v script.Value, def float64) (float64, error) {
	x, err := b.ask(r, f, v, script.Undefined)
	if err != nil || x.IsNullish() {
		return def, err
	}
	n, err := r.ToNumber(x)
	if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		err = errors.New("weight and capacity of a target must be finite numbers")
	}
	return n, err
}

// pick takes the next target that the validator, unless undefined, accepts; nil if there is none.
func (b *loadBalancer) pick(r *script.Realm, validator script.Value) (*target, error) {
	var accept func(*target) (bool, error)
	if !validator.IsUndefined() {
		accept = func(t *target) (bool, error) { return t.accepted(r, validator) }
	}
	q, err := b.queue.pick(accept)
	if q == nil {
		return nil, err
	}
	return q.value, nil
}

func (t *target) accepted(r *script.Realm, validator script.Value) (bool, error) {
	if validator.IsUndefined() {
		return true, nil
	}
	v, err := r.Call(validator, t.target.Value())
	return err == nil && r.Truthy(v), err
}

// allocate returns the script object of a resource, or null. A key that belongs to an accepted target decides for it, and
// scripts rely on that not counting as load.
func (b *loadBalancer) allocate(r *script.Realm, key, validator script.Value) (script.Value, error) {
	if !key.IsNullish() {
		if t := b.byKey[r.Identity(key)]; t != nil {
			ok, err := t.accepted(r, validator)
			if err != nil {
				return script.Undefined, err
			}
			if ok {
				return b.use(r, t), nil
			}
		}
	}
	t, err := b.pick(r, validator)
	if t == nil {
		return script.Null, err
	}
	return b.use(r, t), nil
}

// use returns the script object of a resource of a target that has one more user now.
func (b *loadBalancer) use(r *script.Realm, t *target) script.Value {
	s := &t.resources
	if x := s.leastUsed(); x != nil && (x.users == 0 || t.limit > 0 && s.count >= t.limit) {
		if v, ok := x.self.Get(); ok {
			s.use(x, x.users+1)
			return v
		}
	}
	x := &resource{balancer: b, target: t, users: 1}
	v := r.NewObjectOf(resourceClass, x)
	x.self, _ = r.Weaken(v)
	s.add(x)
	return v
}

// free takes a user off the resource.
func (x *resource) free() {
	if x.users == 0 {
		return
	}
	x.target.resources.use(x, x.users-1)
	if x.balancer.leastLoad {
		x.balancer.queue.release(x.target.queued)
	}
}
