package filter

import (
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
)

func TestAcceptSOCKS(t *testing.T) {
	t.Parallel()
	accept := func(args string) string {
		return `pipeline($=>$.acceptSOCKS(` + args + `).to($=>$.replaceData(d => new Data('<' + d.toString() + '>'))))`
	}
	const yes = `r => { test.log(r); return true }`
	const five = `D"\x05\x01\x00" | D"\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50"`
	const domain = `D"\x05\x01\x00" | D"\x05\x01\x00\x03\x01a\x00\x50"`
	const user = `D"\x05\x02\x00\x02" | D"\x01\x01u\x01p" | D"\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50"`
	const four = `D"\x04\x01\x00\x50\x0a\x01\x02\x03fred\x00"`
	const method, method2, ok, no, failed = `Data"\x05\x00" `, `Data"\x05\x02" `, `Data"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" `, `Data"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00" `, `Data"\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00" `
	const ok4, no4 = `Data"\x00Z\x00\x00\x00\x00\x00\x00" `, `Data"\x00[\x00\x00\x00\x00\x00\x00" `
	checkPrograms(t, []program{
		{"5", accept(yes), five + ` | D"abc" | .`, method + ok + `Data"<>" Data"<abc>" StreamEnd`, `{"ip":"10.1.2.3","port":80}`},
		{"5 domain", accept(yes), domain, method + ok + `Data"<>"`, `{"domain":"a","port":80}`},
		{"5 in one go", accept(yes), `D"\x05\x01\x00\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50abc"`, method + ok + `Data"<abc>"`, `{"ip":"10.1.2.3","port":80}`},
		{"4", accept(yes), four + ` | D"abc"`, ok4 + `Data"<>" Data"<abc>"`, `{"id":"fred","ip":"10.1.2.3","port":80}`},
		{"4a with payload", accept(yes), `D"\x04\x01\x00\x50\x00\x00\x00\x01\x00a\x00abc"`, ok4 + `Data"<abc>"`, `{"id":"","domain":"a","port":80}`},
		{"no", accept(`() => 0`), five + ` D"abc" | .`, method + no + `StreamEnd`, ""},
		{"4 no", accept(`() => {}`), four + ` | .`, no4 + `StreamEnd`, ""},
		{"throws", accept(`() => { throw new Error('x') }`), five, method + failed + `StreamEnd(Error: x)`, ""},
		{"4 throws", accept(`() => { throw new Error('x') }`), four, no4 + `StreamEnd(Error: x)`, ""},
		{"promise", accept(`() => test.wait('go', 1)`), five + ` | D"a" | D"b" . | !go | D"c"`, method + ok + `Data"<ab>" StreamEnd Data"<c>"`, ""},
		{"promise of no", accept(`async () => false`), five + ` D"a" .`, method + no + `StreamEnd`, ""},
		{"rejected", accept(`() => test.wait('go', new Error('x'))`), five + ` . | ~go`, method + failed + `StreamEnd(Error: x)`, ""},
		{"end early", accept(yes), `D"\x05\x01\x00" | D"\x05" .(ReadError) D"x"`, method + `StreamEnd(ReadError)`, ""},
		{"UDP", accept(yes), `D"\x05\x01\x00" | D"\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00"`, method + `Data"\x05\a\x00\x01\x00\x00\x00\x00\x00\x00" StreamEnd`, ""},
		{"garbage", accept(yes), `D"GET / HTTP/1.1" D"x" .`, `StreamEnd(ProtocolError)`, ""},
		{"messages", accept(yes), `S E D"\x05\x01\x00"`, strings.TrimSpace(method), ""},
		{"same context", `var $x; pipeline($=>$.acceptSOCKS(() => $x = 5).to($=>$.replaceData(() => new Data($x + ''))))`, five, method + ok + `Data"5"`, ""},

		{"no password", accept(yes), user[:len(`D"\x05\x02\x00\x02"`)] + user[len(`D"\x05\x02\x00\x02" | D"\x01\x01u\x01p"`):], method + ok + `Data"<>"`, `{"ip":"10.1.2.3","port":80}`},
		{"password", accept(yes + `, {authenticate: true}`), user, method2 + `Data"\x01\x00" ` + ok + `Data"<>"`, `{"ip":"10.1.2.3","port":80,"username":"u","password":"p"}`},
		{"password checked", accept(yes + `, {authenticate: (u, p) => u === 'u' && p === 'p'}`), user, method2 + `Data"\x01\x00" ` + ok + `Data"<>"`, `{"ip":"10.1.2.3","port":80,"username":"u","password":"p"}`},
		{"password refused", accept(yes + `, {authenticate: (u, p) => u === 'p'}`), user, method2 + `Data"\x01\x01" StreamEnd`, ``},
		{"password later", accept(yes + `, {authenticate: u => test.wait('go', u)}`), user + ` .  | !go`, method2 + `Data"\x01\x00" ` + ok + `Data"<>" StreamEnd`, `{"ip":"10.1.2.3","port":80,"username":"u","password":"p"}`},
		{"end while asked", accept(yes + `, {authenticate: u => test.wait('go', u)}`), `D"\x05\x01\x02" | D"\x01\x01u\x01p" . | !go`, method2 + `Data"\x01\x00" StreamEnd`, ``},
		{"password throws", accept(yes + `, {authenticate: () => { throw new Error('x') }}`), user, method2 + `Data"\x01\x01" StreamEnd(Error: x)`, ``},
		{"password not offered", accept(yes + `, {authenticate: true}`), five, `Data"\x05\xff" StreamEnd`, ``},
		{"released", accept(`() => test.wait('go', 1)`), five + ` | release | !go`, strings.TrimSpace(method), ""},

		{"legacy", `test.legacy($=>$.acceptSOCKS('x', () => true), {x: $=>$.replaceData(d => new Data('<' + d.toString() + '>'))})`, five + ` | D"a"`, method + ok + `Data"<>" Data"<a>"`, ""},
		{"legacy, to", `test.legacy($=>$.acceptSOCKS(() => true).to('x'), {x: $=>$.replaceData(d => new Data('<' + d.toString() + '>'))})`, five + ` | D"a"`, method + ok + `Data"<>" Data"<a>"`, ""},
	})
	for args, want := range map[string]string{
		``:                           "requires 1 or more arguments",
		`1`:                          "argument #1 expects a function",
		`() => 1, 1`:                 "argument #2 expects an object",
		`() => 1, {authenticate: 1}`: "options.authenticate expects a boolean or a function",
	} {
		if got := filtertest.BuildError(t, "pipeline($=>$.acceptSOCKS("+args+").to($=>$))"); got != want {
			t.Errorf("%s: got %q", args, got)
		}
	}
}

