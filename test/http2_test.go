//go:build linux

package test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weir/test/harness"
)

// h2Script serves text on the first port, passes on over HTTP/1 on the second and over HTTP/2 on the third.
const h2Script = `
	pipy.listen('127.0.0.1:%d', $=>$.serveHTTP(req => new Message({ headers: { 'x-path': req.head.path } }, 'hello ' + req.body.size)))
	pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.connect('127.0.0.1:%d'))))
	pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$.muxHTTP(() => 1, { version: 2 }).to($=>$.connect('127.0.0.1:%d'))))`

func startH2(t *testing.T) []int {
	p := harness.Ports(t, 3)
	harness.Start(t, harness.Config{Listen: p, Script: fmt.Sprintf(h2Script, p[0], p[1], p[0], p[2], p[1])})
	return p
}

func TestHTTP2Curl(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 100000)
	for i, port := range startH2(t) {
		for _, flag := range []string{"--http2-prior-knowledge", "--http2", "--http1.1"} {
			url := "http://" + harness.Addr(port) + "/a?b"
			if got := harness.Curl(t, flag, "-w", " %{http_version} %header{x-path}", url); got != "hello 0 "+map[bool]string{true: "1.1", false: "2"}[flag == "--http1.1"]+" /a?b" {
				t.Errorf("port %d, %s: %q", i, flag, got)
			}
			if got := harness.Curl(t, flag, "-d", body, url); got != "hello 100000" {
				t.Errorf("port %d, %s: %q", i, flag, got)
			}
		}
	}
}

func TestHTTP2Nghttp(t *testing.T) {
	t.Parallel()
	harness.Need(t, "nghttp")
	for _, port := range startH2(t) {
		for _, flags := range [][]string{{"-nv"}, {"-nvu"}, {"-nv", "--trailer=t: v", "--data=/etc/hostname"}, {"-nv", "--padding=100", "--window-bits=1"}} {
			url := "http://" + harness.Addr(port)
			r := harness.Run(t, "nghttp", append(flags, url+"/1", url+"/2", url+"/3")...)
			if n := strings.Count(r.Stdout, ":status: 200"); r.Code != 0 || n != 3 {
				t.Errorf("nghttp %v: exit code %d, %d responses\n%s%s", flags, r.Code, n, r.Stdout, r.Stderr)
			}
		}
	}
}

func TestHTTP2Load(t *testing.T) {
	t.Parallel()
	harness.Need(t, "h2load")
	for _, port := range startH2(t) {
		r := harness.Run(t, "h2load", "-n", "5000", "-c", "5", "-m", "100", "http://"+harness.Addr(port)+"/")
		if !strings.Contains(r.Stdout, "5000 succeeded, 0 failed, 0 errored, 0 timeout") {
			t.Errorf("%s%s", r.Stdout, r.Stderr)
		}
	}
}

// h2Client is Go's client, over TCP without TLS.
func h2Client(t *testing.T) *http.Client {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: p}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: harness.Patience}
}

