//go:build linux

package events

import (
	"errors"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Producer writes into a user ring buffer (BPF_MAP_TYPE_USER_RINGBUF), which a kernel program drains. It belongs to one
// goroutine; of several producers of one map only one may write at a time.
//
// The layout is that of the kernel's ring buffers: a page with the position of the reader, a page with that of the writer, the
// data.
type Producer struct {
	consumer, producer []byte // pages of positions; the latter is followed by the data, twice
	mask               uint64
}

// NewProducer maps the buffer.
func NewProducer(m *ebpf.Map) (*Producer, error) {
	if _, err := Room(0, m.Type(), uint64(m.MaxEntries())); err != nil {
		return nil, err
	}
	size, page := int(m.MaxEntries()), os.Getpagesize()
	consumer, err := unix.Mmap(m.FD(), 0, page, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	producer, err := unix.Mmap(m.FD(), int64(page), page+2*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(consumer))
	}
	return &Producer{consumer, producer, uint64(size - 1)}, nil
}

// Write adds a record; false means that there is no room until the program has drained some.
func (p *Producer) Write(b []byte) (bool, error) {
	size := p.mask + 1
	need, err := Room(len(b), ebpf.UserRingbuf, size)
	if err != nil {
		return false, err
	}
	read := atomic.LoadUint64((*uint64)(unsafe.Pointer(&p.consumer[0])))
	end := (*uint64)(unsafe.Pointer(&p.producer[0]))
	at := atomic.LoadUint64(end)
	if at-read+need > size {
		return false, nil
	}
	record := p.producer[os.Getpagesize()+int(at&p.mask):]
	copy(record[recordHeader:], b)
	// The second half of the header is the kernel's to use.
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&record[4])), 0)
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&record[0])), uint32(len(b)))
	atomic.StoreUint64(end, at+need)
	return true, nil
}

// Close unmaps the buffer.
func (p *Producer) Close() error {
	return errors.Join(unix.Munmap(p.consumer), unix.Munmap(p.producer))
}
