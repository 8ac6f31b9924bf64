package filter

import (
	"strings"
	"testing"
)

func TestDetectProtocol(t *testing.T) {
	t.Parallel()
	const detect = `detectProtocol(name => { test.log('[' + name + ']') }, {timeout: 0})`
	hello := `\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03`
	var cases []flow
	for _, c := range []struct{ name, in, notes string }{
		{"GET", `D"GET / HTTP/1.1\r\n"`, "[HTTP]"},
		{"cut", `D"TRA" | D"CE /x?y" | D"z HTTP/1" | D".0\r" | D"\n"`, "[HTTP]"},
		{"CONNECT", `D"CONNECT a:1 HTTP/1.1\r\n"`, "[HTTP]"},
		{"absolute", `D"OPTIONS http://a/b HTTP/1.0\r\nhost: a"`, "[HTTP]"},
		{"not yet", `D"GET / HTTP/1.1\r"`, ""},
		{"long target", `D"GET /` + strings.Repeat("x", 20000) + ` HTTP/1.1\r\n"`, "[HTTP]"},
		{"other method", `D"PROPFIND / HTTP/1.1\r\n"`, "[]"},
		{"lower case", `D"get / HTTP/1.1\r\n"`, "[]"},
		{"no target", `D"GET  HTTP/1.1\r\n"`, "[]"},
		{"other version", `D"GET / HTTP/1.2\r\n"`, "[]"},
		{"bare LF", `D"GET / HTTP/1.1\n"`, "[]"},
		{"preface", `D"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"`, "[HTTP2]"},
		{"preface cut", `D"PRI * HTTP/2.0\r\n\r" | D"\nSM\r\n" | D"\r\n"`, "[HTTP2]"},
		{"half a preface", `D"PRI * HTTP/2.0\r\n\r\nSM\r\n"`, ""},
		{"TLS", `D"` + hello + `rest"`, "[TLS]"},
		{"TLS cut", `D"` + hello[:len(`\x16\x03\x01\x00`)] + `" | D"` + hello[len(`\x16\x03\x01\x00`):] + `"`, "[TLS]"},
		{"not all of it", `D"` + hello[:len(hello)-4] + `"`, ""},
		{"ServerHello", `D"` + strings.Replace(hello, `\xf1\x01`, `\xf1\x02`, 1) + `"`, "[]"},
		{"lengths do not fit", `D"` + strings.Replace(hello, `\xed`, `\x01`, 1) + `"`, "[]"},
		{"record too long", `D"\x16\x03\x01\xff\xff\x01\x00\xff\xff\x03\x03"`, "[]"},
		{"SSH", `D"SSH-2.0-x\r\n"`, "[]"},
		{"end", `D"GET " .`, "[]"},
		{"only once", `D"GET / HTTP/1.1\r\n" D"x" . .`, "[HTTP]"},
	} {
		out := strings.ReplaceAll(strings.ReplaceAll(c.in, "| ", ""), `D"`, `Data"`)
		out = strings.ReplaceAll(out, " .", " StreamEnd")
		cases = append(cases, flow{c.name, detect, c.in, out, c.notes})
	}
	check(t, cases)
	check(t, []flow{
		{"markers pass", detect, `S D"x" E`, `MessageStart Data"x" MessageEnd`, "[]"},
		{"before the event", `detectProtocol(name => [new Data(name), new MessageEnd])`, `D"GET" | D" / HTTP/1.1\r\n"`,
			`Data"GET" Data"HTTP" MessageEnd Data" / HTTP/1.1\r\n"`, ""},
		{"message", `detectProtocol(name => new Message('m'))`, `D"x"`, `MessageStart Data"m" MessageEnd Data"x"`, ""},
		{"other results", `detectProtocol(name => 5)`, `D"x"`, `Data"x"`, ""},
		{"promise", `detectProtocol(async name => new Data('no'))`, `D"x"`, `Data"x"`, ""},
		{"throw", `detectProtocol(name => { throw new Error('bad') })`, `D"x" D"y"`, `StreamEnd(Error: bad) Data"y"`, ""},
		{"timeout", `detectProtocol(name => new Data('[' + name + ']'), {timeout: 0.01})`, `D"GET" | settle | D" / HTTP/1.1\r\n"`,
			`Data"GET" Data"[]" Data" / HTTP/1.1\r\n"`, ""},
		{"timeout and throw", `detectProtocol(name => { throw new Error('bad') }, {timeout: 0.01})`, `D"GET"`, `Data"GET" StreamEnd(Error: bad)`, ""},
		{"released", `detectProtocol(name => { test.log('no') })`, `D"GET" | release`, `Data"GET"`, ""},
	})
	checkBuildErrors(t, map[string]string{
		`detectProtocol()`:                        "requires 1 or more arguments",
		`detectProtocol(null)`:                    "argument #1 expects a function",
		`detectProtocol(() => {}, {timeout: {}})`: "options.timeout expects a number",
	})
}
