package filter

import "testing"

func TestThrift(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"decode", `decodeThrift().handleMessageEnd(e => { test.log(e.payload, e.payload.fields[1].value.toString()) })`,
			`D"\x80\x01\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x07" | D"\x0b\x00\x01\x00\x00\x00\x01x\x0a\x00\x02\x7f\xff\xff\xff\xff\xff\xff\xff\x00" .`,
			`MessageStart Data"\x80\x01\x00\x01\x00\x00\x00\x01a\x00\x00\x00\a" Data"\v\x00\x01\x00\x00\x00\x01x\n\x00\x02\x7f\xff\xff\xff\xff\xff\xff\xff\x00" ` +
				`MessageEnd({"protocol":"binary","type":"call","seqID":7,"name":"a","fields":[{"id":1,"type":"BINARY","value":"x"},{"id":2,"type":"I64","value":{}}]}) StreamEnd`,
			`{"protocol":"binary","type":"call","seqID":7,"name":"a","fields":[{"id":1,"type":"BINARY","value":"x"},{"id":2,"type":"I64","value":{}}]} 9223372036854775807`},
		{"changed, 64 bits kept", `decodeThrift().handleMessageEnd(e => { e.payload.name = 'b' }).encodeThrift().replaceMessage(m => m.body)`,
			`D"\x80\x01\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x07\x0a\x00\x02\x7f\xff\xff\xff\xff\xff\xff\xff\x00"`,
			`Data"\x80\x01\x00\x01\x00\x00\x00\x01b\x00\x00\x00\a\n\x00\x02\x7f\xff\xff\xff\xff\xff\xff\xff\x00"`, ""},
		{"made by a script", `replaceMessage(() => new Message(null, [{ name: 'a' }, null, { protocol: 'old', type: 'reply', seqID: 1, name: 'b',
				fields: [{ id: 1, type: 'LIST', value: { elementType: 'BOOL', elements: [true, 0] } }], framed: true }, 5, { name: 'no' }])).encodeThrift().replaceMessage(m => m.body)`,
			`S E`, `Data"\x82!\x00\x01a\x00\x00\x00\x00\x15\x00\x00\x00\x01b\x02\x00\x00\x00\x01\x0f\x00\x01\x02\x00\x00\x00\x02\x01\x00\x00"`, ""},
		{"no object", `encodeThrift()`, `S D"x" E`, `MessageStart MessageEnd`, ""},
		{"garbage", `decodeThrift()`, `D"\xff" D"x" .`, `MessageStart StreamEnd(ProtocolError) StreamEnd`, ""},
	})
}
