// Package token cuts tokens off a stream of bytes that arrives in pieces, for codecs that parse in place: a token that lies
// in one piece is not copied.
package token

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrMore is what Need, Line and Varint return when the token is not complete yet: feed the next piece and ask again.
var ErrMore = errors.New("more bytes are needed")

// ErrTooLarge is what a Reader returns for a message that is larger than its limit.
var ErrTooLarge = errors.New("message is larger than maxMessageSize")

// DefaultMaxMessageSize is the limit of messages if nothing else is said.
const DefaultMaxMessageSize = 64 << 20

// MaxDecoded is how much memory the values may take, about, that are decoded from bytes somebody holds already.
const MaxDecoded = 256 << 20

// ErrDecoded is the error of decoders whose values take more than MaxDecoded.
var ErrDecoded = fmt.Errorf("the values take more than %d MiB", MaxDecoded>>20)

// MaxNesting is how deep values may be nested in each other.
const MaxNesting = 500

// Reader holds the bytes that were fed and not taken yet. It copies those of an incomplete token, but never more than
// Limit bytes. The zero Reader with a Limit is ready.
type Reader struct {
	// Limit is the most bytes a message may have, together with what Charge adds.
	Limit int

	p    []byte // what was fed and not looked at yet
	part []byte // the beginning of a token
	size int    // of the message so far, as it counts for the limit
	took int    // bytes of the message taken so far
	seen int    // how much of part has no end of line
}

// Begin starts a message: the limit counts from here.
func (r *Reader) Begin() { r.size, r.took = 0, 0 }

// Taken returns how many bytes of the message were taken.
func (r *Reader) Taken() int { return r.took }

// Feed gives the next piece. The piece before must have been used up, or have ended with the end of a message.
func (r *Reader) Feed(p []byte) { r.p = p }

// Rest returns how many bytes of the last piece are not used yet.
func (r *Reader) Rest() int { return len(r.p) }

// Reset drops everything.
func (r *Reader) Reset() { *r = Reader{Limit: r.Limit} }

// Charge counts n more bytes as used by the message: what it takes in memory beyond its bytes.
func (r *Reader) Charge(n int) error {
	if n < 0 || n > r.Limit-r.size {
		return ErrTooLarge
	}
	r.size += n
	return nil
}

// Need returns the next n bytes without taking them. They are valid as long as the piece is, and not to be changed.
func (r *Reader) Need(n int) ([]byte, error) {
	if n < 0 || n > r.Limit-r.size {
		return nil, ErrTooLarge
	}
	if len(r.part) == 0 && len(r.p) >= n {
		return r.p[:n], nil
	}
	if k := n - len(r.part); k > 0 {
		k = min(k, len(r.p))
		r.part = append(r.part, r.p[:k]...)
		r.p = r.p[k:]
	}
	if len(r.part) < n {
		return nil, ErrMore
	}
	return r.part[:n:n], nil
}

// Skip takes n bytes that Need or Line returned.
func (r *Reader) Skip(n int) {
	r.size += n
	r.took += n
	r.seen = 0
	switch {
	case len(r.part) == 0:
		r.p = r.p[n:]
	case n < len(r.part):
		r.part = r.part[n:]
	default:
		r.part = nil // not to be used again: what was returned stays as it is
	}
}

// Take is Need and Skip.
func (r *Reader) Take(n int) ([]byte, error) {
	b, err := r.Need(n)
	if err == nil {
		r.Skip(n)
	}
	return b, err
}

// Line takes a line and returns it with its end, which is \n.
func (r *Reader) Line() ([]byte, error) {
	if len(r.part) == 0 {
		if i := bytes.IndexByte(r.p, '\n'); i >= 0 {
			return r.Take(i + 1)
		}
	} else if i := bytes.IndexByte(r.part[r.seen:], '\n'); i >= 0 {
		return r.Take(r.seen + i + 1)
	}
	n := len(r.part)
	if i := bytes.IndexByte(r.p, '\n'); i >= 0 {
		return r.Take(n + i + 1)
	}
	_, err := r.Need(n + len(r.p) + 1)
	r.seen = len(r.part)
	return nil, err
}

// ErrVarint is an integer of variable length that does not end.
var ErrVarint = errors.New("a variable length integer has more than ten bytes")

// Uvarint returns the integer that begins off bytes ahead, in groups of seven bits with the lowest first, and where it ends.
// Nothing is taken.
func (r *Reader) Uvarint(off int) (v uint64, end int, err error) {
	for shift := 0; shift < 70; shift += 7 {
		off++
		b, err := r.Need(off)
		if err != nil {
			return 0, 0, err
		}
		c := b[off-1]
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, off, nil
		}
	}
	return 0, 0, ErrVarint
}
