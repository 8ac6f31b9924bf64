package repo

import (
	"container/list"
	"sync"
)

// cache keeps values that never change, the latest used ones up to a total size. It may be used from any goroutine.
type cache struct {
	limit int

	mu    sync.Mutex
	size  int
	order list.List // of cached, the latest used first
	byID  map[string]*list.Element
}

type cached struct {
	id    string
	value any
	size  int
}

func newCache(limit int) *cache { return &cache{limit: limit, byID: map[string]*list.Element{}} }

func (c *cache) get(id string) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).value
}

func (c *cache) put(id string, value any, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID[id] != nil || size > c.limit {
		return
	}
	c.byID[id] = c.order.PushFront(&cached{id, value, size})
	for c.size += size; c.size > c.limit; {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.byID, last.id)
		c.size -= last.size
	}
}
