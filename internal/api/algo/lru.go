package algo

// lru is a map in the order of use: a linked list from the least to the most recently used entry, with an index.
type lru[K comparable, V any] struct {
	index map[K]*lruEntry[K, V]
	root  lruEntry[K, V] // next is the oldest entry, prev the newest
}

type lruEntry[K comparable, V any] struct {
	key        K
	value      V
	prev, next *lruEntry[K, V] // nil once the entry is removed
}

func newLRU[K comparable, V any]() *lru[K, V] {
	l := &lru[K, V]{index: map[K]*lruEntry[K, V]{}}
	l.root.prev, l.root.next = &l.root, &l.root
	return l
}

func (l *lru[K, V]) len() int { return len(l.index) }

// get returns the entry of a key, nil if there is none. It does not count as a use.
func (l *lru[K, V]) get(k K) *lruEntry[K, V] { return l.index[k] }

// add appends an entry as the most recent one. The key must be new.
func (l *lru[K, V]) add(k K, v V) *lruEntry[K, V] {
	e := &lruEntry[K, V]{key: k, value: v}
	l.index[k] = e
	l.append(e)
	return e
}

func (l *lru[K, V]) append(e *lruEntry[K, V]) {
	e.prev, e.next = l.root.prev, &l.root
	e.prev.next, e.next.prev = e, e
}

// use makes an entry the most recent one. A removed entry stays removed.
func (l *lru[K, V]) use(e *lruEntry[K, V]) {
	if e.next == nil || e.next == &l.root {
		return
	}
	e.prev.next, e.next.prev = e.next, e.prev
	l.append(e)
}

// remove removes an entry; it reports whether it was still there.
func (l *lru[K, V]) remove(e *lruEntry[K, V]) bool {
	if e.next == nil {
		return false
	}
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
	delete(l.index, e.key)
	return true
}

// oldest returns the least recently used entry, nil if there is none.
func (l *lru[K, V]) oldest() *lruEntry[K, V] {
	if l.root.next == &l.root {
		return nil
	}
	return l.root.next
}

// entries returns all entries, the oldest first.
func (l *lru[K, V]) entries() []*lruEntry[K, V] {
	es := make([]*lruEntry[K, V], 0, len(l.index))
	for e := l.root.next; e != &l.root; e = e.next {
		es = append(es, e)
	}
	return es
}
