package filter_test

import (
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/proto/http1/http1test"
	"weir/internal/stream"
)

// wire runs a connection pipeline on request bytes, given in one turn, and returns the bytes that came out in the
// notation of spec/03: | for CRLF, and $ for the StreamEnd.
func wire(t testing.TB, src, in string) string {
	t.Helper()
	r := filtertest.New(t, "pipeline($=>$."+src+")")
	run := r.Start()
	return exchange(run, in)
}

func exchange(run *filtertest.Run, in string) string {
	end := ""
	run.OnOutput = func(e stream.Event) {
		if e.Kind() == stream.KindStreamEnd {
			end += "$"
		}
	}
	run.Feed("D" + strconv.Quote(strings.ReplaceAll(in, "|", "\r\n")))
	out := strings.ReplaceAll(run.Bytes(), "\r\n", "|") + end
	run.Out()
	return out
}

const get = "GET / HTTP/1.1|host: a||"

func TestServeHTTPOnTheWire(t *testing.T) {
	const head = "HTTP/1.1 200 OK|"
	const ok = head + "content-length: 2|connection: keep-alive||ok"
	const bye = head + "content-length: 2|connection: close||ok"
	for name, c := range map[string]struct{ src, in, want string }{
		"299":          {`serveHTTP(new Message({status:299, headers:{'content-length':50}}, 'abc'))`, get, "HTTP/1.1 299 OK|content-length: 3|connection: keep-alive||abc"},
		"299 HEAD":     {`serveHTTP(new Message({status:299, headers:{'content-length':50}}, 'abc'))`, "HEAD / HTTP/1.1|host: a||", "HTTP/1.1 299 OK|content-length: 50|connection: keep-alive||"},
		"204 body":     {`serveHTTP(new Message({status:204}, 'xx'))`, get, "HTTP/1.1 204 No Content|connection: keep-alive||xx"},
		"no head":      {`serveHTTP(new Message('ok'))`, get, ok},
		"pipelined":    {`serveHTTP(new Message('ok'))`, get + get, ok + ok},
		"1.0":          {`serveHTTP(new Message('ok'))`, "GET / HTTP/1.0||", bye + "$"},
		"1.0 keep":     {`serveHTTP(new Message('ok'))`, "GET / HTTP/1.0|connection: keep-alive||", ok},
		"close":        {`serveHTTP(new Message('ok'))`, "GET / HTTP/1.1|host: a|Connection: close||" + get, bye + "$"},
		"maxMessages":  {`serveHTTP(new Message('ok'), {maxMessages: 2})`, get + get + get, ok + bye + bye + "$"},
		"body":         {`serveHTTP(req => new Message(req.body))`, "POST / HTTP/1.1|host: a|content-length: 3||abc", head + "content-length: 3|connection: keep-alive||abc"},
		"chunked body": {`serveHTTP(req => new Message(req.body))`, "POST / HTTP/1.1|host: a|transfer-encoding: chunked||3|abc|2|de|0||", head + "content-length: 5|connection: keep-alive||abcde"},
		"empty body":   {`serveHTTP(req => new Message(String(req.body.size)))`, get, head + "content-length: 1|connection: keep-alive||0"},
		"field types":  {`serveHTTP(() => new Message({status: '404', statusText: 'Gone Away', headers: {a: 1, b: null, c: undefined, d: true, 'set-cookie': ['x', 'y'], E: 'f'}}))`, get, "HTTP/1.1 404 Gone Away|a: 1|b: null|c: undefined|d: true|set-cookie: x|set-cookie: y|E: f|content-length: 0|connection: keep-alive||"},
		"names":        {`serveHTTP(() => new Message({headers: {'x-a': '1'}, headerNames: {'x-a': 'X-A'}}, 'ok'))`, get, head + "X-A: 1|content-length: 2|connection: keep-alive||ok"},
		"own close":    {`serveHTTP(() => new Message({headers: {connection: 'close'}}, 'ok'))`, get, bye},
		"too large":    {`serveHTTP(() => new Message('ok'), {maxBodySize: 3})`, "POST / HTTP/1.1|host: a|content-length: 4||abcd", "HTTP/1.1 413 Content Too Large|content-type: text/plain|content-length: 56|connection: close||Content Too Large: the body of the request is too large\n$"},
		"not chunked":  {`serveHTTP(() => new Message('x'.repeat(20000)))`, get, head + "content-length: 20000|connection: keep-alive||" + strings.Repeat("x", 20000)},
		"echo head":    {`serveHTTP(req => new Message(req.head, req.body))`, "GET / HTTP/1.1|Host: a|X-B: c||", head + "Host: a|X-B: c|content-length: 0|connection: keep-alive||"},
		"copy headers": {`serveHTTP(req => (req.head.headers.n = 5, new Message({headers: req.head.headers})))`, "GET / HTTP/1.1|host: a||", head + "host: a|n: 5|content-length: 0|connection: keep-alive||"},
		"throws":       {`serveHTTP(() => { throw new Error('x') })`, get + get, "$"},
		"no message":   {`serveHTTP(() => 1)`, get, "$"},
		"static thing": {`serveHTTP({})`, get, "$"},
		"interim":      {`serveHTTP(() => new Message({status: 100}))`, get, "HTTP/1.1 100 Continue|connection: keep-alive||$"},
		"bad header":   {`serveHTTP(() => new Message({headers: {'a': 'b\r\nc: d'}}))`, get, "$"},
		"bad name":     {`serveHTTP(() => new Message({headers: {'a b': 'c'}}))`, get, "$"},
		"bad status":   {`serveHTTP(() => new Message({status: 1e9}))`, get, "$"},
		"getter":       {`serveHTTP(() => new Message({get headers() { throw new Error('x') }}))`, get, "$"},
		"chatty":       {`serveHTTP(() => new Message('x'.repeat(6)), {bufferSize: 4})`, get, head + "transfer-encoding: chunked|connection: keep-alive||6|xxxxxx|0||"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wire(t, c.src, c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestServeHTTPPromises(t *testing.T) {
	const src = `pipeline($=>$.serveHTTP(req => test.wait(req.head.path, req.head.path === '/bad' ? 1 : new Message(req.head.path))))`
	for name, c := range map[string]struct{ settle, want string }{
		"in order":     {"!/a !/b", "/a|/b"},
		"out of order": {"!/b !/a", "/a|/b"},
		"second only":  {"!/b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := filtertest.New(t, src).Start()
			run.Feed(`D"GET /a HTTP/1.1\r\nhost: a\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\n" ` + c.settle)
			var bodies []string
			for _, p := range strings.Split(run.Bytes(), "HTTP/1.1 200 OK\r\n")[1:] {
				bodies = append(bodies, p[strings.Index(p, "\r\n\r\n")+4:])
			}
			if got := strings.Join(bodies, "|"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for name, in := range map[string]string{"rejected": "~/a", "not a message": "!/bad"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := filtertest.New(t, src).Start()
			run.Feed(`D"GET ` + in[1:] + ` HTTP/1.1\r\nhost: a\r\n\r\n" ` + in)
			if got := run.Out(); !strings.HasPrefix(got, "StreamEnd") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// A long response that waited for its turn has its length.
func TestServeHTTPLongParkedResponse(t *testing.T) {
	t.Parallel()
	run := filtertest.New(t, `pipeline($=>$.serveHTTP(req => test.wait(req.head.path, new Message('x'.repeat(20000)))))`).Start()
	run.Feed(`D"GET /a HTTP/1.1\r\nhost: a\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\n" !/b !/a`)
	if got := strings.Count(run.Bytes(), "content-length: 20000\r\n"); got != 2 {
		t.Errorf("%d responses with a length", got)
	}
}

func TestServeHTTPInputEnds(t *testing.T) {
	t.Parallel()
	const src = `pipeline($=>$.serveHTTP(req => test.wait('p', new Message('ok'))))`
	run := filtertest.New(t, src).Start()
	run.Feed(`D"GET / HTTP/1.1\r\nhost: a\r\n\r\n" .`)
	if got := run.Out(); got != "" {
		t.Errorf("before the response: %s", got)
	}
	run.Feed("!p")
	if got := run.Out(); !strings.HasSuffix(got, "ok\" MessageEnd StreamEnd") {
		t.Errorf("got %s", got)
	}
	run = filtertest.New(t, src).Start()
	run.Feed(`D"GET / HTTP/1.1\r\nhost: a\r\n\r\n" .(ConnectionReset) !p`)
	if got := run.Out(); got != "StreamEnd(ConnectionReset)" {
		t.Errorf("got %s", got)
	}
}

func TestMalformedRequests(t *testing.T) {
	cases := http1test.Malformed()
	if len(cases) < 60 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, src := range []string{
		`pipeline($=>$.serveHTTP(new Message('ok')))`,
		`pipeline($=>$.demuxHTTP().to($=>$.replaceMessage(new Message('ok'))))`,
	} {
		r := filtertest.New(t, src)
		for _, c := range cases {
			for _, size := range []int{1 << 20, 7 + len(c.Input)/100} {
				run := r.Start()
				for in := c.Input; in != ""; {
					n := min(size, len(in))
					run.Turn(stream.NewData([]byte(in[:n])))
					in = in[n:]
				}
				out, events := run.Bytes(), run.Out()
				want := "HTTP/1.1 " + strconv.Itoa(c.Status) + " "
				if !strings.Contains(out, want) || !strings.HasSuffix(events, "StreamEnd") || !strings.Contains(out, "connection: close\r\n") {
					t.Errorf("%s: want %s, got %q, %.300s", c.Name, want, out, events)
				}
				run.Release()
			}
		}
	}
}

func TestResetAtEveryByteOfARequest(t *testing.T) {
	const request = "POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	for _, src := range []string{
		`pipeline($=>$.serveHTTP(req => new Message(req.body)))`,
		`pipeline($=>$.demuxHTTP().to($=>$.replaceMessage(req => new Message(req.body))))`,
		`pipeline($=>$.demuxHTTP().to($=>$))`,
		`pipeline($=>$.demuxHTTP().to($=>$.muxHTTP().to($=>$.serveHTTP(req => new Message(req.body)))))`,
	} {
		r := filtertest.New(t, src)
		for n := range len(request) + 1 {
			for _, end := range []string{" .", " .(ConnectionReset)", " | .", " | .(ReadError)"} {
				run := r.Start()
				run.FeedOnly("D" + strconv.Quote(request[:n]) + end)
				out := run.Out()
				if !strings.Contains(out, "StreamEnd") {
					t.Fatalf("%s: left open after %q%s: %s", src, request[:n], end, out)
				}
				run.Release()
			}
		}
	}
}

func TestHTTPServerPartialBytes(t *testing.T) {
	t.Parallel()
	run := filtertest.New(t, `pipeline($=>$.serveHTTP(req => new Message(req.head.path + req.body)))`).Start()
	in := "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nxyGET /b HTTP/1.1\r\nhost: a\r\n\r\n"
	for i := range len(in) {
		run.FeedOnly("D" + strconv.Quote(in[i:i+1]))
	}
	got := run.Bytes()
	if !strings.Contains(got, "\r\n\r\n/axy") || !strings.HasSuffix(got, "\r\n\r\n/b") {
		t.Errorf("got %q", got)
	}
}

func TestHeadTimeout(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.serveHTTP(new Message('ok'), {headTimeout: 0.02}))`)
	run := r.Start()
	run.FeedOnly(`D"GET / HTTP/1.1\r\n"`)
	r.Until("the timeout", func() bool { return run.Bytes() != "" })
	if got := run.Bytes(); !strings.HasPrefix(got, "HTTP/1.1 408 Request Timeout\r\n") {
		t.Errorf("got %q", got)
	}
	if got := run.Out(); !strings.HasSuffix(got, "StreamEnd") {
		t.Errorf("got %s", got)
	}
	run = r.Start()
	run.FeedOnly(`D"GET / HTTP/1.1\r\n" D"host: a\r\n\r\n"`)
	if r.Loop.Pending() != 0 {
		t.Error("the timer keeps the loop alive")
	}
}

func TestHTTPServerShutdown(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.serveHTTP(new Message('ok')))`)
	busy, idle := r.Start(), r.Start()
	idle.Feed(`D"GET / HTTP/1.1\r\nhost: a\r\n\r\n"`).Out()
	r.Loop.Turn(r.World.Shutdown)
	busy.Feed(`D"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n"`)
	got := busy.Bytes()
	if strings.Count(got, "connection: keep-alive") != 1 || strings.Count(got, "connection: close") != 1 {
		t.Errorf("got %q", got)
	}
	if out := busy.Out(); !strings.HasSuffix(out, "StreamEnd") {
		t.Errorf("got %s", out)
	}
	r.Until("the idle connection to close", func() bool { return idle.Out() == "StreamEnd" })
}

func TestHTTPOptionErrors(t *testing.T) {
	for src, want := range map[string]string{
		`serveHTTP()`: "requires 1 or more arguments",
		`serveHTTP(new Message, {bufferSize: -1})`:       "options.bufferSize expects a positive number",
		`serveHTTP(new Message, {maxMessages: 'x'})`:     "options.maxMessages expects a finite number",
		`serveHTTP(new Message, {streamWindowSize: {}})`: "options.streamWindowSize expects a positive number",
		`demuxHTTP(1).to($=>$)`:                          "argument #1 expects an object",
		`demuxHTTP()`:                                    "missing .to(...) for the last filter",
		`muxHTTP(1).to($=>$)`:                            "argument #1 expects a function or an object",
		`muxHTTP({version: 3}).to($=>$)`:                 "invalid HTTP version number",
		`muxHTTP({version: 'x'}).to($=>$)`:               "invalid HTTP version name",
		`muxHTTP({version: {}}).to($=>$)`:                "invalid HTTP version",
		`muxHTTP({maxIdle: 'x'}).to($=>$)`:               "options.maxIdle expects a number",
		`encodeHTTPRequest(() => 1, {bufferSize: 'x'})`:  "options.bufferSize expects a positive number",
		`decodeHTTPRequest(1)`:                           "argument #1 expects a function",
		`muxHTTP(()=>1, {ping: 1}).to($=>$)`:             "options.ping expects a function",
		`muxHTTP({connectionWindowSize: 'x'}).to($=>$)`:  "options.connectionWindowSize expects a positive number",
		`serveHTTP(new Message, {maxHeaderSize: 'abc'})`: "options.maxHeaderSize expects a positive number",
		`serveHTTP(new Message, {headTimeout: 'abc'})`:   "options.headTimeout expects a number",
		`demuxHTTP({maxBodySize: 'abc'}).to($=>$)`:       "options.maxBodySize expects a positive number",
		`demuxHTTP({maxHeadSize: () => 1}).to($=>$)`:     "options.maxHeadSize expects a positive number",
	} {
		if got := filtertest.BuildError(t, "pipeline($=>$."+src+")"); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}
