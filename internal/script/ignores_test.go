package script

import "testing"

func TestIgnoresArguments(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"(() => 1)": true, "(() => { return 1 })": true, "(async () => 1)": true, "( ()=>1 )": true,
		"(a => a)": false, "((a) => a)": false, "((...a) => a)": false, "((a = 1) => a)": false, "(({ a }) => a)": false,
		"(function () { return arguments })": false, "(async function () {})": false, "print": false, "5": false,
		"(() => {}).bind(1)":                              false,
		"var f = x => x; f.toString = () => '() => 1'; f": false,
		"((\n) => 1)":                                     false, // as good as never written
		"class A { m() {} }; (new A).m":                   false,
		"Math.max":                                        false,
	} {
		r, _ := newRealm(t, nil, Limits{})
		r.Set(r.Global(), "print", r.NewFunction("print", 0, func(*Call) (Value, error) { return Undefined, nil }))
		res, err := r.Run("/main.js", src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		if r.IgnoresArguments(res.Value) != want {
			t.Errorf("%s: not %v", src, want)
		}
	}
}
