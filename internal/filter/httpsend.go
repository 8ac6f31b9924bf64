package filter

import (
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

// httpSender encodes messages given as events. It adds to http1.Encoder the heads of scripts and the promise of a length:
// a body that comes as it was received keeps its content-length and is not held back.
type httpSender struct {
	http1.Encoder
	// auto says that the script left the framing to weir: what is held back goes out at the end of the turn.
	auto bool

	wire    httphead.Wire
	head    *http1.Head
	message http1.Message
	origin  *httphead.Head // of the message, if its length may be promised; the encoder is started with the body
	got     bool           // some of the body has come
	stream  bool           // the body is a stream without a known end
}

func (s *httpSender) init(response bool, o *httpOptions) {
	s.Response = response
	s.BufferSize, s.MaxBodySize, s.auto = o.bufferSize, o.maxBodySize, o.auto
}

// inMessage reports whether a message has started and not ended.
func (s *httpSender) inMessage() bool { return s.origin != nil || s.InMessage() }

// start begins a message. h is what s.wire made of head. m.Length is more than 0 if the caller knows the length.
func (s *httpSender) start(out *stream.Data, head any, h *http1.Head, m http1.Message) error {
	s.got, s.stream = false, false
	if x, ok := head.(*httphead.Head); ok && s.auto && x.Body != nil {
		if n := x.Length(); n > 0 && m.Length < 0 {
			s.head, s.message, s.origin = h, m, x
			return nil
		}
		s.stream = x.Received.Chunked || x.Received.UntilClose
	}
	return s.Start(out, h, m)
}

// data adds to the body.
func (s *httpSender) data(out, d *stream.Data) error {
	if d.Empty() {
		return nil
	}
	if x := s.origin; x != nil {
		if x.Body.Original(d) {
			s.message.Length = x.Length()
		}
		if err := s.begin(out); err != nil {
			return err
		}
	}
	s.got = true
	return s.Data(out, d)
}

func (s *httpSender) begin(out *stream.Data) error {
	h := s.head
	s.head, s.origin = nil, nil
	return s.Start(out, h, s.message)
}

// end ends the message.
func (s *httpSender) end(r *script.Realm, out *stream.Data, tail any) error {
	if s.origin != nil {
		if err := s.begin(out); err != nil {
			return err
		}
	}
	var trailers http1.Headers
	if tail != nil {
		var err error
		if trailers, err = httphead.Trailers(r, tail); err != nil {
			return err
		}
	}
	return s.End(out, trailers)
}

// holds reports whether something is held back that settle would send.
func (s *httpSender) holds() bool {
	return s.auto && s.origin == nil && s.InMessage() && !s.HeadSent() && (s.got || s.stream)
}

// settle sends what is held back, at the end of a turn: the message did not end in it.
func (s *httpSender) settle(out *stream.Data) error {
	if !s.holds() {
		return nil
	}
	return s.Flush(out)
}

// drop forgets the message.
func (s *httpSender) drop() {
	s.head, s.origin = nil, nil
	s.Reset()
}

// begun reports whether bytes of the current message have left.
func (s *httpSender) begun() bool { return s.origin == nil && s.InMessage() && s.HeadSent() }
