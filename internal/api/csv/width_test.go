package csv

import (
	"fmt"
	"strings"
	"testing"
)

// A row has a limit, wherever its commas are.
func TestWidth(t *testing.T) {
	t.Parallel()
	wide, many := fmt.Sprintf("CSV: a row has more than %d values", maxColumns), fmt.Sprintf("CSV: more than %d values", maxValues)
	for _, c := range []struct {
		part string
		n    int
		lazy bool
		want string
	}{
		{",", maxColumns - 1, false, ""},
		{",", maxColumns, false, wide},
		{"\"\n\",", maxColumns - 1, false, ""},
		{"\"\n\",", maxColumns, false, wide},
		{"\",\",\"\"\n", maxColumns, false, ""},
		{",\n", 2 * maxColumns, false, ""},
		{",\n", maxValues, true, many},
		{"\"\n\",", maxValues, true, many},
	} {
		got := ""
		if err := checkWidth(strings.Repeat(c.part, c.n), ',', c.lazy); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%d of %q, lazy %v: %q, want %q", c.n, c.part, c.lazy, got, c.want)
		}
	}
}
