// Package algo offers scripts the algo namespace: hashing, caches, quotas, shared maps, URL routers, load balancers,
// resource pools and percentiles.
//
// The algorithms (Router, queue, lru, allowance, Percentile, murmur) know nothing of scripts; the other files put a thin
// face on them. Objects belong to their realm's goroutine, except the state behind quotas with a key and shared maps, which
// the whole process shares.
package algo
