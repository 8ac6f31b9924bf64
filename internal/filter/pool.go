package filter

import (
	"container/heap"
	"time"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
)

// The pooling of mux filters. A filter's declaration has pools, one per key; a pool has sessions, each a sub-pipeline
// that several filters use one after the other or at the same time.

// poolOptions bound the use of sessions.
type poolOptions struct {
	maxIdle     time.Duration // a session nobody uses is closed after that
	maxQueue    int           // users of a session at the same time; not positive: any number
	maxMessages int           // how often a session is used again after its first user; 0: any number
}

// readPoolOptions reads the options that all mux filters have.
func readPoolOptions(o *script.Options) poolOptions {
	return poolOptions{
		maxIdle:     o.Duration("maxIdle", 60*time.Second),
		maxQueue:    o.Int("maxQueue", 1),
		maxMessages: o.Int("maxMessages", 0),
	}
}

// pools are the pools of one filter declaration. The zero value has none.
type pools struct {
	world   *pipeline.World
	byKey   map[poolKey]*pool
	timer   *reactor.Timer
	ticking bool
}

// poolKey finds a pool: by the inbound connection, or by what a selector returned.
type poolKey struct {
	inbound any
	value   script.Identity
}

// pool has the sessions for one key.
type pool struct {
	poolOptions
	// config is what else the filter read from the options when the pool was made.
	config   any
	owner    *pools
	key      poolKey
	ref      keyRef
	sessions sessionHeap
	spent    []*pooled // not to be given to further users
	releases uint64
	detached bool // not in use for the key any more
}

// pooled is the part of a session that its pool manages. Sessions embed it.
type pooled struct {
	pool  *pool
	self  poolSession
	users int
	uses  int // after the first
	order uint64
	since time.Time // without users since
	index int       // in the heap, -1 if spent or gone
	gone  bool
	limit int // users at the same time, in place of the pool's maxQueue, if not 0
}

// poolSession is a session seen by its pool.
type poolSession interface {
	// closeIdle ends a session nobody uses. It has left the pool already.
	closeIdle()
	// stalled reports whether further users would be held up by those there are.
	stalled() bool
}

// find returns the pool for what a selector returned in the context of a filter; undefined stands for the inbound. If
// there is none, open is called for the options of a new one; ok is false if open refuses.
func (ps *pools) find(b *pipeline.Base, v script.Value, open func() (poolOptions, any, bool)) (p *pool, ok bool) {
	r := b.Realm()
	if ps.byKey == nil {
		ps.world, ps.byKey = b.World(), map[poolKey]*pool{}
		ps.world.OnShutdown(ps.check)
	}
	key := poolKey{}
	if v.IsUndefined() {
		key.inbound = b.Context().Inbound
	} else {
		key.value = r.Identity(v)
	}
	if p = ps.byKey[key]; p != nil {
		if p.ref.alive(r) {
			return p, true
		}
		delete(ps.byKey, key) // another object has the place of a dead key now
		p.detached = true
		p.closeIdle(func(*pooled) bool { return true })
	}
	opts, config, ok := open()
	if !ok {
		return nil, false
	}
	p = &pool{poolOptions: opts, config: config, owner: ps, key: key}
	if v.IsUndefined() {
		p.ref.inbound = key.inbound
		if in, ok := key.inbound.(interface{ OnEnd(fn func()) }); ok {
			in.OnEnd(p.abandon)
		}
	} else {
		p.ref.set(r, v)
	}
	ps.byKey[key] = p
	return p, true
}

// keyValue returns the pool's key as scripts see it, the argument sessions are started with.
func (p *pool) keyValue(r *script.Realm) script.Value {
	v, _ := p.ref.value(r)
	return v
}

// take returns the session with the fewest users that may have one more, or nil. Among equals the one that was given
// back last is taken.
func (p *pool) take() *pooled {
	p = p.current()
	if len(p.sessions) == 0 {
		return nil
	}
	s := p.sessions[0]
	if s.self.stalled() {
		s = p.unstalled()
	}
	if s == nil || !s.hasRoom() {
		return nil
	}
	s.users++
	s.uses++
	if p.maxMessages > 0 && s.uses >= p.maxMessages {
		heap.Remove(&p.sessions, s.index)
		p.spent = append(p.spent, s)
	} else {
		heap.Fix(&p.sessions, s.index)
	}
	return s
}

// unstalled returns the session with the fewest users among those that are not stalled, or nil.
func (p *pool) unstalled() (best *pooled) {
	for _, s := range p.sessions {
		if (best == nil || s.users < best.users) && !s.self.stalled() {
			best = s
		}
	}
	return best
}

// stalled implements poolSession for sessions that never are.
func (s *pooled) stalled() bool { return false }

// hasRoom reports whether the session may have one more user.
func (s *pooled) hasRoom() bool {
	limit := s.pool.maxQueue
	if s.limit > 0 {
		limit = s.limit
	}
	return limit <= 0 || s.users < limit
}

// add puts a new session with one user into the pool.
func (p *pool) add(s *pooled, self poolSession) {
	p = p.current()
	s.pool, s.self, s.users = p, self, 1
	heap.Push(&p.sessions, s)
	p.owner.tick()
}

