package http2

import (
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// Buffers is memory that the connections served by one goroutine share, so that an idle connection holds none.
type Buffers struct {
	chunks [][]byte
	block  []byte         // a header block while it is encoded
	fields []http1.Header // a header list while it is decoded
}

const (
	chunkSize  = 4 << 10
	maxChunks  = 64 // kept for the next use
	smallPiece = 1024
)

func (b *Buffers) take() []byte {
	if n := len(b.chunks); n > 0 {
		c := b.chunks[n-1]
		b.chunks = b.chunks[:n-1]
		return c
	}
	return make([]byte, 0, chunkSize)
}

func (b *Buffers) give(c []byte) {
	if len(b.chunks) < maxChunks {
		b.chunks = append(b.chunks, c[:0])
	}
}

// output is what a connection has to send since it was last taken. Frames are written into chunks; large payloads are
// shared, between the chunks.
type output struct {
	bufs  *Buffers
	data  *stream.Data // what comes before chunk[from:]; nil if nothing does
	chunk []byte       // never grown beyond its capacity: frames written can still be changed
	from  int
	round uint32 // counts what was taken
}

func (o *output) empty() bool { return o.data == nil && len(o.chunk) == o.from }

// reserve makes room for n contiguous bytes, n being less than a chunk.
func (o *output) reserve(n int) {
	if cap(o.chunk)-len(o.chunk) >= n {
		return
	}
	o.seal()
	o.chunk, o.from = o.bufs.take(), 0
}

// seal moves what the chunk holds into data.
func (o *output) seal() {
	if len(o.chunk) == o.from {
		return
	}
	if o.data == nil {
		o.data = new(stream.Data)
	}
	o.data.Append(o.chunk[o.from:len(o.chunk):len(o.chunk)])
	o.from = len(o.chunk)
}

// header begins a frame and returns where its flags are.
func (o *output) header(length int, kind, flags byte, id uint32) *byte {
	o.reserve(frameHeaderSize)
	o.chunk = append(o.chunk, byte(length>>16), byte(length>>8), byte(length), kind, flags,
		byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	return &o.chunk[len(o.chunk)-5]
}

// write adds a copy of b.
func (o *output) write(b []byte) {
	for len(b) > 0 {
		o.reserve(1)
		n := min(len(b), cap(o.chunk)-len(o.chunk))
		o.chunk = append(o.chunk, b[:n]...)
		b = b[n:]
	}
}

// payload adds d, copying it if it is small.
func (o *output) payload(d *stream.Data) {
	if d.Size() <= smallPiece {
		for _, s := range d.Segments() {
			o.write(s)
		}
		return
	}
	o.seal()
	if o.data == nil {
		o.data = new(stream.Data)
	}
	o.data.Push(d)
}

// Pending reports whether there is output to be taken.
func (c *Conn) Pending() bool { return !c.out.empty() }

// Small returns the output if it is one piece in memory that will be used again, else nil. Whoever has copied it calls
// Sent; else Take gives it away.
func (c *Conn) Small() []byte {
	if c.out.data == nil {
		return c.out.chunk[c.out.from:]
	}
	return nil
}

// Sent drops what Small returned.
func (c *Conn) Sent() {
	o := &c.out
	if o.from == 0 && o.chunk != nil {
		o.bufs.give(o.chunk)
		o.chunk = nil
	} else {
		o.from = len(o.chunk)
	}
	o.round++
}

// Take removes and returns the output. It is transient if any Data given to SendData was: it has to be sent, or owned, in
// the turn those came in.
func (c *Conn) Take() *stream.Data {
	o := &c.out
	o.seal()
	d := o.data
	if d == nil {
		d = new(stream.Data)
	}
	o.data, o.chunk, o.from = nil, nil, 0
	o.round++
	return d
}
