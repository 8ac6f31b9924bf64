package ebpf

import "weir/internal/ebpf/events"

func (kernel) Listen(m MapHandle, o events.Options, deliver func([]events.Record, error)) (*events.Reader, error) {
	r, err := events.Open(m.Kernel(), o, deliver)
	return r, Fail("BPF_MAP_LISTEN", "events of this map", err)
}

func (kernel) Produce(m MapHandle) (Producer, error) {
	p, err := events.NewProducer(m.Kernel())
	if err != nil {
		return nil, Fail("mmap", "user ring buffers", err)
	}
	return p, nil
}
