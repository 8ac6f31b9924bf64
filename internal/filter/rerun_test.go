package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/reactor"
	"weir/internal/stream"
)

func TestRepeat(t *testing.T) {
	t.Parallel()
	const sub = `.to($ => $.onStart(() => { test.log('start') }).onEnd(() => { test.log('end') })
.replaceStreamEnd(e => [new MessageEnd, e, new Data('late')]))`
	check(t, []flow{
		{"once", `repeat(e => { test.log(e.type) })` + sub, `D"a" | D"b" . D"c"`, `Data"a" Data"b" MessageEnd StreamEnd`, "start StreamEnd end"},
		{"three times", `repeat((n => () => ++n < 3)(0))` + sub, `D"a" | D"b" .(ReadError)`,
			`Data"a" Data"b" MessageEnd Data"a" Data"b" MessageEnd Data"a" Data"b" MessageEnd StreamEnd(ReadError)`,
			"start end start end start end"},
		{"input goes on", `repeat((n => () => ++n < 2)(0)).to($ => $.replaceMessageEnd(new StreamEnd))`, `D"a" E D"b" | D"c" E`,
			`Data"a" Data"a" StreamEnd`, ""},
		{"promise", `repeat((n => () => ++n < 2 ? test.wait('go', 1) : false)(0)).to($ => $)`, `D"a" . D"b" | !go`, `Data"a" Data"a" StreamEnd`, ""},
		{"promise of false", `repeat(() => test.wait('go', 0)).to($ => $)`, `D"a" . | !go | D"b"`, `Data"a" StreamEnd`, ""},
		{"rejected", `repeat(() => test.wait('go', 'why')).to($ => $)`, `D"a" . | ~go | D"b"`, `Data"a" StreamEnd(why)`, ""},
		{"never", `repeat(() => test.never()).to($ => $)`, `D"a" . D"b"`, `Data"a"`, ""},
		{"throw", `repeat(() => { throw new Error('bad') }).to($ => $)`, `D"a" . D"b"`, `Data"a" StreamEnd(Error: bad)`, ""},
		{"released", `repeat(() => test.wait('go', 1)).to($ => $)`, `D"a" . | release | !go`, `Data"a"`, ""},
		{"mutated input", `repeat((n => () => ++n < 2)(0)).to($ => $.handleData(d => { d.push('!') }))`, `D"a" .`, `Data"a!" Data"a!" StreamEnd`, ""},
	})
	t.Run("shutdown", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `pipeline($ => $.repeat(() => { test.log('asked'); return true }).to($ => $))`)
		run := rig.Start()
		rig.Loop.Turn(rig.World.Shutdown)
		if got := run.Feed(`D"a" .`).Out() + rig.Notes(); got != `Data"a" StreamEnd` {
			t.Errorf("got %s", got)
		}
	})
}

