package http2

import "strconv"

// Frame types (RFC 9113 §6).
const (
	frameData = iota
	frameHeaders
	framePriority
	frameRSTStream
	frameSettings
	framePushPromise
	framePing
	frameGoAway
	frameWindowUpdate
	frameContinuation
)

const (
	flagAck        = 0x1
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const (
	frameHeaderSize = 9
	minFrameSize    = 16384 // the least SETTINGS_MAX_FRAME_SIZE, and what is accepted here
	maxFrameSize    = 1<<24 - 1
	maxWindow       = 1<<31 - 1
	defaultWindow   = 65535
	maxStreamID     = 1<<31 - 1
)

// Preface is what a client sends first (RFC 9113 §3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// ErrCode says why a stream or a connection ended (RFC 9113 §7).
type ErrCode uint32

// The error codes.
const (
	NoError ErrCode = iota
	ProtocolError
	InternalError
	FlowControlError
	SettingsTimeout
	StreamClosed
	FrameSizeError
	RefusedStream
	Cancel
	CompressionError
	ConnectError
	EnhanceYourCalm
	InadequateSecurity
	HTTP11Required
)

var errNames = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
	"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
	"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

// String returns the name of the RFC.
func (c ErrCode) String() string {
	if int(c) < len(errNames) {
		return errNames[c]
	}
	return "error code " + strconv.FormatUint(uint64(c), 10)
}

// Error is why a connection had to be given up. The peer is told by a GOAWAY that is in the output already.
type Error struct {
	Code ErrCode
	// Reason is one lower-case line without any bytes of the input.
	Reason string
}

// Error implements error.
func (e *Error) Error() string { return "http2: " + e.Code.String() + ": " + e.Reason }

func uint31(b []byte) uint32 { return be32(b) &^ (1 << 31) }

func be32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func append32(dst []byte, v uint32) []byte {
	return append(dst, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}
