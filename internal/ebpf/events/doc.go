// Package events moves what kernel programs report through ring buffers and perf arrays to user space, and back through user
// ring buffers. Readers work on goroutines of their own, in batches.
package events
