package bpf

import (
	"io"
	"strconv"
	"sync"

	"weir/internal/ebpf"
	"weir/internal/metrics"
	"weir/internal/pipeline"
)

// maxCounted is how large a map may be for its elements to be counted whenever metrics are collected: the kernel does not keep
// their number, and going through the keys of larger ones would hold the worker up.
const maxCounted = 4096

// reported is a map or a program of a kernel, of which several realms may have handles.
type reported struct {
	b       ebpf.Backend
	program bool
	id      uint32
}

// reporters tells which state of which worker reports something, so that it is not added up.
var reporters = struct {
	sync.Mutex
	of map[reported]*State
}{of: map[reported]*State{}}

// reports reports whether s is the one to report something.
func (s *State) reports(program bool, id uint32) bool {
	reporters.Lock()
	defer reporters.Unlock()
	key := reported{s.Gen.Backend, program, id}
	if reporters.of[key] == nil {
		reporters.of[key] = s
	}
	return reporters.of[key] == s
}

// measure has the maps and programs of a world reported whenever metrics are collected, until the world is closed.
func (s *State) measure(w *pipeline.World) {
	hook := w.Metrics.OnCollect(func() { s.collect(w.Metrics) })
	w.OnClose(func() {
		w.Metrics.Remove(hook)
		reporters.Lock()
		defer reporters.Unlock()
		for key, owner := range reporters.of {
			if owner == s {
				delete(reporters.of, key)
			}
		}
	})
}

func (s *State) collect(r *metrics.Registry) {
	entries := r.Snapshot("weir_bpf_map_entries", "Elements of a map of the kernel that has room for at most 4096.", "map", "id")
	capacity := r.Snapshot("weir_bpf_map_max_entries", "Elements that a map of the kernel has room for.", "map", "id")
	runs := r.Snapshot("weir_bpf_program_run_count", "How often a kernel program ran while statistics were enabled.", "program", "id")
	time := r.Snapshot("weir_bpf_program_run_seconds", "How long a kernel program ran while statistics were enabled.", "program", "id")
	maps, programs := map[uint32]bool{}, map[uint32]bool{} // seen; there may be several handles
	s.Gen.Each(func(c io.Closer) {
		switch x := c.(type) {
		case *ebpf.Map:
			if maps[x.ID()] || !s.reports(false, x.ID()) {
				return
			}
			maps[x.ID()] = true
			id := strconv.Itoa(int(x.ID()))
			capacity.With(x.Name, id).Set(float64(x.MaxEntries))
			if n, ok := x.Count(maxCounted); ok {
				entries.With(x.Name, id).Set(float64(n))
			}
		case *ebpf.Program:
			if programs[x.ID()] || !s.reports(true, x.ID()) {
				return
			}
			programs[x.ID()] = true
			if stats, err := x.Stats(); err == nil {
				id := strconv.Itoa(int(x.ID()))
				runs.With(x.Name, id).Set(float64(stats.RunCount))
				time.With(x.Name, id).Set(stats.RunTime.Seconds())
			}
		}
	})
}

// eventCounters are those of the events of a map.
type eventCounters struct{ read, lost *metrics.Node }

func countersOf(r *metrics.Registry, name string) eventCounters {
	return eventCounters{
		r.Tally("weir_bpf_events_total", "Events of kernel programs that came, by their map.", "map").Sub(name),
		r.Tally("weir_bpf_events_lost_total", "Events of kernel programs that a perf event array had no room for, by their map.", "map").Sub(name),
	}
}
