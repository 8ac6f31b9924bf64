package dialect

import (
	"fmt"
	"strings"
	"testing"
)

// FuzzTransform: no panic, positions within the file, and what was an ES
// module before stays one.
func FuzzTransform(f *testing.F) {
	for _, s := range []string{
		"import a, { b as c, default as d } from './x'; export { c, e }; export default a.b(c = 1)",
		"var $x = 1, {y, $z} = q; for (const [$k, v] of w) { $k++; _leg = v }",
		"async function f(a = b, b) { try { await g() } catch ({e}) { for await (x of y) z } finally { } }",
		"pipy({ _n: 0 }).export('x', { m: 1 }); if (m) return _n\nelse { m ?? 1 || 2 }",
		"class A extends B { #p = await1; static async *[k]() { yield* await x } get a() { return this.#p?.q } }",
		"`a${b}c${`d${e}`}` ; /re[/]/g.test('a\nb'); x = {a: 1\nb}",
		"a?.b.c = d?.[e] ?? f && g; (_, _, c = d, d = 1) => ({ _, c })",
		"((a, b) => async c => await d)(1)(2); label: while (x) { continue label } do y; while (z) w",
		"export default class {} export * from 'a'; export * as b from 'c' with { type: 'json' }",
		"switch (a) { case {b: 1}.b: let c; default: break } try {} catch {}; ;",
		"new a.b`c`(d); new.target; import('x'); import.meta.y; 017 + '\\101' + 1n + 1_0",
		"#!sh\n/* c */ ({ get: 1, set: 2, async: 3, get x() {}, set x(v = w) {}, async y() {}, *z() {} }) // e",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, src string, solve bool) {
		o := Options{
			File:        "/f.js",
			FiberSlots:  func(string) int { return 1 },
			LegacySlots: func(string, string) (int, bool) { return 2, true },
		}
		if solve {
			o.Kind = Solve
		}
		out, err := Transform(src, o)
		if err != nil {
			e := err.(*SyntaxError)
			if e.Line < 1 || e.Column < 1 || e.Line > strings.Count(src, "\n")+1 || e.Message == "" ||
				strings.HasPrefix(e.Message, "internal error") {
				t.Errorf("%q: %#v", src, e)
			}
			return
		}
		if l, _ := out.Map.Lookup(1, len(out.Code)); l < 1 || l > strings.Count(src, "\n")+1 {
			t.Errorf("%q: maps to line %d", src, l)
		}
		if o.Kind == Module && esmError(src) == "" {
			if msg := esmError(out.Code); msg != "" {
				t.Errorf("%q\nbecame %q\n%s", src, out.Code, msg)
			}
		}
	})
}

// bigScript is a script of about n lines with some of everything.
func bigScript(n int) string {
	var b strings.Builder
	b.WriteString("import { a, b as c } from './lib.js'\nvar $user, $count = 0\n")
	for i := 0; strings.Count(b.String(), "\n") < n; i++ {
		fmt.Fprintf(&b, `
function handler%[1]d(msg, { head, body } = msg, path = head?.path) {
  // a comment, with 'quotes'
  var parts = path.split('/').filter(s => s && s !== '.').map(s => s.trim())
  if (parts.length > 2 && /^v\d+$/.test(parts[0])) {
    $count += parts.length
    return a(c, { path, parts, user: $user, text: `+"`${head.method} ${parts.join('/')}`"+` })
  }
  switch (parts[0] ?? head.method || 'none') {
    case 'x': return new Message({ status: 404 }, 'not found')
    default: _total++
  }
  return async () => {
    try { await body.load(); msg?.head.headers['x-n'] = $count } catch (e) { console.log(e) }
  }
}
`, i)
	}
	return b.String()
}

func BenchmarkTransform(b *testing.B) {
	src := bigScript(2000)
	o := Options{
		File: "/b.js", FiberSlots: func(string) int { return 0 },
		LegacySlots: func(string, string) (int, bool) { return 0, true },
	}
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := Transform(src, o); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBigScript(t *testing.T) {
	t.Parallel()
	src := bigScript(300)
	out, err := Transform(src, Options{
		File: "/b.js", FiberSlots: func(string) int { return 0 },
		LegacySlots: func(string, string) (int, bool) { return 0, true },
	})
	if err != nil {
		t.Fatal(err)
	}
	valid(t, src, out.Code)
}
