package filter

import (
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/proto/http3"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// http3Exchange is a request on a stream of HTTP/3 and its response, as the worker has them.
type http3Exchange struct {
	streamExchange
	httpFlow
	conn   *http3Server
	stream *http3Stream  // nil once the exchange is over
	tap    *reactor.Tap  // current while what was received is passed on
	brake  reactor.Brake // of the source of the response
	owed   int           // pieces received and not taken
	freed  int64         // when the stream was last resumed, in milliseconds

	extended bool // CONNECT
	sent     bool // the head of the response
	complete bool // the whole of it is queued
}

var _ exchangeLink = (*http3Exchange)(nil)

// opened is called when a request has come in. first is what there is of it besides the head.
func (c *http3Server) opened(s *http3Stream, head *http1.Head, first func(*http3Exchange)) {
	if c.over {
		s.push(http3Item{reset: true, code: http2.RefusedStream})
		return
	}
	x := &http3Exchange{conn: c, stream: s, extended: head.Received.Upgrade}
	x.init(c.server, x, &x.httpFlow)
	x.sink, x.left = x, -1
	x.tap = reactor.NewTap(x.resumed)
	s.x = x
	c.live[x] = struct{}{}
	if c.requests++; c.requests == c.server.opts.maxMessages {
		c.shutdown()
	}
	x.requested(&stream.MessageStart{Head: head})
	if first != nil && x.stream != nil {
		first(x)
	}
}

// enter implements exchangeLink.
func (x *http3Exchange) enter() (before *reactor.Tap) { return x.conn.world.Loop.SwapTap(x.tap) }

// leave implements exchangeLink. If nobody paused the stream, what was passed on counts as taken.
func (x *http3Exchange) leave(before *reactor.Tap) {
	x.conn.world.Loop.SwapTap(before)
	if !x.tap.Paused() {
		x.taken()
	}
}

// resumed is called when nobody pauses the stream any more.
func (x *http3Exchange) resumed() {
	x.conn.world.Loop.Later(func() {
		if !x.tap.Paused() {
			x.freed = x.conn.world.Loop.Monotonic()
			x.taken()
		}
	})
}

// reading implements exchangeLink.
func (x *http3Exchange) reading() (since int64, ok bool) { return x.freed, !x.tap.Paused() }

// taken implements exchangeLink.
func (x *http3Exchange) taken() {
	if x.stream == nil {
		return
	}
	for ; x.owed > 0; x.owed-- {
		x.stream.credits <- struct{}{} // there is room for all pieces that were read
	}
}

// sendHead implements httpSink.
func (x *http3Exchange) sendHead(h *http1.Head, length int64, end bool) error {
	if !x.alive() {
		return nil
	}
	status, fields, err := http3.ResponseFields(h, length)
	if err != nil {
		return err
	}
	interim := status < 200
	x.sent = x.sent || !interim
	x.complete = end && !interim
	x.stream.push(http3Item{status: status, fields: fields, end: x.complete, tunnel: !interim && x.tunnelOpen})
	return nil
}

// send implements httpSink.
func (x *http3Exchange) send(d *stream.Data) {
	if !x.alive() || d.Empty() {
		return
	}
	segments := append([][]byte(nil), d.Clone().Own().Segments()...)
	if x.stream.push(http3Item{data: segments}) {
		x.brake.Engage(x.conn.world.Loop.CurrentTap())
	}
}

// sendEnd implements httpSink.
func (x *http3Exchange) sendEnd(trailers http1.Headers) error {
	if !x.alive() {
		return nil
	}
	fields, err := http3.TrailerFields(trailers)
	if err != nil {
		return err
	}
	x.complete = true
	x.stream.push(http3Item{fields: fields, end: true})
	return nil
}

// settleLater implements httpSink.
func (x *http3Exchange) settleLater() { x.conn.settleLater(&x.httpFlow) }

// unsendable implements httpSink.
func (x *http3Exchange) unsendable(err error) {
	x.server.Failure(err.Error())
	x.reset(http2.InternalError)
}

// alive implements httpSink.
func (x *http3Exchange) alive() bool { return x.stream != nil && !x.complete }

// realm implements httpSink.
func (x *http3Exchange) realm() *script.Realm { return x.conn.world.Realm }

// headSent implements exchangeLink.
func (x *http3Exchange) headSent() bool { return x.sent }

// upgraded implements exchangeLink.
func (x *http3Exchange) upgraded() bool { return x.extended }

// closed implements exchangeLink.
func (x *http3Exchange) closed() {
	x.drop()
	x.brake.Release()
}

// reset implements exchangeLink.
func (x *http3Exchange) reset(code http2.ErrCode) {
	if x.stream == nil {
		return
	}
	x.complete = true
	x.stream.push(http3Item{reset: true, code: code})
	x.close()
}

// broken handles a request that will not be complete.
func (x *http3Exchange) broken(code http2.ErrCode) {
	if x.stream == nil {
		return
	}
	x.cutOff()
	x.reset(code)
}

// lost handles a client that wants no response any more.
func (x *http3Exchange) lost() { x.broken(http2.Cancel) }

// over is called when the stream has ended.
func (x *http3Exchange) over() {
	x.cutOff()
	x.close()
}

// close lets the exchange go.
func (x *http3Exchange) close() {
	if x.stream == nil {
		return
	}
	x.stream.x, x.stream = nil, nil
	delete(x.conn.live, x)
	x.release()
	x.conn.settleDown()
}
