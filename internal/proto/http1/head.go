package http1

import "weir/internal/stream"

// Head is the start line and the headers of a request or a response. Decoder makes them; whoever wants to send a
// message may make one from scratch. The zero value stands for `GET / HTTP/1.1` or, encoded as a response,
// `HTTP/1.1 200 OK`.
type Head struct {
	IsResponse    bool
	HasStatusText bool // StatusText is meant to be sent even if it is empty

	Protocol  string // HTTP/1.0 or HTTP/1.1; a response may say HTTP/2.0
	Method    string
	Scheme    string // HTTP/2 only
	Authority string // HTTP/2 only
	Path      string // the request target as received, whichever form it has

	Status     int
	StatusText string

	// Headers are the lines as received, but without connection: that one belongs to the connection, not to the
	// message. A connection header found here was put in by a script.
	Headers Headers

	// Received is what the sender said about body and connection. Changing Headers does not change it.
	Received Received
}

// Received is what the head of a received message says about its body and its connection. It means nothing in a head
// that was made from scratch: its zero value claims a content-length of 0.
type Received struct {
	ContentLength  int64  // -1 if not given
	Chunked        bool   // transfer-encoding: chunked
	Close          bool   // connection lists close
	KeepAlive      bool   // connection lists keep-alive
	Upgrade        bool   // connection lists upgrade
	ExpectContinue bool   // expect: 100-continue
	UntilClose     bool   // a response whose body ends with the connection
	HTTP2          bool   // it came over HTTP/2: several cookie lines are parts of one
	ConnectionName string // original spelling of the connection header, empty if there was none
}

// Tail is what is known at the end of a received message.
type Tail struct {
	Headers  Headers // trailer fields; nil if there were none
	HeadSize int64   // bytes of start line, header lines and blank line
	BodySize int64   // bytes of the body as transferred, chunk framing and trailers included
}

// Clone returns a copy whose headers can be changed independently.
func (h *Head) Clone() *Head {
	c := *h
	c.Headers = h.Headers.Clone()
	return &c
}

// Final reports whether the connection that h was received on ends with this exchange (RFC 9112 §9.3).
func (h *Head) Final() bool {
	return h.Received.Close || h.Received.UntilClose || h.Protocol == protocol10 && !h.Received.KeepAlive
}

const (
	protocol10 = "HTTP/1.0"
	protocol11 = "HTTP/1.1"
	protocol20 = "HTTP/2.0"
)

// received is a message on its way in: everything a decoder hands out for it, in one allocation.
type received struct {
	start stream.MessageStart
	end   stream.MessageEnd
	head  Head
	tail  Tail
	room  [8]Header
}
