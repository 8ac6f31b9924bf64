//go:build linux

package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseWrk(t *testing.T) {
	t.Parallel()
	const good = `Running 2s test @ http://127.0.0.1:18080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   274.96us  468.07us  11.40ms   98.15%
    Req/Sec   158.07k    13.26k  164.87k    95.24%
  329905 requests in 2.10s, 50.97MB read
`
	n, err := parseWrk(good+"Requests/sec: 156960.76\n", time.Second)
	if err != nil || n != (count{329905, 2.1, time.Second}) {
		t.Errorf("%+v %v", n, err)
	}
	for name, text := range map[string]string{
		"empty":         "",
		"status":        good + "  Non-2xx or 3xx responses: 12\n",
		"socket errors": good + "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
		"no request":    "  0 requests in 2.10s, 0.00B read\n",
	} {
		if n, err := parseWrk(text, 0); err == nil {
			t.Errorf("%s: no error, %+v", name, n)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		list []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 100}, 3.5}} {
		if got := median(x.list); got != x.want {
			t.Errorf("median of %v is %v", x.list, got)
		}
	}
}

// measured makes a row of one-second samples in which every request costs the server micros of CPU time.
func measured(name string, micros float64, done ...float64) *row {
	r := &row{name: name}
	for _, n := range done {
		r.samples = append(r.samples, sample{count{n, 1, time.Second / 2}, time.Duration(n * micros * 1000)})
	}
	return r
}

