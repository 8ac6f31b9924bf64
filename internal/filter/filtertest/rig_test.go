package filtertest_test

import (
	"testing"

	_ "weir/internal/filter"
	"weir/internal/filter/filtertest"
)

func TestNotation(t *testing.T) {
	t.Parallel()
	const text = `MessageStart{"a":{"b":1}} MessageStart Data"x\n\"" MessageEnd{"t":[1]} MessageEnd StreamEnd StreamEnd(ReadError) StreamEnd(any text)`
	if got := filtertest.Text(t, `pipeline($ => $)`, text); got != text {
		t.Errorf("got  %s\nwant %s", got, text)
	}
	const short = `S{"a":{"b":1}} S D"x\n\"" | E{"t":[1]} E . | .(ReadError) .(any text)`
	if got := filtertest.Text(t, `pipeline($ => $)`, short); got != text {
		t.Errorf("got  %s\nwant %s", got, text)
	}
	const out = `MessageEnd(5) MessageEnd(Data"x") StreamEnd(Error: bad)`
	if got := filtertest.Text(t, `pipeline($ => $.onStart([new MessageEnd(null, 5), new MessageEnd(null, new Data('x')), new StreamEnd(new Error('bad'))]))`, ``); got != out {
		t.Errorf("got %s", got)
	}
}

func TestKeptBytesAreSpoilt(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $)`)
	events := rig.Parse(`D"abc"`)
	if got := rig.Text(events[0]); got != `Data"abc"` {
		t.Errorf("got %s", got)
	}
	run := rig.Start().Feed(`D"abc" | D"d"`)
	if run.Bytes() != "abcd" || run.Out() != `Data"abc" Data"d"` || run.Bytes() != "" {
		t.Error("wrong output")
	}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `var f = async n => { try { test.log(n, await test.wait(n, 'v' + n)) } catch (e) { test.log('caught', e) } }
pipeline($ => $.handleData(d => { f(d.toString()) }))`)
	rig.Start().Feed(`D"a" D"b" | !b | ~a`)
	if got, want := rig.Notes(), "b vb caught va"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBuildError(t *testing.T) {
	t.Parallel()
	if got := filtertest.BuildError(t, `pipeline()`); got != "argument #1 expects a function" {
		t.Errorf("got %s", got)
	}
}
