package filter

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"weir/internal/compression"
	"weir/internal/filter/filtertest"
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// packed returns text in a format.
func packed(t testing.TB, f compression.Format, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	p, err := compression.NewPacker(f, compression.DefaultLevel, &b)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	io.WriteString(p, text)
	p.Finish()
	return b.Bytes()
}

// unpacked is the other way round.
func unpacked(t testing.TB, f compression.Format, b []byte) string {
	t.Helper()
	u := compression.NewUnpacker(f)
	defer u.Close()
	u.Feed(b)
	u.End()
	var text []byte
	for {
		piece, err := u.Next()
		text = append(text, piece...)
		if err == io.EOF {
			return string(text)
		}
		if err != nil {
			t.Fatalf("%v of %d bytes: %v", f, len(b), err)
		}
	}
}

// names of algorithms, for compress and for decompress.
var algorithms = []struct {
	pack, unpack string
	format       compression.Format
}{
	{"gzip", "gzip", compression.Gzip},
	{"deflate", "inflate", compression.Zlib},
	{"deflate", "deflate", compression.Zlib},
	{"deflate-raw", "deflate-raw", compression.Deflate},
	{"brotli", "brotli", compression.Brotli},
	{"br", "br", compression.Brotli},
	{"zstd", "zstd", compression.Zstd},
}

func TestCompressRoundTrip(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("hello ", 500)
	for _, a := range algorithms {
		checkCuts(t, fmt.Sprintf(`pipeline($ => $.compress('%s').decompress(() => '%s'))`, a.pack, a.unpack), text)
		rig := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.compress('%s'))`, a.pack))
		run := rig.Start()
		if got := run.Feed(`S D"hello " D"" E D"world" .(ReadError)`).Bytes(); len(got) == 0 {
			t.Errorf("%s: nothing comes out before the end", a.pack)
		}
		if !strings.HasSuffix(run.Out(), "StreamEnd(ReadError)") {
			t.Errorf("%s: no StreamEnd", a.pack)
		}
		if got := unpacked(t, a.format, []byte(run.Feed(`D"again" .`).Bytes())); got != "again" {
			t.Errorf("%s: the second stream has %q", a.pack, got)
		}
		run.Out()
		if got := unpacked(t, a.format, []byte(run.Feed(`.`).Bytes())); got != "" {
			t.Errorf("%s: an empty stream has %q", a.pack, got)
		}
	}
}

// What was packed and flushed can be unpacked without waiting for more.
func TestCompressFlush(t *testing.T) {
	t.Parallel()
	for _, a := range algorithms {
		rig := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.compress('%s', {flush: true, level: 1}).decompress('%s'))`, a.pack, a.unpack))
		run := rig.Start()
		for _, text := range []string{"one", "two"} {
			run.Turn(stream.NewString(text))
			if got := run.Bytes(); got != text {
				t.Errorf("%s: got %q, want %q", a.pack, got, text)
			}
			run.Out()
		}
	}
}