// While a promise is pending the client is stopped.
func TestAcceptSOCKSStopsTheClient(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.acceptSOCKS(() => test.wait('go', true)).to($=>$))`)
	run := r.Start()
	run.FeedOnly(`D"\x04\x01\x00\x50\x0a\x01\x02\x03\x00" | D"abc"`)
	if !r.Source.Paused() {
		t.Error("the source was not stopped")
	}
	run.Feed("!go")
	if r.Source.Paused() {
		t.Error("the source is still stopped")
	}
	if got := run.Bytes(); !strings.HasSuffix(got, "\x00\x00abc") {
		t.Errorf("got %q", got)
	}
}

func TestConnectSOCKS(t *testing.T) {
	t.Parallel()
	// The proxy's answers, one for each Data it gets.
	connect := func(args string, answers ...string) string {
		list := ""
		for _, a := range answers {
			list += strconv.QuoteToASCII(a) + ","
		}
		list = strings.ReplaceAll(list, `\a`, `\x07`)
		return `var answers = [` + list + `]; pipeline($=>$.connectSOCKS(` + args + `).to($=>$.replaceData(d => {
			test.log(d.toString('hex')); var a = answers.shift(); return a ? new Data(a) : new Data('<' + d.toString() + '>') })))`
	}
	const ok = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	checkPrograms(t, []program{
		{"IPv4", connect(`'10.1.2.3:80'`, "\x05\x00", ok), `D"a" | D"b" .`, `Data"<>" Data"<a>" Data"<b>" StreamEnd`, `050100 050100010a0102030050  61 62`},
		{"function, domain", connect(`() => 'a.b:443'`, "\x05\x00", ok), `D"a"`, `Data"<>" Data"<a>"`, `050100 0501000303612e6201bb  61`},
		{"IPv6", connect(`'[2001:db8::1]:80'`, "\x05\x00", ok), `D""`, `Data"<>" Data"<>"`, `050100 0501000420010db80000000000000000000000010050  `},
		{"server speaks first", connect(`'10.1.2.3:80'`, "\x05\x00", ok+"hi"), `D"a"`, `Data"hi" Data"<>" Data"<a>"`, `050100 050100010a0102030050  61`},
		{"password", connect(`'10.1.2.3:80', {username: 'u', password: () => 'p'}`, "\x05\x02", "\x01\x00", ok), `D"a"`, `Data"<>" Data"<a>"`, `05020002 0101750170 050100010a0102030050  61`},
		{"no password after all", connect(`'10.1.2.3:80', {username: () => {}}`, "\x05\x00", ok), `D"a"`, `Data"<>" Data"<a>"`, `050100 050100010a0102030050  61`},
		{"4", connect(`'10.1.2.3:80', {version: 4, username: 'fred'}`, "\x00Z\x00\x00\x00\x00\x00\x00"), `D"a"`, `Data"<>" Data"<a>"`, `040100500a0102036672656400  61`},
		{"4a", connect(`'a.b:80', {version: '4a'}`, "\x00Z\x00\x00\x00\x00\x00\x00"), `D"a"`, `Data"<>" Data"<a>"`, `040100500000000100612e6200  61`},
		{"refused", connect(`'10.1.2.3:80'`, "\x05\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"), `D"a" | D"b"`, `StreamEnd`, `050100 050100010a0102030050`},
		{"not SOCKS", connect(`'10.1.2.3:80'`, "HTTP/1.1 400 Bad Request"), `D"a" | D"b"`, `StreamEnd`, `050100`},
		{"proxy ends", `pipeline($=>$.connectSOCKS('a:1').to($=>$.replaceData(() => new StreamEnd('ConnectionRefused'))))`, `D"a" | D"b"`, `StreamEnd(ConnectionRefused)`, ``},
		{"begins with the end", connect(`'10.1.2.3:80'`, "\x05\x00", ok), `.`, `Data"<>" StreamEnd`, `050100 050100010a0102030050 `},
		{"target throws", connect(`() => { throw new Error('x') }`, "\x05\x00"), `D"a" | D"b"`, `StreamEnd(Error: x)`, `050100`},
		{"legacy", `test.legacy($=>$.connectSOCKS('x', 'a:1'), {x: $=>$.handleData(d => test.log(d.toString('hex')))})`, `D"a"`, `StreamEnd`, `050100`},
		{"legacy, function", `test.legacy($=>$.connectSOCKS('x', () => 'a:1'), {x: $=>$.handleData(d => test.log(d.toString('hex')))})`, `D"a"`, `StreamEnd`, `050100`},
		{"legacy, to", `test.legacy($=>$.connectSOCKS('a:1').to('x'), {x: $=>$.handleData(d => test.log(d.toString('hex')))})`, `D"a"`, `StreamEnd`, `050100`},
		{"legacy, options", `test.legacy($=>$.connectSOCKS('10.1.2.3:80', {version: 4}).to('x'), {x: $=>$.handleData(d => test.log(d.toString('hex')))})`, `D"a"`, `StreamEnd`, `040100500a01020300`},
	})
	for args, want := range map[string]string{
		`() => 1`:                              "target is not or did not return a string",
		`{}`:                                   "target is not or did not return a string",
		`'nowhere'`:                            "invalid target: nowhere",
		`'a:b'`:                                "invalid target: a:b",
		`'` + strings.Repeat("x", 256) + `:1'`: "domain name too long: " + strings.Repeat("x", 256),
		`'a:1', {username: () => 1}`:           "options.username is not or did not return a string",
		`'a:1', {password: () => 1}`:           "options.password is not or did not return a string",
		`'a:1', {username: 'x'.repeat(256)}`:   "socks: the user name or the password is longer than 255 bytes",
		`'a:1', {version: 4}`:                  "SOCKS 4 has IPv4 addresses only, use version '4a' or 5",
	} {
		got := filtertest.Text(t, `pipeline($=>$.connectSOCKS(`+args+`).to($=>$.replaceData(() => new Data('\x05\0'))))`, `D"a" | D"b"`)
		if want := "StreamEnd(Error: connectSOCKS() at line 1 column 27 in /main.js: " + want + ")"; got != want {
			t.Errorf("%s: got %s", args, got)
		}
	}
	for args, want := range map[string]string{
		``:                      "requires 1 or more arguments",
		`'a:1', 1`:              "argument #2 expects an object",
		`'a:1', {version: 6}`:   `options.version expects 4 or "4a" or 5`,
		`'a:1', {username: 1}`:  "options.username expects a string or a function",
		`'a:1', {password: {}}`: "options.password expects a string or a function",
	} {
		if got := filtertest.BuildError(t, "pipeline($=>$.connectSOCKS("+args+").to($=>$))"); got != want {
			t.Errorf("%s: got %q", args, got)
		}
	}
}

// Both ends, one in the other, in all versions and mixed with HTTP.
func TestSOCKSChain(t *testing.T) {
	t.Parallel()
	layer := `$=>$.replaceData(d => new Data('<' + d.toString() + '>'))`
	for _, options := range []string{`{}`, `{version: 4, username: 'u'}`, `{username: 'u', password: 'p'}`, `{version: '4a'}`} {
		layer = `$=>$.connectSOCKS(() => '10.1.2.3:80', ` + options + `).to($=>$.acceptSOCKS(async r => r.ip === '10.1.2.3' && r.port === 80).to(` + layer + `))`
		layer = `$=>$.connectHTTPTunnel(new Message({method: 'CONNECT', path: 'a:1', headers: {host: 'a'}})).to($=>$.muxHTTP().to($=>$.demuxHTTP().to($=>$.acceptHTTPTunnel(() => {}).to(` + layer + `))))`
		run := filtertest.New(t, "pipeline("+layer+")").Start()
		run.Feed(`D"a" | D"b"`)
		if got := strings.ReplaceAll(run.Bytes(), "<>", ""); got != "<a><b>" {
			t.Errorf("%s: got %q", options, got)
		}
		big := strings.Repeat("x", 100000)
		run.Out()
		run.Feed("D" + strconv.Quote(big) + " | .")
		if got := run.Bytes(); got != "<"+big+">" || !strings.HasSuffix(run.Out(), "StreamEnd") {
			t.Errorf("%s: got %d bytes", options, len(got))
		}
	}
}
