//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"strconv"
)

const (
	nameCilium = "Go cilium/ebpf"
	namePaced  = "weir, 200,000/s offered"
	pacedRate  = 200_000
)

// elements compares calls for single elements of a kernel map.
func elements(e *env, t *table, path string) error {
	return e.compare(t, []peer{gopeer(nameCilium, "elements", 0), weir(nameWeir, "elements.js", 0)}, [3]int{}, method{
		measure: func(port int) (count, error) { return ownLoad(e, "calls", "-addr", loopback(port), "-name", path) },
	})
}

// ringEvents measures how many events of a ring buffer a worker takes when the buffer is always full, and how many are lost at a
// rate that it has to keep up with.
func ringEvents(e *env, t *table) error {
	err := e.compare(t, []peer{weir(nameWeir, "ring.js", 0)}, [3]int{}, method{
		measure: func(port int) (count, error) { return ownLoad(e, "ring", "-addr", loopback(port)) },
	})
	if err != nil {
		return err
	}
	lost := 0
	err = e.compare(t, []peer{weir(namePaced, "ring.js", 0)}, [3]int{}, method{
		measure: func(port int) (count, error) {
			c, n, err := pacedRing(e, port)
			lost += n
			return c, err
		},
	})
	if r := t.row(namePaced); r != nil {
		r.lost = lost
	}
	return err
}

func pacedRing(e *env, port int) (c count, lost int, err error) {
	out, cpu, err := e.tool(e.loadCPU, e.length+slack, e.load, "ring", "-addr", loopback(port), "-rate", strconv.Itoa(pacedRate),
		"-time", e.length.String())
	if err != nil {
		return c, 0, err
	}
	var r struct {
		Count, Seconds float64
		Lost           int
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Count == 0 {
		return c, 0, fmt.Errorf("load printed %q: %w", out, err)
	}
	return count{r.Count, r.Seconds, cpu}, r.Lost, nil
}

// lostNote says what became of the events at the given rate.
func lostNote(t *table) string {
	r := t.row(namePaced)
	if r == nil || len(r.samples) == 0 {
		return ""
	}
	return fmt.Sprintf("\nOf the events at %s/s %s were lost.\n", thousands(pacedRate), thousands(int64(r.lost)))
}

// ringBars judge the events of a ring buffer.
func ringBars(t *table) []bar {
	taken := bar{text: fmt.Sprintf("(%s) events/s ≥ 500,000", t.id), value: "–", met: "not measured"}
	if r := t.row(nameWeir); r != nil && r.err == nil && len(r.samples) > 0 {
		v := r.median(rate)
		taken.value, taken.met = thousands(int64(v)), verdict(v >= 500_000)
	}
	lost := bar{text: fmt.Sprintf("(%s) events lost at %s/s = 0", t.id, thousands(pacedRate)), value: "–", met: "not measured"}
	if r := t.row(namePaced); r != nil && r.err == nil && len(r.samples) > 0 {
		lost.value, lost.met = thousands(int64(r.lost)), verdict(r.lost == 0)
	}
	return []bar{taken, lost}
}
