package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"weir/test/capability"
)

// summarize prints which tests were skipped and why, and where each capability was shown.
func summarize(out io.Writer, results []Result, table []capability.Row) {
	ended := map[string]Result{}
	for _, r := range results {
		name := strings.TrimPrefix(r.Package, "weir/") + "." + r.Test
		if ended[name].Action != "pass" { // it may have run twice, and been skipped under the race detector
			ended[name] = r
		}
	}
	results = slices.SortedFunc(maps.Values(ended), func(a, b Result) int {
		return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.Test, b.Test))
	})
	var skipped []Result
	for _, r := range results {
		if r.Action == "skip" {
			skipped = append(skipped, r)
		}
	}
	fmt.Fprintf(out, "%d tests ran, %d were skipped%s\n", len(results)-len(skipped), len(skipped), map[bool]string{true: ":", false: "."}[len(skipped) > 0])
	for _, r := range skipped {
		fmt.Fprintf(out, "  %s %s: %s\n", r.Package, r.Test, cmp.Or(r.Reason, "no reason given"))
	}
	fmt.Fprintln(out, "Kernel programs, what was shown and where:")
	for _, row := range table {
		where := []string{}
		why := ""
		for _, kind := range []struct {
			name  string
			tests []string
		}{{"kernel", row.Kernel}, {"fake", row.Fake}} {
			passed := false
			for _, t := range kind.tests {
				switch r := ended[t]; r.Action {
				case "pass":
					passed = true
				case "skip":
					why = cmp.Or(why, "skipped on the "+kind.name+": "+r.Reason)
				case "":
					why = cmp.Or(why, t+" did not run")
				}
			}
			if passed {
				where = append(where, kind.name)
			}
		}
		text := fmt.Sprintf("  %2d %-45s %s", row.Number, row.Name, cmp.Or(strings.Join(where, ", "), "nowhere"))
		if why != "" {
			text += " (" + why + ")"
		}
		fmt.Fprintln(out, text)
	}
}
