package dialect

import (
	"strings"
	"testing"
)

func TestSolve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`{"a": 1, "b": [true, null]}`, `{"a":1,"b":[true,null]}`},
		{"\n// config\n{ a: 1 }\n", `{"a":1}`},
		{`[1, 2]`, `[1,2]`},
		{`"text"`, `"text"`},
		{`1; 2; 3`, `1`},
		{`1, 2`, `2`},
		{`(1, 2)`, `2`},
		{"{a: 1}\n{b: 2}\nthis is not script", `{"a":1}`},
		{"({a: 1}).a\nfoo bar", `1`},
		{"1\nvar x = 1 2 3", `1`},
		{`((a = b, b = 2) => [a, b])()`, `[null,2]`},
		{`((x, x) => { var $a = x; function g() { return $a } return g() })(3, 4)`, `3`},
		{`(() => { var _a; [_a] = [5]; return _a })()`, `5`},
		{"'a\nb'", `"a\nb"`},
		{``, `undefined`},
		{`// nothing`, `undefined`},
		{"[1\n2]", `[1,2]`},
		{`{ f() { return 3 } }.f()`, `3`},
		{`import x from 'y'`, `fails unexpected token at line 1 column 8 in /main.js`},
		{`{ "a": 1`, `fails '}' expected at line 1 column 9 in /main.js`},
	} {
		r := newRealm(t, map[string]string{"main.js": c.src})
		r.options.Kind = Solve
		if got := r.run("main.js"); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"var a = ;", "unexpected token at line 1 column 9 in /main.js"},
		{"var a =", "unexpected end of expression at line 1 column 8 in /main.js"},
		{"f(\n1", "')' expected at line 2 column 2 in /main.js"},
		{"[1", "']' expected at line 1 column 3 in /main.js"},
		{"if (1) { 2", "'}' expected at line 1 column 11 in /main.js"},
		{"1 }", "unexpected token at line 1 column 3 in /main.js"},
		{"var é = 1; é }", "unexpected token at line 1 column 16 in /main.js"},
		{"'abc", "unexpected end of expression at line 1 column 1 in /main.js"},
		{"`a${1}", "unexpected end of expression at line 1 column 6 in /main.js"},
		{"a b", "unexpected token at line 1 column 3 in /main.js"},
		{"switch (1) { default: default: }", "duplicated default clause at line 1 column 23 in /main.js"},
		{"break", "illegal break at line 1 column 1 in /main.js"},
		{"for (;;) (() => { break })()", "illegal break at line 1 column 19 in /main.js"},
		{"try { }", "missing catch or finally at line 1 column 1 in /main.js"},
		{"throw\n1", "missing expression at line 1 column 1 in /main.js"},
		{"-a ** 2", "ambiguous exponentiation precedence at line 1 column 4 in /main.js"},
		{"1 = 2", "cannot assign to a right-value at line 1 column 1 in /main.js"},
		{"{ import './x' }", "illegal import at line 1 column 3 in /main.js"},
		{"if (1) { export var a }", "illegal export at line 1 column 10 in /main.js"},
		{"import { a } './x'", "'from' expected at line 1 column 14 in /main.js"},
		{"import a from b", "missing module name at line 1 column 15 in /main.js"},
		{"export * as 1 from 'x'", "missing exported name at line 1 column 13 in /main.js"},
		{"export var $x = 1", "cannot export a fiber variable at line 1 column 12 in /main.js"},
		{"var $x; export { $x }", "cannot export a fiber variable at line 1 column 18 in /main.js"},
		{"var a, $", "reserved variable name '$' at line 1 column 8 in /main.js"},
		{"function $f() {}", "reserved function name '$f' at line 1 column 10 in /main.js"},
		{"(a, $x) => 1", "reserved argument name '$x' at line 1 column 5 in /main.js"},
		{"({ $x }) => 1", "reserved argument name '$x' at line 1 column 4 in /main.js"},
		{"var __ctx", "reserved variable name '__ctx' at line 1 column 5 in /main.js"},
		{"() => await x", "await is only valid in async functions and at the top level of a file at line 1 column 7 in /main.js"},
		{"import { a } from 'x'; var a", "'a' is declared twice at line 1 column 28 in /main.js"},
		{"import * as a from 'x'; function a() {}", "'a' is declared twice at line 1 column 34 in /main.js"},
		{strings.Repeat("(", 2000), "brackets nested too deeply at line 1 column 1002 in /main.js"},
		{"with (a) b", "unexpected token at line 1 column 1 in /main.js"},
		{"a ? b", "unexpected end of expression at line 1 column 6 in /main.js"},
		{"x => { return 1 } }", "unexpected token at line 1 column 19 in /main.js"},
		{"\\", "unknown token at line 1 column 1 in /main.js"},
		{"a \x01", "unknown token at line 1 column 3 in /main.js"},
	} {
		_, err := Transform(c.src, Options{File: "/main.js", FiberSlots: func(string) int { return 0 }})
		if err == nil {
			t.Errorf("%s: no error", c.src)
		} else if err.Error() != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, err, c.want)
		}
	}
}

