package dialect

import (
	"reflect"
	"strings"
	"testing"
)

func TestModules(t *testing.T) {
	t.Parallel()
	lib := `export var a = 1, b = 2
export function inc() { a++ }
export let l = 3
export const c = 4
export class K { k() { return 5 } }
function hidden() { return 6 }
export { hidden as shown, hidden as 'any name', undeclared }
export function setUndeclared(v) { undeclared = v }
export default a + 10
`
	for _, c := range []struct{ src, want string }{
		{`import { a, b } from './lib'; a + b`, `3`},
		{`import { a, inc } from './lib'; inc(); inc(); a`, `3`},
		{`import d from './lib'; d`, `11`},
		{`import d, { a as x, default as e } from './lib'; [d, x, e]`, `[11,1,11]`},
		{`import * as ns from './lib'; [ns.a, ns.default, ns.nope]`, `[1,11,null]`},
		{`import d, * as ns from './lib'; [d, ns.c]`, `[11,4]`},
		{`import d, { a }, * as ns from './lib'; [d, a, ns.c]`, `[11,1,4]`},
		{`import { nope, a } from './lib'; [nope, typeof nope, a]`, `[null,"undefined",1]`},
		{`import { 'any name' as f, shown } from './lib'; [f(), shown()]`, `[6,6]`},
		{`import { undeclared, setUndeclared } from './lib'; var r = [undeclared]; setUndeclared(7); r.push(undeclared); r`, `[null,7]`},
		{`import { K } from './lib'; new K().k() + new K().k()`, `10`},
		{`import { a } from './lib'; ({ a, b: a })`, `{"a":1,"b":1}`},
		{`import { a } from './lib'; (a => a)(9) + a`, `10`},
		{`import { a } from './lib'; var r; try { a = 2 } catch (e) { r = e.message } r`, `"cannot assign to an imported variable"`},
		{`import { a } from './lib'; var r; try { a++ } catch (e) { r = e.message } [r, a]`, `["cannot assign to an imported variable",1]`},
		{`import { a } from './lib'; var r; try { [a] = [2] } catch (e) { r = e.message } r`, `"cannot assign to an imported variable"`},
		{`import * as ns from './lib'; var r; try { ns = 1 } catch (e) { r = e.message } r`, `"cannot assign to an imported variable"`},
		{`import { inc as f } from './this'; f()`, `links not: no module ./this`},
		{`import { that } from './self'; that()`, `true`},
		{"import { that } from './self'\nvar x = 1\nthat()", `true`},
		{"import { that } from './self'\nvar x = 1\nthat()\n2", `2`},
		{"import { that } from './self'\nvar r\nif (1) that()\nelse that()", `true`},
		{"import {\n  a,\n  b,\n} from './lib'\na + b", `3`},
		{`import './effect'; globalThis.effect`, `1`},
		{`import { a } from './re'; a`, `1`},
		{`import { x, ns, q } from './re'; [x, ns.b, q]`, `[1,2,2]`},
		{`import d from './fn'; d()`, `"fn"`},
		{`import d from './anon'; d() + d.name`, `"anondefault"`},
		{`import D from './klass'; new D().v`, `8`},
		{`import { v, f, C, d, default as e } from './early'; [v, f(), new C().c, d, e]`, `[1,2,3,4,5]`},
		{`import e, { g } from './early2'; [e(), g]`, `["named",1]`},
		{`import { log1 } from './cycle1'; log1()`, `"seen true true fn"`},
		{`import { a } from './lib'; import { b } from './lib'; if (a) return [a, b]; 0`, `[1,2]`},
	} {
		files := map[string]string{
			"main.js": c.src, "lib": lib,
			"effect": `globalThis.effect = 1`,
			"self":   `export function that() { return this === undefined }`,
			"re":     "import { a, b as q } from './lib'\nexport { a, q }\nexport { a as x } from './lib'\nexport * as ns from './lib'",
			"fn":     "export default function fn() { return 'fn' }",
			"anon":   "export default function () { return 'anon' }\n(1)",
			"klass":  "export default class { v = 8 }\n[1]",
			"early": `export var v = 1; export function f() { return 2 } export class C { c = 3 } export const d = 4;
				export default 5; if (v) return 9; v = 100`,
			"early2": `const g = 1; export { g }; export default function named() { return 'named' } return; g.x.y`,
			"cycle1": "import { see } from './cycle2'\nexport var v = 1\nexport function fn() { return 'fn' }\nexport function log1() { return see }\nexport default 5",
			"cycle2": "import { v, default as d, fn } from './cycle1'\nexport var see = `seen ${v == null} ${d == null} ${fn()}`",
		}
		if got := newRealm(t, files).run("main.js"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestModuleLists(t *testing.T) {
	t.Parallel()
	out, err := Transform("import d, { a as b, 'x y' as c } from './x.js'\nimport * as n from \"y\";\nimport 'z'\n"+
		"export { q as r } from 'w'; export * from 'v'; export * as ns from 'u'\n"+
		"export var e, { f } = {}; export default 1; export { b as g, e as 'h i' }\nexport async function k() {}\n",
		Options{File: "/a.js"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Import{
		{"./x.js", []string{"default", "a", "x y"}, 1, 39, false},
		{"y", []string{"*"}, 2, 20, false},
		{"z", nil, 3, 8, false},
		{"w", []string{"q"}, 4, 24, true},
		{"v", []string{"*"}, 4, 43, true},
		{"u", []string{"*"}, 4, 68, true},
	}
	if !reflect.DeepEqual(out.Imports, want) {
		t.Errorf("imports %+v", out.Imports)
	}
	if got := strings.Join(out.Exports, " "); got != "r * ns e f default g h i k" {
		t.Errorf("exports %s", got)
	}
}
