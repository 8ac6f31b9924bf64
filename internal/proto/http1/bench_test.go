package http1

import (
	"testing"

	"weir/internal/stream"
)

const (
	wrkRequest  = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
	curlRequest = "GET /api/v1/users?id=42 HTTP/1.1\r\nHost: www.example.com:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n" +
		"Accept-Encoding: gzip, deflate, br\r\nAuthorization: Bearer 0123456789abcdef0123456789abcdef\r\n" +
		"Cookie: session=0123456789abcdef; theme=dark\r\nX-Request-ID: 6ba7b810-9dad-11d1-80b4-00c04fd430c8\r\n" +
		"Connection: keep-alive\r\n\r\n"
	okResponse = "HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/html\r\n" +
		"Content-Length: 13\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nConnection: keep-alive\r\n\r\nHello, world!"
)

func benchDecode(b *testing.B, response bool, input string) {
	d := &Decoder{Response: response}
	buf := []byte(input)
	in := new(stream.Data)
	b.ReportAllocs()
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		in.Append(buf)
		for {
			e, err := d.Next(in)
			if err != nil {
				b.Fatal(err)
			}
			if e.Kind() == stream.KindMessageEnd {
				break
			}
		}
	}
}

func BenchmarkDecodeWrkGET(b *testing.B)      { benchDecode(b, false, wrkRequest) }
func BenchmarkDecodeCurlRequest(b *testing.B) { benchDecode(b, false, curlRequest) }
func BenchmarkDecodeResponse(b *testing.B)    { benchDecode(b, true, okResponse) }

func benchEncode(b *testing.B, response bool, input, body string, promised bool) {
	c := feed(&Decoder{Response: response}, true, nil, input)
	h := c.msgs[0].head
	e := &Encoder{Response: response, BufferSize: DefaultBufferSize}
	data := stream.NewString(body)
	out := new(stream.Data)
	m := Message{Length: -1}
	if promised {
		m.Length = int64(len(body))
	}
	b.ReportAllocs()
	for b.Loop() {
		out.Clear()
		if e.Start(out, h, m) != nil || e.Data(out, data) != nil || e.End(out, nil) != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkEncodeCurlRequest(b *testing.B) { benchEncode(b, false, curlRequest, "", false) }
func BenchmarkEncodeResponse(b *testing.B)    { benchEncode(b, true, okResponse, "Hello, world!", false) }
func BenchmarkEncodePromised(b *testing.B)    { benchEncode(b, true, okResponse, "Hello, world!", true) }

func BenchmarkAppendHead(b *testing.B) {
	h := feed(&Decoder{Response: true}, true, nil, okResponse).msgs[0].head
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = AppendHead(buf[:0], h, Framing{Response: true, Length: 13})
	}
}
