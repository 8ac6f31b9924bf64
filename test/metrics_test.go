//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"weir/test/harness"
)

// scrape reads the metrics a weir serves, as Prometheus does.
func scrape(t *testing.T, port int) map[string]*dto.MetricFamily {
	t.Helper()
	text := harness.Curl(t, "http://"+harness.Addr(port)+"/metrics")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return families
}

// number returns the value of a counter or gauge, or the count of a histogram, with exactly the given labels ("name=value");
// -1 if there is none.
func number(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		var have []string
		for _, l := range m.GetLabel() {
			have = append(have, l.GetName()+"="+l.GetValue())
		}
		if slices.Equal(have, labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

// Two workers count on their own; who asks one of them learns the sums.
func TestMetricsOfWorkers(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	w := harness.Start(t, harness.Config{
		Flags: []string{"--threads=2"},
		Script: fmt.Sprintf(`
			var n = new stats.Counter('requests', ['thread'])
			var size = new stats.Histogram('sizes', [10, 100])
			new stats.Gauge('threads', [], g => g.set(1))
			pipy.listen(%[1]d, { peerStats: true }, $=>$
				.demuxHTTP().to($=>$
					.handleMessage(msg => { n.withLabels(__thread.id).increase(); size.observe(msg.body.size) })
					.muxHTTP(() => algo.uuid()).to($=>$.connect('127.0.0.1:%[2]d'))
				)
			)
			pipy.listen('127.0.0.1:%[2]d', $=>$.serveHTTP(() => new Message('x'.repeat(1000))))
			pipy.listen('127.0.0.1:%[3]d', $=>$.serveHTTP(stats.scrape))`, ports[0], ports[1], ports[2]),
		Listen: ports,
	})
	const rounds = 40
	for range rounds {
		harness.Curl(t, "-d", "0123456789abcdef", "http://"+harness.Addr(ports[0]))
	}
	var m map[string]*dto.MetricFamily
	listen := fmt.Sprintf("listen=[0.0.0.0]:%d/TCP", ports[0])
	harness.Eventually(t, "all connections are closed and counted", func() bool {
		m = scrape(t, ports[2])
		return number(m, "pipy_inbound_count", listen) == 0
	})
	if a, b := number(m, "requests", "thread=0"), number(m, "requests", "thread=1"); max(a, 0)+max(b, 0) != rounds {
		t.Errorf("%v and %v requests", a, b)
	}
	upstream := []string{"protocol=TCP", fmt.Sprintf("peer=[127.0.0.1]:%d", ports[1])}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"sizes", nil, rounds},
		{"threads", nil, 2},
		{"pipy_inbound_count", []string{listen, "peer=127.0.0.1"}, 0},
		{"pipy_outbound_conn_time", nil, rounds},
		{"pipy_outbound_conn_time", upstream, rounds},
	} {
		if got := number(m, c.name, c.labels...); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		labels []string
		least  float64
	}{
		{"pipy_inbound_in", []string{listen, "peer=127.0.0.1"}, rounds * 100},
		{"pipy_inbound_out", []string{listen}, rounds * 1000},
		{"pipy_outbound_in", upstream, rounds * 1000},
		{"pipy_outbound_out", upstream, rounds * 16},
		{"pipy_inbound_count", nil, 1}, // the scrape itself
		{"pipy_pipeline_count", nil, 1},
		{"pipy_object_count", nil, 1},
		{"pipy_pool_allocated_size", []string{"class=script"}, 1000},
		{"pipy_pool_allocated_size", []string{"class=go"}, 1000},
	} {
		if got := number(m, c.name, c.labels...); got < c.least {
			t.Errorf("%s%v is %v, want %v at least", c.name, c.labels, got, c.least)
		}
	}
	// A new version of the program counts anew; what weir counts goes on.
	before := number(m, "pipy_outbound_conn_time")
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Codebase reloaded on thread 1")
	harness.Eventually(t, "metrics of the new version", func() bool {
		m = scrape(t, ports[2])
		return number(m, "sizes") == -1
	})
	if got := number(m, "pipy_outbound_conn_time"); got != before {
		t.Errorf("%v outbound connections after the reload, %v before", got, before)
	}
}

