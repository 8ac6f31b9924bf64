package http1

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"weir/internal/proto/http1/http1test"
	"weir/internal/stream"
)

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	cases := http1test.Malformed()
	if len(cases) < 70 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			whole := feed(new(Decoder), false, nil, c.Input)
			if whole.status != c.Status {
				t.Errorf("status %d, want %d: %s", whole.status, c.Status, whole.text)
			}
			if started := len(whole.msgs) > 0; started != c.Body {
				t.Errorf("message started: %t, want %t", started, c.Body)
			}
			if split := feed(new(Decoder), false, nil, bytesOf(c.Input)...); split.text != whole.text {
				t.Errorf("byte by byte: %s\nwhole: %s", split.text, whole.text)
			}
			for _, m := range whole.msgs {
				if m.ended {
					t.Errorf("message ended")
				}
			}
		})
	}
}

const rfcRequest = "GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n"

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, input, want string }{
		{"RFC 9112 §2.1", rfcRequest,
			`[HTTP/1.1 GET /hello.txt [{"User-Agent" "curl/7.64.1"} {"Host" "www.example.com"} {"Accept-Language" "en, mi"}] {len=-1}]""{[] 100 0}`},
		{"absolute form", "GET http://www.example.org/pub/WWW/TheProject.html HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
			`[HTTP/1.1 GET http://www.example.org/pub/WWW/TheProject.html [{"Host" "www.example.org"}] {len=-1}]""{[] 86 0}`},
		{"authority form", "CONNECT www.example.com:80 HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
			`[HTTP/1.1 CONNECT www.example.com:80 [{"Host" "www.example.com"}] {len=-1}]""{[] 62 0}`},
		{"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: www.example.org:8001\r\n\r\n",
			`[HTTP/1.1 OPTIONS * [{"Host" "www.example.org:8001"}] {len=-1}]""{[] 50 0}`},
		{"any method", "PROPFIND /ü HTTP/1.0\r\n\r\n", `[HTTP/1.0 PROPFIND /ü [] {len=-1}]""{[] 25 0}`},
		{"one empty line before", "\r\nX-y! / HTTP/1.0\r\n\r\n", `[HTTP/1.0 X-y! / [] {len=-1}]""{[] 19 0}`},
		{"spaces around values", "G / HTTP/1.0\r\nA:\t b \t\r\nC:d\r\nE:\r\nF: \r\n\r\n",
			`[HTTP/1.0 G / [{"A" "b"} {"C" "d"} {"E" ""} {"F" ""}] {len=-1}]""{[] 39 0}`},
		{"connection", "G / HTTP/1.0\r\nConnection: Keep-Alive, x\r\ncONNECTION: upgrade\r\nB: c\r\n\r\n",
			`[HTTP/1.0 G / [{"B" "c"}] {len=-1 keepAlive upgrade cONNECTION}]""{[] 70 0}`},
		{"close", "G / HTTP/1.0\r\nconnection: a ,Close\r\n\r\n", `[HTTP/1.0 G / [] {len=-1 close connection}]""{[] 38 0}`},
		{"expect", "G / HTTP/1.0\r\nExpect: 100-Continue\r\ncontent-length: 1\r\n\r\nx",
			`[HTTP/1.0 G / [{"Expect" "100-Continue"} {"content-length" "1"}] {len=1 continue}]"x"{[] 57 1}`},
		{"length zero", "G / HTTP/1.0\r\nContent-Length: 00\r\n\r\n", `[HTTP/1.0 G / [{"Content-Length" "00"}] {len=0}]""{[] 36 0}`},
		{"chunked", "P / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00A;x=\"y z\";fade\r\n, world...\r\n0\r\n\r\n",
			`[HTTP/1.1 P / [{"Host" ""} {"Transfer-Encoding" "Chunked"}] {len=-1 chunked}]"hello, world..."{[] 51 45}`},
		{"trailers", "P / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0;x\r\nDigest: b\r\nContent-Length: 5\r\nX: y\r\n\r\n",
			`[HTTP/1.1 P / [{"Host" ""} {"Transfer-Encoding" "chunked"}] {len=-1 chunked}]"a"{[{Digest b} {X y}] 51 49}`},
		{"pipelined", "P / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab\r\nG / HTTP/1.0\r\n\r\n",
			`[HTTP/1.0 P / [{"Content-Length" "2"}] {len=2}]"ab"{[] 35 2}[HTTP/1.0 G / [] {len=-1}]""{[] 16 0}`},
		{"incomplete head", "G / HTTP/1.1\r\nHost", `!EOF`},
		{"incomplete body", "P / HTTP/1.0\r\nContent-Length: 3\r\n\r\nab", `[HTTP/1.0 P / [{"Content-Length" "3"}] {len=3}]"ab"!EOF`},
		{"incomplete chunk", "P / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
			`[HTTP/1.1 P / [{"Host" ""} {"Transfer-Encoding" "chunked"}] {len=-1 chunked}]"he"!EOF`},
		{"incomplete trailer", "P / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
			`[HTTP/1.1 P / [{"Host" ""} {"Transfer-Encoding" "chunked"}] {len=-1 chunked}]""!EOF`},
		{"nothing", "", ""},
	} {
		checkSplits(t, c.name, c.input, c.want, func() (*Decoder, func(int)) { return new(Decoder), nil })
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, input, want string }{
		{"RFC 9112 §2.1", "GET", "HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
			`[HTTP/1.1 200 "OK" [{"Server" "Apache"} {"Content-Length" "3"}] {len=3}]"abc"{[] 54 3}[HTTP/1.1 404 "" [{"Content-Length" "0"}] {len=0}]""{[] 36 0}`},
		{"no phrase, until close", "GET", "HTTP/1.0 200\r\n\r\nabc", `[HTTP/1.0 200 "" [] {len=-1 untilClose}]"abc"{[] 16 3}`},
		{"empty until close", "", "HTTP/1.1 200 OK\r\n\r\n", `[HTTP/1.1 200 "OK" [] {len=-1 untilClose}]""{[] 19 0}`},
		{"HTTP/2.0", "GET", "HTTP/2.0 200 \r\nContent-Length: 0\r\n\r\n", `[HTTP/2.0 200 "" [{"Content-Length" "0"}] {len=0}]""{[] 36 0}`},
		{"interim", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
			`[HTTP/1.1 100 "Continue" [] {len=-1}]""{[] 25 0}[HTTP/1.1 103 "Early Hints" [{"Link" "x"}] {len=-1}]""{[] 37 0}[HTTP/1.1 204 "No Content" [] {len=-1}]""{[] 27 0}`},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			`[HTTP/1.1 200 "OK" [{"Content-Length" "9"}] {len=9}]""{[] 38 0}[HTTP/1.1 200 "OK" [{"Transfer-Encoding" "chunked"}] {len=-1 chunked}]""{[] 47 0}`},
		{"204 and 304 with length", "GET", "HTTP/1.1 204 x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 304 y\r\nContent-Length: 9\r\n\r\n",
			`[HTTP/1.1 204 "x" [{"Content-Length" "9"}] {len=9}]""{[] 37 0}[HTTP/1.1 304 "y" [{"Content-Length" "9"}] {len=9}]""{[] 37 0}`},
		{"CONNECT accepted", "CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", `[HTTP/1.1 200 "OK" [{"Content-Length" "9"}] {len=9}]""{[] 38 0}`},
		{"CONNECT refused", "CONNECT", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
			`[HTTP/1.1 403 "Forbidden" [{"Content-Length" "2"}] {len=2}]"no"{[] 45 2}`},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			`[HTTP/1.1 200 "OK" [{"Transfer-Encoding" "chunked"}] {len=-1 chunked}]"abc"{[] 47 13}`},
		{"truncated", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", `[HTTP/1.1 200 "OK" [{"Content-Length" "9"}] {len=9}]"abc"!EOF`},
		{"not HTTP", "GET", "ICY 200 OK\r\n\r\n", `!http: 502 malformed or unsupported HTTP version in the response`},
		{"binary", "GET", "\x15\x03\x01", `!http: 502 malformed start line`},
		{"empty line", "GET", "\r\nHTTP/1.1 200 OK\r\n\r\n", `!http: 502 malformed start line`},
		{"status too low", "GET", "HTTP/1.1 099 OK\r\n\r\n", `!http: 502 malformed status code`},
		{"status too high", "GET", "HTTP/1.1 600 OK\r\n\r\n", `!http: 502 malformed status code`},
		{"status too long", "GET", "HTTP/1.1 2000 OK\r\n\r\n", `!http: 502 malformed status code`},
		{"status too short", "GET", "HTTP/1.1 20 OK\r\n\r\n", `!http: 502 malformed status code`},
		{"status missing", "GET", "HTTP/1.1\r\n\r\n", `!http: 502 malformed status code`},
		{"phrase with NUL", "GET", "HTTP/1.1 200 O\x00K\r\n\r\n", `!http: 502 control character in the status text`},
		{"length twice", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", `!http: 502 more than one content-length header`},
		{"length and coding", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", `!http: 502 content-length and transfer-encoding together`},
		{"other coding", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", `!http: 502 transfer-encoding other than chunked`},
		{"bare line feed", "GET", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", `!http: 502 line feed without carriage return`},
	} {
		checkSplits(t, c.name, c.input, c.want, func() (*Decoder, func(int)) {
			d := &Decoder{Response: true}
			return d, func(int) { d.Answering(c.method) }
		})
	}
}

// checkSplits decodes input whole, byte by byte, and cut in two at every place.
func checkSplits(t *testing.T, name, input, want string, decoder func() (*Decoder, func(int))) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		check := func(how string, pieces ...string) {
			t.Helper()
			d, before := decoder()
			if got := short(feed(d, true, before, pieces...).text); got != want {
				t.Fatalf("%s:\ngot  %s\nwant %s", how, got, want)
			}
		}
		check("whole", input)
		check("byte by byte", bytesOf(input)...)
		for i := range input {
			check("cut in two", input[:i], input[i:])
		}
	})
}

