package inbound

import (
	"io/fs"
	"strconv"

	"weir/internal/filter"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
)

// Options are the options of listening.
type Options struct {
	Protocol           string // tcp, udp or quic
	MaxConnections     int    // of this worker; -1 = unlimited
	MaxPortConnections int    // of all workers
	Transparent        bool
	FreeBind           bool // the address need not be this host's
	PeerStats          bool
	Mode               fs.FileMode // of a Unix socket's file, 0 for what the umask gives
	Socket             reactor.SocketOptions
	TLS                *filter.QUICTLS // of quic
}

// ReadOptions reads an options object for listening in w.
func ReadOptions(w *pipeline.World, o *script.Options) (Options, error) {
	opts := Options{
		Protocol:           o.Enum("protocol", "tcp", "tcp", "udp", "quic"),
		MaxConnections:     o.Int("maxConnections", -1),
		MaxPortConnections: o.Int("maxPortConnections", -1),
		Transparent:        o.Bool("transparent", false),
		FreeBind:           o.Bool("freeBind", false),
		PeerStats:          o.Bool("peerStats", false),
		Socket:             pipeline.SocketOptions(o),
	}
	o.Bool("masquerade", false)
	opts.Mode = fileMode(o)
	if tls := o.Sub("tls"); !o.Value("tls").IsUndefined() && o.Err() == nil {
		var err error
		if opts.TLS, err = filter.ReadQUICTLS(w, tls); err != nil {
			return opts, err
		}
	}
	return opts, o.Err()
}

// fileMode reads the option mode: a number, or a string in octal as chmod takes it.
func fileMode(o *script.Options) fs.FileMode {
	v := o.Value("mode")
	if v.IsUndefined() {
		return 0
	}
	n, isNumber := o.Realm().NumberOf(v)
	mode, err := uint64(n), error(nil)
	if s, ok := o.Realm().AsString(v); ok {
		mode, err = strconv.ParseUint(s, 8, 32)
	} else if !isNumber || float64(mode) != n {
		err = strconv.ErrSyntax
	}
	if err != nil || mode == 0 || mode > 0o777 {
		o.Fail("mode", "permissions such as 0o660", `"660"`)
	}
	return fs.FileMode(mode)
}
