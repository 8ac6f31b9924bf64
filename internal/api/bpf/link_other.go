//go:build !linux

package bpf

import (
	"weir/internal/ebpf"
	"weir/internal/script"
)

// Where there is no eBPF all of it fails alike.

func init() {
	Namespace.Methods = append(Namespace.Methods, absent("attach", "detach", "query", "trace")...)
	Namespace.Classes = append(Namespace.Classes, &script.Class{
		Name: "Link", Path: "bpf.Link", Make: func(*script.Call) (script.Value, error) { return script.Null, nil },
		Statics: absent("list", "open", "get"),
	})
	ProgramClass.Methods = append(ProgramClass.Methods, absent("attach", "stdout")...)
	MapClass.Methods = append(MapClass.Methods, absent("listen", "produce")...)
}

func absent(names ...string) (list []script.Method) {
	for _, n := range names {
		list = append(list, script.Method{Name: n, Sig: n + "()", Fn: func(*script.Call) (script.Value, error) {
			return script.Undefined, ebpf.ErrPlatform
		}})
	}
	return list
}
