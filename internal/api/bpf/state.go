// Package bpf is the global bpf: kernel programs, their maps and variables, and what the kernel offers.
package bpf

import (
	"weir/internal/ebpf"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// State is what the calls of a realm share.
type State struct {
	Gen *ebpf.Generation

	keys map[any]int // descriptors that are keys of maps, by path or process
}

type stateKey struct{}

// StateOf returns the state of a realm. It belongs to the realm's World, or is the realm's owner itself, in tests.
func StateOf(r *script.Realm) *State {
	if s, ok := r.Owner().(*State); ok {
		return s
	}
	w := pipeline.WorldOf(r)
	return pipeline.Extra(w, stateKey{}, func() *State {
		s := &State{Gen: &ebpf.Generation{Backend: ebpf.Kernel(), Log: w.Log}}
		w.OnClose(s.Close)
		return s
	})
}

// Close ends everything the realm opened.
func (s *State) Close() { s.Gen.Close() }

// backend returns the kernel, or an error where there is none.
func backend(r *script.Realm) (*State, error) {
	s := StateOf(r)
	if s.Gen.Backend == nil {
		return nil, ebpf.ErrPlatform
	}
	return s, nil
}

// FD is implemented by Go values of script objects that have a descriptor. It is 0 while there is none.
type FD interface{ FD() int }

// FDOf returns the descriptor a value stands for: a number, or an object that has one.
func FDOf(r *script.Realm, v script.Value) (int, bool) {
	if f, ok := v.Float(); ok {
		return script.Truncate(f), true
	}
	if x, ok := script.As[FD](r, v); ok {
		return x.FD(), true
	}
	return 0, false
}