// short leaves out what is unset in the description of a Received.
func short(s string) string {
	s = strings.NewReplacer("ContentLength:", "len=", " Chunked:false", "", " Close:false", "", " KeepAlive:false", "",
		" Upgrade:false", "", " ExpectContinue:false", "", " UntilClose:false", "", " ConnectionName:}", "}",
		"HTTP2:false ", "", " HTTP2:false", "", "Chunked:true", "chunked", "Close:true", "close", "KeepAlive:true", "keepAlive", "Upgrade:true", "upgrade",
		"ExpectContinue:true", "continue", "ConnectionName:", "").Replace(s)
	return strings.ReplaceAll(s, "Untilclose", "untilClose")
}

func TestStopAtBoundary(t *testing.T) {
	t.Parallel()
	const head, raw = "GET / HTTP/1.0\r\nUpgrade: x\r\n\r\n", "\x81\x05hello"
	for cut := range len(head) {
		d := new(Decoder)
		in := stream.NewString(head[:cut])
		for _, p := range []string{"", head[cut:] + raw} {
			in.Push(stream.NewString(p))
			for {
				e, err := d.Next(in)
				if err != nil {
					t.Fatal(err)
				}
				if e == nil {
					break
				}
				if e.Kind() == stream.KindMessageEnd {
					if got := string(in.Bytes()); got != raw || !d.Idle() {
						t.Fatalf("cut at %d: %q left, idle %t", cut, got, d.Idle())
					}
					break
				}
			}
		}
	}
}

