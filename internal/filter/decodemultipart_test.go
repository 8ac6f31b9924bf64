package filter

import "testing"

func TestDecodeMultipart(t *testing.T) {
	t.Parallel()
	const start = `S{"headers":{"content-type":"multipart/form-data; boundary=\"b\"; x=y"}}`
	check(t, []flow{
		{"parts", `decodeMultipart()`, start + ` D"--b\r\nX: 1\r\n\r\none\r\n-" | D"-b\r\n\r\ntwo--b--\r\n" E{"t":1} .`,
			`MessageStart{"headers":{"x":"1"},"headerNames":null} Data"one\r\n" MessageEnd MessageStart Data"two" MessageEnd StreamEnd`, ""},
		{"other messages pass", `decodeMultipart()`, `S{"headers":{"content-type":"text/plain"}} D"--b" E{"t":1} S D"x" E ` + start + ` D"--b\r\n\r\nx--b--" E S D"y" E`,
			`MessageStart{"headers":{"content-type":"text/plain"}} Data"--b" MessageEnd{"t":1} MessageStart Data"x" MessageEnd ` +
				`MessageStart Data"x" MessageEnd MessageStart Data"y" MessageEnd`, ""},
		{"truncated", `decodeMultipart()`, start + ` D"--b\r\n\r\nhalf" .`, `MessageStart Data"half" MessageEnd StreamEnd`, ""},
		{"limit", `decodeMultipart({maxHeaderSize: 10})`, start + ` D"--b\r\nX: 1234567890\r\n\r\n" E .`, `StreamEnd(ProtocolError) StreamEnd`, ""},
		{"looked at", `decodeMultipart().handleMessageStart(e => { test.log(Object.keys(e.head).join(), e.head.protocol, e.head.headers.x.join()) })`,
			start + ` D"--b\r\nX: 1\r\nx: 2\r\n\r\n--b--" E`,
			`MessageStart{"headers":{"x":["1","2"]},"headerNames":null} MessageEnd`, `protocol,headers,headerNames undefined 1,2`},
	})
}
