package algo

import (
	"sync"
	"testing"
)

func TestSharedMap(t *testing.T) {
	t.Parallel()
	const open = "var m = new algo.SharedMap(algo.uuid());"
	runCases(t, []scriptCase{
		{"primitives", open + "m.set('a', 1.5); m.set('b', 'é'); m.set('c', true); m.set('d', null); m.set('e', undefined); text([m.get('a'), m.get('b'), m.get('c'), m.get('d'), m.get('e'), m.get('f'), m.has('e'), m.has('f'), m.size])", `[1.5,"é",true,null,"undefined","undefined",true,false,5]`},
		{"objects are copied", open + "var o = { a: [1, [2], { b: 'x' }], f() {}, u: undefined }; m.set('o', o); o.a.push(3); m.get('o').a.push(4); text(m.get('o')) + Array.isArray(m.get('o').a)", `{"a":[1,[2],{"b":"x"}],"u":"undefined"}true`},
		{"objects of classes", open + "class K { constructor() { this.x = 1 } get y() { return 2 } z() {} }; m.set('k', new K); text(m.get('k')) + (m.get('k') instanceof K)", `{"x":1}false`},
		{"the same object twice is no cycle", open + "var x = {}; m.set('o', [x, x]); text(m.get('o'))", "[{},{}]"},
		{"delete and clear", open + "m.set('a', 1); m.set('b', 1); var d = [m.delete('a'), m.delete('a'), m.size]; m.clear(); text([d, m.size])", "[[true,false,1],0]"},
		{"add and sub", open + "m.set('n', 1); m.set('s', 'x'); text([m.add('n', 2), m.sub('n', 0.5), m.get('n'), m.add('s', 1), m.get('s'), m.add('none', 1), m.has('none')])", `[3,2.5,2.5,"NaN","x","NaN",false]`},
		{"same name same map", "var id = algo.uuid(); new algo.SharedMap(id).set('x', 1); new algo.SharedMap(id).get('x')", "1"},
		{"errors", open + "var o = {}; o.a = { o }; var deep = {}; for (var i = 0; i < 200; i++) deep = { deep }; text([() => new algo.SharedMap, () => new algo.SharedMap(1), () => m.get(), () => m.get(1), () => m.set('a'), () => m.add('a', '1'), () => m.set('o', o), () => m.set('d', deep), () => m.set('g', { get x() { throw new Error('mine') } })].map(fails))",
			`["requires 1 or more arguments","argument #1 expects a string","requires 1 or more arguments","argument #1 expects a string","requires 2 or more arguments","argument #2 expects a number","a value that contains itself cannot be shared","a value nested deeper than 100 objects cannot be shared","mine"]`},
	})
}

func TestSharedMapAcrossThreads(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	m := sharedMapOf("TestSharedMapAcrossThreads")
	m.set("n", 0.0)
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				m.add("n", 1)
				m.get("n")
			}
		})
	}
	wg.Wait()
	if v, _ := m.get("n"); v != 4000.0 {
		t.Errorf("%v", v)
	}
	r1, _ := newRealm(t)
	r2, _ := newRealm(t)
	eval(t, r1, "new algo.SharedMap('TestSharedMapAcrossThreads').set('o', { a: [1] })")
	if got := eval(t, r2, "text(new algo.SharedMap('TestSharedMapAcrossThreads').get('o'))"); got != `{"a":[1]}` {
		t.Error(got)
	}
}
