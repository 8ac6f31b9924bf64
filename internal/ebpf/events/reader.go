//go:build linux

package events

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"
)

// A batch ends with its size, its time, or when nothing more is there.
const (
	batchSize = 256
	batchTime = time.Millisecond
)

// Record is what a program reported by one call.
type Record struct {
	CPU       int // of a perf array; -1 for a ring buffer
	Remaining int // bytes that wait after it
	Lost      uint64
	Data      []byte // empty if Lost
}

// Options are those of a reader.
type Options struct {
	Pages      int  // per CPU, of a perf array; 0 is 64
	Wakeup     int  // events of a perf array before the reader is woken
	Watermark  int  // bytes likewise
	Overwrite  bool // of a perf array: the newest events are kept, not the oldest
	MaxPending int  // records that may wait for Done; 0 is 4096

	// MaxPendingSize is how many bytes of records may wait for Done; 0 is 4 MiB. The record that reaches it is read as a whole.
	MaxPendingSize int
}

const (
	defaultPages       = 64
	defaultPending     = 4096
	defaultPendingSize = 4 << 20
)

// Reader reads the records of a map until it is closed.
type Reader struct {
	source  source
	deliver func([]Record, error)

	mu      sync.Mutex
	room    sync.Cond // for what pending allows
	pending []int     // the sizes of the records that are, in order
	size    int       // their sum
	limits  Options
	held    bool
	closed  bool
	ended   chan struct{}
}

// source is the library's reader of a kind of map. next fills r; its Data is valid until the next call.
type source interface {
	next(r *Record) error
	Close() error
}

// Open starts to read a map. deliver gets batches on the reader's goroutine and owns them; it must not block. Records count as
// pending until Done. When as many records or bytes are pending as allowed, or while the reader is held, nothing is read: the
// kernel then drops what does not fit its buffer. If reading fails, deliver is called once with the error, and no more after that.
func Open(m *ebpf.Map, o Options, deliver func([]Record, error)) (*Reader, error) {
	var s source
	switch m.Type() {
	case ebpf.RingBuf:
		if o.Pages != 0 || o.Wakeup != 0 || o.Watermark != 0 || o.Overwrite {
			return nil, errors.New("options pages, wakeup, watermark and overwrite are for perf event arrays")
		}
		r, err := ringbuf.NewReader(m)
		if err != nil {
			return nil, err
		}
		s = &ring{r: r}
	case ebpf.PerfEventArray:
		if o.Pages == 0 {
			o.Pages = defaultPages
		}
		if o.Wakeup != 0 && o.Watermark != 0 {
			return nil, errors.New("give one of options.wakeup and options.watermark")
		}
		r, err := perf.NewReaderWithOptions(m, o.Pages*os.Getpagesize(), perf.ReaderOptions{
			WakeupEvents: o.Wakeup, Watermark: o.Watermark, Overwritable: o.Overwrite,
		})
		if err != nil {
			return nil, err
		}
		s = &array{r: r, overwrite: o.Overwrite}
	default:
		return nil, fmt.Errorf("a map of type %s has no events: use a ring buffer or a perf event array", m.Type())
	}
	return start(s, o, deliver), nil
}

func start(s source, o Options, deliver func([]Record, error)) *Reader {
	if o.MaxPending <= 0 {
		o.MaxPending = defaultPending
	}
	if o.MaxPendingSize <= 0 {
		o.MaxPendingSize = defaultPendingSize
	}
	r := &Reader{source: s, deliver: deliver, limits: o, ended: make(chan struct{})}
	r.room.L = &r.mu
	go r.run()
	return r
}

// Done takes n records off the pending ones: those that have been pending longest.
func (r *Reader) Done(n int) {
	r.mu.Lock()
	for _, size := range r.pending[:n] {
		r.size -= size
	}
	r.pending = slices.Delete(r.pending, 0, n)
	r.mu.Unlock()
	r.room.Signal()
}

// Hold stops reading until Hold(false).
func (r *Reader) Hold(on bool) {
	r.mu.Lock()
	r.held = on
	r.mu.Unlock()
	r.room.Signal()
}

// Close ends reading and waits for the reader's goroutine; deliver is not called after it. Closing again does nothing.
func (r *Reader) Close() error {
	r.mu.Lock()
	again := r.closed
	r.closed = true
	r.mu.Unlock()
	r.room.Signal()
	if again {
		<-r.ended
		return nil
	}
	err := r.source.Close()
	<-r.ended
	return err
}

// wait returns how many records and bytes may be read, no records at the end.
func (r *Reader) wait() (records, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed && (r.held || len(r.pending) >= r.limits.MaxPending || r.size >= r.limits.MaxPendingSize) {
		r.room.Wait()
	}
	if r.closed {
		return 0, 0
	}
	return min(batchSize, r.limits.MaxPending-len(r.pending)), r.limits.MaxPendingSize - r.size
}

func (r *Reader) run() {
	defer close(r.ended)
	for {
		n, size := r.wait()
		if n == 0 {
			return
		}
		batch, err := r.read(n, size)
		r.mu.Lock()
		for i := range batch {
			r.pending = append(r.pending, len(batch[i].Data))
			r.size += len(batch[i].Data)
		}
		closed := r.closed
		r.mu.Unlock()
		if closed {
			return
		}
		if len(batch) > 0 {
			r.deliver(batch, nil)
		}
		if err != nil {
			r.deliver(nil, err)
			return
		}
	}
}

// read collects a batch of at most n records, up to the one that reaches a size. Their data lie in one block.
func (r *Reader) read(n, size int) ([]Record, error) {
	var batch []Record
	var block []byte
	var ends []int
	var began time.Time
	for len(batch) < n {
		var rec Record
		if err := r.source.next(&rec); err != nil {
			return slice(batch, block, ends), err
		}
		if batch == nil {
			batch, ends = make([]Record, 0, 16), make([]int, 0, 16)
			began = time.Now()
		}
		block = append(block, rec.Data...)
		batch, ends = append(batch, rec), append(ends, len(block))
		if rec.Remaining <= 0 || len(block) >= size || time.Since(began) > batchTime {
			break
		}
	}
	return slice(batch, block, ends), nil
}

func slice(batch []Record, block []byte, ends []int) []Record {
	from := 0
	for i, end := range ends {
		batch[i].Data = block[from:end:end]
		from = end
	}
	return batch
}

type ring struct {
	r   *ringbuf.Reader
	rec ringbuf.Record
}

func (s *ring) next(r *Record) error {
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

func (s *array) next(r *Record) error {
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
