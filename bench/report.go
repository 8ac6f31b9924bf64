//go:build linux

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// report writes the whole run as Markdown that is also readable as it is.
func report(facts []string, tables []*table, e *env, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark\n\nWritten by `make bench`; bench/README.md tells how to read it. %d rounds of %v per peer, the whole run took %v.\n\n",
		e.runs, e.length, took.Round(time.Second))
	for _, fact := range facts {
		fmt.Fprintf(&b, "- %s\n", fact)
	}
	for _, t := range tables {
		fmt.Fprintf(&b, "\n## (%s) %s\n\n", t.id, t.title)
		switch {
		case t.err != nil:
			fmt.Fprintf(&b, "Not measured: %v.\n", t.err)
		case t.id == "e" || t.id == "i":
			writeGrid(&b, idleGrid(t))
		case t.id == "k":
			writeGrid(&b, attackGrid(t))
		case t.id == "f":
			writeGrid(&b, rateGrid(t))
			b.WriteString("\n" + scalingNote(t))
		case t.id == "n3":
			writeGrid(&b, rateGrid(t))
			b.WriteString(lostNote(t))
		default:
			writeGrid(&b, rateGrid(t))
			b.WriteString(limitNote(t))
		}
		b.WriteString(failures(t))
	}
	b.WriteString("\n## Bars\n\n")
	grid := [][]string{{"bar", "value", ""}}
	for _, x := range bars(tables) {
		grid = append(grid, []string{x.text, x.value, x.met})
	}
	writeGrid(&b, grid)
	return b.String()
}

func rateGrid(t *table) [][]string {
	unit := "µs CPU each"
	if t.bytes {
		unit = "µs CPU per MB"
	}
	grid := [][]string{{"peer", "median", "min – max", "to nginx", "to HAProxy", unit, "server busy", "per server core"}}
	for _, r := range t.rows {
		cells := []string{r.name}
		switch {
		case r.err != nil:
			cells = append(cells, outcome(r.err))
		case len(r.samples) > 0:
			values := r.values(rate)
			lowest, highest := values[0], values[0]
			for _, v := range values {
				lowest, highest = min(lowest, v), max(highest, v)
			}
			micros := r.median(serverMicros)
			if t.bytes {
				micros *= 1e6
			}
			cells = append(cells,
				t.number(r.median(rate)), t.number(lowest)+" – "+t.number(highest),
				t.times(r, nameNginx), t.times(r, nameHAProxy),
				fmt.Sprintf("%.2f", micros), fmt.Sprintf("%.0f %%", 100*r.median(serverUse)), t.number(r.median(perCore)))
		}
		grid = append(grid, cells)
	}
	return grid
}

func (t *table) times(r *row, to string) string {
	value, ok := t.ratio(r.name, to, rate)
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.2fx", value)
}

// number prints a rate in the unit of the table.
func (t *table) number(v float64) string {
	if t.bytes {
		return fmt.Sprintf("%.1f", v*8/1e9)
	}
	return thousands(int64(v))
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func limitNote(t *table) string {
	var names []string
	for _, r := range t.rows {
		if t.limitedByLoad(r) {
			names = append(names, r.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("\nThe server had CPU time left with %s: the load's core, or somebody else on this machine, was the limit. "+
		"Compare the CPU time or the per-core column.\n", strings.Join(names, ", "))
}

// failures lists what went wrong below the table, in full.
func failures(t *table) string {
	var b strings.Builder
	for _, r := range t.rows {
		if r.err != nil {
			fmt.Fprintf(&b, "\n%s: %s\n", r.name, strings.ReplaceAll(r.err.Error(), "\n", " "))
		}
	}
	return b.String()
}

// outcome is the text of an error in a table cell.
func outcome(err error) string {
	if errors.Is(err, errMissing) {
		return errMissing.Error()
	}
	return "failed"
}

func idleGrid(t *table) [][]string {
	grid := [][]string{{"peer", "RSS before", "RSS after", "per connection"}}
	for _, r := range t.rows {
		if r.err != nil {
			grid = append(grid, []string{r.name, outcome(r.err)})
			continue
		}
		mib := func(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
		grid = append(grid, []string{r.name, mib(r.before), mib(r.after), fmt.Sprintf("%.1f KiB", r.perConnection())})
	}
	return grid
}

// scalingNote compares two workers with one. Server and load share the CPUs, so what two workers can reach is
// bounded by the load's part of each request.
func scalingNote(t *table) string {
	if len(t.rows) != 2 || len(t.rows[0].samples) == 0 || len(t.rows[1].samples) == 0 {
		return "Not measured.\n"
	}
	one, two := t.rows[0], t.rows[1]
	value, _ := t.ratio(two.name, one.name, rate)
	ceiling := ceilingOf(one.median(serverUse), one.median(loadUse), len(t.cpus))
	return fmt.Sprintf("Two workers do %.2fx the requests of one; with the load on the same %d CPUs perfect scaling would be %.2fx. "+
		"A request costs %.2f µs of CPU with one worker and %.2f µs with two.\n",
		value, len(t.cpus), ceiling, one.median(serverMicros), two.median(serverMicros))
}

// ceilingOf is the speed-up of two workers over one if workers did not hinder each other: with one worker, server
// and load are busy for these shares of a CPU; with two, n CPUs are split in the same proportion.
func ceilingOf(server, load float64, n int) float64 {
	return min(2, float64(n)/(server+load))
}

// writeGrid writes a Markdown table with aligned columns. Short rows are filled up.
func writeGrid(b *strings.Builder, grid [][]string) {
	widths := make([]int, len(grid[0]))
	for _, cells := range grid {
		for i, cell := range cells {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	line := func(cells []string) {
		b.WriteString("|")
		for i, width := range widths {
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			pad := strings.Repeat(" ", width-len([]rune(cell)))
			if i == 0 {
				b.WriteString(" " + cell + pad + " |")
			} else {
				b.WriteString(" " + pad + cell + " |")
			}
		}
		b.WriteString("\n")
	}
	line(grid[0])
	b.WriteString("|")
	for i, width := range widths {
		if i == 0 {
			b.WriteString(strings.Repeat("-", width+2) + "|")
		} else {
			b.WriteString(strings.Repeat("-", width+1) + ":|")
		}
	}
	b.WriteString("\n")
	for _, cells := range grid[1:] {
		line(cells)
	}
}
