package filter_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weir/internal/api/algo"
	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// h2peer is a client of a pipeline under test. It speaks HTTP/2 by way of golang.org/x/net.
type h2peer struct {
	t      testing.TB
	run    *filtertest.Run
	in     bytes.Buffer
	framer *http2.Framer
	enc    *hpack.Encoder
	block  bytes.Buffer
	dec    *hpack.Decoder
	read   int // bytes of the output that were looked at
}

func newH2Peer(t testing.TB, r *filtertest.Rig) *h2peer {
	p := &h2peer{t: t, run: r.Start(), dec: hpack.NewDecoder(4096, nil)}
	p.framer = http2.NewFramer(&p.in, nil)
	p.enc = hpack.NewEncoder(&p.block)
	p.in.WriteString(http2.ClientPreface)
	p.framer.WriteSettings()
	p.framer.WriteSettingsAck()
	p.feed()
	p.out()
	return p
}

func (p *h2peer) headers(id uint32, end bool, fields ...string) *h2peer {
	p.block.Reset()
	for _, f := range fields {
		name, value, _ := strings.Cut(f, " ")
		p.enc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndStream: end, EndHeaders: true, BlockFragment: p.block.Bytes()})
	return p
}

func (p *h2peer) get(id uint32, method, path string, more ...string) *h2peer {
	return p.headers(id, true, append([]string{":method " + method, ":scheme http", ":path " + path, ":authority a"}, more...)...)
}

func (p *h2peer) post(id uint32, path string, more ...string) *h2peer {
	return p.headers(id, false, append([]string{":method POST", ":scheme http", ":path " + path, ":authority a"}, more...)...)
}

func (p *h2peer) data(id uint32, end bool, text string) *h2peer {
	p.framer.WriteData(id, end, []byte(text))
	return p
}

// feed hands over what was written, borrowed for a turn.
func (p *h2peer) feed() *h2peer {
	buf := bytes.Clone(p.in.Bytes())
	p.in.Reset()
	p.run.Turn(stream.NewTransient(buf))
	for i := range buf {
		buf[i] = 0xDB
	}
	return p
}

// out returns the frames that came out since the last call, as text, without those of settings and windows.
func (p *h2peer) out() string {
	all := []byte(p.run.Bytes())
	f := http2.NewFramer(io.Discard, bytes.NewReader(all[p.read:]))
	p.read = len(all)
	var list []string
	for {
		fr, err := f.ReadFrame()
		if err == io.EOF {
			return strings.Join(list, " ")
		}
		if err != nil {
			p.t.Fatalf("the output is not valid: %v", err)
		}
		h, end := fr.Header(), ""
		if h.Flags&1 != 0 {
			end = "$"
		}
		switch fr := fr.(type) {
		case *http2.HeadersFrame:
			fields, err := p.dec.DecodeFull(fr.HeaderBlockFragment())
			if err != nil {
				p.t.Fatal(err)
			}
			text := make([]string, len(fields))
			for i, f := range fields {
				text[i] = strings.TrimPrefix(f.Name, ":status") + "=" + f.Value
			}
			list = append(list, fmt.Sprintf("%d(%s)%s", h.StreamID, strings.TrimPrefix(strings.Join(text, " "), "="), end))
		case *http2.DataFrame:
			text := string(fr.Data())
			if len(text) > 40 {
				text = fmt.Sprint(len(text))
			}
			list = append(list, fmt.Sprintf("%d'%s'%s", h.StreamID, text, end))
		case *http2.RSTStreamFrame:
			list = append(list, fmt.Sprintf("%d!%v", h.StreamID, fr.ErrCode))
		case *http2.GoAwayFrame:
			list = append(list, fmt.Sprintf("goaway(%d %v)", fr.LastStreamID, fr.ErrCode))
		case *http2.PingFrame:
			list = append(list, "ping")
		}
	}
}

