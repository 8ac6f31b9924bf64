package filter_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

func TestDemuxHTTPOnTheWire(t *testing.T) {
	const head = "HTTP/1.1 200 OK|"
	const ok = head + "content-length: 2|connection: keep-alive||ok"
	const bye = head + "content-length: 2|connection: close||ok"
	const connect = "CONNECT a:1 HTTP/1.1|host: a:1||"
	const upgrade = "GET / HTTP/1.1|host: a|upgrade: websocket|connection: upgrade||"
	for name, c := range map[string]struct{ src, in, want string }{
		"keep-alive":    {`demuxHTTP().to($=>$.replaceMessage(new Message('ok')))`, get + get, ok + ok},
		"chunked":       {`demuxHTTP({bufferSize:4}).to($=>$.replaceMessage(new Message('0123456789')))`, get, head + "transfer-encoding: chunked|connection: keep-alive||A|0123456789|0||"},
		"whole":         {`demuxHTTP({bufferSize:0}).to($=>$.replaceMessage(new Message('x'.repeat(20000))))`, get, head + "content-length: 20000|connection: keep-alive||" + strings.Repeat("x", 20000)},
		"too whole":     {`demuxHTTP({bufferSize:0, maxBodySize: 10}).to($=>$.replaceMessage(new Message('x'.repeat(20))))`, get, "$"},
		"trailers":      {`demuxHTTP({bufferSize:1}).to($=>$.replaceMessage(new Message({}, 'ab', {headers: {t: 1}})))`, get, head + "transfer-encoding: chunked|connection: keep-alive||2|ab|0|t: 1||"},
		"old peer":      {`demuxHTTP({bufferSize:1}).to($=>$.replaceMessage(new Message('0123456789')))`, "GET / HTTP/1.0|connection: keep-alive||", head + "connection: close||0123456789$"},
		"maxMessages":   {`demuxHTTP({maxMessages: 2}).to($=>$.replaceMessage(new Message('ok')))`, get + get + get, ok + bye + bye + "$"},
		"extra message": {`demuxHTTP().to($=>$.replaceMessage([new Message('ok'), new Message('no')]))`, get + get, ok + ok},
		"early answer":  {`demuxHTTP().to($=>$.replaceMessageStart(s => [new MessageStart, new Data('ok'), new MessageEnd, s]))`, "POST / HTTP/1.1|host: a|content-length: 3||abc" + get, ok + ok},
		"end mid-body":  {`demuxHTTP().to($=>$.replaceMessage([new MessageStart, new Data('ok'), new StreamEnd]))`, get, ok},
		"error mid":     {`demuxHTTP().to($=>$.replaceMessage([new MessageStart, new Data('ok'), new StreamEnd('ReadError')]))`, get, "$"},
		"end":           {`demuxHTTP().to($=>$.replaceMessage(new StreamEnd))`, get + get, "$"},
		"no upstream":   {`demuxHTTP().to($=>$.replaceMessage(new StreamEnd('ConnectionRefused')))`, get + get, "HTTP/1.1 502 Connection Refused|content-length: 0|connection: close||$"},
		"late upstream": {`demuxHTTP().to($=>$.replaceMessage(new StreamEnd('ReadTimeout')))`, get, "HTTP/1.1 504 Gateway Timeout|content-length: 0|connection: close||$"},
		"no upstream, a body": {`demuxHTTP().to($=>$.replaceMessageStart(new StreamEnd('ReadError')))`, "POST / HTTP/1.1|host: a|content-length: 3||abc" + get,
			"HTTP/1.1 502 Read Error|content-length: 0|connection: close||$"},
		"100":            {`demuxHTTP().to($=>$.replaceMessage([new Message({status: 100}), new Message('ok')]))`, get, "HTTP/1.1 100 Continue|connection: keep-alive||" + ok},
		"100 to 1.0":     {`demuxHTTP().to($=>$.replaceMessage([new Message({status: 100}), new Message('ok')]))`, "GET / HTTP/1.0||", bye + "$"},
		"103":            {`demuxHTTP().to($=>$.replaceMessage([new Message({status: 103, headers: {link: 'x'}}), new Message('ok')]))`, get, "HTTP/1.1 103 Early Hints|link: x|connection: keep-alive||" + ok},
		"connect":        {`demuxHTTP().to($=>$.replaceMessage(new Message({status: 200})).replaceData(d => new Data('<' + d.toString() + '>')))`, connect + "abc", head + "connection: keep-alive||<abc>"},
		"connect early":  {`demuxHTTP().to($=>$.replaceMessageEnd([]).replaceMessageStart(() => [new MessageStart({status: 200}), new MessageEnd]).replaceData(d => new Data('<' + d.toString() + '>')))`, connect + "abc", head + "connection: keep-alive||<abc>"},
		"connect no":     {`demuxHTTP().to($=>$.replaceMessage(req => new Message(req.head.method == 'GET' ? {} : {status: 403}, 'ok')))`, connect + get, "HTTP/1.1 403 Forbidden|content-length: 2|connection: keep-alive||ok" + ok},
		"websocket":      {`demuxHTTP().to($=>$.replaceMessage(new Message({status: 101, headers: {upgrade: 'websocket'}})).replaceStreamEnd(() => [new Data('bye'), new StreamEnd]))`, upgrade + "abc", "HTTP/1.1 101 Switching Protocols|upgrade: websocket|connection: upgrade||abc"},
		"throws":         {`demuxHTTP().to($=>$.handleMessageStart(() => { throw 1 }))`, get, "$"},
		"throws late":    {`demuxHTTP().to($=>$.replaceMessage(() => { throw new Error('x') }))`, get + get, "$"},
		"throws onStart": {`demuxHTTP().to($=>$.onStart(() => { throw 1 }).replaceMessage(new Message('ok')))`, get, "$"},
		"head":           {`demuxHTTP().to($=>$.replaceMessage(new Message({headers: {'content-length': 7}}, 'ok')))`, "HEAD / HTTP/1.1|host: a||", head + "content-length: 7|connection: keep-alive||"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wire(t, c.src, c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestDemuxHTTPSubInput(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.handleMessageStart(s => test.log(s.head.path)).handleData(d => test.log(d.toString()))
		.handleMessageEnd(e => test.log(e.tail)).handleStreamEnd(e => test.log('end'+e.error)).replaceMessage(new Message('ok'))))`)
	run := r.Start()
	run.Feed(`D"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n" | D"0\r\nx: y\r\n\r\n" | D"POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab" .`)
	want := `/a abc {"headers":{"x":"y"},"headSize":57,"bodySize":19} /b ab endundefined`
	if got := r.Notes(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := run.Out(); !strings.HasSuffix(got, "StreamEnd") {
		t.Errorf("got %s", got)
	}
}

func TestDemuxHTTPOrder(t *testing.T) {
	const src = `pipeline($=>$.demuxHTTP().to($=>{ var p; $
		.handleMessageStart(s => { p = s.head.path })
		.wait(() => test.wait(p)).replaceMessage(req => new Message(req.head.path + ';')) }))`
	in := ""
	for i := range 4 {
		in += fmt.Sprintf("GET /%d HTTP/1.1\r\nhost: a\r\n\r\n", i)
	}
	for settle, want := range map[string]string{
		"!/0 !/1 !/2 !/3": "/0;/1;/2;/3;",
		"!/3 !/2 !/1":     "",
		"!/3 !/2 !/1 !/0": "/0;/1;/2;/3;",
		"!/1 !/0 !/3":     "/0;/1;",
	} {
		run := filtertest.New(t, src).Start()
		run.Feed("D" + strconv.Quote(in) + " " + settle)
		got := ""
		for _, part := range strings.Split(run.Bytes(), "\r\n\r\n")[1:] {
			got += part[:strings.IndexByte(part, ';')+1]
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", settle, got, want)
		}
	}
}

// A client that pipelines without reading must be stopped.
func TestDemuxHTTPBoundsPipelining(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.handleMessageStart(s => test.log(s.head.path)).wait(() => test.wait('go')).replaceMessage(new Message('ok'))))`)
	run := r.Start()
	in := ""
	for i := range 40 {
		in += fmt.Sprintf("GET /%d HTTP/1.1\r\nhost: a\r\n\r\n", i)
	}
	run.Turn(stream.NewTransient([]byte(in)))
	if got := strings.Count(r.Notes(), "/"); got != 16 {
		t.Errorf("%d requests were started", got)
	}
	if !r.Source.Paused() {
		t.Error("the source was not stopped")
	}
	run.Release()
	if r.Source.Paused() {
		t.Error("the source is still stopped")
	}
}

func TestDemuxHTTPGoesOnAfterPause(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `
		var first = true
		pipeline($=>$.demuxHTTP().to($=>$.wait(() => first ? (first = false, test.wait('go')) : Promise.resolve()).replaceMessage(new Message('ok'))))`)
	run := r.Start()
	run.FeedOnly("D" + strconv.Quote(strings.Repeat("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 40)))
	if !r.Source.Paused() {
		t.Error("the source was not stopped")
	}
	run.Feed("!go")
	if got := strings.Count(run.Bytes(), "HTTP/1.1 200"); got != 40 {
		t.Errorf("%d responses", got)
	}
	if r.Source.Paused() {
		t.Error("the source is still stopped")
	}
}

// Bytes that a client sends ahead of an acceptance that takes time reach the tunnel.
func TestDemuxHTTPTunnelAcceptedLater(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.wait(() => test.wait('go')).replaceMessage(new Message({status: 200})).handleData(d => test.log(d.toString()))
		.replaceStreamEnd(e => [new Data('bye'), e])))`)
	run := r.Start()
	run.Feed(`D"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\nGET / HT" | D"TP/1.1\r\n\r\n" !go`)
	if got := r.Notes(); got != "GET / HTTP/1.1\r\n\r\n" {
		t.Errorf("got %q", got)
	}
	run.Out()
	run.Feed(`D"more" | .`)
	if got := run.Out(); got != `Data"more" Data"bye" StreamEnd` {
		t.Errorf("got %s", got)
	}
}

// What streams slowly is not held back, and what ends in the same turn has its length.
func TestDemuxHTTPStreaming(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.replaceMessage([new MessageStart({headers: {a: 1}}), new Data('one')])))`)
	run := r.Start()
	run.Feed(`D"GET / HTTP/1.1\r\nhost: a\r\n\r\n"`)
	if got := run.Bytes(); got != "HTTP/1.1 200 OK\r\na: 1\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n3\r\none\r\n" {
		t.Errorf("got %q", got)
	}
}

