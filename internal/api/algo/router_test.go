package algo

import (
	"strings"
	"testing"
)

func TestRouter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rules, url, want string }{
		{"/a", "h/a", "/a"},
		{"/a", "h/a/", ""},
		{"/a/", "h/a/", "/a/"},
		{"/a", "/a", "/a"},
		{"/a", "h", ""},
		{"/a", "", ""},
		{"/a", "h/a?x=/b", "/a"},
		{"h/a", "h:80/a", "h/a"},
		{"h/a", "H/a", ""},
		{"h/a", "g/a", ""},
		{"/a/*", "h/a", "/a/*"},
		{"/a/*", "h/a/", "/a/*"},
		{"/a/*", "h/a/b/c", "/a/*"},
		{"/a/*", "h/ab", ""},
		{"/a/*", "h/", ""},
		{"/*", "h/", "/*"},
		{"/*", "h/x/y", "/*"},
		{"/*", "h//x", "/*"},
		{"//a//b/*", "h/a/b/c", "//a//b/*"},
		{"/a/*", "h//a/b", ""},
		{"/a* /a", "h/a*", "/a*"},
		{"/* /a/* /a/b/* /a/b", "h/a/b", "/a/b"},
		{"/* /a/* /a/b/*", "h/a/b", "/a/b/*"},
		{"/* /a/* /a/b/*", "h/a/c", "/a/*"},
		{"/* /a/* /a/b/*", "h/c", "/*"},
		{"/* /a/b/c/*", "h/a/b/d", "/*"},
		{"*.b.c/x", "a.b.c/x", "*.b.c/x"},
		{"*.b.c/x", "a.b.c:1/x", "*.b.c/x"},
		{"*.b.c/x", "b.c/x", ""},
		{"*.c/x", "a.b.c/x", ""},
		{"*/x", "h/x", ""},
		{"*/x", "*/x", ""},
		{"*.b/* a.b/x /y", "a.b/x", "a.b/x"},
		{"*.b/* a.b/x /y", "a.b/z", "*.b/*"},
		{"*.b/q a.b/x /y", "a.b/y", "/y"},
		{"*.b/q a.b/x /y", "q/y", "/y"},
		{"/a/*/b/*", "h/a/anything/b/c", "<none>"},
		{"/a/*/b/*", "h/a/*/b/c", "/a/*/b/*"},
		{"/a/*/b/* h/q", "h/q", "h/q"},
	} {
		var r Router[string]
		for p := range strings.FieldsSeq(c.rules) {
			if err := r.Add(p, p); err != nil {
				t.Fatal(err)
			}
		}
		got, ok := r.Find([]byte(c.url))
		if ok && got == "" {
			got = "<none>" // a match without a value
		}
		if got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.url, c.rules, got, c.want)
		}
	}
	var r Router[int]
	for _, p := range []string{"", "a", "h:80/x", ":/"} {
		if err := r.Add(p, 1); err == nil || err.Error() != "invalid URL pattern" {
			t.Errorf("pattern %q: %v", p, err)
		}
	}
	r.Add("/x", 1)
	r.Add("/x", 2)
	if v, _ := r.Find([]byte("/x")); v != 2 {
		t.Errorf("second value of a pattern: %d", v)
	}
}

func FuzzRouter(f *testing.F) {
	f.Add("h/a/*", "h:1/a/b?c")
	f.Add("*.h/", "x.h/")
	f.Fuzz(func(t *testing.T, pattern, url string) {
		var r Router[int]
		if r.Add(pattern, 1) == nil && !strings.HasPrefix(pattern, "*") && !strings.Contains(pattern, "?") && !strings.Contains(pattern, "//") {
			if _, ok := r.Find([]byte(pattern)); !ok {
				t.Errorf("%q does not fit itself", pattern)
			}
		}
		r.Find([]byte(url))
	})
}

func TestURLRouter(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		{"rules", "var r = new algo.URLRouter({ '/a/*': 1, 'h.com/b': { x: 2 } }); text([r.find('h.com', '/b'), r.find('h.com/', '/a/b'), r.find('h.com', 'a'), r.find('/c')])", `[{"x":2},1,1,"undefined"]`},
		{"nullish segments", "var r = new algo.URLRouter({ '/a': 1 }); text([r.find(null, '/a', undefined), r.find(undefined, 'a'), r.find('', 'a'), r.find()])", `[1,"undefined",1,"undefined"]`},
		{"other values", "new algo.URLRouter({ 'h/1/2': 'x' }).find('h', 1, '/', 2)", "x"},
		{"numbers", "new algo.URLRouter({ 'h/1/2': 'x' }).find('h', 1, 2)", "x"},
		{"many slashes stay", "text([new algo.URLRouter({ '/a': 1 }).find('h', '//a'), new algo.URLRouter({ '//a': 1 }).find('h', '//a')])", `["undefined",1]`},
		{"add", "var r = new algo.URLRouter; var add = r.add; add('/x', null); add('/x', 5); r.find('/x')", "5"},
		{"errors", "var r = new algo.URLRouter; text([() => r.add('x', 1), () => r.add('/x'), () => r.add(1, 1), () => new algo.URLRouter('x'), () => new algo.URLRouter({ 'h:80/': 1 }), () => r.find({ toString() { throw new Error('mine') } })].map(fails))",
			`["invalid URL pattern","requires 2 or more arguments","argument #1 expects a string","argument #1 expects an object","invalid URL pattern","mine"]`},
		{"find within find", "var r = new algo.URLRouter({ 'h/a': 1, '/b': 2 }); r.find('h', { toString() { r.find('/bbbbbbbbbb'); return 'a' } })", "1"},
	})
}