// TestMap looks for markers: `@n` in the source is where the text after it in
// the output has to lead.
func TestMap(t *testing.T) {
	t.Parallel()
	src := strings.Join([]string{
		"import { a } from './x'; var $v = first()",
		"  var s = 'é', t = `${s}\n`; second(s, $v, a, 'é', third())",
		"async function f() { await fourth(); $v = fifth(a) }",
		"sixth()",
		"var big = '😀'; seventh(big)",
	}, "\n")
	out, err := Transform(src, Options{File: "/a.js", FiberSlots: func(string) int { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh"} {
		wantLine, wantCol := splitLines(src).position(strings.Index(src, word))
		code := splitLines(out.Code)
		line, col := code.position(strings.Index(out.Code, word))
		gotLine, gotCol := out.Map.Lookup(line, code.codePointColumn(line, col))
		if gotLine != wantLine || gotCol != wantCol {
			t.Errorf("%s: %d:%d instead of %d:%d", word, gotLine, gotCol, wantLine, wantCol)
		}
		if line != wantLine {
			t.Errorf("%s moved from line %d to %d", word, wantLine, line)
		}
	}
	if l, c := out.Map.Lookup(1, 1); l != 1 || c != 1 {
		t.Errorf("begin: %d:%d", l, c)
	}
	if l, c := out.Map.Lookup(9999, 9999); l < 1 || c < 1 {
		t.Errorf("beyond: %d:%d", l, c)
	}
}

func TestTypeScript(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"main.ts": `import { a, type T } from './lib.ts'
import type { U } from './nowhere.ts'

interface I { x: number; y?: string }
enum Color { Red = 1, Green }
var $n: number = 5
const f = async <V,>(x: V, o?: I): Promise<V> => x as V
function g(this: void, x: number = 1): x is 1 { return x! === 1 }
class C<T> { private x: number = 1; constructor(public y: T) {} declare z: string }
let t: T = a satisfies number
;if (0) pipy(); [t, $n, Color.Green, g(), new C<number>(3).y, _ctx as unknown];`,
		"lib.ts": "export const a: number = 1; export type T = number",
	}
	r := newRealm(t, files)
	if got, want := r.run("main.ts"), `[1,5,2,true,3,null]`; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	src := "type A = {\n  a: string }\nvar é: A = null, x = <any>boom(1)\nthrow boom(2)"
	out, err := Transform(src, Options{File: "/a.ts"})
	if err != nil {
		t.Fatal(err)
	}
	code := splitLines(out.Code)
	for _, word := range []string{"boom(1)", "boom(2)"} {
		line, col := code.position(strings.Index(out.Code, word))
		wantLine, wantCol := splitLines(src).position(strings.Index(src, word))
		if l, c := out.Map.Lookup(line, code.codePointColumn(line, col)); l != wantLine || c != wantCol {
			t.Errorf("%s at %d:%d instead of %d:%d", word, l, c, wantLine, wantCol)
		}
	}
	_, err = Transform("var a: number = \n  1 1", Options{File: "/a.ts"})
	if err == nil || err.(*SyntaxError).Line != 2 || err.(*SyntaxError).Column != 5 {
		t.Errorf("error %v", err)
	}
	_, err = Transform("\n\nfunction f($x: number) {}", Options{File: "/a.ts"})
	if err == nil || err.(*SyntaxError).Line != 3 || err.(*SyntaxError).Column != 12 {
		t.Errorf("error %v", err)
	}
}

// Newer syntax than the parser's goes through esbuild.
func TestNewerSyntax(t *testing.T) {
	t.Parallel()
	out, err := Transform("\n@dec class A { accessor x = 1 }\n{ using y = f() }", Options{File: "/a.js"})
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "", out.Code)
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	src := "one\n\t  var a = ;\r\nthree"
	got := strings.Join(Excerpt(src, 2, 12), "\n")
	want := "[pjs] Line 2:  var a = ;\n[pjs]" + strings.Repeat(" ", 6+1+3+8) + "^"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if Excerpt(src, 4, 1) != nil || Excerpt(src, 0, 1) != nil {
		t.Error("lines that do not exist")
	}
}
