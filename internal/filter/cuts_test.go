package filter

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/compression"
)

// TestCuts feeds every filter that looks at bytes or passes them on whole and cut at every position: what comes out must
// be the same.
func TestCuts(t *testing.T) {
	t.Parallel()
	text := "one,two\r\n" + strings.Repeat("three ", 20) + "\x00\xff\x01x"
	const inMessage = `insert(new MessageStart)`
	for _, f := range []string{
		`handleData(() => {})`, `handle(async () => {})`, `replaceData(d => d)`, `replaceData(async d => d)`, `insert(new Data('i'))`,
		inMessage + `.handleMessage(m => test.log(m.body))`,
		inMessage + `.replaceStreamEnd(e => [new MessageEnd, e]).replaceMessage(m => m)`,
		inMessage + `.replaceStreamEnd(e => [new MessageEnd, e]).replaceMessage(async m => m, {bufferLimit: 50})`,
		inMessage + `.replaceStreamEnd(e => [new MessageEnd, e]).replaceMessageBody(d => new Data(d.toArray().reverse()))`,
		inMessage + `.replaceStreamEnd(e => [new MessageEnd, e]).demux().to($ => $)`,
		inMessage + `.replaceStreamEnd(e => [new MessageEnd, e]).mux().to($ => $)`,
		inMessage + `.replaceStreamEnd(e => [new MessageEnd, e]).pack(1, {prefix: '[', postfix: ']'})`,
		`fork().to($ => $)`, `forkJoin().to($ => $)`, `forkRace().to($ => $)`, `pipe(() => test.sub)`, `wait(() => true)`,
		`wait((n => () => n++ > 0)(0))`, `repeat(() => false).to($ => $)`, `replay().to($ => $)`, `branch(() => true, $ => $)`, `link(() => test.sub)`,
		`linkAsync(() => test.sub)`, `dump()`, `print()`, `split(',')`, `split('three')`, `split('\r\n')`,
		`deframe({A: b => b == 101 ? ['B', 3, new Data] : 'A', B: d => [d, new MessageEnd, 'A']})`,
		`detectProtocol(name => new Message('[' + name + ']'), {timeout: 0}).replaceData().replaceMessageStart(new Data('x'))`,
		`compress('gzip').decompress('gzip')`, `compress('brotli', {flush: true}).decompress('brotli')`,
		inMessage + `.compressHTTP('gzip').decompressHTTP()`,
		inMessage + fmt.Sprintf(`.depositMessage('%s', {threshold: 30})`, filepath.Join(t.TempDir(), "deposit")),
		fmt.Sprintf(`tee('%s')`, filepath.Join(t.TempDir(), "tee")),
		`exec('cat')`,
	} {
		t.Run(f, func(t *testing.T) {
			t.Parallel()
			checkCuts(t, `test.sub = pipeline($ => $); pipeline($ => $.`+f+`)`, text)
		})
	}
	for _, a := range algorithms {
		checkCuts(t, fmt.Sprintf(`pipeline($ => $.decompress('%s'))`, a.unpack), string(packed(t, a.format, text)))
	}
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		f, _ := compression.ContentCoding(coding)
		checkCuts(t, `pipeline($ => $.insert(new MessageStart({headers: {'content-encoding': '`+coding+`'}})).decompressHTTP())`, string(packed(t, f, text)))
	}
}