// What clients get from demuxHTTP and serveHTTP for a request.
func TestHTTP2Responses(t *testing.T) {
	t.Parallel()
	get := func(p *h2peer) { p.get(1, "GET", "/") }
	for name, c := range map[string]struct {
		src  string
		in   func(p *h2peer)
		want string
	}{
		"serve":          {`serveHTTP(req => new Message({status: 201, headers: {x: 1}}, req.head.method + req.head.headers.host))`, get, "1(201 x=1 content-length=4) 1'GETa'$"},
		"serve empty":    {`serveHTTP(new Message({status: 404}))`, get, "1(404 content-length=0)$"},
		"serve trailers": {`serveHTTP(new Message({}, 'a', {headers: {t: 'v'}}))`, get, "1(200) 1'a' 1(t=v)$"},
		"serve later":    {`serveHTTP(() => Promise.resolve(new Message('ok')))`, get, "1(200 content-length=2) 1'ok'$"},
		"serve throws":   {`serveHTTP(() => { throw new Error('x') })`, get, "1(502 content-length=0)$"},
		"serve wrong":    {`serveHTTP(() => 7)`, get, "1(502 content-length=0)$"},
		"serve interim":  {`serveHTTP(new Message({status: 103}))`, get, "1!INTERNAL_ERROR"},
		"serve head":     {`serveHTTP(new Message({headers: {'content-length': 7}}, 'ignored'))`, func(p *h2peer) { p.get(1, "HEAD", "/") }, "1(200 content-length=7)$"},
		"serve 204":      {`serveHTTP(new Message({status: 204}, 'xx'))`, get, "1(204)$"},
		"stale length":   {`serveHTTP(new Message({headers: {'content-length': 50}}, 'abc'))`, get, "1(200 content-length=3) 1'abc'$"},
		"body":           {`serveHTTP(req => new Message(req.body))`, func(p *h2peer) { p.post(1, "/").data(1, false, "ab").data(1, true, "c") }, "1(200 content-length=3) 1'abc'$"},
		"too large":      {`serveHTTP(new Message, {maxBodySize: 3})`, func(p *h2peer) { p.post(1, "/").data(1, false, "abcd") }, "1(413 content-type=text/plain content-length=56) 1'56'$ 1!NO_ERROR"},
		"said too large": {`serveHTTP(new Message, {maxBodySize: 3})`, func(p *h2peer) { p.post(1, "/", "content-length 4") }, "1(413 content-type=text/plain content-length=56) 1'56'$ 1!NO_ERROR"},
		"head too large": {`serveHTTP(new Message, {maxHeaderSize: 100})`, func(p *h2peer) { p.get(1, "GET", "/", "x "+strings.Repeat("y", 100)) }, "1(431 content-length=0)$"},
		"bad header":     {`serveHTTP(new Message({headers: {x: 'a\nb'}}))`, get, "1!INTERNAL_ERROR"},
		"demux":          {`demuxHTTP().to($=>$.replaceMessage(req => new Message(req.head.path)))`, get, "1(200 content-length=1) 1'/'$"},
		"two at once":    {`demuxHTTP().to($=>$.replaceMessage(req => new Message(req.head.path)))`, func(p *h2peer) { p.get(1, "GET", "/a").get(3, "GET", "/b") }, "1(200 content-length=2) 1'/a'$ 3(200 content-length=2) 3'/b'$"},
		"echo": {`demuxHTTP().to($=>$.replaceMessageStart(s => new MessageStart({headers: {'content-type': s.head.headers['content-type']}})))`, func(p *h2peer) {
			p.post(1, "/", "content-type x").data(1, false, "ab").data(1, false, "cd").headers(1, true, "t v")
		}, "1(200 content-type=x) 1'abcd' 1(t=v)$"},
		"interim":        {`demuxHTTP().to($=>$.replaceMessage([new Message({status: 103, headers: {link: 'x'}}), new Message('ok')]))`, get, "1(103 link=x) 1(200 content-length=2) 1'ok'$"},
		"extra message":  {`demuxHTTP().to($=>$.replaceMessage([new Message('ok'), new Message('no')]))`, get, "1(200 content-length=2) 1'ok'$"},
		"ends":           {`demuxHTTP().to($=>$.replaceMessage(new StreamEnd))`, get, "1(502 content-length=0)$"},
		"times out":      {`demuxHTTP().to($=>$.replaceMessage(new StreamEnd('IdleTimeout')))`, get, "1(504 content-length=0)$"},
		"ends mid-body":  {`demuxHTTP().to($=>$.replaceMessage([new MessageStart, new Data('ok'), new StreamEnd]))`, get, "1(200 content-length=2) 1'ok'$"},
		"error mid-body": {`demuxHTTP().to($=>$.replaceMessage([new MessageStart, new Data('ok'), new StreamEnd('ReadError')]))`, get, "1!INTERNAL_ERROR"},
		"early answer":   {`demuxHTTP().to($=>$.replaceMessageStart(s => [new MessageStart, new Data('ok'), new MessageEnd, s]))`, func(p *h2peer) { p.post(1, "/") }, "1(200 content-length=2) 1'ok'$ 1!NO_ERROR"},
		"connect":        {`demuxHTTP().to($=>$.replaceMessage(new Message({status: 200})).replaceData(d => new Data('<' + d.toString() + '>')))`, func(p *h2peer) { p.headers(1, false, ":method CONNECT", ":authority a:1").data(1, false, "abc") }, "1(200) 1'<abc>'"},
		"connect no":     {`demuxHTTP().to($=>$.replaceMessage(new Message({status: 403})))`, func(p *h2peer) { p.headers(1, false, ":method CONNECT", ":authority a:1").data(1, false, "abc") }, "1(403 content-length=0)$"},
		"websocket": {`demuxHTTP().to($=>$.replaceMessage(req => new Message({status: req.head.headers['sec-websocket-key'].length == 24 ? 101 : 400,
			headers: {upgrade: req.head.headers.upgrade, 'sec-websocket-accept': 'x'}})).replaceStreamEnd(() => [new Data('bye'), new StreamEnd]))`,
			func(p *h2peer) {
				p.headers(1, false, ":method CONNECT", ":protocol websocket", ":scheme http", ":path /", ":authority a").data(1, true, "abc")
			}, "1(200) 1'abc' 1'bye'$"},
		"no upgrade":  {`demuxHTTP().to($=>$.replaceMessage(new Message({status: 101})))`, get, "1!INTERNAL_ERROR"},
		"maxMessages": {`demuxHTTP({maxMessages: 2}).to($=>$.replaceMessage(new Message('ok')))`, func(p *h2peer) { p.get(1, "GET", "/").get(3, "GET", "/").get(5, "GET", "/") }, "1(200 content-length=2) 1'ok'$ goaway(3 NO_ERROR) 3(200 content-length=2) 3'ok'$"},
		"too many":    {`demuxHTTP({maxConcurrentStreams: 1}).to($=>$.replaceMessage(new Message('ok')))`, func(p *h2peer) { p.post(1, "/").post(3, "/").data(1, true, "") }, "3!REFUSED_STREAM 1(200 content-length=2) 1'ok'$"},
		"over HTTP/2": {`demuxHTTP().to($=>$.muxHTTP(() => 1, {version: 2}).to($=>$.serveHTTP(req => new Message(req.head.method + req.head.path + req.head.authority + req.body))))`, func(p *h2peer) { p.post(1, "/x").data(1, true, "body") }, "1(200 content-length=11) 1'POST/xabody'$"},
		"over HTTP/1": {`demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.serveHTTP(req => new Message({}, req.head.protocol + req.head.headers.host + req.head.headers.cookie + req.body, {headers: {t: 1}}))))`, func(p *h2peer) { p.post(1, "/x", "cookie a=1", "cookie b=2").data(1, true, "body") }, "1(200) 1'HTTP/1.1aa=1; b=2body' 1(t=1)$"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := filtertest.New(t, "pipeline($=>$."+c.src+")")
			p := newH2Peer(t, r)
			c.in(p)
			p.feed()
			r.Settle()
			if got := p.out(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A stream that the client resets ends its sub-pipeline at once, and no other.
func TestHTTP2ResetReleases(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `var $p
		pipeline($=>$.demuxHTTP().to($=>$.onEnd(() => test.log('end' + $p))
		.handleMessageStart(s => { $p = s.head.path }).handleStreamEnd(e => test.log($p + e.error))
		.wait(() => test.wait($p)).replaceMessage(req => new Message(req.head.path))))`)
	p := newH2Peer(t, r)
	p.post(1, "/1").get(3, "GET", "/3").feed()
	p.framer.WriteRSTStream(1, http2.ErrCodeCancel)
	p.feed()
	if got := r.Notes(); got != "/3undefined /1ConnectionReset end/1" {
		t.Errorf("got %s", got)
	}
	p.run.Feed("!/3")
	if got := p.out(); got != "3(200 content-length=2) 3'/3'$" {
		t.Errorf("got %s", got)
	}
	if got := r.Notes(); got != "end/3" {
		t.Errorf("got %s", got)
	}
}

// Releasing a client's pipeline cancels its stream at the server.
func TestHTTP2CancelGoesOn(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `var $p
		pipeline($=>$.demuxHTTP().to($=>$.muxHTTP(() => 1, {version: 2}).to($=>$
		.demuxHTTP().to($=>$.onEnd(() => test.log('end' + $p)).handleMessageStart(s => { $p = s.head.path })
			.wait(() => test.wait($p)).replaceMessage(req => new Message(req.head.path))))))`)
	p := newH2Peer(t, r)
	p.get(1, "GET", "/1").get(3, "GET", "/3").feed()
	r.Settle()
	p.framer.WriteRSTStream(1, http2.ErrCodeCancel)
	p.feed()
	r.Settle()
	if got := r.Notes(); got != "end/1" {
		t.Errorf("got %s", got)
	}
	p.run.Feed("!/3")
	if got := p.out(); got != "3(200 content-length=2) 3'/3'$" {
		t.Errorf("got %s", got)
	}
}

func TestHTTP2InvalidInput(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.serveHTTP(new Message('ok')))`)
	p := newH2Peer(t, r)
	p.get(1, "GET", "/").get(2, "GET", "/").feed()
	r.Settle()
	if got := p.out(); got != "1(200 content-length=2) 1'ok'$ goaway(1 PROTOCOL_ERROR)" {
		t.Errorf("got %s", got)
	}
	if got := p.run.Out(); !strings.HasSuffix(got, "StreamEnd") {
		t.Errorf("the connection is not closed: %.200s", got)
	}
}

// A world that goes down lets streams finish and takes no new ones.
func TestHTTP2Shutdown(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.demuxHTTP().to($=>$.wait(() => test.wait('go')).replaceMessage(new Message('ok'))))`)
	p := newH2Peer(t, r)
	p.get(1, "GET", "/").feed()
	r.Loop.Turn(r.World.Shutdown)
	if got := p.out(); got != "goaway(2147483647 NO_ERROR)" {
		t.Errorf("got %s", got)
	}
	var seen string
	r.Until("the last GOAWAY", func() bool { seen += p.out(); return seen != "" })
	p.get(3, "GET", "/").feed()
	p.run.FeedOnly("!go")
	if got := seen + " " + p.out(); got != "goaway(1 NO_ERROR) 1(200 content-length=2) 1'ok'$" {
		t.Errorf("got %s", got)
	}
	if got := p.run.Out(); !strings.HasSuffix(got, "StreamEnd") {
		t.Errorf("the connection is not closed: %.200s", got)
	}
}

