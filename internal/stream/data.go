package stream

import (
	"bytes"
	"slices"
)

// ChunkSize is the most a stream socket or a file delivers in one Data. Datagrams come whole.
const ChunkSize = 16 * 1024

// Data is a run of bytes, held as a rope of slices so that cutting and joining copy nothing. The bytes themselves are
// never changed in place; several Data may share them.
//
// A Data made by NewTransient borrows its bytes from a buffer that is used again after the current turn. Whoever keeps
// a Data for longer (a queue, a collector, a script object) calls Own first.
//
// Use Data by pointer only: it may point into itself.
type Data struct {
	Tag
	segs      [][]byte // no empty slices
	size      int
	transient bool
	room      bool      // the last slice has spare capacity that is d's alone
	inline    [1][]byte // first home of segs: most Data have one slice
}

// NewData returns a Data over b, which it takes over: the caller must not change b afterwards.
func NewData(b []byte) *Data {
	d := new(Data)
	d.Append(b)
	return d
}

// NewTransient returns a Data over a buffer that stays untouched until the end of the current turn only.
func NewTransient(b []byte) *Data {
	d := NewData(b)
	d.transient = true
	return d
}

// Reborrow makes d a Data over another borrowed buffer, for a source that uses the same Data for each of its turns. It
// returns false, and leaves d alone, if somebody keeps d: then it owns its bytes or a script has it.
func (d *Data) Reborrow(b []byte) bool {
	if !d.transient || d.Object != 0 {
		return false
	}
	clear(d.segs)
	*d = Data{transient: true, segs: d.segs[:0]}
	d.Append(b)
	d.transient = true
	return true
}

// NewString returns a Data with the bytes of s.
func NewString(s string) *Data { return NewData([]byte(s)) }

// Size returns the number of bytes.
func (d *Data) Size() int { return d.size }

// Empty reports whether there are no bytes.
func (d *Data) Empty() bool { return d.size == 0 }

// Transient reports whether some bytes are borrowed for the current turn only.
func (d *Data) Transient() bool { return d.transient }

// Is reports whether d has the bytes of b. It is fast if d is over b itself.
func (d *Data) Is(b []byte) bool {
	switch {
	case d.size != len(b):
		return false
	case len(d.segs) == 0 || len(d.segs) == 1 && &d.segs[0][0] == &b[0]:
		return true
	}
	return bytes.Equal(d.Bytes(), b)
}

// Clear removes all bytes.
func (d *Data) Clear() {
	clear(d.segs)
	d.segs, d.size, d.transient, d.room = d.segs[:0], 0, false, false
}

// Append adds b at the end and takes it over.
func (d *Data) Append(b []byte) {
	if len(b) == 0 {
		return
	}
	if d.segs == nil {
		d.segs = d.inline[:0]
	}
	d.segs = append(d.segs, b)
	d.size += len(b)
	d.room = false
}

// Push adds the bytes of o at the end, sharing them. Pushing a Data onto itself does nothing.
func (d *Data) Push(o *Data) {
	if o == nil || o == d || o.size == 0 {
		return
	}
	if d.segs == nil {
		d.segs = d.inline[:0]
	}
	d.segs = append(d.segs, o.segs...)
	d.size += o.size
	d.room = false
	d.transient = d.transient || o.transient
}

// PushOwned adds a copy of o's transient bytes, or shares them if they are not transient. It is the way to collect a
// body over several turns: small pieces are packed together.
func (d *Data) PushOwned(o *Data) {
	if o == nil || o == d || o.size == 0 {
		return
	}
	if !o.transient {
		d.Push(o)
		return
	}
	for _, s := range o.segs {
		d.Write(s)
	}
}

// Write adds a copy of p at the end, filling up the spare room left by earlier writes first. It never fails; it is an
// io.Writer.
func (d *Data) Write(p []byte) (int, error) {
	n := len(p)
	if n == 0 {
		return 0, nil
	}
	d.size += n
	if d.room && len(d.segs) > 0 {
		last := &d.segs[len(d.segs)-1]
		k := min(cap(*last)-len(*last), n)
		*last = append(*last, p[:k]...)
		if p = p[k:]; len(p) == 0 {
			return n, nil
		}
	}
	if d.segs == nil {
		d.segs = d.inline[:0]
	}
	b := make([]byte, 0, max(len(p), min(2*d.size, ChunkSize)))
	d.segs = append(d.segs, append(b, p...))
	d.room = true
	return n, nil
}