func TestRatioPairsRounds(t *testing.T) {
	t.Parallel()
	// The second round was slow for everybody; weir has lost its third.
	tab := &table{rows: []*row{measured(nameWeir, 5, 110, 11), measured(nameNginx, 10, 100, 10, 100)}}
	if got, ok := tab.ratio(nameWeir, nameNginx, rate); !ok || math.Abs(got-1.1) > 1e-9 {
		t.Errorf("ratio %v %v", got, ok)
	}
	if got, ok := tab.ratio(nameWeir, nameNginx, perCore); !ok || math.Abs(got-2) > 1e-9 {
		t.Errorf("per-core ratio %v %v", got, ok)
	}
	if _, ok := tab.ratio(nameWeir, nameHAProxy, rate); ok {
		t.Error("a ratio to a peer that is not there")
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	tables := []*table{
		{id: "a", rows: []*row{measured(nameWeir, 5, 90), measured(nameNginx, 5, 100), measured(nameLua, 5, 91)}},
		{id: "e", rows: []*row{{name: nameWeir, before: 1 << 20, after: 1<<20 + 8*1024*idleConnections}}},
	}
	got := map[string]string{}
	for _, b := range bars(tables) {
		got[b.text] = b.value + " " + b.met
	}
	want := map[string]string{
		"(a) req/s ≥ 0.85x nginx":                "0.90x met",
		"(a) req/s ≥ 1.00x nginx + Lua callback": "0.99x **not met**",
		"(e) memory per idle connection ≤ 8 KiB": "8.0 KiB met",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	idle := []*table{{id: "i", rows: []*row{{name: nameWeir, after: 24*1024*idleConnections + 1024*idleConnections}}}}
	if b := bars(idle); len(b) != 1 || b[0].text != "(i) memory per idle connection ≤ 24 KiB" || b[0].met != "**not met**" {
		t.Errorf("%+v", b)
	}
	failed := []*table{{id: "e", rows: []*row{{name: nameWeir, err: errors.New("broken")}}}}
	if b := bars(failed); len(b) != 1 || b[0].met != "not measured" {
		t.Errorf("%+v", b)
	}
}

func TestCeilingOfTwoWorkers(t *testing.T) {
	t.Parallel()
	if got := ceilingOf(1, 0.25, 2); got != 1.6 {
		t.Errorf("load of a quarter: %v", got)
	}
	if got := ceilingOf(1, 0.25, 8); got != 2 {
		t.Errorf("plenty of CPUs: %v", got)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	missing := fmt.Errorf("%w: wrk", errMissing)
	tables := []*table{
		{id: "a", title: "static", rows: []*row{
			measured(nameNginx, 2, 200000), measured(nameWeir, 5, 180000), {name: nameHAProxy, err: missing}}},
		{id: "c1", title: "bulk", bytes: true, rows: []*row{measured(nameNginx, 0.0003, 2e9)}},
		{id: "c2", title: "bulk", err: missing},
		{id: "f", title: "scaling", cpus: []int{0, 1}, rows: []*row{measured("1", 5, 100), measured("2", 6, 150)}},
	}
	text := report([]string{"a fact"}, tables, &env{runs: 1, length: time.Second}, time.Minute)
	for _, want := range []string{
		"- a fact\n",
		"| nginx   |       200,000 | 200,000 – 200,000 |    1.00x |          – |        2.00 |        40 % |         500,000 |\n",
		"| HAProxy | not installed |",
		"HAProxy: not installed: wrk\n",
		"16.0", "300.00",
		"Not measured: not installed: wrk.\n",
		"Two workers do 1.50x the requests of one",
		"The server had CPU time left with nginx:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestEveryConfigIsRenderedWhole(t *testing.T) {
	t.Parallel()
	e := &env{dir: t.TempDir(), identity: identity{"cert", "key", "both"}}
	for _, folder := range []string{"nginx", "haproxy", "weir"} {
		list, err := configs.ReadDir(folder)
		if err != nil || len(list) == 0 {
			t.Fatal(folder, len(list), err)
		}
		for _, f := range list {
			path, err := e.render(folder+"/"+f.Name(), ports{10, [3]int{11, 12, 13}})
			if errors.Is(err, errMissing) {
				continue
			}
			if err != nil {
				t.Error(err)
				continue
			}
			if text := readFile(path); strings.Contains(text, "@") || text == "" {
				t.Errorf("%s/%s has words left:\n%s", folder, f.Name(), text)
			}
		}
	}
}

func TestParseH2load(t *testing.T) {
	t.Parallel()
	const good = "finished in 2.01s, 100.00 req/s, 3.59KB/s\nrequests: 200 total, 200 started, 200 done, 200 succeeded, 0 failed, 0 errored, 0 timeout\n"
	n, err := parseH2load(good, time.Second)
	if err != nil || n != (count{200, 2.01, time.Second}) {
		t.Errorf("%+v %v", n, err)
	}
	for name, text := range map[string]string{
		"empty":      "",
		"failed":     strings.Replace(good, "0 failed", "1 failed", 1),
		"no request": strings.ReplaceAll(good, "200", "0"),
	} {
		if n, err := parseH2load(text, 0); err == nil {
			t.Errorf("%s: no error, %+v", name, n)
		}
	}
}

func TestRingBars(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		done float64
		lost int
		want string
	}{
		{500_000, 0, "500,000 met 0 met"},
		{499_999, 3, "499,999 **not met** 3 **not met**"},
	} {
		paced := measured(namePaced, 1, 200_000)
		paced.lost = c.lost
		tab := &table{id: "n3", rows: []*row{measured(nameWeir, 1, c.done), paced}}
		b := bars([]*table{tab})
		if len(b) != 2 || strings.Join([]string{b[0].value, b[0].met, b[1].value, b[1].met}, " ") != c.want {
			t.Errorf("%v: got %+v", c, b)
		}
		if note := lostNote(tab); !strings.Contains(note, fmt.Sprintf(" %d were lost", c.lost)) {
			t.Error(note)
		}
	}
	for _, b := range ringBars(&table{id: "n3", rows: []*row{{name: nameWeir, err: errMissing}, {name: namePaced, err: errMissing}}}) {
		if b.met != "not measured" {
			t.Errorf("%+v", b)
		}
	}
}
