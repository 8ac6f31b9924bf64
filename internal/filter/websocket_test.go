package filter

import (
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

func TestDecodeWebSocket(t *testing.T) {
	t.Parallel()
	const text = `MessageStart{"opcode":1,"masked":false} Data"Hello" MessageEnd`
	checkPrograms(t, []program{
		{"text", `pipeline($=>$.decodeWebSocket())`, `D"\x81\x05Hel" | D"lo" | .`, `MessageStart{"opcode":1,"masked":false} Data"Hel" Data"lo" MessageEnd StreamEnd`, ""},
		{"masked", `pipeline($=>$.decodeWebSocket())`, `D"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"`, strings.ReplaceAll(text, "false", "true"), ""},
		{"fragments", `pipeline($=>$.decodeWebSocket())`, `D"\x01\x03Hel" | D"\x80\x02lo"`, text, ""},
		{"header in pieces", `pipeline($=>$.decodeWebSocket())`, `D"\x82" | D"\x7e\x00" | D"\x7e` + strings.Repeat("x", 126) + `"`, `MessageStart{"opcode":2,"masked":false} Data"` + strings.Repeat("x", 126) + `" MessageEnd`, ""},
		{"ping between", `pipeline($=>$.decodeWebSocket())`, `D"\x01\x03Hel" | D"\x89\x01a" | D"\x80\x02lo"`, `MessageStart{"opcode":9,"masked":false} Data"a" MessageEnd ` + text, ""},
		{"ping later", `pipeline($=>$.decodeWebSocket({bufferSize: 2}))`, `D"\x01\x03Hel" | D"\x89\x01a" | D"\x80\x02lo"`,
			`MessageStart{"opcode":1,"masked":false} Data"Hel" Data"lo" MessageEnd MessageStart{"opcode":9,"masked":false} Data"a" MessageEnd`, ""},
		{"half", `pipeline($=>$.decodeWebSocket())`, `D"\x01\x03Hel" .`, `StreamEnd`, ""},
		{"other events", `pipeline($=>$.decodeWebSocket())`, `S D"\x81\x05Hello" E D""`, text, ""},
		{"bad", `pipeline($=>$.decodeWebSocket())`, `D"\x81\x00\x83\x00\x81\x00" | D"\x81\x00" .`, `MessageStart{"opcode":1,"masked":false} MessageEnd StreamEnd(ProtocolError)`, ""},
		{"limit", `pipeline($=>$.decodeWebSocket({maxMessageSize: 4}))`, `D"\x81\x05Hello"`, `StreamEnd(ProtocolError)`, ""},
		{"masks", `pipeline($=>$.decodeWebSocket({masked: true}))`, `D"\x81\x05Hello"`, `StreamEnd(ProtocolError)`, ""},
		{"no masks", `pipeline($=>$.decodeWebSocket({masked: false}))`, `D"\x81\x80abcd"`, `StreamEnd(ProtocolError)`, ""},
		{"reserved bits", `pipeline($=>$.decodeWebSocket({rsv: 4}))`, `D"\xc1\x00"`, `MessageStart{"opcode":1,"masked":false,"rsv":4} MessageEnd`, ""},
		{"same head", `pipeline($=>$.decodeWebSocket().handleMessageStart(s => { s.head.x = 1 }).handleMessage(m => test.log(m.head)))`, `D"\x81\x05Hello"`,
			strings.ReplaceAll(text, "}", `,"x":1}`), `{"opcode":1,"masked":false,"x":1}`},
	})
	for options, want := range map[string]string{
		`1`:                     "argument #1 expects an object",
		`{bufferSize: -1}`:      "options.bufferSize expects a positive number",
		`{maxMessageSize: 'x'}`: "options.maxMessageSize expects a positive number",
		`{masked: 1}`:           "options.masked expects a boolean",
		`{rsv: 8}`:              "options.rsv expects a number from 0 to 7",
	} {
		if got := filtertest.BuildError(t, "pipeline($=>$.decodeWebSocket("+options+"))"); got != want {
			t.Errorf("%s: got %q", options, got)
		}
	}
}

func TestEncodeWebSocket(t *testing.T) {
	t.Parallel()
	const misuse = `StreamEnd(Error: encodeWebSocket() at line 1 column 30 in /main.js: `
	opcode := misuse + `head.opcode expects 1 (text), 2 (binary), 8 (close), 9 (ping) or 10 (pong))`
	checkPrograms(t, []program{
		{"text", `pipeline($=>$.encodeWebSocket())`, `S D"Hel" D"lo" E .`, `MessageStart Data"\x81\x05Hello" MessageEnd StreamEnd`, ""},
		{"defaults", `pipeline($=>$.encodeWebSocket())`, `S{} E`, `MessageStart{} Data"\x81\x00" MessageEnd`, ""},
		{"binary", `pipeline($=>$.encodeWebSocket())`, `S{"opcode":2} D"x" E`, `MessageStart{"opcode":2} Data"\x82\x01x" MessageEnd`, ""},
		{"pieces", `pipeline($=>$.encodeWebSocket())`, `S D"a" | D"b" | E`, `MessageStart Data"\x81\x02ab" MessageEnd`, ""},
		{"outside", `pipeline($=>$.encodeWebSocket())`, `D"x" E S D"a" S E`, `MessageStart Data"\x81\x01a" MessageEnd`, ""},
		{"half", `pipeline($=>$.encodeWebSocket())`, `S D"a" . S E`, `MessageStart StreamEnd MessageStart Data"\x81\x00" MessageEnd`, ""},
		{"opcode 3", `pipeline($=>$.encodeWebSocket())`, `S{"opcode":3} D"x" E`, opcode, ""},
		{"opcode 1.5", `pipeline($=>$.encodeWebSocket())`, `S{"opcode":1.5} D"x" E`, opcode, ""},
		{"opcode text", `pipeline($=>$.encodeWebSocket())`, `S{"opcode":"text"}`, opcode, ""},
		{"opcode 257", `pipeline($=>$.encodeWebSocket())`, `S{"opcode":257}`, opcode, ""},
		{"rsv", `pipeline($=>$.encodeWebSocket())`, `S{"rsv":4} E S{"rsv":9}`, `MessageStart{"rsv":4} Data"\xc1\x00" MessageEnd ` + misuse + `head.rsv expects a number from 0 to 7)`, ""},
		{"getter throws", `pipeline($=>$.replaceMessage(() => new Message({get opcode() { throw new Error('x') }})).encodeWebSocket())`, `S E`,
			`StreamEnd(Error: encodeWebSocket() at line 1 column 105 in /main.js: x)`, ""},
		{"large ping", `pipeline($=>$.encodeWebSocket())`, `S{"opcode":9} D"` + strings.Repeat("x", 126) + `" E`,
			`MessageStart{"opcode":9} ` + misuse + `websocket: the body of a control message is larger than 125 bytes)`, ""},
		{"round trip, masked", `pipeline($=>$.encodeWebSocket().decodeWebSocket())`, `S{"masked":true,"opcode":2} D"Hello" E`,
			`MessageStart{"opcode":2,"masked":true} Data"Hello" MessageEnd`, ""},
		{"changed head", `pipeline($=>$.decodeWebSocket().handleMessageStart(s => { s.head.opcode = 2 }).encodeWebSocket())`, `D"\x81\x05Hello"`,
			`MessageStart{"opcode":2,"masked":false} Data"\x82\x05Hello" MessageEnd`, ""},
		{"untouched head", `pipeline($=>$.decodeWebSocket({rsv: 7}).encodeWebSocket())`, `D"\xd9\x00\xc1\x00"`, `StreamEnd(ProtocolError)`, ""},
		{"echo", `pipeline($=>$.decodeWebSocket({rsv: 7}).replaceMessage(m => new Message(m.head, m.body)).encodeWebSocket())`, `D"\xc1\x05Hello"`,
			`MessageStart{"opcode":1,"masked":false,"rsv":4} Data"\xc1\x05Hello" MessageEnd`, ""},
	})
}

// Nothing of a message that passes is made for scripts.
func TestWebSocketMakesNoObjects(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.decodeWebSocket().encodeWebSocket())`)
	run := r.Start()
	before, _ := r.Realm.Live()
	first := true
	run.OnOutput = func(stream.Event) { // later there are objects of the test's own
		if live, _ := r.Realm.Live(); first && live > before {
			t.Errorf("%d script objects", live-before)
		}
		first = false
	}
	if got := run.Feed(`D"\x81\x05Hello"`).Bytes(); got != "\x81\x05Hello" {
		t.Errorf("got %q", got)
	}
}
