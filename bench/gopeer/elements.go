package main

import (
	"fmt"
	"net"

	"github.com/cilium/ebpf"
)

// four is a key and a value of 16 bytes.
type four struct{ A, B, C, D uint32 }

// elements reads and writes elements of a kernel map with github.com/cilium/ebpf, as many for each request as weir/elements.js.
func elements(l net.Listener) error {
	const calls = 20000
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Hash, KeySize: 16, ValueSize: 16, MaxEntries: 1024})
	if err != nil {
		return err
	}
	key, value := four{1, 2, 3, 4}, four{5, 6, 7, 8}
	if err := m.Put(&key, &value); err != nil {
		return err
	}
	lookup := func() error {
		var got four
		if err := m.Lookup(&key, &got); err != nil || got.D != 8 {
			return fmt.Errorf("got %v: %w", got, err)
		}
		return nil
	}
	update := func() error { return m.Put(&key, &value) }
	return serve(l, repeat(calls, map[string]func() error{"/lookup": lookup, "/update": update}))
}
