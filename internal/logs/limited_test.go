package logs

import (
	"strings"
	"testing"
	"time"
)

func TestLimited(t *testing.T) {
	t.Parallel()
	l, r := newTest(t, Options{Level: Warn})
	l.window = time.Hour
	for range 100 {
		l.Limitedf(Warn, "a", "bad %s", "one")
		l.Limitedf(Info, "a", "not of this level")
	}
	for range 3 {
		l.Limitedf(Error, "b", "other")
	}
	check := func(want ...string) {
		t.Helper()
		got := strings.Join(r.writes, "")
		for i := range want {
			want[i] = "2026-01-31 23:05:09.007 " + want[i] + "\n"
		}
		if got != strings.Join(want, "") {
			t.Errorf("written:\n%s", got)
		}
		r.writes = nil
	}
	var want []string
	for range limitedLines {
		want = append(want, "[WRN] bad one")
	}
	check(append(want, "[ERR] other", "[ERR] other", "[ERR] other")...)
	l.summarize(Error, "b")
	check()
	l.summarize(Warn, "a")
	check("[WRN] a: 80 more messages like the last ones were left out")
	l.Limitedf(Warn, "a", "again")
	check("[WRN] again")
}
