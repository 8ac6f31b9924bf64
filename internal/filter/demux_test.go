package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

func TestDemux(t *testing.T) {
	t.Parallel()
	// An answer is given when the promise named as the message's body is fulfilled.
	const later = `.to($ => $.replaceMessage(m => test.wait(m.body.toString(), m)))`
	check(t, []flow{
		{"in turn", `demux().to($ => $.replaceMessage(m => new Message(m.head, 'r' + m.body)))`, `S{"a":1} D"x" | D"y" E S E .`,
			`MessageStart{"a":1} Data"rxy" MessageEnd MessageStart Data"r" MessageEnd StreamEnd`, ""},
		{"no stream end inside", `demux().to($ => $.handle(e => { test.log(e.type) }))`, `S D"x" E .`,
			`MessageStart Data"x" MessageEnd StreamEnd`, "MessageStart Data MessageEnd"},
		{"stream end inside", `demux().to($ => $.handle(e => { test.log(e.type) }))`, `S D"x" .(ReadError)`,
			`MessageStart Data"x" MessageEnd StreamEnd(ReadError)`, "MessageStart Data StreamEnd"},
		{"outside", `demux().to($ => $)`, `D"x" E S D"" S{"n":1} E D"y"`, `MessageStart MessageEnd`, ""},
		{"order", `demux()` + later, `S D"a" E S D"b" E S D"c" E . | !c | !a | !b`,
			`MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd MessageStart Data"c" MessageEnd StreamEnd`, ""},
		{"nothing before its turn", `demux()` + later, `S D"a" E S D"b" E . | !b`, ``, ""},
		{"released", `demux()` + later, `S D"a" E S D"b" | release | !a`, ``, ""},
		{"ended early", `demux()` + later + `.handleStreamEnd(e => { test.log('end') })`,
			`S D"a" E S D"b" E S D"c" E | !b | ~a | S D"d" E | !d`, `StreamEnd({}) MessageStart Data"d" MessageEnd`, "end"},
		{"stray output", `demux().to($ => $.replaceMessage(m => [new Data('x'), new MessageEnd, m, new Data('y'), m]))`, `S D"a" E`,
			`MessageStart Data"a" MessageEnd`, ""},
		{"stream end within the answer", `demux().to($ => $.replaceMessage(m => [new MessageStart, m.body, new StreamEnd('ReadError')]))`,
			`S D"a" E S D"b" E`, `MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd`, ""},
		{"two answers", `demux({outputCount: 2}).to($ => $.replaceMessage(m => [m, new Message('2'), new Message('3')]))`, `S D"a" E .`,
			`MessageStart Data"a" MessageEnd MessageStart Data"2" MessageEnd StreamEnd`, ""},
		{"one of two", `demux({outputCount: 2}).to($ => $.replaceMessage(m => [m, new StreamEnd('ReadError')]))`, `S D"a" E`,
			`MessageStart Data"a" MessageEnd StreamEnd(ReadError)`, ""},
		{"count by message", `demux({outputCount: e => e.head.n}).to($ => $.replaceMessage(m => [m, m]))`, `S{"n":1} E S{"n":2} E S{"n":0} E .`,
			`MessageStart{"n":1} MessageEnd MessageStart{"n":2} MessageEnd MessageStart{"n":2} MessageEnd StreamEnd`, ""},
		{"count throws", `demux({outputCount: () => { throw new Error('bad') }}).to($ => $)`, `S E`,
			`StreamEnd(Error: bad) MessageStart MessageEnd`, ""},
		{"none expected", `demux({outputCount: 0}).to($ => $.handleMessage(m => { test.log(m.body) }))`, `S D"a" E S D"b" E .`, `StreamEnd`,
			`Data"a" Data"b"`},
		{"waiting", `demux({outputCount: -1})` + later + `.handleMessageStart(() => { test.log('out') })`,
			`S D"a" E S D"b" E . | !a | settle | !b`, `MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd StreamEnd`, "out out"},
		{"waiting for earlier ones", `demux({outputCount: e => e.head.n})` + later,
			`S{"n":1} D"a" E S{"n":-1} D"b" E S{"n":1} D"c" E | !b | !a | settle | !c`,
			`MessageStart{"n":1} Data"a" MessageEnd MessageStart{"n":-1} Data"b" MessageEnd MessageStart{"n":1} Data"c" MessageEnd`, ""},
		{"alias", `demuxQueue().to($ => $)`, `S E`, `MessageStart MessageEnd`, ""},
	})
	t.Run("waiting stops the source", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `pipeline($ => $.demux({outputCount: -1})`+later+`)`)
		run := rig.Start().Feed(`S D"a" E`)
		if !rig.Source.Paused() {
			t.Error("not paused")
		}
		if run.Feed(`!a`); rig.Source.Paused() {
			t.Error("still paused")
		}
		run.Feed(`S D"b" E | release`)
		if rig.Source.Paused() {
			t.Error("paused by a filter that is gone")
		}
	})
	t.Run("sub-pipelines end", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `pipeline($ => $.demux().to($ => $.onEnd(() => { test.log('end') })))`)
		rig.Start().Feed(`S D"a" E S E | S`)
		if got := rig.Notes(); got != "end end" || rig.World.Live() != 2 {
			t.Errorf("%s, %d pipelines", got, rig.World.Live())
		}
	})
}

func TestSequence(t *testing.T) {
	t.Parallel()
	var got []byte
	rig := filtertest.Empty(t)
	s := sequence{}
	s.out = func(e stream.Event) { got = append(got, rig.Text(e)[5]) }
	lanes := make([]lane, 4)
	for i := range lanes {
		s.add(&lanes[i])
	}
	put := func(i int, text string) {
		for _, e := range rig.Parse(text) {
			lanes[i].put(e)
		}
	}
	put(2, `D"e"`)
	put(1, `D"c"`)
	put(0, `D"a"`)
	lanes[1].finish()
	put(0, `D"b"`)
	lanes[0].finish()
	put(2, `D"f"`)
	put(3, `D"g"`)
	if string(got) != "abcef" || s.empty() {
		t.Errorf("got %s", got)
	}
	s.clear()
	put(3, `D"h"`)
	lanes[3].finish()
	if string(got) != "abcef" || !s.empty() {
		t.Errorf("got %s after clear", got)
	}
}
