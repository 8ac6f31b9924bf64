package worker

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How memory is given back: a process that was busy and has become quiet need not wait minutes for its memory to be
// collected, and nobody minds the work.
const (
	memoryTick  = time.Second
	quietBytes  = 1 << 20  // allocated within a tick at most
	worthBytes  = 16 << 20 // allocated since the last time at least
	allocMetric = "/gc/heap/allocs:bytes"
)

// returnMemory gives memory back to the system when the program has become quiet, until it ends.
func (p *Program) returnMemory() {
	tick := time.NewTicker(memoryTick)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: allocMetric}}
	var last, freed uint64
	for {
		select {
		case <-tick.C:
		case <-p.done:
			return
		}
		metrics.Read(sample)
		now := sample[0].Value.Uint64()
		if now-last <= quietBytes && now-freed >= worthBytes {
			debug.FreeOSMemory()
			// What scripts had been given comes back in a turn of its own.
			for _, w := range p.workers {
				w.loop.Post(func() {})
			}
			freed = now
		}
		last = now
	}
}
