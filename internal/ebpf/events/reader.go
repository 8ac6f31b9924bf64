package events

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"
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

// Check reports options that fit no map of a type, and types that have no events.
func (o Options) Check(t ebpf.MapType) error {
	switch {
	case t == ebpf.RingBuf && (o.Pages != 0 || o.Wakeup != 0 || o.Watermark != 0 || o.Overwrite):
		return errors.New("options pages, wakeup, watermark and overwrite are for perf event arrays")
	case t == ebpf.PerfEventArray && o.Wakeup != 0 && o.Watermark != 0:
		return errors.New("give one of options.wakeup and options.watermark")
	case t != ebpf.RingBuf && t != ebpf.PerfEventArray:
		return fmt.Errorf("a map of type %s has no events: use a ring buffer or a perf event array", t)
	}
	return nil
}

const (
	defaultPages       = 64
	defaultPending     = 4096
	defaultPendingSize = 4 << 20
)

// Reader reads the records of a map until it is closed.
type Reader struct {
	source  Source
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

// Source is what a Reader reads. Next waits for a record and fills r, whose Data is valid until the next call; Close makes it fail.
type Source interface {
	Next(r *Record) error
	Close() error
}

// Start starts to read a source. deliver gets batches on the reader's goroutine and owns them; it must not block. Records count
// as pending until Done. When as many records or bytes are pending as allowed, or while the reader is held, nothing is read:
// what does not fit the buffer meanwhile is dropped. If reading fails, deliver is called once with the error, and no more after
// that.
func Start(s Source, o Options, deliver func([]Record, error)) *Reader {
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
		if err := r.source.Next(&rec); err != nil {
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
