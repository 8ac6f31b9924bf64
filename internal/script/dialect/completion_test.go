package dialect

import "testing"

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{``, `undefined`},
		{`1`, `1`},
		{`1; 2`, `2`},
		{`1; var a = 2`, `1`},
		{`1; function f() {}`, `1`},
		{"1\nlet a = 2\nclass C {}", `1`},
		{`1, 2, 3`, `3`},
		{`(1, 2)`, `2`},
		{`({a: 1}).a`, `1`},
		{`if (true) 1; else 2`, `1`},
		{`if (false) 1; else { 2 }`, `2`},
		{`0; if (false) 1`, `0`},
		{`0; if (true) { 1 }`, `1`},
		{`0; if (true) { }`, `undefined`},
		{`1; if (true) { 2 };`, `undefined`},
		{`1;;`, `1`},
		{`for (var i = 0; i < 3; i++) i`, `2`},
		{`for (var i = 0; i < 3; i++) { i; if (i == 1) break }`, `1`},
		{`for (const x of [1, 5]) x`, `5`},
		{`for (const x in {p: 1}) x`, `"p"`},
		{`let i = 0; while (i < 3) i++`, `2`},
		{`let i = 0; do i++; while (i < 3)`, `2`},
		{`try { 1; throw 2 } catch (e) { }`, `undefined`},
		{`try { 1; throw 2 } catch (e) { e }`, `2`},
		{`try { 1; null.x; 5 } catch { var q }`, `1`},
		{`try { 1 } finally { 2 }`, `2`},
		{`switch (2) { case 1: 'a'; case 2: 'b'; default: 'c'; break; case 3: 'd' }`, `"c"`},
		{`a: { 1; break a; 2 }`, `1`},
		{`{ 1; { 2 } }`, `2`},
		{`export default 5`, `5`},
		{`export default (a => a)(7)`, `7`},
		{`export default 1, 2`, `fails unexpected token at line 1 column 17 in /main.js`},
		{`return 5`, `5`},
		{`return`, `undefined`},
		{`1; return`, `undefined`},
		{`return (1, 2); 3`, `2`},
		{`if (1) return 1; else return 2`, `1`},
		{`if (0) return; else return 2`, `2`},
		{`if (1) { 7; return 8 } 9`, `8`},
		{"if (1) return\n9", `undefined`},
		{"try { return 3 } finally { log(1) }", `undefined`},
		{`for (const x of [1,2]) { if (x == 2) return x } 9`, `2`},
		{`const f = () => { return 4 }; f()`, `4`},
		{`var a = function () { return 1 }, b = { m() { return 2 } }; a() + b.m()`, `3`},
		{`'a' + 'b'`, `"ab"`},
		{"`a${1}b${`c${2}`}`", `"a1bc2"`},
		{`var x; x = 3`, `3`},
		{`x => x, 4`, `4`},
		{"let a = 1\n;(a + 1)\n", `2`},
		{"pipy({a: 1})\n  .export('x', {})\n", `{"proto":{"a":1},"legacy":true}`},
		{"((\n  a = 1,\n  b = a + 1,\n) => a + b\n)()", `3`},
		{"#!/usr/bin/env weir\n1", `1`},
		{"\ufeff1", `1`},
		{"1 /* never closed", `1`},
	} {
		if got := runOne(t, c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestSingleExpression(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"1": true, "1;": true, "1; 2": false, "var a": false, "": false, "import './x'; 1": false,
		"(1, 2)": true, "// c\n1 // d": true, "if (1) 2": false, "export default 1": false,
	} {
		out, err := Transform(src, Options{File: "/a.js"})
		if err != nil {
			t.Fatal(src, err)
		}
		if out.SingleExpression != want {
			t.Errorf("%q: %v", src, out.SingleExpression)
		}
	}
}
