package dialect

import (
	"strings"
	"testing"
)

// The host has no context while it runs promise jobs: leave() in these
// scripts plays that part, as a job that runs between any two steps.
func TestContextAcrossAwait(t *testing.T) {
	t.Parallel()
	const prelude = `
		var tick = v => ({ then(f) { Promise.resolve().then(() => { enter('lost'); f(v) }) } });
		var fail = v => ({ then(_, f) { Promise.resolve().then(() => { enter('lost'); f(v) }) } });
	`
	for _, c := range []struct{ src, want string }{
		{`async function f() { await tick(1); log(current()) }`, `A,B`},
		{`var f = async () => { await tick(1); log(current()) }`, `A,B`},
		{`var f = async () => log((await tick(1), current()))`, `A,B`},
		{`var f = async x => (await tick(1), log(current()))`, `A,B`},
		{`var f = async () => ({a: await tick(1), b: log(current())})`, `A,B`},
		{`var o = { async f() { await (tick(1)); log(current()) } }, f = o.f`, `A,B`},
		{`class C { static async f() { await (await tick(tick(1))); log(current()) } } var f = C.f`, `A,B`},
		{`async function f() { try { await fail(1) } catch (e) { log(current()) } }`, `A,B`},
		{`async function f() { try { await fail(1) } catch { log(current()) } finally { log(current()) } }`, `A,A,B,B`},
		{`async function f() { for (const x of [1, 2]) { const y = -await tick(x); log(current(), y) } }`, `A -1,B -1,A -2,B -2`},
		{`async function f() { const g = async () => { await tick(1); log('in', current()) }; await g(); log(current()) }`, `in A,in B,A,B`},
		{`async function f(a = b, b = 1) { await tick(1); log(current(), a, b) }`, `A undefined 1,B undefined 1`},
		{`var f = async (a = b, b = 1) => log(current(await tick(1)), a, b)`, `A undefined 1,B undefined 1`},
		{"async function f() { log(`${await tick('t')}${current()}`) }", `tA,tB`},
		{`async function f() { const [a, b] = [await tick(1), await tick(2)]; log(a, b, current()) }`, `1 2 A,1 2 B`},
		{`async function f() { var $v = await tick(3); log($v, current()) }`, `3 A,3 B`},
		{`async function f() { if (await tick(0)) return; else log(current()) }`, `A,B`},
		{`var f = async function () { return await tick(1) || log(current()) }`, ``},
		{`var f = async () => { await tick(0) ?? 1 || 2; log(current()) }`, `A,B`},
		{"async function f() { [\nawait tick(1)\nlog(current())\n] }", `A,B`},
	} {
		r := newRealm(t, map[string]string{"main.js": prelude + c.src + "\nenter('A'); f(); enter('B'); f(); enter('main')"})
		if got := r.run("main.js"); strings.HasPrefix(got, "fails") || strings.HasPrefix(got, "throws") {
			t.Errorf("%s\n%s", c.src, got)
		}
		if got := strings.Join(r.log, ","); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

// What sobek cannot run is compared as text.
func TestAwaitText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`async function f() { return 1 }`, `async function f() { return 1 }`},
		{`async function f() { try { g() } catch { h() } }`, `async function f() { try { g() } catch { h() } }`},
		{`async function* f() { yield 1; yield }`,
			`async function* f() {const __$c=__save(); __r(__$c,yield 1); __r(__$c,yield) }`},
		{`var o = { async *m() { yield* await x } }`,
			`var o = { async *m() {const __$c=__save(); __r(__$c,yield* __r(__$c,await x)) } }`},
		{`async function f() { for await (const x of y) g(x) }`,
			`async function f() {const __$c=__save(); {for await (const x of y) {__r(__$c);g(x)}__r(__$c);} }`},
		{`async function f() { a: for await (x of y) { continue a } }`,
			`async function f() {const __$c=__save(); {a: for await (x of y) {__r(__$c); continue a }__r(__$c);} }`},
		{`let x = await 1`, `const __$c=__save();let x = __r(__$c,await 1)`},
		{`let f = x => x, y = (await 1)`, `const __$c=__save();let f = x => x, y = (__r(__$c,await 1))`},
	} {
		out, err := Transform(c.src, Options{File: "/a.js"})
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		valid(t, c.src, out.Code)
		if got := strings.Replace(out.Code, "__complete(void 0);", "", 1); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		if out.UsesAwait != strings.HasPrefix(c.want, "const __$c") {
			t.Errorf("%s: UsesAwait %v", c.src, out.UsesAwait)
		}
	}
}
