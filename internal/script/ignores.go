package script

import "strings"

// IgnoresArguments reports whether a function certainly does not look at its arguments: an arrow function without
// parameters. No objects need to be made for it.
func (r *Realm) IgnoresArguments(f Value) bool {
	if !r.IsFunction(f) {
		return false
	}
	defer r.Scope()()
	proto, err := r.Get(r.Global(), "Function")
	if err == nil {
		proto, err = r.Get(proto, "prototype")
	}
	if err != nil {
		return false
	}
	toString, err := r.Get(proto, "toString") // not the function's own, which may say anything
	if err != nil {
		return false
	}
	v, err := r.CallMethod(toString, f)
	if err != nil {
		return false
	}
	source, _ := r.AsString(v)
	source = strings.TrimLeft(strings.TrimPrefix(source, "async"), " \t")
	source, ok := strings.CutPrefix(source, "()")
	return ok && strings.HasPrefix(strings.TrimLeft(source, " \t"), "=>")
}
