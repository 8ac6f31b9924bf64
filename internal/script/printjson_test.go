package script_test

import (
	"testing"

	"weir/internal/script/scripttest"
)

// printed are scripts whose last expression is printed; fast are those that are data.
var printed = []struct {
	src  string
	fast bool
}{
	{`Array.from({ length: 40 }, (_, i) => ' '.repeat(i) + '"' + '!'.repeat(i) + '\u007f\\' + '\u001f\u0080#'.repeat(i % 9))`, true},
	{`null`, true}, {`true`, true}, {`false`, true}, {`0`, true}, {`-0`, true}, {`2147483647`, true}, {`2147483648`, true}, {`-2147483649`, true},
	{`1.5`, true}, {`0.1 + 0.2`, true}, {`1e21`, true}, {`1e20`, true}, {`123456789012345680000`, true}, {`1e-6`, true}, {`1e-7`, true}, {`1.25e-10`, true},
	{`5e-324`, true}, {`1.7976931348623157e308`, true}, {`-1e100`, true}, {`NaN`, true}, {`-Infinity`, true}, {`Number.MAX_SAFE_INTEGER`, true},
	{`''`, true}, {`'abc'`, true}, {`'"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\v'`, true}, {`'\u00e9\u00ff\u0080'`, true}, {`'\u4e2d\u6587 "x"\\n\\u0007'`, true},
	{`'\u{1f600}\u2028\u2029\ufffd\uffff'`, true}, {`'\ud800'`, true}, {`'a\ud800b\udc00\ud83d'`, true}, {`'\udc00\ud800'`, true},
	{`var s = 'x'; for (var i = 0; i < 3000; i++) s += 'y"' + i; s`, true}, {`var s = 'x'; for (var i = 0; i < 3000; i++) s += '\u4e2d'; s`, true},
	{`var s = '\ud800'; for (var i = 0; i < 3000; i++) s += 'rope'; s`, false},
	{`[]`, true}, {`[1, [2, [3, []]], 'a', null]`, true}, {`[undefined, Symbol('x'), 1]`, true}, {`new Array(3)`, false}, {`[1, , 3]`, false},
	{`var a = [1, 2]; a.length = 4; a`, false}, {`var a = [1]; a.x = 2; a`, false}, {`var a = [3, 4]; a.pop(); a`, true}, {`[() => 1]`, false},
	{`var a = []; a[5] = 1; a`, false}, {`new Uint8Array(2)`, false},
	{`({})`, true}, {`({ a: 1, 'b c': 'x', '"': 2, '': 3, '\u00e9': 4, '\u4e2d': 5 })`, true}, {`({ a: undefined, b: Symbol('x'), c: 1 })`, true},
	{`({ b: 1, 2: 'two', a: 3 })`, false}, {`({ a: () => 1 })`, false}, {`({ get a() { return 7 } })`, false}, {`({ [Symbol('x')]: 1, y: 2 })`, true},
	{`var o = { a: 1, b: 2, c: 3 }; delete o.b; o.d = 4; o`, true}, {`Object.defineProperty({ a: 1 }, 'h', { value: 1 })`, true},
	{`Object.create(null)`, true}, {`Object.assign(Object.create(null), { a: [1] })`, true}, {`Object.create({ a: 1 })`, false},
	{`class A { x = 1 }; new A`, false}, {`({ toJSON() { return 'made' } })`, false}, {`({ toJSON: 1 })`, false}, {`({ a: { toJSON: k => k } })`, false},
	{`[new Date(0)]`, false}, {`({ a: new Map, b: new Set, c: /x/, d: new Error('x') })`, false}, {`[new Number(1), new String('x'), new Boolean(false)]`, false},
	{`new Proxy({ a: 1 }, {})`, false}, {`var o = {}; o.o = o; o`, false}, {`var o = [1]; for (var i = 0; i < 500; i++) o = [o]; o`, false},
	{`var o = { a: 1 }; [o, o, { o }]`, true}, {`JSON.parse('{"a":{"b":[1,2,{"c":"d"}]},"__proto__":1}')`, true}, {`({ '\ufffd': 1 })`, false},
	{`({ '\ud800': 1 })`, false}, {`1n`, false}, {`[1n]`, false}, {`undefined`, false}, {`Symbol('x')`, false}, {`x => x`, false},
	{`Object.prototype.toJSON = () => 'all'; [1, {}]`, false}, {`Array.prototype.toJSON = function () { return this.length }; [1, 2]`, false},
	{`Object.freeze({ a: 1 })`, true}, {`Object.freeze([1])`, false}, {`var o = {}; for (var i = 0; i < 300; i++) o['k' + i] = i; o`, true},
	{`(function () { return arguments })(1, 2)`, false}, {`globalThis.JSON`, false},
}

// What PrintJSON prints is what JSON.stringify prints.
func TestPrintJSON(t *testing.T) {
	t.Parallel()
	for _, c := range printed {
		r, _ := scripttest.New(t)
		result, err := r.Run("main.js", c.src)
		if err != nil {
			t.Fatalf("%s: %v", c.src, err)
		}
		v := r.Hold(result.Value)
		got, ok := r.PrintJSON(v.Value())
		if ok != c.fast {
			t.Errorf("%s: ok is %v, %.100q", c.src, ok, got)
		}
		if !ok {
			continue
		}
		j, _ := r.Get(r.Global(), "JSON")
		f, _ := r.Get(j, "stringify")
		s, err := r.CallMethod(f, j, v.Value())
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := r.AsString(s); string(got) != want {
			t.Errorf("%s:\ngot  %.300q\nwant %.300q", c.src, got, want)
		}
		r.EndTurn()
	}
}
