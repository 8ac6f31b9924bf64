package filter

import (
	"fmt"
	"testing"

	"weir/internal/filter/filtertest"
)

// misuse is how a usage error of the filter in pipeline($ => $.FILTER(...)) comes out.
func misuse(filter, text string) string {
	column := len("pipeline($ => $.") + len(filter) + 1
	return fmt.Sprintf("StreamEnd(Error: %s() at line 1 column %d in /main.js: %s)", filter, column, text)
}

func TestReplace(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"nothing", `replace()`, `S D"x" E .`, ``, ""},
		{"null", `replaceData(null)`, `S D"x" E .`, `MessageStart MessageEnd StreamEnd`, ""},
		{"static event", `replaceMessageStart(new Data('x'))`, `S D"y" S`, `Data"x" Data"y" Data"x"`, ""},
		{"static message", `replaceStreamEnd(new Message({a: 1}, 'x'))`, `D"y" .`, `Data"y" MessageStart{"a":1} Data"x" MessageEnd`, ""},
		{"static array", `replaceMessageEnd([new Data('x'), null, new StreamEnd])`, `S E`, `MessageStart Data"x" StreamEnd`, ""},
		{"static nonsense", `replaceData({})`, `D"x" .`, misuse(`replaceData`, badStatic) + ` StreamEnd`, ""},
		{"function", `replace((e, i) => [e, new Data('' + i)])`, `S .`, `MessageStart Data"0" StreamEnd Data"1"`, ""},
		{"undefined", `replaceData(() => {})`, `D"x" E`, `MessageEnd`, ""},
		{"bad result", `replaceData(d => d.size)`, `D"x" E D"y"`,
			misuse(`replaceData`, badResult) + ` MessageEnd ` + misuse(`replaceData`, badResult), ""},
		{"bad element", `replaceData(d => [d, 1, d])`, `D"x"`, `Data"x" ` + misuse(`replaceData`, badResult), ""},
		{"throw", `replaceData(d => { throw 'text' })`, `D"x" E`, `StreamEnd(Error: text) MessageEnd`, ""},
		{"promise", `replaceData((d, i) => test.wait('go', new Data(d.toString() + i)))`, `D"x" E | D"y" . | !go | settle | !go`,
			`Data"x0" MessageEnd Data"y1" StreamEnd`, ""},
		{"promise of nonsense", `replaceData((d, i) => i ? d : test.wait('go', 1))`, `D"x" E D"y" | !go`,
			misuse(`replaceData`, badResult) + ` MessageEnd Data"y"`, ""},
		{"promise of nothing", `replaceData(d => test.wait('go'))`, `D"x" E | !go`, `MessageEnd`, ""},
		{"rejected", `replaceData(d => test.wait('go', 'why'))`, `D"x" E | ~go | E`, `StreamEnd(why)`, ""},
		{"never", `replaceData(d => test.never())`, `E D"x" .`, `MessageEnd`, ""},
		{"released", `replaceData(d => test.wait('go', d))`, `D"x" E | release | !go`, ``, ""},
		{"transient over a promise", `replaceData(async d => { await test.wait('go'); return d })`, `D"x" | !go`, `Data"x"`, ""},
		{"stream start", `replaceStreamStart(e => [new MessageStart, e])`, `D"x" D"y" .`, `MessageStart Data"x" Data"y" StreamEnd`, ""},
		{"stream start again", `replaceStreamStart((e, i) => i ? new Data('ok') : 1)`, `D"x" D"y" D"z"`,
			misuse(`replaceStreamStart`, badResult) + ` Data"ok" Data"z"`, ""},
		{"stream start throws", `replaceStreamStart((e, i) => { if (!i) throw new Error('bad'); return e })`, `D"x" D"y" D"z"`,
			`StreamEnd(Error: bad) Data"y" Data"z"`, ""},
		{"stream start promise", `replaceStreamStart(e => test.wait('go', new Data('first')))`, `D"x" D"y" | !go`, `Data"first" Data"y"`, ""},
	})
}

