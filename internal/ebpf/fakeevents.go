package ebpf

import (
	"bytes"
	"io"
	"sync"

	"weir/internal/ebpf/events"
)

// fakeEvents are the records that wait in a buffer.
type fakeEvents struct {
	mu      sync.Mutex
	more    sync.Cond
	records []events.Record
	closed  bool
}

// eventsOf returns the buffer of the map with a name. A reader that is closed leaves a new one.
func (f *Fake) eventsOf(name string) *fakeEvents {
	f.eventsMu.Lock()
	defer f.eventsMu.Unlock()
	e := f.events[name]
	if e == nil || e.isClosed() {
		e = &fakeEvents{}
		e.more.L = &e.mu
		f.events[name] = e
	}
	return e
}

// Push reports what a program would to the reader of a map, which is told by its name: CPU is -1 for a ring buffer, 0 or more for
// a perf event array. Any goroutine may call it.
func (f *Fake) Push(name string, records ...events.Record) {
	e := f.eventsOf(name)
	e.mu.Lock()
	e.records = append(e.records, records...)
	e.mu.Unlock()
	e.more.Signal()
}

func (e *fakeEvents) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// Next implements events.Source.
func (e *fakeEvents) Next(r *events.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.records) == 0 && !e.closed {
		e.more.Wait()
	}
	if e.closed {
		return io.EOF
	}
	*r = e.records[0]
	e.records = e.records[1:]
	for _, rest := range e.records {
		r.Remaining += len(rest.Data)
	}
	return nil
}

// Close implements events.Source.
func (e *fakeEvents) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.more.Signal()
	return nil
}

// Listen implements Backend.
func (f *Fake) Listen(m MapHandle, o events.Options, deliver func([]events.Record, error)) (*events.Reader, error) {
	h := m.(*fakeHandle)
	if err := o.Check(h.spec.Type); err != nil {
		return nil, Fail("BPF_MAP_LISTEN", "events of this map", err)
	}
	if err := f.fail("BPF_MAP_LISTEN"); err != nil {
		return nil, err
	}
	return events.Start(f.eventsOf(h.spec.Name), o, deliver), nil
}

// fakeProducer writes into a user ring buffer, whose records Drain takes.
type fakeProducer struct{ m *fakeMap }

// Produce implements Backend.
func (f *Fake) Produce(m MapHandle) (Producer, error) {
	h := m.(*fakeHandle)
	if _, err := events.Room(0, h.spec.Type, uint64(h.spec.MaxEntries)); err != nil {
		return nil, Fail("mmap", "user ring buffers", err)
	}
	return fakeProducer{h.fakeMap}, f.fail("mmap")
}

func (p fakeProducer) Write(b []byte) (bool, error) {
	size := uint64(p.m.spec.MaxEntries)
	need, err := events.Room(len(b), p.m.spec.Type, size)
	if err != nil {
		return false, err
	}
	for _, r := range p.m.queue {
		n, _ := events.Room(len(r), p.m.spec.Type, size)
		need += n
	}
	if need > size {
		return false, nil
	}
	p.m.queue = append(p.m.queue, bytes.Clone(b))
	return true, nil
}

func (fakeProducer) Close() error { return nil }

// Drain takes the records that wait in a user ring buffer, as a program does.
func (f *Fake) Drain(name string) [][]byte {
	var all [][]byte
	for _, m := range f.maps {
		if m.spec.Name == name {
			all = append(all, m.queue...)
			m.queue = nil
		}
	}
	return all
}
