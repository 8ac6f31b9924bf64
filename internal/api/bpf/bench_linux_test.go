package bpf

import (
	"testing"

	"weir/internal/ebpf"
	"weir/internal/ebpf/host"
	"weir/internal/script/scripttest"
)

// BenchmarkLookup compares a look-up of 16 bytes from a script with the library's own.
func BenchmarkLookup(b *testing.B) {
	g := &ebpf.Generation{Backend: host.Kernel()}
	defer g.Close()
	m := ebpf.NewMap(g, ebpf.MapDescription{Type: 1, KeySize: 16, ValueSize: 16, MaxEntries: 10})
	if err := m.Create(); err != nil {
		b.Skip("no map can be created here: ", err)
	}
	key, value := make([]byte, 16), make([]byte, 16)
	if err := m.Handle().Update(key, value, 0); err != nil {
		b.Fatal(err)
	}
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			if err := m.Handle().Kernel().Lookup(key, &value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("handle", func(b *testing.B) {
		for b.Loop() {
			if err := m.Handle().Lookup(key, value, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("script", func(b *testing.B) {
		r, _ := scripttest.New(b, namespaces...)
		r.SetOwner(&State{Gen: g})
		res, err := r.Run("/main.js", `var m = new bpf.Map({ type: 'hash', maxEntries: 10, keyType: new CStruct({ a: 'uint32', b: 'uint32', c: 'uint32', d: 'uint32' }),
			valueType: new CStruct({ a: 'uint32', b: 'uint32', c: 'uint32', d: 'uint32' }) }); var k = { a: 1, b: 2, c: 3, d: 4 }; m.update(k, k);
			(n => { for (var i = 0; i < n; i++) m.lookup(k) })`)
		if err != nil {
			b.Fatal(err)
		}
		f := res.Value
		b.ResetTimer()
		if _, err := r.Call(f, r.FromGo(b.N)); err != nil {
			b.Fatal(err)
		}
	})
}
