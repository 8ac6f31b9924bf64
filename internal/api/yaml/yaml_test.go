package yaml

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func run(t *testing.T, src string) string {
	t.Helper()
	return scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, Namespace}, src)
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"a: 1\nb: true\nc: ~\nd:\ne: null\nf: 1.50\ng: 0x10\nh: -.inf\ni: .nan\nj: 1_000\nk: 12:30", `{"a":"1","b":"true","c":"~","d":"","e":"null","f":"1.50","g":"0x10","h":"-.inf","i":".nan","j":"1_000","k":"12:30"}`},
		{"- a\n- 'x''y'\n- \"t\\tu\\u00e9\"\n-\n- ''\n- [1, {b: c, d}]", `["a","x'y","t\tué","","",["1",{"b":"c","d":""}]]`},
		{"k: |\n  l1\n  l2\nl: >-\n  f1\n  f2\n\n  f3\nm: plain\n  goes on", `{"k":"l1\nl2\n","l":"f1 f2\nf3","m":"plain goes on"}`},
		{"a: &x {p: 1}\nb: *x\nc:\n  <<: *x\ne: &s text\nf: *s", `{"a":{"p":"1"},"b":{"p":"1"},"c":{"<<":{"p":"1"}},"e":"text","f":"text"}`},
		{"z: 1\na: 2\nz: 3", `{"z":"3","a":"2"}`},
		{"true: 1\n~: 2\n\"q r\": 3\n? s\n: 4", `{"true":"1","~":"2","q r":"3","s":"4"}`},
		{"a: 1\n---\nb: 2\n...", `{"b":"2"}`},
		{"%YAML 1.1\n---\na: !!int 1\nb: !x {c: d}", `{"a":"1","b":{"c":"d"}}`},
		{"a: 1\n---\n", `""`},
		{"# c\na: # d\n  b: 1 # e\n# f\n", `{"a":{"b":"1"}}`},
		{"\ufeffa: 1\r\nb: 2\r\n", `{"a":"1","b":"2"}`},
		{"---\n---\na", `"a"`},
		{"---\n# c\n---\na: 1", `{"a":"1"}`},
		{"---\n...\n---\na: 1\n...\n# end", `{"a":"1"}`},
		{"--- x\n--- |\n  y\n", `"y\n"`},
		{"a: |\n  --- no\n ---\n", "error: YAML: did not find expected key at line 2"},
		{"a: 1\n--- # two\nb: c\nd: e: f", "error: YAML: mapping values are not allowed in this context at line 4"},
		{"a: b: c\n---\nd: 1", "error: YAML: mapping values are not allowed in this context at line 1"},
		{"# c\n%YAML 1.1\n---\na: 1", `{"a":"1"}`},
		{"just text", `"just text"`},
		{"", "undefined"},
		{"# nothing\n", "undefined"},
		{"{\"json\": [1, \"two\", null]}", `{"json":["1","two","null"]}`},
		{"a: [1, 2", "error: YAML: did not find expected ',' or ']' at line 1"},
		{"ok: 1\na: b: c", "error: YAML: mapping values are not allowed in this context at line 2"},
		{"a:\n\t- x", "error: YAML: found character that cannot start any token at line 2"},
		{"@x", "error: YAML: found character that cannot start any token at line 1"},
		{"a: 'x", "error: YAML: found unexpected end of stream at line 1"},
		{strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "error: YAML: nested too deep at line 1"},
		{strings.Repeat("[", 20000), "error: YAML: exceeded max depth of 10000 at line 1"},
		{"a: b\nc:\n" + strings.Repeat("- ", 2000), "error: YAML: nested too deep at line 3"},
		{"a: 1\nb: *nope", "error: YAML: unknown anchor 'nope' referenced at line 1"},
		{"- &a x\n---\n- *a", "[null]"},
		{"{a: b}: c\n[d]: e\n? - f\n  - g\n: h", `{"[object Object]":"c","d":"e","f,g":"h"}`},
		{"%YAML 1.2\n---\na\n...\n%YAML 1.9\n---\n\"%YAML 1.3\"", `"%YAML 1.3"`},
		{"\ufeffa: é\n# end", `{"a":"é"}`},
	} {
		r, _ := scripttest.New(t, event.Namespace, Namespace)
		r.Set(r.Global(), "text", r.String(c.text))
		got := ""
		if res, err := r.Run("/main.js", "var v = YAML.parse(text); JSON.stringify(v) === JSON.stringify(YAML.decode(new Data(text))) && String(JSON.stringify(v))"); err != nil {
			got = "error: " + err.Error()
		} else {
			got, _ = r.ToString(res.Value)
		}
		if got != c.want {
			t.Errorf("%.200q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// The time that parsing takes grows with the text, not with its square, and a text that would take too much memory is refused.
func TestLargeTexts(t *testing.T) {
	t.Parallel()
	for what, part := range map[string]string{"keys": "k%d: v\n", "entries": "- %d\n", "mappings": "k%d:\n  x: [1, {y: 2}]\n", "comments": "# %d\n- x\n", "lines": "- a\n  b%d\n\n",
		"anchors": "- &a%d x\n- *a%[1]d\n", "quoted": "- \"a\\n%d\n\n  b\"\n", "block scalars": "- |\n  a%d\n\n  b\n", "documents": "---\na%d\n"} {
		var b strings.Builder
		for i := range 20000 {
			fmt.Fprintf(&b, part, i)
		}
		if _, err := document(b.String()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, part := range []string{"-\n", "a,", "{", "? ", "- ", ":\n"} {
		if _, err := document(strings.Repeat(part, maxTree/nodeSize+1)); err == nil || err.Error() != "YAML: the text has more than 1048576 values" {
			t.Errorf("many %q: %v", part, err)
		}
	}
}

func TestStringify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"{}", "{}\n"},
		{"[]", "[]\n"},
		{"'text'", "text\n"},
		{"'two\\nlines'", "|-\n  two\n  lines\n"},
		{"null", "null\n"},
		{"1.5", "1.5\n"},
		{"{ a: 1, b: [true, null, 'x'], c: { d: {}, e: [] } }", "a: 1\nb:\n  - true\n  - null\n  - x\nc:\n  d: {}\n  e: []\n"},
		{"[[1, [2]], { a: 1, b: 2 }, [{ c: 3 }]]", "- - 1\n  - - 2\n- a: 1\n  b: 2\n- - c: 3\n"},
		{"{ a: undefined, b: () => 1, c: [undefined, () => 1] }", "c:\n  - null\n  - null\n"},
		{"{ a: undefined }", "{}\n"},
		{"[NaN, Infinity, -Infinity, 1e21, -0]", "- .nan\n- .inf\n- -.inf\n- 1e+21\n- 0\n"},
		{"[new Int('u64', '18446744073709551615'), 12n]", "- 18446744073709551615\n- 12\n"},
		{"[new Data('hi'), new Date(0)]", "- !!binary aGk=\n- \"1970-01-01T00:00:00.000Z\"\n"},
		{"['8080', '1.5', 'true', 'No', 'null', '~', '', '0x1F', '1e3', '12:30', '2020-01-02', '.5', '-1', '010', '<<', '1_000']",
			"- \"8080\"\n- \"1.5\"\n- \"true\"\n- \"No\"\n- \"null\"\n- \"~\"\n- \"\"\n- \"0x1F\"\n- \"1e3\"\n- \"12:30\"\n- \"2020-01-02\"\n- \".5\"\n- \"-1\"\n- \"010\"\n- \"<<\"\n- \"1_000\"\n"},
		{"['10.0.0.1', '10.0.0.1:80', 'http://x/y#z', './a', '.hidden', 'a b', \"it's\", '10s', 'x-y', '/p?q=1&r']",
			"- 10.0.0.1\n- 10.0.0.1:80\n- http://x/y#z\n- ./a\n- .hidden\n- a b\n- it's\n- 10s\n- x-y\n- /p?q=1&r\n"},
		{"['- x', 'a: b', 'a #b', 'a:', ' x', 'x ', '#c', '*a', '&a', '@a', '\"q\"', 'tab\\there', '\\x01\\u2028', '...', '[', '!t', '%d', '`', '\\\\n']",
			"- \"- x\"\n- \"a: b\"\n- \"a #b\"\n- \"a:\"\n- \" x\"\n- \"x \"\n- \"#c\"\n- \"*a\"\n- \"&a\"\n- \"@a\"\n- \"\\\"q\\\"\"\n- \"tab\\there\"\n- \"\\x01\\u2028\"\n- \"...\"\n- \"[\"\n- \"!t\"\n- \"%d\"\n- \"`\"\n- \\n\n"},
		{"{ cert: 'a\\n\\nb\\n', keep: 'x\\n\\n', strip: 'y\\nz', quoted: '\\nx', 'key: odd': ' a\\nb' }",
			"cert: |\n  a\n\n  b\nkeep: |+\n  x\n\nstrip: |-\n  y\n  z\nquoted: \"\\nx\"\n\"key: odd\": \" a\\nb\"\n"},
		{"[{ deep: { text: 'a\\nb' } }]", "- deep:\n    text: |-\n      a\n      b\n"},
		{"var shared = { x: 1 }; [shared, shared]", "- x: 1\n- x: 1\n"},
	} {
		got := run(t, "YAML.stringify(eval("+"'var v = ' + "+quoteJS(strings.TrimPrefix(c.expr, "var shared = { x: 1 }; "))+" + '; v')"+")")
		if strings.HasPrefix(c.expr, "var shared") {
			got = run(t, "var shared = { x: 1 }; YAML.stringify([shared, shared])")
		}
		if got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.expr, got, c.want)
		}
	}
}

