package websocket

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"weir/internal/stream"
)

// FrameSize is the size of the payload of every frame of a data message but the last.
const FrameSize = 16 << 10

// Encoder turns messages into bytes. A data message goes out in frames of FrameSize, each as soon as it is full. The zero
// value is ready.
type Encoder struct {
	head      Head
	inMessage bool
	begun     bool // a frame of the message is out
	held      stream.Data
	keys      []byte // random bytes not used yet
}

// InMessage reports whether a message has begun and not ended.
func (e *Encoder) InMessage() bool { return e.inMessage }

// Start begins a message. A message that has not ended is given up; what is out of it stays without an end.
func (e *Encoder) Start(h Head) error {
	e.Drop()
	if !h.Opcode.Valid() {
		return fmt.Errorf("websocket: %d is not the opcode of a message: use 1, 2, 8, 9 or 10", h.Opcode)
	}
	e.head, e.inMessage = h, true
	return nil
}

// Data appends to out the frames that d completes. Bytes of d that are left are kept.
func (e *Encoder) Data(out, d *stream.Data) error {
	if e.head.Opcode.Control() {
		if e.held.Size()+d.Size() > MaxControl {
			e.Drop()
			return fmt.Errorf("websocket: the body of a control message is larger than %d bytes", MaxControl)
		}
		e.held.PushOwned(d)
		return nil
	}
	rest := d.Clone()
	for e.held.Size()+rest.Size() >= FrameSize {
		payload := e.held.Shift(FrameSize)
		payload.Push(rest.Shift(FrameSize - payload.Size()))
		e.frame(out, payload, false)
	}
	e.held.PushOwned(rest)
	return nil
}

// End appends the last frame of the message to out.
func (e *Encoder) End(out *stream.Data) {
	e.frame(out, e.held.Shift(e.held.Size()), true)
	e.Drop()
}

// Drop forgets the message.
func (e *Encoder) Drop() {
	e.inMessage, e.begun = false, false
	e.held.Clear()
}

func (e *Encoder) frame(out, payload *stream.Data, fin bool) {
	b := make([]byte, 0, maxHeader)
	first := byte(0)
	if !e.begun {
		first = byte(e.head.Opcode) | e.head.RSV<<shiftRSV
	}
	e.begun = true
	if fin {
		first |= bitFIN
	}
	second := byte(0)
	if e.head.Masked {
		second = bitMask
	}
	if n := payload.Size(); n < length16 {
		b = append(b, first, second|byte(n))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, first, second|length16), uint16(n))
	}
	if !e.head.Masked {
		out.Append(b)
		out.Push(payload)
		return
	}
	key := e.key()
	b = append(make([]byte, 0, len(b)+len(key)+payload.Size()), b...)
	b = append(b, key[:]...)
	start := len(b)
	for _, s := range payload.Segments() {
		b = mask(b, s, key, (len(b)-start)&3)
	}
	out.Append(b)
}

// key returns a masking key that cannot be foreseen (RFC 6455 §5.3).
func (e *Encoder) key() (key [4]byte) {
	if len(e.keys) == 0 {
		e.keys = make([]byte, 64*len(key))
		rand.Read(e.keys) // does not fail
	}
	e.keys = e.keys[copy(key[:], e.keys):]
	return key
}