// The bytes of connections that are open are counted, too, even if they never pass through the process.
func TestMetricsOfOpenConnections(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			pipy.listen(%[1]d, $=>$.connect('127.0.0.1:%[2]d'))
			pipy.listen('127.0.0.1:%[2]d', $=>$.replaceData(d => d))
			pipy.listen('127.0.0.1:%[3]d', $=>$.serveHTTP(stats.scrape))`, ports[0], ports[1], ports[2]),
		Listen: ports,
	})
	c := harness.Dial(t, ports[0])
	c.Send("0123456789")
	if got := c.ReadN(10); got != "0123456789" {
		t.Fatalf("got %q", got)
	}
	m := scrape(t, ports[2])
	listen := fmt.Sprintf("listen=[0.0.0.0]:%d/TCP", ports[0])
	peer := fmt.Sprintf("peer=[127.0.0.1]:%d", ports[1])
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"pipy_inbound_count", []string{listen}, 1},
		{"pipy_inbound_in", []string{listen}, 10},
		{"pipy_inbound_out", []string{listen}, 10},
		{"pipy_outbound_count", []string{"protocol=TCP", peer}, 1},
		{"pipy_outbound_in", []string{"protocol=TCP", peer}, 10},
		{"pipy_outbound_out", []string{"protocol=TCP", peer}, 10},
	} {
		if got := number(m, c.name, c.labels...); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
}

// Everything that was logged is in the file and on the standard output when the process has ended.
func TestLogsAtTheEnd(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.log")
	const records = 5000
	r := weir(t, "-e", fmt.Sprintf(`
		var l = new logging.JSONLogger('app').toFile(%q).toStdout();
		for (var i = 0; i < %d; i++) l.log({ i, text: 'x'.repeat(100) });
		void 0`, file, records))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"file": string(text), "standard output": r.Stdout} {
		n := 0
		for line := range strings.Lines(text) {
			var v struct{ I int }
			if err := json.Unmarshal([]byte(line), &v); err != nil || v.I != n {
				t.Fatalf("%s: record %d is %q", name, n, line)
			}
			n++
		}
		if n != records {
			t.Errorf("%s: %d records", name, n)
		}
	}
}

// A version of the program that is replaced lets its database go.
func TestSQLiteClosedByReload(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	file := filepath.Join(t.TempDir(), "x.db")
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var db = sqlite(%q)
			db.exec('CREATE TABLE IF NOT EXISTS t (n); INSERT INTO t VALUES (1)')
			var s = db.sql('SELECT count(*) n FROM t')
			pipy.listen(%d, $=>$.serveHTTP(() => new Message(String(s.exec()[0].n))))`, file, port),
		Listen: []int{port},
	})
	opened := func() (n int) {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.PID))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", w.PID, e.Name())); target == file {
				n++
			}
		}
		return n
	}
	for i := range 3 {
		if got := harness.Curl(t, "http://"+harness.Addr(port)); got != fmt.Sprint(i+1) {
			t.Errorf("round %d: %s rows", i, got)
		}
		want := fmt.Sprint(i + 2)
		w.Signal(syscall.SIGHUP)
		harness.Eventually(t, "the new version", func() bool { return harness.Curl(t, "http://"+harness.Addr(port)) == want })
	}
	harness.Eventually(t, "one open file", func() bool { return opened() == 1 })
}