func TestCompressErrors(t *testing.T) {
	t.Parallel()
	notString := "algorithm is not or did not return a string"
	check(t, []flow{
		{"unknown", `compress('lzma')`, `S D"x" E . D"y" .`, misuse("compress", "unknown compression algorithm: lzma") + ` StreamEnd StreamEnd`, ""},
		{"unknown to decompress", `decompress(() => 'lzma')`, `D"x" . D"y"`, misuse("decompress", "unknown compression algorithm: lzma") + ` StreamEnd`, ""},
		{"null", `compress(null)`, `D"x"`, misuse("compress", notString), ""},
		{"no string", `decompress(() => 5)`, `D"x"`, misuse("decompress", notString), ""},
		{"throw", `compress(() => { throw new Error('bad') })`, `D"x" D"y" .`, `StreamEnd(Error: bad) StreamEnd`, ""},
		{"asked once", `decompress(() => (test.log('asked'), 'gzip'))`, `D"" . D""`, `StreamEnd`, "asked"},
		{"level", `compress('gzip', {level: 10})`, `D"x" .`, misuse("compress", "options.level: gzip has levels from 0 to 9") + ` StreamEnd`, ""},
		{"corrupt", `decompress('gzip')`, `D"this is no gzip data" D"x" . D"" .`,
			misuse("decompress", "cannot decompress: invalid gzip data: gzip: invalid header") + ` StreamEnd StreamEnd`, ""},
		{"too short", `decompress('gzip')`, `D"\x1f\x8b" .`, misuse("decompress", "cannot decompress: invalid gzip data: the data ends too early"), ""},
		{"too short after an error", `decompress('gzip')`, `D"\x1f\x8b" .(ReadError)`, `StreamEnd(ReadError)`, ""},
		{"released", `decompress('gzip')`, `D"\x1f\x8b" | release`, ``, ""},
		{"compress released", `compress('gzip')`, `S E | release`, ``, ""},
	})
	checkBuildErrors(t, map[string]string{
		`compress()`:                          "requires 1 or more arguments",
		`decompress()`:                        "requires 1 or more arguments",
		`compress('gzip', {level: {}})`:       "options.level expects a finite number",
		`decompress('gzip', {maxSize: 'x'})`:  "options.maxSize expects a positive number",
		`compressHTTP()`:                      "algorithm expects a string",
		`compressHTTP(5)`:                     "algorithm expects a string",
		`compressHTTP('gzip', {level: 99})`:   "options.level: gzip has levels from 0 to 9",
		`compressHTTP('gzip', {flush: 'x'})`:  "options.flush expects a boolean",
		`decompressHTTP({maxSize: {}})`:       "options.maxSize expects a positive number",
		`decompressHTTP(5)`:                   "argument #1 expects an object",
		`compressHTTP('identity').compress()`: "requires 1 or more arguments",
	})
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("hello ", 500)
	for _, a := range algorithms {
		b := packed(t, a.format, text)
		if got := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.decompress('%s', {maxSize: 3000}))`, a.unpack)).Start().
			Feed(fmt.Sprintf(`S D%q E D"trailing" . D%q .`, b, b)); got.Bytes() != text+text {
			t.Errorf("%s: %d bytes", a.unpack, len(got.Bytes()))
		}
		want := misuse("decompress", "cannot decompress: the data unpacks to more than the 2999 bytes of options.maxSize")
		got := filtertest.Text(t, fmt.Sprintf(`pipeline($ => $.decompress('%s', {maxSize: 2999}).replaceData())`, a.unpack), fmt.Sprintf(`D%q .`, b))
		if got != want+" StreamEnd" {
			t.Errorf("%s: got %s", a.unpack, got)
		}
		cut := fmt.Sprintf("cannot decompress: invalid %v data: the data ends too early", a.format)
		got = filtertest.Text(t, fmt.Sprintf(`pipeline($ => $.decompress('%s').replaceData())`, a.unpack), fmt.Sprintf(`D%q .`, b[:len(b)-1]))
		if got != misuse("decompress", cut) {
			t.Errorf("%s: got %s", a.unpack, got)
		}
	}
}

// What comes back to the filter while it outputs is unpacked after what it is outputting.
func TestDecompressReentered(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.decompress('gzip'))`)
	run := rig.Start()
	b := packed(t, compression.Gzip, "hello")
	again := stream.NewData(b[15:])
	run.OnOutput = func(stream.Event) {
		if again != nil {
			d := again
			again = nil
			run.Pipeline.Process(d)
		}
	}
	b2 := append(packed(t, compression.Gzip, "first "), b[:15]...)
	run.Turn(stream.NewData(b2))
	rig.Settle()
	run.Turn(&stream.StreamEnd{})
	if got := run.Bytes(); got != "first hello" {
		t.Errorf("got %q: %s", got, run.Out())
	}
}

// A few bytes that unpack to very many come out in portions, at the pace of what follows, and in order with other events.
func TestDecompressUnderBackPressure(t *testing.T) {
	t.Parallel()
	for _, f := range []string{`decompress('gzip')`, `decompressHTTP()`} {
		rig := filtertest.New(t, `pipeline($ => $.`+f+`)`)
		run := rig.Start()
		size := 10_000_000
		b := packed(t, compression.Gzip, strings.Repeat("\x00", size))
		var brake reactor.Brake
		got, most, events := 0, 0, ""
		run.OnOutput = func(e stream.Event) {
			if d, ok := e.(*stream.Data); ok {
				got += d.Size()
				most += d.Size()
				brake.Engage(rig.Loop.CurrentTap())
			} else {
				events += e.Kind().String()
			}
		}
		run.Turn(rig.Parse(`S{"headers":{"content-encoding":"gzip"}}`)[0])
		run.Turn(stream.NewTransient(b[:len(b)/2]))
		if !rig.Source.Paused() {
			t.Errorf("%s: the source is not stopped", f)
		}
		run.Turn(stream.NewTransient(b[len(b)/2:]))
		run.Turn(&stream.MessageEnd{})
		run.Turn(&stream.StreamEnd{})
		for got < size {
			if most > 2*compression.Chunk {
				t.Fatalf("%s: %d bytes at once", f, most)
			}
			most = 0
			before := got
			rig.Loop.Turn(brake.Release)
			rig.Until("more", func() bool { return got > before })
		}
		rig.Loop.Turn(brake.Release)
		rig.Settle()
		if rig.Source.Paused() {
			t.Errorf("%s: the source stays stopped", f)
		}
		if want := "MessageStartMessageEndStreamEnd"; got != size || events != want && events != "StreamEnd" {
			t.Errorf("%s: got %d bytes and %s", f, got, events)
		}
	}
}

