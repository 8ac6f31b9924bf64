package worker

import (
	"runtime/metrics"

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
	counts := map[*pipeline.Layout]int{}
	for _, v := range w.versions {
		if v.closed {
			continue
		}
		u, s := v.world.Realm.HeapSize()
		used.Sub("script").Add(float64(u))
		spare.Sub("script").Add(float64(s))
		v.world.Realm.EachClass(func(name string, n int) { objects.Sub(name).Add(float64(n)) })
		v.world.EachPipeline(func(p *pipeline.Pipeline) { counts[p.Layout()]++ })
	}
	for l, n := range counts {
		pipelines.With(l.Module, l.Name).Add(float64(n))
	}
	if w.id > 0 {
		return
	}
	memory := []metrics.Sample{{Name: goUsed}, {Name: goUnused}, {Name: goFree}}
	metrics.Read(memory)
	used.Sub("go").Add(float64(memory[0].Value.Uint64()))
	spare.Sub("go").Add(float64(memory[1].Value.Uint64() + memory[2].Value.Uint64()))
}
