package algo

import (
	"testing"

	"weir/internal/script"
)

func TestLoadBalancer(t *testing.T) {
	t.Parallel()
	const pick = "function picks(lb, n, ...a) { var s = ''; for (var i = 0; i < n; i++) s += lb.allocate(...a)?.target ?? '-'; return s };"
	runCases(t, []scriptCase{
		{"rotation", pick + "picks(new algo.LoadBalancer(['a', 'b', 'c']), 7)", "abcabca"},
		{"weights", pick + "picks(new algo.LoadBalancer(['a', 'b'], { weight: t => t === 'a' ? 2 : 1 }), 6)", "abaaba"},
		{"weights that are nothing", pick + "picks(new algo.LoadBalancer(['a', 'b', 'c'], { weight: t => ({ b: -1, c: 0 })[t] }), 3)", "aaa"},
		{"no targets", "text([new algo.LoadBalancer().allocate(), new algo.LoadBalancer(null).allocate(), new algo.LoadBalancer([]).schedule(2).length])", "[null,null,2]"},
		{"schedule", "var lb = new algo.LoadBalancer(['a', 'b']); text([lb.schedule(3), lb.schedule(0), lb.schedule(-1), lb.schedule(2, x => x === 'a')])", `[["a","b","a"],[],null,["a","a"]]`},
		{"schedule holes", "var a = new algo.LoadBalancer(['a']).schedule(2, () => false); a.length + ',' + (0 in a)", "2,false"},
		{"validator", pick + "picks(new algo.LoadBalancer(['a', 'b', 'c']), 4, undefined, t => t !== 'b')", "acac"},
		{"validator rejects all", "new algo.LoadBalancer(['a']).allocate(null, () => 0)", "null"},
		{"validator fails", "fails(() => new algo.LoadBalancer(['a']).allocate(null, () => { throw new Error('mine') }))", "mine"},
		{"by key", pick + "var lb = new algo.LoadBalancer([{ id: 'a' }, { id: 'b' }], { key: t => t.id, weight: t => t.id === 'b' ? 0 : 1 }); text([lb.allocate('b').target.id, lb.allocate('none').target.id, lb.allocate('b', t => t.id !== 'b').target.id])", `["b","a","a"]`},
		{"a key is no load", "var lb = new algo.LoadBalancer(['a', 'b'], { algorithm: 'least-load' }), k = lb.allocate('a'); lb.allocate().target", "a"},
		{"idle resources are used again", "var lb = new algo.LoadBalancer(['a']); var x = lb.allocate(), y = lb.allocate(); x.free(); text([x === y, lb.allocate() === x, lb.allocate() === x])", "[false,true,false]"},
		{"capacity", "var lb = new algo.LoadBalancer(['a'], { capacity: 2 }); var l = []; for (var i = 0; i < 6; i++) l.push(lb.allocate()); text([new Set(l).size, l[2] === l[0], l[3] === l[1], l[4] === l[0]])", "[2,true,true,true]"},
		{"the least used one", "var lb = new algo.LoadBalancer(['a'], { capacity: 2 }); var x = lb.allocate(), y = lb.allocate(); lb.allocate(); lb.allocate(); y.free(); text([lb.allocate() === y])", "[true]"},
		{"capacity by function", "var lb = new algo.LoadBalancer(['a', 'b'], { capacity: t => t === 'a' ? 1 : undefined }); var l = []; for (var i = 0; i < 6; i++) l.push(lb.allocate()); new Set(l).size", "4"},
		{"capacity with a suffix", "var lb = new algo.LoadBalancer(['a'], { capacity: '1k' }); lb.allocate() === lb.allocate()", "false"},
		{"resources nobody refers to are gone", "var lb = new algo.LoadBalancer(['a'], { capacity: 1 }); lb.allocate().mark = 1; var r = lb.allocate(); text([r.mark, r === lb.allocate()])", `["undefined",true]`},
		{"least load", pick + "var lb = new algo.LoadBalancer(['a', 'b'], { algorithm: 'least-load' }); var a = lb.allocate(), b = lb.allocate(); b.free(); var c = lb.allocate(), d = lb.allocate(); a.free(); b.free(); c.free(); text([a.target, b.target, c.target, d.target])", `["a","b","b","a"]`},
		{"free more often than allocated", "var lb = new algo.LoadBalancer(['a', 'b'], { algorithm: 'least-load' }); var a = lb.allocate(); a.free(); a.free(); a.free(); text([lb.allocate().target, lb.allocate().target, lb.allocate().target])", `["b","a","b"]`},
		{"free after a key lowers the load", "var lb = new algo.LoadBalancer(['a', 'b'], { algorithm: 'least-load' }); lb.allocate('b').free(); text([lb.allocate().target, lb.allocate().target, lb.allocate().target])", `["b","a","b"]`},
		{"scheduled load stays", "var lb = new algo.LoadBalancer(['a', 'b'], { algorithm: 'least-load' }); lb.schedule(1); text([lb.allocate().target, lb.allocate().target])", `["b","a"]`},
		{"provision keeps the old target", "var lb = new algo.LoadBalancer([{ id: 'a', v: 1 }], { key: t => t.id }); var r = lb.allocate(); lb.provision([{ id: 'b', v: 3 }, { id: 'a', v: 2 }]); var s = lb.allocate('a'); text([lb.allocate().target.v, s.target.v, (r.free(), lb.allocate('a') === r)])", "[3,1,true]"},
		{"provision starts the rotation again", pick + "var lb = new algo.LoadBalancer(['a', 'b', 'c']); picks(lb, 1); lb.provision(['a', 'c', 'd']); picks(lb, 4)", "acda"},
		{"provision null", "var lb = new algo.LoadBalancer(['a']), r = lb.allocate(); lb.provision(null); r.free(); lb.allocate() + r.target", "nulla"},
		{"a failed provision changes nothing", "var bad = false, lb = new algo.LoadBalancer(['a'], { weight: t => { if (bad) throw new Error('mine'); return 1 } }); bad = true; text([fails(() => lb.provision(['b'])), lb.allocate().target])", `["mine","a"]`},
		{"the same key twice", pick + "picks(new algo.LoadBalancer(['a', 'a', 'b']), 4)", "abab"},
		{"provision in a validator", pick + "var lb = new algo.LoadBalancer(['a', 'b']); picks(lb, 1, null, t => { lb.provision(['c']); return true }) + picks(lb, 1)", "-c"},
		{"allocate in a validator", pick + "var n = 0, lb = new algo.LoadBalancer(['a', 'b', 'c']); picks(lb, 1, null, t => { if (n++ < 1) lb.allocate(); return true }) + picks(lb, 2)", "abc"},
		{"bound methods", "var lb = new algo.LoadBalancer(['a']), f = lb.allocate; f().target", "a"},
		{"errors", "var lb = new algo.LoadBalancer(['a']); text([() => new algo.LoadBalancer('x'), () => new algo.LoadBalancer([], 1), () => new algo.LoadBalancer([], { algorithm: 'x' }), () => new algo.LoadBalancer([], { key: 1 }), () => new algo.LoadBalancer([], { capacity: {} }), () => new algo.LoadBalancer([1], { weight: () => NaN }), () => lb.provision(), () => lb.provision({}), () => lb.schedule(), () => lb.schedule('1'), () => lb.schedule(1, 1), () => lb.allocate(1, 1)].map(fails))",
			`["argument #1 expects an array","argument #2 expects an object","options.algorithm expects one of round-robin, least-load","options.key expects a function","options.capacity expects a number or a function","weight and capacity of a target must be finite numbers","requires 1 or more arguments","argument #1 expects an array","requires 1 or more arguments","argument #1 expects a number","argument #2 expects a function","argument #2 expects a function"]`},
	})
}

