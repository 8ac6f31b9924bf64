package filter

import (
	"crypto/rand"
	"encoding/base64"

	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// streamExchange is a request on a stream of HTTP/2 or HTTP/3 and its response.
type streamExchange struct {
	httpExchange
	server *httpServer
	link   exchangeLink
	flow   *httpFlow // of the response

	method     string
	early      pipeline.Queue // what came for a tunnel that is not open yet
	answering  bool           // the response has begun
	interim    bool           // what comes is not the response yet
	answered   bool           // the response is complete
	tunnelOpen bool
	inputDone  bool // whoever answers knows that nothing more comes

	heard int64 // when the last of the request came, in milliseconds
}

var _ httpResponder = (*streamExchange)(nil)

// exchangeLink is the stream of an exchange.
type exchangeLink interface {
	httpSink
	// enter makes the stream the source of what happens in the turn, until leave.
	enter() (before *reactor.Tap)
	leave(before *reactor.Tap)
	// taken says that what was received is done with.
	taken()
	// closed drops what is held back of the response.
	closed()
	// reset ends the stream at once; the code is one of HTTP/2.
	reset(code http2.ErrCode)
	// headSent reports whether the response has begun.
	headSent() bool
	// reading reports whether the client may send more, and since when, in milliseconds, if it had to wait for that.
	reading() (since int64, ok bool)
	// upgraded reports whether the request is an extended CONNECT (RFC 8441, RFC 9220).
	upgraded() bool
}

// init prepares the exchange for a new request.
func (x *streamExchange) init(s *httpServer, link exchangeLink, flow *httpFlow) {
	*x = streamExchange{server: s, link: link, flow: flow}
	x.to = x
	flow.response = true
}

// requested takes the head of the request.
func (x *streamExchange) requested(e *stream.MessageStart) {
	before := x.link.enter()
	x.heard = x.server.watchStreams()
	x.begin(e.Head.(*http1.Head), e)
	if x.tunnelKind != http1.NoTunnel && !x.mute {
		x.server.service.complete(&x.httpExchange, &stream.MessageEnd{})
	}
	x.link.leave(before)
}

// received takes a piece of the request's body, or of what is for the tunnel.
func (x *streamExchange) received(d *stream.Data) {
	switch {
	case x.tunnelKind != http1.NoTunnel && !x.tunnelOpen:
		if !x.answered && !x.mute {
			x.early.Push(d) // it is not taken until there is an answer
			return
		}
		x.link.taken()
	case x.mute:
		x.link.taken()
	default:
		before := x.link.enter()
		x.heard = x.server.World().Loop.Monotonic()
		if x.tunnelOpen {
			x.sub.Process(d)
		} else {
			x.head.Body.Emit(d)
			x.server.service.body(&x.httpExchange, d)
		}
		x.link.leave(before)
	}
}

// inputEnded takes the end of the request, or of what is for the tunnel.
func (x *streamExchange) inputEnded(e *stream.MessageEnd) {
	if x.mute {
		return
	}
	before := x.link.enter()
	x.inputDone = true
	switch {
	case x.tunnelKind == http1.NoTunnel:
		e.Tail = httphead.TailOf(e.Tail)
		if x.server.service.complete(&x.httpExchange, e); !x.mute {
			x.server.service.end(&x.httpExchange, new(stream.StreamEnd))
		}
	case x.tunnelOpen:
		x.sub.Process(new(stream.StreamEnd))
	default:
		x.early.Push(new(stream.StreamEnd))
	}
	x.link.leave(before)
}

// begin has a request answered.
func (x *streamExchange) begin(h *http1.Head, e *stream.MessageStart) {
	service := x.server.service
	x.method = h.Method
	if x.tunnelKind = h.Tunnel(); x.tunnelKind == http1.WebSocketTunnel && !h.Headers.Has("sec-websocket-key") {
		// There is none in HTTP/2 and HTTP/3, but a server that speaks HTTP/1 wants one (RFC 8441 §5).
		var nonce [16]byte
		rand.Read(nonce[:])
		h.Headers.Add("sec-websocket-key", base64.StdEncoding.EncodeToString(nonce[:]))
	}
	x.head = service.head(&x.httpExchange, h)
	e.Head = x.head
	service.request(&x.httpExchange, e)
}

// Process implements pipeline.Input: an event of the response.
func (x *streamExchange) Process(e stream.Event) {
	if x.mute {
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		if !x.answering && !x.answered {
			x.respond(e.Head)
		}
	case *stream.Data:
		switch {
		case x.tunnelOpen && x.answered:
			x.link.send(e)
		case x.answering && !x.interim:
			x.check(x.flow.data(e))
		}
	case *stream.MessageEnd:
		if x.answering {
			x.finish(e.Tail)
		}
	case *stream.StreamEnd:
		x.ended(e)
	}
}

// check gives up on a response that cannot be sent.
func (x *streamExchange) check(err error) bool {
	if err != nil {
		x.link.unsendable(err)
	}
	return err == nil
}

// respond starts a response message.
func (x *streamExchange) respond(head any) {
	h, err := x.flow.wire.Head(x.server.Realm(), head, true)
	if !x.check(err) {
		return
	}
	x.answering = true
	status := statusOf(h)
	switch {
	case x.tunnelKind.Accepted(status):
		x.tunnelOpen = true
		if x.link.upgraded() {
			h = h.Clone()
			h.Status = 200
			h.Headers.Del("sec-websocket-accept")
		}
		x.check(x.flow.open(h))
	case status == 101:
		x.server.Failure("http: cannot send status 101 in HTTP/2 or HTTP/3")
		x.link.reset(http2.InternalError)
	case status >= 100 && status < 200:
		x.interim = true
		x.check(x.flow.open(h))
	default:
		bodiless := x.method == "HEAD" || status == 204 || status == 304
		x.check(x.flow.start(head, h, bodiless))
	}
}

// finish ends the response message.
func (x *streamExchange) finish(tail any) {
	x.answering = false
	switch {
	case x.interim:
		x.interim = false
		return
	case x.tunnelOpen:
		x.answered = true
		x.feedTunnel()
		return
	}
	if t, short := tail.(*httphead.Truncated); short {
		x.cutShort(t)
		return
	}
	x.answered = true
	x.check(x.flow.end(tail))
}

// cutShort ends a response that did not come whole: it must not look as if it had.
func (x *streamExchange) cutShort(t *httphead.Truncated) {
	if x.link.headSent() {
		code := http2.ErrCode(t.Code)
		if code == http2.NoError {
			code = http2.InternalError
		}
		x.link.reset(code)
		return
	}
	x.link.closed() // what is held back
	x.failure(&stream.StreamEnd{Code: stream.ConnectionReset})
}

// failure answers in place of one who cannot.
func (x *streamExchange) failure(e *stream.StreamEnd) {
	x.respond(httphead.New(http1.FailureHeadOf(e), false))
	if x.answering {
		x.finish(nil)
	}
}

// ended handles a StreamEnd in place of the response or in the middle of it.
func (x *streamExchange) ended(e *stream.StreamEnd) {
	switch {
	case x.tunnelOpen && x.answered:
		if e.Code == stream.NoError {
			x.check(x.flow.end(nil))
		} else {
			x.link.reset(http2.ConnectError)
		}
	case x.answered:
	case !x.answering || x.interim:
		x.answering, x.interim = false, false
		x.failure(e)
	case e.Code != stream.NoError:
		x.link.reset(http2.InternalError)
	default:
		x.finish(nil)
	}
}

// feedTunnel hands over what came in before the tunnel opened.
func (x *streamExchange) feedTunnel() {
	before := x.link.enter()
	x.early.Drain(func(e stream.Event) {
		if !x.mute {
			x.sub.Process(e)
		}
	})
	x.link.leave(before)
}

// reply implements httpResponder.
func (x *streamExchange) reply(m *stream.Message) {
	r := x.server.Realm()
	h, err := x.flow.wire.Head(r, m.Head, true)
	if !x.check(err) {
		return
	}
	status := statusOf(h)
	if status < 200 {
		x.link.unsendable(errInterimReply)
		return
	}
	x.answering, x.answered = true, true
	if x.method == "HEAD" || status == 204 || status == 304 {
		x.check(x.flow.start(nil, h, true))
		return
	}
	var trailers http1.Headers
	if m.Tail != nil {
		if trailers, err = httphead.Trailers(r, m.Tail); !x.check(err) {
			return
		}
	}
	size := 0
	if m.Body != nil {
		size = m.Body.Size()
	}
	length, end := int64(size), size == 0
	if len(trailers) > 0 {
		length, end = -1, false // as in HTTP/1, where they come with chunks
	}
	if !x.check(x.link.sendHead(h, length, end)) || end {
		return
	}
	if size > 0 {
		x.link.send(m.Body)
	}
	x.check(x.link.sendEnd(trailers))
	m.Spent = true
}

// refuse implements httpResponder.
func (x *streamExchange) refuse(e *http1.Error) {
	if x.link.headSent() {
		x.link.reset(http2.Cancel)
		return
	}
	x.mute = true
	x.link.closed()
	head, body := http1.ErrorResponse(e)
	if x.link.sendHead(head, int64(len(body)), false) == nil {
		x.link.send(stream.NewString(body))
		_ = x.link.sendEnd(nil)
	}
}

// cutOff tells whoever answers that nothing more comes, and listens to it no longer: the client is gone.
func (x *streamExchange) cutOff() {
	if x.mute || x.head == nil {
		return
	}
	x.mute = true
	if !x.inputDone || x.tunnelOpen {
		x.inputDone = true
		x.server.service.end(&x.httpExchange, &stream.StreamEnd{Code: stream.ConnectionReset})
	}
}

// release lets go of what belongs to the request.
func (x *streamExchange) release() {
	x.mute = true
	x.link.closed()
	x.early.Clear()
	if x.head != nil {
		x.server.service.release(&x.httpExchange)
		x.head = nil
	}
}