func TestCompressHTTP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, args, in, head, body string }{
		{"gzip", `'gzip'`, `S{"status":200} D"x" D"y" E`, `{"status":200,"headers":{"content-encoding":"gzip","vary":"Accept-Encoding"}}`, "gzip"},
		{"deflate", `'deflate'`, `S{"headers":{}} D"x" D"y" E`, `{"headers":{"content-encoding":"deflate","vary":"Accept-Encoding"}}`, "deflate"},
		{"brotli", `'brotli'`, `S D"x" D"y" E`, `{"headers":{"content-encoding":"br","vary":"Accept-Encoding"}}`, "br"},
		{"br", `'br', {level: 11}`, `S D"x" D"y" E`, `{"headers":{"content-encoding":"br","vary":"Accept-Encoding"}}`, "br"},
		{"zstd", `'zstd'`, `S D"x" D"y" E`, `{"headers":{"content-encoding":"zstd","vary":"Accept-Encoding"}}`, "zstd"},
		{"function", `m => m.head.status == 200 ? 'gzip' : null`, `S{"status":200} D"x" D"y" E`,
			`{"status":200,"headers":{"content-encoding":"gzip","vary":"Accept-Encoding"}}`, "gzip"},
		{"function says no", `m => m.head.status == 200 ? 'gzip' : null`, `S{"status":404} D"x" D"y" E`, `{"status":404}`, ""},
		{"other algorithm", `'lzma'`, `S{"status":200} D"x" D"y" E`, `{"status":200}`, ""},
		{"encoded already", `'gzip'`, `S{"headers":{"content-encoding":"x"}} D"x" D"y" E`, `{"headers":{"content-encoding":"x"}}`, ""},
		{"encoded, in capitals", `'gzip'`, `S{"headers":{"Content-Encoding":"x"}} D"x" D"y" E`, `{"headers":{"Content-Encoding":"x"}}`, ""},
		{"about the body", `'gzip'`, `S{"headers":{"content-length":"2","etag":"\"a\"","accept-ranges":"bytes","vary":"Origin"}} D"x" D"y" E`,
			`{"headers":{"etag":"W/\"a\"","vary":"Origin, Accept-Encoding","content-encoding":"gzip"}}`, "gzip"},
		{"weak etag", `'gzip', {vary: false}`, `S{"headers":{"etag":"W/\"a\""}} D"x" D"y" E`, `{"headers":{"etag":"W/\"a\"","content-encoding":"gzip"}}`, "gzip"},
		{"vary is there", `'gzip'`, `S{"headers":{"vary":"accept-encoding"}} D"x" D"y" E`, `{"headers":{"vary":"accept-encoding","content-encoding":"gzip"}}`, "gzip"},
		{"request", `'gzip'`, `S{"method":"PUT","headers":{"etag":"\"a\""}} D"x" D"y" E`,
			`{"method":"PUT","headers":{"etag":"\"a\"","content-encoding":"gzip"}}`, "gzip"},
		{"no-transform", `'gzip'`, `S{"headers":{"cache-control":"No-Transform"}} D"x" D"y" E`, `{"headers":{"cache-control":"No-Transform"}}`, ""},
		{"206", `'gzip'`, `S{"status":206} D"x" D"y" E`, `{"status":206}`, ""},
		{"body in a later turn", `'gzip'`, `S{"status":200} | D"x" | D"y" | E`, `{"status":200,"headers":{"content-encoding":"gzip","vary":"Accept-Encoding"}}`, "gzip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rig := filtertest.New(t, `pipeline($ => $.compressHTTP(`+c.args+`))`)
			for range 2 { // the second message is treated like the first
				run := rig.Start().Feed(c.in + " .")
				body := run.Bytes()
				out := run.Out()
				if f, ok := compression.ContentCoding(c.body); ok {
					body = unpacked(t, f, []byte(body))
				}
				if body != "xy" {
					t.Errorf("body %q", body)
				}
				if !strings.HasPrefix(out, "MessageStart"+c.head+" ") || !strings.HasSuffix(out, " MessageEnd StreamEnd") {
					t.Errorf("got %s", out)
				}
			}
		})
	}
	check(t, []flow{
		{"outside", `compressHTTP('gzip')`, `D"x" E .(ReadError)`, `StreamEnd(ReadError)`, ""},
		{"without a body", `compressHTTP('gzip')`, `S{"status":200} E S{"status":304} | E S{"status":204} D"" E`,
			`MessageStart{"status":200} MessageEnd MessageStart{"status":304} MessageEnd MessageStart{"status":204} Data"" MessageEnd`, ""},
		{"stream end instead of a body", `compressHTTP('gzip')`, `S{"a":1} .`, `MessageStart{"a":1} StreamEnd`, ""},
		{"no string", `compressHTTP(() => 5)`, `S D"x" E .`, misuse("compressHTTP", "callback did not return a string") + ` StreamEnd`, ""},
		{"throw", `compressHTTP(() => { throw new Error('bad') })`, `S D"x" E .`, `StreamEnd(Error: bad) StreamEnd`, ""},
		{"promise", `compressHTTP(async () => 'gzip')`, `S D"x" E`, misuse("compressHTTP", "callback did not return a string"), ""},
		{"level", `compressHTTP(() => 'br', {level: 12})`, `S D"x" E`, misuse("compressHTTP", "options.level: brotli has levels from 0 to 11"), ""},
		{"nested start", `compressHTTP(() => null)`, `S{"a":1} S{"a":2} D"x" E E`, `MessageStart{"a":1} Data"x" MessageEnd`, ""},
		{"stays as it is for its owner", `replaceMessageStart((h => e => new MessageStart(h))({status: 200})).compressHTTP('gzip').replaceData().handleMessageEnd(() => {})`,
			`S D"x" E S D"x" E`, strings.Repeat(`MessageStart{"status":200,"headers":{"content-encoding":"gzip","vary":"Accept-Encoding"}} MessageEnd `, 2)[:2*101-1], ""},
		{"released while held", `compressHTTP('gzip')`, `S | release`, `MessageStart{"headers":{"content-encoding":"gzip","vary":"Accept-Encoding"}}`, ""},
	})
}

