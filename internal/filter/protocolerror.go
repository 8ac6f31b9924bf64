package filter

import (
	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// protocolError returns the end of a stream in which the peer did not keep to the protocol. The reason is logged for those
// who look for it only: a peer must not be able to fill the log.
func protocolError(b *pipeline.Base, reason error) *stream.StreamEnd {
	if log := b.World().Log; log.DebugEnabled(logs.Pipeline) {
		log.Debugf(logs.Pipeline, "%s: %v", b.Where(), reason)
	}
	return &stream.StreamEnd{Code: stream.ProtocolError}
}