// h2Upstream is Go's server, over TCP without TLS.
func h2Upstream(t *testing.T, h http.HandlerFunc, streams int) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	p.SetHTTP1(true)
	s := &http.Server{Handler: h, Protocols: p, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streams}}
	go s.Serve(l) //nolint:errcheck // always ErrServerClosed
	t.Cleanup(func() { s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// h2Proxies starts weir in front of an upstream: towards it over HTTP/1 on the first port, over HTTP/2 on the second.
func h2Proxies(t *testing.T, upstream int) ([]int, *harness.Weir) {
	p := harness.Ports(t, 2)
	w := harness.Start(t, harness.Config{Listen: p, Script: fmt.Sprintf(`
		pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.connect('127.0.0.1:%d'))))
		pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$.muxHTTP(() => 1, { version: 'h2' }).to($=>$.connect('127.0.0.1:%d'))))`,
		p[0], upstream, p[1], upstream)})
	return p, w
}

func TestHTTP2BodiesAndTrailers(t *testing.T) {
	t.Parallel()
	upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("trailer", "x-sum")
		w.Header().Set("x-version", r.Proto)
		if r.URL.Path == "/length" {
			w.Header().Set("content-length", "5")
			return
		}
		if r.Method == "HEAD" || r.URL.Path == "/204" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.NewResponseController(w).EnableFullDuplex()
		n, err := io.Copy(w, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("x-sum", fmt.Sprint(n, r.Trailer.Get("t")))
	}, 0)
	ports, _ := h2Proxies(t, upstream)
	body := make([]byte, 5<<20)
	rand.Read(body)
	client := h2Client(t)
	for i, port := range ports {
		url := "http://" + harness.Addr(port)
		for _, size := range []int{0, 1, 1000, 16384, 100000, len(body)} {
			req, _ := http.NewRequest("POST", url, io.MultiReader(bytes.NewReader(body[:size])))
			req.Trailer = http.Header{"T": {"v"}}
			res, err := client.Do(req)
			if err != nil {
				t.Fatalf("port %d, %d bytes: %v", i, size, err)
			}
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || !bytes.Equal(got, body[:size]) {
				t.Errorf("port %d, %d bytes: %d came back, %v", i, size, len(got), err)
			}
			if got, want := res.Trailer.Get("x-sum"), fmt.Sprint(size, "v"); got != want {
				t.Errorf("port %d, %d bytes: trailer %q, want %q", i, size, got, want)
			}
			if got, want := res.Header.Get("x-version"), []string{"HTTP/1.1", "HTTP/2.0"}[i]; got != want {
				t.Errorf("the upstream saw %s, want %s", got, want)
			}
		}
		for _, method := range []string{"HEAD", "GET"} {
			req, _ := http.NewRequest(method, url+"/204", nil)
			res, err := client.Do(req)
			if err != nil || res.StatusCode != 204 {
				t.Errorf("%s: %v %v", method, res, err)
				continue
			}
			res.Body.Close()
		}
		// The length is that of a body which HEAD does not get.
		res, err := client.Head(url + "/length")
		if err != nil || res.StatusCode != 200 || res.ContentLength != 5 {
			t.Errorf("HEAD: %v %v", res, err)
			continue
		}
		res.Body.Close()
	}
}

// Nothing of a streamed body waits for what comes after it, and a client that leaves is gone for the upstream too.
func TestHTTP2StreamingAndCancellation(t *testing.T) {
	t.Parallel()
	gone := make(chan string, 2)
	upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.(http.Flusher).Flush()
		buf := make([]byte, 100)
		for {
			n, err := r.Body.Read(buf)
			w.Write(buf[:n])
			w.(http.Flusher).Flush()
			if err != nil {
				break
			}
		}
		<-r.Context().Done()
		gone <- r.Proto
	}, 0)
	ports, _ := h2Proxies(t, upstream)
	for i, port := range ports {
		ctx, cancel := context.WithCancel(context.Background())
		in, out := io.Pipe()
		req, _ := http.NewRequestWithContext(ctx, "POST", "http://"+harness.Addr(port), in)
		res, err := h2Client(t).Do(req)
		if err != nil {
			t.Fatalf("port %d: %v", i, err)
		}
		for _, word := range []string{"one", "two", "three"} {
			io.WriteString(out, word)
			buf := make([]byte, len(word))
			if _, err := io.ReadFull(res.Body, buf); err != nil || string(buf) != word {
				t.Fatalf("port %d: %q, %v", i, buf, err)
			}
		}
		cancel()
		out.Close()
		select {
		case <-gone:
		case <-time.After(harness.Patience):
			t.Fatalf("port %d: the upstream does not know that the client has left", i)
		}
	}
}

