package lang

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"weir/internal/script"
	"weir/internal/script/scripttest"
)

type row struct{ src, want string }

func table(t *testing.T, rows []row) {
	t.Helper()
	t.Parallel()
	r, _ := scripttest.New(t, Namespace)
	for i, c := range rows {
		got := ""
		if res, err := r.Run(fmt.Sprintf("/%d.js", i), c.src); err != nil {
			got = "error: " + err.Error()
		} else {
			got, _ = r.ToString(res.Value)
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestHelpers(t *testing.T) {
	table(t, []row{
		{"invoke(() => 5)", "5"},
		{"invoke(() => { throw new Error('no') }, m => 'caught ' + m)", "caught no"},
		{"invoke(() => { throw 'text' }, m => m)", "text"},
		{"invoke(() => null.x, 7)", "7"},
		{"String(invoke(() => null.x))", "undefined"},
		{"invoke()", "error: requires 1 or more arguments"},
		{"invoke(1)", "error: argument #1 expects a function"},
		{"repeat(i => i < 4 ? undefined : 'at ' + i)", "at 4"},
		{"var n = 0; String(repeat(3, i => { n += i })) + n", "undefined3"},
		{"repeat(10, i => i == 2 ? i : undefined)", "2"},
		{"repeat(new Int(4), i => i == 3 ? i : undefined)", "3"},
		{"repeat(['a', 'b'], (v, i) => i ? v + i : undefined)", "b1"},
		{"var seen = []; repeat([, 1], (v, i) => { seen.push(i) }); seen.join()", "1"},
		{"repeat(3)", "error: requires 2 or more arguments"},
		{"repeat('x', () => 1)", "error: argument #1 expects a number, an array or a function"},
		{"repeat(3, 3)", "error: argument #2 expects a function"},
		{"branch(false, 1, () => true, () => 'second', 'default')", "second"},
		{"branch(0, 1, () => 'default')", "default"},
		{"String(branch(0, 1))", "undefined"},
		{"branch(1)", "error: requires 2 or more arguments"},
		{"select(2, 1, 'one', () => 2, () => 'two', 'many')", "two"},
		{"select('2', 2, 'loose', 'none')", "loose"},
		{"select(9, 1, 'one', 'many')", "many"},
		{"String(select(9, 1, 'one'))", "undefined"},
		{"select(1, 2)", "error: requires 3 or more arguments"},
		{"Object.keys(globalThis).filter(k => !k.startsWith('__')).join()", ""},
	})
}

func TestMapForEach(t *testing.T) {
	table(t, []row{
		{"var s = ''; var m = new Map([['a', 1], ['b', 2]]); m.forEach((k, v, map) => { s += k + v + (map === m) }); s", "a1trueb2true"},
		{"var s = ''; for (var [k, v] of new Map([['a', 1]])) s += k + v; s", "a1"},
		{"var s = ''; new Set(['a']).forEach((v, w) => { s += v + w }); s", "aa"},
		{"new Map().forEach(1)", "error: argument #1 expects a function"},
		{"new Map().forEach.name + new Map().forEach.length", "forEach1"},
	})
}

func TestError(t *testing.T) {
	table(t, []row{
		{"var c = new Error('inner'); var e = new Error('outer', c); e.message + (e.cause === c)", "outertrue"},
		{"var c = new Error('inner'); new Error('outer', { cause: c }).cause === c", "true"},
		{"'cause' in new Error('x')", "false"},
		{"Object.hasOwn(new Error, 'message')", "false"},
		{"new Error(undefined, new Error('x')).message", ""},
		{"Error('called').message", "called"},
		{"Error.name + Error.length + (Error.prototype.constructor === Error)", "Error1true"},
		{"class E extends Error { constructor(m) { super(m); this.name = 'E' } }; var e = new E('m'); [e instanceof E, e instanceof Error, String(e)].join()", "true,true,E: m"},
		{"[new TypeError('t') instanceof Error, Object.getPrototypeOf(TypeError) === Error].join()", "true,true"},
		{"try { null.x } catch (e) { var it = e }; it instanceof Error", "true"},
		{"function here() { return new Error('x') }; /^ *at here .*\\n *at /.test(here().stack)", "true"},
	})
}

// The helpers' own frames are not the place where an error is reported.
func TestErrorPosition(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, Namespace)
	for _, src := range []string{"\nrepeat('x', 1)", "\nthrow new Error('x')", "\nnew Map().forEach(0)", "\nrepeat(1, () => { throw new Error('x') })"} {
		_, err := r.Run("/main.js", src)
		e, ok := err.(*script.Error)
		if !ok || len(e.Stack) == 0 {
			t.Errorf("%s: %v", src, err)
			continue
		}
		for _, f := range e.Stack {
			if f.File == "" && f.Function == "" || strings.Contains(f.Function, "Language") || strings.HasPrefix(f.File, "lang") {
				t.Errorf("%s: frame %+v", src, f)
			}
		}
	}
}

// Every row of the language's surface list exists in a realm and is on our own list.
func TestSurface(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../../../shared/spec/surface/01-language.tsv")
	if err != nil {
		t.Skip("the specification is not here:", err)
	}
	ours := map[string]string{}
	for _, row := range Namespace.Surface() {
		ours[row.Path] = row.Kind
	}
	r, _ := scripttest.New(t, Namespace)
	samples := `var samples = {Object: {}, Number: 1, Int: new Int(1), String: '', Array: [], RegExp: new RegExp('x', 'g'), Date: new Date,
		Map: new Map, Set: new Set, Error: new Error('m', new Error('c')), Promise: Promise.resolve()}; globalThis.samples = samples; 0`
	if _, err := r.Run("/samples.js", samples); err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(list)) {
		f := strings.Split(line, "\t")
		path, kind := f[0], f[1]
		root, _, _ := strings.Cut(path, ".")
		root, _, _ = strings.Cut(root, "#")
		switch {
		case path == "path", kind == "global" && path != "Math", kind == "filter", strings.HasPrefix(path, "pipy"),
			root == "Configuration", root == "__thread":
			continue // of other packages
		}
		n++
		if ours[path] != kind {
			t.Errorf("%s %s is not in our list (%q)", path, kind, ours[path])
		}
		expr := path
		if class, member, ok := strings.Cut(path, "#"); ok {
			expr = "'" + member + "' in Object(samples." + class + ") && samples." + class + "." + member
		}
		want := "function"
		if kind == "property" || kind == "constant" || kind == "global" {
			want = "defined"
		}
		src := "(x => x === undefined || x === false && !'" + path + "'.match(/is|global|ignoreCase/) ? 'missing' : typeof x == 'function' ? 'function' : 'defined')(" + expr + ")"
		res, err := r.Run("/check"+path+".js", src)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got, _ := r.AsString(res.Value); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if n < 190 {
		t.Errorf("only %d rows checked", n)
	}
}