// current returns the pool that is in use for p's key: p itself, or the one that was made after p had lost its last
// session.
func (p *pool) current() *pool {
	if !p.detached {
		return p
	}
	o := p.owner
	switch q := o.byKey[p.key]; {
	case !p.ref.alive(o.world.Realm):
		return p
	case q != nil:
		return q
	}
	p.detached = false
	o.byKey[p.key] = p
	return p
}

// giveBack says that one user is done with the session.
func (s *pooled) giveBack() {
	if s.users--; s.gone {
		return
	}
	p := s.pool
	p.releases++
	s.order = p.releases
	if s.users == 0 {
		s.since = p.owner.world.Now()
	}
	if s.index >= 0 {
		heap.Fix(&p.sessions, s.index)
	}
	if s.users == 0 && (p.owner.world.Stopping || p.ref.gone || p.detached) {
		s.leave()
		s.self.closeIdle()
	}
}

// leave takes a session that has ended out of its pool.
func (s *pooled) leave() {
	if s.gone {
		return
	}
	s.gone = true
	p := s.pool
	if s.index >= 0 {
		heap.Remove(&p.sessions, s.index)
	} else {
		for i, o := range p.spent {
			if o == s {
				p.spent = append(p.spent[:i], p.spent[i+1:]...)
				break
			}
		}
	}
	if len(p.sessions)+len(p.spent) == 0 && p.owner.byKey[p.key] == p {
		delete(p.owner.byKey, p.key)
		p.detached = true
	}
}

// closeIdle closes the sessions without users that meet the condition.
func (p *pool) closeIdle(cond func(s *pooled) bool) {
	var idle []*pooled
	for _, list := range [][]*pooled{p.sessions, p.spent} {
		for _, s := range list {
			if s.users == 0 && cond(s) {
				idle = append(idle, s)
			}
		}
	}
	for _, s := range idle {
		s.leave()
		s.self.closeIdle()
	}
}

// abandon is called when the inbound that the pool is for has ended.
func (p *pool) abandon() {
	p.ref.gone = true
	p.closeIdle(func(*pooled) bool { return true })
}

// check closes what is no longer of use.
func (ps *pools) check() {
	now := ps.world.Now()
	for _, p := range ps.byKey {
		all := ps.world.Stopping || !p.ref.alive(ps.world.Realm)
		p.closeIdle(func(s *pooled) bool { return all || s.index < 0 || now.Sub(s.since) >= p.maxIdle })
	}
}

// tick checks every second as long as there are sessions. It keeps no loop alive.
func (ps *pools) tick() {
	if ps.ticking {
		return
	}
	ps.ticking = true
	if ps.timer != nil {
		ps.timer.Reset(time.Second)
		return
	}
	ps.timer = ps.world.Loop.AfterFunc(time.Second, func() {
		ps.ticking = false
		ps.check()
		if len(ps.byKey) > 0 {
			ps.tick()
		}
	})
	ps.timer.Unref()
}

// sessionHeap has the session with the fewest users first.
type sessionHeap []*pooled

func (h sessionHeap) Len() int { return len(h) }

func (h sessionHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return a.users < b.users || a.users == b.users && a.order > b.order
}

func (h sessionHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *sessionHeap) Push(x any) {
	s := x.(*pooled)
	s.index = len(*h)
	*h = append(*h, s)
}

func (h *sessionHeap) Pop() any {
	n := len(*h) - 1
	s := (*h)[n]
	(*h)[n] = nil
	*h = (*h)[:n]
	s.index = -1
	return s
}

// keyRef remembers a pool's key, objects without keeping them alive.
type keyRef struct {
	inbound any
	gone    bool        // the inbound has ended
	weak    script.Weak // an object of a class
	held    *script.Ref // any other value; for a plain object a WeakRef of it
	isWeak  bool        // held is a WeakRef
	isClass bool
}

var keyDeref = script.NewKey("deref")

func (k *keyRef) set(r *script.Realm, v script.Value) {
	if !v.IsObject() {
		k.held = r.Hold(v)
		return
	}
	if k.weak, k.isClass = r.Weaken(v); k.isClass {
		return
	}
	if ctor, err := r.Get(r.Global(), "WeakRef"); err == nil && ctor.IsObject() {
		if w, err := r.Construct(ctor, v); err == nil {
			k.held, k.isWeak = r.Hold(w), true
			return
		}
	}
	k.held = r.Hold(v)
}

func (k *keyRef) value(r *script.Realm) (v script.Value, alive bool) {
	switch {
	case k.isClass:
		return k.weak.Get()
	case k.isWeak:
		f, err := r.GetKey(k.held.Value(), keyDeref)
		if err == nil {
			v, err = r.CallMethod(f, k.held.Value())
		}
		return v, err == nil && v.IsObject()
	case k.held != nil:
		return k.held.Value(), true
	}
	return event.Any(r, k.inbound, script.Undefined), k.alive(r)
}

// alive reports whether the key can still come up.
func (k *keyRef) alive(r *script.Realm) bool {
	switch {
	case k.isClass:
		return k.weak.Alive()
	case k.isWeak:
		_, ok := k.value(r)
		return ok
	}
	return !k.gone
}