func TestUnread(t *testing.T) {
	t.Parallel()
	d := new(Decoder)
	in := stream.NewString("GET / HT")
	if e, err := d.Next(in); e != nil || err != nil || d.Idle() {
		t.Fatal(e, err, d.Idle())
	}
	in.Push(stream.NewString("TP/1.0"))
	d.Unread(in)
	if got := string(in.Bytes()); got != "GET / HTTP/1.0" || !d.Idle() {
		t.Fatalf("%q", got)
	}
	d.Unread(in)
	if in.Size() != 14 {
		t.Fatal("unread twice")
	}
}

func TestPreface(t *testing.T) {
	t.Parallel()
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	for _, pieces := range [][]string{{preface}, bytesOf(preface)} {
		d := &Decoder{Preface: true}
		c := feed(d, false, nil, pieces...)
		// Pieces after the one that decided are not looked at.
		if c.text != "!"+ErrPreface.Error() || c.rest != preface {
			t.Errorf("%s, rest %q", c.text, c.rest)
		}
	}
	if c := feed(new(Decoder), false, nil, preface); c.status != 505 {
		t.Error(c.text)
	}
	if c := feed(&Decoder{Preface: true}, false, nil, "PRI * HTTP/3.0\r\n\r\n"); c.status != 505 {
		t.Error(c.text)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	line := func(n int) string { return "X: " + strings.Repeat("a", n-3) + "\r\n" }
	for _, c := range []struct {
		name   string
		d      *Decoder
		head   string
		status int
	}{
		{"line fits", &Decoder{MaxHeaderSize: 40}, line(40), 0},
		{"line too long", &Decoder{MaxHeaderSize: 40}, line(41), 431},
		{"default line fits", &Decoder{}, line(16384), 0},
		{"default line too long", &Decoder{}, line(16385), 431},
		{"head fits", &Decoder{MaxHeadSize: 16 + 42 + 1}, line(40), 0},
		{"head too large", &Decoder{MaxHeadSize: 16 + 42}, line(40), 431},
		{"large lines raise the default", &Decoder{MaxHeaderSize: 100000}, line(100000) + line(100000), 0},
		{"count fits", &Decoder{MaxHeaders: 2}, line(5) + line(5), 0},
		{"too many", &Decoder{MaxHeaders: 2}, line(5) + line(5) + line(5), 431},
		{"no host", &Decoder{NoHost: true, MaxHeaders: 1}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			input := "GET / HTTP/1.0\r\n" + c.head + "\r\n"
			d := *c.d
			whole := feed(c.d, true, nil, input)
			if whole.status != c.status || whole.status == 0 && len(whole.msgs) != 1 {
				t.Errorf("%.200s", whole.text)
			}
			if split := feed(&d, true, nil, bytesOf(input)...); split.text != whole.text {
				t.Errorf("byte by byte: %.200s", split.text)
			}
		})
	}
}

