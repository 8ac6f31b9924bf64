//go:build linux

package test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"weir/test/harness"
)

// curlText is long enough to be worth compressing.
var curlText = strings.Repeat("All human beings are born free and equal in dignity and rights. ", 200)

// compressing is a server that compresses as its clients like it.
const compressing = `
	var $accept
	pipy.listen(PORT, $=>$.demuxHTTP().to($=>$
		.handleMessageStart(m => $accept = m.head.headers['accept-encoding'] || '')
		.replaceMessage(m => m.head.path == '/empty' ? new Message({ status: 204 }) :
			new Message({ status: 200, headers: { 'content-type': 'text/plain', etag: '"1"' } }, TEXT))
		.compressHTTP(() => ['zstd', 'br', 'gzip', 'deflate'].find(x => $accept.includes(x)))
	))
`

func TestCompressCurl(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl", "gzip", "brotli", "zstd", "python3")
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: strings.NewReplacer("PORT", strconv.Itoa(port), "TEXT", strconv.Quote(curlText)).Replace(compressing)})
	url := "http://" + harness.Addr(port) + "/"
	const inflate = "import sys,zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))"
	for coding, tool := range map[string][]string{
		"gzip": {"gzip", "-dc"}, "br": {"brotli", "-dc"}, "zstd": {"zstd", "-qdc"}, "deflate": {"python3", "-c", inflate},
	} {
		if got := harness.Curl(t, "--compressed", "-H", "Accept-Encoding: "+coding, url); got != curlText {
			t.Errorf("%s: curl got %d bytes of %d", coding, len(got), len(curlText))
		}
		packed := harness.Curl(t, "-H", "Accept-Encoding: "+coding, url)
		if r := harness.RunInput(t, packed, tool[0], tool[1:]...); r.Stdout != curlText || len(packed) > len(curlText)/4 {
			t.Errorf("%s: %d bytes, unpacked %d of %d by %v: %s", coding, len(packed), len(r.Stdout), len(curlText), tool, r.Stderr)
		}
		head := harness.Curl(t, "-D-", "-o", "/dev/null", "-H", "Accept-Encoding: "+coding, url)
		for _, line := range []string{"content-encoding: " + coding, "vary: Accept-Encoding", `etag: W/"1"`, "content-length: " + strconv.Itoa(len(packed))} {
			if !strings.Contains(head, line+"\r\n") {
				t.Errorf("%s: no %q in\n%s", coding, line, head)
			}
		}
	}
	if got := harness.Curl(t, "--compressed", url); got != curlText {
		t.Errorf("curl got %d bytes of %d", len(got), len(curlText))
	}
	if head := harness.Curl(t, "-D-", "-o", "/dev/null", url); strings.Contains(head, "content-encoding") {
		t.Errorf("compressed for a client that did not ask for it:\n%s", head)
	}
	if head := harness.Curl(t, "-D-", "--compressed", url+"empty"); !strings.Contains(head, " 204 ") || strings.Contains(head, "content-encoding") {
		t.Errorf("no body:\n%s", head)
	}
}

// encoders make the bodies of upstreams.
var encoders = map[string]func(w io.Writer) io.WriteCloser{
	"gzip": func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed); return z },
	"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) },
	"zstd": func(w io.Writer) io.WriteCloser {
		z, _ := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
		return z
	},
}

func TestCompressProxy(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstreamHandler(t, "up", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		switch coding := r.URL.Query().Get("coding"); {
		case r.URL.Path == "/304":
			w.WriteHeader(http.StatusNotModified)
		case coding == "":
			w.Header().Set("Content-Length", strconv.Itoa(len(curlText)))
			io.WriteString(w, curlText)
		default:
			w.Header().Set("Content-Encoding", coding)
			z := encoders[coding](w)
			io.WriteString(z, curlText)
			z.Close()
		}
	}))
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{Listen: ports, Script: fmt.Sprintf(`
		pipy.listen(%d, $=>$.demuxHTTP().to($=>$.muxHTTP().to($=>$.connect('%s')).compressHTTP('gzip')))
		pipy.listen(%d, $=>$.demuxHTTP().to($=>$.muxHTTP().to($=>$.connect('%s')).decompressHTTP()))
	`, ports[0], up.Addr(), ports[1], up.Addr())})
	for _, c := range []struct {
		method, path, coding, etag, length, body string
		port                                     int
	}{
		{"GET", "/", "gzip", `W/"v1"`, "", curlText, ports[0]},
		{"HEAD", "/", "", `"v1"`, strconv.Itoa(len(curlText)), "", ports[0]},
		{"GET", "/304", "", `"v1"`, "", "", ports[0]},
		{"GET", "/?coding=br", "br", `"v1"`, "", "", ports[0]},
		{"GET", "/?coding=br", "", `W/"v1"`, "", curlText, ports[1]},
		{"GET", "/?coding=gzip", "", `W/"v1"`, "", curlText, ports[1]},
		{"GET", "/?coding=zstd", "", `W/"v1"`, "", curlText, ports[1]},
		{"GET", "/", "", `"v1"`, strconv.Itoa(len(curlText)), curlText, ports[1]},
		{"HEAD", "/?coding=gzip", "gzip", `"v1"`, "", "", ports[1]},
	} {
		conn := harness.Dial(t, c.port)
		conn.Send(c.method + " " + c.path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		r, body := conn.ReadResponse(c.method)
		if c.coding == "gzip" && c.body != "" {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(b)
		}
		if c.coding != "br" && body != c.body {
			t.Errorf("%s %s: %d bytes of %d", c.method, c.path, len(body), len(c.body))
		}
		h := r.Header
		if h.Get("content-encoding") != c.coding || h.Get("etag") != c.etag || c.length != "" && h.Get("content-length") != c.length {
			t.Errorf("%s %s: %v", c.method, c.path, h)
		}
	}
}