// Events of a server come out when they are there.
func TestCompressHTTPFlush(t *testing.T) {
	t.Parallel()
	for _, src := range []string{`compressHTTP('gzip')`, `compressHTTP('br')`, `compressHTTP('zstd')`} {
		run := filtertest.New(t, `pipeline($ => $.`+src+`.decompressHTTP())`).Start()
		run.Feed(`S{"headers":{"content-type":"text/event-stream; charset=utf-8"}}`)
		if got, want := run.Out(), `MessageStart{"headers":{"content-type":"text/event-stream; charset=utf-8","vary":"Accept-Encoding"}}`; got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
		for _, text := range []string{"one", "two"} {
			run.Turn(stream.NewString(text))
			if got := run.Out(); got != `Data"`+text+`"` {
				t.Errorf("%s: got %s", src, got)
			}
		}
	}
}

func TestDecompressHTTP(t *testing.T) {
	t.Parallel()
	for coding, f := range map[string]compression.Format{
		"gzip": compression.Gzip, "x-gzip": compression.Gzip, "GZip": compression.Gzip, "br": compression.Brotli,
		"zstd": compression.Zstd, "deflate": compression.Zlib, "Deflate": compression.Deflate,
	} {
		body := packed(t, f, "hello")
		in := fmt.Sprintf(`S{"status":200,"headers":{"content-length":"9","etag":"\"a\"","content-encoding":"%s"}} D%q D%q E{"t":1} .`, coding, body[:3], body[3:])
		if got, want := filtertest.Text(t, `pipeline($ => $.decompressHTTP())`, in), `MessageStart{"status":200,"headers":{"etag":"W/\"a\""}} Data"hello" MessageEnd{"t":1} StreamEnd`; got != want {
			t.Errorf("%s: got %s, want %s", coding, got, want)
		}
	}
	gz := packed(t, compression.Gzip, "hello")
	cut := fmt.Sprintf("D%q", gz[:len(gz)-3])
	const enc = `S{"headers":{"content-encoding":"gzip"}}`
	tooEarly := misuse("decompressHTTP", "cannot decompress: invalid gzip data: the data ends too early")
	check(t, []flow{
		{"unknown", `decompressHTTP()`, `S{"headers":{"content-encoding":"x"}} D"a" E S{"headers":{}} D"b" E S{} D"c" E S D"d" E`,
			`MessageStart{"headers":{"content-encoding":"x"}} Data"a" MessageEnd MessageStart{"headers":{}} Data"b" MessageEnd MessageStart{} Data"c" MessageEnd MessageStart Data"d" MessageEnd`, ""},
		{"outside", `decompressHTTP()`, `D"x" E .(ReadError)`, `StreamEnd(ReadError)`, ""},
		{"without a body", `decompressHTTP()`, enc + ` E ` + enc + ` | E`,
			`MessageStart{"headers":{"content-encoding":"gzip"}} MessageEnd MessageStart{"headers":{}} MessageEnd`, ""},
		{"304", `decompressHTTP()`, `S{"status":304,"headers":{"content-encoding":"gzip"}} | E`, `MessageStart{"status":304,"headers":{"content-encoding":"gzip"}} MessageEnd`, ""},
		{"206", `decompressHTTP()`, `S{"status":206,"headers":{"content-encoding":"gzip"}} D"x" E`, `MessageStart{"status":206,"headers":{"content-encoding":"gzip"}} Data"x" MessageEnd`, ""},
		{"too short", `decompressHTTP()`, enc + cut + ` E ` + enc + fmt.Sprintf("D%q", gz) + ` E`,
			`MessageStart{"headers":{}} Data"hello" ` + tooEarly + ` MessageStart{"headers":{}} Data"hello" MessageEnd`, ""},
		{"stream end inside", `decompressHTTP()`, enc + cut + ` .`, `MessageStart{"headers":{}} Data"hello" ` + tooEarly, ""},
		{"stream end with an error", `decompressHTTP()`, enc + cut + ` .(ReadError)`, `MessageStart{"headers":{}} Data"hello" StreamEnd(ReadError)`, ""},
		{"corrupt", `decompressHTTP()`, enc + ` D"nonsense and more" D"x" E S D"y" E`,
			`MessageStart{"headers":{}} ` + misuse("decompressHTTP", "cannot decompress: invalid gzip data: gzip: invalid header") + ` MessageStart Data"y" MessageEnd`, ""},
		{"limit", `decompressHTTP({maxSize: 4})`, enc + fmt.Sprintf("D%q", gz) + ` E S D"y" E`,
			`MessageStart{"headers":{}} ` + misuse("decompressHTTP", "cannot decompress: the data unpacks to more than the 4 bytes of options.maxSize") + ` MessageStart Data"y" MessageEnd`, ""},
	})
	for _, f := range []string{"gzip", "br", "zstd"} {
		run := filtertest.New(t, `pipeline($ => $.compressHTTP('`+f+`').decompressHTTP())`).Start().Feed(`S D"abc" | D"def" | D"ghi" | E`)
		if run.Bytes() != "abcdefghi" {
			t.Errorf("%s: %s", f, run.Out())
		}
	}
}

// A decoded head is changed as it is, without a script object.
func TestDecodedHeads(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.compressHTTP('gzip').decompressHTTP().compressHTTP('gzip'))`)
	d := http1.Decoder{Response: true}
	e, err := d.Next(stream.NewString("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\nVary: *\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	head := httphead.New(e.(*stream.MessageStart).Head.(*http1.Head), true)
	run := rig.Start()
	run.OnOutput = func(e stream.Event) {
		if s, ok := e.(*stream.MessageStart); ok && s.Head != any(head) {
			t.Error("another head")
		}
	}
	run.Turn(&stream.MessageStart{Head: head}, stream.NewString("hello"), &stream.MessageEnd{})
	var text []byte
	for _, h := range head.Headers {
		text = fmt.Appendf(text, "%s: %s|", h.Name, h.Value)
	}
	if want := `ETag: W/"x"|Vary: *|content-encoding: gzip|`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	if head.Length() != -1 {
		t.Errorf("length %d", head.Length())
	}
	if got := unpacked(t, compression.Gzip, []byte(run.Bytes())); got != "hello" {
		t.Errorf("body %q", got)
	}
}
