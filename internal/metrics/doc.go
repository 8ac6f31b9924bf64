// Package metrics counts what happens, without locks: each worker has a Registry of its own that only its goroutine
// touches. A Hub asks all workers for copies of their metrics and adds them up. WriteText and WriteOpenMetrics print the sum
// for Prometheus.
//
// A metric is a tree: the root has the metric's own value, and there is one level of nodes for each label. Each node's value
// is independent, except in the engine's metrics of connections, where a node includes what is below it.
package metrics
