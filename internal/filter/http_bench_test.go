package filter_test

import (
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// sink takes bytes as a socket does.
type sink struct{ bytes int }

func (s *sink) Process(e stream.Event) {
	if d, ok := e.(*stream.Data); ok {
		s.bytes += d.Size()
	}
}

func (s *sink) TakesBytesOnly() {}

func benchHTTP(b *testing.B, src string) {
	r := filtertest.New(b, "pipeline($=>$."+src+")")
	out := new(sink)
	p := r.Layout.New(r.Realm.NewContext(nil), out)
	p.Start()
	request := []byte("GET /path HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n")
	turn := func() { p.Process(stream.NewTransient(request)) }
	b.ReportAllocs()
	for b.Loop() {
		r.Loop.Turn(turn)
	}
	if out.bytes < b.N*40 {
		b.Fatalf("%d bytes in %d rounds", out.bytes, b.N)
	}
	p.Release()
	r.Loop.Turn(func() {})
}

func BenchmarkServeHTTPStatic(b *testing.B) {
	benchHTTP(b, `serveHTTP(new Message({status: 200, headers: {'content-type': 'text/plain'}}, 'Hello, world!'))`)
}

func BenchmarkServeHTTPCallback(b *testing.B) {
	benchHTTP(b, `serveHTTP(() => new Message('Hello, world!'))`)
}

func BenchmarkServeHTTPCallbackLiteral(b *testing.B) {
	benchHTTP(b, `serveHTTP(() => new Message({status: 200, headers: {'content-type': 'text/plain'}}, 'Hello, world!'))`)
}

func BenchmarkServeHTTPCallbackHead(b *testing.B) {
	benchHTTP(b, `serveHTTP(req => new Message({status: 200, headers: {'content-type': 'text/plain'}}, req.head.path))`)
}

func BenchmarkDemuxHTTPReply(b *testing.B) {
	benchHTTP(b, `demuxHTTP().to($=>$.replaceMessage(() => new Message('Hello, world!')))`)
}

const benchUpstream = `replaceData((r => () => new Data(r))(new Data('HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!')))`

func BenchmarkProxyHTTP(b *testing.B) {
	benchHTTP(b, `demuxHTTP().to($=>$.muxHTTP(() => 'localhost:8080').to($=>$.`+benchUpstream+`))`)
}

func BenchmarkProxyHTTPHandler(b *testing.B) {
	benchHTTP(b, `demuxHTTP().to($=>$.handleMessageStart(s => void s.head.headers.host).muxHTTP(() => 'localhost:8080').to($=>$.`+benchUpstream+`))`)
}

func BenchmarkProxyUpstreamOnly(b *testing.B) {
	benchHTTP(b, benchUpstream)
}

func benchCodec(b *testing.B, src, preface, message string) {
	r := filtertest.New(b, "pipeline($=>$."+src+")")
	out := new(sink)
	p := r.Layout.New(r.Realm.NewContext(nil), out)
	p.Start()
	many := []byte(strings.Repeat(message, 100))
	if preface != "" {
		r.Loop.Turn(func() { p.Process(stream.NewTransient([]byte(preface))) })
	}
	turn := func() { p.Process(stream.NewTransient(many)) }
	b.ReportAllocs()
	for b.Loop() {
		r.Loop.Turn(turn)
	}
	if out.bytes < b.N*len(many) {
		b.Fatalf("%d bytes in %d rounds", out.bytes, b.N)
	}
	p.Release()
	r.Loop.Turn(func() {})
}

// A hundred messages each.
func BenchmarkMQTT(b *testing.B) {
	benchCodec(b, `decodeMQTT().handleMessage(msg => void msg.head.type).encodeMQTT()`,
		"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c", "\x30\x20\x00\x0csensors/roomtemperature 21.5 C")
}

func BenchmarkRESP(b *testing.B) {
	benchCodec(b, `decodeRESP().handleMessage(msg => void msg.payload).encodeRESP()`, "", "*3\r\n$3\r\nSET\r\n$11\r\nuser:1:name\r\n$10\r\nsomebody-x\r\n")
}
