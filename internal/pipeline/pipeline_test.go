package pipeline_test

import (
	"strings"
	"testing"

	_ "weir/internal/filter"
	"weir/internal/filter/filtertest"
)

// flow is a pipeline, what goes in, what comes out, and what the callbacks noted.
type flow struct{ name, src, in, out, notes string }

func check(t *testing.T, cases []flow) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rig := filtertest.New(t, c.src)
			if got := rig.Start().Feed(c.in).Out(); got != c.out {
				t.Errorf("out:\n got %s\nwant %s\nlog: %s", got, c.out, rig.LogText())
			}
			if got := rig.Notes(); got != c.notes {
				t.Errorf("notes:\n got %s\nwant %s", got, c.notes)
			}
		})
	}
}

func TestOnStart(t *testing.T) {
	t.Parallel()
	start := func(x string) string { return "pipeline($ => $.onStart(" + x + ").handle(e => { test.log(e.type) }))" }
	const wrong = `StreamEnd(Error: onStart() at line 1 column 24 in /main.js: initial input is not or did not return events or messages. ` +
		`Consider using void(...) if no initial input is intended)`
	check(t, []flow{
		{"static event", start("new Data('a')"), `D"b"`, `Data"a" Data"b"`, "Data Data"},
		{"static message", start("new Message({x:1}, 'a')"), `D"b"`, `MessageStart{"x":1} Data"a" MessageEnd Data"b"`, "MessageStart Data MessageEnd Data"},
		{"static array", start("[new Data('a'), new Message('b'), new StreamEnd]"), ``, `Data"a" MessageStart Data"b" MessageEnd StreamEnd`,
			"Data MessageStart Data MessageEnd StreamEnd"},
		{"function", start("() => new Data('a')"), `D"b"`, `Data"a" Data"b"`, "Data Data"},
		{"array with gaps", start("() => [null, new Data('a'), undefined]"), ``, `Data"a"`, "Data"},
		{"nothing", start("() => {}"), `D"b"`, `Data"b"`, "Data"},
		{"null", start("() => null"), `D"b"`, `Data"b"`, "Data"},
		{"promise", start("() => test.wait('p', new Data('a'))"), `D"b" | D"c" | !p | D"d"`, `Data"a" Data"b" Data"c" Data"d"`, "Data Data Data Data"},
		{"promise of nothing", start("() => test.wait('p')"), `D"b" | !p`, `Data"b"`, "Data"},
		{"async function", start("async () => { await null; return new Data('a') }"), `D"b"`, `Data"a" Data"b"`, "Data Data"},
		{"promise of a promise", start("() => ({}, test.wait('p').then(() => test.wait('q', new Data('a'))))"), `D"b" | !p | !q`, `Data"a" Data"b"`, "Data Data"},
		{"pending promise", start("() => test.never()"), `D"b" .`, ``, ""},
		{"rejected", start("() => test.wait('p', 'no')"), `D"b" | ~p | D"c"`, `StreamEnd(no)`, "StreamEnd"},
		{"rejected with undefined", start("() => test.wait('p')"), `D"b" | ~p | D"c"`, `StreamEnd(RuntimeError)`, "StreamEnd"},
		{"throws", start("() => { throw new Error('no') }"), `D"b" .`, `StreamEnd(RuntimeError)`, "StreamEnd"},
		{"wrong", start("() => 1"), `D"b"`, wrong + ` Data"b"`, "StreamEnd Data"},
		{"wrong after a promise", start("() => test.wait('p', 'text')"), `D"b" | !p | D"c"`, wrong + ` Data"c"`, "StreamEnd Data"},
		{"wrong in an array", start("() => [new Data('a'), 1]"), ``, `Data"a" ` + wrong, "Data StreamEnd"},
		{"released while waiting", start("() => test.wait('p', new Data('a'))"), `D"b" | release | !p`, ``, ""},
	})
}

func TestOnEnd(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"at release", "pipeline($ => $.onEnd(() => test.log('end')))", `D"a" . | release | release`, `Data"a" StreamEnd`, "end"},
		{"not at StreamEnd", "pipeline($ => $.onEnd(() => test.log('end')))", `.`, `StreamEnd`, ""},
		{"throws", "pipeline($ => $.onEnd(() => { throw 'x' }))", `D"a" | release`, `Data"a"`, ""},
		{"after filters", "pipeline($ => $.handleData(() => { test.log('data') }).onEnd(() => test.log('end')))", `D"a" | release`, `Data"a"`, "data end"},
		{"parent before children", `
			var sub = pipeline($ => $.onEnd(() => test.log('inner')))
			var mid = pipeline($ => $.onEnd(() => test.log('middle')).pipe(() => sub))
			pipeline($ => $.onEnd(() => test.log('outer')).pipe(() => mid))`,
			`D"a" | release`, `Data"a"`, "outer middle inner"},
		{"sees the variables of the pipeline", `var $n = 0
			pipeline($ => $.handleData(() => { $n++ }).onEnd(() => test.log($n)))`, `D"a" D"b" | release`, `Data"a" Data"b"`, "2"},
	})
}

