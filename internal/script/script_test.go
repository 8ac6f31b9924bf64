package script

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

type testHost struct {
	files     map[string]string
	unhandled []string
	log       []string
}

func (h *testHost) ResolveModule(spec, importer string) (string, error) {
	if strings.HasPrefix(spec, "./") {
		return spec[1:], nil
	}
	return spec, nil
}
func (h *testHost) ReadModule(path string) (string, error) {
	if s, ok := h.files[path]; ok {
		return s, nil
	}
	return "", errors.New("no such file")
}
func (h *testHost) Dump(r *Realm, v Value) string            { s, _ := r.ToString(v); return s }
func (h *testHost) Unhandled(r *Realm, v Value)              { h.unhandled = append(h.unhandled, h.Dump(r, v)) }
func (h *testHost) Report(r *Realm, err *Error)              { h.log = append(h.log, err.Message) }
func (h *testHost) Log(text string)                          { h.log = append(h.log, text) }
func (h *testHost) InboundValue(r *Realm, inbound any) Value { return Null }

func newRealm(t testing.TB, files map[string]string, limits Limits) (*Realm, *testHost) {
	h := &testHost{files: files}
	r, err := New(h, limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r, h
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"1 + 1", "2"},
		{"var a = 'x'; a + 'é😀'", "xé😀"},
		{"return 5", "5"},
		{"[1,2,3].map(x => x * 2)", "2,4,6"},
		{"var o = {a:{}}; o?.a.b = 3; o.a.b", "3"},
		{"var x = 0; for (var i = 0; i < 4; i++) x += i; x", "6"},
	} {
		r, _ := newRealm(t, nil, Limits{})
		res, err := r.Run("/main.js", c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if got, _ := r.ToString(res.Value); got != c.want {
			t.Errorf("%s = %s, want %s", c.src, got, c.want)
		}
	}
}

func TestErrorPositions(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t, map[string]string{"/b.js": "export function f(x) {\n  return x.y.z\n}\n"}, Limits{})
	_, err := r.Run("/main.js", "import { f } from './b.js'\n\nf({})\n")
	got := strings.Join(r.Describe(err), "\n")
	for _, want := range []string{"File /b.js:", "Line 2:", "cannot read property 'z' of undefined", "In f at line 2 column", "in /main.js"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestImportFailures(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t, map[string]string{"/bad.js": "var x = \n)"}, Limits{})
	_, err := r.Run("/main.js", "import './none.js'")
	var ie *ImportError
	if !errors.As(err, &ie) {
		t.Errorf("missing import: %v", err)
	}
	_, err = r.Run("/main2.js", "import './bad.js'")
	var se *SyntaxError
	if !errors.As(err, &se) || se.File != "/bad.js" || se.Line != 2 {
		t.Errorf("bad import: %v", err)
	}
}