// An untouched request comes back with its headers as they were, its length, and without any script object.
func TestDemuxHTTPPassesOriginals(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 50000)
	in := "POST / HTTP/1.1\r\nHost: a\r\nX-UPPER: y\r\nContent-Length: 50000\r\naccept: z\r\n\r\n"
	for src, want := range map[string]string{
		`demuxHTTP().to($=>$)`: "Content-Length",
		`demuxHTTP().to($=>$.handleMessageStart(s => s.head.path))`:                                  "Content-Length",
		`demuxHTTP().to($=>$.handleMessageStart(s => void delete s.head.headers['content-length']))`: "chunked",
		`demuxHTTP().to($=>$.replaceData(d => new Data(d)))`:                                         "chunked",
		`demuxHTTP().to($=>$.replaceMessageStart(s => new MessageStart({headers: s.head.headers})))`: "chunked",
	} {
		r := filtertest.New(t, "pipeline($=>$."+src+")")
		run := r.Start()
		run.Turn(stream.NewData([]byte(in)))
		for rest := body; rest != ""; rest = rest[10000:] {
			run.Turn(stream.NewTransient([]byte(rest[:10000])))
		}
		got := run.Bytes()
		tail := "Content-Length"
		head, _, _ := strings.Cut(got, "\r\n\r\n")
		head += "\r\n"
		if want == tail {
			if head != "HTTP/1.1 200 OK\r\nHost: a\r\nX-UPPER: y\r\naccept: z\r\ncontent-length: 50000\r\nconnection: keep-alive\r\n" {
				t.Errorf("%s: got %q", src, head)
			}
			if !strings.HasSuffix(got, "\r\n\r\n"+body) {
				t.Errorf("%s: body is wrong", src)
			}
		} else if !strings.Contains(head, "transfer-encoding: chunked") || strings.Contains(head, "50000") {
			t.Errorf("%s: got %q", src, head)
		}
		if live, _ := r.Realm.Live(); src == "demuxHTTP().to($=>$)" && live > 0 {
			before, _ := r.Realm.Live()
			run.Turn(stream.NewData([]byte(get2)))
			if after, _ := r.Realm.Live(); after > before {
				t.Errorf("%d script objects were made", after-before)
			}
		}
	}
}

