package filter

import (
	"strings"
	"testing"
)

func TestMQTT(t *testing.T) {
	t.Parallel()
	const connect = `D"\x10\x0f\x00\x04MQTT\x04\x82\x00\x3c\x00\x00\x00\x01u"`
	check(t, []flow{
		{"decode", `decodeMQTT().handleMessageEnd(e => { test.log(e.payload) }).handleMessageStart(e => { test.log(Object.keys(e.head).join()) })`,
			connect + ` D"\x30\x05\x00\x01ahi" .`,
			`MessageStart{"type":"CONNECT","dup":false,"retain":false,"sessionPresent":false,"qos":0,"packetIdentifier":0,"protocolLevel":4,"keepAlive":60,"reasonCode":0,"properties":null} ` +
				`Data"\x00\x00\x00\x01u" MessageEnd({"clientID":"","username":"u","password":null,"will":null,"cleanStart":true}) ` +
				`MessageStart{"type":"PUBLISH","dup":false,"retain":false,"sessionPresent":false,"qos":0,"packetIdentifier":0,"protocolLevel":4,"keepAlive":0,"reasonCode":0,"topicName":"a","properties":null} ` +
				`Data"hi" MessageEnd StreamEnd`,
			`type,dup,retain,sessionPresent,qos,packetIdentifier,protocolLevel,keepAlive,reasonCode,topicName,properties ` +
				`{"clientID":"","username":"u","password":null,"will":null,"cleanStart":true} ` +
				`type,dup,retain,sessionPresent,qos,packetIdentifier,protocolLevel,keepAlive,reasonCode,topicName,properties undefined`},
		{"malformed", `decodeMQTT()`, `D"\x00\x00" D"\xc0\x00" .`, `StreamEnd(ProtocolError) StreamEnd`, ""},
		{"limit", `decodeMQTT({maxMessageSize: 100})`, `D"\x30\x70"`, `StreamEnd(ProtocolError)`, ""},
		{"same again", `decodeMQTT().encodeMQTT().handleMessage(() => {}).replaceMessage(m => m.body)`,
			connect + ` D"\x3b\x07\x00\x01a\x00\x08hi\xa2\x05\x00\x0a\x00\x01a\xe0\x00"`,
			`Data"\x10\x0f\x00\x04MQTT\x04\x82\x00<\x00\x00\x00\x01u" Data";\a\x00\x01a\x00\bhi" Data"\xa2\x05\x00\n\x00\x01a" Data"\xe0\x00"`, ""},
		{"changed", `decodeMQTT().handleMessageStart(e => { e.head.qos = '1'; e.head.topicName += 'b' }).encodeMQTT().replaceMessage(m => m.body)`,
			`D"\x30\x06\x00\x01a\x00hi"`, `Data"2\t\x00\x02ab\x00\x00\x00hi"`, ""},
		{"short form kept", `decodeMQTT().handleMessageStart(e => { e.head.packetIdentifier++ }).encodeMQTT().replaceMessage(m => m.body)`,
			`D"\x40\x02\x00\x01"`, `Data"@\x02\x00\x02"`, ""},
		{"made by a script", `replaceMessage(() => [
				new Message({ type: 'CONNECT', protocolLevel: 4 }, { clientID: 'c', username: 'u', password: new Data('p'), will: { topic: 't', payload: new Data('w') } }),
				new Message({ type: 'SUBSCRIBE', packetIdentifier: 1 }, { topicFilters: [{ filter: 'a', qos: 1 }] }),
				new Message({ type: 'SUBACK', packetIdentifier: 1, protocolLevel: 4 }, [0, 128]),
				new Message({ type: 'UNSUBSCRIBE', packetIdentifier: 1, protocolLevel: 4 }, ['a', 'b']),
				new Message({ type: 'PUBLISH', topicName: 'a', properties: { contentType: 'x', user: 1 } }, 'body'),
				new Message({ type: 'nothing' }),
			]).encodeMQTT().replaceMessage(m => m.body)`, `S E`,
			`Data"\x10\x19\x00\x04MQTT\x04\xc4\x00\x00\x00\x01c\x00\x01t\x00\x01w\x00\x01u\x00\x01p" Data"\x82\a\x00\x01\x00\x00\x01a\x01" ` +
				`Data"\x90\x04\x00\x01\x00\x80" Data"\xa2\b\x00\x01\x00\x01a\x00\x01b" ` +
				`Data"0\x16\x00\x01a\x0e\x03\x00\x01x&\x00\x04user\x00\x011body" Data"\x10\r\x00\x04MQTT\x05\x00\x00\x00\x00\x00\x00"`, ""},
		{"too long", `replaceMessage(() => new Message({ type: 'PUBLISH', topicName: 'x'.repeat(70000) })).encodeMQTT()`, `S E`,
			`MessageStart{"type":"PUBLISH","topicName":"` + strings.Repeat("x", 70000) + `"} StreamEnd(Error: encodeMQTT() at line 1 column 112 in /main.js: PUBLISH: texts and binary fields have at most 65535 bytes)`, ""},
	})
}
