package console

import (
	"strings"
	"testing"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/script/scripttest"
)

type sink struct{ out []string }

func (s *sink) Log(level logs.Level, text string) { s.out = append(s.out, level.String()+": "+text) }
func (s *sink) Stdout(text string)                { s.out = append(s.out, "stdout: "+text) }

func run(t *testing.T, src string) string {
	t.Helper()
	r, h := scripttest.New(t, lang.Namespace, event.Namespace, Namespace, Print)
	s := new(sink)
	r.SetOwner(s)
	if _, err := r.Run("/main.js", src); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	if len(h.Problems) > 0 {
		t.Error(h.Problems)
	}
	return strings.Join(s.out, "|")
}

func TestOutput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"console.log('a b', 1, 'c')", "info: a b 1 c"},
		{"console.log()", "info: "},
		{"console.info(1); console.debug(2); console.warn(3); console.error(4)", "info: 1|debug: 2|warn: 3|error: 4"},
		{"print('x', 1); println('y', [2])", "stdout: x 1|stdout: y [ 2 ]\n"},
		{"[1, 2].forEach(console.log)", "info: 1 0 [ 1, 2 ]|info: 2 1 [ 1, 2 ]"},
		{"var r = [console.log(1), print(2), println(3)]; print(r)", "info: 1|stdout: 2|stdout: 3\n|stdout: [ undefined, undefined, undefined ]"},
	} {
		if got := run(t, c.src); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.src, got, c.want)
		}
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"undefined", "undefined"},
		{"null", "null"},
		{"-1.5", "-1.5"},
		{"true", "true"},
		{"12n", "12"},
		{"'top \"raw\"'", "top \"raw\""},
		{"['a\"b\\\\\\x07\\b\\f\\n\\r\\t\\v\\x01é']", "[ \"a\\\"b\\\\\\a\\b\\f\\n\\r\\t\\v\x01é\" ]"},
		{"[]", "[  ]"},
		{"[1, [2]]", "[ 1, [ 2 ] ]"},
		{"[, 1, , , 2, ,]", "[ empty, 1, empty x 2 times, 2, empty ]"},
		{"new Array(1e9)", "[ empty x 1000000000 times ]"},
		{"Object.assign([1], { x: 2 })", "[ 1 ]"},
		{"{}", "{  }"},
		{"{ a: 1, 'b-c': 'x', 7: null }", "{ \"7\": null, a: 1, \"b-c\": \"x\" }"},
		{"(function f() {})", "Function{ f }"},
		{"[() => 1]", "[ Function{  } ]"},
		{"class A { constructor() { this.x = 1 } }", "Function{ A }"},
		{"new (class A { constructor() { this.x = 1 } })", "{ x: 1 }"},
		{"new Data('hello')", "Data[ 68 65 6c 6c 6f ]"},
		{"new Data", "Data[  ]"},
		{"new Data('12345678901')", "Data[ 31 32 33 34 35 36 37 38 39 30 31 ]"},
		{"new Data('123456789012')", "Data[ 31 32 33 34 35 36 37 38 39 30 ... and 2 more bytes ]"},
		{"new Int('u64', '18446744073709551615')", "18446744073709551615"},
		{"new Date(0)", "Thu Jan 01 1970"},
		{"/a\\/b/g", "/a\\/b/g"},
		{"[new String('s'), new Number(1)]", "[ \"s\", 1 ]"},
		{"new Map([['a', 1], [{}, [2]]])", "Map{ \"a\" => 1, {  } => [ 2 ] }"},
		{"new Set(['a', 1])", "Set{ \"a\", 1 }"},
		{"new Set", "Set{  }"},
		{"new Error('no')", "{ name: \"Error\", message: \"no\" }"},
		{"Object.assign(new TypeError('no', { cause: 1 }), { code: 5 })", "{ name: \"TypeError\", message: \"no\", cause: 1, code: 5 }"},
		{"{ get x() { throw new Error('boom') }, y: 1 }", "{ x: <boom>, y: 1 }"},
		{"[Symbol('s'), Symbol.iterator]", "[ Symbol(s), Symbol(Symbol.iterator) ]"},
		{"Object.create(null)", "{  }"},
		{"new MessageStart", "{ type: \"MessageStart\", head: null }"},
		{"new Proxy({}, { ownKeys() { throw new Error('shut') } })", "{ <shut> }"},
	} {
		got := run(t, "print(eval("+quoteJS("("+c.expr+")")+"))")
		if got = strings.TrimPrefix(got, "stdout: "); c.expr == "new Date(0)" {
			got = got[:len("Thu Jan 01 1970")] // the rest is local time
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.expr, got, c.want)
		}
	}
}

func quoteJS(s string) string {
	var b strings.Builder
	b.WriteByte('`')
	for _, c := range s {
		if c == '\\' || c == '`' || c == '$' {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	b.WriteByte('`')
	return b.String()
}

func TestDumpEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"var o = { a: 1 }; o.self = o; print(o)", "{ a: 1, self: Object{ ...recursive } }"},
		{"var a = [1]; a.push(a); print(a)", "[ 1, Array{ ...recursive } ]"},
		{"var m = new Map; m.set('m', m); print(m)", "Map{ \"m\" => Map{ ...recursive } }"},
		{"class Node { next = this }; print({ n: new Node })", "{ n: { next: Node{ ...recursive } } }"},
		{"var o = {}; print([o, o])", "[ {  }, {  } ]"},
	} {
		if got := run(t, c.src); got != "stdout: "+c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
	deep := run(t, "var o = 1; for (var i = 0; i < 1000; i++) o = { o }; print(o)")
	if n := strings.Count(deep, "{"); n != 101 || !strings.Contains(deep, "Object{ ... }") {
		t.Errorf("deep object has %d levels", n)
	}
	r, _ := scripttest.New(t)
	res, err := r.Run("/main.js", "var o = 'leaf'; for (var i = 0; i < 60; i++) o = [o, o]; o")
	if err != nil {
		t.Fatal(err)
	}
	d := dumper{r: r, limit: 10_000}
	d.value(res.Value)
	if d.Len() < d.limit || d.Len() > d.limit+1000 {
		t.Errorf("shared objects give %d bytes", d.Len())
	}
}

// Without an owner the text goes to the process' own outputs.
func TestDefaultSink(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, Namespace)
	if _, ok := SinkOf(r).(process); !ok {
		t.Errorf("sink is %T", SinkOf(r))
	}
	r.SetOwner(new(sink))
	if _, ok := SinkOf(r).(*sink); !ok {
		t.Errorf("sink is %T", SinkOf(r))
	}
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"console", "print", "println"}, Namespace, Print)
}