func TestReplaceMessage(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"whole", `replaceMessage((m, i) => { test.log(m.head, m.body, m.tail, i); return new Message(m.head, 'z') })`,
			`S{"a":1} D"x" | D"y" E{"b":1}`, `MessageStart{"a":1} Data"z" MessageEnd`, `{"a":1} Data"xy" {"b":1} 0`},
		{"outside", `replaceMessage()`, `D"x" E S D"y" E . D"z"`, `Data"x" MessageEnd StreamEnd Data"z"`, ""},
		{"stream end inside is swallowed", `replaceMessage(m => { test.log(m.tail); return m })`, `S{"a":1} D"x" .(ReadError) D"y"`,
			`MessageStart{"a":1} Data"x" MessageEnd Data"y"`, "null"},
		{"nested start", `replaceMessage(m => m)`, `S{"a":1} D"x" S{"a":2} D"y" E`, `MessageStart{"a":1} Data"xy" MessageEnd`, ""},
		{"static", `replaceMessage(new StreamEnd)`, `S E S E`, `StreamEnd StreamEnd`, ""},
		{"limit", `replaceMessage(m => m, {bufferLimit: 2})`, `S D"x" D"yz" E`, `MessageStart Data"xy" MessageEnd`, ""},
		{"no limit", `replaceMessage(m => m, {bufferLimit: -1})`, `S D"x" D"yz" E`, `MessageStart Data"xyz" MessageEnd`, ""},
		{"throw", `replaceMessage(m => { throw new Error('bad') })`, `S D"x" E S`, `StreamEnd(Error: bad)`, ""},
		{"promise", `replaceMessage((m, i) => test.wait('go', new Data('' + i)))`, `S E S E . | !go | settle | !go`, `Data"0" Data"1" StreamEnd`, ""},
		{"promise kept body", `replaceMessage(async m => { await test.wait('go'); return m })`, `S D"x" E | !go`, `MessageStart Data"x" MessageEnd`, ""},
		{"rejected", `replaceMessage(m => test.wait('go', 'why'))`, `S E . | ~go`, `StreamEnd(why)`, ""},
		{"never", `replaceMessage(m => test.never())`, `D"x" S E .`, `Data"x"`, ""},
		{"released", `replaceMessage(m => test.wait('go', m))`, `S E . | release | !go`, ``, ""},
		{"body", `replaceMessageBody((d, i) => { test.log(d, i); return new Data('z') })`, `S{"a":1} D"x" | D"y" E{"b":1}`,
			`MessageStart{"a":1} Data"z" MessageEnd{"b":1}`, `Data"xy" 0`},
		{"body removed", `replaceMessageBody()`, `D"o" S D"x" S D"y" E .`, `Data"o" MessageStart MessageEnd StreamEnd`, ""},
		{"body and stream end", `replaceMessageBody(d => d)`, `S D"x" .(ReadError)`, `MessageStart Data"x" StreamEnd(ReadError)`, ""},
		{"body promises in order", `replaceMessageBody(d => test.wait('go', new Data(d.toString() + '!')))`,
			`S D"a" E S D"b" E . | !go | settle | !go`, `MessageStart Data"a!" MessageEnd MessageStart Data"b!" MessageEnd StreamEnd`, ""},
		{"body throw", `replaceMessageBody(d => { throw new Error('bad') })`, `S D"x" E D"y"`, `MessageStart StreamEnd(Error: bad) Data"y"`, ""},
	})
}

func TestInsert(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"static", `insert(new Data('i'))`, `D"x" D"y"`, `Data"i" Data"x" Data"y"`, ""},
		{"message", `insert(new Message('i'))`, `.`, `MessageStart Data"i" MessageEnd StreamEnd`, ""},
		{"function", `insert(() => [new Data('i'), new MessageEnd])`, `D"x" D"y"`, `Data"i" MessageEnd Data"x" Data"y"`, ""},
		{"nothing", `insert(() => {})`, `D"x"`, `Data"x"`, ""},
		{"promise does not hold", `insert(() => test.wait('go', new Data('i')))`, `D"x" | D"y" | !go | .`, `Data"x" Data"y" Data"i" StreamEnd`, ""},
		{"rejected", `insert(() => test.wait('go', 'why'))`, `D"x" | ~go | D"y"`, `Data"x" StreamEnd(why) Data"y"`, ""},
		{"promise of nonsense", `insert(() => test.wait('go', 1))`, `D"x" | !go`, `Data"x" ` + misuse(`insert`, badResult), ""},
		{"nonsense", `insert(() => 1)`, `D"x"`,
			misuse(`insert`, `inserting object is not an event or Message or an array of those`) + ` Data"x"`, ""},
		{"throw", `insert(() => { throw new Error('bad') })`, `D"x" D"y"`, `StreamEnd(Error: bad) Data"y"`, ""},
		{"never", `insert(() => test.never())`, `D"x" .`, `Data"x" StreamEnd`, ""},
		{"released", `insert(() => test.wait('go', new Data('i')))`, `D"x" | release | !go`, `Data"x"`, ""},
	})
}

func TestPrintWritesBytes(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.print())`)
	rig.Start().Feed(`S D"one\ntwo" E D"" .`)
	if got := rig.LogText(); got != "one\ntwo\n\n" {
		t.Errorf("logged %q", got)
	}
}

func TestDummyAndPrint(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"dummy", `dummy()`, `S D"x" E .(ReadError)`, `StreamEnd(ReadError)`, ""},
		{"print", `print()`, `S D"x" E .`, `MessageStart Data"x" MessageEnd StreamEnd`, ""},
	})
}
