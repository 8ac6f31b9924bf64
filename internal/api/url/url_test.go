package url

import (
	"strings"
	"testing"

	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func run(t *testing.T, src string) string {
	t.Helper()
	return scripttest.Run(t, []*script.Namespace{Namespace}, src)
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, base, want string }{
		// protocol auth username password | host hostname port | pathname search hash
		{"https://u:p@h.com:81/a/b?x=1#f", "", "https: u:p u p|h.com:81 h.com 81|/a/b ?x=1 #f"},
		{"http://h", "", "http:   |h h 80|/  "},
		{"http://h?x", "", "http:   |h h 80|/ ?x "},
		{"http://h#x", "", "http:   |h h 80|/  #x"},
		{"http://h/a#b#c?d", "", "http:   |h h 80|/a#b  #c?d"},
		{"http://u@h/", "", "http: u u |h h 80|/  "},
		{"http://a@b:c@h/", "", "http: a@b:c a@b c|h h 80|/  "},
		{"https://[::1]/x", "", "https:   |[::1] [::1] 443|/x  "},
		{"wss://[::1]:99", "", "wss:   |[::1]:99 [::1] 99|/  "},
		{"redis://h/0", "", "redis:   |h h |/0  "},
		{"ftp://h", "", "ftp:   |h h 21|/  "},
		{"gopher://h", "", "gopher:   |h h 70|/  "},
		{"file:///etc/x", "", "file:   |  |/etc/x  "},
		{"//h/x", "", "http:   |h h 80|/x  "},
		{"example.com/x", "", "http:   |  80|example.com/x  "},
		{"localhost:80/x", "", "localhost:   |  |80/x  "},
		{"/p:q?a=b?c", "", "http:   |  80|/p:q ?a=b?c "},
		{"http://h/%41 ..", "", "http:   |h h 80|/%41 ..  "},
		{"", "", "http:   |  80|/  "},
		{"/x?y#z", "https://u:p@h:1/a/b?c#d", "https: u:p u p|h:1 h 1|/x ?y #z"},
		{"x", "http://h/a/b?c#d", "http:   |h h 80|/a/x  "},
		{"", "http://h/a/b?c#d", "http:   |h h 80|/a/b ?c #d"},
		{"?q", "http://h/a/b?c#d", "http:   |h h 80|/a/b ?q "},
		{"#f", "http://h/a/b?c#d", "http:   |h h 80|/a/b ?c #f"},
		{"ws://other/", "http://h/a", "ws:   |other other 80|/  "},
		{"x", "nohost", "http:   |  80|x  "},
	} {
		var base *URL
		if c.base != "" {
			base = Parse(c.base, nil)
		}
		u := Parse(c.url, base)
		got := strings.Join([]string{u.Protocol, u.Auth, u.Username(), u.Password()}, " ") + "|" +
			strings.Join([]string{u.Host, u.Hostname(), u.Port()}, " ") + "|" +
			strings.Join([]string{u.Pathname, u.Search, u.Hash}, " ")
		if got != c.want {
			t.Errorf("%q + %q\n got %q\nwant %q", c.url, c.base, got, c.want)
		}
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"var u = new URL('https://u:p@h.com:81/a/b?x=1#f'); [u.auth, u.hash, u.host, u.hostname, u.href, u.origin, u.password, u.path, u.pathname, u.port, u.protocol, u.query, u.search, u.username].join(' ')",
			"u:p #f h.com:81 h.com https://u:p@h.com:81/a/b?x=1#f https://h.com:81 p /a/b?x=1 /a/b 81 https: x=1 ?x=1 u"},
		{"`${new URL('http://h')}` + JSON.stringify([new URL('http://h')])", `http://h/["http://h/"]`},
		{"new URL('x', new URL('http://h/a/b')).href + new URL('/y', 'http://h/a').href", "http://h/a/xhttp://h/y"},
		{"var u = new URL('http://h?a=1&a=2'); u.searchParams.set('b', 3); [u.searchParams, u.search, u.searchParams === u.searchParams].join()", "a=1&a=2&b=3,?a=1&a=2,true"},
		{"var u = new URL('http://h'); u.host = 'x'; u.host", "h"},
		{"String(URL('http://h'))", "undefined"},
		{"new URL", "error: requires 1 or more arguments"},
		{"new URL(1)", "error: argument #1 expects a string"},
		{"new URL('x', 1)", "error: argument #2 expects a string"},
		{"URL.encode('a b/é?x=1#%')", "a%20b/%C3%A9?x=1#%25"},
		{"URL.encodeComponent(\"a b/é?-_.!~*'()\")", "a%20b%2F%C3%A9%3F-_.!~*'()"},
		{"URL.decode('a%20b%2f%c3%A9%41')", "a b%2Fé%41"},
		{"URL.decodeComponent('a%20b%2f%C3%A9%41%2d')", "a b/é%41%2D"},
		{"URL.decode('%4')", "error: malformed URL"},
		{"URL.decodeComponent('%zz')", "error: malformed URL"},
		{"URL.encode()", "error: requires 1 or more arguments"},
		{"URL.encode(1)", "error: argument #1 expects a string"},

		{"var p = new URLSearchParams('?a=1&b=x%20y+z&a=2&c&=e&&d=p=q'); JSON.stringify(p.toObject())", `{"a":["1","2"],"b":"x y+z","c":"","":"e","d":"p=q"}`},
		{"var p = new URLSearchParams('a=1&a=2'); [p.get('a'), p.get('b'), p.getAll('a').length, p.getAll('b').length].join()", "1,,2,0"},
		{"String(new URLSearchParams('').get('x'))", "null"},
		{"new URLSearchParams({ a: 1, b: ['x', true], c: null, d: undefined, 'é ': '&=' }).toString()", "a=1&b=x&b=true&%C3%A9%20=%26%3D"},
		{"var p = new URLSearchParams('a=1&b=2&c=3'); p.set('b'); p.set('a', [4, 5]); p.set('d', null); p.set('e', []); p.set('f', 'x'); `${p}`", "a=4&a=5&c=3&f=x"},
		{"new URLSearchParams('a=x%4&b=y%zz').toString()", "a=x&b=y%25zz"},
		{"new URLSearchParams(1)", "error: argument #1 expects a string or an object"},
		{"new URLSearchParams(null)", "error: argument #1 expects a string or an object"},
		{"new URLSearchParams", "error: requires 1 or more arguments"},
		{"new URLSearchParams('').set()", "error: requires 1 or more arguments"},
		{"new URLSearchParams('').get(1)", "error: argument #1 expects a string"},
		{"new URLSearchParams({ a: { toString() { throw new Error('boom') } } })", "error: boom"},
	} {
		if got := run(t, c.src); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.src, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://u:p@h.com:81/a/b?x=1#f", "http://h/a?b#c")
	f.Add("[]:@//", "#")
	f.Fuzz(func(t *testing.T, s, base string) {
		u := Parse(s, Parse(base, nil))
		for range []string{u.String(), u.Username(), u.Password(), u.Hostname(), u.Port(), u.Origin()} {
			continue
		}
		if u.Pathname == "" || u.Protocol == "" {
			t.Errorf("%q: %+v", s, u)
		}
		p := ParseParams(u.Search)
		if q := ParseParams(p.String()); q.String() != p.String() {
			t.Errorf("%q: %q, then %q", u.Search, p, q)
		}
		if d, err := unescape(escape(s, unreserved), unreserved); err != nil || d != s {
			t.Errorf("%q: %q %v", s, d, err)
		}
	})
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"URL", "URLSearchParams"}, Namespace)
}
