package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
)

func TestAcceptProxyProtocol(t *testing.T) {
	t.Parallel()
	accept := func(handler string) string {
		return `pipeline($=>$.acceptProxyProtocol(` + handler + `).to($=>$.replaceData(d => new Data('<' + d.toString() + '>'))))`
	}
	const yes = `r => { test.log(r); return true }`
	const v1 = `D"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"`
	const v1Info = `{"version":1,"protocol":"TCP4","sourceAddress":"1.2.3.4","sourcePort":1,"targetAddress":"5.6.7.8","targetPort":2}`
	const v2 = `D"\r\n\r\n\x00\r\nQUIT\n`
	checkPrograms(t, []program{
		{"version 1", accept(yes), v1 + ` | D"abc" | .`, `Data"<>" Data"<abc>" StreamEnd`, v1Info},
		{"with payload", accept(yes), `D"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nabc"`, `Data"<abc>"`, v1Info},
		{"in pieces", accept(yes), `D"PROXY TCP4 1.2.3." | D"4 5.6.7" | D".8 1 2\r" | D"\nabc"`, `Data"<abc>"`, v1Info},
		{"unknown", accept(yes), `D"PROXY UNKNOWN\r\n"`, `Data"<>"`, `{"version":1,"protocol":"UNKNOWN"}`},
		{"version 2", accept(yes), v2 + `\x21\x11\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02abc"`, `Data"<abc>"`,
			`{"version":2,"command":"PROXY","protocol":"TCP4","sourceAddress":"1.2.3.4","sourcePort":1,"targetAddress":"5.6.7.8","targetPort":2}`},
		{"local", accept(yes), v2 + `\x20\x00\x00\x00"`, `Data"<>"`, `{"version":2,"command":"LOCAL","protocol":"UNKNOWN"}`},
		{"tlvs", accept(`i => { test.log(i.tlvs[0].type, i.tlvs[0].value.toString(), i.tlvs.length); return 1 }`), v2 + `\x21\x00\x00\x05\x01\x00\x02h2"`, `Data"<>"`, `1 h2 1`},
		{"tlvs are kept", `var v; pipeline($=>$.acceptProxyProtocol(i => v = i.tlvs[0].value).to($=>$.replaceData(d => d.size ? v : d)))`, v2 + `\x21\x00\x00\x05\x01\x00\x02h2" | D"abc"`, `Data"" Data"h2"`, ``},
		{"no", accept(`() => 0`), v1 + ` D"abc" | .`, `StreamEnd`, ""},
		{"throws", accept(`() => { throw new Error('x') }`), v1 + ` D"abc" | .`, `StreamEnd(Error: x)`, ""},
		{"promise", accept(`() => test.wait('go', true)`), v1 + ` | D"a" | D"b" . | !go`, `Data"<ab>" StreamEnd`, ""},
		{"promise of no", accept(`async () => false`), v1 + ` D"b" .`, `StreamEnd`, ""},
		{"rejected", accept(`() => test.wait('go', 'why')`), v1 + ` | ~go`, `StreamEnd(why)`, ""},
		{"malformed", accept(yes), `D"GET / HTTP/1.1\r\n" | D"x" .`, `StreamEnd(ProtocolError)`, ""},
		{"end early", accept(yes), `D"PROXY" .(ReadError) D"x"`, `StreamEnd(ReadError)`, ""},
		{"same context", `var $x; pipeline($=>$.acceptProxyProtocol(i => $x = i.sourceAddress).to($=>$.replaceData(() => new Data($x))))`, v1, `Data"1.2.3.4"`, ""},
		{"legacy", `test.legacy($=>$.acceptProxyProtocol(() => 1).to('x'), {x: $=>$.replaceData(d => new Data('<' + d.toString() + '>'))})`, v1, `Data"<>"`, ""},
	})
	for args, want := range map[string]string{``: "requires 1 or more arguments", `1`: "argument #1 expects a function"} {
		if got := filtertest.BuildError(t, "pipeline($=>$.acceptProxyProtocol("+args+").to($=>$))"); got != want {
			t.Errorf("%s: got %q", args, got)
		}
	}
}

