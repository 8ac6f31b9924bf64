package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/script"
	"weir/internal/stream"
)

// program is a case whose script is given whole.
type program struct {
	name, src, in, out string
	notes              string
}

func checkPrograms(t *testing.T, cases []program, namespaces ...*script.Namespace) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rig := filtertest.New(t, c.src, append([]*script.Namespace{Namespace}, namespaces...)...)
			if got := rig.Start().Feed(c.in).Out(); got != c.out {
				t.Errorf("out:\n got %s\nwant %s\nlog: %s", got, c.out, rig.LogText())
			}
			if got := rig.Notes(); got != c.notes {
				t.Errorf("notes:\n got %s\nwant %s", got, c.notes)
			}
		})
	}
}

// tag is a builder of a sub-pipeline whose Data show where they came through.
const tag = "var tag = t => $ => $.replaceData(d => new Data(t + d.toString()));\n"

func TestBranch(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"first that holds", tag + `test.legacy($ => $.branch(() => false, tag('a'), () => true, tag('b'), tag('c')))`,
			`S D"x" . D"y"`, `MessageStart Data"bx" StreamEnd Data"by"`, ""},
		{"default", tag + `test.legacy($ => $.branch(() => false, tag('a'), tag('c')))`, `D"x"`, `Data"cx"`, ""},
		{"by name", tag + `test.legacy($ => $.branch(() => 0, 'a', 'b'), {a: tag('a'), b: tag('b')})`, `D"x"`, `Data"bx"`, ""},
		{"asked again", tag + `var n = 0; test.legacy($ => $.branch(() => { test.log(n); return n++ > 1 }, tag('a')))`,
			`D"x" | D"y" | D"z" | D"w"`, `Data"ax" Data"ay" Data"az" Data"aw"`, "0 1 2"},
		{"throw drops", tag + `var n = 0; test.legacy($ => $.branch(() => { if (!n++) throw new Error('bad'); return true }, tag('a')))`,
			`D"x" D"y"`, `StreamEnd(Error: bad) Data"ay"`, ""},
		{"a promise is true", tag + `test.legacy($ => $.branch(() => test.never(), tag('a')))`, `D"x"`, `Data"ax"`, ""},
		{"static", tag + `test.legacy($ => $.branch(false, tag('a'), 1, tag('b')))`, `D"x"`, `Data"bx"`, ""},
		{"static default", tag + `test.legacy($ => $.branch(false, tag('a'), tag('c')).handleData(d => test.log(d)))`, `D"x"`, `Data"cx"`, `Data"cx"`},
		{"static none", tag + `test.legacy($ => $.branch(false, tag('a'), null, tag('b')))`, `D"x"`, `Data"x"`, ""},
		{"modern", tag + `pipeline($ => $.branch(() => true, tag('a')))`, `D"x"`, `Data"ax"`, ""},
		{"message start", tag + `test.legacy($ => $.branchMessageStart(e => e.head.a, tag('a'), e => e.head.b, tag('b')))`,
			`D"x" . | S{} D"y" | S{"b":1} S{"a":1} D"z"`,
			`Data"bx" StreamEnd MessageStart{} Data"by" MessageStart{"b":1} MessageStart{"a":1} Data"bz"`, ""},
		{"message", tag + `test.legacy($ => $.branchMessage(m => (test.log(m.body), m.body.toString() == 'yz'), tag('a')))`,
			`D"o" S D"x" E | S D"y" | D"z" E | D"w"`,
			`Data"ao" MessageStart Data"ax" MessageEnd MessageStart Data"ay" Data"az" MessageEnd Data"aw"`, `Data"x" Data"yz"`},
		{"message and stream end", tag + `test.legacy($ => $.branchMessage(m => m.tail === null, tag('a')))`, `S D"x" .`,
			`MessageStart Data"ax" StreamEnd`, ""},
		{"undecided at release", tag + `test.legacy($ => $.branch(() => false, tag('a')))`, `D"x" | release`, ``, ""},
	})
	for src, want := range map[string]string{
		`test.legacy($ => $.branch(() => 1))`:                "requires at least 2 arguments",
		`test.legacy($ => $.branch(() => 1, 1))`:             "argument #2 expects a string or a function",
		`test.legacy($ => $.branch(() => 1, $=>$, 2, $=>$))`: "argument #3 expects a function",
		`test.legacy($ => $.branch(1, 'name'))`:              "argument #2 expects a function",
		`test.legacy($ => $.branch(() => 1, 'none'))`:        "branch() at line 1 column 26 in /main.js: pipeline not found with name: none",
	} {
		t.Run(src, func(t *testing.T) {
			t.Parallel()
			if got := filtertest.BuildError(t, src); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"by name", tag + `test.legacy($ => $.link('a'), {a: tag('a')})`, `S D"x" .`, `MessageStart Data"ax" StreamEnd`, ""},
		{"by function", tag + `var n = 0; test.legacy($ => $.link(() => ++n < 2 ? null : 'a'), {a: tag('a')})`, `D"x" D"y" D"z"`, `Data"ay" Data"az"`, ""},
		{"unknown", `test.legacy($ => $.link(() => 'zz'))`, `D"x"`,
			`StreamEnd(Error: link() at line 1 column 24 in /main.js: unknown pipeline layout name: zz)`, ""},
		{"nonsense", `test.legacy($ => $.link(() => 1))`, `D"x"`,
			`StreamEnd(Error: link() at line 1 column 24 in /main.js: callback did not return a string)`, ""},
		{"throw", `test.legacy($ => $.link(() => { throw new Error('bad') }))`, `D"x"`, `StreamEnd(Error: bad)`, ""},
	})
	t.Run("swap", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `var s = new Swap; test.legacy($ => $.link(() => s))`, Namespace)
		a, b, c := rig.Start(), rig.Start(), rig.Start()
		a.Feed(`D"lost"`)
		b.Feed(`S D"b" .`)
		a.Feed(`D"a"`)
		c.Feed(`D"c"`)
		if got, want := a.Out(), `MessageStart Data"b" StreamEnd`; got != want {
			t.Errorf("a: %s", got)
		}
		if got, want := b.Out(), `Data"a"`; got != want {
			t.Errorf("b: %s", got)
		}
		if got, want := c.Out(), `StreamEnd(Error: link() at line 1 column 42 in /main.js: cannot link to a fully occupied Swap)`; got != want {
			t.Errorf("c: %s", got)
		}
		a.Release()
		b.Feed(`D"to nobody"`)
		if got := b.Out(); got != "" {
			t.Errorf("after release: %s", got)
		}
	})
}