// A stream whose body is not read holds up neither the others nor much memory, and goes on when it is read again.
func TestHTTP2BackPressure(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-read
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	}, 0)
	ports, w := h2Proxies(t, upstream)
	const size = 50 << 20
	for i, port := range ports {
		client := h2Client(t)
		url := "http://" + harness.Addr(port)
		harness.Eventually(t, "the proxy", func() bool { res, err := client.Get(url); return err == nil && res.Body.Close() == nil })
		before := harness.RSS(t, w.PID)
		var sent counter
		done := make(chan string)
		go func() {
			res, err := client.Post(url+"/slow", "", io.TeeReader(io.LimitReader(zeros{}, size), &sent))
			if err != nil {
				done <- err.Error()
				return
			}
			b, _ := io.ReadAll(res.Body)
			done <- string(b)
		}()
		var last int64
		harness.Eventually(t, "the upload to stall", func() bool {
			now := sent.n()
			stalled := now > 0 && now == last
			last = now
			time.Sleep(100 * time.Millisecond) // between two looks
			return stalled
		})
		for range 20 { // on the same connection
			res, err := client.Post(url, "", strings.NewReader("hello"))
			if err != nil {
				t.Fatalf("port %d: %v", i, err)
			}
			if b, _ := io.ReadAll(res.Body); string(b) != "5" {
				t.Errorf("port %d: %s", i, b)
			}
			res.Body.Close()
		}
		if got := sent.n(); got > 24<<20 {
			t.Errorf("port %d: %d MiB were taken from a client whose upstream reads nothing", i, got>>20)
		}
		if grown := harness.RSS(t, w.PID) - before; grown > 64<<20 {
			t.Errorf("port %d: memory has grown by %d MiB", i, grown>>20)
		}
		read <- struct{}{}
		if got := <-done; got != fmt.Sprint(size) {
			t.Errorf("port %d: %s", i, got)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// counter counts the bytes written to it.
type counter struct {
	mu    sync.Mutex
	total int64
}

func (c *counter) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.total += int64(len(b))
	c.mu.Unlock()
	return len(b), nil
}

func (c *counter) n() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// A client opens as many connections as the number of streams a server allows makes necessary, also if it learns that
// number only by being refused.
func TestHTTP2MaxConcurrentStreams(t *testing.T) {
	t.Parallel()
	const calls = 12
	for _, warm := range []bool{true, false} {
		var busy sync.WaitGroup
		busy.Add(calls)
		upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/wait" {
				busy.Done()
				busy.Wait() // needs all of them at the same time
			}
			io.WriteString(w, "ok")
		}, 5)
		ports, _ := h2Proxies(t, upstream)
		client := h2Client(t)
		get := func(path string) error {
			res, err := client.Get("http://" + harness.Addr(ports[1]) + path)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if b, err := io.ReadAll(res.Body); err != nil || string(b) != "ok" {
				return fmt.Errorf("%d %q %v", res.StatusCode, b, err)
			}
			return nil
		}
		if warm {
			if err := get("/"); err != nil {
				t.Fatal(err)
			}
		}
		errs := make(chan error, calls)
		for range calls {
			go func() { errs <- get("/wait") }()
		}
		for range calls {
			if err := <-errs; err != nil {
				t.Errorf("warm %v: %v", warm, err)
			}
		}
	}
}