// A stream whose client takes nothing is ended after a while; so is a connection on which a frame does not end.
func TestHTTP2Stalls(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `pipeline($=>$.serveHTTP(new Message('x'.repeat(100000)), {stallTimeout: 0.05}))`)
	p := newH2Peer(t, r)
	p.get(1, "GET", "/").feed()
	out := ""
	r.Until("the stream to be reset", func() bool { out += p.out(); return strings.Contains(out, "1!CANCEL") })
	p.in.WriteString("\x00\x00\x08")
	p.feed()
	r.Until("the connection to be closed", func() bool { out += p.out(); return strings.Contains(out, "goaway") })
	if !strings.HasSuffix(out, "goaway(1 ENHANCE_YOUR_CALM)") {
		t.Errorf("got %s", out)
	}
}

func TestMuxHTTPPing(t *testing.T) {
	t.Parallel()
	r := filtertest.New(t, `var n = 0
		pipeline($=>$.muxHTTP(() => 1, {version: 2, ping: ack => { test.log(ack ? ack.toString('hex') : ack); return n++ < 2 ? new Data([n]) : null }})
			.to($=>$.serveHTTP(new Message('ok'))))`)
	r.Start().Feed(`S{"path":"/"} E`)
	if got := r.Notes(); got != "null 0100000000000000 0200000000000000" {
		t.Errorf("got %s", got)
	}
}

