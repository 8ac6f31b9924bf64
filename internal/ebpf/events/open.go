//go:build linux

package events

import (
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"
)

// Open starts to read a map of the kernel, as Start does.
func Open(m *ebpf.Map, o Options, deliver func([]Record, error)) (*Reader, error) {
	if err := o.Check(m.Type()); err != nil {
		return nil, err
	}
	if m.Type() == ebpf.RingBuf {
		r, err := ringbuf.NewReader(m)
		if err != nil {
			return nil, err
		}
		return Start(&ring{r: r}, o, deliver), nil
	}
	if o.Pages == 0 {
		o.Pages = defaultPages
	}
	r, err := perf.NewReaderWithOptions(m, o.Pages*os.Getpagesize(), perf.ReaderOptions{
		WakeupEvents: o.Wakeup, Watermark: o.Watermark, Overwritable: o.Overwrite,
	})
	if err != nil {
		return nil, err
	}
	return Start(&array{r: r, overwrite: o.Overwrite}, o, deliver), nil
}

type ring struct {
	r   *ringbuf.Reader
	rec ringbuf.Record
}

func (s *ring) Next(r *Record) error {
	if err := s.r.ReadInto(&s.rec); err != nil {
		return err
	}
	*r = Record{CPU: -1, Remaining: s.rec.Remaining, Data: s.rec.RawSample}
	return nil
}

func (s *ring) Close() error { return s.r.Close() }

type array struct {
	r         *perf.Reader
	rec       perf.Record
	overwrite bool
}

func (s *array) Next(r *Record) error {
	for {
		err := s.r.ReadInto(&s.rec)
		if perf.IsUnknownEvent(err) {
			continue
		}
		if err != nil {
			return err
		}
		*r = Record{CPU: s.rec.CPU, Remaining: s.rec.Remaining, Lost: s.rec.LostSamples, Data: s.rec.RawSample}
		if s.rec.LostSamples != 0 {
			r.Data = nil
		}
		return nil
	}
}

func (s *array) Close() error { return s.r.Close() }
