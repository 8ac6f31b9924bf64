package metrics

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func direct(f func()) { f() }

// collect returns what a hub collects as text.
func collect(t *testing.T, h *Hub, f Format) string {
	t.Helper()
	done := make(chan []*Metric, 1)
	h.Collect(func(ms []*Metric) { done <- ms })
	var b bytes.Buffer
	if err := Write(&b, f, <-done); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// own leaves out the counters of the process, which other tests may have made.
func own(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "weir_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestText(t *testing.T) {
	t.Parallel()
	h := NewHub()
	r := h.Add(direct)
	hits := New(Counter, "hits", []string{"path", "status"}, nil)
	r.Register(hits, t, nil)
	hits.Root().With("/a\"\\\n", "200").Add(2)
	hits.Root().With("/a\"\\\n").Add(1)
	hits.Root().With("/unset", "404")
	temp := New(Gauge, "the-temp", []string{"in°", "in!"}, nil)
	r.Register(temp, t, nil)
	temp.Root().Set(math.Inf(-1))
	temp.Root().With("x", "y").Set(math.NaN())
	lat := New(Histogram, "lat", []string{"le"}, []float64{1, 10, math.Inf(1)})
	r.Register(lat, t, nil)
	for _, x := range []float64{0.5, 1, 2, 100, math.NaN()} {
		lat.Root().With("q").Observe(x)
	}
	odd := New(Histogram, "odd", nil, []float64{10, 1, 10, math.NaN()})
	r.Register(odd, t, nil)
	odd.Root().Observe(0.5)
	odd.Root().Observe(11)
	r.Register(New(Counter, "empty", nil, nil), t, nil)
	clash := New(Gauge, "the_temp", nil, nil)
	r.Register(clash, t, nil)
	clash.Root().Zero()
	want := `# TYPE hits counter
hits{path="/a\"\\\n"} 1
hits{path="/a\"\\\n",status="200"} 2
# TYPE lat histogram
lat_bucket{le_="q",le="1"} 2
lat_bucket{le_="q",le="10"} 3
lat_bucket{le_="q",le="+Inf"} 4
lat_sum{le_="q"} 103.5
lat_count{le_="q"} 4
# TYPE odd histogram
odd_bucket{le="1"} 0
odd_bucket{le="10"} 1
odd_bucket{le="+Inf"} 2
odd_sum 11.5
odd_count 2
# TYPE the_temp gauge
the_temp -Inf
the_temp{in_="x",in__="y"} NaN
# TYPE the_temp_ gauge
the_temp_ 0
`
	text := own(collect(t, h, Text))
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if f := families["hits"]; f.GetType() != dto.MetricType_COUNTER || len(f.Metric) != 2 || f.Metric[1].Label[0].GetValue() != "/a\"\\\n" {
		t.Errorf("hits parsed as %v", f)
	}
	if g := families["lat"].Metric[0].Histogram; g.GetSampleCount() != 4 || len(g.Bucket) != 3 || g.Bucket[1].GetCumulativeCount() != 3 {
		t.Errorf("lat parsed as %v", g)
	}
	open := collect(t, h, OpenMetrics)
	if !strings.Contains(open, "# TYPE hits unknown\nhits{path=\"/a\\\"\\\\\\n\"} 1.0\n") || !strings.HasSuffix(open, "# EOF\n") {
		t.Errorf("OpenMetrics:\n%s", open)
	}
}

func TestNode(t *testing.T) {
	t.Parallel()
	m := New(Histogram, "h", []string{"a"}, []float64{1, 2})
	root := m.Root()
	if root.IsSet() || !root.Root() || root.Leaf() || root.Sub("x").Root() || !root.Sub("x").Leaf() {
		t.Error("state of a new node")
	}
	for i := range 3 * manySubs {
		if s := root.Sub(fmt.Sprint(i)); s != root.Sub(fmt.Sprint(i)) || s.Label() != fmt.Sprint(i) || s.Metric() != m {
			t.Fatalf("sub %d", i)
		}
	}
	if n := len(root.Subs()); n != 3*manySubs+1 || root.Subs()[0].Label() != "x" {
		t.Errorf("%d subs", n)
	}
	kept := root.Buckets()
	root.Observe(1)
	root.Observe(2)
	root.Observe(3)
	if fmt.Sprint(kept, root.Cumulative(), root.Count(), root.Value()) != "[1 1] [1 2] 3 6" {
		t.Error(kept, root.Cumulative(), root.Count(), root.Value())
	}
	root.Zero()
	if !root.IsSet() || root.Count() != 0 || root.Value() != 0 || kept[0] != 0 || len(root.Subs()) == 0 {
		t.Error("after Zero")
	}
	root.Clear()
	if root.IsSet() || len(root.Subs()) != 0 || root.Sub("x").IsSet() {
		t.Error("after Clear")
	}
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	h := NewHub()
	r := h.Add(direct)
	add := func(owner string, value float64) *Registration {
		m := New(Gauge, "g", nil, nil)
		m.Root().Set(value)
		return r.Register(m, owner, nil)
	}
	expect := func(when string, value int) {
		t.Helper()
		if got := own(collect(t, h, Text)); got != fmt.Sprintf("# TYPE g gauge\ng %d\n", value) {
			t.Errorf("%s: %q", when, got)
		}
	}
	one := add("one", 1)
	expect("one version", 1)
	two := add("two", 2)
	expect("a new version", 2)
	two.End()
	expect("the new version was dropped", 1)
	add("three", 3)
	three := add("three", 4)
	expect("the same name twice in a version", 4)
	one.End()
	expect("the old version ended", 4)
	three.End()
	expect("nobody is left", 4)
	add("four", 5)
	expect("after that", 5)
}

func TestCollectAsks(t *testing.T) {
	t.Parallel()
	h := NewHub()
	r := h.Add(direct)
	n := 0
	m := New(Gauge, "g", nil, nil)
	reg := r.Register(m, t, func() { n++; m.Root().Set(float64(n)) })
	hook := r.OnCollect(func() { r.Snapshot("snap", "help", "a", "b").With("x", "y").Add(2) })
	for i := range 2 {
		want := fmt.Sprintf("# TYPE g gauge\ng %d\n# HELP snap help\n# TYPE snap gauge\nsnap 2\nsnap{a=\"x\"} 2\nsnap{a=\"x\",b=\"y\"} 2\n", i+1)
		if got := own(collect(t, h, Text)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	r.Remove(hook)
	r.Remove(hook)
	reg.End()
	if got := own(collect(t, h, Text)); got != "# TYPE g gauge\ng 2\n" {
		t.Error(got)
	}
}

type flow struct{ in, out, buffered int }

func (f flow) BytesIn() uint64  { return uint64(f.in) }
func (f flow) BytesOut() uint64 { return uint64(f.out) }
func (f flow) Buffered() int    { return f.buffered }

func TestTraffic(t *testing.T) {
	t.Parallel()
	h := NewHub()
	r := h.Add(direct)
	port := r.Inbound("[::]:80/TCP", "")
	peer := r.Inbound("[::]:81/TCP", "1.2.3.4")
	up := r.Outbound("TCP", "[host]:80")
	if r.Inbound("[::]:81/TCP", "1.2.3.4") != peer || r.Outbound("TCP", "[host]:80") != up {
		t.Error("not the same")
	}
	r.OnCollect(func() { peer.Sample(flow{10, 20, 16385}) })
	port.Open()
	port.Close()
	port.Gone(flow{1, 2, 0})
	peer.Open()
	up.Open()
	up.Connected(2.5)
	r.HTTP2Streams(true).Add(1)
	for range 2 {
		got := collect(t, h, Text)
		for _, line := range []string{
			"pipy_inbound_count 1", `pipy_inbound_count{listen="[::]:80/TCP"} 0`, `pipy_inbound_count{listen="[::]:81/TCP"} 1`,
			`pipy_inbound_count{listen="[::]:81/TCP",peer="1.2.3.4"} 1`, "pipy_inbound_in 11", "pipy_inbound_out 22",
			`pipy_inbound_out{listen="[::]:80/TCP"} 2`, `pipy_inbound_in{listen="[::]:81/TCP",peer="1.2.3.4"} 10`,
			`pipy_chunk_count{type="Inbound"} 2`, `pipy_outbound_count{protocol="TCP",peer="[host]:80"} 1`,
			`pipy_outbound_conn_time_bucket{le="2"} 0`, `pipy_outbound_conn_time_bucket{le="3"} 1`,
			`pipy_outbound_conn_time_bucket{protocol="TCP",peer="[host]:80",le="3325"} 1`, "pipy_outbound_conn_time_count 1",
			`pipy_http2_stream_count{type="Client"} 1`,
		} {
			if !strings.Contains(got, line+"\n") {
				t.Errorf("%s is missing in\n%s", line, got)
			}
		}
	}
	for i := range 2 * MaxPeers {
		r.Outbound("TCP", fmt.Sprint(i)).Open()
		r.Inbound("p", fmt.Sprint(i)).Open()
	}
	if n, m := len(r.engine.outbound.byLabels), len(r.engine.inbound.byLabels); n != MaxPeers+1 || m != MaxPeers+2 {
		t.Errorf("%d outbound and %d inbound peers are kept", n, m)
	}
	if got := collect(t, h, Text); !strings.Contains(got, fmt.Sprintf("pipy_outbound_count %d\n", 2*MaxPeers+1)) {
		t.Error("peers are lost")
	}
}

// Workers are goroutines that run what is posted; what they count meanwhile is not in their copies by halves.
func TestWorkers(t *testing.T) {
	t.Parallel()
	h := NewHub()
	const workers, rounds = 3, 500
	var wg sync.WaitGroup
	defer wg.Wait()
	for i := range workers {
		posts := make(chan func(), 64)
		r := h.Add(func(f func()) { posts <- f })
		wg.Go(func() {
			m := New(Counter, "n", []string{"worker"}, nil)
			r.Register(m, i, nil)
			if i == 0 { // of another shape: not counted
				r.Register(New(Histogram, "odd", nil, []float64{1}), i, nil)
			} else {
				r.Register(New(Gauge, "odd", nil, nil), i, nil)
			}
			shared := SharedCounter("weir_test", "test", []string{"a"}, "x")
			for range rounds {
				m.Root().Add(1)
				m.Root().Sub(fmt.Sprint(i)).Add(1)
				shared.Add(1)
				select {
				case f := <-posts:
					f()
				default:
				}
			}
			for f := range posts {
				if f == nil {
					return
				}
				f()
			}
		})
		defer func() { posts <- nil }()
	}
	for range 20 {
		collect(t, h, Text)
	}
	done := false
	for !done { // until all have counted to the end
		got := collect(t, h, Text)
		done = strings.Contains(got, fmt.Sprintf("\nn %d\n", workers*rounds))
		if done && !strings.Contains(got, fmt.Sprintf("n{worker=\"2\"} %d\n", rounds)) {
			t.Error(got)
		}
	}
	if got := collect(t, h, Text); !strings.Contains(got, fmt.Sprintf("# HELP weir_test test\n# TYPE weir_test counter\nweir_test{a=\"x\"} %d\n", workers*rounds)) {
		t.Error(got)
	}
}

// No sample has a name that those of another metric have, or that stands for another metric.
func TestNamesThatClash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format  Format
		metrics string // name and kind
		want    string
	}{
		{Text, "a counter, a_total counter", "a a_total"},
		{OpenMetrics, "a counter, a_total counter", "a_ a_total"},
		{OpenMetrics, "a gauge, a_total counter", "a_ a_total"},
		{OpenMetrics, "a histogram, a_total counter", "a__bucket a__sum a__count a_total"},
		{OpenMetrics, "a counter, a_total gauge", "a a_total"},
		{Text, "b histogram, b_count counter", "b_bucket b_sum b_count b_count_"},
		{Text, "b_count counter, b histogram", "b_count b__bucket b__sum b__count"},
		{Text, "x.y counter, x-y counter, x_y gauge", "x_y x_y_ x_y__"},
		{Text, "c counter, c gauge", "c c_"},
	} {
		var list []*Metric
		for s := range strings.SplitSeq(c.metrics, ", ") {
			name, kind, _ := strings.Cut(s, " ")
			m := New(map[string]Kind{"counter": Counter, "gauge": Gauge, "histogram": Histogram}[kind], name, nil, []float64{})
			m.Root().Zero()
			list = append(list, m)
		}
		var b strings.Builder
		if err := Write(&b, c.format, list); err != nil {
			t.Fatal(err)
		}
		var names []string
		for line := range strings.Lines(b.String()) {
			if name := line[:strings.IndexAny(line+" ", " {\n")]; name != "#" {
				names = append(names, name)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s, want %s\n%s", c.metrics, got, c.want, &b)
		}
	}
}
