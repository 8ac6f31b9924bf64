//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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
