package filter

import (
	"errors"
	"time"

	"weir/internal/proto/http1"
	"weir/internal/script"
)

// httpOptions are the options of the HTTP filters; each filter has some of them.
type httpOptions struct {
	bufferSize    int  // most bytes of a body held back; 0 is the whole body
	auto          bool // bufferSize is not given
	maxBodySize   int64
	maxHeaderSize int
	maxHeadSize   int
	maxMessages   int
	headTimeout   time.Duration
	bodyTimeout   time.Duration // the longest pause in a request's body that has no response yet

	// Of HTTP/2.
	connectionWindow, streamWindow int
	maxStreams                     int // that the peer may have open
	stallTimeout                   time.Duration
}

// readHTTPOptions reads the options; those not given get their defaults.
func readHTTPOptions(o *script.Options) *httpOptions {
	h := &httpOptions{
		auto:          o.Value("bufferSize").IsUndefined(),
		bufferSize:    clampSize(o.Size("bufferSize", http1.DefaultBufferSize)),
		maxBodySize:   o.Size("maxBodySize", http1.DefaultMaxBodySize),
		maxHeaderSize: clampSize(o.Size("maxHeaderSize", http1.DefaultMaxHeaderSize)),
		maxHeadSize:   clampSize(o.Size("maxHeadSize", 0)),
		maxMessages:   max(o.Int("maxMessages", 0), 0),
		headTimeout:   o.Duration("headTimeout", 60*time.Second),
		bodyTimeout:   o.Duration("bodyTimeout", 60*time.Second),

		connectionWindow: clampSize(o.Size("connectionWindowSize", 1<<20)),
		streamWindow:     clampSize(o.Size("streamWindowSize", 1<<20)),
		maxStreams:       max(o.Int("maxConcurrentStreams", 256), 1),
		stallTimeout:     o.Duration("stallTimeout", 60*time.Second),
	}
	return h
}

// headLimit is the most a head may have in HTTP/2.
func (o *httpOptions) headLimit() int {
	if o.maxHeadSize > 0 {
		return o.maxHeadSize
	}
	return max(http1.DefaultMaxHeadSize, 4*o.maxHeaderSize)
}

func clampSize(n int64) int { return int(min(n, 1<<30)) }

func (o *httpOptions) decoder(d *http1.Decoder) {
	d.MaxHeaderSize, d.MaxHeadSize = o.maxHeaderSize, o.maxHeadSize
}

// httpRows are the surface rows of a filter's HTTP options.
func httpRows(filter string, rows ...script.Row) []script.Row {
	for i := range rows {
		rows[i].Path = "option:" + filter + "." + rows[i].Path
	}
	return rows
}

func serverRows(filter string) []script.Row {
	return httpRows(filter,
		script.Row{Path: "bufferSize", Kind: "option", Signature: "size = 16k"},
		script.Row{Path: "maxHeaderSize", Kind: "option", Signature: "size = 16k"},
		script.Row{Path: "maxMessages", Kind: "option", Signature: "int = 0"},
		script.Row{Path: "connectionWindowSize", Kind: "option", Signature: "size = 1m"},
		script.Row{Path: "streamWindowSize", Kind: "option", Signature: "size = 1m"},
		script.Row{Path: "maxBodySize", Kind: "option", Signature: "size = 64m [beyond]"},
		script.Row{Path: "maxHeadSize", Kind: "option", Signature: "size = 64k [beyond]"},
		script.Row{Path: "headTimeout", Kind: "option", Signature: "seconds = 60 [beyond]"},
		script.Row{Path: "bodyTimeout", Kind: "option", Signature: "seconds = 60 [beyond]"},
		script.Row{Path: "maxConcurrentStreams", Kind: "option", Signature: "int = 256 [beyond]"},
		script.Row{Path: "stallTimeout", Kind: "option", Signature: "seconds = 60 [beyond]"},
	)
}

// httpVersion is a version of HTTP as the version option names it.
func httpVersion(r *script.Realm, v script.Value) (int, error) {
	if f, ok := r.NumberOf(v); ok {
		switch f {
		case 1, 2:
			return int(f), nil
		}
		return 0, errors.New("invalid HTTP version number")
	}
	if s, ok := r.AsString(v); ok {
		switch s {
		case "http/1", "http/1.0", "http/1.1":
			return 1, nil
		case "http/2", "h2":
			return 2, nil
		}
		return 0, errors.New("invalid HTTP version name")
	}
	return 0, errors.New("invalid HTTP version")
}
