package filter

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/compression"
	"weir/internal/filter/filtertest"
	"weir/internal/proto/fastcgi"
	"weir/internal/stream"
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

// TestCodecCuts does the same for decoders of messages, on which the others of these are built. What they decode is encoded
// again: it comes out as it went in.
func TestCodecCuts(t *testing.T) {
	t.Parallel()
	marker := strings.Repeat("\xff", 16)
	for filter, wire := range map[string]string{
		"BGP": marker + "\x00\x13\x04" + marker + "\x00\x1d\x01\x04\xfd\xe9\x00\x5a\x01\x02\x03\x04\x00" +
			marker + "\x00\x1f\x02\x00\x04\x18\xc0\x00\x02\x00\x04\x40\x01\x01\x00",
		"Dubbo": "\xda\xbb\xc2\x14\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03abc" + "\xda\xbb\x22\x14\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00",
		"MQTT": "\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01a" + "\x30\x09\x00\x01a\x03\x23\x00\x05hi" +
			"\x82\x09\x00\x09\x02\x0b\x07\x00\x01a\x2d" + "\xc0\x00" + "\xe0\x00",
		"RESP":    "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n+OK\r\n-ERR x\r\n:-12\r\n$-1\r\n%1\r\n+a\r\n#t\r\n",
		"Thrift":  "\x80\x01\x00\x01\x00\x00\x00\x04call\x00\x00\x00\x07\x08\x00\x01\x00\x00\x00\x05\x00" + "\x82\x21\xac\x02\x01a\x15\x02\x00" + "\x00\x00\x00\x06\x82\x21\x01\x01a\x00",
		"Netlink": string(nlBytes(20, 18, 0x301, 7, 0)) + "abcd" + string(nlBytes(16, 3, 2, 8, 9)),
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			for _, look := range []string{"", ".handleMessage(m => JSON.stringify([m.head, m.payload]))"} {
				src := "pipeline($ => $.decode" + filter + "()" + look
				checkCuts(t, src+")", wire)
				checkCuts(t, src+".encode"+filter+"())", wire)
				run := filtertest.New(t, src+".encode"+filter+"())").Start()
				run.Turn(stream.NewTransient([]byte(wire)))
				if got := run.Bytes(); got != wire {
					t.Errorf("%s: written as\n%q, came as\n%q", src, got, wire)
				}
			}
		})
	}
	checkCuts(t, echoFastCGI, string(fcgi{}.begin(1, 1, true, "A", "1").begin(2, 1, true).record(fastcgi.Stdin, 1, "body").record(fastcgi.Stdin, 2, "").
		record(fastcgi.Stdin, 1, "")))
	checkCuts(t, `pipeline($ => $.insert(new MessageStart({headers: {'content-type': 'multipart/mixed; boundary=b'}})).decodeMultipart())`,
		"--b\r\nX: 1\r\nx: 2\r\n\r\none\r\n-\r\n--b\r\n\r\ntwo\r\n--b--\r\nafter")
	checkCuts(t, `pipeline($ => $.acceptProxyProtocol(h => test.log(h.sourceAddress) ?? true).to($ => $))`, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nhello")
}
