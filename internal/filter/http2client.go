package filter

import (
	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/script"
	"weir/internal/stream"
)

// http2Client is the client side of an HTTP/2 connection: each request is a stream, as many at a time as the server allows.
type http2Client struct {
	http2Conn
	session *httpSession
	spare   *http2Call
	waiting []*http2Call // for the server to allow more streams
	leaving bool         // there will be no new streams
}

var (
	_ http2.Handler = (*http2Client)(nil)
	_ httpClient    = (*http2Client)(nil)
)

// assumedStreams is how many streams a server is taken to allow until it has said so.
const assumedStreams = 100

func newHTTP2Client(s *httpSession) *http2Client {
	c := &http2Client{session: s}
	o := s.config
	cfg := http2.Config{
		ConnWindow: o.connectionWindow, StreamWindow: o.streamWindow,
		MaxHeadSize: o.headLimit(), MaxFieldSize: o.maxHeaderSize,
	}
	s.limit = assumedStreams
	c.start(s.world, s.p, cfg, o.stallTimeout, c)
	if o.ping != nil {
		c.ping(script.Null)
	}
	return c
}

// send implements httpClient.
func (c *http2Client) send(f *muxHTTP, e stream.Event) {
	call := f.call
	if start, ok := e.(*stream.MessageStart); ok {
		if call == nil && !f.called { // one request per filter
			f.called = true
			c.newCall(f).request(start)
		}
		return
	}
	if call != nil {
		call.more(e)
	}
}

// ended implements httpClient.
func (c *http2Client) ended(f *muxHTTP, e *stream.StreamEnd) bool {
	call := f.call
	if call == nil || !call.tunnelOpen {
		return false
	}
	if e.Code == stream.NoError {
		_ = call.end(nil)
	} else {
		call.reset(http2.Cancel)
	}
	return true
}

// leftBy implements httpClient.
func (c *http2Client) leftBy(f *muxHTTP) {
	if call := f.call; call != nil {
		f.call, call.f = nil, nil
		if call.Open() {
			call.reset(http2.Cancel)
		} else {
			c.unwait(call)
			call.forget()
		}
	}
}

// stalled implements httpClient.
func (c *http2Client) stalled() bool { return c.Stalled() }

// receive implements httpClient.
func (c *http2Client) receive(e stream.Event) {
	if c.finished {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		if c.http2Conn.receive(e); c.Err() != nil {
			c.lost(&stream.StreamEnd{Code: stream.ProtocolError})
		}
	case *stream.StreamEnd:
		c.lost(e)
	}
}

// lost ends the connection and what is under way on it.
func (c *http2Client) lost(e *stream.StreamEnd) {
	if c.finished {
		return
	}
	s := c.session
	s.leave()
	c.finish(s.p.Release)
	c.Each(func(st *http2.Stream) {
		call := st.Owner.(*http2Call)
		call.fail(e, 0)
		call.closed()
	})
	for _, call := range c.takeWaiting() {
		call.fail(e, 0)
	}
}

// leave takes no new requests any more; the connection ends with the last stream.
func (c *http2Client) leave() {
	c.leaving = true
	c.session.leave()
	if c.Streams() == 0 {
		c.finish(c.session.p.Release)
	}
}

// take opens a stream for a call if the server allows it, else it has to wait.
func (c *http2Client) take(call *http2Call) bool {
	if call.kind == http1.WebSocketTunnel && !c.Settled() { // is it supported?
		return false
	}
	if !c.leaving && c.Open(&call.Stream) {
		return true
	}
	if c.Exhausted() && !c.leaving {
		c.leave()
	}
	return false
}

// next opens streams for requests that wait.
func (c *http2Client) next() {
	for len(c.waiting) > 0 && !c.finished {
		call := c.waiting[0]
		if !c.take(call) {
			return
		}
		c.unwait(call)
		call.open()
	}
}

func (c *http2Client) unwait(call *http2Call) {
	for i, w := range c.waiting {
		if w == call {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			return
		}
	}
}

func (c *http2Client) takeWaiting() []*http2Call {
	list := c.waiting
	c.waiting = nil
	return list
}

