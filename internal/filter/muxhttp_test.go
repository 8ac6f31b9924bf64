package filter_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// proxied sends requests through demuxHTTP and muxHTTP; upstream is the sub-pipeline of muxHTTP.
func proxied(mux, upstream string) string {
	return "demuxHTTP().to($=>$.muxHTTP(" + mux + ").to($=>$." + upstream + "))"
}

// raw is an upstream that answers each turn of input with the same bytes.
func raw(response string) string {
	return "replaceData(d => d.size ? new Data(" + strconv.Quote(strings.ReplaceAll(response, "|", "\r\n")) + ") : d)"
}

func TestMuxHTTPOnTheWire(t *testing.T) {
	const head = "HTTP/1.1 200 OK|"
	const echo = "serveHTTP(req => new Message({headers: {got: req.head.method + req.head.path}}, req.body))"
	for name, c := range map[string]struct{ mux, upstream, in, want string }{
		"get":             {``, echo, get + get, strings.Repeat(head+"got: GET/|content-length: 0|connection: keep-alive||", 2)},
		"post":            {``, echo, "POST /x HTTP/1.1|host: a|content-length: 3||abc", head + "got: POST/x|content-length: 3|connection: keep-alive||abc"},
		"chunked":         {``, echo, "POST /x HTTP/1.1|host: a|transfer-encoding: chunked||3|abc|2|de|0||", head + "got: POST/x|content-length: 5|connection: keep-alive||abcde"},
		"wire":            {``, "replaceData(d => new Data('HTTP/1.1 200 OK\\r\\ncontent-length: ' + d.size + '\\r\\n\\r\\n' + d.toString()))", "GET /a?b HTTP/1.1|Host: a|X-Y: z|Connection: close||", head + "content-length: 62|connection: close||GET /a?b HTTP/1.1|Host: a|X-Y: z|connection: keep-alive||$"},
		"upstream close":  {``, raw(head + "connection: close|content-length: 2||ok"), get + get, strings.Repeat(head+"content-length: 2|connection: keep-alive||ok", 2)},
		"until close":     {``, "replaceData(d => [new Data('HTTP/1.1 200 OK\\r\\n\\r\\nabc'), new StreamEnd])", get, head + "content-length: 3|connection: keep-alive||abc"},
		"order":           {``, raw("HTTP/1.1 404 Nope|B: 1|A: 2|Content-Length: 2|C: 3||ok"), get, "HTTP/1.1 404 Nope|B: 1|A: 2|C: 3|content-length: 2|connection: keep-alive||ok"},
		"head":            {``, raw(head + "content-length: 99||"), "HEAD / HTTP/1.1|host: a||" + "HEAD / HTTP/1.1|host: a||", strings.Repeat(head+"content-length: 99|connection: keep-alive||", 2)},
		"304":             {``, raw("HTTP/1.1 304 Not Modified|etag: x||"), get, "HTTP/1.1 304 Not Modified|etag: x|content-length: 0|connection: keep-alive||"},
		"not quite 100":   {``, raw("HTTP/1.1 100 Continue|||" + head + "content-length: 2||ok"), get, "HTTP/1.1 100 Continue|connection: keep-alive||HTTP/1.1 502 Bad Gateway|content-length: 0|connection: keep-alive||"},
		"interim":         {``, raw("HTTP/1.1 100 Continue||" + head + "content-length: 2||ok"), get, "HTTP/1.1 100 Continue|connection: keep-alive||" + head + "content-length: 2|connection: keep-alive||ok"},
		"early hints":     {``, raw("HTTP/1.1 103 Early Hints|link: x||" + head + "content-length: 2||ok"), get, "HTTP/1.1 103 Early Hints|link: x|connection: keep-alive||" + head + "content-length: 2|connection: keep-alive||ok"},
		"refused":         {``, "replaceData(new StreamEnd('ConnectionRefused'))", get, "HTTP/1.1 502 Connection Refused|content-length: 0|connection: keep-alive||"},
		"unresolved":      {``, "replaceData(new StreamEnd('CannotResolve'))", get, "HTTP/1.1 502 Cannot Resolve|content-length: 0|connection: keep-alive||"},
		"timeout":         {``, "replaceData(new StreamEnd('IdleTimeout'))", get, "HTTP/1.1 504 Gateway Timeout|content-length: 0|connection: keep-alive||"},
		"unauthorized":    {``, "replaceData(new StreamEnd('Unauthorized'))", get, "HTTP/1.1 401 Unauthorized|content-length: 0|connection: keep-alive||"},
		"clean end":       {``, "replaceData(new StreamEnd)", get, "HTTP/1.1 502 Bad Gateway|content-length: 0|connection: keep-alive||"},
		"throws":          {``, "replaceData(() => { throw new Error('oops') })", get, "HTTP/1.1 502 Bad Gateway|content-length: 11|connection: keep-alive||Error: oops"},
		"malformed":       {``, raw("nonsense||"), get, "HTTP/1.1 502 Bad Gateway|content-length: 0|connection: keep-alive||"},
		"short body":      {``, "replaceData(d => [new Data('HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\n'), new StreamEnd])", get, "HTTP/1.1 502 Bad Gateway|content-length: 0|connection: keep-alive||"},
		"shorter body":    {``, "replaceData(d => [new Data('HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\nabc'), new StreamEnd])", get, head + "content-length: 9|connection: keep-alive||abc$"},
		"unasked":         {``, raw(head + "content-length: 2||ok" + head + "content-length: 2||no"), get + get, strings.Repeat(head+"content-length: 2|connection: keep-alive||ok", 2)},
		"selector throws": {`() => { throw 1 }`, echo, get, "$"},
		"options throw":   {`() => 1, () => { throw 1 }`, echo, get, "$"},
		"no options":      {`() => 1, () => 1`, echo, get, "$"},
		"bad options":     {`() => 1, () => ({maxIdle: 'x'})`, echo, get, "$"},
		"version":         {`() => 1, () => ({version: () => 'http/1.1'})`, echo, get, head + "got: GET/|content-length: 0|connection: keep-alive||"},
		"version later":   {`{version: () => Promise.resolve(1)}`, echo, "POST /x HTTP/1.1|host: a|content-length: 3||abc" + get, head + "got: POST/x|content-length: 3|connection: keep-alive||abc" + head + "got: GET/|content-length: 0|connection: keep-alive||"},
		"version 2":       {`{version: () => Promise.resolve(2)}`, echo, get, head + "got: GET/|content-length: 0|connection: keep-alive||"},
		"version fails":   {`{version: () => Promise.reject(new Error('x'))}`, echo, get, "HTTP/1.1 502 Bad Gateway|content-length: 8|connection: keep-alive||Error: x"},
		"version throws":  {`{version: () => { throw 1 }}`, echo, get, "$"},
		"version wrong":   {`{version: () => 7}`, echo, get, "$"},
		"shared":          {`() => 1, {maxQueue: 0}`, echo, get + "POST /x HTTP/1.1|host: a|content-length: 3||abc", head + "got: GET/|content-length: 0|connection: keep-alive||" + head + "got: POST/x|content-length: 3|connection: keep-alive||abc"},
		"connect":         {``, raw("HTTP/1.1 200 Fine||hello"), "CONNECT a:1 HTTP/1.1|host: a:1||", "HTTP/1.1 200 Fine|connection: keep-alive||hello"},
		"connect more":    {``, "replaceData(d => d.toString().startsWith('CONN') ? new Data('HTTP/1.1 200 Fine\\r\\n\\r\\n') : new Data('<' + d.toString() + '>'))", "CONNECT a:1 HTTP/1.1|host: a:1||xyz", "HTTP/1.1 200 Fine|connection: keep-alive||<xyz>"},
		"upgrade":         {``, "replaceData(d => d.toString().endsWith('websocket\\r\\nconnection: upgrade\\r\\n\\r\\n') ? new Data('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: upgrade\\r\\n\\r\\n') : d)", "GET / HTTP/1.1|host: a|upgrade: websocket|connection: Upgrade||ping", "HTTP/1.1 101 Switching Protocols|upgrade: websocket|connection: upgrade||ping"},
		"upgrade denied":  {``, raw(head + "content-length: 2||ok"), "GET / HTTP/1.1|host: a|upgrade: websocket|connection: Upgrade||" + get, strings.Repeat(head+"content-length: 2|connection: keep-alive||ok", 2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wire(t, proxied(c.mux, c.upstream), c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// sessions counts what muxHTTP opens.
const sessions = `onStart(key => void test.log(key)).replaceData(() => new Data('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))`

func TestMuxHTTPSessions(t *testing.T) {
	for name, c := range map[string]struct {
		mux  string
		want string
	}{
		"reused":    {`() => 'k'`, "k"},
		"by key":    {`() => 'k' + n++ % 2`, "k0 k1"},
		"no reuse":  {`() => 'k', {maxMessages: 1}`, "k k"},
		"one pool":  {``, "undefined"},
		"by object": {`() => (n++ % 2 ? a : b)`, `{"a":1} {"b":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := filtertest.New(t, `var n = 0, a = {b: 1}, b = {a: 1}
				pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(`+c.mux+`).to($=>$.`+sessions+`)))`)
			run := r.Start()
			for range 4 {
				run.FeedOnly("D" + strconv.Quote(get2))
			}
			if got := strings.Count(run.Bytes(), "HTTP/1.1 200"); got != 4 {
				t.Errorf("%d responses", got)
			}
			if got := r.Notes(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Concurrent requests get a session each, or share one in order if maxQueue allows it.
func TestMuxHTTPQueue(t *testing.T) {
	for mux, want := range map[string]string{`()=>1`: "1 1 1", `()=>1, {maxQueue: 2}`: "1 1", `()=>1, {maxQueue: -1}`: "1"} {
		r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(`+mux+`).to($=>$.onStart(k => void test.log(k))
			.serveHTTP(req => test.wait(req.head.path, new Message(req.head.path + ';'))))))`)
		run := r.Start()
		run.FeedOnly(`D"GET /a HTTP/1.1\r\nhost: a\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\nGET /c HTTP/1.1\r\nhost: a\r\n\r\n"`)
		if got := r.Notes(); got != want {
			t.Errorf("%s: got %s, want %s", mux, got, want)
		}
		run.FeedOnly("!/c !/b !/a")
		got := ""
		for _, part := range strings.Split(run.Bytes(), "\r\n\r\n")[1:] {
			got += part[:strings.IndexByte(part, ';')+1]
		}
		if got != "/a;/b;/c;" {
			t.Errorf("%s: got %s", mux, got)
		}
	}
}

func TestMuxHTTPIdle(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(() => 1, {maxIdle: 0.1}).to($=>$.onEnd(() => test.log('closed')).`+sessions+`)))`)
	run := r.Start()
	run.FeedOnly("D" + strconv.Quote(get2))
	r.Notes()
	r.Until("the idle session to close", func() bool { return strings.Contains(r.Notes(), "closed") })
}

func TestMuxHTTPStaleSession(t *testing.T) {
	t.Parallel()
	// The second response of a session is its end.
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>{ var n = 0; $.replaceData(
		() => n++ ? new StreamEnd : new Data('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')) })))`)
	run := r.Start()
	for _, want := range []string{"200 OK", "502 Bad Gateway"} {
		run.FeedOnly("D" + strconv.Quote(get2))
		if got := run.Bytes(); !strings.HasPrefix(got, "HTTP/1.1 "+want) {
			t.Errorf("got %q, want %s", got, want)
		}
		run.Out()
	}
}