func TestOrder(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"depth first", `pipeline($ => $
			.replaceData(d => [new Data(d.toString() + '1'), new Data(d.toString() + '2')])
			.handleData(d => { test.log('a' + d) })
			.replaceData(d => [d, new Data('-')])
			.handleData(d => { test.log('b' + d) }))`,
			`D"x" D"y"`, `Data"x1" Data"-" Data"x2" Data"-" Data"y1" Data"-" Data"y2" Data"-"`,
			"ax1 bx1 b- ax2 bx2 b- ay1 by1 b- ay2 by2 b-"},
		{"promises after the events of a turn", `pipeline($ => $
			.handleData(d => { var s = d.toString(); Promise.resolve().then(() => test.log('p' + s)).then(() => test.log('q' + s)) })
			.handleData(d => { test.log('d' + d) }))`,
			`D"1" D"2" | D"3"`, `Data"1" Data"2" Data"3"`, "d1 d2 p1 p2 q1 q2 d3 p3 q3"},
		{"promises before onEnd", `pipeline($ => $
			.handleStreamEnd(() => { Promise.resolve().then(() => test.log('promise')) })
			.onEnd(() => { test.log('end'); Promise.resolve().then(() => test.log('late')) }))`,
			`. release`, `StreamEnd`, "promise end late"},
		{"events go on after StreamEnd", "pipeline($ => $.handleData(d => { if (d.size > 1) throw new Error('no') }))",
			`D"ab" D"c" . D"d"`, `StreamEnd(Error: no) Data"c" StreamEnd Data"d"`, ""},
	})
}

// A pipeline that leads back to itself ends with an error, not with the process.
func TestEndlessNesting(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, "var self = pipeline($ => $.pipe(() => self)); self")
	out := rig.Start().Feed(`D"x"`).Out()
	if !strings.Contains(out, "pipelines are nested too deep") {
		t.Errorf("out: %s", out)
	}
}

