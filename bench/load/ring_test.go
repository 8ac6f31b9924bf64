//go:build linux

package main

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
)

// Every event that is sent lies in the buffer, or is counted as one that has no room.
func TestEmitter(t *testing.T) {
	t.Parallel()
	const room = 4096
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: room})
	if err != nil {
		t.Skipf("no ring buffer: %v", err)
	}
	defer m.Close()
	e, err := newEmitter(m)
	if err != nil {
		t.Fatal(err)
	}
	const sent = 100
	if err := e.emit(sent); err != nil {
		t.Fatal(err)
	}
	r, err := ringbuf.NewReader(m)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read := 0
	for {
		rec, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.RawSample) != eventSize || rec.RawSample[8] != 8 || rec.RawSample[56] != 56 {
			t.Fatalf("event %d is %x", read, rec.RawSample)
		}
		if read++; rec.Remaining == 0 {
			break
		}
	}
	var failed uint64
	if err := e.failed.Lookup(uint32(0), &failed); err != nil {
		t.Fatal(err)
	}
	if fit := room / (eventSize + 8); read > fit || read+int(failed) != sent {
		t.Errorf("%d events were read and %d had no room, of %d", read, failed, sent)
	}
}