// The end of the connection to the server at every byte of a response leaves nothing hanging, and what was cut short
// does not look whole.
func TestResetAtEveryByteOfAResponse(t *testing.T) {
	const upstream = "replaceData(d => [new Data(part), new MessageEnd])"
	for _, c := range []struct {
		later    bool
		upstream string
	}{
		{false, upstream + ".replaceMessageEnd(() => new StreamEnd(end))"},
		{true, upstream + ".wait(() => Promise.resolve()).replaceMessageEnd(() => new StreamEnd(end))"},
	} {
		r := filtertest.New(t, "var part, end; globalThis.cut = (p, e) => { part = p; end = e || undefined }; pipeline($=>$."+proxied("", c.upstream)+")")
		cut, _ := r.Realm.Get(r.Realm.Global(), "cut")
		set := r.Realm.Hold(cut)
		for _, response := range []string{
			"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789",
			"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
		} {
			for n := range len(response) {
				for _, end := range []string{"", "ConnectionReset"} {
					r.Loop.Turn(func() { r.Realm.Call(set.Value(), r.Realm.String(response[:n]), r.Realm.String(end)) })
					run := r.Start()
					got := exchange(run, get)
					run.Release()
					ok := strings.HasPrefix(got, "HTTP/1.1 502 Bad Gateway|content-length: 0|") ||
						strings.HasPrefix(got, "HTTP/1.1 200 OK|") && strings.HasSuffix(got, "$") && !strings.Contains(got, "|0||")
					if !ok {
						t.Fatalf("%d bytes, later %v: got %q", n, c.later, got)
					}
				}
			}
		}
	}
}

