package filter

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/plain"
	"weir/internal/proto/fastcgi"
	"weir/internal/stream"
)

// fcgi is a run of records under construction.
type fcgi []byte

func (b fcgi) begin(id uint16, role int, keepAlive bool, params ...string) fcgi {
	var o plain.Object
	for i := 0; i < len(params); i += 2 {
		o = append(o, plain.Field{Name: params[i], Value: params[i+1]})
	}
	return fastcgi.AppendParams(fastcgi.AppendBegin(b, id, role, keepAlive), id, o)
}

func (b fcgi) record(t fastcgi.Type, id uint16, content string) fcgi {
	return fastcgi.Append(b, t, id, []byte(content))
}

func (b fcgi) end(id uint16, app uint32, protocol byte) fcgi {
	return fastcgi.AppendEnd(b, id, app, protocol)
}

// data is the records as an event to feed.
func (b fcgi) data() string { return "D" + strconv.Quote(string(b)) }

const echoFastCGI = `pipeline($ => $.demuxFastCGI().to($ => $
	.replaceMessage(m => new Message(null, JSON.stringify(m.head) + m.body, { appStatus: 7, stderr: new Data('err') }))))`

func TestDemuxFastCGI(t *testing.T) {
	t.Parallel()
	type c struct {
		name, src, in string
		out           fcgi
		end           string
	}
	response := func(id uint16, text string) fcgi {
		return fcgi{}.record(fastcgi.Stdout, id, text).record(fastcgi.Stderr, id, "err").record(fastcgi.Stderr, id, "").
			record(fastcgi.Stdout, id, "").end(id, 7, 0)
	}
	join := func(list ...fcgi) (all fcgi) {
		for _, b := range list {
			all = append(all, b...)
		}
		return all
	}
	one := fcgi{}.begin(1, 1, true, "A", "1", "B", "", "A", "2").record(fastcgi.Stdin, 1, "body").record(fastcgi.Stdin, 1, "")
	head := `{"role":1,"keepAlive":true,"params":{"A":"2","B":""}}`
	for _, c := range []c{
		{"request, id used again", echoFastCGI, one.data() + " | " + one.data(), join(response(1, head+"body"), response(1, head+"body")), ""},
		{"cut", echoFastCGI, "D" + strconv.Quote(string(one[:30])) + " | D" + strconv.Quote(string(one[30:])), response(1, head+"body"), ""},
		{"closed after the response", echoFastCGI, fcgi{}.begin(1, 1, false).record(fastcgi.Stdin, 1, "").data(),
			response(1, `{"role":1,"keepAlive":false,"params":{}}`), " StreamEnd"},
		{"interleaved", echoFastCGI, fcgi{}.begin(1, 1, true).begin(2, 3, true).record(fastcgi.Stdin, 2, "b").record(fastcgi.Stdin, 1, "a").
			record(fastcgi.Stdin, 2, "").record(fastcgi.Stdin, 1, "").data(),
			join(response(2, `{"role":3,"keepAlive":true,"params":{}}b`), response(1, `{"role":1,"keepAlive":true,"params":{}}a`)), ""},
		{"what belongs to no request is ignored", echoFastCGI, fcgi{}.record(fastcgi.Stdin, 9, "x").record(fastcgi.Data, 1, "x").
			begin(1, 1, true).begin(1, 1, false).record(fastcgi.Data, 1, "x").record(99, 1, "x").record(fastcgi.Stdin, 1, "").data(),
			response(1, `{"role":1,"keepAlive":true,"params":{}}`), ""},
		{"abort", echoFastCGI, fcgi{}.begin(1, 1, true).record(fastcgi.AbortRequest, 1, "").record(fastcgi.Stdin, 1, "x").data(),
			fcgi{}.record(fastcgi.Stdout, 1, "").end(1, 0, 0), ""},
		{"unknown role", echoFastCGI, fcgi{}.begin(1, 4, true).data(), fcgi{}.record(fastcgi.Stdout, 1, "").end(1, 0, 3), ""},
		{"too many", `pipeline($ => $.demuxFastCGI({maxRequests: 1}).to($ => $.dummy()))`, fcgi{}.begin(1, 1, true).begin(2, 1, true).data(),
			fcgi{}.record(fastcgi.Stdout, 2, "").end(2, 0, 2), ""},
		{"values", echoFastCGI, fcgi{}.record(fastcgi.GetValues, 0, "\x0e\x00FCGI_MAX_CONNS\x0f\x00FCGI_MPXS_CONNS\x01\x00X").data(),
			fcgi{}.record(fastcgi.GetValuesResult, 0, "\x0e\x04FCGI_MAX_CONNS1000\x0f\x01FCGI_MPXS_CONNS1"), ""},
		{"unknown type", echoFastCGI, fcgi{}.record(77, 0, "").data(), fcgi{}.record(fastcgi.UnknownType, 0, "M\x00\x00\x00\x00\x00\x00\x00"), ""},
		{"sub-pipeline ends", `pipeline($ => $.demuxFastCGI().to($ => $.replaceMessage(() => [new MessageStart, new Data('x'), new StreamEnd])))`,
			fcgi{}.begin(1, 1, true).record(fastcgi.Stdin, 1, "").data(),
			fcgi{}.record(fastcgi.Stdout, 1, "x").record(fastcgi.Stdout, 1, "").end(1, 0, 0), ""},
		{"client ends", echoFastCGI, one.data() + " .", response(1, head+"body"), " StreamEnd"},
		{"client is lost", echoFastCGI, fcgi{}.begin(1, 1, true).data() + " .(ReadError)", nil, "StreamEnd(ReadError)"},
		{"too large", `pipeline($ => $.demuxFastCGI({maxParamsSize: 10}).to($ => $.dummy()))`, fcgi{}.begin(1, 1, true, "a", "1234567890").data(), nil,
			"StreamEnd(ProtocolError)"},
		{"bad parameters", echoFastCGI, fcgi(fastcgi.AppendBegin(nil, 1, 1, true)).record(fastcgi.Params, 1, "\x05").record(fastcgi.Params, 1, "").data(), nil,
			"StreamEnd(ProtocolError)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run := filtertest.New(t, c.src).Start().Feed(c.in)
			bytes := run.Bytes()
			out := run.Out()
			if bytes != string(c.out) {
				t.Errorf("got  %q\nwant %q", bytes, c.out)
			}
			if i := strings.Index(out, "StreamEnd"); i < 0 && c.end != "" || i >= 0 && out[i:] != strings.TrimSpace(c.end) {
				t.Errorf("got %s, want it to end with %s", out, c.end)
			}
		})
	}
}

