package websocket

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"weir/internal/stream"
)

// DefaultBufferSize is the BufferSize of a Decoder that sets none.
const DefaultBufferSize = 64 << 10

// Decoder turns bytes into messages. The zero value is ready.
//
// A message in one frame is passed on as it arrives. One in several frames is held until it is complete, so that a control
// message that comes between them can be passed on at once; if it becomes larger than BufferSize, it is passed on as it
// arrives from there on, and control messages wait for its end.
type Decoder struct {
	BufferSize     int   // 0 means DefaultBufferSize
	MaxMessageSize int64 // of the payload; 0 means no limit
	RSV            uint8 // the bits reserved for extensions that may be set in the first frame of a data message, as in Head
	Masking        Masking

	ready    []stream.Event // to be returned, from returned on
	returned int
	later    []stream.Event // to be returned after the message that is being passed on

	head    *Head // of the message being received, nil between two
	size    int64 // of its payload
	held    *stream.Data
	passing bool // the MessageStart is out

	inFrame bool
	fin     bool
	masked  bool
	key     [4]byte
	length  int64 // of the frame's payload
	left    int64 // of it to come

	closed bool
	err    error
}

// Masking says which frames a Decoder takes.
type Masking uint8

// Clients have to mask, servers must not.
const (
	AnyMasking Masking = iota
	MaskedOnly
	UnmaskedOnly
)

// InMessage reports whether a message, or a frame of one, has begun and not ended.
func (d *Decoder) InMessage() bool { return d.head != nil }

// Next takes bytes off in and returns the next event:
//   - a MessageStart with a *Head;
//   - a Data with bytes of the payload, which may share those of in and is transient then if in is;
//   - a MessageEnd;
//   - nil if there are not enough bytes: what is left in in has to be kept and comes first the next time.
//
// After a close message the rest of the input is dropped. The error is an *Error; it is returned for ever.
func (d *Decoder) Next(in *stream.Data) (stream.Event, error) {
	for {
		if d.returned < len(d.ready) {
			e := d.ready[d.returned]
			d.ready[d.returned] = nil
			d.returned++
			return e, nil
		}
		d.ready, d.returned = d.ready[:0], 0
		switch {
		case d.err != nil:
			return nil, d.err
		case d.closed:
			in.Clear()
			return nil, nil
		case !d.inFrame:
			more, err := d.frame(in)
			if err != nil {
				d.err = err
			} else if !more {
				return nil, nil
			}
		case d.left > 0:
			if in.Empty() {
				return nil, nil
			}
			p := d.payload(in)
			if d.passing {
				return p, nil
			}
			d.hold(p)
		default:
			d.inFrame = false
			if d.fin {
				d.finish()
			}
		}
	}
}

// frame takes the header of a frame off in, and a control frame as a whole. It returns false if there are not enough bytes.
func (d *Decoder) frame(in *stream.Data) (bool, error) {
	var buf [maxHeader + MaxControl]byte
	b := buf[:in.Peek(buf[:])]
	if len(b) < 2 {
		return false, nil
	}
	op, rsv := Opcode(b[0]&0xF), b[0]>>shiftRSV&7
	fin, masked := b[0]&bitFIN != 0, b[1]&bitMask != 0
	short := int64(b[1] &^ bitMask)
	if err := d.check(op, rsv, fin, masked, short); err != nil {
		return false, err
	}
	length, n, err := payloadLength(b, short)
	if err != nil || n == 0 {
		return false, err
	}
	var key [4]byte
	if masked {
		if len(b) < n+4 {
			return false, nil
		}
		n += copy(key[:], b[n:n+4])
	}
	if op.Control() {
		if len(b) < n+int(length) {
			return false, nil
		}
		body := mask(nil, b[n:n+int(length)], key, 0)
		in.Skip(n + int(length))
		return true, d.control(&Head{op, masked, rsv}, body)
	}
	if d.MaxMessageSize > 0 && length > d.MaxMessageSize-d.size {
		return false, &Error{CloseTooLarge, fmt.Sprintf("a message is larger than %d bytes", d.MaxMessageSize)}
	}
	in.Skip(n)
	d.inFrame, d.fin, d.masked, d.key, d.length, d.left = true, fin, masked, key, length, length
	d.size += length
	if op != continuation {
		d.head = &Head{op, masked, rsv}
		if fin {
			d.pass()
		}
	}
	return true, nil
}

