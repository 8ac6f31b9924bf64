//go:build linux

package test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// staticServer serves a folder in the two ways scripts do it, on a port each.
func staticServer(t *testing.T, dir, options string) (w *harness.Weir, ports []int) {
	t.Helper()
	ports = harness.Ports(t, 2)
	w = harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var www = new http.Directory(%q, { fs: true, %s })
			var answer = req => www.serve(req) || new Message({ status: 404 }, 'nothing here')
			pipy.listen(%d, $=>$.serveHTTP(answer))
			pipy.listen(%d, $=>$.demuxHTTP().to($=>$.replaceMessage(answer)))
		`, dir, options, ports[0], ports[1]),
		Listen: ports,
	})
	return w, ports
}

func TestStaticFilesWithCurl(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl", "gzip", "brotli", "zstd")
	dir := t.TempDir()
	big := make([]byte, 3<<20)
	for i := range big {
		big[i] = byte(rand.IntN(256))
	}
	text := strings.Repeat("all work and no play\n", 20000)
	harness.WriteFile(t, filepath.Join(dir, "big.bin"), string(big))
	harness.WriteFile(t, filepath.Join(dir, "page.html"), text)
	for _, tool := range [][]string{{"gzip", "-k"}, {"brotli", "-k", "-q", "5"}, {"zstd", "-q", "-k"}} {
		if r := harness.Run(t, tool[0], append(tool[1:], filepath.Join(dir, "page.html"))...); r.Code != 0 {
			t.Fatal(r.Stderr)
		}
	}
	_, ports := staticServer(t, dir, "")
	for _, port := range ports {
		url := fmt.Sprintf("http://127.0.0.1:%d/", port)
		curl := func(args ...string) string {
			t.Helper()
			out := filepath.Join(t.TempDir(), "out")
			info := harness.Curl(t, append(args, "-o", out, "-w", "%{http_code} %{size_download} %header{content-encoding}")...)
			b, err := os.ReadFile(out)
			if err != nil {
				return info
			}
			return fmt.Sprintf("%s %x", info, sha256.Sum256(b))
		}
		sum := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
		check := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("port %d, %s: got %s, want %s", port, what, got, want)
			}
		}
		check("whole", curl(url+"big.bin"), fmt.Sprintf("200 %d  %s", len(big), sum(big)))
		check("range", curl("-r", "1000000-2000000", url+"big.bin"), "206 1000001  "+sum(big[1000000:2000001]))
		check("text", curl(url+"page.html"), fmt.Sprintf("200 %d  %s", len(text), sum([]byte(text))))

		// An interrupted download goes on where it stopped, and a complete one is not fetched again.
		part := filepath.Join(t.TempDir(), "part")
		harness.WriteFile(t, part, string(big[:1234567]))
		check("resume", harness.Curl(t, "-C", "-", "-o", part, "-w", "%{http_code} %{size_download}", url+"big.bin"), fmt.Sprintf("206 %d", len(big)-1234567))
		if b, _ := os.ReadFile(part); !bytes.Equal(b, big) {
			t.Error("the resumed download differs")
		}
		check("resume at the end", harness.Curl(t, "-C", fmt.Sprint(len(big)), "-o", part+"2", "-w", "%{http_code}", url+"big.bin"), "416")

		etags := filepath.Join(t.TempDir(), "etags")
		harness.Curl(t, "--etag-save", etags, "-o", os.DevNull, url+"big.bin")
		check("etag", harness.Curl(t, "--etag-compare", etags, "-w", "%{http_code} %{size_download}", url+"big.bin"), "304 0")
		check("date", harness.Curl(t, "-z", filepath.Join(dir, "big.bin"), "-w", "%{http_code}", url+"big.bin"), "304")
		check("old date", harness.Curl(t, "-z", "1 Jan 2001", "-o", os.DevNull, "-w", "%{http_code}", url+"big.bin"), "200")

		check("head", harness.Curl(t, "-I", "-o", os.DevNull, "-w", "%{http_code} %header{content-length} %{size_download}", url+"big.bin"), fmt.Sprintf("200 %d 0", len(big)))
		for _, encoding := range []string{"gzip", "br", "zstd"} {
			got := harness.Curl(t, "-H", "accept-encoding: "+encoding, "-o", part, "-w", "%header{content-encoding}", url+"page.html")
			check(encoding, got, encoding)
			tool := map[string]string{"gzip": "gzip", "br": "brotli", "zstd": "zstd"}[encoding]
			if out := harness.Run(t, "sh", "-c", tool+" -dc <"+part).Stdout; out != text {
				t.Errorf("%s unpacks to %d bytes", encoding, len(out))
			}
		}
		check("compressed", harness.Curl(t, "--compressed", url+"page.html"), text)
		check("404", harness.Curl(t, "-w", " %{http_code}", url+"nothing"), "nothing here 404")
		parts := harness.Curl(t, "-r", "0-3,5-8", url+"page.html")
		if strings.Count(parts, "content-range: bytes ") != 2 || !strings.Contains(parts, "\r\n\r\nall \r\n--") || !strings.Contains(parts, "\r\n\r\nork \r\n--") {
			t.Errorf("two ranges: %q", parts)
		}
	}
}

// Requests that follow in the same segment get their answers in order, whole files among small ones.
func TestStaticFilesPipelined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big := strings.Repeat("0123456789abcdef", 100000)
	harness.WriteFile(t, filepath.Join(dir, "big"), big)
	harness.WriteFile(t, filepath.Join(dir, "small"), "small")
	_, ports := staticServer(t, dir, "")
	for _, port := range ports {
		c := harness.Dial(t, port)
		for _, name := range []string{"small", "big", "small", "big", "big", "small"} {
			c.Send("GET /" + name + " HTTP/1.1\r\nhost: x\r\n\r\n")
		}
		for _, want := range []string{"small", big, "small", big, big, "small"} {
			if res, body := c.ReadResponse("GET"); res.StatusCode != 200 || body != want || res.ContentLength != int64(len(want)) {
				t.Fatalf("port %d: %d, %d bytes instead of %d", port, res.StatusCode, len(body), len(want))
			}
		}
		c.Send("GET /big HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
		if res, body := c.ReadResponse("GET"); body != big || !res.Close {
			t.Errorf("last: %d bytes", len(body))
		}
	}
}

// A file of any size is sent without being held in memory, however slow the client is.
func TestStaticFilesAreStreamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "huge")
	harness.WriteFile(t, name, "")
	const size = 8 << 30
	if err := os.Truncate(name, size); err != nil {
		t.Skipf("no sparse files: %v", err)
	}
	w, ports := staticServer(t, dir, "")
	before := harness.RSS(t, w.PID)
	for _, port := range ports {
		for range 4 {
			c := harness.Dial(t, port)
			c.Send("GET /huge HTTP/1.1\r\nhost: x\r\n\r\n")
			c.ReadUntil("\r\n\r\n")
			c.ReadN(1 << 20)
		}
		c := harness.Dial(t, port)
		c.Send(fmt.Sprintf("GET /huge HTTP/1.1\r\nhost: x\r\nrange: bytes=%d-\r\n\r\n", size-100))
		if res, body := c.ReadResponse("GET"); res.StatusCode != http.StatusPartialContent || len(body) != 100 {
			t.Errorf("the end: %d, %d bytes", res.StatusCode, len(body))
		}
	}
	if grown := harness.RSS(t, w.PID) - before; grown > 64<<20 {
		t.Errorf("memory grew by %d MiB for 8 clients", grown>>20)
	}
}

// A file that shrinks while it is sent ends the connection: the client must not take what came for all of it.
func TestStaticFileShrinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "big")
	harness.WriteFile(t, name, "")
	const size = 64 << 20
	if err := os.Truncate(name, size); err != nil {
		t.Skipf("no sparse files: %v", err)
	}
	w, ports := staticServer(t, dir, "")
	for _, port := range ports {
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
		c := harness.Dial(t, port)
		c.SetReadBuffer(4096)
		c.Send("GET /big HTTP/1.1\r\nhost: x\r\n\r\n")
		c.ReadUntil("\r\n\r\n")
		if err := os.Truncate(name, 1000); err != nil {
			t.Fatal(err)
		}
		if n := len(c.ReadAll()); n == 0 || n >= size {
			t.Errorf("port %d: %d bytes came", port, n)
		}
		// Its file is closed.
		harness.Eventually(t, "the file to be closed", func() bool { return !opened(t, w.PID, name) })
	}
}

// opened reports whether a process has a file open.
func opened(t *testing.T, pid int, name string) bool {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if target, _ := os.Readlink(l); target == name {
			return true
		}
	}
	return false
}

// A client that goes away in the middle leaves no file open.
func TestStaticFileClientLeaves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "big")
	harness.WriteFile(t, name, "")
	if err := os.Truncate(name, 1<<30); err != nil {
		t.Skipf("no sparse files: %v", err)
	}
	w, ports := staticServer(t, dir, "")
	for _, port := range ports {
		c := harness.Dial(t, port)
		c.Send("GET /big HTTP/1.1\r\nhost: x\r\n\r\n")
		c.ReadN(100000)
		if !opened(t, w.PID, name) {
			t.Error("the file is not open")
		}
		c.Reset()
		harness.Eventually(t, "the file to be closed", func() bool { return !opened(t, w.PID, name) })
		if got := harness.Exchange(t, port, "GET /none HTTP/1.0\r\n\r\n"); !strings.Contains(got, "404") {
			t.Errorf("afterwards: %q", got)
		}
	}
}

// Scripts that look at the body of a large file get all of it.
func TestStaticFileBodyInScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "big"), strings.Repeat("x", 1<<20))
	harness.WriteFile(t, filepath.Join(dir, "huge"), "")
	if err := os.Truncate(filepath.Join(dir, "huge"), 1<<30); err != nil {
		t.Skipf("no sparse files: %v", err)
	}
	got := output(t, map[string]string{"main.js": fmt.Sprintf(`
		var www = new http.Directory(%q, { fs: true })
		var body = path => www.serve(new Message({ path })).body
		println(body('/big').size)
		try { body('/huge') } catch (e) { println(e.message) }
	`, dir)})
	compareLines(t, got, "1048576\na body of 1073741824 bytes is too large to be held in memory\n")
}