func TestMuxHTTPClientLeaves(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.onStart(() => void test.log('open')).onEnd(() => test.log('closed'))
		.serveHTTP(() => test.wait('p', new Message('x'))))))`)
	run := r.Start()
	run.FeedOnly("D" + strconv.Quote(get2))
	run.Release()
	if got := r.Notes(); got != "open closed" {
		t.Errorf("got %s", got)
	}
	// In the middle of a request.
	run = r.Start()
	run.FeedOnly("D" + strconv.Quote("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc"))
	run.Release()
	if got := r.Notes(); got != "open closed" {
		t.Errorf("got %s", got)
	}
}

// One client of a shared session leaves; the others still get their responses.
func TestMuxHTTPSharedClientLeaves(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(() => 1, {maxQueue: 0}).to($=>$
		.serveHTTP(req => test.wait(req.head.path, new Message(req.head.path))))))`)
	a, b := r.Start(), r.Start()
	a.FeedOnly(`D"GET /a HTTP/1.1\r\nhost: a\r\n\r\n"`)
	b.FeedOnly(`D"GET /b HTTP/1.1\r\nhost: a\r\n\r\n"`)
	a.Release()
	b.FeedOnly("!/a !/b")
	if got := b.Bytes(); !strings.HasSuffix(got, "\r\n\r\n/b") {
		t.Errorf("got %q", got)
	}
}

