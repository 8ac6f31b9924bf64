//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"weir/test/harness/attack"
	"weir/test/harness/proc"
)

// attacked is how long requests of a client took in one round, before and during an attack: the 99th percentile in
// microseconds.
type attacked struct{ before, during float64 }

// latencyRatio is the median of the ratios round by round.
func (r *row) latencyRatio() float64 {
	list := make([]float64, len(r.latency))
	for i, l := range r.latency {
		list[i] = l.during / l.before
	}
	return median(list)
}

// attacks measures what a client notices while others attack.
func attacks(e *env, t *table) error {
	secure, release, err := reserve()
	if err != nil {
		return err
	}
	defer release()
	port, done, err := proc.ReservePort()
	if err != nil {
		return err
	}
	defer done()
	server, err := e.start(weir(nameWeir, "attacks.js", 1), ports{port, secure}, e.serverCPU)
	if err != nil {
		return t.without(err)
	}
	defer stop(server)
	for _, a := range append([]attack.Attack{{Name: nothing}}, attack.All()...) {
		r := &row{name: a.Name}
		t.rows = append(t.rows, r)
		for range e.runs {
			var l attacked
			if l, r.end, r.err = underAttack(e, a.Name, loopback(port), loopback(secure[0])); r.err != nil {
				fmt.Fprintf(os.Stderr, "  %s: %v\n", a.Name, r.err)
				break
			}
			r.latency = append(r.latency, l)
		}
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
	}
	return nil
}

// nothing is the attack that is none: the CPUs are kept busy while nobody else needs them. It shows what the machine does to
// latencies.
const nothing = "nothing, CPUs busy"

// idly is load that leaves its CPU to whatever else wants to run.
func idly(e *env, cpus []int, args []string) proc.Command {
	return proc.Command{Name: "chrt", CPUs: cpus, Args: append([]string{"--idle", "0", e.load}, args...)}
}

// underAttack measures one round.
func underAttack(e *env, name, plain, secure string) (l attacked, end string, err error) {
	if l.before, err = latency(e, plain); err != nil {
		return l, "", err
	}
	// The attacker shares its core with the client that is measured, and leaves it to it: what counts is the server.
	length := e.length + 1500*time.Millisecond
	args := []string{"attack", "-name", name, "-addr", plain, "-secure", secure, "-time", length.String()}
	if name == nothing {
		args = []string{"spin", "-time", length.String()}
		other, err := proc.Start(idly(e, e.serverCPU, args))
		if err != nil {
			return l, "", err
		}
		defer other.Stop(os.Kill, 5*time.Second) //nolint:errcheck // has ended, as a rule
	}
	p, err := proc.Start(idly(e, e.loadCPU, args))
	if err != nil {
		return l, "", err
	}
	defer p.Stop(os.Kill, 5*time.Second) //nolint:errcheck // has ended, as a rule
	if l.during, err = latency(e, plain); err != nil {
		return l, "", err
	}
	if err := p.Wait(length + slack); err != nil {
		return l, "", err
	}
	var r struct{ End string }
	if json.Unmarshal([]byte(p.Stdout.String()), &r) != nil {
		return l, "", fmt.Errorf("the attacker printed %q %s", p.Stdout.String(), firstLines(p.Stderr.String(), 3))
	}
	return l, r.End, nil
}

func latency(e *env, addr string) (float64, error) {
	out, _, err := e.tool(e.loadCPU, e.length+slack, e.load, "probe", "-addr", addr, "-time", e.length.String())
	if err != nil {
		return 0, err
	}
	var r struct{ P99 float64 }
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.P99 <= 0 {
		return 0, fmt.Errorf("load printed %q: %w", out, err)
	}
	return r.P99, nil
}

func attackGrid(t *table) [][]string {
	grid := [][]string{{"attack", "p99 before, µs", "p99 during, µs", "ratio", "ended with"}}
	for _, r := range t.rows {
		if r.err != nil {
			grid = append(grid, []string{r.name, outcome(r.err)})
			continue
		}
		var before, during []float64
		for _, l := range r.latency {
			before, during = append(before, l.before), append(during, l.during)
		}
		grid = append(grid, []string{r.name, fmt.Sprintf("%.0f", median(before)), fmt.Sprintf("%.0f", median(during)),
			fmt.Sprintf("%.2fx", r.latencyRatio()), r.end})
	}
	return grid
}

// attackBar judges the attack that others notice most.
func attackBar(t *table, limit float64) bar {
	b := bar{text: fmt.Sprintf("(%s) p99 of others during every attack ≤ %.0fx", t.id, limit), value: "–", met: "not measured"}
	var worst *row
	var failed []string
	for _, r := range t.rows {
		switch {
		case r.name == nothing:
		case r.err != nil:
			failed = append(failed, r.name)
		case worst == nil || r.latencyRatio() > worst.latencyRatio():
			worst = r
		}
	}
	switch {
	case len(failed) > 0:
		b.met = "failed: " + strings.Join(failed, ", ")
	case worst != nil:
		b.value, b.met = fmt.Sprintf("%.2fx", worst.latencyRatio()), verdict(worst.latencyRatio() <= limit)+", worst: "+worst.name
	}
	return b
}