func TestNoHost(t *testing.T) {
	t.Parallel()
	const input = "GET / HTTP/1.1\r\n\r\n"
	if c := feed(&Decoder{NoHost: true}, true, nil, input); len(c.msgs) != 1 {
		t.Error(c.text)
	}
}

// The bytes of a body are those of the input, and known to be borrowed if those are.
func TestBodyIsShared(t *testing.T) {
	t.Parallel()
	buf := []byte("P / HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody")
	in := stream.NewTransient(buf)
	d := new(Decoder)
	start, _ := d.Next(in)
	e, err := d.Next(in)
	if err != nil {
		t.Fatal(err)
	}
	body := e.(*stream.Data)
	if !body.Transient() || &body.Segments()[0][0] != &buf[len(buf)-4] {
		t.Error("body was copied")
	}
	clear(buf)
	if h := start.(*stream.MessageStart).Head.(*Head); h.Method != "P" || h.Headers[0] != (Header{"Content-Length", "4"}) {
		t.Error("head is borrowed")
	}
}

func TestErrorsStay(t *testing.T) {
	t.Parallel()
	d := new(Decoder)
	_, err := d.Next(stream.NewString("\x00"))
	_, again := d.Next(stream.NewString(rfcRequest))
	_, finish := d.Finish()
	if err == nil || !reflect.DeepEqual(err, again) || finish != err {
		t.Error(err, again, finish)
	}
}

func TestFinishBetweenMessages(t *testing.T) {
	t.Parallel()
	d := new(Decoder)
	feed(d, false, nil, "G / HTTP/1.0\r\n\r\n")
	if e, err := d.Finish(); e != nil || err != nil {
		t.Error(e, err)
	}
	feed(d, false, nil, "G")
	if _, err := d.Finish(); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}

// Not parallel: it counts allocations.
func TestDecoderAllocations(t *testing.T) {
	d := new(Decoder)
	in := new(stream.Data)
	buf := []byte(curlRequest)
	n := testing.AllocsPerRun(100, func() {
		in.Append(buf)
		for range 2 {
			if e, err := d.Next(in); e == nil || err != nil {
				t.Fatal(e, err)
			}
		}
	})
	if n > 2 {
		t.Errorf("%v allocations for a request, want one for the values and one for the text", n)
	}
}

func TestUntilCloseIsFinal(t *testing.T) {
	t.Parallel()
	c := feed(&Decoder{Response: true}, true, nil, "HTTP/1.1 200 OK\r\n\r\nabc")
	if !c.msgs[0].head.Final() {
		t.Error("a body that ends with the connection leaves it open")
	}
}
