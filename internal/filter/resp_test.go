package filter

import (
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
)

func TestRESP(t *testing.T) {
	t.Parallel()
	const see = `decodeRESP().handleMessageEnd(e => { test.log(e.payload) })`
	check(t, []flow{
		{"decode", see, `D"+OK\r\n:-45\r\n*2\r\n+a\r\n$-1\r\n" .`,
			`MessageStart Data"+OK\r\n" MessageEnd(OK) MessageStart Data":-45\r\n" MessageEnd(-45) ` +
				`MessageStart Data"*2\r\n+a\r\n$-1\r\n" MessageEnd(["a",null]) StreamEnd`, `OK -45 ["a",null]`},
		{"cut", see, `D"$3\r" | D"\nab" | D"c\r\n+x" | D"\r\n"`,
			`MessageStart Data"$3\r" Data"\nab" Data"c\r\n" MessageEnd(Data"abc") MessageStart Data"+x" Data"\r\n" MessageEnd(x)`,
			`Data"abc" x`},
		{"what scripts hold stays", `decodeRESP().handleMessageEnd(e => { globalThis.kept = e.payload }).handleStreamEnd(() => { test.log(kept[0]) })`,
			`D"*1\r\n$3\r\nabc\r\n" | D"xxxxxxxxxxxxxxxxxxx" | .`,
			`MessageStart Data"*1\r\n$3\r\nabc\r\n" MessageEnd([{}]) MessageStart StreamEnd(ProtocolError) StreamEnd`, `Data"abc" Data"abc"`},
		{"end inside", see, `D"*2\r\n" . D"+x\r\n"`, `MessageStart Data"*2\r\n" StreamEnd MessageStart Data"+x\r\n" MessageEnd(x)`, "x"},
		{"garbage", `decodeRESP()`, `D"+a\r\nGET\r\n" D"+b\r\n" .`,
			`MessageStart Data"+a\r\n" MessageEnd(a) MessageStart StreamEnd(ProtocolError) StreamEnd`, ""},
		{"limit", `decodeRESP({maxMessageSize: '1k'})`, `D"$2000\r\n"`, `MessageStart Data"$2000\r\n" StreamEnd(ProtocolError)`, ""},
		{"same again", `decodeRESP().encodeRESP()`, `D"*-1\r\n" D":+1\r\n%1\r\n+a\r\n_\r\n"`,
			`MessageStart Data"*-1\r\n" MessageEnd(null) MessageStart Data":+1\r\n" MessageEnd(1) MessageStart Data"%1\r\n+a\r\n_\r\n" MessageEnd({})`, ""},
		{"changed in place", `decodeRESP().handleMessageEnd(e => { e.payload[0] = 'x' }).encodeRESP()`, `D"*2\r\n:1\r\n*-1\r\n"`,
			`MessageStart Data"*2\r\n+x\r\n*-1\r\n" MessageEnd(["x",null])`, ""},
		{"echo", `decodeRESP().replaceMessage(m => new Message(null, ['echo', m.payload])).encodeRESP()`, `D"$1\r\na\r\n"`,
			`MessageStart Data"*2\r\n+echo\r\n$1\r\na\r\n" MessageEnd(["echo",{}])`, ""},
		{"encode without payload", `encodeRESP()`, `E S{"a":1} D"x" S E D"y" S .`,
			`MessageStart{"a":1} Data"$-1\r\n" MessageEnd MessageStart StreamEnd`, ""},
		{"version 3", `replaceMessage(() => new Message(null, [null, true, 1.5, new Map([['a', 1n]]), new Set(['b'])])).encodeRESP({version: () => 3})`,
			`S E`, `MessageStart Data"*5\r\n_\r\n#t\r\n,1.5\r\n%1\r\n+a\r\n(1\r\n~1\r\n+b\r\n" MessageEnd([null,true,1.5,{},{}])`, ""},
		{"bad version", `encodeRESP({version: () => 4})`, `S E`,
			`MessageStart StreamEnd(Error: encodeRESP() at line 1 column 27 in /main.js: options.version did not return 2 or 3)`, ""},
		{"cycle", `replaceMessage(() => { var a = []; a.push(a); return new Message(null, a) }).encodeRESP()`, `S E`,
			`MessageStart StreamEnd(Error: encodeRESP() at line 1 column 104 in /main.js: a value is nested too deep, or contains itself)`, ""},
	})
	if got := filtertest.BuildError(t, `pipeline($ => $.encodeRESP({version: 1}))`); got != "options.version expects 2, 3 or a function" {
		t.Error(got)
	}
}

// TestRESPPush sees what scripts find out about messages that answer nothing.
func TestRESPPush(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.decodeRESP().handleMessageEnd(e => {
		var p = e.payload
		test.log(Array.isArray(p), p.type, p.join(), JSON.stringify(p))
	}).encodeRESP())`)
	out := rig.Start().Feed(`D">2\r\n+a\r\n+b\r\n"`).Out()
	if !strings.Contains(out, `Data">2\r\n+a\r\n+b\r\n"`) {
		t.Error(out)
	}
	if got := rig.Notes(); got != `true push a,b ["a","b"]` {
		t.Error(got)
	}
}
