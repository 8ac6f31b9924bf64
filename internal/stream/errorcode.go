package stream

// ErrorCode says why a stream ended. Scripts see its name.
type ErrorCode uint8

// The reasons a stream can end for. NoError is an orderly end.
const (
	NoError ErrorCode = iota
	Replay
	RuntimeError
	ReadError
	WriteError
	CannotResolve
	ConnectionAborted
	ConnectionReset
	ConnectionRefused
	ConnectionTimeout
	ReadTimeout
	WriteTimeout
	IdleTimeout
	BufferOverflow
	ProtocolError
	Unauthorized
	numErrorCodes
)

var errorNames = [numErrorCodes]string{
	"", "Replay", "RuntimeError", "ReadError", "WriteError", "CannotResolve", "ConnectionAborted", "ConnectionReset",
	"ConnectionRefused", "ConnectionTimeout", "ReadTimeout", "WriteTimeout", "IdleTimeout", "BufferOverflow",
	"ProtocolError", "Unauthorized",
}

// String returns the name scripts see; it is empty for NoError.
func (c ErrorCode) String() string { return errorNames[c] }

// ErrorCodeByName finds a code by the name scripts give. NoError has no name.
func ErrorCodeByName(name string) (ErrorCode, bool) {
	if name == "" {
		return NoError, false
	}
	for i, n := range errorNames {
		if n == name {
			return ErrorCode(i), true
		}
	}
	return NoError, false
}
