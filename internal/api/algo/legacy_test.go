package algo

import (
	"testing"

	"weir/internal/script"
)

func TestHashingLoadBalancer(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		// murmur("a") = 4993892634952068459, of which the remainder by 3 is 0 and by 2 is 1
		{"modulo", "var l = new algo.HashingLoadBalancer(['x', 'y', 'z']); var m = new algo.HashingLoadBalancer({ x: 5, y: 5 }); text([l.select('a'), m.select('a'), m.select(), m.select(null)])", `["x","y","x","x"]`},
		{"none", "text([new algo.HashingLoadBalancer().select('a'), new algo.HashingLoadBalancer(null).borrow({})])", `["undefined",null]`},
		{"set and add", "var l = new algo.HashingLoadBalancer(['x']); l.set(null); var a = l.select(); l.set(['y']); l.add('z'); text([a, l.select(), l.select('a')])", `["x","y","z"]`},
		{"unhealthy has no replacement", "var bad = new algo.Cache; var l = new algo.HashingLoadBalancer(['x', 'y'], bad); bad.set('x', false); var a = l.select(); bad.set('x', true); text([a, l.select(), l.select('a')])", `["x","undefined","y"]`},
		{"deselect", "new algo.HashingLoadBalancer(['x']).deselect('x')", "undefined"},
		{"errors", "var l = new algo.HashingLoadBalancer; text([() => new algo.HashingLoadBalancer('x'), () => new algo.HashingLoadBalancer([], {}), () => l.set(), () => l.set(1), () => l.add(), () => l.add(1), () => l.borrow(1), () => l.borrow(null, 1, {}), () => l.select(1, 1), () => l.deselect(1)].map(fails))",
			`["argument #1 expects an object","argument #2 expects an instance of pipy::algo::Cache","requires 1 or more arguments","argument #1 expects an object","requires 1 or more arguments","argument #1 expects a string","argument #1 expects an object","argument #3 expects an instance of pipy::algo::Cache","argument #2 expects an instance of pipy::algo::Cache","argument #1 expects a string"]`},
	})
}

func TestRoundRobinLoadBalancer(t *testing.T) {
	t.Parallel()
	const sel = "function sel(l, n, ...a) { var s = ''; for (var i = 0; i < n; i++) s += l.select(...a) ?? '-'; return s };"
	runCases(t, []scriptCase{
		{"rotation", sel + "sel(new algo.RoundRobinLoadBalancer(['a', 'b', 'c']), 7)", "abcabca"},
		{"weights", sel + "sel(new algo.RoundRobinLoadBalancer({ a: 2, b: 1, c: 0, d: -3 }), 6)", "abaaba"},
		{"none", "text([new algo.RoundRobinLoadBalancer().select(), new algo.RoundRobinLoadBalancer({ a: 0 }).next({})])", `["undefined",null]`},
		{"a key is remembered", sel + "var bad = new algo.Cache, l = new algo.RoundRobinLoadBalancer(['a', 'b'], bad); var k = {}; var x = sel(l, 2, 'k') + sel(l, 2, k) + sel(l, 1); bad.set('a', 1); x + sel(l, 1, 'k') + sel(l, 2)", "aabbaabb"},
		{"and forgotten with its target", sel + "var l = new algo.RoundRobinLoadBalancer(['a', 'b']); l.select('k'); l.set(['b', 'c']); sel(l, 2, 'k')", "bb"},
		{"unhealthy", sel + "var bad = new algo.Cache, l = new algo.RoundRobinLoadBalancer(['a', 'b', 'c'], bad); bad.set('b', 1); var x = sel(l, 4); bad.remove('b'); x + sel(l, 6)", "acacabcabc"},
		{"unhealthy for one call", sel + "var bad = new algo.Cache, l = new algo.RoundRobinLoadBalancer(['a', 'b']); bad.set('a', 1); sel(l, 2, undefined, bad) + sel(l, 1)", "bba"},
		{"checked without allocating", "var n = 0, bad = new algo.Cache(() => { n++; return true }), l = new algo.RoundRobinLoadBalancer(['a'], bad); l.select() + n", "a0"},
		{"all unhealthy", "var bad = new algo.Cache, l = new algo.RoundRobinLoadBalancer(['a'], bad); bad.set('a', 1); l.select()", "undefined"},
		{"an added one has no backlog", sel + "var l = new algo.RoundRobinLoadBalancer({ a: 10, b: 10 }); sel(l, 10); l.set('c', 10); sel(l, 6)", "abcabc"},
		{"set replaces", sel + "var l = new algo.RoundRobinLoadBalancer(['a', 'b']); l.select(); l.set({ a: 1, b: 1, d: 0 }); sel(l, 3)", "bab"},
		{"errors", "var l = new algo.RoundRobinLoadBalancer; text([() => l.set(), () => l.set(1), () => l.set('a'), () => l.set('a', 'b')].map(fails))",
			`["requires 1 or more arguments","argument #1 expects a string or an object","requires 2 or more arguments","argument #2 expects a number"]`},
	})
}

