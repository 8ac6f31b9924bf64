package cstruct_test

import (
	"testing"

	"weir/internal/api/cstruct"
	"weir/internal/api/hessian"
	"weir/internal/api/json"
	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestCStruct(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`var s = new CStruct({ a: 'int8', b: 'int32', c: 'uint64', d: 'char[5]' }); s.size + hex(s.encode({ a: -1, b: 2, c: new Int('u64', '18446744073709551615'), d: 'hi' }))`,
			"21ff00000002000000ffffffffffffffff6869000000"},
		{`var s = new CStruct({ a: 'uint64', b: 'uint32', c: 'int64' }); var o = s.decode(s.encode({ a: new Int('u32', 4294967295), b: new Int('u32', 4294967295), c: new Int('i64', '-9007199254740993') })); o.a.type + o.a + ' ' + o.b + ' ' + o.c.toString()`,
			"u644294967295 4294967295 -9007199254740993"},
		{`JSON.stringify(new CStruct({ a: 'uint8', n: new CStruct({ x: 'uint16[2]', s: 'char[4]' }) }).decode(new Data([9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 65, 66])))`, `{"a":9,"n":{"x":[1,2],"s":"AB"}}`},
		{`JSON.stringify(new CStruct({ '1u': new CUnion({ i: 'uint32', b: 'uint8[4]' }), z: 'uint8' }).decode(new Data([1, 2, 3, 4, 5])))`, `{"i":67305985,"b":[1,2,3,4],"z":5}`},
		{`JSON.stringify(new CStruct({ a: 'uint8', '1u': new CUnion({ f: 'float', c: 'char[3]' }), n: new CUnion({ q: 'int16' }) }).reflect())`,
			`{"a":{"offset":0,"size":1,"count":1,"isArray":false,"isIntegral":true,"isUnsigned":true},"f":{"offset":4,"size":4,"count":1,"isArray":false,"isIntegral":false,"isUnsigned":false},"c":{"offset":4,"size":1,"count":3,"isArray":true,"isIntegral":false,"isUnsigned":false},"n":{"offset":8,"size":2,"count":1,"isArray":false,"isIntegral":false,"isUnsigned":false}}`},
		{`var f = { a: 'uint32', b: 'uint8' }; [new CStruct(f).size, new CStruct(f, { layout: 'c' }).size, new CStruct({ b: 'uint8', a: 'uint32' }, { layout: 'packed' }).size].join()`, "5,8,5"},
		{`hex(new CStruct({ a: 'uint8[4]' }).encode({ a: new Data('abcde') }))`, "61626364"},
		{`hex(new CStruct({ type: 'uint8' }).encode({ type: 3 }))`, "03"},
		{`hex(new CStruct({ s: 'char[3]' }).encode({ s: new CString('abcd') }))`, "616263"},
		{`new CStruct({}).encode(null) + ' ' + new CStruct(null).decode(null) + new CStruct(null).size`, "null null0"},
		{`new CUnion({ a: 'int8' }) instanceof CUnion`, "true"},
		{`new CStruct()`, "error: requires 1 or more arguments"},
		{`new CStruct(5)`, "error: argument #1 expects an object"},
		{`new CStruct({ a: 5 })`, "error: invalid field type: a"},
		{`new CStruct({ a: 'bool' })`, "error: unknown type name: bool"},
		{`new CStruct({ '1a': 'int8' })`, "error: anonymous field of non-union type is not allowed: 1a"},
		{`new CUnion({ '1a': new CStruct({}) })`, "error: anonymous field of non-union type is not allowed: 1a"},
		{`new CStruct({ a: 'int64[9000000]' })`, "error: the layout is too large"},
		{`new CStruct({}, { layout: 'x' })`, "error: options.layout expects one of pipy, c, packed"},
		{`new CStruct({}).encode(1)`, "error: argument #1 expects an object"},
		{`new CStruct({}).encode()`, "error: requires 1 or more arguments"},
		{`new CStruct({}).decode('x')`, "error: argument #1 expects an instance of pipy::Data"},
		{`var o = {}; o.a = o; new CStruct({ a: 'int8' }).encode(o)`, "error: a value is nested too deep, or contains itself"},
		{`var s = new CString('h\u00e9'); s.data.push('!'); s.size + ' ' + s + ' ' + s.data.size + JSON.stringify({ s }) + (s.data === s.data)`, `4 hé! 4{"s":"hé!"}true`},
		{`var d = new Data('abc'), s = new CString(d); d.push('d'); s.toString() + new CString().size`, "abc0"},
		{`hex(Hessian.encode(new CString('abc')))`, "03616263"},
		{`new CString(1)`, "error: argument #1 expects a string or a Data object"},
		{`new CString(undefined)`, "error: argument #1 expects a string or a Data object"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			got := scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, json.Namespace, hessian.Namespace, cstruct.Namespace},
				`var hex = d => d.toString('hex'); `+c.src)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