// Requests with bodies that arrive in any order share the connection to the upstream.
func TestHTTP2ConcurrentBodies(t *testing.T) {
	t.Parallel()
	var connections sync.Map
	upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
		connections.Store(r.RemoteAddr, true)
		io.Copy(w, r.Body)
	}, 50)
	ports, _ := h2Proxies(t, upstream)
	client := h2Client(t)
	call := func(i int) error {
		body, pipe := io.Pipe()
		text := fmt.Sprint("body ", i)
		go func() {
			for _, c := range []byte(text) {
				pipe.Write([]byte{c})
			}
			pipe.Close()
		}()
		req, err := http.NewRequest("POST", "http://"+harness.Addr(ports[1])+"/", body)
		if err != nil {
			return err
		}
		req.ContentLength = int64(len(text)) // heads with a length are held back until the body begins
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(b) != text {
			return fmt.Errorf("call %d: %d %q %v", i, res.StatusCode, b, err)
		}
		return nil
	}
	const callers, calls = 40, 50
	errs := make(chan error, callers)
	for i := range callers {
		go func() {
			for j := range calls {
				if err := call(i*calls + j); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	n := 0 // more than one if the upstream gave connections up
	connections.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d connections to the upstream", n)
	}
}

func TestHTTP2Nginx(t *testing.T) {
	t.Parallel()
	nginx := harness.StartNginxHTTP2(t, `location / { return 200 "$server_protocol $request_uri\n"; } location /f { root @ROOT@; }`, map[string]string{"f": strings.Repeat("x", 300000)})
	ports, _ := h2Proxies(t, nginx)
	if got := harness.Curl(t, "http://"+harness.Addr(ports[1])+"/a"); got != "HTTP/2.0 /a\n" {
		t.Errorf("%q", got)
	}
	if got := harness.Curl(t, "--http2-prior-knowledge", "http://"+harness.Addr(ports[1])+"/f"); len(got) != 300000 {
		t.Errorf("%d bytes", len(got))
	}
}

// rawServer takes connections and has each served with a Framer.
func rawServer(t *testing.T, serve func(n int, f *http2.Framer)) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
				f := http2.NewFramer(c, c)
				f.WriteSettings()
				serve(n, f)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func answer(f *http2.Framer, id uint32, status string) {
	var b bytes.Buffer
	hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: ":status", Value: status})
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, EndStream: true, BlockFragment: b.Bytes()})
}

// Requests that a server says it has not looked at are sent again elsewhere, whole.
func TestHTTP2FailsOver(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(f *http2.Framer, id uint32){
		"GOAWAY":         func(f *http2.Framer, id uint32) { f.WriteGoAway(0, http2.ErrCodeNo, nil) },
		"REFUSED_STREAM": func(f *http2.Framer, id uint32) { f.WriteRSTStream(id, http2.ErrCodeRefusedStream) },
	} {
		refused := false
		var mu sync.Mutex
		port := rawServer(t, func(n int, f *http2.Framer) {
			size := map[uint32]int{}
			for {
				fr, err := f.ReadFrame()
				if err != nil {
					return
				}
				if d, ok := fr.(*http2.DataFrame); ok {
					size[d.StreamID] += len(d.Data())
					if !d.StreamEnded() {
						continue
					}
					mu.Lock()
					first := !refused
					refused = true
					mu.Unlock()
					if first {
						refuse(f, d.StreamID)
					} else {
						answer(f, d.StreamID, fmt.Sprint(200+size[d.StreamID]))
					}
				}
			}
		})
		ports, _ := h2Proxies(t, port)
		if got := harness.Curl(t, "-d", "12345", "-o", "/dev/null", "-w", "%{http_code}", "http://"+harness.Addr(ports[1])); got != "205" {
			t.Errorf("%s: status %s", name, got)
		}
	}
}

// A server that breaks off is not mistaken for one that is done.
func TestHTTP2BrokenResponses(t *testing.T) {
	t.Parallel()
	port := rawServer(t, func(n int, f *http2.Framer) {
		path := ""
		dec := hpack.NewDecoder(4096, func(x hpack.HeaderField) {
			if x.Name == ":path" {
				path = x.Value
			}
		})
		for {
			fr, err := f.ReadFrame()
			if err != nil {
				return
			}
			h, ok := fr.(*http2.HeadersFrame)
			if !ok {
				continue
			}
			dec.Write(h.HeaderBlockFragment())
			switch path {
			case "/reset":
				f.WriteRSTStream(h.StreamID, http2.ErrCodeInternal)
			case "/half":
				f.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, h.StreamID, []byte{0x88})
				f.WriteData(h.StreamID, false, []byte("half"))
				f.WriteRSTStream(h.StreamID, http2.ErrCodeInternal)
			case "/close":
				return
			case "/garbage":
				f.WriteRawFrame(http2.FrameHeaders, 5, h.StreamID, []byte{0xff, 0xff, 0xff, 0xff})
			}
		}
	})
	ports, _ := h2Proxies(t, port)
	for _, path := range []string{"/close", "/reset", "/garbage"} {
		if got := harness.Curl(t, "-o", "/dev/null", "-w", "%{http_code}", "http://"+harness.Addr(ports[1])+path); got != "502" {
			t.Errorf("%s: status %s", path, got)
		}
	}
	for _, flag := range []string{"--http1.1", "--http2-prior-knowledge"} {
		if r := harness.Run(t, "curl", "-sf", flag, "http://"+harness.Addr(ports[1])+"/half"); r.Code == 0 {
			t.Errorf("curl %s takes half a response for a whole one: %q", flag, r.Stdout)
		}
	}
}

