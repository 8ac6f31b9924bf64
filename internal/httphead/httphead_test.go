package httphead_test

import (
	"runtime"
	"strings"
	"testing"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/script/scripttest"
	"weir/internal/stream"
)

func decode(t testing.TB, response bool, text string) *httphead.Head {
	t.Helper()
	d := http1.Decoder{Response: response}
	e, err := d.Next(stream.NewString(strings.ReplaceAll(text, "|", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return httphead.New(e.(*stream.MessageStart).Head.(*http1.Head), true)
}

// sent returns a head as it goes out, with | for line ends and without what the encoder adds.
func sent(t testing.TB, r *script.Realm, head any, response bool) string {
	t.Helper()
	var w httphead.Wire
	h, err := w.Head(r, head, response)
	if err != nil {
		return "error: " + err.Error()
	}
	b, err := http1.AppendHead(nil, h, http1.Framing{Response: response, Length: -1})
	if err != nil {
		return "error: " + err.Error()
	}
	return strings.TrimSuffix(strings.ReplaceAll(string(b), "\r\n", "|"), "connection: keep-alive||")
}

const (
	request  = "GET /a?b HTTP/1.1|Host: h|Cookie: a=1|cookie: b=2|X-Y: 1|X-Y: 2|content-length: 3|Connection: Keep-Alive||"
	response = "HTTP/1.1 404 Nope|Set-Cookie: a|Server: s||"
)

// Scripts get the head as h. They return what they see, and may change what is sent.
func TestScripts(t *testing.T) {
	const same = "GET /a?b HTTP/1.1|Host: h|Cookie: a=1|cookie: b=2|X-Y: 1|X-Y: 2|"
	const sameResponse = "HTTP/1.1 404 Nope|Set-Cookie: a|Server: s|"
	for _, c := range []struct{ src, want, sent string }{
		{`[h.method, h.path, h.protocol, h.scheme, h.authority, h.status].join()`, "GET,/a?b,HTTP/1.1,,,", same},
		{`JSON.stringify(h)`, `{"protocol":"HTTP/1.1","headers":{"host":"h","cookie":["a=1","b=2"],"x-y":"2","content-length":"3"},` +
			`"headerNames":{"host":"Host","cookie":"Cookie","x-y":"X-Y","connection":"Connection"},"method":"GET","path":"/a?b"}`, ""},
		{`Object.keys(h.headers).join()`, "host,cookie,x-y,content-length", same},
		{`h.headers.Host + h.headers.host + h.headers.none`, "hhundefined", same},
		{`'host' in h.headers && !('x' in h.headers) && h.headers.hasOwnProperty('host')`, "true", same},
		{`h.headers === h.headers`, "true", same},
		{`h.foo = 5; h.bar = {}; delete h.bar; Object.keys(h).join() + h.foo`, "protocol,headers,headerNames,method,scheme,authority,path,foo5", same},
		{`h.method = 'POST'; h.path = '/new'; h.method`, "POST", strings.Replace(same, "GET /a?b", "POST /new", 1)},
		{`h.path = 7; h.path + typeof h.path`, "7string", strings.Replace(same, "/a?b", "7", 1)},
		{`h.method = null; String(h.method)`, "undefined", same},
		{`h.headers.host = 'x'; h.headers.new = 1; h.headers['X-Up'] = true; typeof h.headers.new + h.headers['x-up']`, "numbertrue",
			"GET /a?b HTTP/1.1|Host: x|Cookie: a=1|cookie: b=2|X-Y: 1|X-Y: 2|new: 1|X-Up: true|"},
		{`h.headers['x-y'] = 'one'; delete h.headers.cookie; 'cookie' in h.headers`, "false", "GET /a?b HTTP/1.1|Host: h|X-Y: one|"},
		{`h.headers.cookie.push('c'); h.headers.cookie.length`, "3", "GET /a?b HTTP/1.1|Host: h|Cookie: a=1|Cookie: b=2|Cookie: c|X-Y: 1|X-Y: 2|"},
		{`h.headers.cookie = []; JSON.stringify(h.headers.cookie)`, "[]", "GET /a?b HTTP/1.1|Host: h|X-Y: 1|X-Y: 2|"},
		{`h.headers.a = null; h.headers.b = undefined; h.headers.c = [1, 2]; JSON.stringify([h.headers.a, h.headers.b, h.headers.c])`,
			"[null,null,[1,2]]", same + "a: null|b: undefined|c: 1,2|"},
		{`h.headers = {a: 'b'}; h.headers.c = 'd'; JSON.stringify(h.headers)`, `{"a":"b","c":"d"}`, "GET /a?b HTTP/1.1|a: b|c: d|"},
		{`var old = h.headers; h.headers = {}; old.x = 'y'; h.headers = old; h.headers.x`, "y", same + "x: y|"},
		{`h.headers = Object.assign({}, h.headers, {x: 1}); h.headers.x`, "1", "GET /a?b HTTP/1.1|host: h|cookie: a=1|cookie: b=2|x-y: 2|x: 1|"},
		{`var c = {...h.headers}; JSON.stringify(c)`, `{"host":"h","cookie":["a=1","b=2"],"x-y":"2","content-length":"3"}`, ""},
		{`h.headers.connection = 'upgrade'; h.headers.connection`, "upgrade", same + "connection: upgrade||"},
		{`h.headerNames.host = 'HOST'; delete h.headerNames['x-y']; h.headerNames.host`, "HOST", "GET /a?b HTTP/1.1|HOST: h|Cookie: a=1|cookie: b=2|x-y: 1|x-y: 2|"},
		{`h.headerNames = null; h.headerNames`, "null", "GET /a?b HTTP/1.1|host: h|cookie: a=1|cookie: b=2|x-y: 1|x-y: 2|"},
		{`h.headers.toString = 'x'; h.headers['constructor'] = 'y'; h.headers.constructor`, "y", same + "toString: x|constructor: y|"},
		{`h.headers.bad = 'a\nb'; 1`, "1", "error: http: cannot send header \"bad\", its value has control characters"},
		{`try { h.headers.x = Symbol() } catch (e) { e.constructor.name }`, "TypeError", same},
		{`h.status = 201; Object.keys(h).includes('status') + String(h.status)`, "true201", same},
		{`try { h.headers = 5 } catch (e) {}; h.headers`, "5", "GET /a?b HTTP/1.1|"},
		{`~` + `[h.status, h.statusText, h.method].join()`, "404,Nope,", sameResponse},
		{`~` + `h.status = 200; h.status`, "200", strings.Replace(sameResponse, "404", "200", 1)},
		{`~` + `h.status = '500'; h.statusText = ''; h.statusText + h.status`, "500", "HTTP/1.1 500 |Set-Cookie: a|Server: s|"},
		{`~` + `h.statusText = undefined; String(h.statusText)`, "undefined", strings.Replace(sameResponse, "Nope", "Not Found", 1)},
		{`~` + `delete h.statusText; Object.keys(h).join()`, "protocol,headers,headerNames,status,statusText", strings.Replace(sameResponse, "Nope", "Not Found", 1)},
		{`~` + `h.headers['set-cookie'] = ['a', 'b', 3]; h.headers['set-cookie'].length`, "3", "HTTP/1.1 404 Nope|Set-Cookie: a|Set-Cookie: b|Set-Cookie: 3|Server: s|"},
	} {
		t.Run(c.src, func(t *testing.T) {
			r, _ := scripttest.New(t)
			src, answer := strings.CutPrefix(c.src, "~")
			text := request
			if answer {
				text = response
			}
			h := decode(t, answer, text)
			r.Set(r.Global(), "h", h.ScriptObject(r))
			res, err := r.Run("/main.js", src)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := r.ToString(res.Value); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := sent(t, r, h, answer); c.sent != "" && !strings.HasSuffix(c.sent, "||") && got != c.sent {
				t.Errorf("sent %s\nwant %s", got, c.sent)
			}
		})
	}
}

// A head nobody changed is sent as the very same memory.
func TestUntouched(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t)
	h := decode(t, false, request)
	before, _ := r.Live()
	var w httphead.Wire
	if out, err := w.Head(r, h, false); err != nil || out != h.Head {
		t.Errorf("got %v, %v", out, err)
	}
	if after, _ := r.Live(); after != before {
		t.Errorf("%d script objects", after-before)
	}
	if n := h.Length(); n != 3 {
		t.Errorf("length %d", n)
	}
	h.Headers.Del("content-length")
	if n := h.Length(); n != -1 {
		t.Errorf("length %d without content-length", n)
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`({})`:                             "HTTP/1.1 200 OK|",
		`({status: 404, headers: {a: 1}})`: "HTTP/1.1 404 Not Found|a: 1|",
		`({status: 200, statusText: '', headers: {A: 'b', c: null}, headerNames: {c: 'C'}})`: "HTTP/1.1 200 |a: b|C: null|",
		`({protocol: 'HTTP/1.0', headers: {'set-cookie': ['a', 'b']}})`:                      "HTTP/1.0 200 OK|set-cookie: a|set-cookie: b|",
		`({headers: 'x'})`:                                 "HTTP/1.1 200 OK|",
		`({get status() { throw new Error('no') }})`:       "error: no",
		`({headers: {get a() { throw new Error('no') }}})`: "error: no",
		`({status: Symbol()})`:                             "error: cannot convert symbol to number",
		`({headers: {'a\r\nb': 1}})`:                       "error: http: cannot send header \"a\\r\\nb\", its name is not a token",
		`[]`:                                               "HTTP/1.1 200 OK|",
	} {
		r, _ := scripttest.New(t)
		res, err := r.Run("/main.js", src)
		if err != nil {
			t.Fatal(err)
		}
		if got := sent(t, r, r.Hold(res.Value), true); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
	r, _ := scripttest.New(t)
	res, _ := r.Run("/main.js", `({method: 'PUT', path: '/x', headers: {a: 1}})`)
	if got := sent(t, r, r.Hold(res.Value), false); got != "PUT /x HTTP/1.1|a: 1|" {
		t.Errorf("got %s", got)
	}
	if got := sent(t, r, nil, true); got != "HTTP/1.1 200 OK|" {
		t.Errorf("got %s", got)
	}
}

// The script object is the same as long as it lives, and made anew after that.
func TestIdentity(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t)
	h := decode(t, false, request)
	before, _ := r.Live()
	if a, b := r.Address(h.ScriptObject(r)), r.Address(h.ScriptObject(r)); a != b {
		t.Error("two objects for one head")
	}
	if x, ok := event.Keep(r, h.ScriptObject(r)).(*httphead.Head); !ok || x != h {
		t.Error("the head behind its object is another one")
	}
	r.EndTurn()
	if after, _ := r.Live(); after != before {
		t.Errorf("%d objects are left", after-before)
	}
	if v := h.ScriptObject(r); !v.IsObject() {
		t.Error("no object")
	}
	runtime.KeepAlive(h)
}

func TestTails(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t)
	tail := httphead.TailOf(&http1.Tail{Headers: http1.Headers{{Name: "X-A", Value: "b"}}, HeadSize: 5, BodySize: 6})
	r.Set(r.Global(), "t", event.Any(r, tail, script.Null))
	res, err := r.Run("/main.js", `JSON.stringify(t)`)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := r.ToString(res.Value); got != `{"headers":{"x-a":"b"},"headSize":5,"bodySize":6}` {
		t.Errorf("got %s", got)
	}
	res, _ = r.Run("/main2.js", `({headers: {a: 1}})`)
	for _, x := range []any{tail, r.Hold(res.Value)} {
		if hs, err := httphead.Trailers(r, x); err != nil || len(hs) != 1 {
			t.Errorf("got %v, %v", hs, err)
		}
	}
}
