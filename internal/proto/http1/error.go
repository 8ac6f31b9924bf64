package http1

import (
	"errors"
	"strconv"
)

// Error says why a decoder refused its input. The input after it means nothing: the connection has to be closed.
type Error struct {
	// Status is what a server answers a malformed request with; it is 502 if a response was malformed.
	Status int
	// Reason is one lower-case line without any bytes of the input, fit for a log and for the answer.
	Reason string
}

// Error implements error.
func (e *Error) Error() string { return "http: " + strconv.Itoa(e.Status) + " " + e.Reason }

// ErrPreface is returned by Decoder.Next in place of the first message if the peer speaks HTTP/2 and Decoder.Preface
// is set. The bytes of the preface are still in the input.
var ErrPreface = errors.New("http: HTTP/2 connection preface")

// What an Encoder fails with. Once the head has left, only closing the connection tells the peer.
var (
	ErrBodyTooLarge = errors.New("http: message body exceeds the limit; raise maxBodySize or stream it with a bufferSize")
	ErrBodyLength   = errors.New("http: message body does not have the length its head promised")
)
