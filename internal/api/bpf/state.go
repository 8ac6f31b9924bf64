// Package bpf is the global bpf: kernel programs, their maps and variables, and what the kernel offers.
package bpf

import (
	"weir/internal/ebpf"
	"weir/internal/ebpf/host"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// State is what the calls of a realm share.
type State struct {
	Gen *ebpf.Generation

	registry  *ebpf.Registry // of persist; nil is that of the process
	keys      map[any]int    // descriptors that are keys of maps, by path or process
	producers map[*ebpf.Map]ebpf.Producer
}

type stateKey struct{}

// StateOf returns the state of a realm. It belongs to the realm's World, or is the realm's owner itself, in tests.
func StateOf(r *script.Realm) *State {
	if s, ok := r.Owner().(*State); ok {
		return s
	}
	return stateOf(pipeline.WorldOf(r), func() *State { return &State{Gen: &ebpf.Generation{Backend: host.Kernel()}} })
}

// Use gives a world another kernel than the running one, with things to persist of its own. It must be called before any script
// of the world runs.
func Use(w *pipeline.World, b ebpf.Backend) {
	stateOf(w, func() *State { return &State{Gen: &ebpf.Generation{Backend: b}, registry: ebpf.NewRegistry()} })
}

func stateOf(w *pipeline.World, init func() *State) *State {
	return pipeline.Extra(w, stateKey{}, func() *State {
		s := init()
		s.Gen.Log = w.Log
		s.measure(w)
		w.OnClose(s.Close)
		return s
	})
}

// persistent returns where what outlives the realm is kept.
func (s *State) persistent() *ebpf.Registry {
	if s.registry != nil {
		return s.registry
	}
	return ebpf.Persistent
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