func TestRepeatBuild(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"count", `test.legacy($ => $.repeat(3, ($, i) => $.replaceData(d => new Data(d.toString() + i))))`, `D"x"`, `Data"x012"`, ""},
		{"array", `test.legacy($ => $.repeat(['a', 'b'], ($, s, i) => $.replaceData(d => new Data(d.toString() + s + i))))`, `D"x"`, `Data"xa0b1"`, ""},
		{"none", `test.legacy($ => $.repeat(0, $ => $.dummy()))`, `D"x"`, `Data"x"`, ""},
	})
	if got, want := filtertest.BuildError(t, `test.legacy($ => $.repeat('x', () => {}))`), "argument #1 expects a number or an array"; got != want {
		t.Errorf("got %q", got)
	}
	if got, want := filtertest.BuildError(t, `test.legacy($ => $.repeat(2, () => { throw new Error('bad') }))`), "bad"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"passes", `test.legacy($ => $.replay().to($ => $))`, `D"a" .(ReadError) D"b"`, `Data"a" StreamEnd(ReadError) Data"b"`, ""},
		{"three times", `var n = 0; test.legacy($ => $.replay().to($ => $.replaceStreamEnd(e => ++n < 3 ? [new StreamEnd('Replay'), new Data('late')] : e)))`,
			`D"a" | .`, `Data"a" Data"a" Data"a" StreamEnd`, ""},
		{"what came meanwhile", `var n = 0; test.legacy($ => $.replay({delay: 0.01}).to($ => $.replaceMessageEnd(() => n++ ? new MessageEnd : new StreamEnd('Replay'))))`,
			`D"a" E D"b" | D"c"`, `Data"a" Data"a" MessageEnd Data"b" Data"c"`, ""},
		{"delay by function", `var n = 0; test.legacy($ => $.replay({delay: () => { test.log('delay'); return '0.01s' }}).to($ => $.replaceStreamEnd(e => n++ ? e : new StreamEnd('Replay'))))`,
			`.`, `StreamEnd`, "delay"},
		{"delay throws", `test.legacy($ => $.replay({delay: () => { throw new Error('bad') }}).to($ => $.replaceStreamEnd(new StreamEnd('Replay'))))`,
			`.`, `StreamEnd(Error: bad)`, ""},
		{"released", `test.legacy($ => $.replay({delay: 1000}).to($ => $.replaceStreamEnd(new StreamEnd('Replay'))))`, `D"a" . | release`, `Data"a"`, ""},
	})
	t.Run("congestion", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `var n = 0; test.legacy($ => $.replay().to($ => $.replaceStreamEnd(e => n++ ? e : new StreamEnd('Replay'))))`)
		run := rig.Start()
		var brake reactor.Brake
		events := 0
		run.OnOutput = func(stream.Event) {
			if events++; events == 3 { // the first one of the second time
				brake.Engage(rig.Loop.CurrentTap())
			}
		}
		if got := run.Feed(`D"a" D"b" .`).Out(); got != `Data"a" Data"b" Data"a"` || !brake.Engaged() {
			t.Errorf("while congested: %s", got)
		}
		rig.Loop.Turn(brake.Release)
		rig.Settle()
		if got := run.Out(); got != `Data"b" StreamEnd` {
			t.Errorf("afterwards: %s", got)
		}
	})
}

func TestWait(t *testing.T) {
	t.Parallel()
	checkPrograms(t, []program{
		{"until true", `var n = 0; pipeline($ => $.wait(() => { test.log('asked'); return n++ > 1 }))`, `D"a" | S D"b" E | .`,
			`Data"a" MessageStart Data"b" MessageEnd StreamEnd`, "asked asked asked"},
		{"not asked without input", `var ok = false; pipeline($ => $.wait(() => ok).handle(() => 0))`, `D"a" | settle`, ``, ""},
		{"promise", `pipeline($ => $.wait(() => { test.log('asked'); return test.wait('go', false) }))`, `D"a" | D"b" | !go | D"c"`,
			`Data"a" Data"b" Data"c"`, "asked"},
		{"rejected", `pipeline($ => $.wait(() => test.wait('go', 'why')))`, `D"a" | ~go | D"b"`, `StreamEnd(why)`, ""},
		{"rejected, then the timeout", `pipeline($ => $.wait(() => test.wait('go', 'why'), {timeout: 0.02}))`, `D"a" | ~go | D"b"`,
			`StreamEnd(why) Data"a" Data"b"`, ""},
		{"never", `pipeline($ => $.wait(() => test.never()))`, `D"a" .`, ``, ""},
		{"throw", `var n = 0; pipeline($ => $.wait(() => { if (!n++) throw new Error('bad'); return true }))`, `D"a" D"b"`, `StreamEnd(Error: bad) Data"b"`, ""},
		{"timeout", `pipeline($ => $.wait(() => false, {timeout: 0.01}))`, `D"a" | D"b" | settle | D"c"`, `Data"a" Data"b" Data"c"`, ""},
		{"timeout as a duration", `pipeline($ => $.wait(() => false, {timeout: '0.01s'}))`, `D"a"`, `Data"a"`, ""},
		{"released", `pipeline($ => $.wait(() => test.wait('go'), {timeout: 1000}))`, `D"a" | release | !go`, ``, ""},
	})
}
