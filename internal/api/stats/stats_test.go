package stats_test

import (
	"runtime"
	"strings"
	"testing"

	"weir/internal/api/algo"
	"weir/internal/api/stats"
	_ "weir/internal/filter"
	"weir/internal/filter/filtertest"
	"weir/internal/metrics"
	"weir/internal/script/scripttest"
)

const prelude = `
	function fails(f) { try { f(); return 'no error' } catch (e) { return e.message } };
	function text(v) { return JSON.stringify(v, (k, x) => x === undefined ? 'undefined' : typeof x === 'number' && !isFinite(x) ? String(x) : x) };
`

// run returns what a script passed to test.log, once nothing is pending.
func run(t *testing.T, src string) string {
	t.Helper()
	r := filtertest.Empty(t, stats.Namespace, algo.Namespace)
	if err := r.Load(prelude + src); err != nil {
		return "error: " + err.Error()
	}
	r.Settle()
	for _, p := range r.Host.Problems {
		t.Log(p)
	}
	return r.Notes()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"counter", "var c = new stats.Counter('c'); c.increase(); c.increase(1.5); test.log(text([c.name, c.type, c.value, c.label, c.dimensions, +c, `${c}`]))", `["c","Counter",2.5,"undefined",1,2.5,"2.5"]`},
		{"counter to zero", "var c = new stats.Counter('c'); c.increase(5); c.zero(); test.log(c.value, typeof c.decrease, typeof c.set)", "0 undefined undefined"},
		{"gauge", "var g = new stats.Gauge('g'); g.set(10); g.increase(); g.decrease(3); g.decrease(); test.log(text([g.value, g.type])); g.zero(); test.log(g.value)", `[7,"Gauge"] 0`},
		{"bound methods", "var { increase } = new stats.Counter('c'); var c = new stats.Counter('d'); var f = c.increase; f(2); increase(); test.log(c.value)", "2"},
		{"labels", "var c = new stats.Counter('c', ['a', 'b']); var x = c.withLabels('x'); x.increase(); c.withLabels('x', 1).increase(2); x.withLabels(1).increase(); test.log(text([c.value, x.value, x.label, c.withLabels('x', '1').value, x.withLabels(1).label, x.name]))", `[0,1,"x",3,"1","c"]`},
		{"same labels same object", "var c = new stats.Counter('c', ['a', 'b']); c.withLabels('x', 'y').mark = 1; test.log(c.withLabels('x', 'y').mark, c.withLabels('x').withLabels('y') === c.withLabels('x', 'y', 'more'), c.withLabels() === c)", "1 true true"},
		{"no labels left", "test.log(new stats.Counter('c').withLabels('x'), new stats.Counter('d', ['a']).withLabels('x').withLabels('y'))", "null null"},
		{"submetrics", "var c = new stats.Counter('c', ['a']); c.withLabels('y'); c.withLabels('x'); test.log(c.submetrics().map(m => m.label).join(), c.submetrics()[0] === c.withLabels('y'), c.withLabels('y').submetrics().length)", "y,x true 0"},
		{"clear", "var c = new stats.Counter('c', ['a']); c.increase(); c.withLabels('x').increase(3); c.clear(); test.log(c.value, c.submetrics().length, c.withLabels('x').value)", "0 0 0"},
		{"histogram", "var h = new stats.Histogram('h', [1, 2.5, Infinity]); [0.5, 1, 2, 9].forEach(n => h.observe(n)); test.log(text([h.type, h.value, h.valueOf(), h.dimensions]))", `["Histogram[1,2.5,\"Inf\"]",[2,1,1,4,12.5],[2,3,4],5]`},
		{"above the last bucket", "var h = new stats.Histogram('h', [1]); h.observe(2); test.log(text(h.value)); h.zero(); test.log(text(h.value))", "[0,1,2] [0,0,0]"},
		{"labelled histogram", "var h = new stats.Histogram('h', [1], ['a']); h.withLabels('x').observe(1); test.log(text([h.value, h.withLabels('x').value, h.withLabels('x').type]))", `[[0,0,0],[1,1,1],"Histogram[1]"]`},
		{"percentile", "var h = new stats.Histogram('h', [10, 20]); for (var i = 0; i < 10; i++) h.observe(5); var p = h.percentile; h.observe(15); test.log(p === h.percentile, p instanceof algo.Percentile, p.calculate(50), p.calculate(100)); h.zero(); test.log(p.calculate(50))", "true true 5 20 0"},
		{"instanceof", "test.log(new stats.Gauge('g') instanceof stats.Gauge, new stats.Gauge('g') instanceof stats.Counter)", "true false"},
		{"errors", "var m = new stats.Counter('c'), g = new stats.Gauge('g'); test.log(text([() => new stats.Counter, () => new stats.Counter(1), () => new stats.Counter('a', 'b'), () => new stats.Gauge('a', [], 1), () => new stats.Histogram('h'), () => new stats.Histogram('h', 1), () => new stats.Histogram('h', [1], 'x'), () => m.increase('1'), () => g.set(), () => g.set('x'), () => stats.sum(), () => stats.sum('x'), () => stats.exposition('xml'), () => stats.scrape(1)].map(fails)))",
			`["requires 1 or more arguments","argument #1 expects a string","argument #2 expects an array","argument #3 expects a function","requires 2 or more arguments","argument #2 expects an array","argument #3 expects an array","argument #1 expects a number","requires 1 or more arguments","argument #1 expects a number","requires 1 or more arguments","argument #1 expects an array","argument #1 has an invalid enum value","argument #1 expects an instance of pipy::Message"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := run(t, c.src); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"sum", "var c = new stats.Counter('c', ['a']); c.withLabels('x').increase(2); new stats.Histogram('h', [1, 2]).observe(1.5); stats.sum(['c', 'h', 'none']).then(s => { c.withLabels('x').increase(); test.log(Object.keys(s).join(), s.c instanceof stats.Counter, s.c.withLabels('x').value, s.c.submetrics().length, text(s.h.value)) })", "c,h true 2 1 [0,1,1,1.5]"},
		{"the latest of a name counts", "new stats.Counter('c').increase(5); new stats.Counter('c').increase(1); stats.sum(['c']).then(s => test.log(s.c.value))", "1"},
		{"on collect", "var n = 0; new stats.Gauge('g', [], g => g.set(++n)); stats.sum(['g']).then(s => test.log(s.g.value)).then(() => stats.sum(['g'])).then(s => test.log(s.g.value))", "1 2"},
		{"on collect fails", "new stats.Gauge('g', [], g => { g.set(1); throw new Error('no') }); stats.sum(['g']).then(s => test.log(s.g.value))", "1"},
		{"exposition", "new stats.Counter('hits_total', ['path']).withLabels('/\"').increase(); stats.exposition().then(s => test.log(text(s.split('\\n').filter(l => l.includes('hits')))))", `["# TYPE hits_total counter","hits_total{path=\"/\\\"\"} 1"]`},
		{"openmetrics", "new stats.Counter('hits_total').increase(); stats.exposition('openmetrics').then(s => test.log(text(s.split('\\n').filter(l => l.includes('hits'))), s.endsWith('# EOF\\n')))", `["# TYPE hits counter","hits_total 1.0"] true`},
		{"scrape", "new stats.Counter('n').increase(); stats.scrape().then(m => test.log(m.head.status, m.head.headers['content-type'], m.body.toString().includes('\\nn 1\\n')))", "200 text/plain; version=0.0.4; charset=utf-8 true"},
		{"scrape of a Prometheus server", "new stats.Counter('n').increase(); stats.scrape(new Message({ headers: { accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3', 'accept-encoding': 'gzip' } })).then(m => test.log(m.head.headers['content-type'], m.head.headers['content-encoding'], m.body.shift(2).toString('hex')))", "application/openmetrics-text; version=1.0.0; charset=utf-8 gzip 1f8b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := run(t, c.src); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Metrics of a world that has ended keep their values, but hold nothing of it.
func TestWorldEnds(t *testing.T) {
	t.Parallel()
	r := filtertest.Empty(t, stats.Namespace)
	if err := r.Load("new stats.Gauge('g', ['a'], g => g.withLabels('x').increase())"); err != nil {
		t.Fatal(err)
	}
	collected := func() string {
		done := make(chan string, 1)
		r.Loop.Hold()
		r.World.Metrics.Hub().Collect(func(ms []*metrics.Metric) {
			defer r.Loop.Unhold()
			for _, m := range ms {
				if m.Name == "g" {
					done <- strings.Repeat("+", int(m.Root().Sub("x").Value()))
				}
			}
		})
		r.Settle()
		return <-done
	}
	if got := collected(); got != "+" {
		t.Errorf("g is %q", got)
	}
	r.Loop.Turn(r.World.Close)
	if got := collected(); got != "+" {
		t.Errorf("after the end g is %q", got)
	}
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"stats", "stats.Metric", "stats.Gauge.onCollect"}, stats.Namespace)
}

// Making a metric again and again keeps only the last one.
func TestReplacedMetricsAreFreed(t *testing.T) {
	t.Parallel()
	r := filtertest.Empty(t, stats.Namespace)
	if err := r.Load("for (var i = 0; i < 1000; i++) new stats.Gauge('g', ['a'], () => {}).withLabels(i).set(i)"); err != nil {
		t.Fatal(err)
	}
	for range 5 { // what Go holds is given back through its collector, at the end of a turn
		runtime.GC()
		r.Loop.Turn(func() {})
		r.Realm.CollectGarbage()
	}
	if objects, refs := r.Realm.Live(); objects > 500 || refs > 500 {
		t.Errorf("%d Go values and %d script values are held", objects, refs)
	}
}