// A client that opens streams only to reset them is disconnected; other connections go on.
func TestHTTP2RapidReset(t *testing.T) {
	t.Parallel()
	upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
	}, 1000)
	ports, w := h2Proxies(t, upstream)
	client := h2Client(t)
	before := harness.RSS(t, w.PID)
	c, err := net.Dial("tcp", harness.Addr(ports[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(harness.Patience))
	io.WriteString(c, http2.ClientPreface)
	f := http2.NewFramer(c, c)
	f.WriteSettings()
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, x := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: "/slow"}, {Name: ":authority", Value: "a"}} {
		enc.WriteField(x)
	}
	go func() {
		for id := uint32(1); id < 200000; id += 2 {
			if f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndStream: true, EndHeaders: true, BlockFragment: block.Bytes()}) != nil ||
				f.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
				return
			}
		}
	}()
	in := http2.NewFramer(io.Discard, c)
	for code := http2.ErrCodeNo; code != http2.ErrCodeEnhanceYourCalm; {
		fr, err := in.ReadFrame()
		if err != nil {
			break // a connection reset may overtake the GOAWAY
		}
		if g, ok := fr.(*http2.GoAwayFrame); ok {
			code = g.ErrCode
		}
	}
	res, err := client.Get("http://" + harness.Addr(ports[1]) + "/")
	if err != nil || res.StatusCode != 200 {
		t.Errorf("another client: %v %v", res, err)
	}
	if grown := harness.RSS(t, w.PID) - before; grown > 64<<20 {
		t.Errorf("memory has grown by %d MiB", grown>>20)
	}
}

// At a reload streams finish on the old version while new connections get the new one.
func TestHTTP2Reload(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	script := `pipy.listen('127.0.0.1:%d', $=>$.serveHTTP(req => req.head.path == '/slow'
		? new Promise(ok => new Timeout(2).wait().then(() => ok(new Message('%s slow')))) : new Message('%s')))`
	w := harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(script, port, "old", "old")})
	client := h2Client(t)
	get := func(path string) string {
		res, err := client.Get("http://" + harness.Addr(port) + path)
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	if got := get("/"); got != "old" {
		t.Fatal(got)
	}
	slow := make(chan string)
	go func() { slow <- get("/slow") }()
	time.Sleep(200 * time.Millisecond) // for the request to be under way
	harness.WriteFile(t, w.Dir+"/main.js", fmt.Sprintf(script, port, "new", "new"))
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Codebase reloaded on thread 0")
	harness.Eventually(t, "the new version", func() bool { return get("/") == "new" })
	if got := <-slow; got != "old slow" {
		t.Errorf("the request under way: %s", got)
	}
}

func TestHTTPAgentHTTP2(t *testing.T) {
	t.Parallel()
	upstream := h2Upstream(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Proto, r.Method, r.Host, b)
	}, 0)
	out := output(t, map[string]string{"main.js": fmt.Sprintf(`
		var agent = new http.Agent('localhost:%d', { version: 2 })
		agent.request('POST', '/', {}, 'body').then(res => { println(res.head.status, res.body.toString()); pipy.exit() })`, upstream)})
	if want := fmt.Sprintf("200 HTTP/2.0 POST localhost:%d body\n", upstream); out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}