// check refuses frames that must not come, or not now.
func (d *Decoder) check(op Opcode, rsv uint8, fin, masked bool, length int64) error {
	refuse := func(reason string) error { return &Error{CloseProtocolError, reason} }
	switch {
	case op != continuation && !op.Valid():
		return refuse(fmt.Sprintf("a frame has the reserved opcode %d", op))
	case rsv != 0 && (op == continuation || op.Control() || rsv&^d.RSV != 0):
		return refuse("a frame has reserved bits set")
	case op.Control() && !fin:
		return refuse("a control frame is fragmented")
	case op.Control() && length > MaxControl:
		return refuse("a control frame is larger than 125 bytes")
	case op == continuation && d.head == nil:
		return refuse("a continuation frame continues nothing")
	case op != continuation && !op.Control() && d.head != nil:
		return refuse("a message begins before the one before it has ended")
	case d.Masking == MaskedOnly && !masked:
		return refuse("a frame of a client is not masked")
	case d.Masking == UnmaskedOnly && masked:
		return refuse("a frame of a server is masked")
	}
	return nil
}

// payloadLength reads the length of a payload and returns the size of the header without the key: 0 if b does not reach.
func payloadLength(b []byte, short int64) (length int64, n int, err error) {
	switch {
	case short < length16:
		return short, 2, nil
	case short == length16 && len(b) >= 4:
		length, n = int64(binary.BigEndian.Uint16(b[2:])), 4
		if length < length16 {
			return 0, 0, errNotMinimal
		}
	case short == length64 && len(b) >= 10:
		u := binary.BigEndian.Uint64(b[2:])
		if u <= math.MaxUint16 {
			return 0, 0, errNotMinimal
		}
		if u > math.MaxInt64 {
			return 0, 0, &Error{CloseProtocolError, "the length of a frame has its highest bit set"}
		}
		length, n = int64(u), 10
	}
	return length, n, nil
}

var errNotMinimal = &Error{CloseProtocolError, "the length of a frame takes more bytes than it needs"}

// payload takes what there is of a frame's payload off in.
func (d *Decoder) payload(in *stream.Data) *stream.Data {
	p := in.Shift(int(min(d.left, int64(in.Size()))))
	if d.masked {
		b := make([]byte, 0, p.Size())
		for _, s := range p.Segments() {
			b = mask(b, s, d.key, int((d.length-d.left+int64(len(b)))&3))
		}
		p = stream.NewData(b)
	}
	d.left -= int64(p.Size())
	return p
}

// pass passes the message on from now on.
func (d *Decoder) pass() {
	d.passing = true
	d.ready = append(d.ready, &stream.MessageStart{Head: d.head})
	if d.held != nil {
		d.ready = append(d.ready, d.held)
		d.held = nil
	}
}

// hold keeps some of a message.
func (d *Decoder) hold(p *stream.Data) {
	if d.held == nil {
		d.held = new(stream.Data)
	}
	d.held.PushOwned(p)
	limit := d.BufferSize
	if limit == 0 {
		limit = DefaultBufferSize
	}
	if d.held.Size() > limit {
		d.pass()
	}
}

// finish ends a message.
func (d *Decoder) finish() {
	if !d.passing {
		d.pass()
	}
	d.ready = append(append(d.ready, new(stream.MessageEnd)), d.later...)
	d.head, d.size, d.passing, d.later = nil, 0, false, nil
}

// control takes a control message. Of several pings, or pongs, that have to wait only the latest counts (RFC 6455 §5.5.3).
func (d *Decoder) control(h *Head, body []byte) error {
	if h.Opcode == Close {
		if err := checkClose(body); err != nil {
			return err
		}
		if d.passing {
			return &Error{CloseProtocolError, "the connection is closed in the middle of a message"}
		}
		d.closed, d.head, d.held = true, nil, nil
	}
	events := make([]stream.Event, 0, 3)
	events = append(events, &stream.MessageStart{Head: h})
	if len(body) > 0 {
		events = append(events, stream.NewData(body))
	}
	events = append(events, new(stream.MessageEnd))
	if !d.passing {
		d.ready = append(d.ready, events...)
		return nil
	}
	for i := 0; i < len(d.later); i++ {
		if s, ok := d.later[i].(*stream.MessageStart); ok && s.Head.(*Head).Opcode == h.Opcode {
			end := i + 1
			for d.later[end-1].Kind() != stream.KindMessageEnd {
				end++
			}
			d.later = append(d.later[:i], d.later[end:]...)
			break
		}
	}
	d.later = append(d.later, events...)
	return nil
}

// checkClose checks the payload of a close frame: nothing, or a status code and a text.
func checkClose(body []byte) error {
	switch {
	case len(body) == 0:
	case len(body) == 1:
		return &Error{CloseProtocolError, "a close frame has half a status code"}
	case !validCloseCode(int(binary.BigEndian.Uint16(body))):
		return &Error{CloseProtocolError, fmt.Sprintf("a close frame has the status code %d", binary.BigEndian.Uint16(body))}
	case !utf8.Valid(body[2:]):
		return &Error{CloseInvalidData, "the reason in a close frame is not UTF-8"}
	}
	return nil
}