func TestContexts(t *testing.T) {
	t.Parallel()
	r, h := newRealm(t, nil, Limits{})
	res, err := r.Run("/main.js", "var $n = 5\nexport function get() { return $n }\nexport function inc() { $n++; return $n }\n"+
		"export function later() { return new Promise(r => { globalThis.go = r }).then(() => { $n += 100; globalThis.seen = $n }) }\n"+
		"export async function awaited() { var before = $n; await null; globalThis.seen2 = [before, $n] }")
	if err != nil {
		t.Fatal(err)
	}
	_ = res
	ns, err := r.Import("/main.js")
	if err != nil {
		t.Fatal(err)
	}
	fn := func(name string) Value { v, _ := r.Get(ns, name); return v }
	call := func(c *Context, name string) string {
		v, err := r.CallIn(c, fn(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, _ := r.ToString(v)
		return s
	}
	a := r.NewContext(nil)
	b := a.Clone()
	call(a, "inc")
	call(a, "inc")
	if x, y := call(a, "get"), call(b, "get"); x != "7" || y != "5" {
		t.Errorf("a = %s, b = %s", x, y)
	}
	call(a, "later")
	call(b, "awaited")
	call(b, "inc")
	goFn, _ := r.Get(r.Global(), "go")
	r.Call(goFn)
	r.RunJobs()
	seen, _ := r.Get(r.Global(), "seen")
	if s, _ := r.ToString(seen); s != "107" {
		t.Errorf("promise handler saw %s", s)
	}
	seen, _ = r.Get(r.Global(), "seen2")
	if s, _ := r.ToString(seen); s != "5,6" {
		t.Errorf("async function saw %s", s)
	}
	if _, err := r.CallIn(nil, fn("get")); err == nil || err.Error() != "referencing fiber variable without a fiber" {
		t.Errorf("without a fiber: %v", err)
	}
	if len(h.unhandled) > 0 {
		t.Errorf("unhandled: %v", h.unhandled)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t, nil, Limits{Memory: 16 << 20, Timeout: 50 * time.Millisecond})
	_, err := r.Run("/loop.js", "for (;;) {}")
	var e *Error
	if !errors.As(err, &e) || !e.Interrupted {
		t.Errorf("endless loop: %v", err)
	}
	_, err = r.Run("/mem.js", "var a = []; for (;;) a.push(new Array(1000).fill(1))")
	if !errors.As(err, &e) || !e.OutOfMemory {
		t.Errorf("endless memory: %v", err)
	}
	r.CollectGarbage()
	if res, err := r.Run("/ok.js", "1"); err != nil {
		t.Errorf("realm is not usable after its limits: %v", err)
	} else if f, _ := res.Value.Float(); f != 1 {
		t.Errorf("got %v", f)
	}
}

// Long runs count as time in scripts, whether there is a limit on them or not.
func TestBusy(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{0, time.Minute} {
		r, _ := newRealm(t, nil, Limits{Timeout: limit})
		if _, err := r.Run("/long.js", "for (var end = Date.now() + 50; Date.now() < end;) {}"); err != nil {
			t.Fatal(err)
		}
		if r.Busy() < time.Millisecond {
			t.Errorf("with a limit of %v, %v were spent in the script", limit, r.Busy())
		}
	}
}

type point struct{ x, y float64 }

var pointClass = &Class{
	Name: "Point", Path: "Point", Length: 2, Bound: true,
	New: func(c *Call) (any, error) {
		if err := c.Need(2); err != nil {
			return nil, err
		}
		x, err := c.Number(0)
		if err != nil {
			return nil, err
		}
		y, err := c.Number(1)
		return &point{x, y}, err
	},
	Methods: []Method{{Name: "sum", Fn: func(c *Call) (Value, error) {
		p := This[*point](c)
		return Number(p.x + p.y), nil
	}}, {Name: "fail", Fn: func(c *Call) (Value, error) { panic("oops") }}},
	Props: []Prop{{Name: "x", Get: func(c *Call) (Value, error) { return Number(This[*point](c).x), nil },
		Set: func(c *Call, v Value) (err error) { This[*point](c).x, err = c.ToNumber(v); return }}},
}

func TestClass(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t, nil, Limits{})
	r.Set(r.Global(), "Point", r.Class(pointClass))
	res, err := r.Run("/main.js", `
		var p = new Point(1, 2), sum = p.sum, out = []
		p.x = 10
		out.push(sum(), p.sum === p.sum, p instanceof Point, Point(1, 2))
		var tries = [() => new Point(1), () => new Point(1, 'y'), () => p.fail()]
		tries.forEach(f => { try { f() } catch (e) { out.push(e.message) } })
		out.join('|')`)
	if err != nil {
		t.Fatal(err)
	}
	want := "12|true|true||requires 2 or more arguments|argument #2 expects a number|internal error: oops"
	if got, _ := r.ToString(res.Value); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type dict struct{ Extras }

func (d *dict) GetField(r *Realm, name string) (Value, bool, error) {
	v, ok := d.Get(name)
	return v, ok, nil
}
func (d *dict) SetField(r *Realm, name string, v Value) error { d.Set(r, name, v); return nil }
func (d *dict) DeleteField(r *Realm, name string)             { d.Delete(name) }
func (d *dict) Fields() []string                              { return d.Names() }

var dictClass = &Class{Name: "Dict", Record: true}

func TestRecord(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t, nil, Limits{})
	r.Set(r.Global(), "d", r.NewObjectOf(dictClass, &dict{}))
	res, err := r.Run("/main.js", `
		d.a = 1; d['b-c'] = 'two'; d.gone = 1; delete d.gone
		JSON.stringify({ ...d, own: Object.keys(d), has: 'a' in d, not: 'z' in d, und: d.z, proto: d.hasOwnProperty('a'), e: Object.entries(d) })`)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":1,"b-c":"two","own":["a","b-c"],"has":true,"not":false,"proto":true,"e":[["a",1],["b-c","two"]]}`
	if got, _ := r.ToString(res.Value); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	r, h := newRealm(t, nil, Limits{})
	p, resolver := r.NewPromise()
	r.Set(r.Global(), "p", p)
	_, err := r.Run("/main.js", `var out = globalThis.out = []
		p.then(7).then(x => out.push(x)); p.then(x => out.push(x)).finally(() => out.push('f'))
		Promise.reject(new Error('lost')); Promise.reject(1).catch(() => {})`)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	r.Then(p, func(ok bool, v Value) { s, _ := r.ToString(v); got = fmt.Sprint(ok, s) })
	resolver.Resolve(r.String("done"))
	r.RunJobs()
	v, _ := r.Get(r.Global(), "out")
	if s, _ := r.ToString(v); s != "done,7,f" {
		t.Errorf("handlers saw %s", s)
	}
	if got != "truedone" && got != "true done" {
		t.Errorf("Go handler got %s", got)
	}
	if len(h.unhandled) != 1 || !strings.Contains(h.unhandled[0], "lost") {
		t.Errorf("unhandled: %q", h.unhandled)
	}
}

func BenchmarkCallback(b *testing.B) {
	r, _ := newRealm(b, nil, Limits{Timeout: time.Second})
	res, _ := r.Run("/main.js", "(x => x)")
	f := r.Hold(res.Value)
	c := r.NewContext(nil)
	b.ReportAllocs()
	for b.Loop() {
		r.CallIn(c, f.Value(), Int(1))
		r.EndTurn()
	}
}

func BenchmarkConstruct(b *testing.B) {
	r, _ := newRealm(b, nil, Limits{})
	r.Set(r.Global(), "Point", r.Class(pointClass))
	res, _ := r.Run("/main.js", "(() => new Point(1, 2))")
	f := r.Hold(res.Value)
	b.ReportAllocs()
	for b.Loop() {
		r.Call(f.Value())
		r.EndTurn()
	}
}