// ping calls the ping option, and sends what it gives.
func (c *http2Client) ping(ack script.Value) {
	r := c.world.Realm
	v, err := r.CallIn(c.session.p.Context(), c.session.config.ping.Value(), ack)
	if err != nil {
		c.world.Report(err)
		return
	}
	if r.IsPromise(v) {
		r.Then(v, func(ok bool, v script.Value) {
			if ok {
				c.pingWith(v)
			} else if r.IsError(v) {
				c.world.Report(r.ErrorOf(v))
			}
		})
		return
	}
	c.pingWith(v)
}

func (c *http2Client) pingWith(v script.Value) {
	d, ok := event.DataOf(c.world.Realm, v)
	switch {
	case c.finished || v.IsNullish():
	case !ok:
		c.world.Log.Errorf("muxHTTP: options.ping did not return a Data")
	default:
		var payload [8]byte
		copy(payload[:], d.Bytes())
		c.flushLater()
		c.Ping(payload)
	}
}

// NewStream implements http2.Handler. Servers open no streams.
func (c *http2Client) NewStream() *http2.Stream { panic("filter: a server opened a stream") }

// OnHead implements http2.Handler: a response.
func (c *http2Client) OnHead(s *http2.Stream, e *stream.MessageStart) {
	call := s.Owner.(*http2Call)
	h := e.Head.(*http1.Head)
	call.interim = h.Status < 200
	if !call.interim {
		call.answered = true
		call.again = nil
	}
	if call.f == nil {
		return
	}
	before := call.enter()
	call.respond(h, e)
	call.leave(before)
}

// OnData implements http2.Handler.
func (c *http2Client) OnData(s *http2.Stream, d *stream.Data) {
	call := s.Owner.(*http2Call)
	if call.f == nil {
		c.Consumed(s)
		return
	}
	before := call.enter()
	if !call.tunnelOpen {
		call.response.Body.Emit(d)
	}
	call.f.Output(d)
	call.leave(before)
}

// OnEnd implements http2.Handler.
func (c *http2Client) OnEnd(s *http2.Stream, e *stream.MessageEnd) {
	call := s.Owner.(*http2Call)
	f := call.f
	if f == nil {
		return
	}
	before := call.enter()
	e.Tail = httphead.TailOf(e.Tail)
	switch {
	case call.interim:
		f.Output(e)
	case call.tunnelOpen:
		f.finish(new(stream.StreamEnd))
	default:
		f.Output(e)
		call.done(nil)
	}
	call.leave(before)
}

// OnReset implements http2.Handler.
func (c *http2Client) OnReset(s *http2.Stream, code http2.ErrCode) {
	call := s.Owner.(*http2Call)
	if code == http2.RefusedStream && call.retry() {
		return
	}
	call.fail(&stream.StreamEnd{Code: stream.ConnectionReset}, code)
}

// OnDrained implements http2.Handler.
func (c *http2Client) OnDrained(s *http2.Stream) { s.Owner.(*http2Call).brake.Release() }

// OnClose implements http2.Handler.
func (c *http2Client) OnClose(s *http2.Stream) {
	call := s.Owner.(*http2Call)
	call.closed()
	if f := call.f; f != nil && call.tunnelOpen {
		call.done(nil)
	}
	if call.f == nil {
		call.forget()
		call.following, c.spare = c.spare, call
	}
	switch {
	case c.finished:
	case c.leaving && c.Streams() == 0:
		c.finish(c.session.p.Release)
	default:
		c.next()
	}
}

// OnPing implements http2.Handler.
func (c *http2Client) OnPing(data [8]byte) {
	if c.session.config.ping != nil {
		c.ping(event.NewData(c.world.Realm, stream.NewData(data[:])))
	}
}

// OnGoAway implements http2.Handler: streams the server has not looked at, and never will, are asked for elsewhere.
func (c *http2Client) OnGoAway(last uint32, code http2.ErrCode) {
	c.leaving = true
	c.session.leave()
	c.Each(func(s *http2.Stream) {
		if s.ID() != 0 && s.ID() <= last {
			return
		}
		call := s.Owner.(*http2Call)
		if !call.retry() {
			call.fail(&stream.StreamEnd{Code: stream.ConnectionReset}, code)
		}
		c.Reset(s, http2.Cancel)
	})
	for _, call := range c.takeWaiting() {
		if !call.retry() {
			call.fail(&stream.StreamEnd{Code: stream.ConnectionReset}, code)
		}
	}
	c.leave()
}

// OnSettings implements http2.Handler.
func (c *http2Client) OnSettings() {
	c.session.limit = max(c.PeerStreams(), 1)
	c.next()
}
