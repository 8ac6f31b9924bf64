package dialect

import (
	"strings"
	"testing"
)

func TestFiberVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want, slots string }{
		{`var $x = 5; $x + 1`, `6`, `$x`},
		{`var $x; $x`, `undefined`, `$x`},
		{`var a = 1, $x = a + 1, b = $x + 1; [a, $x, b]`, `[1,2,3]`, `$x`},
		{`const $x = 1; let $y = 2, z = 3; $x + $y + z`, `6`, `$x $y`},
		{`let $y; $y = 1; $y += 2; $y++; --$y; $y`, `3`, `$y`},
		{`var $x = 1; delete $x.a; typeof $x`, `"number"`, `$x`},
		{`var $o = {a: 1}; delete $o.a; [$o, {$o}, {$o: 5}, $o.$o]`, `[{},{"$o":{}},{"$o":5},null]`, `$o`},
		{`var {a, $b, c: [$c, d], ...$r} = {a: 1, $b: 2, c: [3, 4], e: 5}; [a, $b, $c, d, $r]`, `[1,2,3,4,{"e":5}]`, `$b $c $r`},
		{`var [$a, b = $a, $c = 7] = [1]; [$a, b, $c]`, `[1,1,7]`, `$a $c`},
		{`const {$a, b} = {$a: 1, b: 2}, z = 3; [$a, b, z]`, `[1,2,3]`, `$a`},
		{`var $a, $b; [$a, $b] = [1, 2]; ({$a, x: $b = 9, $c: [$b]} = {$a: 5, $c: [6]}); [$a, $b]`, `[5,6]`, `$a $b`},
		{`for (var $i = 0, n = 3; $i < n; $i++); $i`, `3`, `$i`},
		{`for (var $i of [1, 2]); $i`, `2`, `$i`},
		{`for (let $k in {p: 1, q: 2}); var r = 1; r`, `1`, `$k`},
		{`var s = 0; for (const [$k, v] of [[1, 2], [3, 4]]) s += $k * v; s`, `14`, `$k`},
		{`var s = 0; for (var {$k, v} of [{$k: 1, v: 2}]) s += $k + v; s + v`, `5`, `$k`},
		{`var $x; for ($x of [1, 2]); $x`, `2`, `$x`},
		{`function f() { var $n; $n = ($n || 0) + 1; return $n } function g() { var $n; return $n } f(); f(); [f(), g()]`, `[3,null]`, `$n $n`},
		{`var $x = 1; var f = () => { var $x = 2; return () => $x }; [f()(), $x]`, `[2,1]`, `$x $x`},
		{`var $x = 1; { let $x = 2; { $x } } $x`, `1`, `$x $x`},
		{`if (true) { var $v = 3 } $v`, `3`, `$v`},
		{`f(); function f() { $late = 4 } var $late; $late`, `4`, `$late`},
		{`var $f = a => a + 1; $f(1)`, `2`, `$f`},
		{"var $a = 1, $b = 2; `${$a}-${`${$b}`}-\\${$a}`", "\"1-2-${$a}\"", `$a $b`},
		{`var $t = (s, v) => s[0] + v; $t` + "`a${1}`", `"a1"`, `$t`},
		{`var $o = {f() { return this.n }, n: 4}; $o.f() + $o?.f?.()`, `8`, `$o`},
		{`class A { $p = 1; m() { return this.$p + $q } } var $q = 2; new A().m()`, `3`, `$q`},
		{`$: for (;;) { break $ } var $x = 1; $x`, `1`, `$x`},
		{`var $x = (1, 2), $y = ($x); ($y)`, `2`, `$x $y`},
		{`try { throw 1 } catch ($e) { $e }`, `1`, ``},
		{`switch (1) { case 1: let $s = 5; $s }`, `5`, `$s`},
		{"var $a = 1\nvar b = 2\n$a = 3\n;[$a, b]", `[3,2]`, `$a`},
		{`export function set(v) { $s = v } export function get() { return $s } var $s; set(3); get()`, `3`, `$s`},
		{`var $x = 1; var {[$x]: y, z = $x} = {1: 2}; y + z`, `3`, `$x`},
		{`var $x = 1; ((a = $x, {b = $x} = {}) => a + b)()`, `2`, `$x`},
	} {
		r := newRealm(t, map[string]string{"main.js": c.src})
		if got := r.run("main.js"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		if got := strings.Join(r.slots, " "); got != c.slots {
			t.Errorf("%s\nslots %s\n want %s", c.src, got, c.slots)
		}
	}
}

// A declaration without initializer must not store anything.
func TestFiberDeclarationKeepsValue(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"var $x", "let $x;", "var a = 1, $x, b", "for (var $x; false;);"} {
		out, err := Transform(src, Options{File: "/a.js", FiberSlots: func(string) int { return 0 }})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.Code, "__ctx") {
			t.Errorf("%s: %s", src, out.Code)
		}
	}
}

func TestLegacyVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want, names string }{
		{`if (0) pipy(); _x = 1; _x += 2; _x++; [_x, typeof _x, {_x}]`, `[4,"number",{"_x":4}]`, `_x`},
		{`var _y = 1; _y`, `1`, ``},
		{`(_z => _z)(2)`, `2`, ``},
		{`((_a, { _b } = { _b: 2 }) => _a + _b)(1)`, `3`, ``},
		{`__filename = 'f'; __inbound = 1; [__filename, __inbound]`, `["f",1]`, `__filename __inbound`},
		{`typeof __thread`, `"undefined"`, ``},
		{`if (0) pipy(); typeof _none`, `"undefined"`, ``},
		{`typeof _new`, `"undefined"`, ``}, // no legacy file
		{`user = 1; pipy({ user: 0, 'other': 2 }); other = 3; user + other`, `4`, `user other`},
		{`pipy(() => ({ user: 0 })); user = 2; user`, `2`, `user`},
		{`pipy(function () { return { user: 0 } }); user = 2; user`, `2`, `user`},
		{`pipy().export('ns', { vx: 1, vy: 2 }).import({ im: 'a' }); vx = vy = im = 1; vx`, `1`, `vx vy im`},
		{`if (0) pipy(); [_a, _b] = [1, 2]; ({ _a, c: _b } = { _a: 3, c: 4 }); [_a, _b]`, `[3,4]`, `_a _b`},
		{`var o = { _x: 1 }; o._x + o?._x`, `2`, ``},
		{`if (0) pipy(); _f = () => 5; (() => { var _g = 1; return _f() + _g })()`, `6`, `_f`},
		{`if (0) pipy(); for (_i of [1, 2]); _i`, `2`, `_i`},
		{`log; import.meta; class _C {} function _f() {} try {} catch (_e) { _e } typeof _C + typeof _f`, `"functionfunction"`, ``},
	} {
		r := newRealm(t, map[string]string{"main.js": c.src})
		if got := r.run("main.js"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		if got := strings.Join(r.legacy, " "); got != c.names {
			t.Errorf("%s\nnames %s\n want %s", c.src, got, c.names)
		}
	}
}
