package algo

import (
	"slices"
	"sort"
)

// queue shares picks out among targets in proportion to their weights: the target with the lowest load is next, and each
// pick raises its load by total weight / weight.
type queue[T any] struct {
	order []*queued[T] // by load, ascending; those of weight 0 are not in it
}

// queued is a target of a queue.
type queued[T any] struct {
	value  T
	weight float64
	step   float64 // what a pick adds to the load
	picks  int     // can be negative: more can be released than was picked
	load   float64 // picks * step, not a running sum: rounding must not break ties
}

func (t *queued[T]) add(picks int) {
	t.picks += picks
	t.load = float64(t.picks) * t.step
}

// provision replaces the targets. fresh starts them all from the beginning; otherwise those that were there before keep
// their picks.
func (q *queue[T]) provision(targets []*queued[T], fresh bool) {
	total := 0.0
	for _, t := range targets {
		total += t.weight
	}
	q.order = make([]*queued[T], 0, len(targets))
	for _, t := range targets {
		if t.weight == 0 {
			continue
		}
		if fresh {
			t.picks = 1
		}
		t.step = total / t.weight
		t.add(0)
		q.order = append(q.order, t)
	}
	slices.SortStableFunc(q.order, func(a, b *queued[T]) int {
		switch {
		case a.load < b.load:
			return -1
		case a.load > b.load:
			return 1
		}
		return 0
	})
}

// pick takes the first target that is accepted; nil if none is. A nil accept accepts all. accept may use the queue.
func (q *queue[T]) pick(accept func(T) (bool, error)) (*queued[T], error) {
	for i := 0; i < len(q.order); i++ {
		t := q.order[i]
		at := i
		if accept != nil {
			ok, err := accept(t.value)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if at = q.index(t); at < 0 { // accept took it away
				continue
			}
		}
		q.charge(at)
		return t, nil
	}
	return nil, nil
}

// charge adds a pick to the load of the target at i and moves it behind all whose load is not higher.
func (q *queue[T]) charge(i int) {
	t := q.order[i]
	t.add(1)
	rest := q.order[i+1:]
	n := sort.Search(len(rest), func(k int) bool { return rest[k].load > t.load })
	copy(q.order[i:], rest[:n])
	q.order[i+n] = t
}

// release takes a pick off the load of a target and moves it forward, behind all whose load is not higher.
func (q *queue[T]) release(t *queued[T]) {
	i := q.index(t)
	if i < 0 {
		return
	}
	t.add(-1)
	front := q.order[:i]
	n := sort.Search(len(front), func(k int) bool { return front[k].load > t.load })
	copy(q.order[n+1:], front[n:])
	q.order[n] = t
}

// index returns the place of a target, -1 if it is not in the queue.
func (q *queue[T]) index(t *queued[T]) int {
	i := sort.Search(len(q.order), func(k int) bool { return q.order[k].load >= t.load })
	for ; i < len(q.order) && q.order[i].load == t.load; i++ {
		if q.order[i] == t {
			return i
		}
	}
	return -1
}