func TestMuxHTTP2Events(t *testing.T) {
	t.Parallel()
	const src = `pipeline($=>$.muxHTTP(() => 1, {version: 2}).to($=>$.serveHTTP(req => new Message({headers: {a: req.head.authority}}, req.body, {headers: {t: 1}}))))`
	got := filtertest.New(t, src).Start().Feed(`S{"path":"/","headers":{"host":"h"}} D"ab" E S{"path":"/ignored"} E`).Out()
	want := `MessageStart{"headers":{"a":"h"},"headerNames":{},"status":200} Data"ab" MessageEnd{"headers":{"t":"1"},"headSize":0,"bodySize":0} StreamEnd`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Tunnels asked for in HTTP/1 pass over HTTP/2, and come out as what they were.
func TestTunnelsOverHTTP2(t *testing.T) {
	t.Parallel()
	const over = `demuxHTTP().to($=>$.muxHTTP(() => 1, {version: 2}).to($=>$.demuxHTTP().to($=>$`
	const echo = `.replaceData(d => new Data('<' + d.toString() + '>')))))`
	for name, c := range map[string]struct{ src, in, want string }{
		"websocket": {over + `.replaceMessage(req => new Message({status: req.head.headers.upgrade == 'websocket' ? 101 : 400}))` + echo,
			"GET /ws HTTP/1.1|host: a|upgrade: websocket|connection: upgrade|sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==||",
			"HTTP/1.1 101 Switching Protocols|upgrade: websocket|sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|connection: upgrade||"},
		"connect": {over + `.replaceMessage(req => new Message({status: 200, headers: {to: req.head.path}}))` + echo,
			"CONNECT b:1 HTTP/1.1|host: b:1||", "HTTP/1.1 200 OK|to: b:1|connection: keep-alive||"},
		"refused": {over + `.replaceMessage(req => new Message({status: 403}))` + echo,
			"CONNECT b:1 HTTP/1.1|host: b:1||", "HTTP/1.1 403 Forbidden|content-length: 0|connection: keep-alive||"},
		"not supported": {`demuxHTTP().to($=>$.muxHTTP(() => 1, {version: 2}).to($=>$.serveHTTP(new Message)))`,
			"GET /ws HTTP/1.1|host: a|upgrade: websocket|connection: upgrade||", "HTTP/1.1 502 Bad Gateway|content-length: 0|connection: keep-alive||"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wire(t, c.src, c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// A client that stops in the middle of a body is answered with 408, unless somebody else is to blame, or has answered.
func TestHTTP2BodyTimeout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"serveHTTP": {`serveHTTP(new Message('ok'), { bodyTimeout: 0.05 })`, "1(408 content-type=text/plain content-length=55) 1'55'$ 1!NO_ERROR"},
		"demuxHTTP": {`demuxHTTP({ bodyTimeout: 0.05 }).to($=>$.replaceMessage(new Message('ok')))`, "1(408 content-type=text/plain content-length=55) 1'55'$ 1!NO_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := filtertest.New(t, "pipeline($=>$."+c.src+")")
			p := newH2Peer(t, r)
			p.post(1, "/").data(1, false, "a").get(3, "GET", "/").feed()
			if got := p.out(); got != "3(200 content-length=2) 3'ok'$" {
				t.Fatalf("got %s", got)
			}
			if r.Loop.Pending() != 0 {
				t.Error("the timer keeps the loop alive")
			}
			var got string
			r.Until("the timeout", func() bool { got += p.out(); return got != "" })
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			p.get(5, "GET", "/").feed()
			if got := p.out(); got != "5(200 content-length=2) 5'ok'$" {
				t.Errorf("then %s", got)
			}
		})
	}
	for name, src := range map[string]string{
		"answered": `demuxHTTP({ bodyTimeout: 0.01 }).to($=>$.replaceMessageStart(s => [new MessageStart, new MessageEnd, s]))`,
		"paused":   `demuxHTTP({ bodyTimeout: 0.01 }).to($=>$.throttleDataRate(new algo.Quota(0)).replaceMessage(new Message))`,
		"off":      `serveHTTP(new Message, { bodyTimeout: 0 })`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := filtertest.New(t, "pipeline($=>$."+src+")", algo.Namespace)
			p := newH2Peer(t, r)
			p.post(1, "/").data(1, false, strings.Repeat("a", 1000)).feed()
			later := false
			r.Loop.AfterFunc(100*time.Millisecond, func() { later = true })
			r.Until("a timer that is up later", func() bool { return later })
			if got := p.out(); strings.Contains(got, "408") {
				t.Errorf("got %s", got)
			}
		})
	}
}
