package algo

import (
	"strconv"
	"sync/atomic"

	"weir/internal/script"
)

// legacyBalancer is the Go value of HashingLoadBalancer, RoundRobinLoadBalancer and LeastWorkLoadBalancer.
type legacyBalancer struct {
	chooser
	unhealthy *Cache
	loans     map[any]*loan             // of connections
	held      map[script.Identity]*loan // of objects that take no properties
	property  string                    // where all other objects keep their loan
}

// chooser is what the legacy balancers differ in.
type chooser interface {
	// choose returns the target for a key (undefined if there is none) and counts it as used; nil if there is none.
	choose(r *script.Realm, key script.Value, healthy func(*legacyTarget) bool) *legacyTarget
	// release takes one use off a target. It must not touch scripts.
	release(t *legacyTarget)
	// find returns a target by its id, nil if there is none.
	find(id string) *legacyTarget
}

// loan is what a borrower has borrowed. Its script object is a hidden property of the borrower and ends with it.
type loan struct {
	balancer *legacyBalancer
	owner    script.Identity
	keep     *script.Ref // the borrower, if it takes no properties
	target   *legacyTarget
	resource *script.Ref // nil = nothing at the moment
}

var loanClass = &script.Class{Name: "Loan", Finalize: func(v any) { v.(*loan).end() }}

// borrowed is the Go value of what borrow returns.
type borrowed struct{ target *legacyTarget }

var borrowedClass = &script.Class{
	Name: "Resource",
	Props: []script.Prop{{Name: "id", Get: func(c *script.Call) (script.Value, error) {
		return script.This[*borrowed](c).target.name.Value(), nil
	}}},
}

// balancers numbers the balancers of the process.
var balancers atomic.Uint64

func newLegacyBalancer(c *script.Call, ch chooser) (*legacyBalancer, error) {
	b := &legacyBalancer{chooser: ch, loans: map[any]*loan{}, held: map[script.Identity]*loan{}}
	b.property = "__borrowed" + strconv.FormatUint(balancers.Add(1), 36)
	var err error
	b.unhealthy, err = optionalCache(c, 1)
	return b, err
}

func optionalCache(c *script.Call, i int) (*Cache, error) {
	if !c.Has(i) {
		return nil, nil
	}
	return script.ArgAs[*Cache](c, i, "an instance of pipy::algo::Cache")
}

// end puts what is borrowed back for others.
func (l *loan) end() {
	if l.resource == nil {
		return
	}
	l.target.free = append(l.target.free, l.resource)
	l.balancer.release(l.target)
	l.resource = nil
}

// health returns the test for healthy targets.
func (b *legacyBalancer) health(r *script.Realm, more *Cache) func(*legacyTarget) bool {
	return func(t *legacyTarget) bool { return !marked(r, b.unhealthy, t) && !marked(r, more, t) }
}

func marked(r *script.Realm, k *Cache, t *legacyTarget) bool {
	if k == nil {
		return false
	}
	v, ok := k.Find(t.identity)
	return ok && r.Truthy(v)
}

// borrow returns the resource of a borrower, a new or a spare one if it has none whose target is healthy; null if no target is.
func (b *legacyBalancer) borrow(c *script.Call, borrower, key script.Value, more *Cache) script.Value {
	healthy := b.health(c.Realm, more)
	l := b.loanOf(c.Realm, borrower)
	if l != nil && l.resource != nil {
		if healthy(l.target) {
			return l.resource.Value()
		}
		l.end()
	}
	t := b.choose(c.Realm, key, healthy)
	if t == nil {
		return script.Null
	}
	if l == nil {
		return c.NewObjectOf(borrowedClass, &borrowed{t})
	}
	l.target = t
	if n := len(t.free); n > 0 {
		l.resource = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		l.resource = c.Hold(c.NewObjectOf(borrowedClass, &borrowed{t}))
	}
	return l.resource.Value()
}

// loanOf returns the loan of a borrower, made if there is none; nil if there is no borrower.
func (b *legacyBalancer) loanOf(r *script.Realm, borrower script.Value) *loan {
	if borrower.IsNullish() {
		if cur := r.Current(); cur != nil && cur.Inbound != nil {
			return b.loanTo(cur.Inbound)
		}
		return nil
	}
	if e, ok := r.Opaque(borrower).(Ender); ok {
		return b.loanTo(e)
	}
	id := r.Identity(borrower)
	if l := b.held[id]; l != nil {
		return l
	}
	if v, err := r.Get(borrower, b.property); err == nil {
		if l, ok := script.As[*loan](r, v); ok && l.owner == id { // not one of its prototype
			return l
		}
	}
	l := &loan{balancer: b, owner: id}
	v := r.NewObjectOf(loanClass, l)
	if k := r.ClassOf(borrower); k == nil || !k.Record { // a Record would list it among its fields
		r.DefineHidden(borrower, b.property, v)
	}
	if got, err := r.Get(borrower, b.property); err != nil || !r.Same(got, v) {
		l = &loan{balancer: b, owner: id, keep: r.Hold(borrower)}
		b.held[id] = l
	}
	return l
}

// loanTo is loanOf for a connection.
func (b *legacyBalancer) loanTo(x any) *loan {
	l := b.loans[x]
	if l == nil {
		l = &loan{balancer: b}
		b.loans[x] = l
		if e, ok := x.(Ender); ok {
			e.OnEnd(func() {
				l.end()
				delete(b.loans, x)
			})
		}
	}
	return l
}
