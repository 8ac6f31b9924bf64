package hessian

import (
	"strings"
	"testing"

	"weir/internal/api/cstruct"
	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestHessian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`hex(Hessian.encode(null))`, "4e"},
		{`hex(Hessian.encode(undefined))`, ""},
		{`hex(Hessian.encode([1, 'a', true, new Int('i32', 5), new Int('i64', 5), new Data([1]), new Date(1)]))`, "5c 0161 54 95 e5 2101 4a0000000000000001"},
		{`hex(Hessian.encode({ kind: 'list', elements: [null, [1]] }))`, "58924e5890"},
		{`hex(Hessian.encode({ kind: 'map', type: 'a', elements: [['k', 2]] }))`, "4d0161016b5d025a"},
		{`hex(Hessian.encode({ kind: 'object', type: 'a', elements: { x: true } }))`, "4301619101786054"},
		{`hex(Hessian.encode([true, { kind: 'object', elements: { x: true } }, false]))`, "54"},
		{`hex(Hessian.encode({ a: 1 }))`, "5890"},
		{`var o = { kind: 'map', elements: [] }; o.elements.push(['self', o]); hex(Hessian.encode([o, o]))`, "480473656c6651905a5190"},
		{`hex(Hessian.encode([new Int('i64', '9223372036854775807')]))`, "4c7fffffffffffffff"},
		{`JSON.stringify(Hessian.decode(Data.from('54589001615b', 'hex')))`, `[true,{"kind":"list","elements":null},"a",0]`},
		{`var v = Hessian.decode(Data.from('4301619101786090600151904e45', 'hex')); String(v.length)`, "4"},
		{`var v = Hessian.decode(Data.from('43016191017860905190', 'hex')); String(v[0] === v[1]) + v[0].type + v[0].kind + v[0].elements.x.type`, "trueaobjecti32"},
		{`var v = Hessian.decode(Data.from('59000000074c7fffffffffffffff4a0000000000000001', 'hex')); v[0].type + v[1].toString() + v[2].getTime()`, "i3292233720368547758071"},
		{`String(Hessian.decode(null))`, "null"},
		{`var v = Hessian.decode(Hessian.encode(['ab', 'abc', { kind: 'list', elements: ['abcd'] }]), { maxStringSize: 2 });
			[typeof v[0], v[1] instanceof CString, v[1].size, v[2].elements[0] + '!', hex(Hessian.encode(v))].join()`, "string,true,3,abcd!,0261620361626358910461626364"},
		{`Hessian.decode('x')`, "error: argument #1 expects an instance of pipy::Data"},
		{`Hessian.decode(null, { maxStringSize: 'x' })`, "error: options.maxStringSize expects a finite number"},
		{`var o = { kind: 'list' }; for (var i = 0; i < 1000; i++) o = { kind: 'list', elements: [o] }; String(Hessian.encode([true, o]).size)`, "1"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			got := scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, cstruct.Namespace, Namespace}, `var hex = d => d.toString('hex'); `+c.src)
			if got != strings.ReplaceAll(c.want, " ", "") && got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
