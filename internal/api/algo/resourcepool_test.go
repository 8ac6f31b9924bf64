package algo

import "testing"

func TestResourcePool(t *testing.T) {
	t.Parallel()
	const pool = "var n = 0, p = new algo.ResourcePool(tag => ({ tag, n: ++n }));"
	runCases(t, []scriptCase{
		{"oldest first", pool + "var a = p.allocate('x'), b = p.allocate('x'); p.free(a); p.free(b); text([p.allocate('x').n, p.allocate('x').n, p.allocate('x').n])", "[1,2,3]"},
		{"by tag", pool + "p.free(p.allocate('x')); text([p.allocate('y'), p.allocate('x'), p.allocate()])", `[{"tag":"y","n":2},{"tag":"x","n":1},{"tag":"undefined","n":3}]`},
		{"object tags", pool + "var t = {}; p.free(p.allocate(t)); text([p.allocate({}).n, p.allocate(t).n])", "[2,1]"},
		{"free twice", pool + "var a = p.allocate('x'); p.free(a); p.free(a); text([p.allocate('x').n, p.allocate('x').n])", "[1,2]"},
		{"strangers", pool + "p.free({}); p.free('x'); p.allocate('x').n", "1"},
		{"primitives", "var p = new algo.ResourcePool(() => 7); p.allocate(); p.allocate(); p.free(7); p.free(7); p.free(7); p.allocate()", "7"},
		{"errors", "var p = new algo.ResourcePool(() => { throw new Error('none') }); text([() => new algo.ResourcePool, () => new algo.ResourcePool({}), () => p.allocate(), () => p.free()].map(fails))",
			`["requires 1 or more arguments","argument #1 expects a function","none","requires 1 or more arguments"]`},
	})
}
