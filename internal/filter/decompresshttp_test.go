package filter_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
)

// A message that cannot be unpacked is answered with an error, whatever collects messages on the way.
func TestDecompressHTTPRefuses(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, 1000))
	z.Close()
	large := b.String()
	const made = `replaceMessage(() => new Message('ok'))`
	for _, c := range []struct{ filters, body, want string }{
		{made, large, "413 Content Too Large"},
		{made, "nonsense", "400 Bad Request"},
		{made, large[:10], "400 Bad Request"},
		{`handleMessage(m => test.log(m.body.size)).` + made, large, "413 Content Too Large"},
		{`replaceMessageBody(() => new Data('ok')).` + made, large, "413 Content Too Large"},
		{`branchMessage(() => true, $ => $.` + made + `)`, large, "413 Content Too Large"},
		{`replaceMessage(async m => m).` + made, large, "413 Content Too Large"},
		{`mux().to($ => $.` + made + `)`, large, "413 Content Too Large"},
		{`muxHTTP().to($ => $.demuxHTTP().to($ => $.` + made + `))`, large, "413 Content Too Large"},
		{`replaceMessageStart(() => [new MessageStart, new MessageEnd])`, large, "200 OK"}, // it is answered already
	} {
		t.Run(c.filters, func(t *testing.T) {
			t.Parallel()
			r := filtertest.New(t, `pipeline($ => $.demuxHTTP().to($ => $.decompressHTTP({ maxSize: 100 }).`+c.filters+`))`)
			run := r.Start()
			run.Feed("D" + strconv.Quote(fmt.Sprintf("POST / HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%s", len(c.body), c.body)))
			if got := run.Bytes(); !strings.HasPrefix(got, "HTTP/1.1 "+c.want+"\r\n") || strings.Count(got, "HTTP/1.1") != 1 {
				t.Errorf("got %q, want %s", got, c.want)
			}
			if r.Notes() != "" {
				t.Errorf("a script saw %s", r.Notes())
			}
			p := newH2Peer(t, filtertest.New(t, `pipeline($ => $.demuxHTTP().to($ => $.decompressHTTP({ maxSize: 100 }).`+c.filters+`))`))
			got := p.post(1, "/", "content-encoding gzip").data(1, true, c.body).feed().out()
			if !strings.HasPrefix(got, "1("+c.want[:3]) {
				t.Errorf("over HTTP/2: %s", got)
			}
		})
	}
	run := filtertest.New(t, `pipeline($ => $.demuxHTTP().to($ => $
		.replaceMessage(() => new Message({ headers: { 'content-encoding': 'gzip' } }, Data.from('`+hex.EncodeToString([]byte(large))+`', 'hex')))
		.decompressHTTP({ maxSize: 100 }).`+made+`))`).Start()
	run.Feed("D" + strconv.Quote("GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
	if got := run.Bytes(); !strings.HasPrefix(got, "HTTP/1.1 502 Bad Gateway\r\n") {
		t.Errorf("a response: %q", got)
	}
}