func TestPipe(t *testing.T) {
	t.Parallel()
	const target = `var args = (...a) => new Data(a.length + ':' + JSON.stringify(a) + ' ');
var p = pipeline($ => $.onStart(args).replaceData(d => new Data('p' + d.toString())));
var q = pipeline($ => $.replaceData(d => new Data('q' + d.toString())));
var next = pipeline($ => $.replaceData(d => new Data('n' + d.toString())).pipeNext());
`
	checkPrograms(t, []program{
		{"layout", target + `pipeline($ => $.pipe(p))`, `S D"x" .`, `Data"p0:[] " MessageStart Data"px" StreamEnd`, ""},
		{"selector", target + `var n = 0; pipeline($ => $.pipe(e => (test.log(e.type), n++ ? q : null)))`, `S D"x" D"y"`,
			`MessageStart Data"qx" Data"qy"`, "MessageStart Data"},
		{"key", target + `pipeline($ => $.pipe('b', {a: p, b: $ => $.replaceData(new StreamEnd)}))`, `D"x"`, `StreamEnd`, ""},
		{"selected key", target + `var m = {a: $ => $, b: q}; var l = pipeline($ => $.pipe(() => 'b', m)); test.log(typeof m.a); l`, `D"x"`, `Data"qx"`, "object"},
		{"unknown key", target + `var n = 0; pipeline($ => $.pipe(() => n++ ? 'a' : 'z', {a: q}))`, `D"x" D"y"`,
			`StreamEnd(Error: pipe() at line 5 column 32 in /main.js: pipeline 'z' not found) Data"qy"`, ""},
		{"nonsense", target + `pipeline($ => $.pipe(() => 1))`, `D"x"`,
			`StreamEnd(Error: pipe() at line 5 column 21 in /main.js: callback did not return a pipeline, a string or an array)`, ""},
		{"throw", target + `pipeline($ => $.pipe(() => { throw new Error('bad') }))`, `D"x"`, `StreamEnd(Error: bad)`, ""},
		{"args", target + `pipeline($ => $.pipe(p, [1, 'b']))`, `D"x"`, `Data"p2:[1,\"b\"] " Data"px"`, ""},
		{"args by function", target + `pipeline($ => $.pipe(p, e => e.size))`, `D"x"`, `Data"p1:[1] " Data"px"`, ""},
		{"args with map", target + `pipeline($ => $.pipe('a', {a: p}, e => [e.size, null]))`, `D"x"`, `Data"p2:[1,null] " Data"px"`, ""},
		{"null and a third argument", target + `pipeline($ => $.pipe(p, null, [1]))`, `D"x"`, `Data"p0:[] " Data"px"`, ""},
		{"args throw", target + `var n = 0; pipeline($ => $.pipe(p, () => { if (!n++) throw new Error('bad') }))`, `D"x" D"y"`,
			`StreamEnd(Error: bad) Data"p1:[null] " Data"py"`, ""},
		{"chain", target + `pipeline($ => $.pipe([next, next, q]))`, `D"x" .`, `Data"qnnx" StreamEnd`, ""},
		{"chain by function with args", target + `pipeline($ => $.pipe(() => ['n', p], {n: next}, [1, 2]))`, `D"x"`, `Data"p2:[1,2] " Data"pnx"`, ""},
		{"end of the chain", target + `pipeline($ => $.pipe([next, next]))`, `D"x"`, `Data"nnx"`, ""},
		{"no chain", target + `pipeline($ => $.pipeNext())`, `D"x"`, `Data"x"`, ""},
		{"chain through a single pipe", target + `var one = pipeline($ => $.pipe(next)); pipeline($ => $.pipe([one, q]))`, `D"x"`, `Data"qnx"`, ""},
		{"new chain args", target + `var n2 = pipeline($ => $.pipeNext(() => [7])), n3 = pipeline($ => $.pipeNext('z')), n4 = pipeline($ => $.pipeNext());
pipeline($ => $.pipe([n2, n3, n4, p], [1]))`, `D"x"`, `Data"p1:[\"z\"] " Data"px"`, ""},
		{"empty array", target + `var n = 0; pipeline($ => $.pipe(() => n++ ? [q] : []))`, `D"x" D"y"`, `Data"qx" Data"qy"`, ""},
		{"bad element", target + `pipeline($ => $.pipe(() => [q, 1]))`, `D"x"`,
			`StreamEnd(Error: pipe() at line 5 column 21 in /main.js: cannot create pipeline array at index 1)`, ""},
		{"undecided at release", target + `pipeline($ => $.pipe(() => null))`, `D"x" | release`, ``, ""},
		{"late onStart", `var p = pipeline($ => $.onStart(() => test.wait('go'))); pipeline($ => $.pipe(() => p))`, `D"x" | D"y" | !go`, `Data"x" Data"y"`, ""},
	})
	for src, want := range map[string]string{
		`pipeline($ => $.pipe())`:                 "requires 1 or more arguments",
		`pipeline($ => $.pipe(1))`:                "argument #1 expects a pipeline, a string, an array or a function",
		`pipeline($ => $.pipe('a', {a: 1}))`:      "map entry 'a' doesn't contain a valid pipeline",
		`pipeline($ => $.pipe('b', {a: $ => $}))`: "pipeline 'b' not found",
		`pipeline($ => $.pipe(() => 1, 1))`:       "argument #2 expects an object, an array or a function",
		`pipeline($ => $.pipe(() => 1, {}, 1))`:   "argument #3 expects an array or a function",
		`pipeline($ => $.pipe([1]))`:              "cannot create pipeline array at index 0",
	} {
		t.Run(src, func(t *testing.T) {
			t.Parallel()
			if got := filtertest.BuildError(t, src); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestChainAndUse(t *testing.T) {
	t.Parallel()
	const modules = tag + `
test.module('a', {entrance: $ => $.replaceData(d => new Data('a' + d.toString())).chain(), up: tag('ua'), down: tag('da')});
test.module('b', {entrance: tag('b'), up: $ => $.replaceData(d => new Data('ub' + d.toString())).replaceStreamEnd()});
test.module('c', {entrance: $ => $.chain(), down: tag('dc')});
test.module('d', {other: tag('d')});
`
	checkPrograms(t, []program{
		{"chain", modules + `test.legacy($ => $.chain(['a', 'c', 'b']))`, `S D"x" .`, `MessageStart Data"bax" StreamEnd`, ""},
		{"end of chain", modules + `test.legacy($ => $.chain(['a']))`, `D"x"`, `Data"ax"`, ""},
		{"empty chain", modules + `test.legacy($ => $.chain([]))`, `D"x"`, `Data"x"`, ""},
		{"no chain", modules + `test.legacy($ => $.chain())`, `D"x"`, `Data"x"`, ""},
		{"use entrance", modules + `test.legacy($ => $.use('b'))`, `D"x"`, `Data"bx"`, ""},
		{"use named", modules + `test.legacy($ => $.use('d', 'other'))`, `D"x"`, `Data"dx"`, ""},
		{"use does not hand on the chain", modules + `test.module('e', {entrance: $ => $.use('a')}); test.legacy($ => $.chain(['e', 'b']))`, `D"x"`, `Data"ax"`, ""},
		{"stack up", modules + `test.legacy($ => $.use(['a', 'd', 'b'], 'up'))`, `D"x" .`, `Data"ubuax"`, ""},
		{"stack up and down", modules + `test.legacy($ => $.use(['a', 'b', 'c'], 'up', 'down'))`, `D"x"`, `Data"dadcubuax"`, ""},
		{"turn down", modules + `var n = 0; test.legacy($ => $.use(['a', 'b', 'c'], 'up', 'down', () => n++ == 1))`, `D"x" D"y"`, `Data"dauax" Data"dauay"`, ""},
		{"turn down at once", modules + `test.legacy($ => $.use(['a', 'b'], 'up', () => true))`, `D"x"`, `Data"x"`, ""},
		{"when throws", modules + `var n = 0; test.legacy($ => $.use(['a'], 'up', () => { if (!n++) throw new Error('bad') }))`, `D"x" D"y"`,
			`StreamEnd(Error: bad) Data"uay"`, ""},
		{"no modules", modules + `test.legacy($ => $.use([], 'up'))`, `D"x"`, `Data"x"`, ""},
		{"none has it", modules + `test.legacy($ => $.use(['c', 'd'], 'up'))`, `D"x"`, `Data"x"`, ""},
	})
	for src, want := range map[string]string{
		`test.legacy($ => $.chain(['zz']))`: "[chain] Cannot load module: zz: no such module",
		`test.legacy($ => $.chain(['d']))`:  "entrance pipeline not found in module d",
		`test.legacy($ => $.chain('a'))`:    "argument #1 expects an array",
		`test.legacy($ => $.use('zz'))`:     "[pjs] Cannot load module: zz: no such module",
		`test.legacy($ => $.use('d'))`:      "pipeline not found in module d",
		`test.legacy($ => $.use('a', 'n'))`: "pipeline not found in module a: n",
		`test.legacy($ => $.use(['a']))`:    "requires 2 or more arguments",
		`test.legacy($ => $.use(1))`:        "argument #1 expects a string or an array",
	} {
		t.Run(src, func(t *testing.T) {
			t.Parallel()
			if got := filtertest.BuildError(t, modules+src); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestFork(t *testing.T) {
	t.Parallel()
	const branch = `var b = $ => $.onStart((...a) => { test.log('start', JSON.stringify(a)); return new MessageStart })
.handle(e => { test.log(e.type == 'Data' ? e : e.type) }).replaceData(d => { d.push('!'); return d });
`
	checkPrograms(t, []program{
		{"one", branch + `pipeline($ => $.fork().to(b))`, `D"x" .`, `Data"x" StreamEnd`, `start [null] MessageStart Data"x" StreamEnd`},
		{"value", branch + `pipeline($ => $.fork(5).to(b))`, `D"x"`, `Data"x"`, `start [5] MessageStart Data"x"`},
		{"array", branch + `pipeline($ => $.fork(() => ['p', , 'q']).to(b))`, `D"x"`, `Data"x"`,
			`start ["p",0] MessageStart start [null,1] MessageStart start ["q",2] MessageStart Data"x" Data"x" Data"x"`},
		{"empty array", branch + `pipeline($ => $.fork([]).to(b))`, `D"x" .`, `Data"x" StreamEnd`, ``},
		{"throw", branch + `var n = 0; pipeline($ => $.fork(() => { if (!n++) throw new Error('bad') }).to(b))`, `D"x" D"y"`,
			`StreamEnd(Error: bad) Data"y"`, `start [null] MessageStart Data"y"`},
		{"by name", branch + `test.legacy($ => $.fork('b', 7), {b})`, `D"x"`, `Data"x"`, `start [7] MessageStart Data"x"`},
		{"shared context", `var $v = 1; pipeline($ => $.fork().to($ => $.handleData(() => { $v++ })).handleData(() => { test.log($v) }))`, `D"x"`, `Data"x"`, "2"},
		{"cloned contexts", `var $v = 1; pipeline($ => $.fork([1, 2]).to($ => $.handleData(() => { test.log(++$v) })).handleData(() => { test.log($v) }))`,
			`D"x"`, `Data"x"`, "2 2 1"},
	})
	if got, want := filtertest.BuildError(t, `pipeline($ => $.fork())`), "missing .to(...) for the last filter"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestForkJoin(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"until all have ended", `var $n; pipeline($ => $.forkJoin(['a', 'b']).to($ => $.onStart(n => { $n = n }).replaceMessageEnd(e => test.wait($n, [new Data('x'), new StreamEnd]))))`,
			`D"1" E | D"2" | !b | D"3" | settle | !a | D"4"`, `Data"1" MessageEnd Data"2" Data"3" Data"4"`, ""},
		{"held", `pipeline($ => $.forkJoin().to($ => $.replaceData(d => test.wait('a', new StreamEnd('ReadError')))))`, `S D"1"`, ``, ""},
		{"ended at once", `pipeline($ => $.forkJoin().to($ => $.replaceData(new StreamEnd)))`, `D"1" D"2"`, `Data"1" Data"2"`, ""},
		{"context", `var $v = 1; pipeline($ => $.forkJoin().to($ => $.handleStreamEnd(() => { $v++ })).handleStreamEnd(() => { test.log($v) }))`, `.`, `StreamEnd`, "1"},
		{"empty array", `pipeline($ => $.forkJoin([]).to($ => $))`, `D"1" .`, `Data"1" StreamEnd`, ""},
		{"released", `pipeline($ => $.forkJoin().to($ => $))`, `D"1" | release`, ``, ""},
		{"race", `var $n; pipeline($ => $.forkRace(['a', 'b']).to($ => $.onStart(n => { $n = n }).replaceData(d => test.wait($n, new Data($n + d)))))`,
			`D"1" | !b | D"2" | !b | !a`, `Data"b1" Data"b2"`, ""},
		{"race of one", `pipeline($ => $.forkRace().to($ => $))`, `D"1" .`, `Data"1" StreamEnd`, ""},
		{"race of none", `pipeline($ => $.forkRace([]).to($ => $))`, `D"1" .`, ``, ""},
	})
}

func TestLoop(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"until it ends", `pipeline($ => $.loop($ => $.replaceData(d => d.size < 3 ? new Data(d.toString() + 'x') : undefined)))`,
			`D"x"`, `Data"xx" Data"xxx"`, ""},
		{"several at once", `pipeline($ => $.loop($ => $.replaceData(d => d.size > 1 ? [d.shift(1), d] : undefined)))`,
			`D"abc" | D"de"`, `Data"a" Data"bc" Data"b" Data"c" Data"d" Data"e"`, ""},
		{"released", `pipeline($ => $.loop($ => $.replaceData(d => test.wait('go', d))))`, `D"x" | release | !go`, ``, ""},
	})
}

func TestSwap(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `var hub = new pipeline.Hub, h = null;
pipeline($ => $.handleStreamEnd(() => { h = hub }).swap(() => h))`)
	a, b, c := rig.Start(), rig.Start(), rig.Start()
	a.Feed(`D"queued and lost"`)
	if got := a.Feed(`. D"lost"`).Out(); got != "" {
		t.Errorf("echo: %s", got)
	}
	b.Feed(`S D"b"`)
	c.Feed(`D"c" .`)
	for run, want := range map[*filtertest.Run]string{
		a: `MessageStart Data"b" Data"c" StreamEnd`, b: `Data"c" StreamEnd`, c: ``,
	} {
		if got := run.Out(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	c.Release()
	b.OnOutput = nil
	a.OnOutput = nil
	b.Feed(`D"again"`)
	if got := a.Out() + c.Out(); got != `Data"again"` {
		t.Errorf("after a member left: %s", got)
	}
	// What comes from inside a broadcast is dropped.
	a.OnOutput = func(e stream.Event) { a.Pipeline.Process(e) }
	b.Feed(`D"once"`)
	if got := a.Out() + b.Out(); got != `Data"once"` {
		t.Errorf("nested broadcast: %s", got)
	}
	check(t, []flow{
		{"nonsense", `swap(() => 1)`, `D"x"`, misuse("swap", "callback did not return a Hub"), ""},
		{"throw", `swap(() => { throw new Error('bad') })`, `D"x"`, `StreamEnd(Error: bad)`, ""},
	})
	if got, want := filtertest.BuildError(t, `pipeline($ => $.swap())`), "argument #1 expects a Hub or a function"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