func TestSpawnAndProcess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, notes string }{
		{"result", `pipeline($ => $.onStart((a, b) => new Data(a + b)).replaceData(d => [d, new StreamEnd]).onEnd(() => 'done'))
			.spawn('x', 1).then(test.log)`, "done"},
		{"no result", `pipeline($ => $.onStart(new StreamEnd)).spawn().then(v => test.log(typeof v))`, "undefined"},
		{"onEnd throws", `pipeline($ => $.onStart(new StreamEnd).onEnd(() => { throw 1 })).spawn().then(v => test.log(typeof v))`, "undefined"},
		{"static event", `pipeline($ => $.handle(e => { test.log(e.type) }).onEnd(() => 'end')).process(new StreamEnd).then(test.log)`, "StreamEnd end"},
		{"message", `pipeline($ => $.handle(e => { test.log(e.type) }).replaceMessage(m => [m, new StreamEnd]).onEnd(() => 'end'))
			.process(new Message({}, 'x')).then(test.log)`, "MessageStart Data MessageEnd end"},
		{"array of messages", `pipeline($ => $.handle(e => { test.log(e.type) }).onEnd(() => 'end'))
			.process([new Message('x'), new Data('y'), new StreamEnd]).then(test.log)`, "MessageStart Data MessageEnd Data StreamEnd end"},
		{"generator", `var n = 0
			pipeline($ => $.handleData(d => { test.log(d.toString()) }).onEnd(() => 'end')).process(() => ++n > 3 ? new StreamEnd : [new Data('d' + n), null]).then(v => test.log(v, n))`,
			"d1 d2 d3 end 4"},
		{"generator of promises", `var n = 0
			pipeline($ => $.handleData(d => { test.log(d.toString()) }).onEnd(() => 'end'))
				.process(async () => (await null, ++n > 2 ? new StreamEnd : new Data('d' + n))).then(v => test.log(v, n))`, "d1 d2 end 3"},
		{"generator that gives up", `var n = 0
			pipeline($ => $.handleData(d => { test.log(d.toString()) })).process(() => ++n < 3 && new Data('d' + n))`, "d1 d2"},
		{"generator that throws", `pipeline($ => $).process(() => { test.log('called'); throw 1 })`, "called"},
		{"after onStart", `pipeline($ => $.onStart(new Data('first')).handleData(d => { test.log(d.toString()) })).process(new Data('second'))`, "first second"},
		{"hub", `pipeline($ => $.handle(e => { test.log(e.type) })).process(new pipeline.Hub)`, ""},
		{"context of its own", `var $x = 'root'
			var p = pipeline($ => $.onStart(() => { test.log($x); $x = 'own'; return new StreamEnd }).onEnd(() => test.log($x)))
			p.spawn(); p.spawn()`, "root root own own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rig := filtertest.Empty(t)
			if err := rig.Load(c.src); err != nil {
				t.Fatal(err)
			}
			live := func() int { return rig.World.Live() }
			for range 20 {
				rig.Loop.Turn(func() {})
			}
			if got := rig.Notes(); got != c.notes {
				t.Errorf("notes:\n got %s\nwant %s\n%s", got, c.notes, rig.LogText())
			}
			// What does not end by itself ends with the world.
			if live() > 0 {
				rig.Loop.Turn(rig.World.Shutdown)
				rig.Loop.Turn(func() {})
			}
			if n := live(); n > 0 {
				t.Errorf("%d pipelines are left over", n)
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"pipeline()", "argument #1 expects a function"},
		{"pipeline(1)", "argument #1 expects a function"},
		{"pipeline($ => $.onStart())", "requires 1 or more arguments"},
		{"pipeline($ => $.onStart(1))", "argument #1 expects an Event, a Message, a function or an array"},
		{"pipeline($ => $.onStart([null]))", "argument #1 expects an Event, a Message, a function or an array"},
		{"pipeline($ => $.onStart(new Data).onStart(new Data))", "duplicate onStart()"},
		{"pipeline($ => $.dummy().onStart(new Data))", "onStart() is only allowed prior to all filters"},
		{"pipeline($ => $.onEnd(1))", "argument #1 expects a function"},
		{"pipeline($ => $.onEnd(() => 1).dummy().onEnd(() => 1))", "duplicate onEnd()"},
		{"pipeline($ => $.to($ => $))", "calling to() without a joint-filter"},
		{"pipeline($ => $.demux())", "missing .to(...) for the last filter"},
		{"pipeline($ => $.demux().dummy())", "missing .to(...) for the last filter"},
		{"pipeline($ => $.demux().to('name'))", "argument #1 expects a function or a pipeline layout"},
		{"pipeline($ => $.demux().to($ => $.demux()))", "missing .to(...) for the last filter"},
		{"var b; pipeline($ => { b = $ }); b.dummy()", "pipeline layout is already built"},
		{"pipeline($ => $.handleData())", "requires 1 or more arguments"},
		{"pipeline($ => $.handleData(null))", "argument #1 expects a function"},
		{"pipeline($ => $.dumy())", "unknown filter: dumy (did you mean dummy?)"},
		{"pipeline($ => $.somethingElse())", "unknown filter: somethingElse"},
		{"pipeline($ => { throw new Error('inside') })", "inside"},
		{"pipeline($ => $).process()", "requires 1 or more arguments"},
		{"pipeline($ => $).process(1)", "argument #1 expects events, a function or a hub"},
		{"pipeline($ => $).process([null])", "argument #1 expects events, a function or a hub"},
		{"test.legacy($ => $.dummy().onStart(new Data))", "onStart() is only allowed prior to filters"},
		{"test.legacy($ => $.onStart(new Data).onStart(new Data))", "duplicated onStart()"},
		{"test.legacy($ => $.dummy().onEnd(() => 1))", "onEnd() is only allowed prior to filters"},
		{"test.legacy($ => $.onEnd(() => 1).onEnd(() => 1))", "duplicated onEnd()"},
		{"test.legacy($ => $.demux().to(1))", "argument #1 expects a string or a function"},
		{"test.legacy($ => $.demux().to('x'))", "to() at line 1 column 30 in /main.js: pipeline not found with name: x"},
		{"test.legacy($ => $.demux('x'))", "demux() at line 1 column 25 in /main.js: pipeline not found with name: x"},
		{"test.legacy($ => $.demux(''))", "demux() at line 1 column 25 in /main.js: empty pipeline name"},
		{"test.legacy($ => $.demux('a'), { a: $ => $.link('b'), b: $ => $.demux().to($ => $.link('a')) })", "recursive pipeline: a"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			if got := filtertest.BuildError(t, c.src); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Names may lead to the same pipeline from several places.
func TestNamedPipelines(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"diamond", "test.legacy($ => $.link('a').link('b'), { a: $ => $.link('c'), b: $ => $.link('c'), c: $ => $.handleData(() => { test.log('c') }) })",
			`D"x"`, `Data"x"`, "c c"},
		{"nested builder", "test.legacy($ => $.branch(() => true, $ => $.link('a')), { a: $ => $.handleData(() => { test.log('a') }) })",
			`D"x"`, `Data"x"`, "a"},
	})
}