const get2 = "GET / HTTP/1.1\r\nhost: a\r\n\r\n"

// A body whose promised length is not kept ends the connection: the client must not wait, nor take the rest for a
// response.
func TestDemuxHTTPBrokenPromise(t *testing.T) {
	t.Parallel()
	run := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.replaceMessageEnd(e => [new Data('more'), e])))`).Start()
	run.Feed("D" + strconv.Quote("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"))
	if got := run.Out(); !strings.Contains(got, "StreamEnd(Error: demuxHTTP() at line 1") {
		t.Errorf("got %s", got)
	}
}

// Responses that wait for their turn stop whoever sends them.
func TestDemuxHTTPBoundsParkedResponses(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `var n = 0
		pipeline($=>$.demuxHTTP().to($=>$.branch(() => !n++, $=>$.wait(() => test.wait('go')), $=>$).replaceMessage(() => new Message('x'.repeat(1 << 20)))))`)
	run := r.Start()
	run.FeedOnly("D" + strconv.Quote(get2+get2+get2+get2))
	if !r.Source.Paused() {
		t.Error("the source was not stopped")
	}
	run.Feed("!go")
	if got := strings.Count(run.Bytes(), "HTTP/1.1 200"); got != 4 {
		t.Errorf("%d responses", got)
	}
	if r.Source.Paused() {
		t.Error("the source is still stopped")
	}
}
