package filter

import (
	"crypto/rand"
	"encoding/base64"

	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/stream"
)

// http2Exchange is a request on a stream of HTTP/2 and its response. Exchanges are used again.
type http2Exchange struct {
	httpExchange
	http2Flow
	server *http2Server
	next   *http2Exchange

	method     string
	early      pipeline.Queue // what came for a tunnel that is not open yet
	answering  bool           // the response has begun
	interim    bool           // what comes is not the response yet
	answered   bool           // the response is complete
	tunnelOpen bool
	inputDone  bool // whoever answers knows that nothing more comes
}

var (
	_ httpResponder = (*http2Exchange)(nil)
	_ http2Owner    = (*http2Exchange)(nil)
)

// begin has a request answered.
func (x *http2Exchange) begin(h *http1.Head, e *stream.MessageStart) {
	service := x.server.server.service
	x.method = h.Method
	if x.tunnelKind = h.Tunnel(); x.tunnelKind == http1.WebSocketTunnel && !h.Headers.Has("sec-websocket-key") {
		// There is none in HTTP/2, but a server that speaks HTTP/1 wants one (RFC 8441 §5).
		var nonce [16]byte
		rand.Read(nonce[:])
		h.Headers.Add("sec-websocket-key", base64.StdEncoding.EncodeToString(nonce[:]))
	}
	x.head = service.head(&x.httpExchange, h)
	e.Head = x.head
	service.request(&x.httpExchange, e)
}

// Process implements pipeline.Input: an event of the response.
func (x *http2Exchange) Process(e stream.Event) {
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
			x.conn.flushLater()
			x.send(e)
		case x.answering && !x.interim:
			x.check(x.data(e))
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
func (x *http2Exchange) check(err error) bool {
	if err != nil {
		x.unsendable(err)
	}
	return err == nil
}

// unsendable implements http2Owner.
func (x *http2Exchange) unsendable(err error) {
	x.server.server.Failure(err.Error())
	x.reset(http2.InternalError)
}

// stalled implements http2Owner.
func (x *http2Exchange) stalled() { x.reset(http2.Cancel) }

// respond starts a response message.
func (x *http2Exchange) respond(head any) {
	h, err := x.wire.Head(x.server.server.Realm(), head, true)
	if !x.check(err) {
		return
	}
	x.answering = true
	status := statusOf(h)
	switch {
	case x.tunnelKind.Accepted(status):
		x.tunnelOpen = true
		if x.Upgraded() {
			h = h.Clone()
			h.Status = 200
			h.Headers.Del("sec-websocket-accept")
		}
		x.check(x.open(h))
	case status == 101:
		x.server.server.Failure("http: cannot send status 101 in HTTP/2")
		x.reset(http2.InternalError)
	case status >= 100 && status < 200:
		x.interim = true
		x.check(x.open(h))
	default:
		bodiless := x.method == "HEAD" || status == 204 || status == 304
		x.check(x.start(head, h, bodiless))
	}
}

// finish ends the response message.
func (x *http2Exchange) finish(tail any) {
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
	x.check(x.end(tail))
}

// cutShort ends a response that did not come whole: it must not look as if it had.
func (x *http2Exchange) cutShort(t *httphead.Truncated) {
	if x.HeadSent() {
		code := http2.ErrCode(t.Code)
		if code == http2.NoError {
			code = http2.InternalError
		}
		x.reset(code)
		return
	}
	x.closed() // what is held back
	x.failure(stream.ConnectionReset)
}

// failure answers in place of one who cannot.
func (x *http2Exchange) failure(code stream.ErrorCode) {
	x.respond(httphead.New(http1.FailureHead(code), false))
	if x.answering {
		x.finish(nil)
	}
}

// ended handles a StreamEnd in place of the response or in the middle of it.
func (x *http2Exchange) ended(e *stream.StreamEnd) {
	switch {
	case x.tunnelOpen && x.answered:
		if e.Code == stream.NoError {
			x.check(x.end(nil))
		} else {
			x.reset(http2.ConnectError)
		}
	case x.answered:
	case !x.answering || x.interim:
		x.answering, x.interim = false, false
		x.failure(e.Code)
	case e.Code != stream.NoError:
		x.reset(http2.InternalError)
	default:
		x.finish(nil)
	}
}

// feedTunnel hands over what came in before the tunnel opened.
func (x *http2Exchange) feedTunnel() {
	before := x.enter()
	x.early.Drain(func(e stream.Event) {
		if !x.mute {
			x.sub.Process(e)
		}
	})
	x.leave(before)
}

// reply implements httpResponder.
func (x *http2Exchange) reply(m *stream.Message) {
	r := x.server.server.Realm()
	h, err := x.wire.Head(r, m.Head, true)
	if !x.check(err) {
		return
	}
	status := statusOf(h)
	if status < 200 {
		x.unsendable(errInterimReply)
		return
	}
	x.answering, x.answered = true, true
	if x.method == "HEAD" || status == 204 || status == 304 {
		x.check(x.start(nil, h, true))
		return
	}
	var trailers http1.Headers
	if m.Tail != nil {
		if trailers, err = httphead.Trailers(r, m.Tail); !x.check(err) {
			return
		}
	}
	x.conn.flushLater()
	size := 0
	if m.Body != nil {
		size = m.Body.Size()
	}
	length, end := int64(size), size == 0
	if len(trailers) > 0 {
		length, end = -1, false // as in HTTP/1, where they come with chunks
	}
	if !x.check(x.conn.SendHead(&x.Stream, h, length, end)) || end {
		return
	}
	if size > 0 {
		x.send(m.Body)
	}
	x.check(x.conn.SendEnd(&x.Stream, trailers))
	m.Spent = true
}

// refuse implements httpResponder.
func (x *http2Exchange) refuse(e *http1.Error) {
	if x.HeadSent() {
		x.reset(http2.Cancel)
		return
	}
	x.mute = true
	x.closed()
	head, body := http1.ErrorResponse(e)
	x.conn.flushLater()
	if x.conn.SendHead(&x.Stream, head, int64(len(body)), false) == nil {
		x.send(stream.NewString(body))
		_ = x.conn.SendEnd(&x.Stream, nil)
	}
}

// cutOff tells whoever answers that nothing more comes, and listens to it no longer: the client is gone.
func (x *http2Exchange) cutOff() {
	if x.mute || x.head == nil {
		return
	}
	x.mute = true
	if !x.inputDone || x.tunnelOpen {
		x.inputDone = true
		x.server.server.service.end(&x.httpExchange, &stream.StreamEnd{Code: stream.ConnectionReset})
	}
}

// close lets a finished exchange go.
func (x *http2Exchange) close() {
	if x.server == nil {
		return
	}
	h := x.server
	x.mute = true
	x.closed()
	x.early.Clear()
	if x.head != nil {
		h.server.service.release(&x.httpExchange)
		x.head = nil
	}
	if x.answered && !h.finished && h.spares < maxSpare {
		x.next = h.spare
		h.spare = x
		h.spares++
	}
}
