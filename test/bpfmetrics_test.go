//go:build linux

package test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

// Maps and programs are metrics, each once though two threads and two versions have handles of them; events are counted.
func TestKernelMetrics(t *testing.T) {
	t.Parallel()
	needMaps(t)
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Files: map[string]string{"hooks.o": hooks(t), "main.js": fmt.Sprintf(`
			var flows = bpf.persist('flows', () => new bpf.Map({
				type: 'hash', name: 'flows', keySize: 4, valueSize: 4, maxEntries: 10, entries: [[1, 1], [2, 2], [3, 3]]
			}))
			if (pipy.thread.id === 0) {
				var enabled = bpf.enableStats()
				var obj = bpf.object(pipy.load('hooks.o'))
				obj.map('ring').listen($=>$.dummy())
				obj.program('emit').load().run({ data: new Data(new Array(64).fill(0)), repeat: 7 })
			}
			pipy.listen('127.0.0.1:%d', $=>$.serveHTTP(stats.scrape))`, port)},
		Flags: []string{"--threads=2"}, Listen: []int{port},
	})
	for round := 1; round <= 2; round++ {
		want := map[string]float64{
			"weir_bpf_map_entries map=flows": 3, "weir_bpf_map_max_entries map=flows": 10, "weir_bpf_map_max_entries map=ring": 1 << 20,
			"weir_bpf_program_run_count program=emit": 7, "weir_bpf_events_total map=ring": float64(7 * round),
		}
		harness.Eventually(t, fmt.Sprintf("the metrics of version %d", round), func() bool {
			m := scrape(t, port)
			for key, n := range want {
				name, label, _ := strings.Cut(key, " ")
				if number(m, name, label) != n { // the sum over all that have the name
					return false
				}
			}
			return true
		})
		w.Signal(syscall.SIGHUP)
	}
}
