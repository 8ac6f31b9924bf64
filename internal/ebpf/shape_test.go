package ebpf

import (
	"testing"

	"github.com/cilium/ebpf"
)

func TestMisshapen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec ebpf.MapSpec
		want string
	}{
		{ebpf.MapSpec{Type: ebpf.Array, KeySize: 8, ValueSize: 4, MaxEntries: 1}, "the keys of maps of type array have 4 bytes, not 8"},
		{ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, MaxEntries: 1}, "the values of maps of type array have at least 1 byte, not 0"},
		{ebpf.MapSpec{Type: ebpf.Hash, ValueSize: 4, MaxEntries: 1}, "the keys of maps of type hash have at least 1 byte, not 0"},
		{ebpf.MapSpec{Type: ebpf.DevMap, KeySize: 4, ValueSize: 6, MaxEntries: 1}, "the values of maps of type devmap have 4 or 8 bytes, not 6"},
		{ebpf.MapSpec{Type: ebpf.StackTrace, KeySize: 4, ValueSize: 12, MaxEntries: 1}, "the values of maps of type stack_trace have a multiple of 8 bytes, not 12"},
		{ebpf.MapSpec{Type: ebpf.Queue, KeySize: 4, ValueSize: 4, MaxEntries: 1}, "the keys of maps of type queue have no bytes, not 4"},
		{ebpf.MapSpec{Type: ebpf.LPMTrie, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: 1}, "the keys of maps of type lpm_trie have 5 to 260 bytes, not 4"},
		{ebpf.MapSpec{Type: ebpf.LPMTrie, KeySize: 8, ValueSize: 4, MaxEntries: 1}, "maps of type lpm_trie need the flag 1, BPF_F_NO_PREALLOC"},
		{ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4}, "maxEntries is 0"},
		{ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1}, ""},
		{ebpf.MapSpec{Type: ebpf.Arena, KeySize: 4}, ""},
	} {
		if got := misshapen(&c.spec); got != c.want {
			t.Errorf("%v: %q, want %q", c.spec, got, c.want)
		}
	}
}