func quoteJS(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`", "$", `\$`).Replace(s) + "`"
}

func TestCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"String(YAML.stringify(undefined)) + YAML.encode(() => 1)", "undefinedundefined"},
		{"YAML.encode({ a: 1 }) instanceof Data && YAML.encode({ a: 'é' }).toString()", "a: é\n"},
		{"String(YAML.decode(null))", "null"},
		{"JSON.stringify(YAML.parse('a: [1, 2]\\nb: x', (k, v) => k === '1' ? 'second' : v))", `{"a":["1","second"],"b":"x"}`},
		{"var keys = []; YAML.parse('a: [x]', (k, v, c) => { keys.push(k + (c === null ? 'null' : Array.isArray(c))); return v }); keys.join()", "0true,afalse,null"},
		{"YAML.stringify({ a: 1, b: [2] }, (k, v) => k === 'a' ? undefined : typeof v == 'number' ? v * 10 : v)", "b:\n  - 20\n"},
		{"var v = YAML.parse('a: &x {p: 1}\\nb: *x'); v.a === v.b", "true"},
		{"var o = {}; o.o = o; YAML.stringify(o)", "error: cannot write an object that contains itself as YAML"},
		{"var o = 1; for (var i = 0; i < 2000; i++) o = [o]; YAML.stringify(o)", "error: cannot write an object nested too deep as YAML"},
		{"YAML.stringify({ get x() { throw new Error('boom') } })", "error: boom"},
		{"YAML.parse()", "error: requires 1 or more arguments"},
		{"YAML.parse(1)", "error: argument #1 expects a string"},
		{"YAML.parse('a', 1)", "error: argument #2 expects a function"},
		{"YAML.decode('a')", "error: argument #1 expects an instance of pipy::Data"},
		{"YAML.stringify({}, {})", "error: argument #2 expects a function"},
		{"YAML.parse('a', () => { throw new Error('mine') })", "error: mine"},
	} {
		if got := run(t, c.src); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.src, got, c.want)
		}
	}
}

