package algo

import "testing"

func TestCache(t *testing.T) {
	t.Parallel()
	const log = "var log = []; var alloc = k => 'v' + k, free = (k, v) => log.push(k + '=' + v);"
	runCases(t, []scriptCase{
		{"plain", "var k = new algo.Cache; k.set('a', 1); text([k.get('a'), k.get('b'), k.has('a'), k.has('b'), k.find('a'), k.remove('a'), k.remove('a'), k.get('a')])", `[1,"undefined",true,false,1,true,false,"undefined"]`},
		{"keys by value", "var k = new algo.Cache, o = {}; k.set(1, 'n'); k.set('1', 's'); k.set(true, 'b'); k.set(null, 'null'); k.set(undefined, 'u'); k.set(o, 'o'); k.set(NaN, 'nan'); k.set(-0, 'z');" +
			"text([1, '1', true, null, undefined, o, {}, 0].map(x => k.get(x)))", `["n","s","b","null","u","o","undefined","z"]`},
		{"object keys stay alive", "var k = new algo.Cache; for (var i = 0; i < 100; i++) k.set({ i }, i); var hits = 0; for (var i = 0; i < 100; i++) if (k.has({ i })) hits++; hits", "0"},
		{"allocate", "var n = 0, k = new algo.Cache(x => { n++; return x === 'u' ? undefined : x + n }); text([k.get('a'), k.get('a'), k.get('u'), k.get('u'), k.has('u'), n, k.find('b'), k.has('b')])", `["a1","a1","undefined","undefined",true,2,"undefined",false]`},
		{"allocator fails", "var k = new algo.Cache(x => { throw new Error('no ' + x) }); fails(() => k.get('a')) + k.has('a')", "no afalse"},
		{"allocator fills in itself", "var k = new algo.Cache(x => { k.set(x, 'inner'); return 'outer' }); k.get('a') + k.find('a')", "outerouter"},
		{"size", log + "var k = new algo.Cache(null, free, { size: 2 }); k.set('a', 1); k.set('b', 2); k.get('a'); k.set('c', 3); text([log, k.has('a'), k.has('b'), k.has('c')])", `[["b=2"],true,false,true]`},
		{"set again keeps the place", log + "var k = new algo.Cache(null, free, { size: 2 }); k.set('a', 1); k.set('b', 2); k.set('a', 3); k.set('c', 4); text(log)", `["a=3"]`},
		{"has and find count as use", log + "var k = new algo.Cache(null, free, { size: 2 }); k.set('a', 1); k.set('b', 2); k.has('a'); k.set('c', 3); k.find('a'); k.set('d', 4); text(log)", `["b=2","c=3"]`},
		{"allocation does not enforce the size", log + "var k = new algo.Cache(alloc, free, { size: 1 }); k.get('a'); k.get('b'); k.get('c'); var before = log.length; k.set('d', 1); text([before, log])", `[0,["a=va","b=vb","c=vc"]]`},
		{"onFree fails in set", "var log = [], k = new algo.Cache(x => x, x => { log.push(x); throw new Error('free ' + x) }, { size: 1 }); k.get('a'); k.get('b'); k.get('c'); text([fails(() => k.set('d', 1)), log, k.has('a'), k.has('b'), k.has('c'), k.has('d')])", `["free a",["a"],false,false,false,true]`},
		{"remove tells onFree", log + "var k = new algo.Cache(null, free); k.set('a', 1); text([k.remove('a'), k.remove('a'), log])", `[true,false,["a=1"]]`},
		{"clear", log + "var k = new algo.Cache(alloc, free); k.get('a'); k.get('b'); k.get('a'); k.clear(); text([log, k.has('a')])", `[["b=vb","a=va"],false]`},
		{"onFree fails in clear", "var k = new algo.Cache(x => x, x => { throw new Error(x) }); k.get('a'); k.get('b'); text([fails(() => k.clear()), k.has('a'), k.has('b')])", `["a",true,true]`},
		{"onFree removes the entry itself", "var n = 0, k = new algo.Cache(x => ({ x }), (x, v) => { n++; if (n < 3) k.remove(x); n += v.x === x ? 10 : 0 }); k.get('aaaaaaaa'); k.clear(); text([n, k.has('aaaaaaaa')])", `[33,false]`},
		{"ttl", "var k = new algo.Cache({ ttl: 10 }); k.set('a', 1); advance(9); var x = k.get('a'); advance(1); text([x, k.get('a'), k.has('a')])", `[1,"undefined",false]`},
		{"ttl with a suffix", "var k = new algo.Cache({ ttl: '1m' }); k.set('a', 1); advance(59); var x = k.get('a'); advance(1); text([x, k.find('a')])", `[1,"undefined"]`},
		{"expired is allocated again", "var n = 0, k = new algo.Cache(() => ++n, { ttl: 1 }); k.get('a'); advance(2); text([k.get('a'), k.find('a')])", `[2,2]`},
		{"expired and dropped without onFree", log + "var k = new algo.Cache(null, free, { ttl: 1 }); k.set('a', 1); advance(2); k.has('a'); text([log, k.remove('a')])", `[[],false]`},
		{"get leaves an expired one to onFree", log + "var k = new algo.Cache(null, free, { ttl: 1 }); k.set('a', 1); advance(2); var x = k.get('a'); k.clear(); text([x, log])", `["undefined",["a=1"]]`},
		{"remove an expired one", log + "var k = new algo.Cache(null, free, { ttl: 1 }), j = new algo.Cache({ ttl: 1 }); k.set('a', 1); j.set('a', 1); advance(2); text([k.remove('a'), log, j.remove('a')])", `[false,["a=1"],true]`},
		{"set renews", "var k = new algo.Cache({ ttl: 2 }); k.set('a', 1); advance(1); k.set('a', 2); advance(1); k.get('a')", "2"},
		{"two arguments", "var k = new algo.Cache(x => x, { size: 1 }); k.set(1, 1); k.set(2, 2); text([k.has(1), k.get(3)])", `[false,3]`},
		{"undefined in the middle drops the options", "var k = new algo.Cache(x => x, undefined, { size: 1 }); k.set(1, 1); k.set(2, 2); k.has(1)", "true"},
		{"size with a suffix", "var k = new algo.Cache({ size: '1k' }); for (var i = 0; i <= 1000; i++) k.set(i, i); k.has(0) + ',' + k.has(1)", "false,true"},
		{"bound methods", "var k = new algo.Cache, set = k.set, get = k.get; set(1, 2); get(1)", "2"},
		{"errors", "var k = new algo.Cache; text([() => new algo.Cache('x'), () => new algo.Cache(null, 1), () => new algo.Cache(null, null, 1), () => new algo.Cache({ size: 'x' }), () => new algo.Cache({ ttl: true }), () => k.get(), () => k.set(1), () => new algo.Cache({ size: Infinity })].map(fails))",
			`["argument #1 expects a function or an object","argument #2 expects a function or an object","argument #3 expects an object","options.size expects a finite number","options.ttl expects a number","requires 1 or more arguments","requires 2 or more arguments","options.size expects a finite number"]`},
	})
}

func TestCacheGivesBack(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t)
	eval(t, r, "globalThis.k = new algo.Cache(null, () => {}, { size: 3 }); for (var i = 0; i < 10; i++) k.set({}, {}); k.clear()")
	_, before := r.Live()
	eval(t, r, "for (var i = 0; i < 1000; i++) k.set({}, {}); k.clear()")
	if _, after := r.Live(); after > before+10 {
		t.Errorf("%d references, %d before", after, before)
	}
}

func TestLRU(t *testing.T) {
	t.Parallel()
	l := newLRU[string, int]()
	if l.oldest() != nil {
		t.Error("an empty list has an oldest entry")
	}
	a, b := l.add("a", 1), l.add("b", 2)
	l.use(a)
	l.use(a)
	if l.oldest() != b || l.len() != 2 {
		t.Error("use does not count")
	}
	if !l.remove(b) || l.remove(b) || l.get("b") != nil {
		t.Error("remove")
	}
	l.use(b)
	if l.oldest() != a || len(l.entries()) != 1 {
		t.Error("a removed entry came back")
	}
}
