package metrics

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// printed returns metrics as text.
func printed(t testing.TB, metrics []*Metric) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, Text, metrics); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportFormat(t *testing.T) {
	t.Parallel()
	r := NewReporter(NewHub())
	r.now = func() time.Time { return time.UnixMilli(1700000000000) }
	hits := New(Counter, "hits", []string{"path", "status"}, nil)
	lat := New(Histogram, "lat", nil, []float64{1, 2.5, math.Inf(1)})
	lat.Root().Observe(2)
	hits.Root().With("/a", "200").Add(2)
	list := []*Metric{hits, lat}
	step := func(full bool, want string) {
		t.Helper()
		if got := string(r.encode(list, full)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	step(false, `{"version":0,"roots":[{"k":"hits","t":"Counter","l":"path/status","v":null,"s":[{"k":"/a","v":null,"s":[{"k":"200","v":2}]}]},{"k":"lat","t":"Histogram[1,2.5,\"Inf\"]","l":"","v":[0,1,0,1,2]}]}`)
	hits.Root().Add(1)
	hits.Root().With("/a", "404").Add(1)
	hits.Root().With("/b").Set(math.NaN())
	list = append([]*Metric{New(Gauge, "a", nil, nil)}, list...)
	step(false, `{"version":1700000000000,"last":0,"roots":[{"v":1,"s":[{"v":null,"s":[2,{"k":"404","v":1}]},{"k":"/b","v":null}]},[0,1,0,1,2],{"k":"a","t":"Gauge","l":"","v":null}]}`)
	step(false, `{"version":1700000000001,"last":1700000000000,"roots":[{"v":1,"s":[{"v":null,"s":[2,1]},null]},[0,1,0,1,2],null]}`)
	list[2] = New(Histogram, "lat", nil, []float64{1})
	step(false, string(NewReporter(nil).encode(list, true)))
}

// Whatever happens to metrics, the mirror has what the process has.
func TestMirrorFollows(t *testing.T) {
	t.Parallel()
	hub := NewHub()
	registry := hub.Add(direct)
	r := NewReporter(hub)
	var m Mirror
	sync := func(when string) []byte {
		t.Helper()
		report := r.Report(false)
		if err := m.Apply(report); err != nil {
			t.Fatalf("%s: %v in %s", when, err, report)
		}
		var want []*Metric
		done := make(chan []*Metric)
		hub.Collect(func(ms []*Metric) { done <- ms })
		for _, o := range <-done {
			o.Help = ""
			want = append(want, o)
		}
		if got, want := own(printed(t, sum([][]*Metric{m.Metrics("", "")}))), own(printed(t, want)); got != want {
			t.Fatalf("%s: the mirror has\n%s\nwant\n%s\nafter %s", when, got, want, report)
		}
		return report
	}
	sync("nothing")
	c := New(Counter, "c", []string{"a", "b"}, nil)
	registry.Register(c, t, nil)
	for i := range 20 {
		c.Root().With(fmt.Sprint(i), "x").Add(float64(i))
	}
	sync("first values")
	c.Root().With("3", "y").Add(1)
	h := New(Histogram, "h", []string{"a"}, []float64{1, 2})
	registry.Register(h, t, nil)
	h.Root().With(`"\`).Observe(1.5)
	if s := string(sync("a new metric")); !strings.Contains(s, `"last"`) {
		t.Errorf("not incremental: %s", s)
	}
	c.Root().Sub("3").Clear()
	c.Root().Sub("3").With("z").Add(7)
	sync("some labels are gone")
	c.Root().Clear()
	if s := string(sync("all labels are gone")); strings.Contains(s, `"last"`) {
		t.Errorf("positions of dead nodes are kept: %s", s)
	}
	registry.Register(New(Gauge, "c", nil, nil), t, nil)
	sync("another metric of the same name")
	sync("no change")
}

func TestMirrorRefuses(t *testing.T) {
	t.Parallel()
	const first = `{"version":0,"roots":[{"k":"c","t":"Counter","l":"a","v":1,"s":[{"k":"x","v":2}]}]}`
	for _, c := range []struct{ report, reason string }{
		{`{`, "JSON"},
		{`[]`, "cannot unmarshal"},
		{`{"version":9,"last":5,"roots":[1]}`, ErrNotNext.Error()},
		{`{"version":9,"last":0,"roots":[]}`, "0 nodes for 1"},
		{`{"version":9,"last":0,"roots":[[1]]}`, "does not fit"},
		{`{"version":9,"last":0,"roots":["1"]}`, "does not fit"},
		{`{"version":9,"last":0,"roots":[1,2]}`, "without name"},
		{`{"version":9,"last":0,"roots":[1,{"k":"c","t":"Gauge","v":1}]}`, "twice"},
		{`{"version":9,"last":0,"roots":[{"v":5,"s":[5,{"v":1}]}]}`, "without label"},
		{`{"version":9,"last":0,"roots":[{"v":5,"s":[5,{"k":"x","v":1}]}]}`, "twice"},
		{`{"version":9,"last":0,"roots":[{"v":5,"s":[{"v":5,"s":[{"k":"y"}]}]}]}`, "more levels"},
		{`{"version":0,"roots":[{"k":"h","t":"Histogram[x]","v":null}]}`, "no number"},
		{`{"version":0,"roots":[{"k":"h","t":"Other","v":null}]}`, "unknown type"},
		{`{"version":0,"roots":[{"k":"h","t":"Gauge","l":"` + strings.Repeat("/", 40) + `"}]}`, "labels"},
	} {
		var m Mirror
		if err := m.Apply([]byte(first)); err != nil {
			t.Fatal(err)
		}
		err := m.Apply([]byte(c.report))
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v, want %q", c.report, err, c.reason)
		}
		if text := printed(t, m.Metrics("instance", "i")); text != "# TYPE c counter\nc{instance=\"i\"} 1\nc{instance=\"i\",a=\"x\"} 2\n" {
			t.Errorf("after %s: %s", c.report, text)
		}
		if err := m.Apply([]byte(`{"version":3,"last":0,"roots":[4]}`)); err != nil {
			t.Errorf("after %s: %v", c.report, err)
		}
	}
	if err := new(Mirror).Apply([]byte(`{"version":3,"last":0,"roots":[]}`)); !errors.Is(err, ErrNotNext) {
		t.Errorf("an increment of nothing: %v", err)
	}
}

func FuzzMirror(f *testing.F) {
	f.Add([]byte(`{"version":0,"roots":[{"k":"c","t":"Counter","l":"a/b","v":1,"s":[{"k":"x","v":2}]}]}`), []byte(`{"version":9,"last":0,"roots":[{"v":5,"s":[null,{"k":"y","v":1}]}]}`))
	f.Add([]byte(`{"version":0,"roots":[{"k":"h","t":"Histogram[1,\"Inf\"]","l":"","v":[1,2,3,4]}]}`), []byte(`{"version":9,"last":0,"roots":[[1,-2,1e300,null]]}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var m Mirror
		for _, report := range [][]byte{first, second} {
			before := printed(t, m.Metrics("instance", "x"))
			if err := m.Apply(report); err != nil {
				if printed(t, m.Metrics("instance", "x")) != before {
					t.Error("a refused report left traces")
				}
			}
		}
		var h History
		h.Add(m.Metrics("", ""))
		h.AppendJSON(nil, "c")
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	c := New(Counter, "c", []string{"a"}, nil)
	g := New(Histogram, "h", nil, []float64{1})
	var h History
	expect := func(name, want string) {
		t.Helper()
		got := string(h.AppendJSON(nil, name))
		_, got, _ = strings.Cut(got, `"metrics":`)
		if got != want+"}" {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	expect("", `[]`)
	c.Root().Set(1)
	h.Add([]*Metric{c})
	expect("", `[{"k":"c","t":"Counter","l":"a","v":[0,1]}]`)
	g.Root().Observe(3)
	c.Root().With("x").Set(5)
	h.Add([]*Metric{c, g})
	expect("c", `[{"k":"c","t":"Counter","l":"a","v":[0,1,1],"s":[{"k":"x","v":[0,0,5]}]}]`)
	expect("h", `[{"k":"h","t":"Histogram[1]","l":"","v":[[0,0,0],[0,0,1],[0,0,3]]}]`)
	expect("unknown", `[]`)
	c.Root().Clear()
	h.Add([]*Metric{c})
	expect("", `[{"k":"c","t":"Counter","l":"a","v":[0,1,1,0]},{"k":"h","t":"Histogram[1]","l":"","v":[[0,0,0,0],[0,0,1,0],[0,0,3,0]]}]`)
	for i := range 100 {
		c.Root().Set(float64(i))
		h.Add([]*Metric{c})
	}
	if s := string(h.AppendJSON(nil, "c")); !strings.Contains(s, `"v":[40,41,`) || !strings.Contains(s, `98,99],"s":[{"k":"x","v":[0,0,`) {
		t.Error(s)
	}
}

// Metrics of several processes have one heading.
func TestWriteTogether(t *testing.T) {
	t.Parallel()
	var m Mirror
	if err := m.Apply([]byte(`{"version":0,"roots":[{"k":"c","t":"Counter","l":"a","v":1,"s":[{"k":"x","v":2}]}]}`)); err != nil {
		t.Fatal(err)
	}
	local := New(Counter, "c", []string{"a"}, nil)
	local.Root().Set(7)
	got := printed(t, append(append([]*Metric{local}, m.Metrics("instance", "1")...), m.Metrics("instance", "2")...))
	want := "# TYPE c counter\nc 7\nc{instance=\"1\"} 1\nc{instance=\"1\",a=\"x\"} 2\nc{instance=\"2\"} 1\nc{instance=\"2\",a=\"x\"} 2\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
