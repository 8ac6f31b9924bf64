package worker

import (
	"runtime/metrics"
	"strconv"

	"weir/internal/pipeline"
)

// Samples of Go's runtime: bytes in use, and bytes kept but not in use.
const (
	goUsed   = "/memory/classes/heap/objects:bytes"
	goUnused = "/memory/classes/heap/unused:bytes"
	goFree   = "/memory/classes/heap/free:bytes"
)

// measure fills in the metrics that are looked up only when somebody asks. Those of the process are the first worker's.
func (w *Worker) measure() {
	used := w.metrics.Snapshot("pipy_pool_allocated_size", "Bytes of memory in use.", "class")
	spare := w.metrics.Snapshot("pipy_pool_spare_size", "Bytes of memory kept for later use.", "class")
	objects := w.metrics.Snapshot("pipy_object_count", "Objects scripts have, by class.", "class")
	pipelines := w.metrics.Snapshot("pipy_pipeline_count", "Running pipelines.", "module", "name")
	lag := w.metrics.Snapshot("weir_worker_lag_seconds", "How long a request to a worker waited for its turn.", "thread")
	lag.Sub(strconv.Itoa(w.id)).Set(w.metrics.Lag().Seconds())
	counts := map[*pipeline.Layout]int{}
	running := w.scriptTime
	for _, v := range w.versions {
		if v.closed {
			continue
		}
		running += v.world.Realm.Busy()
		u, s := v.world.Realm.HeapSize()
		used.Sub("script").Add(float64(u))
		spare.Sub("script").Add(float64(s))
		v.world.Realm.EachClass(func(name string, n int) { objects.Sub(name).Add(float64(n)) })
		v.world.EachPipeline(func(p *pipeline.Pipeline) { counts[p.Layout()]++ })
	}
	busy := w.metrics.Tally("weir_script_seconds_total", "Time spent in scripts, measured in samples.", "thread")
	busy.Sub(strconv.Itoa(w.id)).Set(running.Seconds())
	for l, n := range counts {
		pipelines.With(l.Module, l.Name).Add(float64(n))
	}
	if w.id > 0 {
		return
	}
	inUse, kept := goHeap()
	used.Sub("go").Add(float64(inUse))
	spare.Sub("go").Add(float64(kept))
}

// goHeap returns the bytes of Go's heap that are in use, and those that are kept for what comes.
func goHeap() (used, spare uint64) {
	memory := []metrics.Sample{{Name: goUsed}, {Name: goUnused}, {Name: goFree}}
	metrics.Read(memory)
	return memory[0].Value.Uint64(), memory[1].Value.Uint64() + memory[2].Value.Uint64()
}
