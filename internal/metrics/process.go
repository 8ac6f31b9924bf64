package metrics

import (
	"runtime"
	"strings"
	"time"
)

// begun is about when the process started.
var begun = time.Now()

// ByName orders metrics by their names.
func ByName(a, b *Metric) int { return strings.Compare(a.Name, b.Name) }

// Process returns metrics of the process as a whole, under the names that are customary.
func Process() []*Metric {
	var list []*Metric
	add := func(kind Kind, name, help string, value float64) {
		m := New(kind, name, nil, nil)
		m.Help = help
		m.root.Set(value)
		list = append(list, m)
	}
	add(Gauge, "process_start_time_seconds", "When the process was started, in seconds since 1970.", float64(begun.UnixMilli())/1000)
	add(Gauge, "go_goroutines", "Goroutines of the process.", float64(runtime.NumGoroutine()))
	if u, ok := usage(); ok {
		add(Counter, "process_cpu_seconds_total", "Time spent on the CPU, in user and system mode.", u.cpu.Seconds())
		add(Gauge, "process_resident_memory_bytes", "Memory of the process in RAM.", u.resident)
		add(Gauge, "process_virtual_memory_bytes", "Address space of the process.", u.virtual)
		add(Gauge, "process_open_fds", "Open file descriptors.", u.fds)
		add(Gauge, "process_max_fds", "File descriptors that may be open.", u.maxFDs)
	}
	return list
}

// processUsage is what the operating system knows about the process.
type processUsage struct {
	cpu                            time.Duration
	resident, virtual, fds, maxFDs float64
}
