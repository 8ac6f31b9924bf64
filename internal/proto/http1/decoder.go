package http1

import (
	"io"

	"weir/internal/stream"
)

// The limits of a Decoder that sets none.
const (
	DefaultMaxHeaderSize = 16 << 10
	DefaultMaxHeadSize   = 64 << 10
	DefaultMaxHeaders    = 256
)

// Decoder turns bytes into messages. The zero value decodes requests.
//
// The caller puts bytes into a Data and calls Next until that returns nothing. Bytes beyond what Next needed for the
// event it returned stay in the Data: a caller that stops after a MessageEnd finds there whatever followed the message.
// A Decoder must not be copied after its first use.
type Decoder struct {
	Response bool // decode responses

	MaxHeaderSize int // longest line of a head or trailer; 0 means DefaultMaxHeaderSize
	MaxHeadSize   int // largest head or trailer; 0 means DefaultMaxHeadSize, or four lines if that is more
	MaxHeaders    int // most headers in a head or trailer; 0 means DefaultMaxHeaders

	NoHost  bool // accept HTTP/1.1 requests that have no host header
	Preface bool // report the HTTP/2 connection preface by ErrPreface instead of refusing it

	toHEAD, toCONNECT bool // the response is one to such a request

	state    state
	chunk    chunkState
	left     int64 // of a body of known length, or of a chunk
	ext      int   // length of the extensions of a chunk
	bodySize int64
	msg      *received
	err      error
	lines    lines
}

type state uint8

const (
	stateHead state = iota
	stateLength
	stateChunked
	stateUntilClose
)

// Answering tells a decoder of responses the method of the request that the next ones answer: it decides whether they
// have a body. It is to be called at a message boundary and holds until it is called again.
func (d *Decoder) Answering(method string) {
	d.toHEAD, d.toCONNECT = method == "HEAD", method == "CONNECT"
}

// InMessage reports whether a message has started and not ended.
func (d *Decoder) InMessage() bool { return d.state != stateHead }

// Idle reports whether the decoder is between two messages and has seen nothing of the next one.
func (d *Decoder) Idle() bool { return d.state == stateHead && len(d.lines.held) == 0 }

// Next takes bytes off in and returns the next event:
//   - a MessageStart with a *Head;
//   - a Data with bytes of the body, shared with in and transient if in is;
//   - a MessageEnd with a *Tail;
//   - nil if in, now empty, does not hold enough.
//
// The error is an *Error or ErrPreface. After an *Error it is returned for ever.
func (d *Decoder) Next(in *stream.Data) (stream.Event, error) {
	if d.err != nil {
		return nil, d.err
	}
	switch d.state {
	case stateHead:
		return d.nextHead(in)
	case stateLength:
		if d.left == 0 {
			return d.end(), nil
		}
		n := int(min(d.left, int64(in.Size())))
		d.left -= int64(n)
		return d.body(in, n), nil
	case stateChunked:
		return d.nextChunked(in)
	}
	return d.body(in, in.Size()), nil
}

// Finish says that no more bytes come. It returns the MessageEnd of a body that ends with the connection, nil between
// messages, and io.ErrUnexpectedEOF within one. Events that Next still has are to be fetched before.
func (d *Decoder) Finish() (stream.Event, error) {
	switch {
	case d.err != nil:
		return nil, d.err
	case d.state == stateUntilClose, d.state == stateLength && d.left == 0:
		return d.end(), nil
	case d.Idle():
		return nil, nil
	}
	return nil, io.ErrUnexpectedEOF
}

// Unread puts the bytes of an incomplete head back in front of in. It is for a caller at a message boundary who hands
// the connection over to another protocol.
func (d *Decoder) Unread(in *stream.Data) {
	if len(d.lines.held) == 0 {
		return
	}
	all := stream.NewData(d.lines.held)
	all.Push(in)
	in.Clear()
	in.Push(all)
	d.lines = lines{}
}

func (d *Decoder) body(in *stream.Data, n int) stream.Event {
	if n == 0 {
		return nil
	}
	d.bodySize += int64(n)
	return in.Shift(n)
}

func (d *Decoder) end() stream.Event {
	m := d.msg
	m.tail.BodySize = d.bodySize
	m.end.Tail = &m.tail
	d.state, d.msg = stateHead, nil
	return &m.end
}

// fail ends decoding for good.
func (d *Decoder) fail(status int, reason string) error {
	if d.Response {
		status = 502
	}
	d.err = &Error{status, reason}
	d.msg, d.lines = nil, lines{}
	return d.err
}
