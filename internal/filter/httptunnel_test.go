package filter_test

import (
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// accepting is a server whose tunnel shows what goes through it.
func accepting(handler string) string {
	return "demuxHTTP().to($=>$.acceptHTTPTunnel(" + handler + ").to($=>$.replaceData(d => new Data('<' + d.toString() + '>'))))"
}

func TestAcceptHTTPTunnel(t *testing.T) {
	const connect = "CONNECT a:1 HTTP/1.1|host: a:1||"
	const upgrade = "GET / HTTP/1.1|host: a|upgrade: websocket|connection: upgrade||"
	const head = "HTTP/1.1 200 OK|"
	const tunnel = head + "connection: keep-alive||"
	const no = "HTTP/1.1 403 Forbidden|content-length: 2|connection: keep-alive||no"
	for name, c := range map[string]struct{ handler, in, want string }{
		"connect":          {`() => new Message({status: 200})`, connect, tunnel + "<>"},
		"nothing":          {`() => {}`, connect, tunnel + "<>"},
		"no head":          {`() => new Message`, connect, tunnel + "<>"},
		"early bytes":      {`() => new Message({status: 299})`, connect + "abc", "HTTP/1.1 299 OK|connection: keep-alive||<><abc>"},
		"promise":          {`() => Promise.resolve(new Message({status: 200}))`, connect + "abc", tunnel + "<><abc>"},
		"promise, nothing": {`async () => {}`, connect + "abc", tunnel + "<><abc>"},
		"websocket":        {`() => new Message({status: 101, headers: {upgrade: 'websocket'}})`, upgrade + "abc", "HTTP/1.1 101 Switching Protocols|upgrade: websocket|connection: upgrade||<><abc>"},
		"websocket, 200":   {`() => {}`, upgrade + get, strings.Repeat(head+"content-length: 0|connection: keep-alive||", 2)},
		"refused":          {`req => new Message({status: req.head.path === 'b:1' ? 200 : 403}, req.head.path === 'b:1' ? '' : 'no')`, connect + strings.ReplaceAll(connect, "a:", "b:") + "x", no + tunnel + "<><x>"},
		"refused later":    {`async req => req.head.path === 'b:1' ? null : new Message({status: 403}, 'no')`, connect + strings.ReplaceAll(connect, "a:", "b:") + "x", no + tunnel + "<><x>"},
		"no tunnel":        {`req => new Message(req.body)`, "POST / HTTP/1.1|host: a|content-length: 3||abc" + get, head + "content-length: 3|connection: keep-alive||abc" + head + "content-length: 0|connection: keep-alive||"},
		"changes the head": {`req => { req.head.method = 'GET' }`, connect + "x", tunnel + "<><x>"},
		"throws":           {`() => { throw new Error('x') }`, connect, "$"},
		"rejects":          {`() => Promise.reject(new Error('x'))`, connect, "$"},
		"wrong":            {`() => 1`, connect, "$"},
		"promise of wrong": {`async () => 1`, connect, "$"},
		"bad head":         {`() => new Message({get status() { throw new Error('x') }})`, connect, "$"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wire(t, accepting(c.handler), c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestAcceptHTTPTunnelErrors(t *testing.T) {
	t.Parallel()
	for handler, want := range map[string]string{
		`() => 1`:                                "StreamEnd(Error: acceptHTTPTunnel() at line 1 column 31 in /main.js: handler did not return a Message)",
		`async () => 1`:                          "StreamEnd(Error: acceptHTTPTunnel() at line 1 column 31 in /main.js: Promise did not resolve to a Message)",
		`async () => { throw new Error('why') }`: "StreamEnd(Error: why)",
	} {
		if got := filtertest.Text(t, "pipeline($=>$.acceptHTTPTunnel("+handler+").to($=>$))", `S{"method":"CONNECT"} E | D"lost"`); got != want {
			t.Errorf("%s: got %s", handler, got)
		}
	}
	for src, want := range map[string]string{
		`pipeline($=>$.acceptHTTPTunnel().to($=>$))`:             "requires 1 or more arguments",
		`pipeline($=>$.acceptHTTPTunnel(1).to($=>$))`:            "argument #1 expects a function",
		`pipeline($=>$.acceptHTTPTunnel(() => 1))`:               "missing .to(...) for the last filter",
		`test.legacy($=>$.acceptHTTPTunnel('none', () => 1))`:    "acceptHTTPTunnel() at line 1 column 34 in /main.js: pipeline not found with name: none",
		`pipeline($=>$.connectHTTPTunnel().to($=>$))`:            "requires 1 or more arguments",
		`pipeline($=>$.connectHTTPTunnel(1, 2).to($=>$))`:        "argument #2 expects an object",
		`pipeline($=>$.connectHTTPTunnel(1, {onState: 1}).to())`: "options.onState expects a function",
	} {
		if got := filtertest.BuildError(t, src); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

// While the handler makes up its mind the source is stopped, and what came in meanwhile goes through the tunnel.
func TestAcceptHTTPTunnelWaits(t *testing.T) {
	for settle, want := range map[string]string{"!go": `MessageStart MessageEnd Data"" Data"a" Data"b" Data"c" StreamEnd`, "~go": `StreamEnd(RuntimeError)`} {
		r := filtertest.New(t, `var $x; pipeline($=>$.onStart(() => { $x = 1 }).acceptHTTPTunnel(() => { $x = 2; return test.wait('go') }).to($=>$.onStart(() => void test.log($x))))`)
		run := r.Start()
		run.FeedOnly(`S{"method":"CONNECT"} E | D"a" D"b"`)
		if !r.Source.Paused() {
			t.Error("the source was not stopped")
		}
		run.Feed(settle)
		if r.Source.Paused() {
			t.Error("the source is still stopped")
		}
		if got := run.Feed(`D"c" .`).Out(); got != want {
			t.Errorf("%s: got %s", settle, got)
		}
		if got := r.Notes(); settle == "!go" && got != "2" {
			t.Errorf("context has %s", got)
		}
	}
}

// A request is answered when it ends, not before, and one that does not end is forgotten.
func TestAcceptHTTPTunnelOtherInput(t *testing.T) {
	t.Parallel()
	src := `pipeline($=>$.acceptHTTPTunnel(req => { test.log(req.head.method, req.body.size); return new Message({status: 403}) }).to($=>$))`
	r := filtertest.New(t, src)
	run := r.Start()
	if got := run.Feed(`D"x" E S{"method":"POST"} S D"ab" | D"c"`).Out(); got != "" {
		t.Errorf("got %s", got)
	}
	if got := run.Feed(`E | S{"method":"POST"} D"ab" . S{"method":"PUT"} E`).Out(); got != `MessageStart{"status":403} MessageEnd StreamEnd MessageStart{"status":403} MessageEnd` {
		t.Errorf("got %s", got)
	}
	if got := r.Notes(); got != "POST 3 PUT 0" {
		t.Errorf("got %s", got)
	}
}

func TestAcceptHTTPTunnelBoundsBodies(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.acceptHTTPTunnel(() => { test.log('asked') }).to($=>$))`)
	run := r.Start()
	run.Feed(`S{"method":"POST"}`)
	chunk := make([]byte, 8<<20)
	for range 9 {
		run.Turn(stream.NewData(chunk))
	}
	run.Feed(`E`)
	if got := run.Out(); !strings.Contains(got, `"status":413`) || strings.Count(got, "MessageStart") != 1 {
		t.Errorf("got %s", got)
	}
	if got := run.Feed(`S{"method":"CONNECT"} E`).Out(); !strings.HasPrefix(got, "MessageStart MessageEnd") || r.Notes() != "asked" {
		t.Errorf("got %s", got)
	}
}

func TestHTTPTunnelLegacy(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		`test.legacy($=>$.acceptHTTPTunnel('x', () => {}), {x: $=>$.replaceData(d => new Data('<' + d.toString() + '>'))})`,
		`test.legacy($=>$.acceptHTTPTunnel(() => {}).to('x'), {x: $=>$.replaceData(d => new Data('<' + d.toString() + '>'))})`,
		`test.legacy($=>$.connectHTTPTunnel({}).to('x'), {x: $=>$}) && test.legacy($=>$.connectHTTPTunnel(new Message({method: 'CONNECT'})).to('x'), {x: $=>$.replaceMessage(new Message).replaceData(d => new Data('<' + d.toString() + '>'))})`,
	} {
		if got := filtertest.New(t, src).Start().Feed(`S{"method":"CONNECT"} E | D"a"`).Bytes(); !strings.HasSuffix(got, "<a>") {
			t.Errorf("%s: got %s", src, got)
		}
	}
}

func TestConnectHTTPTunnel(t *testing.T) {
	connect := func(options, sub string) string {
		return `pipeline($=>$.connectHTTPTunnel(() => new Message({method: 'CONNECT', path: 'a:1'})` + options + `).to($=>$.` + sub + `))`
	}
	const states = `, {onState: s => test.log(s)}`
	const echo = `replaceData(d => new Data('<' + d.toString() + '>'))`
	for name, c := range map[string]struct{ src, in, out, notes string }{
		"accepted":       {connect(states, `replaceMessage(new Message({status: 200})).`+echo), `D"a" D"b" | D"c" .`, `Data"<>" Data"<a>" Data"<b>" Data"<c>" StreamEnd`, "connecting connected"},
		"later":          {connect(states, `wait(() => test.wait('go')).replaceMessage(new Message).`+echo), `D"a" | D"b" . | !go`, `Data"<a>" Data"<b>" StreamEnd Data"<>"`, "connecting connected"},
		"refused":        {connect(states, `replaceMessage(new Message({status: 403}, 'no'))`), `D"a" | D"b"`, `StreamEnd`, "connecting closed"},
		"refused later":  {connect(states, `wait(() => test.wait('go')).replaceMessage(new Message({status: 101}))`), `D"a" | D"b" | !go | D"c"`, `StreamEnd`, "connecting closed"},
		"interim":        {connect(states, `replaceMessage([new Message({status: 100}), new Message({status: 103}), new Message])`), `D"a"`, `Data"" Data"a"`, "connecting connected"},
		"error":          {connect(states, `replaceMessage(new StreamEnd('ConnectionRefused'))`), `D"a" | D"b"`, `StreamEnd(ConnectionRefused)`, "connecting"},
		"starts the end": {connect(states, `replaceMessage(new Message).replaceStreamEnd(e => [new Data('bye'), e])`), `.`, `Data"" Data"bye" StreamEnd`, "connecting connected"},
		"half closed":    {connect(``, `replaceMessage(new Message).handleData(d => test.log(d.toString())).replaceData(d => new StreamEnd)`), `D"a" | D"b"`, `StreamEnd StreamEnd StreamEnd`, " a b"},
		"not asked for":  {`pipeline($=>$.connectHTTPTunnel(new Message({path: '/'})).to($=>$.replaceMessage(new Message)))`, `D"a"`, `StreamEnd`, ""},
		"upgrade":        {`pipeline($=>$.connectHTTPTunnel(new Message({path: '/', headers: {upgrade: 'websocket'}})).to($=>$.replaceMessage(new Message({status: 101}))))`, `D"a"`, `Data"" Data"a"`, ""},
		"no message":     {`pipeline($=>$.connectHTTPTunnel({method: 'CONNECT'}).to($=>$))`, `D"a" | D"b"`, "StreamEnd(Error: connectHTTPTunnel() at line 1 column 32 in /main.js: handshake is not or did not return a request Message)", ""},
		"throws":         {`pipeline($=>$.connectHTTPTunnel(() => { throw new Error('x') }).to($=>$))`, `D"a" | D"b"`, "StreamEnd(Error: x)", ""},
		"bad request":    {`pipeline($=>$.connectHTTPTunnel(new Message({get method() { throw new Error('x') }})).to($=>$))`, `D"a"`, "StreamEnd(Error: connectHTTPTunnel() at line 1 column 32 in /main.js: x)", ""},
		"bad response":   {connect(``, `replaceMessage(new Message({get status() { throw new Error('x') }}))`), `D"a" | D"b"`, "StreamEnd(Error: connectHTTPTunnel() at line 1 column 32 in /main.js: x)", ""},
		"state throws":   {connect(`, {onState: s => { if (s === 'connected') throw new Error('x') }}`, `replaceMessage(new Message)`), `D"a"`, `StreamEnd(Error: x) Data"" Data"a"`, ""},
		"data before":    {connect(``, `replaceMessage([new Data('lost'), new MessageEnd, new Message])`), `D"a"`, `Data"" Data"a"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := filtertest.New(t, c.src)
			if got := r.Start().Feed(c.in).Out(); got != c.out {
				t.Errorf("got  %s\nwant %s\nlog: %s", got, c.out, r.LogText())
			}
			if got := r.Notes(); got != c.notes {
				t.Errorf("notes %q, want %q", got, c.notes)
			}
		})
	}
}

// Input that comes before the tunnel is open stops its source, whichever way it ends.
func TestConnectHTTPTunnelHoldsInput(t *testing.T) {
	for _, status := range []string{"200", "403"} {
		r := filtertest.New(t, `pipeline($=>$.connectHTTPTunnel(new Message({method: 'CONNECT'})).to($=>$.wait(() => test.wait('go')).replaceMessage(new Message({status: `+status+`}))))`)
		run := r.Start()
		run.FeedOnly(`D"abc"`)
		if !r.Source.Paused() {
			t.Error("the source was not stopped")
		}
		run.Feed("!go")
		if r.Source.Paused() {
			t.Error("the source is still stopped")
		}
	}
}

// Both ends over HTTP, one in the other several times over.
func TestHTTPTunnelChain(t *testing.T) {
	t.Parallel()
	layer := `$=>$.replaceData(d => new Data('<' + d.toString() + '>'))`
	for _, kind := range []string{
		`new Message({method: 'CONNECT', path: 'a:1', headers: {host: 'a:1'}})`,
		`new Message({path: '/', headers: {host: 'a', upgrade: 'websocket'}})`,
	} {
		layer = `$=>$.connectHTTPTunnel(` + kind + `).to($=>$.muxHTTP().to($=>$.demuxHTTP().to($=>$
			.acceptHTTPTunnel(req => Promise.resolve(new Message(req.head.method === 'CONNECT' ? null : {status: 101, headers: {upgrade: 'websocket'}}))).to(` + layer + `))))`
		run := filtertest.New(t, "pipeline("+layer+")").Start()
		run.Feed(`D"a" | D"b"`)
		if got := strings.ReplaceAll(run.Bytes(), "<>", ""); got != "<a><b>" {
			t.Errorf("got %q", got)
		}
		big := strings.Repeat("x", 100000)
		run.Out()
		run.Feed("D" + strconv.Quote(big) + " | .")
		if got := run.Bytes(); got != "<"+big+">" || !strings.HasSuffix(run.Out(), "StreamEnd") {
			t.Errorf("got %d bytes", len(got))
		}
	}
}
