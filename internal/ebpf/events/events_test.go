//go:build linux

package events

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// patience is how long tests wait for what must come.
const patience = 20 * time.Second

// scripted is a source of numbered records of one byte, up to a count.
type scripted struct {
	mu     sync.Mutex
	at     int
	count  int
	closed chan struct{}
}

func (s *scripted) Next(r *Record) error {
	s.mu.Lock()
	i := s.at
	if i < s.count {
		s.at++
	}
	s.mu.Unlock()
	if i == s.count {
		<-s.closed
		return io.EOF
	}
	*r = Record{CPU: i % 2, Remaining: s.count - i - 1, Data: []byte{byte(i)}}
	return nil
}

func (s *scripted) Close() error { close(s.closed); return nil }

func (s *scripted) read() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func TestReaderWaits(t *testing.T) {
	s := &scripted{count: 1000, closed: make(chan struct{})}
	batches := make(chan []Record, 1000)
	r := Start(s, Options{MaxPending: 300}, func(b []Record, err error) {
		if err != nil {
			t.Error(err)
		}
		batches <- b
	})
	total, pending := 0, 0
	for total < s.count {
		select {
		case b := <-batches:
			for _, rec := range b {
				if len(rec.Data) != 1 || rec.Data[0] != byte(total) {
					t.Fatalf("record %d is %v", total, rec.Data)
				}
				total++
			}
			pending += len(b)
			if pending > 300 {
				t.Fatalf("%d are pending", pending)
			}
			if pending == 300 || total == s.count {
				if n := s.read(); n != total {
					t.Fatalf("%d were read with %d allowed", n, total)
				}
				r.Done(pending)
				pending = 0
			}
		case <-time.After(patience):
			t.Fatalf("nothing after %d records", total)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// sized is a source of one record of each size.
type sized struct {
	sizes  chan int
	closed chan struct{}
}

func (s *sized) Next(r *Record) error {
	select {
	case n := <-s.sizes:
		*r = Record{CPU: -1, Remaining: len(s.sizes), Data: make([]byte, n)}
		return nil
	case <-s.closed:
		return io.EOF
	}
}

func (s *sized) Close() error { close(s.closed); return nil }

// Few records may wait if they are large, but a record of any size is read.
func TestReaderWaitsForBytes(t *testing.T) {
	sizes := []int{400, 400, 400, 100, 5000, 5000, 999, 1, 0, 0, 0, 0, 0, 300}
	s := &sized{sizes: make(chan int, len(sizes)), closed: make(chan struct{})}
	for _, n := range sizes {
		s.sizes <- n
	}
	batches := make(chan []Record, len(sizes))
	r := Start(s, Options{MaxPending: 4, MaxPendingSize: 1000}, func(b []Record, _ error) { batches <- b })
	defer r.Close()
	var pending []int
	size := 0
	for read := 0; read < len(sizes); {
		if len(pending) == 4 || size >= 1000 {
			size -= pending[0]
			pending = pending[1:]
			r.Done(1)
			continue
		}
		select {
		case b := <-batches:
			for _, rec := range b {
				n := len(rec.Data)
				if n != sizes[read] {
					t.Fatalf("record %d has %d bytes, not %d", read, n, sizes[read])
				}
				if len(pending) >= 4 || size >= 1000 {
					t.Fatalf("record %d was read while %v were pending", read, pending)
				}
				pending, size = append(pending, n), size+n
				read++
			}
		case <-time.After(patience):
			t.Fatalf("nothing was read while %v were pending", pending)
		}
	}
}

func TestCloseWhileHeld(t *testing.T) {
	s := &scripted{count: 10, closed: make(chan struct{})}
	r := Start(s, Options{MaxPending: 1}, func([]Record, error) {})
	r.Hold(true)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// emitter loads a program that sends its argument of 8 bytes, and returns what runs it n times.
func emitter(t testing.TB, m *ebpf.Map, send asm.Instructions) func(n int) {
	t.Helper()
	ins := append(asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMapPtr(asm.R7, m.FD()),
		asm.Mov.Imm(asm.R0, 7), asm.StoreMem(asm.RFP, -8, asm.R0, asm.DWord),
	}, send...)
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "emit", Type: ebpf.SocketFilter, License: "GPL",
		Instructions: append(ins, asm.Mov.Imm(asm.R0, 0), asm.Return())})
	if err != nil {
		t.Skipf("no program: %v", err)
	}
	t.Cleanup(func() { p.Close() })
	return func(n int) {
		if _, err := p.Run(&ebpf.RunOptions{Data: make([]byte, 64), Repeat: uint32(n)}); err != nil {
			t.Error(err)
		}
	}
}

func newMap(t testing.TB, spec *ebpf.MapSpec) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(spec)
	if err != nil {
		t.Skipf("no %s: %v", spec.Type, err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

var toRing = asm.Instructions{
	asm.Mov.Reg(asm.R1, asm.R7), asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, -8),
	asm.Mov.Imm(asm.R3, 8), asm.Mov.Imm(asm.R4, 0), asm.FnRingbufOutput.Call(),
}

var toPerf = asm.Instructions{
	asm.Mov.Reg(asm.R1, asm.R6), asm.Mov.Reg(asm.R2, asm.R7), asm.LoadImm(asm.R3, 0xffffffff, asm.DWord),
	asm.Mov.Reg(asm.R4, asm.RFP), asm.Add.Imm(asm.R4, -8), asm.Mov.Imm(asm.R5, 8), asm.FnPerfEventOutput.Call(),
}

func TestKernelReaders(t *testing.T) {
	for _, c := range []struct {
		spec ebpf.MapSpec
		send asm.Instructions
	}{
		{ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 1 << 20}, toRing},
		{ebpf.MapSpec{Type: ebpf.PerfEventArray}, toPerf},
	} {
		t.Run(c.spec.Type.String(), func(t *testing.T) {
			m := newMap(t, &c.spec)
			emit := emitter(t, m, c.send)
			batches := make(chan []Record, 10000)
			r, err := Open(m, Options{MaxPending: 1 << 20}, func(b []Record, err error) {
				if err != nil {
					t.Error(err)
				}
				batches <- b
			})
			if err != nil {
				t.Fatal(err)
			}
			const want = 5000
			go emit(want)
			for n := 0; n < want; {
				select {
				case b := <-batches:
					for _, rec := range b {
						// A perf sample is padded.
						if rec.Lost != 0 || len(rec.Data) < 8 || binary.NativeEndian.Uint64(rec.Data) != 7 {
							t.Fatalf("got %+v", rec)
						}
					}
					n += len(b)
				case <-time.After(patience):
					t.Fatalf("only %d records came", n)
				}
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPerfLost(t *testing.T) {
	m := newMap(t, &ebpf.MapSpec{Type: ebpf.PerfEventArray})
	emit := emitter(t, m, toPerf)
	lost := make(chan uint64, 10000)
	r, err := Open(m, Options{Pages: 1, MaxPending: 1 << 20}, func(b []Record, _ error) {
		for _, rec := range b {
			if rec.Lost != 0 {
				lost <- rec.Lost
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Hold(true)
	emit(2000)
	r.Hold(false)
	emit(1) // the count of the lost comes with a sample that fits
	for deadline := time.After(patience); ; {
		select {
		case <-lost:
			return
		case <-time.After(time.Millisecond):
			emit(1)
		case <-deadline:
			t.Fatal("no count of lost samples")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(newMap(t, &ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1}), Options{}, nil); err == nil {
		t.Error("a hash has events")
	}
	if _, err := Open(newMap(t, &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 4096}), Options{Pages: 2}, nil); err == nil {
		t.Error("a ring buffer takes pages")
	}
	if _, err := Open(newMap(t, &ebpf.MapSpec{Type: ebpf.PerfEventArray}), Options{Wakeup: 1, Watermark: 1}, nil); err == nil {
		t.Error("wakeup and watermark are taken")
	}
}

// TestProducer fills a user ring buffer and has a program drain it, several times around.
func TestProducer(t *testing.T) {
	m := newMap(t, &ebpf.MapSpec{Type: ebpf.UserRingbuf, MaxEntries: 4096})
	p, err := NewProducer(m)
	if errors.Is(err, unix.EPERM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for n := 0; ; n++ {
		ok, err := p.Write([]byte("hello, kernel"))
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			if n != 4096/24 {
				t.Errorf("%d records of 24 bytes fit 4096", n)
			}
			break
		}
	}
	if _, err := p.Write(make([]byte, 4089)); err == nil {
		t.Error("a record larger than the buffer is taken")
	}
	if _, err := NewProducer(newMap(t, &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 4096})); err == nil {
		t.Error("a ring buffer takes records")
	}
}

func BenchmarkRing(b *testing.B) {
	m := newMap(b, &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 1 << 24})
	emit := emitter(b, m, toRing)
	counts := make(chan int, 1<<16)
	r, err := Open(m, Options{MaxPending: 1 << 20}, func(batch []Record, _ error) { counts <- len(batch) })
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	const round = 100_000 // fits the buffer
	b.ReportAllocs()
	for i := 0; i < b.N; i += round {
		emit(min(round, b.N-i))
		for n := 0; n < min(round, b.N-i); {
			c := <-counts
			r.Done(c)
			n += c
		}
	}
}
