package filter

import (
	"regexp"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/logs"
)

func TestDump(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.dump('in').dump(() => ({a: 1})).dump())`)
	rig.Log.SetLevel(logs.Info, 0)
	out := rig.Start().Feed(`S{"h":1} S D"abc" D"0123456789abcdef0" E{"t":1} . .(ReadError) .(other)`).Out()
	if want := `MessageStart{"h":1} MessageStart Data"abc" Data"0123456789abcdef0" MessageEnd{"t":1} StreamEnd StreamEnd(ReadError) StreamEnd(other)`; out != want {
		t.Errorf("out: %s", out)
	}
	var got []string
	prefix := regexp.MustCompile(`^\S+ \S+ \[INF\] \[dump\] \[worker=0\] \[context=\d+\] \[/main\.js 1:\d+\] `)
	for line := range strings.Lines(rig.LogText()) {
		line = strings.TrimSuffix(line, "\n")
		if !prefix.MatchString(line) {
			t.Errorf("line: %s", line)
		}
		got = append(got, prefix.ReplaceAllString(line, ""))
	}
	var want []string
	for _, e := range []string{
		`MessageStart, head = {"h":1}`, `MessageStart, head = null`, `Data [3] [ 61 62 63 ]`,
		`Data [17] [ 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 ... ]`, `MessageEnd, tail = {"t":1}`, `StreamEnd`,
		`StreamEnd, code = ReadError`, `StreamEnd, code = RuntimeError, error = other`,
	} {
		want = append(want, `[in] `+e, `[{"a":1}] `+e, e)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func TestDumpTable(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.dump())`)
	rig.Log.SetLevel(logs.Debug, logs.Dump)
	rig.Start().Feed(`D"0123456789abcde\n12"`)
	rule := strings.Repeat("-", 68)
	want := rule + "\n30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 0A   0123456789abcde.\n31 32" + strings.Repeat(" ", 45) + "12\n" + rule + "\n"
	if got := rig.LogText(); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDumpTagThrows(t *testing.T) {
	t.Parallel()
	check(t, []flow{{"event passes", `dump(() => { throw new Error('bad') })`, `D"a"`, `StreamEnd(Error: bad) Data"a"`, ""}})
}
