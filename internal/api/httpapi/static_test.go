package httpapi_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/api/httpapi"
	"weir/internal/filter/filtertest"
)

// see logs status, headers by name, and the body, with what is random or depends on the clock taken out.
const see = `function see(m) {
		if (!m) return test.log(String(m))
		const h = m.head.headers, boundary = /boundary=(\w+)/.exec(h['content-type'])
		let s = [m.head.status, ...Object.entries(h).map(([k, v]) => k + '=' + v), '[' + m.body.toString() + ']'].join(' ')
		if (boundary) s = s.replaceAll(boundary[1], 'B')
		test.log(s.replace(/"[0-9a-f-]{17,}/, '"TAG').replaceAll('\r\n', '|'))
	}
	function ask(path, headers, method = 'GET') { return new Message({method, path, headers}) }
`

func TestValidators(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "0123456789", "b.txt": "plain", "b.txt.gz": "zipped", "b.txt.zst": "zstd", "empty": ""} {
		file := filepath.Join(dir, name)
		os.WriteFile(file, []byte(text), 0o644)
		os.Chtimes(file, when, when)
	}
	const (
		tail  = ` etag="TAG" last-modified=Fri, 02 Jan 2026 03:04:05 GMT accept-ranges=bytes`
		plain = `200 content-type=text/plain` + tail + ` [0123456789]`
		since = `Fri, 02 Jan 2026 03:04:05 GMT`
	)
	head := fmt.Sprintf(see+"const path = %q, d = new http.Directory(path, {fs: true}), tag = d.serve(ask('/a.txt', {})).head.headers.etag\n", dir)
	for src, want := range map[string]string{
		`d.serve(ask('/a.txt', {}))`:                                                              plain,
		`d.serve(ask('/a.txt', {}, 'HEAD'))`:                                                      `200 content-type=text/plain content-length=10` + tail + ` [0123456789]`,
		`d.serve(ask('/a.txt', {'if-none-match': tag}))`:                                          `304` + tail + ` content-length=10 []`,
		`d.serve(ask('/a.txt', {'if-none-match': '"x"'}))`:                                        plain,
		`d.serve(ask('/a.txt', {'if-none-match': 'W/' + tag}, 'HEAD'))`:                           `304` + tail + ` content-length=10 []`,
		`d.serve(ask('/a.txt', {'if-modified-since': '` + since + `'}))`:                          `304` + tail + ` content-length=10 []`,
		`d.serve(ask('/a.txt', {'if-modified-since': 'Fri, 02 Jan 2026 03:04:04 GMT'}))`:          plain,
		`d.serve(ask('/a.txt', {'if-match': '"x"'}))`:                                             `412 []`,
		`d.serve(ask('/a.txt', {'if-match': tag}))`:                                               plain,
		`d.serve(ask('/a.txt', {'if-none-match': tag}, 'POST'))`:                                  plain,
		`d.serve(ask('/a.txt', {range: 'bytes=2-4'}))`:                                            `206 content-type=text/plain content-range=bytes 2-4/10` + tail + ` [234]`,
		`d.serve(ask('/a.txt', {range: 'bytes=-3'}))`:                                             `206 content-type=text/plain content-range=bytes 7-9/10` + tail + ` [789]`,
		`d.serve(ask('/a.txt', {range: 'bytes=0-'}))`:                                             `206 content-type=text/plain content-range=bytes 0-9/10` + tail + ` [0123456789]`,
		`d.serve(ask('/a.txt', {range: 'bytes=10-'}))`:                                            `416 content-range=bytes */10 []`,
		`d.serve(ask('/a.txt', {range: 'lines=1-2'}))`:                                            plain,
		`d.serve(ask('/a.txt', {range: 'bytes=2-4'}, 'HEAD'))`:                                    `200 content-type=text/plain content-length=10` + tail + ` [0123456789]`,
		`d.serve(ask('/a.txt', {range: 'bytes=2-4', 'if-range': tag}))`:                           `206 content-type=text/plain content-range=bytes 2-4/10` + tail + ` [234]`,
		`d.serve(ask('/a.txt', {range: 'bytes=2-4', 'if-range': '` + since + `'}))`:               `206 content-type=text/plain content-range=bytes 2-4/10` + tail + ` [234]`,
		`d.serve(ask('/a.txt', {range: 'bytes=2-4', 'if-range': '"x"'}))`:                         plain,
		`d.serve(ask('/a.txt', {range: 'bytes=2-4', 'if-none-match': tag}))`:                      `304` + tail + ` content-length=10 []`,
		`new http.Directory(path, {fs: true, maxCachedFile: 4}).serve(ask('/a.txt', {}))`:         plain,
		`new http.Directory(path, {fs: true, maxCachedFile: 4}).serve(ask('/a.txt', {}, 'HEAD'))`: `200 content-type=text/plain content-length=10` + tail + ` []`,
		`new http.Directory(path, {fs: true, maxCachedFile: 4}).serve(ask('/a.txt', {range: 'bytes=0-1,8-'}))`: `206 content-type=multipart/byteranges; boundary=B` + tail +
			` [--B|content-type: text/plain|content-range: bytes 0-1/10||01|--B|content-type: text/plain|content-range: bytes 8-9/10||89|--B--|]`,
		`d.serve(ask('/a.txt', {range: 'bytes=0-1,-1'}))`: `206 content-type=multipart/byteranges; boundary=B` + tail +
			` [--B|content-type: text/plain|content-range: bytes 0-1/10||01|--B|content-type: text/plain|content-range: bytes 9-9/10||9|--B--|]`,
		`d.serve(ask('/empty', {range: 'bytes=0-'}))`:                                                                         `416 content-range=bytes */0 []`,
		`d.serve(ask('/b.txt', {'accept-encoding': 'gzip'}))`:                                                                 `200 content-type=text/plain content-encoding=gzip vary=accept-encoding` + tail + ` [zipped]`,
		`d.serve(ask('/b.txt', {'accept-encoding': 'gzip, zstd'}))`:                                                           `200 content-type=text/plain content-encoding=zstd vary=accept-encoding` + tail + ` [zstd]`,
		`d.serve(ask('/b.txt', {'accept-encoding': 'gzip, zstd;q=0.9'}))`:                                                     `200 content-type=text/plain content-encoding=gzip vary=accept-encoding` + tail + ` [zipped]`,
		`d.serve(ask('/b.txt', {'accept-encoding': 'gzip;q=0, zstd;q=0'}))`:                                                   `200 content-type=text/plain vary=accept-encoding` + tail + ` [plain]`,
		`d.serve(ask('/b.txt', {'accept-encoding': 'gzip', range: 'bytes=0-2'}))`:                                             `206 content-type=text/plain content-encoding=gzip content-range=bytes 0-2/6 vary=accept-encoding` + tail + ` [zip]`,
		`new http.Directory(path, {fs: true, validators: false}).serve(ask('/a.txt', {'if-match': '"x"'}))`:                   `200 content-type=text/plain accept-ranges=bytes [0123456789]`,
		`new http.Directory(path, {fs: true, validators: false, ranges: false}).serve(ask('/a.txt', {range: 'bytes=0-0'}))`:   `200 content-type=text/plain [0123456789]`,
		`new http.Directory(path, {fs: true, validators: false}).serve(ask('/a.txt', {range: 'bytes=0-0', 'if-range': tag}))`: `200 content-type=text/plain accept-ranges=bytes [0123456789]`,
		`new http.Directory(path, {fs: true, cacheControl: 'max-age=60'}).serve(ask('/a.txt', {}))`:                           strings.Replace(plain, " [", " cache-control=max-age=60 [", 1),
		`new http.Directory(path, {fs: true, cacheControl: p => p + '!'}).serve(ask('/a.txt', {}))`:                           strings.Replace(plain, " [", " cache-control=/a.txt! [", 1),
		`new http.Directory(path, {fs: true, cacheControl: () => null}).serve(ask('/a.txt', {}))`:                             plain,
		`new http.Directory(path, {fs: true, methods: true}).serve(ask('/a.txt', {}, 'PUT'))`:                                 `405 allow=GET, HEAD []`,
	} {
		if got := run(t, nil, head+"see("+src+")"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", src, got, want)
		}
	}
	for src, want := range map[string]string{
		`const a = d.serve(ask('/b.txt', {})), b = d.serve(ask('/b.txt', {'accept-encoding': 'gzip'})); test.log(a.head.headers.etag !== b.head.headers.etag)`:                                                                                    "true",
		`const z = new http.Directory(path, {fs: true, compression: () => 'gzip'}), get = ae => z.serve(ask('/a.txt', {'accept-encoding': ae})).head.headers; test.log(get('gzip').etag === tag.slice(0, -1) + '-gzip"', get('br').etag === tag)`: "true true",
		`new http.Directory(path, {cacheControl: 1})`:                                       "error: options.cacheControl expects a string or a function",
		`new http.Directory(path, {maxCachedFile: 'x'})`:                                    "error: options.maxCachedFile expects a positive number",
		`new http.Directory(path, {contentTypes: 1})`:                                       "error: options.contentTypes expects an object or a function",
		`test.log(new http.Directory(path + '/none', {fs: true}).serve(ask('/a.txt', {})))`: "null",
	} {
		if got := run(t, nil, head+src); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestDirectoryPaths(t *testing.T) {
	site := files{"/www/dir/index.html": "i", "/www/a b.txt": "spaced", "/www/jquery.min.js": "j", "/www/x.tar.gz": "t", "/www/y.webp": "y", "/www/README": "r"}
	for src, want := range map[string]string{
		`serve('/dir', {redirect: true})`:                                  `301 location=/dir/ []`,
		`serve('/dir?q=/x', {redirect: true})`:                             `301 location=/dir/?q=/x []`,
		`serve('//dir', {redirect: true})`:                                 `301 location=/dir/ []`,
		`serve('/dir/', {redirect: true})`:                                 `200 content-type=text/html [i]`,
		`serve('/dir/index.html', {redirect: true})`:                       `200 content-type=text/html [i]`,
		`serve('/a%20b.txt', {})`:                                          `null`,
		`serve('/a%20b.txt', {decode: true})`:                              `200 content-type=text/plain [spaced]`,
		`serve('/%2e%2e/a%20b.txt?', {decode: true})`:                      `200 content-type=text/plain [spaced]`,
		`serve('/a%2', {decode: true})`:                                    `null`,
		`serve('/a%00', {decode: true})`:                                   `null`,
		`serve('/jquery.min.js', {})`:                                      `200 content-type=application/javascript [j]`,
		`serve('/x.tar.gz', {})`:                                           `200 content-type=application/gzip [t]`,
		`serve('/x.tar.gz', {contentTypes: {'tar.gz': 'a/b', gz: 'c/d'}})`: `200 content-type=a/b [t]`,
		`serve('/y.webp', {})`:                                             `200 content-type=image/webp [y]`,
		`serve('/README', {})`:                                             `200 content-type=application/octet-stream [r]`,
	} {
		head := see + "function serve(path, o) { see(new http.Directory('/www', {validators: false, ranges: false, ...o}).serve(ask(path, {}))) }\n"
		if got := run(t, site, head+src); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

// With fs, what is served follows the file system; and nothing outside of the directory is reached.
func TestDirectoryFollowsFiles(t *testing.T) {
	top := t.TempDir()
	www := filepath.Join(top, "www")
	write := func(name, text string) {
		t.Helper()
		os.MkdirAll(filepath.Dir(name), 0o755)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(top, "secret.txt"), "secret")
	write(filepath.Join(www, "a.txt"), "one")
	write(filepath.Join(www, "sub", "b.txt"), "sub")
	os.Symlink("a.txt", filepath.Join(www, "inside.txt"))
	os.Symlink("../secret.txt", filepath.Join(www, "outside.txt"))
	os.Symlink(top, filepath.Join(www, "up"))
	r := filtertest.Empty(t, httpapi.Namespace)
	serve := func(path, want string) {
		t.Helper()
		if err := r.Load(fmt.Sprintf("globalThis.d ??= new http.Directory(%q, {fs: true, cacheSize: 20}); const m = d.serve(new Message({path: %q})); test.log(m ? m.body.toString() : 'none')", www, path)); err != nil {
			t.Fatal(err)
		}
		if got := r.Notes(); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	serve("/a.txt", "one")
	serve("/inside.txt", "one")
	serve("/outside.txt", "none")
	serve("/up/secret.txt", "none")
	serve("/../secret.txt", "none")
	serve("/sub", "none")
	write(filepath.Join(www, "a.txt"), "other")
	serve("/a.txt", "other")
	serve("/inside.txt", "other")
	for i := range 10 { // more than the cache holds
		name := fmt.Sprintf("n%d.txt", i)
		write(filepath.Join(www, name), name)
		serve("/"+name, name)
	}
	serve("/a.txt", "other")
	os.Remove(filepath.Join(www, "a.txt"))
	serve("/a.txt", "none")
	write(filepath.Join(top, "next", "a.txt"), "replaced")
	os.Rename(www, filepath.Join(top, "gone"))
	serve("/sub/b.txt", "none")
	os.Rename(filepath.Join(top, "next"), www)
	serve("/a.txt", "replaced")
}

func TestTarballOfFileSystem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "site.tar")
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	pack := func(text string) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		w.WriteHeader(&tar.Header{Name: "a.txt", Size: int64(len(text)), Mode: 0o644, ModTime: when})
		w.Write([]byte(text))
		w.Close()
		os.WriteFile(file, b.Bytes(), 0o644)
	}
	r := filtertest.Empty(t, httpapi.Namespace)
	serve := func(want string) {
		t.Helper()
		if err := r.Load(fmt.Sprintf(`globalThis.d ??= new http.Directory(%q, {fs: true, tarball: true}); const m = d.serve(new Message({path: '/a.txt'}))
			test.log(m ? m.head.headers['last-modified'] + ' ' + m.body.toString() : 'none')`, file)); err != nil {
			t.Fatal(err)
		}
		if got := r.Notes(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	serve("none")
	pack("one")
	serve("Fri, 02 Jan 2026 03:04:05 GMT one")
	pack(strings.Repeat("two", 1000))
	serve("Fri, 02 Jan 2026 03:04:05 GMT " + strings.Repeat("two", 1000))
	os.Remove(file)
	serve("none")
}

// A file answers whole requests too.
func TestFileAndRequests(t *testing.T) {
	for src, want := range map[string]string{
		`new http.File('/www/a.txt').toMessage(ask('/', {'accept-encoding': 'gzip;q=0.1, br;q=0'}))`: `200 content-type=text/plain content-encoding=gzip vary=accept-encoding etag="TAG" accept-ranges=bytes [GZ]`,
		`new http.File('/www/a.txt').toMessage(ask('/', {range: 'bytes=1-2'}))`:                      `206 content-type=text/plain content-range=bytes 1-2/5 vary=accept-encoding etag="TAG" accept-ranges=bytes [la]`,
		`f.toMessage(ask('/', {'if-none-match': f.toMessage(ask('/')).head.headers.etag}))`:          `304 etag="TAG" accept-ranges=bytes content-length=2 []`,
		`f.toMessage(ask('/', {}, 'HEAD'))`:                                                          `200 content-type=application/json content-length=2 etag="TAG" accept-ranges=bytes [{}]`,
		`new http.File('/h').toMessage(ask('/', {}))`:                                                `400 []`,
		`f.toMessage('gzip;q=0')`:                                                                    `200 content-type=application/json [{}]`,
		`new http.File('/www/a.txt').toMessage('*')`:                                                 `200 content-type=text/plain content-encoding=br [BR]`,
	} {
		got := run(t, site, see+"const f = new http.File('/f.json'); see("+src+")")
		if got != want {
			t.Errorf("%s: got %q, want %s", src, got, want)
		}
	}
}