// Own copies whatever is borrowed for the current turn, so that d may be kept. It returns d.
func (d *Data) Own() *Data {
	if d.transient {
		b := d.AppendTo(make([]byte, 0, d.size))
		clear(d.segs)
		d.segs = append(d.segs[:0], b)
		d.transient, d.room = false, false
	}
	return d
}

// Clone returns an independent Data over the same bytes.
func (d *Data) Clone() *Data {
	c := new(Data)
	c.Push(d)
	return c
}

// Shift removes and returns the first n bytes, fewer if there are fewer, none if n is negative.
func (d *Data) Shift(n int) *Data {
	out := &Data{transient: d.transient}
	if n <= 0 {
		return out
	}
	if n >= d.size {
		out.Push(d)
		d.Clear()
		return out
	}
	i := 0
	for left := n; left > 0; {
		s := d.segs[i]
		if len(s) > left {
			out.Append(s[:left:left])
			d.segs[i] = s[left:]
			break
		}
		out.Append(s)
		left -= len(s)
		i++
	}
	d.size -= n
	d.segs = slices.Delete(d.segs, 0, i)
	return out
}

// Skip removes the first n bytes without returning them.
func (d *Data) Skip(n int) {
	if n >= d.size {
		d.Clear()
		return
	}
	if n <= 0 {
		return
	}
	d.size -= n
	i := 0
	for len(d.segs[i]) <= n {
		n -= len(d.segs[i])
		i++
	}
	d.segs[i] = d.segs[i][n:]
	d.segs = slices.Delete(d.segs, 0, i)
}

// Pop removes and returns the last n bytes, in their order.
func (d *Data) Pop(n int) *Data {
	n = min(max(n, 0), d.size)
	head := d.Shift(d.size - n)
	tail := d.Clone()
	d.Clear()
	d.Push(head)
	return tail
}

// ShiftTo removes and returns the bytes up to and including the first one f accepts; all of them if it accepts none.
// If f fails, the byte it failed on is removed and the scan ends.
func (d *Data) ShiftTo(f func(byte) (bool, error)) (*Data, error) { return d.scan(f, 1) }

// ShiftWhile removes and returns the leading bytes f accepts. If f fails, the byte it failed on stays.
func (d *Data) ShiftWhile(f func(byte) (bool, error)) (*Data, error) {
	return d.scan(func(b byte) (bool, error) {
		ok, err := f(b)
		return !ok, err
	}, 0)
}

// scan cuts at the first byte f stops on; that byte itself is taken along if take is 1.
func (d *Data) scan(f func(byte) (bool, error), take int) (*Data, error) {
	n := 0
	for _, s := range d.segs {
		for _, b := range s {
			stop, err := f(b)
			if stop || err != nil {
				return d.Shift(n + take), err
			}
			n++
		}
	}
	return d.Shift(n), nil
}

// Segments returns the slices d consists of. They are valid until d changes and must not be written to.
func (d *Data) Segments() [][]byte { return d.segs }

// Bytes returns all bytes in one slice that must not be written to. It copies only if there are several slices.
func (d *Data) Bytes() []byte {
	switch len(d.segs) {
	case 0:
		return nil
	case 1:
		return d.segs[0]
	}
	return d.AppendTo(make([]byte, 0, d.size))
}

// Peek copies the first bytes to dst, as far as they reach, and returns how many they are.
func (d *Data) Peek(dst []byte) int {
	n := 0
	for _, s := range d.segs {
		if n += copy(dst[n:], s); n == len(dst) {
			break
		}
	}
	return n
}

// AppendTo appends all bytes to dst.
func (d *Data) AppendTo(dst []byte) []byte {
	for _, s := range d.segs {
		dst = append(dst, s...)
	}
	return dst
}

// Equal reports whether both hold the same bytes.
func (d *Data) Equal(o *Data) bool { return d.size == o.size && bytes.Equal(d.Bytes(), o.Bytes()) }