func TestLeastWorkLoadBalancer(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		{"deselect", "var l = new algo.LeastWorkLoadBalancer(['a', 'b']); text([l.select(), l.select(), (l.deselect('b'), l.select()), (l.deselect('a'), l.deselect('a'), l.deselect('none'), l.deselect(), l.select()), l.select()])", `["a","b","b","a","a"]`},
		{"weights", "var l = new algo.LeastWorkLoadBalancer({ a: 3, b: 1 }); text([1, 2, 3, 4, 5].map(() => l.select()))", `["a","b","a","a","a"]`},
		{"remembered without any check", "var l = new algo.LeastWorkLoadBalancer(['a', 'b']); l.select('k'); l.set(['b']); text([l.select('k'), l.select()])", `["a","b"]`},
		{"set", "var l = new algo.LeastWorkLoadBalancer(['a']); l.select(); l.set('b', 1); text([l.select(), l.select(), l.select()])", `["b","a","b"]`},
		{"a session ends with its borrower", "var l = new algo.LeastWorkLoadBalancer(['a', 'b']); var x = {}; var ids = [l.borrow(x).id, l.borrow({}).id, l.borrow({}).id, l.borrow({}).id]; text(ids)", `["a","b","b","b"]`},
	})
}

func TestBorrow(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		{"the same for the same borrower", "var l = new algo.RoundRobinLoadBalancer(['a', 'b']), x = {}; var r = l.borrow(x); text([r.id, l.borrow(x) === r, l.next(x) === r, l.borrow({}).id, (r.id = 'z', r.id)])", `["a",true,true,"b","a"]`},
		{"spare ones go to others", "var l = new algo.HashingLoadBalancer(['a']); var r = l.borrow({}), x = {}; text([l.borrow(x) === r, l.borrow({}) === r])", "[true,false]"},
		{"last in first out", "var l = new algo.HashingLoadBalancer(['a']), x = {}, y = {}; var r = l.borrow(x), s = l.borrow(y); x = null; y = null; var z = {}; l.borrow(z) === s", "true"},
		{"no borrower", "var l = new algo.HashingLoadBalancer(['a']); l.borrow() === l.borrow()", "false"},
		{"unhealthy ends it", "var bad = new algo.Cache, l = new algo.RoundRobinLoadBalancer(['a', 'b'], bad), x = {}; var r = l.borrow(x); bad.set('a', 1); var s = l.borrow(x); bad.clear(); text([r.id, s.id, l.borrow(x) === s, l.borrow({}) === r])", `["a","b",true,true]`},
		{"two balancers", "var l = new algo.HashingLoadBalancer(['a']), m = new algo.HashingLoadBalancer(['b']), x = {}; text([l.borrow(x).id, m.borrow(x).id, l.borrow(x).id])", `["a","b","a"]`},
		{"inheritance is not borrowing", "var l = new algo.HashingLoadBalancer(['a']), x = {}, y = Object.create(x); l.borrow(x) === l.borrow(y)", "false"},
		{"frozen borrower", "var l = new algo.HashingLoadBalancer(['a']), x = Object.freeze({}); l.borrow(x) === l.borrow(x)", "true"},
		{"nothing to be seen", "var x = { a: 1 }; new algo.HashingLoadBalancer(['a']).borrow(x); text([x, Object.keys(x), { ...x }])", `[{"a":1},["a"],{"a":1}]`},
		{"a function borrows", "var l = new algo.HashingLoadBalancer(['a']), f = () => 1; l.borrow(f) === l.borrow(f)", "true"},
		{"bound methods", "var l = new algo.HashingLoadBalancer(['a']), next = l.next; next({}).id", "a"},
	})
}

// inbound is a connection that ends.
type inbound struct{ ends []func() }

func (i *inbound) OnEnd(fn func()) { i.ends = append(i.ends, fn) }

func TestBorrowerOfContext(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t)
	eval(t, r, "globalThis.l = new algo.LeastWorkLoadBalancer(['a', 'b']); globalThis.go = () => (globalThis.last = l.borrow()).id; globalThis.mine = x => l.borrow(x) === last")
	call := func(c *script.Context, name string, args ...script.Value) string {
		t.Helper()
		defer r.EndTurn()
		f, _ := r.Get(r.Global(), name)
		v, err := r.CallIn(c, f, args...)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := r.ToString(v)
		return s
	}
	in := &inbound{}
	c := r.NewContext(in)
	other := r.NewContext(&inbound{})
	if a, b, x := call(c, "go"), call(c, "go"), call(other, "go"); a != "a" || b != "a" || x != "b" {
		t.Errorf("%s %s %s", a, b, x)
	}
	call(c, "go")
	class := &script.Class{Name: "Inbound"}
	if got := call(nil, "mine", r.NewObjectOf(class, in)); got != "true" {
		t.Error("the script object of the connection is another borrower")
	}
	if len(in.ends) != 1 {
		t.Fatalf("%d functions wait for the end", len(in.ends))
	}
	in.ends[0]()
	if got := call(r.NewContext(&inbound{}), "go"); got != "a" {
		t.Errorf("after the end: %s", got)
	}
}