func TestConnectProxyProtocol(t *testing.T) {
	t.Parallel()
	const sig = `\r\n\r\n\x00\r\nQUIT\n`
	for info, want := range map[string]string{
		`{}`: `Data"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"`,
		`{sourceAddress: '1.2.3.4', sourcePort: 1, targetAddress: '5.6.7.8', targetPort: '2'}`: `Data"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"`,
		`() => ({protocol: 'TCP6', sourceAddress: '::1'})`:                                     `Data"PROXY TCP6 ::1 :: 0 0\r\n"`,
		`{sourceAddress: '::1'}`:                              `Data"PROXY TCP6 ::1 :: 0 0\r\n"`,
		`{protocol: 'TCP4', sourceAddress: '::1'}`:            `Data"PROXY TCP4 ::1 0.0.0.0 0 0\r\n"`,
		`{protocol: 'UNKNOWN'}`:                               `Data"PROXY UNKNOWN\r\n"`,
		`{version: 2}`:                                        `Data"` + sig + `!\x11\x00\f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`,
		`{version: 2, command: 'LOCAL', protocol: 'UNKNOWN'}`: `Data"` + sig + ` \x00\x00\x00"`,
		`{version: 2, protocol: 'UDP4', sourceAddress: '1.2.3.4', sourcePort: 258, targetAddress: 'nonsense', targetPort: 70000}`: `Data"` + sig + `!\x12\x00\f\x01\x02\x03\x04\x00\x00\x00\x00\x01\x02\x00\x00"`,
		`{version: 2, protocol: 'SCTP'}`: `Data"` + sig + `!\x11\x00\f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`,
		`{version: 2, protocol: 'UNKNOWN', tlvs: [{type: 1, value: 'h2'}, {type: 2, value: new Data('a')}]}`: `Data"` + sig + `!\x00\x00\t\x01\x00\x02h2\x02\x00\x01a"`,
	} {
		if got := filtertest.Text(t, `pipeline($=>$.connectProxyProtocol(`+info+`).to($=>$))`, `D"a" | .`); got != want+` Data"a" StreamEnd` {
			t.Errorf("%s: got %s", info, got)
		}
	}
	for info, want := range map[string]string{
		`1`:                         "an object containing source/target addresses is expected",
		`() => 1`:                   "an object containing source/target addresses is expected",
		`{protocol: 'UDP4'}`:        "version 1 of the PROXY protocol has no UDP4, use version 2",
		`{protocol: 'SCTP'}`:        "the PROXY protocol has no protocol SCTP",
		`{sourceAddress: 'a\r\nb'}`: `version 1 of the PROXY protocol cannot have "a\r\nb" as an address or port`,
		`{get protocol() { throw new Error('x') }}`:                      "x",
		`{version: 2, tlvs: 1}`:                                          "tlvs expects an array of {type: number, value: Data or string}",
		`{version: 2, tlvs: [1]}`:                                        "tlvs expects an array of {type: number, value: Data or string}",
		`{version: 2, tlvs: [{type: 256, value: ''}]}`:                   "tlvs expects an array of {type: number, value: Data or string}",
		`{version: 2, protocol: 'UNIX', sourceAddress: 'x'.repeat(109)}`: "the path of a Unix socket is longer than 108 bytes",
	} {
		got := filtertest.Text(t, `pipeline($=>$.connectProxyProtocol(`+info+`).to($=>$))`, `D"a" | D"b" .`)
		if want := "StreamEnd(Error: connectProxyProtocol() at line 1 column 35 in /main.js: " + want + ")"; got != want {
			t.Errorf("%s: got %s", info, got)
		}
	}
	if got := filtertest.Text(t, `pipeline($=>$.connectProxyProtocol(() => { throw new Error('x') }).to($=>$))`, `D"a" | D"b"`); got != "StreamEnd(Error: x)" {
		t.Errorf("got %s", got)
	}
	if got := filtertest.BuildError(t, "pipeline($=>$.connectProxyProtocol().to($=>$))"); got != "requires 1 or more arguments" {
		t.Errorf("got %q", got)
	}
}

// What one side is told is what the other side was.
func TestProxyProtocolRoundTrip(t *testing.T) {
	t.Parallel()
	for _, info := range []string{
		`{version:1,protocol:'TCP4',sourceAddress:'1.2.3.4',sourcePort:1,targetAddress:'5.6.7.8',targetPort:2}`,
		`{version:1,protocol:'TCP6',sourceAddress:'::1',sourcePort:1,targetAddress:'2001:db8::1',targetPort:65535}`,
		`{version:1,protocol:'UNKNOWN'}`,
		`{version:2,command:'PROXY',protocol:'TCP4',sourceAddress:'1.2.3.4',sourcePort:1,targetAddress:'5.6.7.8',targetPort:2}`,
		`{version:2,command:'PROXY',protocol:'UDP6',sourceAddress:'::1',sourcePort:1,targetAddress:'2001:db8::1',targetPort:65535,checksum:true}`,
		`{version:2,command:'PROXY',protocol:'UNIX',sourceAddress:'/run/a',targetAddress:'/run/b'}`,
		`{version:2,command:'PROXY',protocol:'UNIX_DGRAM'}`,
		`{version:2,command:'LOCAL',protocol:'UNKNOWN'}`,
	} {
		r := filtertest.New(t, `var info = `+info+`
			pipeline($=>$.connectProxyProtocol(info).to($=>$.acceptProxyProtocol(i => { test.log(JSON.stringify(i) === JSON.stringify(info) ? 'same' : i); return true }).to($=>$)))`)
		if got := r.Start().Feed(`D"a" .`).Out(); got != `Data"" Data"a" StreamEnd` || r.Notes() != "same" {
			t.Errorf("%s: got %s %s", info, got, r.Notes())
		}
	}
}
