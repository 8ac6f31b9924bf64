package filter

import (
	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// logPeer logs what is wrong with a peer for those who look for it only: a peer must not be able to fill the log.
func logPeer(b *pipeline.Base, reason error) {
	if log := b.World().Log; log.DebugEnabled(logs.Pipeline) {
		log.Debugf(logs.Pipeline, "%s: %v", b.Where(), reason)
	}
}

// protocolError returns the end of a stream in which the peer did not keep to the protocol.
func protocolError(b *pipeline.Base, reason error) *stream.StreamEnd {
	logPeer(b, reason)
	return &stream.StreamEnd{Code: stream.ProtocolError}
}
