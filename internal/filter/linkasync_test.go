package filter

import (
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/stream"
)

func TestLinkAsync(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"by name", tag + `test.legacy($ => $.linkAsync('a'), {a: tag('a')})`, `S D"x" .`, `MessageStart Data"ax" StreamEnd`, ""},
		{"layout", tag + `var p = pipeline(tag('a')); pipeline($ => $.linkAsync(p))`, `D"x"`, `Data"ax"`, ""},
		{"by function", tag + `var n = 0; test.legacy($ => $.linkAsync(() => ++n < 2 ? null : 'a'), {a: tag('a')})`, `D"x" D"y" D"z"`, `Data"ay" Data"az"`, ""},
		{"in later turns", `var p = pipeline($ => $.handleData(d => { test.log('[' + d.toString() + ']'); Promise.resolve().then(() => test.log('then')) }));
pipeline($ => $.handleData(d => test.log(d.toString())).linkAsync(() => p))`,
			`D"x" D"y"`, `Data"x" Data"y"`, "x y [x] then [y] then"},
		{"unknown", `test.legacy($ => $.linkAsync(() => 'zz'))`, `D"x"`,
			`StreamEnd(Error: linkAsync() at line 1 column 29 in /main.js: unknown pipeline layout name: zz)`, ""},
		{"swap", `var s = new Swap; test.legacy($ => $.linkAsync(() => s))`, `D"x"`,
			`StreamEnd(Error: linkAsync() at line 1 column 47 in /main.js: callback did not return a string)`, ""},
		{"throw", `test.legacy($ => $.linkAsync(() => { throw new Error('bad') }))`, `D"x"`, `StreamEnd(Error: bad)`, ""},
		{"released", `var p = pipeline($ => $.handleData(d => test.log('seen'))); pipeline($ => $.linkAsync(p))`, `D"x" | release`, `Data"x"`, "seen"},
	})
	for src, want := range map[string]string{
		`test.legacy($ => $.linkAsync())`:       "requires 1 or more arguments",
		`test.legacy($ => $.linkAsync(5))`:      "argument #1 expects a string or a function",
		`test.legacy($ => $.linkAsync('none'))`: "linkAsync() at line 1 column 29 in /main.js: pipeline not found with name: none",
	} {
		if got := filtertest.BuildError(t, src); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

// What is congested behind linkAsync stops those who feed it.
func TestLinkAsyncBackPressure(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `var p = pipeline($ => $); pipeline($ => $.linkAsync(p))`)
	run := rig.Start()
	var brake reactor.Brake
	run.OnOutput = func(stream.Event) { brake.Engage(rig.Loop.CurrentTap()) }
	run.FeedOnly(`D"a" D"b"`)
	if got := run.Out(); got != `Data"a"` {
		t.Errorf("got %s", got)
	}
	run.FeedOnly(`D"c"`)
	if !rig.Source.Paused() {
		t.Error("the source is not stopped")
	}
	run.OnOutput = nil
	rig.Loop.Turn(brake.Release)
	rig.Settle()
	if got := run.Out(); got != `Data"b" Data"c"` || rig.Source.Paused() {
		t.Errorf("got %s, paused: %v", got, rig.Source.Paused())
	}
}

// A pipeline that only another thread has runs there; events go to and fro.
func TestLinkAsyncToAnotherThread(t *testing.T) {
	t.Parallel()
	peers := new(pipeline.Peers)
	newRig := func(src string) *filtertest.Rig {
		rig := filtertest.Empty(t)
		rig.World.Peers = peers
		if err := rig.Load(src); err != nil {
			t.Fatal(err)
		}
		return rig
	}
	here := newRig(`test.legacy($ => $.linkAsync(() => 'far'), {near: $ => $})`)
	there := newRig(`test.legacy($ => $.linkAsync(() => 'none'), {far: $ => $
		.handle(e => test.log(e.type))
		.replaceMessageStart(e => new MessageStart({got: e.head, fn: typeof e.head?.f}))
		.replaceData(d => new Data('<' + d.toString() + '>'))
		.replaceMessageEnd(e => new MessageEnd(e.tail, {was: e.payload}))
	})`)
	run := here.Start()
	run.FeedOnly(`S{"a":[1,"b"]} D"x" E{"t":null} .(ReadError) S .(custom)`)
	const want = `MessageStart{"got":{"a":[1,"b"]},"fn":"undefined"} Data"<x>" MessageEnd{"t":null}({}) StreamEnd(ReadError)` +
		` MessageStart{"got":null,"fn":"undefined"} StreamEnd(custom)`
	got := ""
	here.Until("the answer", func() bool {
		waited := false
		there.Until("a round", func() bool { waited = !waited; return !waited })
		if out := run.Out(); out != "" {
			got = strings.TrimSpace(got + " " + out)
		}
		return strings.HasSuffix(got, "StreamEnd(custom)")
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := there.Notes(); got != "MessageStart Data MessageEnd StreamEnd MessageStart StreamEnd" {
		t.Errorf("there: %s", got)
	}
	run.Release()
	there.Until("the end of the pipeline", func() bool { return there.World.Live() == 0 })
	if got := there.Start().Feed(`D"x"`).Out(); !strings.Contains(got, "unknown pipeline layout name: none") {
		t.Errorf("got %s", got)
	}
}
