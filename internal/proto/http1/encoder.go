package http1

import (
	"strconv"

	"weir/internal/stream"
)

// The limits of an Encoder as they are if a script sets none.
const (
	DefaultBufferSize  = 16 << 10
	DefaultMaxBodySize = 64 << 20
)

// smallPiece is up to what size bytes are copied next to the framing around them: one write of two slices costs more.
const smallPiece = 1024

// Encoder turns messages into bytes: Start, any number of Data, End. It decides how the body is framed. A body that
// ends within BufferSize bytes is sent with a content-length. A longer one is sent as it comes: with the length
// promised to Start, else chunked, else, to an HTTP/1.0 client, until the connection closes.
//
// Every method appends the bytes that are ready to out. They share memory with the Data given, and are transient if
// those were.
type Encoder struct {
	Response bool // encode responses

	BufferSize  int   // most bytes held back for want of a length; 0 holds the whole body
	MaxBodySize int64 // most bytes of a body held as a whole; 0 means DefaultMaxBodySize

	// Scratch, if set while End is called, is memory for a message that goes out whole. Whoever sets it takes care that the
	// output is gone before the memory is used again.
	Scratch []byte

	state   encoderState
	head    *Head
	message Message
	held    stream.Data
	left    int64 // of the promised length
}

// Message is what an Encoder has to know about a message besides its head.
type Message struct {
	// Length is how long the body is going to be, -1 if unknown. It is for a body that is passed on untouched: the
	// length received with it in content-length. The body is then not held back.
	Length int64
	// Method is that of the request which a response answers, empty if unknown.
	Method string
	// Tunnel says that a response turns the connection into a tunnel (see Tunnel.Accepted).
	Tunnel bool
	// Final says that the connection closes after a response.
	Final bool
	// OldPeer says that a response goes to an HTTP/1.0 client, which does not know chunks.
	OldPeer bool
}

type encoderState uint8

const (
	encodeIdle    encoderState = iota
	encodeHolding              // the head has not left
	encodeLength               // promised
	encodeChunked
	encodeRaw  // until close, or behind a head that allows no body but scripts give one
	encodeDrop // the body is not sent
)

// InMessage reports whether a message has started and not ended.
func (e *Encoder) InMessage() bool { return e.state != encodeIdle }

// HeadSent reports whether the head of the current message has left. Until then, another message may be sent in its
// place after Reset.
func (e *Encoder) HeadSent() bool { return e.state > encodeHolding }

// Final reports whether the connection has to close after the current message, or after the last one if there is no
// current message. Streaming to an HTTP/1.0 client makes it so.
func (e *Encoder) Final() bool { return e.message.Final }

// Reset forgets the current message.
func (e *Encoder) Reset() {
	e.state, e.head = encodeIdle, nil
	e.held.Clear()
}

// Start begins a message. h may be nil. If the head has to wait for the body (see HeadSent), h is read when it leaves,
// and changes made until then are sent. Within a message Start does nothing.
//
// It fails if the head cannot be sent, see AppendHead; the message is then forgotten.
func (e *Encoder) Start(out *stream.Data, h *Head, m Message) error {
	if e.InMessage() {
		return nil
	}
	if h == nil {
		h = &Head{}
	}
	e.head, e.message, e.state = h, m, encodeHolding
	f := Framing{Response: e.Response, Length: -1, Close: m.Final && e.Response}
	switch {
	case e.Response && m.Method == "HEAD":
		f.KeepLength = true
		return e.sendHead(out, f, encodeDrop)
	case e.Response && h.Status == 304:
		// Its content-length is that of what was not sent (RFC 9110 §8.6).
		f.KeepLength, f.Length = true, max(m.Length, 0)
		return e.sendHead(out, f, encodeDrop)
	case e.Response && (m.Tunnel || h.Status == 204 || h.Status >= 100 && h.Status < 200):
		return e.sendHead(out, f, encodeRaw)
	case !e.Response && h.Method == "HEAD":
		return e.sendHead(out, f, encodeDrop)
	case m.Length > 0:
		f.Length, e.left = m.Length, m.Length
		return e.sendHead(out, f, encodeLength)
	}
	return nil
}

// Data adds bytes to the body, which it takes over from d; what has to be held back beyond the current turn is copied
// if it is transient. Data outside a message is dropped.
//
// It fails with ErrBodyTooLarge, ErrBodyLength, or for the head. The message is then forgotten.
func (e *Encoder) Data(out, d *stream.Data) error {
	switch e.state {
	case encodeHolding:
		e.held.PushOwned(d)
		if e.BufferSize > 0 && e.held.Size() > e.BufferSize {
			return e.Flush(out)
		}
		limit := e.MaxBodySize
		if limit <= 0 {
			limit = DefaultMaxBodySize
		}
		if e.BufferSize <= 0 && int64(e.held.Size()) > limit {
			e.Reset()
			return ErrBodyTooLarge
		}
	case encodeLength:
		if e.left -= int64(d.Size()); e.left < 0 {
			e.Reset()
			return ErrBodyLength
		}
		out.Push(d)
	case encodeChunked:
		pushChunk(out, d)
	case encodeRaw:
		out.Push(d)
	}
	return nil
}

