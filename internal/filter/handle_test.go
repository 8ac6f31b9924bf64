package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
)

// flow is a case of a filter's table: a pipeline, what goes in, what comes out.
type flow struct {
	name, filter, in, out string
	notes                 string // what the callbacks noted
}

// check runs the cases; each filter stands in pipeline($ => $.FILTER).
func check(t *testing.T, cases []flow) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rig := filtertest.New(t, "pipeline($ => $."+c.filter+")")
			if got := rig.Start().Feed(c.in).Out(); got != c.out {
				t.Errorf("out:\n got %s\nwant %s\nlog: %s", got, c.out, rig.LogText())
			}
			if got := rig.Notes(); got != c.notes {
				t.Errorf("notes:\n got %s\nwant %s", got, c.notes)
			}
		})
	}
}

func TestHandle(t *testing.T) {
	t.Parallel()
	const all = `S{"a":1} D"x" D"" E{"b":2} .`
	const same = `MessageStart{"a":1} Data"x" Data"" MessageEnd{"b":2} StreamEnd`
	check(t, []flow{
		{"every event", `handle((e, i) => { test.log(e.type, i) })`, all, same,
			"MessageStart 0 Data 1 Data 2 MessageEnd 3 StreamEnd 4"},
		{"data", `handleData((e, i) => { test.log(e.toString(), i) })`, all, same, "x 0  1"},
		{"message start", `handleMessageStart(e => { test.log(e.head.a) })`, all + " " + all, same + " " + same, "1 1"},
		{"message end", `handleMessageEnd(e => { test.log(e.tail.b) })`, all, same, "2"},
		{"stream end", `handleStreamEnd(e => { test.log(e.error) })`, "D\"a\" .(ReadError)", `Data"a" StreamEnd(ReadError)`, "ReadError"},
		{"stream start", `handleStreamStart((e, i) => { test.log(e.type, i) })`, all, same, "MessageStart 0"},
		{"result ignored", `handle(e => new StreamEnd)`, `D"a"`, `Data"a"`, ""},
		{"throw drops", `handleData(d => { if (d.toString() == 'b') throw new Error('bad') })`, `D"a" D"b" D"c" .`,
			`Data"a" StreamEnd(Error: bad) Data"c" StreamEnd`, ""},
		{"throw at the start", `handleStreamStart(() => { throw new Error('bad') })`, `D"a" D"b"`, `StreamEnd(Error: bad) Data"b"`, ""},
		{"promise holds", `handleData(d => { test.log(d.toString()); return test.wait('go') })`,
			`D"a" E D"b" | D"c" | !go | . | !go`, `Data"a" MessageEnd Data"b"`, "a b c"},
		{"order after promises", `handleData(d => d.toString() == 'a' ? test.wait('go') : undefined)`,
			`D"a" | S D"b" D"c" E | . | !go`, `Data"a" MessageStart Data"b" Data"c" MessageEnd StreamEnd`, ""},
		{"promise rejected", `handleData(d => test.wait('go', 'why'))`, `D"a" S | ~go | D"b" .`, `StreamEnd(why)`, ""},
		{"promise never", `handleData(d => test.never())`, `S D"a" | .`, `MessageStart`, ""},
		{"released while held", `handleData(d => test.wait('go'))`, `D"a" S | release | !go`, ``, ""},
		{"settled promise", `handleData(async d => { test.log(d.toString()) })`, `D"a" D"b" E`, `Data"a" Data"b" MessageEnd`, "a b"},
	})
}

func TestHandleMessage(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"whole", `handleMessage((m, i) => { test.log(m.head, m.body, m.tail, m.payload, i) })`,
			`S{"a":1} D"x" | D"y" | E{"b":2} S E`, `MessageStart{"a":1} Data"x" Data"y" MessageEnd{"b":2} MessageStart MessageEnd`,
			`{"a":1} Data"xy" {"b":2} undefined 0 null Data"" null undefined 1`},
		{"outside", `handleMessage(m => { test.log('called') })`, `D"x" E .`, `Data"x" MessageEnd StreamEnd`, ""},
		{"stream end inside", `handleMessage(m => { test.log(m.body) })`, `S D"x" .(ReadError) E`,
			`MessageStart Data"x" StreamEnd(ReadError) MessageEnd`, `Data"x"`},
		{"second start", `handleMessage(m => { test.log(m.head, m.body) })`, `S{"a":1} D"x" S{"a":2} D"y" E`,
			`MessageStart{"a":1} Data"x" MessageStart{"a":2} Data"y" MessageEnd`, `{"a":2} Data"y"`},
		{"limit", `handleMessage(m => { test.log(m.body) }, {bufferLimit: 3})`, `S D"ab" | D"cd" D"ef" E`,
			`MessageStart Data"ab" Data"cd" Data"ef" MessageEnd`, `Data"abc"`},
		{"throw", `handleMessage(m => { throw new Error('bad') })`, `S D"x" E .`, `MessageStart Data"x" StreamEnd(Error: bad) StreamEnd`, ""},
		{"promise", `handleMessage(m => test.wait('go'))`, `S D"x" E | S D"y" E . | settle | !go | !go`,
			`MessageStart Data"x" MessageEnd MessageStart Data"y" MessageEnd StreamEnd`, ""},
		{"rejected", `handleMessage(m => test.wait('go', new Error('no')))`, `S E S | ~go | E`, `MessageStart StreamEnd(Error: no)`, ""},
		{"never", `handleMessage(m => test.never())`, `S D"x" E .`, `MessageStart Data"x"`, ""},
		{"released", `handleMessage(m => test.wait('go'))`, `S D"x" E . | release | !go`, `MessageStart Data"x"`, ""},
		{"body", `handleMessageBody((d, i) => { test.log(d, i) })`, `S D"x" | D"y" E S .`,
			`MessageStart Data"x" Data"y" MessageEnd MessageStart StreamEnd`, `Data"xy" 0 Data"" 1`},
		{"body over a second start", `handleMessageBody(d => { test.log(d) }, {bufferLimit: '1k'})`, `S D"x" S D"y" E`,
			`MessageStart Data"x" MessageStart Data"y" MessageEnd`, `Data"xy"`},
		{"body kept beyond the turn", `handleMessage(m => { globalThis.m = m }).handleStreamEnd(() => { test.log(m.body) })`,
			`S D"x" E | .`, `MessageStart Data"x" MessageEnd StreamEnd`, `Data"x"`},
	})
}

func TestHandleBuild(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		`handle()`:         "requires 1 or more arguments",
		`handleData(null)`: "argument #1 expects a function",
		`handleMessage(1)`: "argument #1 expects a function",
		`handleMessage(() => {}, {bufferLimit: true})`: "options.bufferLimit expects a positive number",
		`handleMessageBody(() => {}, 1)`:               "argument #2 expects an object",
		`replaceData(1)`:                               "argument #1 expects an object",
		`replaceMessage(null, {bufferLimit: {}})`:      "options.bufferLimit expects a positive number",
		`insert()`: "requires 1 or more arguments",
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			if got := filtertest.BuildError(t, "pipeline($ => $."+filter+")"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
