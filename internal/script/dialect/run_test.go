package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/grafana/sobek"
)

// realm runs translated files in sobek with a small imitation of the host.
type realm struct {
	t        testing.TB
	rt       *sobek.Runtime
	files    map[string]string
	modules  map[string]sobek.ModuleRecord
	slots    []string
	legacy   []string
	options  Options
	complete sobek.Value
	log      []string
}

func newRealm(t testing.TB, files map[string]string) *realm {
	r := &realm{t: t, rt: sobek.New(), files: files, modules: map[string]sobek.ModuleRecord{}, complete: sobek.Undefined()}
	r.options = Options{
		FiberSlots: func(name string) int { r.slots = append(r.slots, name); return len(r.slots) - 1 },
		LegacySlots: func(_, name string) (int, bool) {
			if strings.HasPrefix(name, "_no") {
				return 0, false
			}
			r.legacy = append(r.legacy, name)
			return len(r.legacy) - 1, true
		},
	}
	set := func(name string, v any) {
		if err := r.rt.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	set("__complete", func(v sobek.Value) sobek.Value { r.complete = v; return v })
	set("__ctx", r.rt.NewArray())
	set("__leg", r.rt.NewArray())
	set("log", func(c sobek.FunctionCall) sobek.Value {
		var s []string
		for _, a := range c.Arguments {
			s = append(s, a.String())
		}
		r.log = append(r.log, strings.Join(s, " "))
		return sobek.Undefined()
	})
	if _, err := r.rt.RunString(`
		var __cur = 'none';
		var __save = () => __cur;
		var __r = (c, v) => (__cur = c, v);
		var current = () => __cur, enter = c => { __cur = c };
		var pipy = v => ({ proto: v, legacy: true, export() { return this }, import() { return this }});
		var str = v => { try { return JSON.stringify(v) ?? String(v) } catch (e) { return String(v) } };
	`); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *realm) resolve(_ any, specifier string) (sobek.ModuleRecord, error) {
	name := strings.TrimPrefix(specifier, "./")
	if m := r.modules[name]; m != nil {
		return m, nil
	}
	src, ok := r.files[name]
	if !ok {
		return nil, fmt.Errorf("no module %s", specifier)
	}
	o := r.options
	o.File = "/" + name
	out, err := Transform(src, o)
	if err != nil {
		return nil, err
	}
	if o.Kind == Solve || strings.HasSuffix(name, ".ts") {
		valid(r.t, "", out.Code) // lines may go
	} else {
		valid(r.t, src, out.Code)
	}
	m, err := sobek.ParseModule(name, out.Code, r.resolve)
	if err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, out.Code)
	}
	r.modules[name] = m
	return m, nil
}

// run evaluates a file and gives its completion value as JSON, or "throws …".
func (r *realm) run(name string) string {
	r.t.Helper()
	m, err := r.resolve(nil, name)
	if err != nil {
		return "fails " + err.Error()
	}
	if err := m.Link(); err != nil {
		return "links not: " + err.Error()
	}
	p := r.rt.CyclicModuleRecordEvaluate(m.(sobek.CyclicModuleRecord), r.resolve)
	switch p.State() {
	case sobek.PromiseStateRejected:
		v := p.Result()
		if o, ok := v.(*sobek.Object); ok && o.Get("message") != nil {
			return "throws " + o.Get("message").String()
		}
		return "throws " + v.String()
	case sobek.PromiseStatePending:
		return "pending"
	}
	return r.json(r.complete)
}

func (r *realm) json(v sobek.Value) string {
	f, _ := sobek.AssertFunction(r.rt.Get("str"))
	s, err := f(sobek.Undefined(), v)
	if err != nil {
		return err.Error()
	}
	return s.String()
}

// valid fails the test unless code is an ES module.
func valid(t testing.TB, src, code string) {
	t.Helper()
	if msg := esmError(code); msg != "" {
		t.Errorf("output is no module: %s\n--- source\n%s\n--- output\n%s", msg, src, code)
	}
	if a, b := strings.Count(src, "\n"), strings.Count(code, "\n"); b < a {
		t.Errorf("output has %d lines instead of %d", b, a)
	}
}

func esmError(code string) string {
	res := api.Transform(code+"\nexport{}", api.TransformOptions{Loader: api.LoaderJS, LogLevel: api.LogLevelSilent})
	if len(res.Errors) > 0 {
		return res.Errors[0].Text
	}
	return ""
}

func runOne(t *testing.T, src string) string {
	t.Helper()
	return newRealm(t, map[string]string{"main.js": src}).run("main.js")
}
