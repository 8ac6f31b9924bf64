package inbound

import (
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
)

// Options are the options of listening.
type Options struct {
	Protocol           string // tcp or udp
	MaxConnections     int    // of this worker; -1 = unlimited
	MaxPortConnections int    // of all workers
	Transparent        bool
	PeerStats          bool
	Socket             reactor.SocketOptions
}

// ReadOptions reads an options object.
func ReadOptions(o *script.Options) (Options, error) {
	opts := Options{
		Protocol:           o.Enum("protocol", "tcp", "tcp", "udp"),
		MaxConnections:     o.Int("maxConnections", -1),
		MaxPortConnections: o.Int("maxPortConnections", -1),
		Transparent:        o.Bool("transparent", false),
		PeerStats:          o.Bool("peerStats", false),
		Socket:             pipeline.SocketOptions(o),
	}
	o.Bool("masquerade", false)
	return opts, o.Err()
}
