package filter

import (
	"encoding/base64"

	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/stream"
)

// How a connection comes to speak HTTP/2: by the protocol TLS agreed upon, by the client's preface, or by an upgrade.

// startHTTP2 makes the connection one of HTTP/2. The client's preface is the next input.
func (s *httpServer) startHTTP2() *http2Server {
	h := &http2Server{server: s}
	s.h2 = h
	s.stopTimer()
	s.brake.Release()
	o := s.opts
	cfg := http2.Config{
		Server: true, ConnWindow: o.connectionWindow, StreamWindow: o.streamWindow, MaxStreams: o.maxStreams,
		MaxHeadSize: o.headLimit(), MaxFieldSize: o.maxHeaderSize, ConnectProtocol: s.service.tunnels(), Burst: maxBurst,
	}
	h.resumed = h.goneOn
	h.start(s.World(), s.Out(), cfg, o.stallTimeout, h)
	if s.World().Stopping {
		h.shutdown()
	}
	return h
}

// agreed implements protocolAware: a client that agreed upon HTTP/2 must speak it (RFC 9113 §3.2).
func (s *httpServer) agreed(protocol string) {
	if protocol == "h2" {
		s.startHTTP2()
	}
}

// change hands the connection over after the preface was found.
func (s *httpServer) change() {
	s.startHTTP2()
	s.passOn()
}

// passOn gives what was received and not decoded to the one who has taken over.
func (s *httpServer) passOn() {
	s.decoder.Unread(&s.in)
	s.h2.process(s.in.Shift(s.in.Size()))
	if s.end != nil {
		s.h2.process(s.end)
	}
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"

// upgrade takes a request to go on in HTTP/2 (RFC 7540 §3.2): it is answered on stream 1. A request with a body, or with
// others before it that are not answered, is served as it is; so is one whose settings are not valid.
func (s *httpServer) upgrade(h *http1.Head, e *stream.MessageStart) bool {
	if h.Tunnel() != http1.H2CTunnel || !h.Received.Upgrade || s.first != nil {
		return false
	}
	values := h.Headers.Values("http2-settings")
	if len(values) != 1 {
		return false
	}
	settings, err := base64.RawURLEncoding.DecodeString(values[0])
	if err != nil || !http2.ValidSettings(settings) {
		return false
	}
	h.Headers.Del("upgrade")
	h.Headers.Del("http2-settings")
	if h.Received.Chunked || h.Received.ContentLength > 0 {
		return false
	}
	end, err := s.decoder.Next(&s.in)
	if err != nil || end == nil {
		return false // a request without a body has ended
	}
	s.Output(stream.NewString(switching))
	h2 := s.startHTTP2()
	st := h2.NewStream()
	h2.Upgraded(st, settings)
	h2.OnHead(st, e)
	if st.Open() {
		h2.OnEnd(st, end.(*stream.MessageEnd))
		h2.UpgradedEnd(st)
	}
	s.passOn()
	return true
}