// A body larger than a record holds is cut, in both directions.
func TestFastCGILargeBody(t *testing.T) {
	t.Parallel()
	run := filtertest.New(t, `pipeline($ => $.muxFastCGI().to($ => $.demuxFastCGI().to($ => $.replaceMessage(m => new Message(m.body)))))`).Start()
	body := strings.Repeat("0123456789", 20000)
	run.Turn(&stream.MessageStart{}, stream.NewString(body), &stream.MessageEnd{})
	if run.Bytes() != body {
		t.Errorf("%d bytes came back", len(run.Bytes()))
	}
	if out := run.Out(); !strings.HasSuffix(out, `MessageEnd{"appStatus":0,"protocolStatus":0,"stderr":{}}`) {
		t.Errorf("...%s", out[max(0, len(out)-100):])
	}
}

func TestMuxFastCGI(t *testing.T) {
	t.Parallel()
	const through = `muxFastCGI(() => 1, {maxIdle: 5}).to($ => $.demuxFastCGI().to($ => $.replaceMessage(
		m => new Message(null, JSON.stringify(m.head) + m.body, { appStatus: -1, protocolStatus: 2, stderr: new Data('e') }))))`
	check(t, []flow{
		{"request", through + `.handleMessageEnd(e => { test.log(e.tail.stderr) })`, `S{"role":2,"keepAlive":1,"params":{"A":1,"B":null}} D"x" E{"t":1} S D"no" E .`,
			`MessageStart Data"{\"role\":2,\"keepAlive\":true,\"params\":{\"A\":\"1\"}}x" MessageEnd{"appStatus":-1,"protocolStatus":2,"stderr":{}}`, `Data"e"`},
		{"ended by the stream", through, `S D"x" .`,
			`MessageStart Data"{\"role\":1,\"keepAlive\":false,\"params\":{}}x" MessageEnd{"appStatus":-1,"protocolStatus":2,"stderr":{}}`, ""},
		{"no request", through, `D"x" E .`, `StreamEnd`, ""},
		{"server lost", `muxFastCGI().to($ => $.replaceData(() => new StreamEnd('ConnectionReset')))`, `S E`, `StreamEnd(ConnectionReset)`, ""},
		{"server lost within the response", `muxFastCGI().to($ => $.replaceData(() => [new Data([1, 6, 0, 1, 0, 1, 0, 0, 65]), new StreamEnd]))`, `S E`,
			`MessageStart Data"A" StreamEnd`, ""},
		{"bad options", `muxFastCGI(() => 1, () => 1).to($ => $)`, `S E`,
			`StreamEnd(Error: muxFastCGI() at line 1 column 27 in /main.js: callback did not return an object for options)`, ""},
	})
}

// The response is the same wherever the server's records are cut.
func TestMuxFastCGICuts(t *testing.T) {
	t.Parallel()
	response := fcgi{}.record(fastcgi.Stdout, 1, "Status: 200\r\n").record(fastcgi.Stderr, 1, "oops").record(fastcgi.Stdout, 1, "\r\nbody").
		record(fastcgi.Stdout, 1, "").end(1, 3, 0)
	const want = `MessageStart Data"Status: 200\r\n" Data"\r\nbody" MessageEnd{"appStatus":3,"protocolStatus":0,"stderr":{}}`
	list := func(b []byte) string { return strings.Join(strings.Fields(fmt.Sprint(b)), ",") }
	for i := 1; i < len(response); i++ {
		src := fmt.Sprintf(`pipeline($ => $.muxFastCGI().to($ => $.replaceData(() => [new Data(%s), new Data(%s)])))`, list(response[:i]), list(response[i:]))
		if got := filtertest.New(t, src).Start().Feed(`S E`).Out(); got != want {
			t.Fatalf("cut at %d:\ngot  %s\nwant %s", i, got, want)
		}
	}
}

// Two requests share a connection at the same time; one is given up, and its number is free once the server has ended it.
func TestMuxFastCGIShared(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.muxFastCGI(() => 1, {maxQueue: 2}).to($ => $.onStart(() => { test.log('start') }).replaceData(d => {
		var a = d.toArray()
		for (var i = 0; i < a.length; i += 8 + (a[i+4] << 8) + a[i+5] + a[i+6]) test.log(a[i+1] + ':' + a[i+3])
		if (a[1] == 2) return new Data([1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
	})))`)
	a, b := rig.Start(), rig.Start()
	a.Feed(`S{"keepAlive":true} E`)
	b.Feed(`S{"keepAlive":true} E`)
	a.Release()
	rig.Settle()
	c := rig.Start()
	c.Feed(`S{"keepAlive":true} E`)
	if got, want := rig.Notes(), "start 1:1 4:1 5:1 1:2 4:2 5:2 2:1 1:1 4:1 5:1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
