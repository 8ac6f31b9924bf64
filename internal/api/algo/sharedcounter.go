package algo

import (
	"sync"
	"time"
)

// sharedCounters are the counters of quotas with a key, by key.
var sharedCounters struct {
	sync.Mutex
	byKey map[string]*counter
}

// sharedCounter returns the counter of a key, made if there is none, otherwise with its settings changed. Each call must be
// followed by one of releaseCounter.
func sharedCounter(key string, a allowance, per time.Duration) *counter {
	sharedCounters.Lock()
	c := sharedCounters.byKey[key]
	if c == nil {
		c = &counter{key: key, allowance: a, per: per, after: timer, users: 1}
		if sharedCounters.byKey == nil {
			sharedCounters.byKey = map[string]*counter{}
		}
		sharedCounters.byKey[key] = c
		sharedCounters.Unlock()
		return c
	}
	c.users++
	sharedCounters.Unlock()
	c.change(func(old *allowance) {
		old.configure(a)
		c.per = per
	})
	return c
}

// releaseCounter ends the counter with its last user.
func releaseCounter(c *counter) {
	sharedCounters.Lock()
	c.users--
	last := c.users == 0
	if last {
		delete(sharedCounters.byKey, c.key)
	}
	sharedCounters.Unlock()
	if last {
		c.halt()
	}
}