// A long body goes through in pieces both ways with its length, and nothing is kept.
func TestMuxHTTPStreams(t *testing.T) {
	t.Parallel()
	const size, piece = 1 << 20, 16 << 10
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.demuxHTTP().to($=>$))))`)
	run := r.Start()
	run.Turn(stream.NewData(fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size)))
	chunk := make([]byte, piece)
	for i := range size / piece {
		run.Turn(stream.NewTransient(chunk))
		if got := len(run.Bytes()); got < (i+1)*piece {
			t.Fatalf("%d bytes out after %d in", got, (i+1)*piece)
		}
	}
	if got := run.Bytes(); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\nHost: a\r\ncontent-length: 1048576\r\nconnection: keep-alive\r\n\r\n") {
		t.Errorf("got %q", got[:100])
	}
}

func TestHTTPCodecFilters(t *testing.T) {
	const request = `S{"method":"POST","path":"/x","headers":{"a":1}} D"abc" E`
	for name, c := range map[string]struct{ src, in, want string }{
		"request":       {`encodeHTTPRequest()`, request, `Data"POST /x HTTP/1.1\r\na: 1\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\nabc"`},
		"default":       {`encodeHTTPRequest()`, `S E`, `Data"GET / HTTP/1.1\r\nconnection: keep-alive\r\n\r\n"`},
		"no body":       {`encodeHTTPRequest()`, `S{"method":"PUT"} E`, `Data"PUT / HTTP/1.1\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n"`},
		"chunked":       {`encodeHTTPRequest({bufferSize: 2})`, request, `Data"POST /x HTTP/1.1\r\na: 1\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n3\r\nabc\r\n" Data"0\r\n\r\n"`},
		"handler":       {`encodeHTTPRequest(h => { h.path = '/y' })`, `S{"path":"/x"} E`, `Data"GET /y HTTP/1.1\r\nconnection: keep-alive\r\n\r\n"`},
		"response":      {`encodeHTTPResponse()`, `S{"status":404} D"abc" E`, `Data"HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\nabc"`},
		"to HEAD":       {`encodeHTTPResponse(() => ({method: 'HEAD'}))`, `S{"headers":{"content-length":9}} D"abc" E`, `Data"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: keep-alive\r\n\r\n"`},
		"to CONNECT":    {`encodeHTTPResponse(() => ({method: 'CONNECT'}))`, `S E`, `Data"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\n"`},
		"half":          {`encodeHTTPResponse({bufferSize: 0})`, `S D"abc" .`, `StreamEnd`},
		"outside":       {`encodeHTTPResponse()`, `D"abc" E`, ``},
		"decode":        {`decodeHTTPRequest()`, `D"GET /x HTTP/1.1\r\nA: b\r\n\r\n" .`, `MessageStart{"protocol":"HTTP/1.1","headers":{"a":"b"},"headerNames":{"a":"A"},"method":"GET","path":"/x"} MessageEnd{"headers":null,"headSize":25,"bodySize":0} StreamEnd`},
		"decode two":    {`decodeHTTPRequest(h => test.log(h.path)).handleMessageStart(s => s.head.headers)`, `D"POST /x HTTP/1.1\r\ncontent-length: 1\r\n\r\na" D"POST /y HTTP/1.1\r\ncontent-length: 1\r\n\r\nb" E`, `MessageStart{"protocol":"HTTP/1.1","headers":{"content-length":"1"},"headerNames":{},"method":"POST","path":"/x"} Data"a" MessageEnd{"headers":null,"headSize":39,"bodySize":1} MessageStart{"protocol":"HTTP/1.1","headers":{"content-length":"1"},"headerNames":{},"method":"POST","path":"/y"} Data"b" MessageEnd{"headers":null,"headSize":39,"bodySize":1}`},
		"decode broken": {`decodeHTTPRequest()`, `D"nonsense\r\n\r\n" D"x"`, `StreamEnd(ProtocolError)`},
		"decode resp":   {`decodeHTTPResponse()`, `D"HTTP/1.1 200 OK\r\n\r\nabc" .`, `MessageStart{"protocol":"HTTP/1.1","headers":{},"headerNames":{},"status":200,"statusText":"OK"} Data"abc" StreamEnd`},
		"decode HEAD":   {`decodeHTTPResponse(() => ({method: 'HEAD'}))`, `D"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"`, strings.Repeat(`MessageStart{"protocol":"HTTP/1.1","headers":{"content-length":"5"},"headerNames":{},"status":200,"statusText":"OK"} MessageEnd{"headers":null,"headSize":0,"bodySize":0} `, 2)},
		"decode none":   {`decodeHTTPResponse(() => null)`, `.(ConnectionRefused)`, `MessageStart{"protocol":"HTTP/1.1","headers":{},"headerNames":{},"status":502,"statusText":"Connection Refused"} MessageEnd StreamEnd(ConnectionRefused)`},
		"decode clean":  {`decodeHTTPResponse(() => null)`, `.`, `StreamEnd`},
		"decode cut":    {`decodeHTTPResponse()`, `D"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab" .(ReadError)`, `MessageStart{"protocol":"HTTP/1.1","headers":{"content-length":"5"},"headerNames":{},"status":200,"statusText":"OK"} Data"ab" StreamEnd(ReadError)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := filtertest.Text(t, `pipeline($=>$.`+c.src+`)`, c.in)
			if strings.HasPrefix(c.src, "encode") {
				got = dropMessageEvents(got)
			}
			if got != strings.TrimSpace(c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	const wrong = `pipeline($=>$.decodeHTTPResponse(() => 1))`
	if got := filtertest.Text(t, wrong, `D"HTTP/1.1 204 X\r\n\r\n"`); !strings.Contains(got, "callback did not return an object for request head") {
		t.Errorf("got %s", got)
	}
}

// dropMessageEvents leaves the Data and StreamEnd in a list of events.
func dropMessageEvents(text string) string {
	var kept []string
	for text != "" {
		var e string
		if rest, ok := strings.CutPrefix(text, "Data"); ok {
			q, _ := strconv.QuotedPrefix(rest)
			e, text = "Data"+q, rest[len(q):]
			kept = append(kept, e)
		} else if e, text, _ = strings.Cut(text, " "); strings.HasPrefix(e, "StreamEnd") {
			kept = append(kept, e)
		}
		text = strings.TrimSpace(text)
	}
	return strings.Join(kept, " ")
}