// Flush sends what is held back without waiting for BufferSize bytes; the rest of the body is streamed.
func (e *Encoder) Flush(out *stream.Data) error {
	if e.state != encodeHolding {
		return nil
	}
	f := Framing{Response: e.Response, Length: -1, Close: e.message.Final && e.Response}
	next := encodeChunked
	if e.Response && e.message.OldPeer {
		f.Close, e.message.Final = true, true
		next = encodeRaw
	} else {
		f.Chunked = true
	}
	held := e.held.Shift(e.held.Size())
	if err := e.sendHead(out, f, next); err != nil {
		return err
	}
	return e.Data(out, held)
}

// End ends the message. With trailers, what is held back is sent in chunks, for they can follow nothing else.
//
// It fails with ErrBodyLength if the body is shorter than promised, or for head or trailers. The message is then
// forgotten.
func (e *Encoder) End(out *stream.Data, trailers Headers) error {
	if e.state == encodeHolding && len(trailers) > 0 && !(e.Response && e.message.OldPeer) {
		if err := e.Flush(out); err != nil {
			return err
		}
	}
	state := e.state
	switch state {
	case encodeHolding:
		return e.sendWhole(out)
	case encodeChunked:
		if err := endChunks(out, trailers); err != nil {
			e.Reset()
			return err
		}
	}
	e.Reset()
	if state == encodeLength && e.left > 0 {
		return ErrBodyLength
	}
	return nil
}

// sendHead writes the head of a body that comes later.
func (e *Encoder) sendHead(out *stream.Data, f Framing, next encoderState) error {
	b, err := AppendHead(make([]byte, 0, headSize(e.head)), e.head, f)
	if err != nil {
		e.Reset()
		return err
	}
	out.Append(b)
	e.state, e.head = next, nil
	return nil
}

// sendWhole writes a message whose whole body is at hand.
func (e *Encoder) sendWhole(out *stream.Data) error {
	h, size := e.head, e.held.Size()
	f := Framing{Response: e.Response, Length: int64(size), Close: e.message.Final && e.Response}
	if !e.Response && size == 0 && h.Method != "POST" && h.Method != "PUT" && h.Method != "PATCH" {
		f.Length = -1
	}
	room := headSize(h)
	if size <= smallPiece {
		room += size
	}
	b := e.Scratch[:0]
	if cap(b) < room {
		b = make([]byte, 0, room)
	}
	b, err := AppendHead(b, h, f)
	if err != nil {
		e.Reset()
		return err
	}
	if size <= smallPiece {
		out.Append(e.held.AppendTo(b))
	} else {
		out.Append(b)
		out.Push(&e.held)
	}
	e.Reset()
	return nil
}

// These are shared by all Data they are in; nobody writes to the bytes of a Data.
var (
	crlf     = []byte("\r\n")
	lastPart = []byte("0\r\n\r\n")
)

// pushChunk appends d as one chunk.
func pushChunk(out, d *stream.Data) {
	size := d.Size()
	if size == 0 {
		return
	}
	room := 16
	if size <= smallPiece {
		room += size
	}
	b := appendHex(make([]byte, 0, room), size)
	b = append(b, '\r', '\n')
	if size <= smallPiece {
		out.Append(append(d.AppendTo(b), '\r', '\n'))
		return
	}
	out.Append(b)
	out.Push(d)
	out.Append(crlf)
}

// appendHex appends n in upper-case hexadecimal.
func appendHex(dst []byte, n int) []byte {
	from := len(dst)
	dst = strconv.AppendInt(dst, int64(n), 16)
	for i, c := range dst[from:] {
		if c >= 'a' {
			dst[from+i] = c - 'a' + 'A'
		}
	}
	return dst
}

// endChunks appends the last chunk and the trailers, without those that do not belong there.
func endChunks(out *stream.Data, trailers Headers) error {
	if len(trailers) == 0 {
		out.Append(lastPart)
		return nil
	}
	b := []byte("0\r\n")
	for _, h := range trailers {
		if !trailerAllowed(h.Name) {
			continue
		}
		var err error
		if b, err = appendField(b, h.Name, h.Value); err != nil {
			return err
		}
	}
	out.Append(append(b, '\r', '\n'))
	return nil
}