// Whatever text goes out comes back, as value and as key.
func FuzzRoundTrip(f *testing.F) {
	for _, s := range []string{"", "a", "a\nb\n", "- x", "a: b", "null", "\x00\t", " é\u2028", "x\n\n", "#", "a\n  b\n c", "'", "\"", "0o17", "---", "? x", "a\n#b"} {
		f.Add(s)
	}
	r, _ := scripttest.New(f)
	f.Fuzz(func(t *testing.T, s string) {
		defer r.EndTurn()
		s = strings.ToValidUTF8(s, "?")
		o := r.NewObject()
		r.Set(o, "value", r.String(s))
		r.Set(o, "list", r.NewArray(r.String(s), r.String("end")))
		text, _, err := Stringify(r, o, script.Undefined)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Parse(r, text, script.Undefined)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		back, _ := r.Get(v, "value")
		list, _ := r.Get(v, "list")
		first, _ := r.GetIndex(list, 0)
		for _, b := range []script.Value{back, first} {
			if got, _ := r.AsString(b); got != s {
				t.Errorf("%q written as %q reads %q", s, text, got)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("a: &x [1, {b: *x}]\n? c\n: |\n  d\n--- # e\n- !t 'f'")
	r, _ := scripttest.New(f)
	f.Fuzz(func(t *testing.T, s string) {
		defer r.EndTurn()
		Parse(r, s, script.Undefined)
	})
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "04-codecs.tsv", []string{"YAML"}, Namespace)
}
