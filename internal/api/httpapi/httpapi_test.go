package httpapi_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"weir/internal/api/httpapi"
	_ "weir/internal/filter"
	"weir/internal/filter/filtertest"
)

type files map[string]string

func (f files) Read(path string) ([]byte, error) {
	if s, ok := f[path]; ok {
		return []byte(s), nil
	}
	return nil, errors.New("no such file")
}

func run(t testing.TB, code files, src string) string {
	t.Helper()
	r := filtertest.Empty(t, httpapi.Namespace)
	httpapi.SetFiles(r.World, code)
	if err := r.Load(src); err != nil {
		return "error: " + err.Error()
	}
	return r.Notes()
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ pattern, path, want string }{
		{"/", "/", `{}`}, {"/", "/a", `null`}, {"/", "", `null`}, {"/a", "/a", `{}`}, {"/a", "/A/", `{}`}, {"/a", "/a/b", `null`},
		{"/a/{b}", "/a/x", `{"b":"x"}`}, {"/a/{b}", "/a/", `null`}, {"/a/{b}/c", "/a/x%20/C?q", `{"b":"x%20"}`},
		{"/a/*", "/a/b/c?d#e", `{"*":"b/c"}`}, {"/a/*", "/a/", `null`}, {"/a/*", "/a", `null`}, {"/*/b", "/x/b", `{}`},
		{"/*", "/x/y", `{"*":"x/y"}`}, {"/*", "/", `null`}, {"/{a}/{b}", "/1/2", `{"a":"1","b":"2"}`},
		{"/{a}/{b}", "/1/2/3", `null`}, {"/{a}", "/1#f", `{"a":"1"}`}, {"/a/", "/a", `{}`}, {"/a", "a", `null`},
	} {
		src := fmt.Sprintf("test.log(JSON.stringify(new http.Match(%q)(%q)))", c.pattern, c.path)
		if got := run(t, nil, src); got != c.want {
			t.Errorf("%s on %s: got %s, want %s", c.pattern, c.path, got, c.want)
		}
	}
	for src, want := range map[string]string{
		`new http.Match('a')`:                              "path pattern must begin with '/'",
		`new http.Match('/a//b')`:                          "invalid path pattern",
		`new http.Match('/{}')`:                            "invalid path pattern",
		`new http.Match('/a{b}')`:                          "invalid path pattern",
		`new http.Match(1)`:                                "argument #1 expects a string",
		`new http.Match('/a')(1)`:                          "argument #1 expects a string or an object",
		`test.log(new http.Match('/{x}')({path: '/1'}).x)`: "1",
	} {
		if got := run(t, nil, src); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

var site = files{
	"/www/index.html": "home", "/www/a.min.js": "js", "/www/a.txt": "plain", "/www/a.txt.gz": "GZ", "/www/a.txt.br": "BR",
	"/www/sub/index.html": "sub", "/www/empty.css": "", "/www/b.html": strings.Repeat("b", 1000), "/secret.txt": "no", "/www/only.txt.gz": "x",
	"/f.json": "{}", "/g.txt.gz": gzipped("unpacked"), "/h/index.html.br": "x",
}

// show leaves out what TestValidators looks at.
const show = `function show(m) {
		if (m) ['vary', 'etag', 'last-modified', 'accept-ranges'].forEach(name => { delete m.head.headers[name] })
		test.log(m ? JSON.stringify(m.head.headers) + m.head.status + m.body.toString() : String(m))
	}
	function req(path, accept) { return new Message({path, headers: accept ? {'accept-encoding': accept} : {}}) }
`

func TestDirectory(t *testing.T) {
	for src, want := range map[string]string{
		`d.serve(req('/'))`:                                                   `{"content-type":"text/html"}200home`,
		`d.serve(req('/index.html?x=1'))`:                                     `{"content-type":"text/html"}200home`,
		`d.serve(req('/sub'))`:                                                `{"content-type":"text/html"}200sub`,
		`d.serve(req('/sub/'))`:                                               `{"content-type":"text/html"}200sub`,
		`d.serve(req('/none'))`:                                               `null`,
		`d.serve(req('/../secret.txt'))`:                                      `null`,
		`d.serve(req('/x/../../a.txt'))`:                                      `{"content-type":"text/plain"}200plain`,
		`d.serve(req('/a.min.js'))`:                                           `{"content-type":"application/javascript"}200js`,
		`d.serve(req('/empty.css'))`:                                          `{"content-type":"text/css"}200`,
		`d.serve(req('/a.txt', 'gzip'))`:                                      `{"content-type":"text/plain","content-encoding":"gzip"}200GZ`,
		`d.serve(req('/a.txt', 'GZIP;q=0, Br'))`:                              `{"content-type":"text/plain","content-encoding":"br"}200BR`,
		`d.serve(req('/a.txt', 'deflate'))`:                                   `{"content-type":"text/plain"}200plain`,
		`d.serve(req('/only.txt'))`:                                           `null`,
		`d.serve(req('/only.txt', 'gzip'))`:                                   `{"content-type":"text/plain","content-encoding":"gzip"}200x`,
		`new http.Directory('www', {index: 'a.txt'}).serve(req('/'))`:         `{"content-type":"text/plain"}200plain`,
		`new http.Directory('/www', {index: ['z', 'a.txt']}).serve(req('/'))`: `{"content-type":"text/plain"}200plain`,
		`new http.Directory('/www', {contentTypes: {'min.js': 'j/s'}}).serve(req('/a.min.js'))`:          `{"content-type":"j/s"}200js`,
		`new http.Directory('/www', {contentTypes: {}, defaultContentType: 'x/y'}).serve(req('/a.txt'))`: `{"content-type":"x/y"}200plain`,
		`new http.Directory('/www', {contentTypes: (r, p) => r.head.path + p}).serve(req('/a.txt?'))`:    `{"content-type":"/a.txt?/a.txt"}200plain`,
		`new http.Directory('/www', {contentTypes: () => ({txt: 't'})}).serve(req('/a.txt'))`:            `{"content-type":"t"}200plain`,
		`new http.Directory('/www', {contentTypes: () => null}).serve(req('/a.txt'))`:                    `{"content-type":"text/plain"}200plain`,
		`new http.Directory('/www', {compression: () => ''}).serve(req('/b.html', 'gzip'))`:              `{"content-type":"text/html"}200` + strings.Repeat("b", 1000),
	} {
		if got := run(t, site, show+`const d = new http.Directory('/www'); show(`+src+`)`); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
	for src, want := range map[string]string{
		`test.log(new http.Directory('/www', {compression: (h, a, p, n) => (test.log(h.path, a, p, n), 'gzip')}).serve(req('/b.html', 'gzip')).body.size < 100)`: `/b.html {"gzip":true} /b.html 1000 true`,
		`new http.Directory('/www', {compression: () => 'br'}).serve(req('/b.html', 'gzip'))`:                                                                    "error: callback returned an unsupported compression algorithm",
		`new http.Directory('/www', {compression: () => 1}).serve(req('/b.html', 'gzip'))`:                                                                       "error: callback expected to return a string",
		`new http.Directory('/www', {index: 1})`: "error: options.index expects a string or an array",
		`new http.Directory(1)`:                  "error: argument #1 expects a string",
		`new http.Directory('/').serve(1)`:       "error: argument #1 expects an instance of Message",
		`test.log(http.Directory.defaultContentTypes.woff2, http.Directory.defaultContentTypes === http.Directory.defaultContentTypes)`: "font/woff2 false",
		`const serve = new http.Directory('/www').serve; test.log(serve(req('/a.txt')).body.toString())`:                                "plain",
	} {
		if got := run(t, site, show+src); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestDirectoryOfFileSystem(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "www"), 0o755)
	os.WriteFile(filepath.Join(dir, "www", "a.txt"), []byte("file"), 0o644)
	os.WriteFile(filepath.Join(dir, "secret"), []byte("no"), 0o644)
	src := show + fmt.Sprintf("const d = new http.Directory(%q, {fs: true}); ['/a.txt', '/../secret', '/', '/a.txt/..'].forEach(p => show(d.serve(req(p))))",
		filepath.Join(dir, "www"))
	if got := run(t, nil, src); got != `{"content-type":"text/plain"}200file null null null` {
		t.Errorf("got %s", got)
	}
}

func TestDirectoryOfTarball(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"./index.html", "sub/a.txt"} {
		w.WriteHeader(&tar.Header{Name: name, Size: 2, Mode: 0o644})
		w.Write([]byte("ok"))
	}
	w.Close()
	src := show + "const d = new http.Directory('/x.tar', {tarball: true}); ['/', '/sub/a.txt', '/sub'].forEach(p => show(d.serve(req(p))))"
	if got := run(t, files{"/x.tar": b.String()}, src); got != `{"content-type":"text/html"}200ok {"content-type":"text/plain"}200ok null` {
		t.Errorf("got %s", got)
	}
	if got := run(t, nil, src); got != `null null null` {
		t.Errorf("got %s", got)
	}
}

func TestFile(t *testing.T) {
	for src, want := range map[string]string{
		`show(new http.File('f.json').toMessage())`:                                         `{"content-type":"application/json"}200{}`,
		`show(new http.File('/www').toMessage())`:                                           `{"content-type":"text/html"}200home`,
		`show(new http.File('/www/a.min.js').toMessage('gzip'))`:                            `{"content-type":"application/javascript"}200js`,
		`show(new http.File('/www/a.txt').toMessage('gzip'))`:                               `{"content-type":"text/plain","content-encoding":"gzip"}200GZ`,
		`show(new http.File('/www/a.txt').toMessage('gzip,br'))`:                            `{"content-type":"text/plain","content-encoding":"br"}200BR`,
		`show(new http.File('/g.txt').toMessage())`:                                         `{"content-type":"text/plain"}200unpacked`,
		`test.log(new http.File('/h').toMessage().head.status)`:                             `400`,
		`const f = new http.File('/f.json'); test.log(f.toMessage() === f.toMessage('br'))`: `true`,
		`test.log(http.File.from('/none'))`:                                                 `null`,
		`new http.File('/none')`:                                                            `error: file not found: /none`,
	} {
		if got := run(t, site, show+src); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestAgent(t *testing.T) {
	var conns atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("x-got", r.Method+r.URL.Path+r.Header.Get("x-a")+string(body))
		w.WriteHeader(201)
		io.WriteString(w, r.Host)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	host := server.Listener.Addr().String()
	r := filtertest.Empty(t, httpapi.Namespace)
	err := r.Load(fmt.Sprintf(`
		const agent = new http.Agent(%q), show = r => test.log(r.head.status, r.head.headers['x-got'], r.body.toString())
		agent.request('GET', '/a').then(r => { show(r); return agent.request('POST', '/b', {'x-a': 1, host: 'h'}, 'body') })
			.then(r => { show(r); return agent.request(new Message({method: 'PUT', path: '/c'}, 'data')) })
			.then(show).then(() => new http.Agent('127.0.0.1:1').request('GET', '/')).then(r => test.log(r.head.status, r.head.statusText, 'done'))`, host))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	r.Until("the responses", func() bool { got += r.Notes() + " "; return strings.Contains(got, "done") })
	want := fmt.Sprintf("201 GET/a %s 201 POST/b1body h 201 PUT/cdata %s 502 Connection Refused done", host, host)
	if got = strings.Join(strings.Fields(got), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r.Loop.Turn(r.World.Shutdown)
	r.Settle()
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	for src, want := range map[string]string{
		`new http.Agent()`:                               "argument #1 expects a string",
		`new http.Agent('a', () => ({}))`:                "argument #2 expects an object",
		`new http.Agent('a', {maxIdle: 'x'})`:            "options.maxIdle expects a number",
		`new http.Agent('a').request('GET')`:             "argument #2 expects a string",
		`new http.Agent('a').request('GET', '/', 1)`:     "argument #3 expects an object",
		`new http.Agent('a').request('GET', '/', {}, 1)`: "argument #4 expects a string or a Data object",
	} {
		if got := run(t, nil, src); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

// The names and kinds must be those of the surface list.
func TestSurface(t *testing.T) {
	list, err := os.ReadFile("../../../../shared/spec/surface/03-network-http.tsv")
	if err != nil {
		t.Skip("the surface lists are not there")
	}
	have := map[string]bool{}
	for _, row := range httpapi.Namespace.Surface() {
		have[row.Path+"\t"+row.Kind] = true
	}
	for _, line := range strings.Split(string(list), "\n") {
		f := strings.Split(line, "\t")
		if len(f) > 1 && (strings.HasPrefix(f[0], "http.") || strings.HasPrefix(f[0], "option:http.") || strings.HasPrefix(f[0], "http:")) && !have[f[0]+"\t"+f[1]] {
			t.Errorf("missing: %s %s", f[0], f[1])
		}
	}
}