// Between turns only the balancer knows a resource, and that does not keep it.
func TestResourceAcrossTurns(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t)
	eval(t, r, "globalThis.lb = new algo.LoadBalancer(['a', 'b']); lb.allocate(); lb.allocate(); lb.allocate()")
	v, err := r.Get(r.Global(), "lb")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := script.As[*loadBalancer](r, v)
	for _, x := range b.byKey {
		if x.resources.count != 0 {
			t.Errorf("%d resources are left", x.resources.count)
		}
	}
	eval(t, r, "globalThis.x = lb.allocate('a')")
	if got := eval(t, r, "x.free(); lb.allocate('a') === x"); got != "true" {
		t.Error("not the same object")
	}
}

func TestResourceSet(t *testing.T) {
	t.Parallel()
	var s resourceSet
	if s.leastUsed() != nil {
		t.Error("something in an empty set")
	}
	a, b, c := &resource{}, &resource{}, &resource{}
	for _, x := range []*resource{a, b, c} {
		s.add(x)
	}
	expect := func(want *resource) {
		t.Helper()
		if s.leastUsed() != want {
			t.Error("another one is the least used")
		}
	}
	expect(a)
	s.use(a, 5)
	expect(b)
	s.use(b, 1)
	s.use(c, 3)
	expect(b)
	s.remove(b)
	expect(c)
	s.use(a, 3)
	expect(c)
	s.use(c, 2)
	s.use(c, 3)
	expect(a)
	s.remove(a)
	s.remove(c)
	expect(nil)
	s.add(b)
	expect(b)
}
