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
	quietBytes  = 1 << 20   // allocated within a tick at most
	worthBytes  = 16 << 20  // allocated since the last time at least
	littleBytes = 128 << 10 // or this much, if the last time was a while ago: connections that end free much and allocate little
	while       = 10        // ticks
	allocMetric = "/gc/heap/allocs:bytes"
)

// quiet decides when memory is given back, by the bytes allocated so far.
type quiet struct {
	last  uint64 // at the tick before
	freed uint64 // when memory was given back
	ticks int    // since then
}

// tick reports whether it is time to give memory back.
func (q *quiet) tick(allocated uint64) bool {
	q.ticks++
	since := allocated - q.freed
	due := allocated-q.last <= quietBytes && (since >= worthBytes || since >= littleBytes && q.ticks >= while)
	q.last = allocated
	if due {
		q.freed, q.ticks = allocated, 0
	}
	return due
}

// returnMemory gives memory back to the system when the program has become quiet, until it ends.
func (p *Program) returnMemory() {
	tick := time.NewTicker(memoryTick)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: allocMetric}}
	var q quiet
	for {
		select {
		case <-tick.C:
		case <-p.done:
			return
		}
		metrics.Read(sample)
		if q.tick(sample[0].Value.Uint64()) {
			debug.FreeOSMemory()
			// What scripts had been given comes back in a turn of its own.
			for _, w := range p.workers {
				w.loop.Post(func() {})
			}
		}
	}
}
