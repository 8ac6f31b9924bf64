package algo

import (
	"errors"
	"math"

	"weir/internal/script"
)

// QuotaClass is the class of algo.Quota; its Go value is a *Quota.
var QuotaClass = &script.Class{
	Name: "Quota", Path: "algo.Quota", Sig: "(initial: number = 0, options?)", Length: 2, Bound: true,
	New:      newQuota,
	Finalize: func(v any) { v.(*Quota).release() },
	Methods: []script.Method{
		{Name: "reset", Sig: "() => void", Fn: func(c *script.Call) (script.Value, error) {
			script.This[*Quota](c).Reset()
			return script.Undefined, nil
		}},
		{Name: "produce", Sig: "(n: number) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			n, err := requiredNumber(c)
			if err == nil {
				script.This[*Quota](c).Produce(n)
			}
			return script.Undefined, err
		}},
		{Name: "consume", Sig: "(n: number) => number", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			n, err := requiredNumber(c)
			if err != nil {
				return script.Undefined, err
			}
			return script.Number(script.This[*Quota](c).Consume(n)), nil
		}},
	},
	Props: []script.Prop{
		{Name: "initial", Sig: "number", Get: func(c *script.Call) (script.Value, error) {
			return script.Number(script.This[*Quota](c).Initial()), nil
		}},
		{Name: "current", Sig: "number", Get: func(c *script.Call) (script.Value, error) {
			return script.Number(script.This[*Quota](c).Current()), nil
		}},
	},
}

func newQuota(c *script.Call) (any, error) {
	var a allowance
	var err error
	if c.Has(0) {
		if a.initial, err = c.Number(0); err != nil {
			return nil, err
		}
	}
	if err := optionalObject(c, 1); err != nil {
		return nil, err
	}
	o := c.Options(c.Arg(1))
	key := o.Value("key")
	name := o.Str("key", "")
	a.max = o.Number("max", math.Inf(1))
	a.step = o.Number("produce", 0)
	a.current = a.initial
	a.shared = !key.IsUndefined()
	per := o.Duration("per", 0)
	if err := o.Err(); err != nil {
		return nil, err
	}
	q := &Quota{clock: clockOf(c.Realm)}
	if q.clock == nil && (a.shared || per > 0) {
		return nil, errors.New("a quota that recovers or is shared needs an event loop")
	}
	if a.shared {
		q.counter = sharedCounter(name, a, per)
		return q, nil
	}
	q.counter = &counter{allowance: a, per: per}
	if q.clock != nil {
		q.counter.after = q.clock.AfterFunc
	}
	return q, nil
}
