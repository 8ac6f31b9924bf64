package filter

import "testing"

func TestDubbo(t *testing.T) {
	t.Parallel()
	const head = `\xda\xbb\xc2\x14\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00`
	const start = `MessageStart{"requestID":{},"isRequest":true,"isTwoWay":true,"isEvent":false,"serializationType":2,"status":20}`
	check(t, []flow{
		{"decode", `decodeDubbo().handleMessageStart(e => { test.log(e.head.requestID.type, e.head.requestID.toString()) })`,
			`D"` + head + `\x03ab" | D"c` + head + `\x00` + head + `" | D"\x01d" .`,
			start + ` Data"ab" Data"c" MessageEnd ` + start + ` MessageEnd ` + start + ` Data"d" MessageEnd StreamEnd`, "u64 5 u64 5 u64 5"},
		{"byte by byte", `decodeDubbo()`, `D"\xda" | D"\xbb\xc2" | D"\x14\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00" | D"\x01" | D"x"`,
			start + ` Data"x" MessageEnd`, ""},
		{"bad magic", `decodeDubbo()`, `D"\xda" | D"\xbc" | D"\xda\xbb" | .`, `StreamEnd(ProtocolError) StreamEnd`, ""},
		{"too large", `decodeDubbo({ maxMessageSize: 3 })`, `D"` + head + `\x03abc` + head + `\x04abcd" .`, start + ` Data"abc" MessageEnd StreamEnd(ProtocolError) StreamEnd`, ""},
		{"larger than anything", `decodeDubbo()`, `D"` + head[:len(head)-12] + `\xff\xff\xff\xff"`, `StreamEnd(ProtocolError)`, ""},
		{"too large to encode", `encodeDubbo({ maxMessageSize: 3 })`, `S{"requestID":1} D"abc" | D"d" D"e" E .`,
			`StreamEnd(Error: encodeDubbo() at line 1 column 28 in /main.js: message is larger than maxMessageSize) StreamEnd`, ""},
		{"end inside", `decodeDubbo()`, `D"` + head + `\x03ab" . D"` + head + `\x00"`, start + ` Data"ab" StreamEnd ` + start + ` MessageEnd`, ""},
		{"same again", `decodeDubbo().encodeDubbo()`, `D"` + head + `\x03abc"`, start + ` Data"ڻ\xc2\x14\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03abc" MessageEnd`, ""},
		{"encode", `encodeDubbo()`, `S D"lost" E D"lost" S{"requestID":7,"isEvent":1} D"a" D"b" E{"t":1} S{"status":20} D"x" .`,
			`MessageStart{"requestID":{},"isRequest":false,"isTwoWay":false,"isEvent":true,"serializationType":0,"status":0} ` +
				`Data"ڻ \x00\x00\x00\x00\x00\x00\x00\x00\a\x00\x00\x00\x02ab" MessageEnd{"t":1} ` +
				`MessageStart{"requestID":{},"isRequest":false,"isTwoWay":false,"isEvent":false,"serializationType":0,"status":20} ` +
				`Data"ڻ\x00\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01x" StreamEnd`, ""},
		{"64 bits", `replaceMessageStart(() => new MessageStart({ requestID: { valueOf() { return 1 } } })).encodeDubbo()`, `S E`,
			`MessageStart{"requestID":{},"isRequest":false,"isTwoWay":false,"isEvent":false,"serializationType":0,"status":0} ` +
				`Data"ڻ\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" MessageEnd`, ""},
	})
}
