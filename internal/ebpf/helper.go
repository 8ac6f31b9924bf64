package ebpf

import (
	"strings"

	"github.com/cilium/ebpf/asm"
)

// helper returns the number of a helper function by its name in C, such as bpf_map_lookup_elem.
func helper(name string) (asm.BuiltinFunc, bool) {
	plain := strings.ReplaceAll(strings.TrimPrefix(name, "bpf_"), "_", "")
	for i := asm.BuiltinFunc(1); i < 400; i++ {
		s, ok := strings.CutPrefix(i.String(), "Fn")
		if ok && strings.EqualFold(s, plain) {
			return i, true
		}
	}
	return 0, false
}

// IsHelper reports whether there is a helper function of a name.
func IsHelper(name string) bool {
	_, ok := helper(name)
	return ok
}
