package websocket

import "fmt"

// Opcode is the kind of a message.
type Opcode uint8

// The kinds of messages. Those from Close on are control messages: they are short, come in a single frame, and may come
// between the frames of another message.
const (
	continuation Opcode = 0
	Text         Opcode = 1
	Binary       Opcode = 2
	Close        Opcode = 8
	Ping         Opcode = 9
	Pong         Opcode = 10
)

// Control reports whether o is a kind of control message.
func (o Opcode) Control() bool { return o >= Close }

// Valid reports whether RFC 6455 defines o as a kind of message.
func (o Opcode) Valid() bool { return o == Text || o == Binary || o >= Close && o <= Pong }

// Head describes a message.
type Head struct {
	Opcode Opcode
	Masked bool  // its frames, or the first of them, are masked
	RSV    uint8 // the bits reserved for extensions in its first frame: RSV1 is 4, RSV2 is 2, RSV3 is 1
}

// MaxControl is the size of the largest control message.
const MaxControl = 125

// The first two bytes of a frame.
const (
	bitFIN   = 0x80
	bitMask  = 0x80
	shiftRSV = 4
	length16 = 126 // the length follows in two bytes
	length64 = 127 // the length follows in eight bytes
)

// maxHeader is the size of the longest frame header.
const maxHeader = 14

// The status codes of RFC 6455 §7.4.1 that errors of this package go with.
const (
	CloseProtocolError = 1002
	CloseInvalidData   = 1007
	CloseTooLarge      = 1009
)

// Error is a violation of the protocol by the peer. It has the status code a close frame would tell it with.
type Error struct {
	Code   int
	Reason string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("websocket: %s (%d)", e.Reason, e.Code) }

// validCloseCode reports whether a close frame may carry a status code (RFC 6455 §7.4, and the codes registered since).
func validCloseCode(code int) bool {
	switch {
	case code < 1000 || code >= 5000:
		return false
	case code < 3000:
		return code <= 1003 || code >= 1007 && code <= 1014
	}
	return true
}