// Events of a server go through a compressing proxy one by one.
func TestCompressEventStream(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	up := harness.StartUpstreamHandler(t, "up", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for event := range next {
			io.WriteString(w, event)
			http.NewResponseController(w).Flush()
		}
	}))
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(
		`pipy.listen(%d, $=>$.demuxHTTP({ bufferSize: 1 }).to($=>$.muxHTTP().to($=>$.connect('%s')).compressHTTP('gzip', { level: 9 })))`, port, up.Addr())})
	stop := sync.OnceFunc(func() { close(next) })
	defer stop()
	conn := harness.Dial(t, port)
	conn.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	go func() { next <- "data: 0\n\n" }()
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len("data: 0\n\n"))
	for i := range 4 {
		if i > 0 {
			next <- fmt.Sprintf("data: %d\n\n", i)
		}
		if _, err := io.ReadFull(z, buf); err != nil || string(buf) != fmt.Sprintf("data: %d\n\n", i) {
			t.Fatalf("event %d: %q, %v", i, buf, err)
		}
	}
	stop()
	if rest, err := io.ReadAll(z); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// bombs are 1 GiB of zeros in each coding.
var bombs = sync.OnceValue(func() map[string][]byte {
	m := map[string][]byte{}
	zeros := make([]byte, 1<<20)
	for coding, encoder := range encoders {
		var b bytes.Buffer
		z := encoder(&b)
		for range harness.GiB / len(zeros) {
			z.Write(zeros)
		}
		z.Close()
		m[coding] = b.Bytes()
	}
	return m
})

// maxBombGrowth is what unpacking may cost: windows, queues of sockets, garbage.
const maxBombGrowth = 128 << 20

func TestDecompressionBomb(t *testing.T) {
	t.Parallel()
	for coding, bomb := range bombs() {
		t.Run(coding, func(t *testing.T) {
			up := harness.StartUpstreamHandler(t, "up", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", coding)
				w.Write(bomb)
			}))
			ports := harness.Ports(t, 2)
			w := harness.Start(t, harness.Config{Listen: ports, Script: fmt.Sprintf(`
				pipy.listen(%d, $=>$.demuxHTTP().to($=>$.muxHTTP().to($=>$.connect('%s')).decompressHTTP()))
				pipy.listen(%d, $=>$.demuxHTTP().to($=>$
					.muxHTTP().to($=>$.connect('%s'))
					.decompressHTTP({ maxSize: '1m' })
					.replaceMessage(m => new Message({ status: 200 }, '' + m.body.size))
				))
			`, ports[0], up.Addr(), ports[1], up.Addr())})
			bounded(t, w, maxBombGrowth, func() {
				conn := harness.Dial(t, ports[0])
				conn.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				r, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if n, err := io.Copy(io.Discard, r.Body); err != nil || n != harness.GiB {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
			bounded(t, w, maxBombGrowth, func() {
				conn := harness.Dial(t, ports[0])
				conn.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				harness.SlowRead(t, conn.TCPConn, slowRate, slowTime)
			})
			bounded(t, w, maxBombGrowth, func() {
				conn := harness.Dial(t, ports[1])
				conn.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if got := conn.ReadAll(); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
					t.Errorf("got %.300s", got)
				}
			})
			w.WaitLog("the data unpacks to more than the 1048576 bytes of options.maxSize")
		})
	}
}

// Files of the command-line tools are read, and the files written for them are understood.
func TestCompressFiles(t *testing.T) {
	t.Parallel()
	harness.Need(t, "gzip", "brotli", "zstd")
	for algorithm, tool := range map[string]string{"gzip": "gzip", "brotli": "brotli", "zstd": "zstd"} {
		r := harness.RunInput(t, curlText, tool, "-c")
		if r.Code != 0 {
			t.Fatalf("%s: %s", tool, r.Stderr)
		}
		dir := files(t, map[string]string{"data": r.Stdout})
		harness.WriteFile(t, filepath.Join(dir, "main.js"), fmt.Sprintf(`
			pipeline($=>$
				.onStart(new Data)
				.read('%s/data')
				.decompress('%s').tee('%s/plain')
				.compress('%s').tee('%s/packed')
			).spawn()`, dir, algorithm, dir, algorithm, dir))
		if r := weir(t, filepath.Join(dir, "main.js")); r.Code != 0 || r.Stderr != "" {
			t.Fatalf("%s: exit code %d\n%s", algorithm, r.Code, r.Stderr)
		}
		if plain, err := os.ReadFile(filepath.Join(dir, "plain")); err != nil || string(plain) != curlText {
			t.Errorf("%s: unpacked %d bytes of %d, %v", algorithm, len(plain), len(curlText), err)
		}
		packed, err := os.ReadFile(filepath.Join(dir, "packed"))
		if err != nil {
			t.Fatal(err)
		}
		if r := harness.RunInput(t, string(packed), tool, "-dc"); r.Stdout != curlText {
			t.Errorf("%s: the tool unpacked %d bytes of %d: %s", algorithm, len(r.Stdout), len(curlText), r.Stderr)
		}
	}
}