// A request over HTTP/2 that is proxied over HTTP/2 sees its own two streams; afterwards there are none.
func TestMetricsOfHTTP2(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			pipy.listen(%[1]d, $=>$
				.demuxHTTP().to($=>$
					.muxHTTP(() => 1, { version: 2 }).to($=>$.connect('127.0.0.1:%[2]d'))
				)
			)
			pipy.listen(%[2]d, $=>$.serveHTTP(stats.scrape))
		`, ports[0], ports[1]),
		Listen: ports,
	})
	during := harness.Curl(t, "--http2-prior-knowledge", "http://"+harness.Addr(ports[0])+"/metrics")
	for _, want := range []string{`pipy_http2_stream_count{type="Server"} 2`, `pipy_http2_stream_count{type="Client"} 1`} {
		if !strings.Contains(during, want+"\n") {
			t.Errorf("no %s in\n%s", want, during)
		}
	}
	harness.Eventually(t, "the streams to be gone", func() bool {
		after := scrape(t, ports[1])
		return number(after, "pipy_http2_stream_count", "type=Server") == 0 && number(after, "pipy_http2_stream_count", "type=Client") == 0
	})
}

// labelNames returns the names of the labels of all samples of a metric, the longest list.
func labelNames(f *dto.MetricFamily) (names []string) {
	for _, m := range f.GetMetric() {
		var of []string
		for _, l := range m.GetLabel() {
			of = append(of, l.GetName())
		}
		if len(of) > len(names) {
			names = of
		}
	}
	return names
}

// total adds up a metric: the sample without labels if there is one, which is the sum of the others, else all.
func total(families map[string]*dto.MetricFamily, name string) (sum float64) {
	if n := number(families, name); n >= 0 {
		return n
	}
	for _, m := range families[name].GetMetric() {
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	return sum
}

// The admin service of a process under load has every metric that there is to be, of its type and with its labels, and those
// that count move. Its dump counts the same connections.
func TestMetricNames(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	ports := harness.Ports(t, 3)
	harness.Start(t, harness.Config{
		Flags: []string{"--threads=2", fmt.Sprintf("--admin-port=%d", ports[1])},
		Script: fmt.Sprintf(`
			var hits = new stats.Counter('hits', ['path'])
			var sizes = new stats.Histogram('sizes', [10, 1000, Infinity])
			new stats.Gauge('cache', ['of'], g => g.withLabels('x').set(1))
			pipy.listen(%d, { peerStats: true }, $=>$.demuxHTTP().to($=>$
				.handleMessageStart(msg => (hits.withLabels(msg.head.path.split('?')[0]).increase(), sizes.observe(100)))
				.muxHTTP().to($=>$.connect('127.0.0.1:%d'))))
			pipy.listen(%d, 'udp', $=>$.replaceData(d => d))`, ports[0], up.Port, ports[2]),
		Listen: ports,
	})
	l := startLoad(t, ports[0], 4)
	// Somebody who does not read has data waiting for him.
	stalled := harness.Dial(t, ports[0])
	stalled.Send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
	var first map[string]*dto.MetricFamily
	harness.Eventually(t, "data to wait", func() bool {
		first = scrape(t, ports[1])
		return number(first, "pipy_chunk_count", "type=Inbound") > 0 && number(first, "hits", "path=/big") > 100
	})
	before := l.requests.Load()
	harness.Eventually(t, "more load", func() bool { return l.requests.Load() > before+1000 })
	second := scrape(t, ports[1])
	for _, c := range []struct {
		name, kind, labels string
		moves              bool
	}{
		{"pipy_inbound_count", "GAUGE", "listen peer", false},
		{"pipy_inbound_in", "COUNTER", "listen peer", true},
		{"pipy_inbound_out", "COUNTER", "listen peer", true},
		{"pipy_outbound_count", "GAUGE", "protocol peer", false},
		{"pipy_outbound_in", "COUNTER", "protocol peer", true},
		{"pipy_outbound_out", "COUNTER", "protocol peer", true},
		{"pipy_outbound_conn_time", "HISTOGRAM", "protocol peer", false},
		{"pipy_pool_allocated_size", "GAUGE", "class", false},
		{"pipy_pool_spare_size", "GAUGE", "class", false},
		{"pipy_object_count", "GAUGE", "class", false},
		{"pipy_chunk_count", "GAUGE", "type", false},
		{"pipy_pipeline_count", "GAUGE", "module name", false},
		{"process_start_time_seconds", "GAUGE", "", false},
		{"process_cpu_seconds_total", "COUNTER", "", true},
		{"process_resident_memory_bytes", "GAUGE", "", false},
		{"process_virtual_memory_bytes", "GAUGE", "", false},
		{"process_open_fds", "GAUGE", "", false},
		{"process_max_fds", "GAUGE", "", false},
		{"go_goroutines", "GAUGE", "", false},
		{"weir_worker_lag_seconds", "GAUGE", "thread", false},
		{"weir_script_seconds_total", "COUNTER", "thread", true},
		{"hits", "COUNTER", "path", true},
		{"sizes", "HISTOGRAM", "", true},
		{"cache", "GAUGE", "of", false},
	} {
		f := second[c.name]
		if f == nil || f.GetType().String() != c.kind || strings.Join(labelNames(f), " ") != c.labels {
			t.Errorf("%s: a %v with labels %v, want %s, %s", c.name, f.GetType(), labelNames(f), c.kind, c.labels)
			continue
		}
		if a, b := total(first, c.name), total(second, c.name); b < 0 || c.moves && b <= a || c.kind == "COUNTER" && b < a {
			t.Errorf("%s goes from %v to %v", c.name, a, b)
		}
	}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"cache", []string{"of=x"}, 2}, // one of each thread
		{"pipy_inbound_count", []string{fmt.Sprintf("listen=[0.0.0.0]:%d/TCP", ports[0])}, 5},
		{"pipy_inbound_count", []string{fmt.Sprintf("listen=[0.0.0.0]:%d/TCP", ports[0]), "peer=127.0.0.1"}, 5},
	} {
		if got := number(second, c.name, c.labels...); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	for _, thread := range []string{"thread=0", "thread=1"} {
		for _, name := range []string{"weir_worker_lag_seconds", "weir_script_seconds_total"} {
			if number(second, name, thread) < 0 {
				t.Errorf("%s has no %s", name, thread)
			}
		}
	}
	var bounds []float64
	for _, b := range second["pipy_outbound_conn_time"].GetMetric()[0].GetHistogram().GetBucket() {
		bounds = append(bounds, b.GetUpperBound())
	}
	if len(bounds) != 21 || fmt.Sprint(bounds[:6]) != "[1 2 3 5 7 11]" || fmt.Sprint(bounds[20]) != "+Inf" {
		t.Errorf("bounds of pipy_outbound_conn_time: %v", bounds)
	}
	// "sizes" has its buckets, which add up.
	sizes := second["sizes"].GetMetric()[0].GetHistogram()
	if b := sizes.GetBucket(); len(b) != 3 || b[0].GetCumulativeCount() != 0 || b[1].GetCumulativeCount() != sizes.GetSampleCount() ||
		b[2].GetCumulativeCount() != sizes.GetSampleCount() || sizes.GetSampleSum() != 100*float64(sizes.GetSampleCount()) {
		t.Errorf("sizes: %v", sizes)
	}

	l.stop()
	harness.Eventually(t, "the dump to have the stalled connection only", func() bool {
		var dump struct {
			Inbound []struct {
				IP, Protocol          string
				Port                  int
				Connections, Buffered int
			}
			Outbound []struct {
				Protocol    string
				Port        int
				Connections int
			}
			Objects map[string]int
			Pools   map[string]struct{ Size, Allocated, Pooled int }
		}
		text := harness.Curl(t, "http://"+harness.Addr(ports[1])+"/dump")
		if err := json.Unmarshal([]byte(text), &dump); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		members := regexp.MustCompile(`"(pools|chunks|buffers|objects|pipelines|inbound|outbound)":[{[]`).FindAllStringSubmatch(text, -1)
		if len(members) != 7 || members[0][1] != "pools" || members[4][1] != "pipelines" || members[6][1] != "outbound" {
			t.Fatalf("members of %s", text)
		}
		open := map[string]int{}
		for _, in := range dump.Inbound {
			open[fmt.Sprint(in.Protocol, in.Port)] = in.Connections
		}
		udp, ok := open[fmt.Sprint("UDP", ports[2])]
		return open[fmt.Sprint("TCP", ports[0])] == 1 && ok && udp == 0 && len(dump.Pools) > 0 && len(dump.Objects) > 0 &&
			len(dump.Outbound) > 0 && dump.Outbound[0].Port == up.Port && dump.Outbound[0].Connections >= 1
	})
}

// What is offered as OpenMetrics is, to the parser of Prometheus's own client, which takes nothing else.
func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Flags: []string{fmt.Sprintf("--admin-port=%d", ports[1])},
		Script: fmt.Sprintf(`
			var all = new stats.Counter('requests_total', ['path'])
			var old = new stats.Counter('requests')
			var odd = new stats.Counter('odd name\u00e9', ['a b'])
			var size = new stats.Histogram('size', [1, 2.5], ['of'])
			new stats.Gauge('nothing')
			new stats.Gauge('strange', ['v'], g => (g.withLabels('nan').set(NaN), g.withLabels('inf').set(-Infinity)))
			pipy.listen(%d, $=>$.serveHTTP(req => {
				all.withLabels(req.head.path + '"\\\n').increase(2)
				old.increase()
				odd.withLabels('x').increase()
				size.withLabels('a').observe(2)
				return new Message('ok')
			}))`, ports[0]),
		Listen: ports,
	})
	harness.Curl(t, "http://"+harness.Addr(ports[0])+"/x")
	text := harness.Curl(t, "-H", "accept: application/openmetrics-text; version=1.0.0", "http://"+harness.Addr(ports[1])+"/metrics")
	file := filepath.Join(t.TempDir(), "metrics")
	harness.WriteFile(t, file, text)
	out := harness.Python(t, `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open(sys.argv[1]).read()):
    for s in family.samples:
        print(family.type, s.name, sorted(s.labels.items()), s.value)
`, file)
	for _, want := range []string{
		`counter requests_total [('path', '/x"\\\n')] 2.0`,
		"unknown requests_ [] 1.0",
		"unknown odd_name_ [('a_b', 'x')] 1.0",
		"histogram size_bucket [('le', '2.5'), ('of', 'a')] 1\n",
		"histogram size_count [('of', 'a')] 1\n",
		"gauge strange [('v', 'nan')] nan",
		"gauge strange [('v', 'inf')] -inf",
		"counter process_cpu_seconds_total [] ",
		"gauge pipy_inbound_count [] ",
		"unknown pipy_inbound_in [] ",
		"gauge weir_worker_lag_seconds [('thread', '0')] ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s\nfrom\n%s", want, out, text)
		}
	}
	if strings.Contains(out, "nothing") {
		t.Error("a metric without a value is offered")
	}
}
