package http1

import (
	"strings"
	"testing"

	"weir/internal/proto/http1/http1test"
	"weir/internal/stream"
)

func FuzzDecodeRequest(f *testing.F) {
	for _, c := range http1test.Malformed() {
		if len(c.Input) < 1000 {
			f.Add(c.Input, uint16(len(c.Input)/2))
		}
	}
	f.Add(rfcRequest+"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nX: y\r\n\r\n", uint16(130))
	f.Add("\r\nPOST / HTTP/1.0\r\nconnection: close\r\nContent-Length: 3\r\n\r\nabcGET", uint16(20))
	f.Fuzz(func(t *testing.T, input string, cut uint16) {
		fuzzDecode(t, input, int(cut), func() (*Decoder, func(int)) {
			return &Decoder{MaxHeaderSize: 100, MaxHeadSize: 300, MaxHeaders: 12}, nil
		})
	})
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 304 \r\n\r\n", uint16(30), false)
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\nabc", uint16(30), false)
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 101 x\r\n\r\n", uint16(50), true)
	f.Fuzz(func(t *testing.T, input string, cut uint16, head bool) {
		fuzzDecode(t, input, int(cut), func() (*Decoder, func(int)) {
			d := &Decoder{Response: true, MaxHeaderSize: 100, MaxHeadSize: 300, MaxHeaders: 12}
			return d, func(n int) {
				if head && n%2 == 1 {
					d.Answering("HEAD")
				} else {
					d.Answering("GET")
				}
			}
		})
	})
}

func fuzzDecode(t *testing.T, input string, cut int, decoder func() (*Decoder, func(int))) {
	d, before := decoder()
	whole := feed(d, true, before, input)
	cut = min(cut, len(input))
	for _, pieces := range [][]string{{input[:cut], input[cut:]}, bytesOf(input)} {
		d, before := decoder()
		if split := feed(d, true, before, pieces...); split.text != whole.text {
			t.Fatalf("whole: %s\nsplit: %s", whole.text, split.text)
		}
	}
	for _, m := range whole.msgs {
		if m.ended {
			roundTrip(t, m, whole.text)
		}
	}
}

// roundTrip encodes a decoded message in several ways and decodes it again.
func roundTrip(t *testing.T, m decoded, text string) {
	for _, size := range []int{0, 1} {
		e := &Encoder{Response: m.head.IsResponse, BufferSize: size}
		method := "GET"
		if bodiless(m) {
			method = "HEAD"
		}
		length := int64(-1)
		if m.head.Received.ContentLength == int64(len(m.body)) {
			length = m.head.Received.ContentLength
		}
		out := new(stream.Data)
		if err := e.Start(out, m.head, Message{Length: length, Method: method}); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if err := e.Data(out, stream.NewString(m.body)); err != nil {
			t.Fatal(err)
		}
		if err := e.End(out, m.tail.Headers); err != nil {
			t.Fatal(err)
		}
		d := &Decoder{Response: m.head.IsResponse, MaxHeaderSize: 1000, NoHost: true}
		d.Answering(method)
		again := feed(d, true, nil, string(out.Bytes()))
		if len(again.msgs) != 1 || again.status != 0 {
			t.Fatalf("%q decodes to %s, was %s", out.Bytes(), again.text, text)
		}
		sameMessage(t, m, again.msgs[0])
	}
}

// bodiless reports whether m was, or has to be treated as, an answer to HEAD.
func bodiless(m decoded) bool {
	r := m.head.Received
	return m.head.IsResponse && m.body == "" && (r.ContentLength > 0 || r.Chunked && m.tail.BodySize == 0)
}

func sameMessage(t *testing.T, a, b decoded) {
	t.Helper()
	body := a.body
	if a.head.Method == "HEAD" {
		body = ""
	}
	x, y := a.head, b.head
	if body != b.body || x.Method != y.Method || x.Path != y.Path || x.Status != y.Status || x.StatusText != y.StatusText {
		t.Fatalf("%s %q\n%s %q", describe(x), body, describe(y), b.body)
	}
	if p, q := forwarded(x.Headers), forwarded(y.Headers); p != q {
		t.Fatalf("headers %s\n%s", p, q)
	}
}

// forwarded lists the headers that an encoder passes on as they are.
func forwarded(hs Headers) string {
	var b strings.Builder
	for _, h := range hs {
		switch h.Key() {
		case "content-length", "transfer-encoding", "keep-alive":
			continue
		}
		b.WriteString(h.Name + "=" + h.Value + "\n")
	}
	return b.String()
}

// FuzzEncode encodes whatever a script may put into a message: either it is refused, or exactly this one message comes
// out at the other end.
func FuzzEncode(f *testing.F) {
	f.Add("GET", "/", "Host", "a", "body", 200, "OK", uint8(0), false)
	f.Add("POST", "/x\r\nY: z", "Con", "y\nx", "body", 99, "O\rK", uint8(1), true)
	f.Add("", "", "Content-Length", "5", "0123456789", 304, "", uint8(4), true)
	f.Add("HEAD", "*", "connection", "close", "", 204, "", uint8(4), true)
	f.Fuzz(func(t *testing.T, method, path, name, value, body string, status int, text string, size uint8, response bool) {
		h := &Head{IsResponse: response, Method: method, Path: path, Status: status, StatusText: text,
			Headers: Headers{{"a", "b"}, {name, value}}}
		e := &Encoder{Response: response, BufferSize: int(size)}
		out := new(stream.Data)
		if err := e.Start(out, h, Message{Length: -1}); err != nil {
			checkRefused(t, e, out)
			return
		}
		if err := e.Data(out, stream.NewString(body)); err != nil {
			checkRefused(t, e, out)
			return
		}
		if err := e.End(out, nil); err != nil {
			checkRefused(t, e, out)
			return
		}
		if response && status != 0 && (status < 200 || status == 204) && body != "" || status >= 600 {
			return // what follows such a head is the script's own affair, as in Pipy
		}
		d := &Decoder{Response: response, NoHost: true, MaxHeaderSize: 1 << 20}
		c := feed(d, true, nil, string(out.Bytes()))
		if key := Key(name); key == "host" && !all([]byte(strings.Trim(value, " \t")), &isHost) {
			return
		}
		if len(c.msgs) != 1 || c.status != 0 {
			t.Fatalf("%q decodes to %s", out.Bytes(), c.text)
		}
		m := c.msgs[0]
		if method == "HEAD" && !response || response && status == 304 {
			body = ""
		}
		if v, _ := m.head.Headers.Get("a"); m.body != body || v != "b" && Key(name) != "a" {
			t.Fatalf("%q decodes to %s", out.Bytes(), c.text)
		}
	})
}

func checkRefused(t *testing.T, e *Encoder, out *stream.Data) {
	t.Helper()
	if !out.Empty() || e.InMessage() {
		t.Fatalf("refused, but sent %q", out.Bytes())
	}
}
