package dialect

import (
	"strings"
	"testing"
)

// TestDialect runs what standard JavaScript refuses or does otherwise.
func TestDialect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		// strings and numbers
		{"'a\nb'", `"a\nb"`},
		{"\"a\n\nb\" + 'c'", `"a\n\nbc"`},
		{"'a\r\nb'", `"a\r\nb"`},
		{`'\101\0\x41'`, `"A\u0000A"`},
		{`'\8\08'`, "\"8\\u00008\""},
		{`017 + 1`, `18`},
		{`0 + 00 + 09.5`, `9.5`},
		{`0x1F + 0b11 + 0o7 + 1e3 + .5 + 5.`, `1046.5`},
		{`10..toString() + 5 .toFixed()`, `"105"`},
		{`1_000`, `1000`},
		{"`a\\101`", `"aA"`},
		// omitted commas
		{"[1\n2\n3]", `[1,2,3]`},
		{"[1 // one\n2 /* two */\n3]", `[1,2,3]`},
		{"({a: 1\nb: 2\n'c': 3})", `{"a":1,"b":2,"c":3}`},
		{"Math.max(1\n2\n3)", `3`},
		{"[async () => await 1\n'x'].length", `2`},
		{"[1 2]", `fails unexpected token at line 1 column 4 in /main.js`},
		// ?? with || and &&
		{`null ?? 0 || 5`, `5`},
		{`0 || null ?? 6`, `6`},
		{`null ?? 1 && 7`, `7`},
		{`undefined ?? null ?? 8 || 9`, `8`},
		{`(null ?? 0) || 5`, `5`},
		{`var f = x => x.a ?? x.b || 3; f({b: 0}) + f({a: 1})`, `4`},
		{"var z = 0 || 1\nvar y = z ?? 2 || 3\ny", `1`},
		{"[null ?? 0 || 4, true ? null ?? 0 || 5 : 0]", `[4,5]`},
		{"`${null ?? '' || 'e'}` + (`${1}` ?? '' || 2)", `"e1"`},
		// assignment through optional chains
		{`var o = {a: {}}; o?.a.b = 1; o?.a['c'] = 2; o.a`, `{"b":1,"c":2}`},
		{`var o = {a: {n: 1}}; o?.a.n += 5; o?.a.n++; o`, `{"a":{"n":7}}`},
		{`var o = {f: () => o}; o?.f().x = 1; o?.['f']().y = 2; o.f?.().z = 3; o`, `{"x":1,"y":2,"z":3}`},
		{`var o = null; var r; try { o?.a.b = 1; r = 'no' } catch (e) { r = e instanceof TypeError }; r`, `true`},
		{`var o = {}; var r; try { o?.a = 1 } catch (e) { r = e.message } r`, `"cannot assign to a right-value"`},
		{`var a = {b: 1}; var c = 0; if (a?.b) c = 1; c`, `1`},
		{`var m = {head: {headers: {}}}; (m?.head.headers['x'] = 1, m)`, `{"head":{"headers":{"x":1}}}`},
		// parameters
		{`((_, _, c) => _ + c)(1, 2, 3)`, `4`},
		{`(function (a, a, a) { return a })(1, 2, 3)`, `1`},
		{`(({a}, a, [a] = [9]) => a)({a: 1}, 2)`, `1`},
		{`(({a}, {a, b: a}) => a)({a: 1}, {a: 2, b: 3})`, `1`},
		{`((a = b, b = 1) => [a, b])()`, `[null,1]`},
		{`((a = b, b = 1) => { return [a, b] })(5)`, `[5,1]`},
		{`(function (a = b, {b} = {b: 2}, ...c) { return [a, b, c] })(undefined, undefined, 3, 4)`, `[null,2,[3,4]]`},
		{`((a = 1, b = a + 1, {c} = {c: b + 1}) => [a, b, c])()`, `[1,2,3]`},
		{`((a = a) => a)()`, `undefined`},
		{`var o = { m(a = b, b) { return [a, b] } }; o.m(undefined, 2)`, `[null,2]`},
		{`class C { m(a = b, b = 1) { return [a, b] } static s(a = b, b) { return b } } [new C().m(), C.s(1, 2)]`, `[[null,1],2]`},
		{`((f = () => g(), g = () => 4) => f())()`, `4`},
		{`(($) => $ + 1)(1)`, `2`},
		{`[1,2].map($=>$*2)`, `[2,4]`},
		// names
		{`var eval = 1, arguments = 2; eval + arguments`, `3`},
		{`(function (arguments) { return {arguments, x: arguments} })(1)`, `{"arguments":1,"x":1}`},
		{`(function () { return arguments.length })(1, 2)`, `2`},
		{`var of = 1, get = 2, set = 3, from2 = 4; of + get + set`, `6`},
		{`var enum = 3; ({enum, e: enum})`, `{"enum":3,"e":3}`},
		{`({default: 1, class: 2, if: 3, await: 4, enum: 5, return: 6}).return`, `6`},
		{`var ünïcode = 1; ünïcode + 1`, `2`},
		{`var JSON2 = 1, Math = {max: () => 9}; Math.max(1)`, `9`},
		{`if (true) { function f() { return 1 } } f()`, `1`},
		{`(function () { var r = [typeof f]; { function f() { return 2 } } return [r[0], f()] })()`, `["undefined",2]`},
		{`if (false) { function f() {} } typeof f`, `"undefined"`},
		{`{ function f() { return 3 } } var g = () => f(); g()`, `3`},
		{`{ function f() { return f.x } f.x = 4; f() }`, `4`},
		{`((a) => { if (a) { function f() { return 1 } } else { function f() { return 2 } } return f() })(0)`, `2`},
		{`(function f() { return typeof f })()`, `"function"`},
	} {
		if got := runOne(t, c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

// TestUntouched runs standard JavaScript of many shapes.
func TestUntouched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"class A { #x = 1; get x() { return this.#x } set x(v) { this.#x = v } static #c = 0; static n() { return A.#c++ } has(o) { return #x in o } }\nvar a = new A; a.x = 5; [a.x, A.n(), A.n(), a.has(a), a.has({})]", `[5,0,1,true,false]`},
		{"class B { 'a b' = 1; [1 + 1] = 2; static { B.z = 3 } static *g() { yield 1 } static static = 6 }\nvar b = new B; [b['a b'], b[2], B.z, B.static]", `[1,2,3,6]`},
		{"var s = 'a/b'.replace(/\\//g, '_'); s", `"a_b"`},
		{"var a = 6, g = 2; a / g / 1 + [/[/]/.test('/') ? 1 : 0][0]", `4`},
		{"var f = x => { return x }\n/a/.test('a')", `true`},
		{"if (true) /x/.test('x')", `true`},
		{"var a = {b: 4}\nvar x = a.b / 2 /1; x", `2`},
		{"`${`${`a${1}`}b`}${{a: 'c'}.a}${[1,2].map(x => `<${x}>`).join('')}`", `"a1bc<1><2>"`},
		{"var t = (s, ...v) => s.raw.join('|') + v.join(','); t`a${1}\\n${2}c`", `"a|\\n|c1,2"`},
		{"var a = 1\nvar b = a\n++b\n;[a, b]", `[1,2]`},
		{"var i = 0\nx: for (;;) { for (;;) { if (i++ > 3) break x; continue x } }\ni", `5`},
		{"function* g() { var x = yield 1; yield x * 2; yield* [7] } var it = g(); [it.next().value, it.next(4).value, it.next().value, it.next().done]", `[1,8,7,true]`},
		{"var {a, b: {c = 5, ...r} = {}, ...q} = {a: 1, b: {d: 2}, e: 3}; [a, c, r, q]", `[1,5,{"d":2},{"e":3}]`},
		{"var [a, , b = 3, ...c] = [1, 2, undefined, 4, 5]; [a, b, c]", `[1,3,[4,5]]`},
		{"let a, b; [a, b] = [1, 2]; ({a, c: b} = {a: 3, c: 4}); [a, b]", `[3,4]`},
		{"a: { b: { break a } }", `undefined`},
		{"var a = 10n ** 2n; String(a)", `"100"`},
		{"new (class { constructor(x) { this.x = x } })(3).x", `3`},
		{"var f = async => async + 1; f(1)", `2`},
		{"var a = b => c => d => b + c + d; a(1)(2)(3)", `6`},
		{"(a, b) => a\n;1", `1`},
		{"var x = function () { return 1 }\n;(function () { x = 2 })()\nx()", `throws not a function`},
		{"var o = {a: {b: [1, 2]}}; [o?.a?.['b']?.[1], o.z?.y.x, o.z?.(), o?.a.b?.at?.(0)]", `[2,null,null,1]`},
		{"var a = null; a ??= 1; a ||= 2; a &&= 3; a **= 2; a >>>= 1; a", `4`},
		{"switch (3) { case 1: { let x = 1 } case 3: let y = 5; y; }", `5`},
		{"do var q = 1; while (0) q", `1`},
		{"var a = 1; // comment with ' quote\n/* ` and ${ */ var b = 2; a + b // ' end", `3`},
		{"var re = /[`'\"]/g, q = 'a\\'b'; re.test(q)", `true`},
		{"try { undefinedName } catch (e) { e.name }", `"ReferenceError"`},
		{"typeof undefinedName", `"undefined"`},
		{"globalThis.zzz = 1; zzz = 2; globalThis.zzz", `2`},
		{"var f = (a, b = a, {c} = {c: b}, [d] = [c], ...e) => [a, b, c, d, e]; f(1)", `[1,1,1,1,[]]`},
		{"void 0 ?? (1 && 2)", `2`},
		{"for (var i = 0, n = 2; i < n; i++);\ni", `2`},
		{"(a => a)`x`.length", `1`},
		{"var x = 5; x\n/2/1", `2.5`},
		{"new Date(0).getTime() + new (Map)().size + new Map().size", `0`},
		{"var a = {b: 1}, c = 0, d = 0\na?.b\n++c\nd = 1 || 2\n++c ?? 3\nd ?? 4\n!c || 5\nc", `2`},
		{"(() => { return.5-1 })()", `-0.5`},
		{"+[] + -1 - -1 + +'3' + ~~2", `5`},
		{"var a = {f() { return this.x }, x: 3}; a.f() + (0, a.f).call({x: 4})", `7`},
		{"import.meta.foo === undefined", `true`},
		{"let async; async = 1; async", `1`},
	} {
		got := runOne(t, c.src)
		if c.want == "fails " && strings.HasPrefix(got, "fails ") || strings.HasPrefix(c.want, "throws") && strings.HasPrefix(got, "throws") {
			continue
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

// TestOldStyle is a legacy file in the customary style: parameters as local
// variables, context variables, one expression.
func TestOldStyle(t *testing.T) {
	t.Parallel()
	r := newRealm(t, map[string]string{"main.js": `
((
  table = new Map,
  { limit, label } = { limit: 3, label: 'x' },
  accept = n => n < limit,
  _, _,
) => pipy({
  _n: 0,
  _path: accept(2) ? 'yes' : 'no',
})

.export('main', {
  __user: null,
})

.import({
  __other: 'plugin',
})

)()`})
	if got, want := r.run("main.js"), `{"proto":{"_n":0,"_path":"yes"},"legacy":true}`; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if len(r.legacy) != 0 {
		t.Errorf("keys taken for uses: %v", r.legacy)
	}
}
