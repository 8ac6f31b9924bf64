package filter

import (
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// httpExchange is a request and its response as the filter sees them that has requests answered, whichever version of
// HTTP they come in.
type httpExchange struct {
	to         httpResponder
	head       *httphead.Head // of the request
	tunnelKind http1.Tunnel
	mute       bool // whatever comes of the response is ignored

	sub  *pipeline.Pipeline   // demuxHTTP
	call *httpCall            // serveHTTP
	body *pipeline.FileSource // of a response that is read while it is sent
}

// httpResponder sends the response of an exchange. It takes it as events, from a sub-pipeline or from whoever else answers.
type httpResponder interface {
	pipeline.Input
	// reply answers with a whole message.
	reply(m *stream.Message)
	// refuse answers a request that is not wanted, whether or not it is complete.
	refuse(e *http1.Error)
}

// httpService answers requests.
type httpService interface {
	// head returns the head of a request as it goes on.
	head(x *httpExchange, h *http1.Head) *httphead.Head
	// request begins a request; x.head is set.
	request(x *httpExchange, e *stream.MessageStart)
	body(x *httpExchange, d *stream.Data)
	// complete ends the request.
	complete(x *httpExchange, e *stream.MessageEnd)
	// end says that nothing more will come, be the request complete or not.
	end(x *httpExchange, e *stream.StreamEnd)
	// release says that x is done, or will never be: whatever belongs to it is to be let go.
	release(x *httpExchange)
	// tunnels reports whether a connection, or a stream, may become a tunnel to whoever answers.
	tunnels() bool
	// reusable reports whether nothing refers to a released x any more.
	reusable(x *httpExchange) bool
}
